"""The ``codex-sft building-blocks`` command: chained manipulations of a text as tasks."""

from __future__ import annotations

import re
from pathlib import Path

import click

from evaluation.block_chains import ChainPlan, make_chains
from pipelines import __version__
from pipelines.user_error import UserError
from sft.block_snippets import SnippetPlan, write_snippets
from tasks.files import write_json_lines
from tasks.humaneval import to_row

_LENGTHS = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


def _lengths(_: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...]:
    if value is None:
        return ()
    found = _LENGTHS.fullmatch(value)
    lengths = tuple(range(int(found[1]), int(found[2] or found[1]) + 1)) if found else ()
    if not lengths:
        raise click.BadParameter(
            f"{value!r}: give a number such as 3, or a span such as 1-7", param=parameter
        )
    return lengths


@click.command("building-blocks")
@click.option(
    "--length",
    "lengths",
    default="1-7",
    show_default=True,
    callback=_lengths,
    metavar="N|N-N",
    help="How many blocks are chained, up to 13.",
)
@click.option(
    "--count", default=20, show_default=True, type=click.IntRange(min=1), help="Tasks of each length."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file of tasks.")
@click.option(
    "--form",
    default="task",
    type=click.Choice(["task", "humaneval"]),
    show_default=True,
    help="The form of the lines: records of codex-sft, or HumanEval's.",
)
@click.option(
    "--held-out",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Tasks of each length in sets that OUTPUT, then the training set, knows nothing of; see below.",
)
@click.option(
    "--held-out-pairs",
    default=13,
    show_default=True,
    type=click.IntRange(min=0),
    help="Pairs of blocks that are never together in training.",
)
@click.option(
    "--longer",
    "longer_lengths",
    callback=_lengths,
    metavar="N|N-N",
    help="Lengths of the held-out longer chains.",
)
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same tasks.")
@click.option(
    "--snippets",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Python files of chained blocks for a base model to read; see below.",
)
@click.option(
    "--snippets-seed",
    default=0,
    show_default=True,
    help="Other snippets of the same kind, for the same held-out tasks.",
)
def building_blocks(
    lengths: tuple[int, ...],
    count: int,
    output: Path,
    form: str,
    held_out: int,
    held_out_pairs: int,
    longer_lengths: tuple[int, ...],
    seed: int,
    snippets: int,
    snippets_seed: int,
) -> None:
    """Make tasks that chain simple manipulations of a text (Chen et al. 2021, appendix C).

    Thirteen blocks such as "make all letters small" are drawn and chained; the expected outputs are those of
    the reference. No block is twice in a chain, each one matters to its outcome, and no two chains do the
    same. Where there are fewer such chains than were asked for, all of them are written and the rest is told.

    \b
    With --held-out and OUTPUT named blocks.jsonl, tests for a model trained on it are written beside it:
      blocks.unseen_chains.jsonl   other chains of the same lengths
      blocks.unseen_pairs.jsonl    chains with blocks that are never together in training
      blocks.longer.jsonl          chains of the lengths of --longer

    With --snippets there is a folder blocks.snippets, too, of functions that chain up to five blocks as code
    in the wild would: many without a docstring, many that do not do what theirs says. None does or tells what
    is held out. It is a source for `codex-sft corpus`.
    """
    try:
        plan = ChainPlan(lengths, count, held_out, held_out_pairs, longer_lengths, seed)
    except ValueError as error:
        raise UserError(str(error)) from error
    if longer_lengths and not held_out:
        raise UserError("--longer needs --held-out, the number of held-out tasks of each length")
    made = make_chains(plan, __version__)
    for name, tasks in made.tasks.items():
        target = output if name in ("chains", "train") else _beside(output, name)
        rows = map(to_row, tasks) if form == "humaneval" else tasks
        try:
            number = write_json_lines(target, rows)
        except OSError as error:
            raise UserError(f"{target} cannot be written: {error.strerror}") from error
        click.echo(f"{number} tasks: {target}")
    if snippets:
        folder = output.with_name(f"{output.name.partition('.')[0]}.snippets")
        write_snippets(folder, SnippetPlan(snippets, seed=snippets_seed), made.held_out)
        click.echo(f"{snippets} files of snippets: {folder}")
    for reason, number in sorted(made.rejected.items()):
        click.echo(f"{number} chains not taken: {reason}")
    for (name, length), number in sorted(made.missing.items()):
        click.echo(f"{name}: {number} tasks of length {length} are not to be had", err=True)


def _beside(output: Path, name: str) -> Path:
    stem, dot, endings = output.name.partition(".")
    return output.with_name(f"{stem}.{name}{dot}{endings}")
