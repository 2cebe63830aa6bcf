"""The ``codex-sft report`` command: a build's report, drawn again."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.build_folder import BuildFolder
from pipelines.report.page import write_report
from pipelines.user_error import UserError
from tasks.files import BadFile


@click.command()
@click.argument("build", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(build: Path) -> None:
    """Draw the report of a build anew: DIR/report.html, one page that asks for nothing from anywhere.

    It shows the funnel by stage and reason, what each project and site gave, how tasks are spread over
    measures, examples of what is kept and rejected, costs, and what changed since the build before. All is
    read from DIR, which is the --output of `codex-sft build`; stages that were not run are left out.

    Exit status: 0 if it was written, 2 if there is no build.
    """
    folder = BuildFolder(build)
    try:
        write_report(folder)
    except BadFile as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{folder.report}: {error.strerror or error}") from error
    click.echo(f"report: {folder.report}")
