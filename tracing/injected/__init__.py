"""What enters a foreign environment: files that import nothing of this project."""
