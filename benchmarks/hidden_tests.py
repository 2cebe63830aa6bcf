"""Extracts the tests of problem packages from our own judge, through its verdicts alone, and counts.

    python -m benchmarks.hidden_tests FOLDER... [--budget 400] [--shown CHARACTERS] [--mistakes 10]

The extraction is given the judge, the statement's examples, and an accepted submission in Python where
there is one; the files of the package are compared with what it found only afterwards.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from scraping.archives.kattis_package import read_kattis_packages
from scraping.judges.hidden_tests import Extraction, ExtractionOptions, extract_hidden_tests
from scraping.judges.local_kattis import LocalKattisJudge, Shown
from scraping.judges.probe_programs import StdioShape
from scraping.judges.submission_runs import judged_tests
from scraping.judges.time_limits import TimeLimits
from scraping.problem import Problem

_LIMITS = TimeLimits({}, 10.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--budget", type=int, default=400)
    parser.add_argument("--mistakes", type=int, default=10)
    parser.add_argument("--shown", type=int, help="characters of a text that the judge shows")
    parser.add_argument("--most", type=int, default=100, help="leave out packages with more hidden tests")
    arguments = parser.parse_args()
    options = ExtractionOptions(
        arguments.budget, arguments.mistakes, source_bytes=10**6, shown_characters=arguments.shown
    )
    checks = OutputChecks(lambda: select_sandbox("projects"))
    print("| package | hidden | found | wrong | submissions | by mistakes | not kept | ended by |")
    print("|---|---|---|---|---|---|---|---|")
    try:
        for folder in arguments.folders:
            for problem in read_kattis_packages(folder):
                if not isinstance(problem, Problem) or problem.mode != "stdio":
                    continue
                tests = {_form(test.input): test for test in judged_tests(problem)}
                whole = problem.with_tests(list(tests.values()))
                hidden = len(whole.tests) - len(whole.examples)
                if not hidden or hidden > arguments.most:
                    print(f"({problem.problem_id}: {hidden} hidden tests, left out)", file=sys.stderr)
                    continue
                print(_row(whole, _extract(whole, checks, options)), flush=True)
    finally:
        checks.close()


def _extract(whole: Problem, checks: OutputChecks, options: ExtractionOptions) -> Extraction:
    shown = Shown("case", options.shown_characters)
    limits = {whole.problem_id: _LIMITS}
    judge = LocalKattisJudge([whole], checks, limits=limits, shown=shown)
    public = whole.with_tests(whole.examples)
    trusted = next(
        (
            solution.code
            for solution in whole.solutions
            if solution.language == "python3" and solution.claimed == "accepted" and len(solution.files) == 1
        ),
        None,
    )
    mistakes = _mistakes(trusted) if trusted else ()
    return extract_hidden_tests(judge, public, mistakes, trusted, options)


def _mistakes(program: str) -> Iterator[str]:
    """The program with one number more by one, spread over its length."""
    places = [
        node.lineno * 1_000 + node.col_offset
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Constant) and type(node.value) is int
    ]
    for place in places[:: max(1, len(places) // 10)]:
        tree = ast.parse(program)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and type(node.value) is int
                and node.lineno * 1_000 + node.col_offset == place
            ):
                node.value += 1
        yield ast.unparse(tree)


def _row(whole: Problem, found: Extraction) -> str:
    hidden = {_form(test.input): test.output for test in whole.tests if test.kind != "example"}
    right = [test for test in found.tests if _same(hidden.get(_form(test.input)), test.output)]
    dropped = ", ".join(f"{reason} {count}" for reason, count in found.dropped.items())
    return (
        f"| {whole.problem_id.removeprefix('package:')} | {len(hidden)} | {len(right)} | "
        f"{len(found.tests) - len(right)} | {found.submissions} | {found.by_mistakes} | {dropped} | "
        f"{found.stopped} |"
    )


def _form(text: str) -> str:
    return StdioShape().normal_form(text)


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and _form(one) == _form(other)


if __name__ == "__main__":
    main()
