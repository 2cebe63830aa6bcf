"""The tiny base model that comes with codex-sft, and what it was trained on."""

from __future__ import annotations

from pathlib import Path

TINY_BASE = Path(__file__).parent / "model"
"""The folder of model and tokenizer; its README.md tells data, licences and cost."""

BLOCKS = ("--length", "1-3", "--held-out", "40", "--longer", "4-6")
"""Of ``codex-sft building-blocks``: what the model's snippets, and all that tunes it, know nothing of."""


def base_projects() -> dict[str, str]:
    """The projects of its corpus, as ``codex-sft corpus`` takes them, with their licences."""
    lines = (Path(__file__).parent / "projects.txt").read_text().splitlines()
    return dict((line.partition(" ")[0], line.partition(" ")[2]) for line in lines)
