"""Recorded formats and packages of others, where these lie beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.input_formats import judged_formats
from sandbox.worker_pool import WorkerPool
from scraping.input_formats.function_problem import FunctionProblem
from scraping.input_formats.functions import to_function
from scraping.problem import Problem, ProblemTest, Solution
from tests.scraping.input_formats.problems import stdio_problem

_DATA = Path(__file__).parents[4] / "shared/data/problems"
_FORMATS = _DATA / "atcoder_formats"
_KATTIS = _DATA / "kattis_problemtools/examples"

here = pytest.mark.skipif(not _DATA.exists(), reason="the recorded problems are not here")


@here
def test_nine_tenths_of_the_recorded_formats_have_a_right_structure() -> None:
    verdicts = [judged.verdict for judged in judged_formats(_FORMATS)]
    assert len(verdicts) == 2279
    agreeing = sum(verdict.startswith("agrees") for verdict in verdicts)
    read = sum(verdict == "read, to be judged" for verdict in verdicts)
    assert agreeing >= 1990
    assert verdicts.count("disagrees") <= 15
    assert (agreeing + read) / len(verdicts) >= 0.93


def _package(name: str) -> Problem:
    folder = _KATTIS / name
    tests = [
        ProblemTest(
            "example" if "sample" in file.parts else "secret", file.stem, _text(file), _text(file, ".ans")
        )
        for file in sorted(folder.glob("data/**/*.in"))
    ]
    solutions = [
        Solution(file.name, "python3", {file.name: file.read_text()}, file.parent.name)
        for file in sorted(folder.glob("submissions/*/*.py"))
        if "py2" not in file.name
    ]
    return stdio_problem([], *solutions, title=name).with_tests(tests)


def _text(file: Path, suffix: str = ".in") -> str:
    """A file's text; links came out of the archive as texts of their targets."""
    text = file.with_suffix(suffix).read_text()
    return (file.parent / text).read_text() if text.startswith("../") else text


@here
@pytest.mark.parametrize(
    ("name", "header", "wrong"),
    [
        ("different", "def different(a: list[int], b: list[int]) -> list[int]:\n", []),
        ("oddecho", "def oddecho(n: int, s: list[str]) -> list[str]:\n", ["sol.py"]),
    ],
)
def test_packages_become_functions(name: str, header: str, wrong: list[str], quick_pool: WorkerPool) -> None:
    made = to_function(_package(name), quick_pool)
    assert isinstance(made, FunctionProblem), made
    assert made.header == header
    assert [each.name for each in made.wrong] == wrong
