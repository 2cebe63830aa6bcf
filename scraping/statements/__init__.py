"""Statements: from HTML to Markdown, sections, docstrings and bounds, and what is wrong with them."""
