"""The ``codex-sft back-translate`` command: how likely tasks' docstrings are after samples."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation.evaluation_files import Sample, read_samples, read_tasks
from pipelines.measure_store import MeasureStore
from pipelines.run_folder import RunFolder
from pipelines.user_error import UserError
from sampling.engine import EngineError
from tasks.files import BadFile, write_json_lines
from tasks.record import Task


@click.command("back-translate")
@click.argument("sample_file", metavar="SAMPLES", type=click.Path(path_type=Path))
@click.option(
    "--tasks",
    "task_path",
    required=True,
    type=click.Path(path_type=Path),
    help="The samples' tasks: HumanEval's form, a tasks.jsonl, or the folder of a run.",
)
@click.option("--model", required=True, help="Codex-D: a folder, or a model of the hub.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The scored samples.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda.")
@click.option(
    "--cells", type=click.IntRange(min=1), help="Rows times tokens at a time. [default: by vocabulary]"
)
def back_translate(
    sample_file: Path, task_path: Path, model: str, output: Path, device: str, cells: int | None
) -> None:
    """Score samples by the probability of their task's docstring after them, for choosing among them.

    SAMPLES are lines of `codex-sft sample` or `evaluate`. The output has the same lines with the score in
    `scores`, so that one command draws the curves of all choices against k (Chen et al. 2021, §5):

    \b
      codex-sft back-translate results.jsonl --tasks tasks.jsonl --model runs/codex-d/model -o ranked.jsonl
      codex-sft compare base=ranked.jsonl -o report

    A sample without a score, since its task has no docstring, it repeats it, or it is too long, is counted
    by its reason and comes last. Interrupted, the same command goes on.
    """
    console = Console()
    journal = output.with_name(f".{output.name}.journal")
    started = time.monotonic()
    try:
        tasks = read_tasks(RunFolder(task_path).tasks if task_path.is_dir() else task_path)
        samples = list(read_samples(sample_file, tasks))
        if not samples:
            raise UserError(f"{sample_file}: no samples in it")
        scored, refused = _score(tasks, samples, model, device, cells, journal, output, console)
        journal.unlink()
    except (BadFile, EngineError) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    except KeyboardInterrupt:
        raise UserError("interrupted; the same command goes on where this one stopped") from None
    for reason, count in refused.items():
        console.print(f"without a score: {count} samples, {reason}", highlight=False)
    click.echo(
        f"{scored} of {len(samples)} samples scored in {time.monotonic() - started:.1f} s: {output}\n"
        f"the curves: codex-sft compare {output} -o FOLDER"
    )


def _score(
    tasks: dict[str, Task],
    samples: list[Sample],
    model: str,
    device: str,
    cells: int | None,
    journal: Path,
    output: Path,
    console: Console,
) -> tuple[int, dict[str, int]]:
    try:
        from transformers.utils.logging import disable_progress_bar

        from docstring_gen.back_translation import BackTranslator
        from docstring_gen.scored_samples import refusals, score_samples, scored_rows
        from sampling.transformers_engine import load_model
        from sft.row_texts import DOCSTRING_TEMPLATE
        from sft.rows import prompt_tokenizer
    except ImportError as error:
        raise UserError(f"{error}; scoring needs pip install 'codex-sft[models]'") from error
    disable_progress_bar()
    loaded, tokenizer = load_model(model, device)
    if tokenizer.eos_token_id is None:
        raise BadFile(f"{model}: its tokenizer has no end token, so it is no model of `codex-sft train`")
    scorer = BackTranslator(loaded, prompt_tokenizer(tokenizer), tokenizer.eos_token_id, cells)
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Progress(*columns, console=console, transient=True, refresh_per_second=4)
    with MeasureStore(journal) as known, shown:
        bar = shown.add_task("scoring", total=len(samples))
        identity = _identity(model, str(loaded.dtype))
        found = score_samples(tasks, samples, scorer, identity, known, lambda: shown.advance(bar))
    facts = {"model": model, "template": DOCSTRING_TEMPLATE}
    write_json_lines(output, scored_rows(samples, found, facts))
    return sum(each.score is not None for each in found.values()), refusals(found)


def _identity(model: str, dtype: str) -> str:
    """What tells a model's scores from another's: its files, as far as they are here."""
    folder = Path(model)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(f"{model}\0{dtype}\0{facts}".encode()).hexdigest()
