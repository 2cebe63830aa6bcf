"""A group of commands that are imported when they are called, not when the group is."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True)
class CommandPlace:
    """Where a command is, as ``module:name``, and the line that the group's help has for it."""

    place: str
    summary: str


class LazyGroup(click.Group):
    """`click.Group` over a table of commands; neither its help nor a mistyped name imports them."""

    def __init__(self, *arguments: Any, places: Mapping[str, CommandPlace], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.places = places

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Refused: the table has all commands."""
        raise TypeError(f"{name or cmd.name} belongs into the table of {self.name}, with its place")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name].place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.places[name].summary) for name in self.list_commands(ctx)])
