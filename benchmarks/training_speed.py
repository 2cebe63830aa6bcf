"""Training speed in real tokens: TRL's trainer by its defaults, by its best flags, and ours, in one run.

The rows are documented functions of folders of Python files, by default of the standard library, tokenised
alike for all; each contestant starts from the same weights and makes one pass over the same rows, with the
same optimiser, schedule and precision (bf16). They take turns, window by window; of the first window, in
which memory is got and code is compiled, only the time is told.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import statistics
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.training_speed_arms import SETTINGS, End, Job, Window, recipe, run_arm
from sft.documented_functions import documented_functions
from sft.model_presets import PRESETS, new_model
from sft.packed_layout import best_fit
from sft.row_texts import code_texts
from sft.tokenizer import train_tokenizer
from sft.training_data import TrainingData, read_training_data
from sft.training_folder import versions
from tasks.files import write_json_lines
from tasks.record import Provenance, Task

ARMS = (*SETTINGS, "ours")
_HELD_OUT = 16


@dataclass(frozen=True)
class Speed:
    """A contestant: the median window's real tokens a second, what the first window cost beyond that, and
    the share of the matrix rate that the operations needed for those tokens are."""

    arm: str
    tokens_per_second: float
    first_window_seconds: float
    matrix_share: float
    end: End


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", nargs="+", default=["12m"], choices=list(PRESETS))
    parser.add_argument("--source", nargs="+", type=Path, default=[Path(sysconfig.get_paths()["stdlib"])])
    parser.add_argument(
        "--rows", type=int, default=400, help="at most; more on a GPU, whose windows are quick"
    )
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--windows", type=int, default=6)
    parser.add_argument("--packs", type=int, help="of a context's length each, for a step [2; on a GPU 32]")
    parser.add_argument("--threads", type=int, help="of torch [1; on a GPU its default]")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--json", type=Path, help="write the numbers to a file as well")
    options = parser.parse_args()
    import torch

    gpu = torch.cuda.is_available()
    found = {}
    for preset in options.preset:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            data = prepare(folder, preset, options.source, options.rows, options.vocabulary)
            lengths = [len(row.token_ids) for row in data.training]
            context = PRESETS[preset].context
            job = Job(
                folder=folder,
                context=context,
                packs=options.packs or (32 if gpu else 2),
                rows_each=8,
                rows_per_pack=len(lengths) / len(best_fit(lengths, context)),
                windows=options.windows,
                rate=PRESETS[preset].learning_rate,
                threads=options.threads or (None if gpu else 1),
            )
            needed = operations_per_token(preset, data, options.vocabulary)
            found[preset] = measure(options.arms, job, needed, Console(stderr=True).print)
        device = torch.cuda.get_device_name() if gpu else "processor"
        _show(preset, device, data, found[preset], options.windows)
    if options.json:
        told = {name: [asdict(speed) for speed in speeds] for name, speeds in found.items()}
        options.json.write_text(json.dumps({"versions": versions(), "presets": told}, indent=1))


def prepare(folder: Path, preset: str, sources: Sequence[Path], rows: int, vocabulary: int) -> TrainingData:
    """Write model, tokenizer and tasks; the rows are read back as all contestants read them."""
    import torch

    functions = sorted({each for source in sources for each in _functions(source)})
    random.Random(0).shuffle(functions)
    made = train_tokenizer((prompt + body for prompt, body in functions), vocabulary)
    made.save_pretrained(folder / "model")
    torch.manual_seed(0)
    size = PRESETS[preset]
    model = new_model(size, "llama", len(made), made.eos_token_id, made.pad_token_id)
    model.save_pretrained(folder / "model")
    tasks = [
        Task(f"functions/{place}", prompt, "f", body, [], Provenance("project", "functions"))
        for place, (prompt, body) in enumerate(functions[: rows + _HELD_OUT])
    ]
    write_json_lines(folder / "held_out.jsonl", tasks[:_HELD_OUT])
    write_json_lines(folder / "tasks.jsonl", tasks[_HELD_OUT:])
    job = Job(folder, size.context, 1, 1, 1.0, 1, 1e-3, None)
    return read_training_data(recipe(job).data, code_texts, made, size.context, 0)


def _functions(source: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(source.rglob("*.py")):
        if not {"test", "tests", "idlelib", "site-packages"} & set(file.relative_to(source).parts):
            yield from documented_functions(file.read_text(encoding="utf-8", errors="replace"))


def operations_per_token(preset: str, data: TrainingData, vocabulary: int) -> float:
    """Floating-point operations of a training step for each real token, with nothing done twice or in vain.

    Six for each parameter that multiplies (Kaplan et al. 2020, §2.1), those of the output for trained tokens
    only, and causal attention within rows.
    """
    size = PRESETS[preset]
    inner = -(-size.width * 8 // (3 * 64)) * 64
    inside = size.layers * (4 * size.width**2 + 3 * size.width * inner)
    trained = sum(row.completion_tokens for row in data.training) / data.tokens
    squares = sum(len(row.token_ids) ** 2 for row in data.training) / data.tokens
    return 6 * (inside + vocabulary * size.width * trained + size.layers * size.width * squares)


def measure(
    arms: Sequence[str], job: Job, operations: float, tell: Callable[[str], None] = lambda line: None
) -> list[Speed]:
    """Let contestants take turns to their ends; the order of turns is moved on in every round."""
    context = multiprocessing.get_context("spawn")
    running: dict[str, tuple[Any, Connection]] = {}
    for name in ("matrix", *arms):
        ours, theirs = context.Pipe()
        process = context.Process(target=run_arm, args=(name, job, theirs), daemon=True)
        process.start()
        theirs.close()
        running[name] = process, ours
    windows: dict[str, list[Window]] = {name: [] for name in running}
    ends: dict[str, End] = {}
    try:
        # a run of few steps has fewer windows than were asked for
        counts = {name: connection.recv() for name, (_, connection) in running.items()}
        for number in range(job.windows):
            names = [name for name in running if number < counts[name]]
            for name in names[number % len(names) :] + names[: number % len(names)]:
                connection = running[name][1]
                connection.send("go")
                windows[name].append(connection.recv())
                tell(f"window {number + 1} of {counts[name]}, {name}: {windows[name][-1]}")
        for name in arms:
            ends[name] = running[name][1].recv()
    finally:
        for process, _ in running.values():
            process.terminate()
            process.join()
    rate = max(each.tokens / each.seconds for each in windows["matrix"])
    return [_speed(name, windows[name], ends[name], operations / rate) for name in arms]


def _speed(name: str, windows: Sequence[Window], end: End, seconds_at_best: float) -> Speed:
    first, *others = windows if len(windows) > 1 else [*windows, *windows]
    speed = statistics.median(each.tokens / each.seconds for each in others)
    return Speed(name, speed, first.seconds - first.tokens / speed, speed * seconds_at_best, end)


def _show(preset: str, device: str, data: TrainingData, speeds: Sequence[Speed], windows: int) -> None:
    lengths = [len(row.token_ids) for row in data.training]
    table = Table(
        *(
            "",
            "real tokens/s",
            "of the first",
            "cells/token",
            "peak MiB",
            "of matrix rate",
            "loss after",
            "steps",
        ),
        "first window, s beyond",
        title=f"{preset} on {device}: {len(lengths)} rows of {statistics.mean(lengths):.0f} tokens "
        f"({min(lengths)} to {max(lengths)}), medians of {windows - 1} windows",
        title_justify="left",
    )
    for each in speeds:
        table.add_row(
            each.arm,
            f"{each.tokens_per_second:,.0f}",
            f"{each.tokens_per_second / speeds[0].tokens_per_second:.2f}",
            f"{each.end.cells_per_token:.3f}",
            f"{each.end.peak_bytes / 2**20:,.0f}",
            f"{each.matrix_share:.1%}",
            f"{each.end.loss:.4f}",
            str(each.end.steps),
            f"{each.first_window_seconds:.1f}",
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
