"""Docstrings from code: what a model writes, and how people grade it."""
