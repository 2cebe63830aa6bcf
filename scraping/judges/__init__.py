"""Judges: what says of a program whether it solves a problem, and what can be learnt from that."""
