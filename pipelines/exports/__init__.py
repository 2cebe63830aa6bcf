"""Tasks as the files that trainers, harnesses and people read."""
