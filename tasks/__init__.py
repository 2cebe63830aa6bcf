"""What a task is: its record, encoded values and their equality, and file formats."""
