"""The ``codex-sft train`` commands."""

from __future__ import annotations

import click

from pipelines.train_base_command import train_base
from pipelines.train_codex_s_command import train_codex_d, train_codex_s


@click.group()
def train() -> None:
    """Train models: a base model from a corpus, and from it Codex-S or Codex-D."""


train.add_command(train_base)
train.add_command(train_codex_s)
train.add_command(train_codex_d)
