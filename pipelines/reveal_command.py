"""The ``codex-sft reveal`` command: hidden tests, out of what a judge says of programs that fail."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pipelines.reveal_report import KeptProblem, RevealedProblem, RevealReport
from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.user_error import NOTHING_DONE, UserError
from sandbox.interface import SandboxUnavailable
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from scraping.input_formats.function_problem import is_python
from scraping.judges.authorised_judge import AuthorisedJudge, NotAuthorised
from scraping.judges.dmoj_judge import DmojJudge
from scraping.judges.hidden_tests import ExtractionOptions, extract_hidden_tests
from scraping.judges.judge import Judge, SubmissionRefused
from scraping.judges.local_kattis import LocalKattisJudge
from scraping.problem import Problem
from scraping.problem_files import write_problems
from scraping.problem_sources import SourceUnreadable, check_source, read_source
from tasks.files import BadFile, read_json, write_json
from tasks.mutants import mutants

JudgeOf = Callable[[Problem], Judge]


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run's folder.")
@click.option(
    "--judge",
    "judge_name",
    default="local",
    show_default=True,
    metavar="local|dmoj|MODULE:CLASS",
    help="Who judges: our own judge, DMOJ's on this machine, or your adapter to another one.",
)
@click.option(
    "--authorisation",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Who allowed what; needed for a judge of others.",
)
@click.option(
    "--submissions",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    help="For one problem at most.",
)
@click.option(
    "--mistakes",
    default=10,
    show_default=True,
    type=click.IntRange(min=0),
    help="Of these so many for variants of an accepted program, with natural mistakes.",
)
@click.option(
    "--source-bytes",
    default=60_000,
    show_default=True,
    type=click.IntRange(min=1_000),
    help="The longest program that the judge takes.",
)
def reveal(
    sources: tuple[str, ...],
    output: Path,
    judge_name: str,
    authorisation: Path | None,
    submissions: int,
    mistakes: int,
    source_bytes: int,
) -> None:
    """Find the hidden tests of problems by programs that fail on purpose, and write the problems with them.

    \b
    SOURCE is what `codex-sft scrape` takes. Whoever looks for the tests is given the statement's examples,
    an accepted program where there is one, and the judge's verdicts; the files of a package are
    only the judge's.

    Only a judge that shows the case that failed tells anything; most tell numbers alone. A judge of others
    is asked only with a file that tells who allowed it, for which problems, and how many submissions a
    day: many sites take such probing for abuse.

    \b
    The output folder gets
      problems.jsonl  the problems with examples and found tests, a SOURCE of `codex-sft scrape`
      report.json     of each problem: submissions used, cases found, why it ended
      problems/       what was found of each so far: run again, it goes on from there

    Exit status: 0 if nothing is hidden any more, 1 if something is, 2 if nothing was found.
    """
    console = Console()
    run = RunFolder(output.absolute())
    checks = OutputChecks(lambda: select_sandbox("projects"))
    options = ExtractionOptions(submissions, min(mistakes, submissions), source_bytes=source_bytes)
    try:
        for source in sources:
            check_source(source)
        judge_of = _judge(judge_name, authorisation, checks)
        with run.open():
            found = []
            for whole in _programmed(sources):
                problem, outcome = _revealed(whole, judge_of, run, options)
                found.append((problem, outcome))
                click.echo(f"{outcome.problem_id}: {outcome.found} cases, {outcome.stopped}")
            if not found:
                raise UserError("no problem of these sources is solved by a program on standard streams")
            write_problems(run.path / "problems.jsonl", (problem for problem, _ in found))
            report = RevealReport.of(judge_name, [each for _, each in found])
            write_json(run.path / "report.json", report)
    except (
        BadFile,
        NotAuthorised,
        OutputUnusable,
        SandboxUnavailable,
        SourceUnreadable,
        SubmissionRefused,
    ) as error:
        raise UserError(str(error)) from error
    finally:
        checks.close()
    console.print(_table(report))
    console.print(
        f"{report.found} cases by {report.submissions} submissions: {run.path}/problems.jsonl",
        highlight=False,
        soft_wrap=True,
    )
    if not report.found:
        sys.exit(NOTHING_DONE)
    if any(each.stopped != "accepted" for each in report.problems):
        sys.exit(1)


def _programmed(sources: Iterable[str]) -> Iterator[Problem]:
    """The problems that are solved by a program on standard streams."""
    for source in sources:
        for problem in read_source(source):
            if isinstance(problem, Problem) and problem.mode == "stdio":
                yield problem


def _judge(name: str, authorisation: Path | None, checks: OutputChecks) -> JudgeOf:
    """What judges a problem. Judges of our own are given its tests; others have theirs."""
    if name == "local":
        return lambda whole: LocalKattisJudge([whole], checks)
    if name == "dmoj":
        return lambda whole: DmojJudge([whole])
    if authorisation is None:
        raise UserError(f"--judge {name}: --authorisation is missing: submitting needs a file that allows it")
    judge = AuthorisedJudge.load(name, authorisation)
    return lambda _: judge


def _revealed(
    whole: Problem, judge_of: JudgeOf, run: RunFolder, options: ExtractionOptions
) -> tuple[Problem, RevealedProblem]:
    """The problem with what was found, now and in earlier runs."""
    kept = run.path / "problems" / f"{hashlib.sha256(whole.problem_id.encode()).hexdigest()[:16]}.json"
    before = read_json(kept, KeptProblem) if kept.exists() else None
    if before and before.outcome.stopped == "accepted":
        return before.problem, before.outcome
    known = [test for test in before.problem.tests if test.kind == "extracted"] if before else []
    public = whole.with_tests([*whole.examples, *known])
    trusted = next(
        (each.code for each in whole.solutions if is_python(each) and each.claimed == "accepted"), None
    )
    found = extract_hidden_tests(judge_of(whole), public, _mistakes(trusted), trusted, options)
    problem = public.with_tests([*public.tests, *found.tests])
    outcome = RevealedProblem(
        whole.problem_id,
        found.stopped,
        len(known) + len(found.tests),
        found.submissions + (before.outcome.submissions if before else 0),
        found.by_mistakes + (before.outcome.by_mistakes if before else 0),
        found.dropped,
        found.total,
        found.detail,
    )
    write_json(kept, KeptProblem(outcome, problem))
    return problem, outcome


def _mistakes(program: str | None) -> Iterator[str]:
    """Variants of an accepted program, each with one mistake."""
    if program is None:
        return
    try:
        found = mutants(program)
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from (mutant.program for mutant in found)


def _table(report: RevealReport) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("problem", overflow="fold")
    for heading in ("found", "of", "submissions", "not kept"):
        table.add_column(heading, justify="right")
    table.add_column("ended by")
    for each in report.problems:
        total = "?" if each.total is None else str(each.total)
        dropped = ", ".join(f"{reason} {count}" for reason, count in each.dropped.items())
        table.add_row(each.problem_id, str(each.found), total, str(each.submissions), dropped, each.stopped)
    return table
