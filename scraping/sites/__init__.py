"""Live sites: their pages, how these are read, and what their owners allow. Nothing here fetches."""
