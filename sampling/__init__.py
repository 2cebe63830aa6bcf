"""Drawing completions from a model, behind one small interface."""
