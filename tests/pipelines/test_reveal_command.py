"""``codex-sft reveal``: hidden tests of packages through the local judge, and the problems with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.interface import Sandbox
from scraping.problem_files import read_problems
from tests.pipelines.command import codex_sft

_TESTS = {
    "sample/1": ("1 3", "2"),
    "secret/1": ("10 14", "4"),
    "secret/2": ("9 2", "7"),
    "secret/3": ("5 5", "0"),
}
_FILES = {
    "problem.yaml": "name: Difference\nlicense: cc by\nrights_owner: The Authors\n",
    "problem_statement/problem.en.tex": "\\problemname{Difference}\n"
    "Print the absolute difference of two numbers.\n"
    "\\section*{Input}\nOne line with two integers $a$ and $b$ ($0 \\le a, b \\le 100$).\n"
    "\\section*{Output}\nPrint their difference.\n",
    "submissions/accepted/right.py": "a, b = map(int, input().split())\nprint(abs(a - b))\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = dict(_FILES)
    for name, (given, answer) in _TESTS.items():
        files |= {f"data/{name}.in": given + "\n", f"data/{name}.ans": answer + "\n"}
    folder = tmp_path / "packages" / "difference"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_all_cases_are_found_in_two_runs_and_scrape_reads_them(
    package: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    output = tmp_path / "revealed"
    command = ("reveal", package, "--output", output, "--mistakes", "0", "--submissions", "3")
    first = codex_sft(*command)
    assert first.returncode == 1, first.stderr  # something is hidden still
    assert json.loads((output / "report.json").read_text())["problems"][0]["stopped"] == "budget"
    second = codex_sft(*command)
    assert second.returncode == 0, second.stderr
    (told,) = json.loads((output / "report.json").read_text())["problems"]
    assert (told["stopped"], told["found"], told["total"]) == ("accepted", 3, 4)
    assert told["submissions"] <= 6
    (problem,) = read_problems(output / "problems.jsonl")
    assert [test.kind for test in problem.tests] == ["example", *["extracted"] * 3]
    assert {test.input.strip() for test in problem.tests} == {given for given, _ in _TESTS.values()}
    made = codex_sft("scrape", output / "problems.jsonl", "--output", tmp_path / "run", "--test-seconds", "1")
    assert "1 task:" in made.stdout, made.stdout + made.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--judge", "somebody:Judge"), "--authorisation is missing"),
        (("--judge", "somebody:Judge", "--authorisation", "missing.yaml"), "needs a file that allows it"),
    ],
)
def test_a_judge_of_others_needs_a_permission(
    package: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = codex_sft("reveal", package, "--output", tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()
