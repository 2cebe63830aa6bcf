"""Source 1: contest and interview problems, from archives and from sites."""
