"""Live sites: which pages they have, how these are read, and what their owners allow. Nothing here fetches."""
