"""A project with one function of each kind, traced as users do: what becomes a task, what does not."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from filters.well_formed import STOP_SEQUENCES
from pipelines.manifest import Manifest
from sandbox.interface import Sandbox
from tasks.files import read_json, read_json_lines
from tasks.humaneval import HumanEvalRow
from tasks.record import Rejection, Task
from tests.conftest import ProjectMaker
from tests.pipelines.command import codex_sft

_SOURCE = '''
"""A module with one function of each kind."""
# SPDX-License-Identifier: MIT
import datetime
import enum
import functools
import os
import random
import time
from typing import Iterator, List

FACTOR = 3
_seen = []


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Shelf(list):
    """A list that is no list."""


class Box:
    def __init__(self, value):
        self.value = value

    def doubled(self):
        return self.value * 2


def scale(x: int) -> int:
    """Multiply a number by the module's factor.

    >>> scale(111111)
    333333
    """
    return x * FACTOR


def pieces(text: str, size: int = 2) -> Iterator[str]:
    """Yield the successive pieces of a text, each of the given size."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


def drop_last(items: List[int]) -> None:
    """Remove the last item of a list, which must not be empty, in place."""
    items.pop()


def half(x):
    """Return half of a number as a float, exact or not."""
    return x / 2


def opposite(color):
    """Return the other one of the two colors."""
    return Color.BLUE if color is Color.RED else Color.RED


def apply_twice(function, x):
    """Apply a function to a value, and again to the result."""
    return function(function(x))


def in_upper_case(words):
    """Give each of the words in upper case, one after the other."""
    return map(str.upper, words)


def places_on(shelf):
    """Return how many places there are on a shelf, two for each thing."""
    return 2 * len(shelf)


def undocumented(x):
    return x + 1


def check(x):
    """Return whether a number is positive; named as the tests are."""
    return x > 0


def shout(name):
    """Return the secret greeting GREETINGS-WORLD for every name."""
    return "GREETINGS-WORLD"


def now_text(x):
    """Return the current time as text, for any argument at all."""
    return "%s" % (datetime.datetime.now().year,)


def roll(x):
    """Return a random number below the given large number."""
    return random.randrange(x)


def counted(x):
    """Return how often this function has been called until now."""
    _seen.append(x)
    return len(_seen)


def from_environment(name):
    """Return the current folder of the process as a text."""
    return os.getcwd()


def unordered(words):
    """Return the different words of a text in whatever order."""
    return list(set(words.split()))


def nothing(x):
    """Return nothing at all, whatever the argument may be."""


def no_arguments():
    """Return a constant without being given anything at all."""
    return 42


def box(value):
    """Put a value into a box that is made for the purpose."""
    return Box(value)


def fails(x):
    """Raise an error for every argument that it is given."""
    raise LookupError(x)


def sometimes_fails(x):
    """Return the square root of a perfect square below ten."""
    return {1: 1, 4: 2, 9: 3}[x]


def closure(x):
    """Return a function that adds the given number to its own."""
    def add(y):
        return x + y
    return add


def multiline(x):
    """Return a text with a line that begins like a definition."""
    return """
def not_a_function
""" + x


def slow(x):
    """Return the argument after a much longer while than allowed."""
    time.sleep(2.5)
    return x
'''

_TESTS = """
import pytest
import kinds


def increase(x):
    return x + 1


def test_everything():
    assert [kinds.scale(n) for n in (1, 2, 111111)] == [3, 6, 333333]
    assert list(kinds.pieces("abcde")) == ["ab", "cd", "e"]
    items = [1, 2, 3]
    kinds.drop_last(items)
    assert items == [1, 2]
    assert kinds.half(3) == 1.5
    assert kinds.opposite(kinds.Color.RED) is kinds.Color.BLUE
    assert kinds.apply_twice(increase, 1) == 3
    by = 4
    assert kinds.apply_twice(lambda x: x + by, 1) == 9
    assert list(kinds.in_upper_case(["ab", "c"])) == ["AB", "C"]
    assert kinds.places_on(kinds.Shelf("abc")) == 6
    assert kinds.undocumented(1) == 2
    assert kinds.check(1)
    kinds.shout("x"), kinds.now_text(1), kinds.roll(10**9), kinds.from_environment("x")
    kinds.unordered("a b c d e f g h i j k l m n o p"), kinds.nothing(1), kinds.no_arguments()
    kinds.counted(1), kinds.counted(2), kinds.counted(3)
    assert kinds.box(2).doubled() == 4
    with pytest.raises(LookupError):
        kinds.fails(1)
    with pytest.raises(KeyError):
        kinds.sometimes_fails(5)
    assert kinds.sometimes_fails(4) == 2
    assert kinds.closure(1)(2) == 3
    assert kinds.multiline("x")
    kinds.slow(1)


def test_that_fails():
    assert False
"""


@dataclass(frozen=True)
class Run:
    folder: Path
    shown: subprocess.CompletedProcess[str]
    tasks: dict[str, Task]
    reasons: dict[str, tuple[str, str]]
    manifest: Manifest


@pytest.fixture(scope="module")
def run(make_project: ProjectMaker, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = make_project(
        "kinds",
        {"kinds.py": _SOURCE, "tests/test_kinds.py": _TESTS, "LICENSE": "Copyright (c) 2026 Some One\n"},
    )
    output = tmp_path_factory.mktemp("run")
    shown = codex_sft("trace", project, "--output", output)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    tasks = {task.entry_point: task for task in read_json_lines(output / "tasks.jsonl", Task)}
    rejections = list(read_json_lines(output / "rejected.jsonl", Rejection))
    reasons = {r.function.rpartition(".")[2]: (r.stage, r.reason) for r in rejections}
    return Run(output, shown, tasks, reasons, read_json(output / "manifest.json", Manifest))


def test_functions_that_stand_alone_become_tasks(run: Run) -> None:
    assert set(run.tasks) == {
        *("scale", "pieces", "drop_last", "half", "opposite", "apply_twice"),
        *("undocumented", "sometimes_fails", "box", "in_upper_case", "places_on", "doubled"),
    }
    assert {name for name, task in run.tasks.items() if task.environment} == {"places_on", "doubled"}


def test_filter_measures_tasks_alone_and_with_their_project(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_bytes((run.folder / "tasks.jsonl").read_bytes())
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        "defaults = false\n[reference_fails]\nmeasure = 'strength.reference_passes'\none_of = [true]\n"
        "[unstable]\nmeasure = 'stability.axes'\nonly = []\n"
    )
    arguments = ["filter", "--tasks", tmp_path / "tasks.jsonl", "-o", tmp_path / "out", "--recipe", recipe]
    done = codex_sft(*arguments, "--environments", run.folder, "--sandbox", "bubblewrap")
    assert done.returncode == 0, done.stderr
    kept = {task.entry_point: task for task in read_json_lines(tmp_path / "out" / "tasks.jsonl", Task)}
    assert kept.keys() == run.tasks.keys()
    assert {name for name, task in kept.items() if task.evidence.strength is None} == set()
    strength = kept["doubled"].evidence.strength
    assert strength and strength.mutants_killed > 0
    missing = codex_sft(*arguments)
    assert missing.returncode == 2
    assert "manifest.json" in missing.stderr


def test_a_method_becomes_a_task_with_its_project(run: Run) -> None:
    task = run.tasks["doubled"]
    assert (task.environment, task.replaces) == ("kinds-1.0", "kinds:Box.doubled")
    assert task.prompt.startswith("def doubled(self):\n")
    (case,) = task.tests
    assert case.expected.value == 4


def test_a_function_of_objects_without_an_encoding_becomes_a_task_with_its_project(run: Run) -> None:
    task = run.tasks["places_on"]
    assert (task.environment, task.replaces) == ("kinds-1.0", "kinds:places_on")
    assert task.requirements == [f"kinds @ {task.provenance.url}"]
    assert task.evidence.obstacles == {"standalone": "encodable: argument:only_pickled"}
    (case,) = task.tests
    assert (case.arguments, case.expected.value) == ([], 6)
    assert case.pickled
    assert list(run.folder.glob("projects/*/packages/kinds.py"))


def test_results_that_could_not_be_recorded_are_told_by_the_replay(run: Run) -> None:
    (case,) = run.tasks["in_upper_case"].tests
    assert (case.expected.kind, case.expected.value) == ("yielded", ["AB", "C"])
    assert case.expected.source == "replayed"
    (half,) = run.tasks["half"].tests
    assert half.expected.source == "recorded"


@pytest.mark.parametrize(
    ("function", "stage", "reason"),
    [
        ("check", "testable", "reserved_entry_point"),
        ("shout", "testable", "answer_in_prompt"),
        ("multiline", "testable", "stop_sequence_in_body"),
        ("now_text", "replay", "reads_clock"),
        ("roll", "replay", "no_case_holds"),
        ("unordered", "replay", "no_case_holds"),
        ("slow", "replay", "too_slow"),
        ("from_environment", "encodable", "environment_dependent"),
        ("counted", "replay", "no_case_holds"),
        ("nothing", "arguments_and_result", "no_result"),
        ("no_arguments", "arguments_and_result", "no_arguments"),
        ("fails", "arguments_and_result", "only_raises"),
        ("__init__", "arguments_and_result", "is_a_method"),
        ("add", "arguments_and_result", "is_a_nested"),
        ("closure", "encodable", "result_not_encodable"),
    ],
)
def test_the_others_are_written_with_the_stage_and_the_reason(
    run: Run, function: str, stage: str, reason: str
) -> None:
    assert run.reasons[function] == (stage, reason)


def test_of_what_was_tried_twice_both_reasons_are_kept(run: Run) -> None:
    rejections = {r.function: r for r in read_json_lines(run.folder / "rejected.jsonl", Rejection)}
    assert rejections["kinds.now_text"].also == "replay: reads_clock"
    assert rejections["kinds.no_arguments"].also == ""


def test_the_funnel_accounts_for_every_function(run: Run) -> None:
    (funnel,) = run.manifest.funnels
    rejected = list(read_json_lines(run.folder / "rejected.jsonl", Rejection))
    assert funnel.called == len(run.tasks) + len(rejected)
    assert funnel.called - sum(funnel.losses.values()) == funnel.left[-1]
    assert funnel.proven == len(run.tasks) == funnel.standalone + 2
    assert funnel.losses["exported: needs_its_project"] == 1
    for words in ("called", "por-", "is_a_method", "12 proven tasks"):
        assert words in run.shown.stdout


def test_expectations_are_what_the_tests_saw(run: Run) -> None:
    (pieces,) = run.tasks["pieces"].tests
    assert (pieces.expected.kind, pieces.expected.value, pieces.expected.exhausted) == (
        "yielded",
        ["ab", "cd", "e"],
        True,
    )
    (drop_last,) = run.tasks["drop_last"].tests
    assert drop_last.expected.arguments_after == [[1, 2]]
    (half,) = run.tasks["half"].tests
    assert half.comparator.kind == "float_tolerance"
    (opposite,) = run.tasks["opposite"].tests
    assert opposite.expected.value == {"$enum": ["task:Color", "BLUE"]}
    raised = [case for case in run.tasks["sometimes_fails"].tests if case.expected.kind == "raised"]
    assert [case.expected.exception for case in raised] == ["builtins:KeyError"]


def test_examples_and_their_answers_are_not_in_the_prompt(run: Run) -> None:
    scale = run.tasks["scale"]
    assert "333333" not in scale.prompt
    assert ">>>" not in scale.prompt
    assert ">>> scale(111111)" in (scale.original_docstring or "")
    assert "FACTOR = 3" in scale.prompt


def test_helpers_of_the_tests_stay_with_the_tests(run: Run) -> None:
    task = run.tasks["apply_twice"]
    assert "increase" not in task.prompt
    assert "def increase" in task.test_helpers
    assert "by = 4" in task.test_helpers
    (passed,) = [case for case in task.tests if case.expected.value == 9]
    assert passed.arguments == [{"$ref": "task:passed_function_1"}, 1]


def test_provenance_is_complete(run: Run) -> None:
    provenance = run.tasks["scale"].provenance
    assert (provenance.source, provenance.version, provenance.license) == ("kinds", "1.0", "MIT")
    assert provenance.copyright == "Copyright (c) 2026 Some One"
    assert provenance.file == "kinds.py"
    lines = _SOURCE.split("\n")
    assert provenance.line_start is not None
    assert lines[provenance.line_start - 1].startswith("def scale")
    assert None not in (
        provenance.url,
        provenance.retrieved_at,
        provenance.python_version,
        provenance.tool_version,
    )


def test_evidence_says_how_the_task_was_proven(run: Run) -> None:
    for task in run.tasks.values():
        beside = task.environment is not None
        rounds = [(replay.hash_seed, replay.project_installed) for replay in task.evidence.replays]
        # what stands alone is also run once beside its project
        assert rounds == [(1, beside), (2, beside), (3, beside), *([] if beside else [(4, True)])]
        assert all(replay.verdicts == "p" * len(task.tests) for replay in task.evidence.replays)
        assert task.evidence.sandbox == run.manifest.replay_sandbox
        assert task.evidence.distinct_outcomes >= 1
    assert not run.tasks["undocumented"].evidence.documented


def test_only_documented_tasks_are_exported_unless_asked(run: Run, tmp_path: Path) -> None:
    rows = {}
    for options in ((), ("--include-undocumented",)):
        file = tmp_path / "set.jsonl.gz"
        shown = codex_sft("export", run.folder, "--format", "humaneval", "-o", file, *options)
        assert shown.returncode == 0, shown.stderr
        rows[options] = {row.entry_point for row in read_json_lines(file, HumanEvalRow)}
    assert rows["--include-undocumented",] - rows[()] == {"undocumented"}


def test_no_body_holds_a_stop_sequence(run: Run) -> None:
    for task in run.tasks.values():
        assert not any(stop in task.canonical_solution for stop in STOP_SEQUENCES)


def test_the_project_is_left_as_it_was_and_the_workspace_removed(run: Run) -> None:
    (entry,) = run.manifest.projects
    assert entry.plan == "pytest"
    assert entry.test_ending == "exit status 1"
    project = Path(entry.project)
    assert sorted(file.name for file in project.iterdir()) == [
        "LICENSE",
        "kinds.py",
        "pyproject.toml",
        "tests",
    ]
    assert not list(run.folder.glob("projects/*/workspace"))
    assert (run.folder / entry.folder / "logs" / "test.log").read_text().count("1 failed") == 1


def test_a_second_run_takes_the_finished_project_and_gives_the_same(run: Run) -> None:
    before = (run.folder / "tasks.jsonl").read_bytes()
    again = codex_sft("trace", run.manifest.projects[0].project, "--output", run.folder)
    assert again.returncode == 0, again.stderr
    manifest = read_json(run.folder / "manifest.json", Manifest)
    assert [entry.reused for entry in manifest.projects] == [True]
    assert _without_times(before) == _without_times((run.folder / "tasks.jsonl").read_bytes())


def _without_times(lines: bytes) -> list[str]:
    return [re.sub(r'"reference_seconds":[\d.]+', "", line) for line in lines.decode().split("\n")]
