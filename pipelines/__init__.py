"""Beam transforms, runner options, checkpoints, the run report and the ``codex-sft`` command."""

__version__ = "0.1.0"
