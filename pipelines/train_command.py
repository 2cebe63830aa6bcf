"""The ``codex-sft train`` commands."""

from __future__ import annotations

import click

from pipelines.train_codex_s_command import train_codex_d, train_codex_s


@click.group()
def train() -> None:
    """Train models: from a base model Codex-S, which writes functions, and Codex-D, which describes them."""


train.add_command(train_codex_s)
train.add_command(train_codex_d)
