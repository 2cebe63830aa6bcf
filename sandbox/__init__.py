"""Running code that nobody trusts, and verdicts that it cannot forge."""
