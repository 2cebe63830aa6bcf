"""Measuring samples: verdicts on whole files and pass@k."""
