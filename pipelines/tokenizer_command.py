"""The ``codex-sft tokenizer`` commands: train one, add runs of spaces to one, compare some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from pipelines.user_error import UserError
from sft.corpus_folder import CorpusFolder, Split
from sft.documented_functions import documented_functions
from tasks.files import BadFile, write_json

if TYPE_CHECKING:
    from sft.tokenizer import BoundaryCheck, TokenUse

_CORPUS = click.argument("corpus", metavar="CORPUS", type=click.Path(path_type=Path))
_OUTPUT = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The tokenizer's folder."
)


@click.group()
def tokenizer() -> None:
    """Make tokenizers for code, and measure what they save."""


@tokenizer.command()
@_CORPUS
@_OUTPUT
@click.option(
    "--vocabulary",
    default=16_384,
    type=click.IntRange(min=1),
    show_default=True,
    help="Tokens at most.",
)
@click.option(
    "--characters",
    default=100_000_000,
    type=click.IntRange(min=1),
    show_default=True,
    help="How much of the corpus it is trained on; memory grows with it.",
)
def train(corpus: Path, output: Path, vocabulary: int, characters: int) -> None:
    """Train a byte-level BPE with tokens for runs of spaces on a corpus (of codex-sft corpus).

    Line ends and indentations are kept apart, so that a prompt's tokens begin those of prompt and solution.
    """
    module = _module()
    try:
        made = module.train_tokenizer(_texts(CorpusFolder(corpus), "train", characters), vocabulary)
    except (BadFile, module.BadTokenizer) as error:
        raise UserError(str(error)) from error
    _save(made, output)


@tokenizer.command("add-runs")
@click.argument("existing", metavar="TOKENIZER")
@_OUTPUT
def add_runs(existing: str, output: Path) -> None:
    """Add tokens for runs of 2 to 25 spaces to a byte-level BPE: a folder, or a name of the hub.

    The new tokens come last: make a model's embeddings longer by as many before you train it on.
    """
    module = _module()
    try:
        made = module.add_whitespace_runs(module.load_tokenizer(existing))
    except module.BadTokenizer as error:
        raise UserError(str(error)) from error
    _save(made, output)


@tokenizer.command()
@_CORPUS
@click.argument("tokenizers", nargs=-1, required=True, metavar="TOKENIZER...")
@click.option(
    "--split",
    default="validation",
    type=click.Choice(["train", "validation"]),
    show_default=True,
    help="Which of the corpus's texts are measured.",
)
@click.option(
    "--characters",
    default=20_000_000,
    type=click.IntRange(min=1),
    show_default=True,
    help="How many of them.",
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the numbers to a file as well.")
def report(
    corpus: Path, tokenizers: tuple[str, ...], split: Split, characters: int, file: Path | None
) -> None:
    """Count the tokens that tokenizers need for a corpus, against the first and against the first with runs.

    For each it shows what adding runs of spaces to it would save, and in how many documented functions of
    the corpus the prompt's tokens do not begin those of prompt and solution.
    """
    module = _module()
    names: list[str] = []
    compared: list[Any] = []
    try:
        for name in tokenizers:
            loaded = module.load_tokenizer(name)
            names += [name, f"{name} + runs"]
            compared += [loaded, module.add_whitespace_runs(loaded)]
        folder = CorpusFolder(corpus)
        uses = module.measure_tokens(compared, _texts(folder, split, characters))
        rows = [row for text in _texts(folder, split, characters) for row in documented_functions(text)]
        checks = [module.check_boundaries(each, rows) for each in compared]
    except (BadFile, module.BadTokenizer) as error:
        raise UserError(str(error)) from error
    Console().print(_table(names, uses, checks))
    for name, check in zip(names, checks, strict=True):
        for example in check.examples[:1]:
            click.echo(f"{name}: the prompt's tokens are not kept in {example}")
    if file is not None:
        write_json(
            file,
            [
                {"tokenizer": name, "use": use, "boundaries": check}
                for name, use, check in zip(names, uses, checks, strict=True)
            ],
        )


def _table(names: list[str], uses: list[TokenUse], checks: list[BoundaryCheck]) -> Table:
    table = Table(
        *("tokenizer", "vocabulary", "tokens", "chars/token", "of the first", "of itself", "p10/p50/p90"),
        "broken prompts",
    )
    for number, (name, use, check) in enumerate(zip(names, uses, checks, strict=True)):
        table.add_row(
            name,
            str(use.vocabulary),
            str(use.tokens),
            f"{use.characters / use.tokens:.2f}",
            f"{use.ratio:.3f}",
            f"{use.tokens / uses[number // 2 * 2].tokens:.3f}",
            " ".join(f"{ratio:.2f}" for ratio in use.ratios),
            f"{check.broken} of {check.rows}",
        )
    return table


def _texts(folder: CorpusFolder, split: Split, characters: int) -> Iterator[str]:
    """The first texts of a split: they lie in the order of their digests, that is in none."""
    left = characters
    for document in folder.files(split):
        yield document.text
        left -= len(document.text)
        if left <= 0:
            return


def _save(made: Any, output: Path) -> None:
    try:
        made.save_pretrained(output)
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{len(made)} tokens: {output}")


def _module() -> Any:
    try:
        import sft.tokenizer
    except ImportError as error:
        raise UserError(f"{error.name} is missing; pip install 'codex-sft[models]'") from error
    return sft.tokenizer
