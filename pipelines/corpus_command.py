"""The ``codex-sft corpus`` command."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.user_error import NOTHING_DONE, UserError
from sft.corpus import CorpusFilters
from sft.corpus_folder import CorpusManifest
from sft.corpus_sources import find_sources
from tasks.files import BadFile
from tracing.failures import ProjectFailure
from tracing.index_gateway import default_downloads
from tracing.project_spec import BadProject, PackageSpec, parse_project
from tracing.source_distributions import fetch_source_distribution

_SOME_UNREADABLE = 1


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The corpus's folder.")
@click.option(
    "--validation-share",
    default=0.01,
    type=click.FloatRange(0, 1),
    show_default=True,
    help="The share of projects that are kept apart, with all of their files.",
)
@click.option(
    "--min-alphanumeric",
    default=CorpusFilters.min_alphanumeric,
    type=click.FloatRange(0, 1),
    show_default=True,
    help="The share of letters and digits that a file needs; the paper does not give its own.",
)
@click.option(
    "--shards",
    default=8,
    type=click.IntRange(1, 10_000),
    show_default=True,
    help="How many files each split is written to.",
)
@click.option(
    "--workers",
    default=os.cpu_count() or 1,
    type=click.IntRange(min=1),
    show_default=True,
    help="Projects at a time.",
)
@click.option(
    "--download-cache",
    default=default_downloads,
    show_default="~/.cache/codex-sft/packages",
    type=click.Path(path_type=Path),
    help="Where downloaded packages are kept between runs.",
)
def corpus(
    sources: tuple[str, ...],
    output: Path,
    validation_share: float,
    min_alphanumeric: float,
    shards: int,
    workers: int,
    download_cache: Path,
) -> None:
    """Gather Python files that a base model can be trained on.

    A SOURCE is a folder, an archive such as an sdist or a wheel, or pypi:NAME==VERSION, a source distribution
    of the package index. A folder with a pyproject.toml, setup.py, setup.cfg or .git is one project; in any
    other, each folder and each archive is one.

    Kept are files in UTF-8 under 1 MB, unique, with lines of at most 100 characters on average and 1000 at
    most, that do not look generated and have letters and digits enough. Nothing of them is run.

    \b
    The output folder gets
      train-*.jsonl.gz, validation-*.jsonl.gz   the texts, parted by project
      rejected.jsonl                            every other .py file, with its reason
      corpus.json                               the counts

    Exit status: 0 if all sources could be read, 1 if some could not, 2 if there is no corpus.
    """
    from pipelines.corpus_pipeline import CorpusSetting, run_corpus  # Beam takes seconds to import

    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    setting = CorpusSetting(
        output.absolute(), CorpusFilters(min_alphanumeric=min_alphanumeric), validation_share, shards
    )
    try:
        found = find_sources([_place(source, download_cache.absolute()) for source in sources])
        with RunFolder(setting.output).open():
            manifest = run_corpus(found, setting, workers=workers)
    except (BadFile, BadProject, ProjectFailure, OutputUnusable) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; choose another --output or SOURCE") from error
    console.print(_counts(manifest))
    for source in manifest.unreadable:
        click.echo(f"{source.project}: {source.message}", err=True)
    if not manifest.files_kept:
        raise UserError("no file was kept, so there is no corpus; rejected.jsonl tells why")
    click.echo(
        f"{manifest.files_kept} of {manifest.files_read} files, {manifest.characters('train')} characters to "
        f"train on and {manifest.characters('validation')} to validate with: {setting.output}"
    )
    if manifest.unreadable:
        sys.exit(_SOME_UNREADABLE if manifest.files_kept else NOTHING_DONE)


def _place(source: str, downloads: Path) -> Path:
    """The file or folder that is meant; a package is brought here first."""
    if not source.startswith("pypi:"):
        return Path(source)
    spec = parse_project(source)
    assert isinstance(spec, PackageSpec)
    return fetch_source_distribution(spec, downloads)


def _counts(manifest: CorpusManifest) -> Table:
    table = Table("files", "count", title="Corpus", title_justify="left")
    table.add_row("read", str(manifest.files_read))
    for reason, count in manifest.rejected.items():
        table.add_row(f"- {reason}", str(count))
    table.add_row("kept", str(manifest.files_kept))
    return table
