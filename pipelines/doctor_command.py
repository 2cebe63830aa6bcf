"""The ``codex-sft doctor`` command: what this machine can do."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from pipelines.user_error import UserError
from sandbox.control_groups import explain_control_groups
from sandbox.interpreter import find_interpreter
from sandbox.selection import try_backends
from tracing.python_choice import installed_interpreters


@click.command()
def doctor() -> None:
    """Show which sandboxes work on this machine, and which Python runs the projects."""
    console = Console()
    works = {}
    for purpose in ("projects", "samples"):
        table = Table("sandbox", "works", "what was found", title=f"for {purpose}", title_justify="left")
        trials = try_backends(purpose)
        works[purpose] = [trial.name for trial in trials if trial.sandbox]
        for trial in trials:
            table.add_row(trial.name, "yes" if trial.sandbox else "no", trial.explanation)
        console.print(table)
    console.print(f"limits on whole sandboxes: {explain_control_groups()}", highlight=False)
    interpreter = find_interpreter()
    console.print(f"Python {interpreter.version_text} at {interpreter.executable}", highlight=False)
    versions = ", ".join(found.version_text for found in installed_interpreters())
    console.print(f"Pythons for projects: {versions}", highlight=False)
    if not works["samples"]:
        raise UserError("no sandbox works here, so nothing can be traced or evaluated")
    if not works["projects"]:
        raise UserError("no sandbox for projects works here, so nothing can be traced")
