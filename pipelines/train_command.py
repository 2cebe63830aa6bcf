"""The ``codex-sft train`` commands."""

from __future__ import annotations

import click

from pipelines.train_base_command import train_base


@click.group()
def train() -> None:
    """Train models: a base model from a corpus, and from it Codex-S."""


train.add_command(train_base)
