"""Every reason for which a task is labelled, kept or dropped."""
