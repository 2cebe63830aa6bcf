"""Docstrings from code: what a model writes, what is wrong with it, and what it tells of samples."""
