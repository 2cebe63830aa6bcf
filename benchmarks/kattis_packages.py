"""Judges the submissions of problem packages with our checkers, and compares with what their authors claim.

    python -m benchmarks.kattis_packages FOLDER... [--seconds 20] [--output results.jsonl]

Prints a table by folder and every exception: an accepted submission that is refused, or another that is
accepted. Times are processor time; a test that occurs twice in a package is run once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.output_checks import OutputChecks
from sandbox.program_build import CannotBuild
from sandbox.selection import select_sandbox
from scraping.archives.kattis_package import read_kattis_packages
from scraping.judges.submission_runs import judged_tests, run_submission
from scraping.judges.time_limits import calibrated_limits
from scraping.problem import Problem, ProblemRejection


@dataclass(frozen=True)
class Judged:
    """One submission: what its authors claim, what we found, and at which test."""

    folder: str
    problem: str
    checker: str
    submission: str
    language: str
    claimed: str
    found: str
    tests: int
    passed: int
    limit: float
    slowest: float
    detail: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0, help="the longest time limit of a test")
    parser.add_argument("--only", default="", help="problems whose identifier holds this")
    parser.add_argument("--output", type=Path, default=Path("kattis_packages.jsonl"))
    arguments = parser.parse_args()
    checks = OutputChecks(lambda: select_sandbox("projects"))
    judged: list[Judged] = []
    left_out: Counter[str] = Counter()
    try:
        with arguments.output.open("w") as stream:
            for folder in arguments.folders:
                for item in read_kattis_packages(folder):
                    if arguments.only not in item.problem_id:
                        continue
                    if isinstance(item, ProblemRejection):
                        left_out[f"{folder.name}: {item.reason}"] += 1
                    elif item.mode != "stdio":
                        left_out[f"{folder.name}: {item.mode}"] += 1
                    else:
                        for result in _judge(folder.name, _distinct(item), checks, arguments.seconds):
                            judged.append(result)
                            stream.write(json.dumps(asdict(result)) + "\n")
                            stream.flush()
    finally:
        checks.close()
    _report(judged, left_out)


def _distinct(problem: Problem) -> Problem:
    tests = {(test.input, test.output): test for test in judged_tests(problem)}
    return problem.with_tests(list(tests.values()))


def _judge(folder: str, problem: Problem, checks: OutputChecks, most: float) -> Iterator[Judged]:
    limits, known = calibrated_limits(problem, checks, most)
    for solution in problem.solutions:
        limit = limits.of(solution.language)
        try:
            run = known.get(solution.name) or run_submission(problem, solution, checks, min(limit, most))
        except CannotBuild:
            status, passed, slowest, detail = "language_not_run", 0, 0.0, solution.language
        else:
            passed = sum(case.status == "accepted" for case in run.cases)
            status, slowest, detail = run.status, run.slowest, run.detail
        yield Judged(
            folder,
            problem.problem_id,
            problem.checker.kind,
            solution.name,
            solution.language,
            solution.claimed,
            status,
            len(problem.tests),
            passed,
            limit,
            round(slowest, 2),
            detail[:200],
        )
        print(".", end="", file=sys.stderr, flush=True)


def _report(judged: list[Judged], left_out: Counter[str]) -> None:
    run = [each for each in judged if each.found != "language_not_run"]
    print(
        "\n| packages | problems | with a program as checker | tests | accepted | of them accepted here |",
        end="",
    )
    print(" wrong | of them refused here | not run |\n|---|---|---|---|---|---|---|---|---|")
    for folder in dict.fromkeys(each.folder for each in judged):
        here = [each for each in run if each.folder == folder]
        tests = {each.problem: each.tests for each in here}
        programs = {each.problem for each in here if each.checker == "program"}
        right = [each for each in here if each.claimed == "accepted"]
        wrong = [each for each in here if each.claimed != "accepted"]
        print(
            f"| {folder} | {len(tests)} | {len(programs)} | {sum(tests.values())} | {len(right)} | "
            f"{sum(each.found == 'accepted' for each in right)} | {len(wrong)} | "
            f"{sum(each.found != 'accepted' for each in wrong)} | "
            f"{sum(each.folder == folder for each in judged) - len(here)} |"
        )
    print(f"\nleft out: {dict(left_out)}\n\nexceptions:")
    for each in run:
        if (each.found == "accepted") != (each.claimed == "accepted"):
            print(
                f"- {each.problem} {each.submission}: {each.found}, {each.passed} of {each.tests} tests, "
                f"slowest {each.slowest} s of {each.limit} s; {each.detail}"
            )


if __name__ == "__main__":
    main()
