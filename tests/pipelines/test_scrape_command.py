"""``codex-sft scrape``: problems become tasks or rejections that are counted, and a killed run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from pipelines.problem_funnel import Outcome, count_problem_funnel
from pipelines.scrape_manifest import ScrapeManifest
from sandbox.interface import Sandbox
from scraping.problem import ProblemRejection
from tasks.files import read_json, read_json_lines
from tasks.record import Task
from tests.pipelines.command import COMMAND, codex_sft

_STATEMENT = """\
\\problemname{Sum of Squares}
Given a list of integers, add up the squares of those that are positive.
\\section*{Input}
The first line contains an integer $n$ ($1 \\le n \\le 100$).
The second line contains $n$ integers $a_1, \\dots, a_n$ ($-1000 \\le a_i \\le 1000$).
\\section*{Output}
Print the sum of the squares of the positive numbers.
"""
_SETTINGS = "name: Sum of Squares\nlicense: cc by\nrights_owner: The Authors\n"
_RIGHT = "n = int(input())\nprint(sum(x * x for x in map(int, input().split()) if x > 0))\n"
_WRONG = "n = int(input())\nprint(sum(x * x for x in map(int, input().split())))\n"
_TESTS = {
    "sample/1": ("3\n1 -2 3\n", "10\n"),
    "sample/2": ("1\n-5\n", "0\n"),
    "secret/1": ("4\n0 0 7 -7\n", "49\n"),
    "secret/2": ("5\n1 2 3 4 5\n", "55\n"),
}
_FUNCTIONS = '''\
"""Some functions."""


def clamp(value: int, low: int, high: int) -> int:
    """Return the value, or the bound that it lies beyond.

    >>> clamp(5, 1, 3)
    3
    >>> clamp(-5, 1, 3)
    1
    >>> clamp(2, 1, 3)
    2
    """
    if value < low:
        return low
    if value > high:
        return high
    return value


def wrong_example(value: int) -> int:
    """Return the double of a number, as the following examples do not show.

    >>> wrong_example(1)
    3
    >>> wrong_example(2)
    4
    >>> wrong_example(3)
    6
    """
    return value * 2
'''


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of Kattis' kind, one of which the limits have lost their exponents, and doctests."""
    folder = tmp_path_factory.mktemp("archives")
    _package(folder / "packages" / "squares", _STATEMENT)
    _package(
        folder / "packages" / "damaged",
        _STATEMENT.replace("1 \\le n \\le 100", "$1 \\le n \\le 105$ and $a_i \\le 109$".replace("$", "")),
    )
    (folder / "code").mkdir()
    (folder / "code" / "functions.py").write_text(_FUNCTIONS)
    return folder


def _package(folder: Path, statement: str) -> None:
    files = {
        "problem.yaml": _SETTINGS,
        "problem_statement/problem.en.tex": statement,
        "submissions/accepted/right.py": _RIGHT,
        "submissions/wrong_answer/all.py": _WRONG,
    }
    for name, (given, answer) in _TESTS.items():
        files |= {f"data/{name}.in": given, f"data/{name}.ans": answer}
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture(scope="module")
def run(archives: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    done = codex_sft("scrape", archives / "packages", archives / "code", "--output", output)
    assert done.returncode == 0, done.stderr
    assert "2 tasks:" in done.stdout
    return output


def _tasks(run: Path) -> dict[str, Task]:
    return {task.entry_point: task for task in read_json_lines(run / "tasks.jsonl", Task)}


def test_a_package_becomes_a_function_with_tests_that_refuse_its_wrong_submission(run: Path) -> None:
    task = _tasks(run)["sum_of_squares"]
    assert task.prompt.startswith("def sum_of_squares(")
    assert "-> int:" in task.prompt
    assert ">>> sum_of_squares(" in task.prompt
    assert {"example", "extracted"} <= {case.origin for case in task.tests}
    assert task.provenance.license == "CC-BY-4.0"
    assert task.provenance.copyright == "The Authors"
    strength = task.evidence.strength
    assert strength is not None
    assert (strength.wrong, strength.wrong_passed) == (1, 0)
    assert task.evidence.replays
    assert task.evidence.size is not None


def test_a_documented_function_gets_more_tests_than_its_examples(run: Path) -> None:
    task = _tasks(run)["clamp"]
    assert [case.origin for case in task.tests].count("example") == 3
    assert any(case.origin == "generated" for case in task.tests)
    strength = task.evidence.strength
    assert strength is not None
    assert strength.mutants_killed > strength.mutants_killed_by_examples


def test_other_problems_are_rejected_with_their_reason_and_counted(run: Path) -> None:
    rejected = {
        entry.problem_id: (entry.stage, entry.reason)
        for entry in read_json_lines(run / "rejected.jsonl", ProblemRejection)
    }
    assert set(rejected.values()) == {
        ("statement", "suspected_exponent"),
        ("reference", "reference_fails"),
    }
    manifest = read_json(run / "manifest.json", ScrapeManifest)
    assert [(funnel.found, funnel.tasks) for funnel in manifest.funnels] == [(2, 1), (2, 1), (4, 2)]
    assert sum(manifest.funnels[-1].losses.values()) == 2


def test_filter_takes_the_tasks_with_the_strength_that_they_came_with(run: Path, tmp_path: Path) -> None:
    check = "def check(candidate):\n    assert candidate('a') == 'aa'\n    assert candidate('b') == 'bb'\n"
    row = {"task_id": "b/0", "prompt": "def twice(text):\n", "entry_point": "twice", "test": check}
    benchmark = tmp_path / "benchmark.jsonl"
    benchmark.write_text(json.dumps(row | {"canonical_solution": "    return 2 * text\n"}))
    arguments = ["--output", tmp_path / "out", "--sandbox", "bubblewrap"]
    arguments += ["--benchmark", f"humaneval={benchmark}", "--benchmark-cache", tmp_path / "cache"]
    done = codex_sft("filter", "--tasks", run, *arguments)
    assert done.returncode == 0, done.stderr
    scraped = _tasks(run)
    (kept,) = read_json_lines(tmp_path / "out" / "tasks.jsonl", Task)
    assert kept.entry_point == "sum_of_squares"
    assert kept.tests == scraped["sum_of_squares"].tests
    assert kept.evidence.strength == scraped["sum_of_squares"].evidence.strength
    (rejected,) = read_json_lines(tmp_path / "out" / "rejected.jsonl", dict)
    assert (rejected["task_id"], rejected["reason"]) == (scraped["clamp"].task_id, "licence_not_allowed")


def test_the_tasks_export_and_their_references_pass(run: Path, tmp_path: Path) -> None:
    exported = codex_sft("export", run, "--format", "humaneval", "--output", tmp_path / "set.jsonl")
    assert "2 tasks exported" in exported.stdout, exported.stderr
    rows = [json.loads(line) for line in (tmp_path / "set.jsonl").read_text().splitlines()]
    samples = [{"task_id": row["task_id"], "completion": row["canonical_solution"]} for row in rows]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    judged = codex_sft("evaluate", "--tasks", tmp_path / "set.jsonl", "--samples", tmp_path / "samples.jsonl")
    assert judged.returncode == 0, judged.stderr
    results = [
        json.loads(line) for line in (tmp_path / "samples.jsonl_results.jsonl").read_text().splitlines()
    ]
    assert [result["passed"] for result in results] == [True, True]


def test_a_killed_run_goes_on_and_gives_the_same(
    archives: Path, run: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    arguments = [COMMAND, "scrape", archives / "packages", archives / "code", "--output", tmp_path]
    checkpoints = tmp_path / "problems"
    with subprocess.Popen([*map(str, arguments)], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(checkpoints.glob("*/*.json")):
            os.sched_yield()
        os.kill(process.pid, signal.SIGKILL)
    known = {file: file.stat().st_mtime_ns for file in checkpoints.glob("*/*.json")}
    assert known
    assert not (tmp_path / "tasks.jsonl").exists()
    again = codex_sft("scrape", archives / "packages", archives / "code", "--output", tmp_path)
    assert again.returncode == 0, again.stderr
    assert {file: file.stat().st_mtime_ns for file in known} == known
    for name in ("tasks.jsonl", "rejected.jsonl"):
        assert _steady(tmp_path / name) == _steady(run / name)


def _steady(file: Path) -> list[object]:
    """The lines of a file without what every run measures anew."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        line.get("evidence", {}).pop("reference_seconds", None)
    return lines


def test_of_a_problem_that_two_sources_have_the_first_is_kept(
    archives: Path, run: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    package = archives / "packages" / "squares"
    done = codex_sft("scrape", package, f"kattis:{package}", "--output", tmp_path)
    assert "1 task:" in done.stdout, done.stderr
    (rejected,) = read_json_lines(tmp_path / "rejected.jsonl", ProblemRejection)
    assert rejected.reason == "duplicate_problem"


@pytest.mark.parametrize(
    ("source", "message"),
    [("missing", "no such file"), ("codeforces:somewhere", "there is no format"), (".", "known formats")],
)
def test_what_is_no_source_is_refused_before_anything_is_done(
    tmp_path: Path, source: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    given = tmp_path / "empty" if source == "." else source
    done = codex_sft("scrape", given, "--output", tmp_path / "run")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_stage_that_the_funnel_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        count_problem_funnel("source", [Outcome("source", "nowhere", "lost")])
