"""Docstrings from a server, checked, tried by a code model, and put into tasks that have none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from docstring_gen.descriptions import DescribedTask, Description, RoundTrip, described_task
from docstring_gen.generated_docstrings import document
from pipelines.commands import main
from tasks.files import read_json_lines, write_json_lines
from tasks.record import Expected, Provenance, StdioTest, Task, TestCase
from tests.sampling.server_process import CompletionsServer

_SQUARE, _CUBE = "    return x * x\n", "    return x ** 3\n"
_FROM = Provenance("project", "shapes", license="MIT")
_GOOD = "Return the square of x."
_WITH_TESTS = (
    f'{_GOOD}\n\n>>> square(2)\n4\n>>> square(3)\n10\n>>> square()\nTraceback (most recent call last):\n\
TypeError: square() missing 1 required positional argument: \'x\'\n"""\nand more'
)
_CONTRADICTED = "Returns a string made of the number x.\n\nassert square(2) == '4'\n"
_COPY = "return x * x\n"
_OPEN = "Give x times x back, the value"


def _task(name: str, solution: str, docstring: str = "", stdio: bool = False) -> Task:
    results = [(n, n * n if solution == _SQUARE else n**3) for n in (2, 3, 5)]
    cases = [] if stdio else [TestCase([n], {}, Expected("returned", result)) for n, result in results]
    prompt = f"def {name}(x):\n" + (f'    """{docstring}"""\n' if docstring else "")
    return Task(
        f"shapes/{name}",
        prompt,
        name,
        solution,
        cases,
        _FROM,
        stdio_tests=[StdioTest("1\n", "1\n")] if stdio else [],
    )


_TEXTS = {
    f'def square(x):\n{_SQUARE}\n"""\n': [_WITH_TESTS, _CONTRADICTED, _COPY, _OPEN, ' \n"""'],
    f'def cube(x):\n{_CUBE}\n"""\n': ["Return the cube of x.\n"],
    f'def bare(x):\n{_SQUARE}\n"""\n': ["Say what x is worth.\n"],
    f'def square(x):\n    """{_GOOD}"""\n': [_SQUARE, "    return x ** 2\n", "    return x\n"],
    f'def square(x):\n    """{_OPEN}"""\n': ["    return x\n"],
    'def square(x):\n    """Returns a string made of the number x."""\n': ["    return str(x)\n"],
    'def cube(x):\n    """Return the cube of x."""\n': [_CUBE],
    'def bare(x):\n    """Say what x is worth."""\n': ["    return x\n"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompletionsServer]:
    made = CompletionsServer(tmp_path_factory.mktemp("server")).start(texts=_TEXTS)
    yield made
    made.kill()


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tasks without a docstring, one with, one whose code repeats it, and a whole program."""
    file = tmp_path_factory.mktemp("tasks") / "tasks.jsonl"
    words = "Return the square that x has."
    made = [_task("square", _SQUARE), _task("cube", _CUBE, "Return the third power of x.")]
    made += [_task("bare", _SQUARE), _task("known", f"    # {words}\n{_SQUARE}", words)]
    write_json_lines(file, [*made, _task("program", "print(1)\n", stdio=True)])
    return file


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _describe(tasks: Path, url: str, output: Path, *rest: object) -> Result:
    engines = ("--engine", f"openai:{url}", "--model", "echo-1", "--patience", 0)
    return _run("describe", "--tasks", tasks, *engines, "--sandbox", "bubblewrap", "-o", output, *rest)


def _round_trip(url: str) -> tuple[object, ...]:
    return ("--code-engine", f"openai:{url}", "--code-model", "echo-1", "--code-samples", 6, "--workers", 2)


@pytest.fixture(scope="module")
def described(server: CompletionsServer, tasks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The docstrings of all tasks, with their round trips."""
    output = tmp_path_factory.mktemp("described") / "docstrings.jsonl"
    done = _describe(tasks, server.url, output, "--n", 16, *_round_trip(server.url))
    assert done.exit_code == 0, done.output
    for told in ("1 tasks, whole_program", "1 tasks, docstring_in_code", "marked_wrong: copies_code: "):
        assert told in done.output
    return output


def _lines(file: Path) -> list[Description]:
    return list(read_json_lines(file, Description))


def test_each_docstring_is_told_with_what_is_wrong_with_it(described: Path) -> None:
    lines = _lines(described)
    assert [each.task_id for each in lines] == [
        f"shapes/{name}" for name in ("square", "cube", "bare") for _ in range(16)
    ]
    assert all(each.logprob_sum is not None and each.logprob_sum <= 0 for each in lines)
    of_text = {each.completion.strip(): each for each in lines if each.task_id == "shapes/square"}
    assert set(of_text) == {
        text.partition('"""')[0].strip() for text in _TEXTS[f'def square(x):\n{_SQUARE}\n"""\n']
    }
    tested = of_text[_WITH_TESTS.partition('"""')[0].strip()]
    assert (tested.docstring, tested.marked_wrong, tested.test_lines) == (_GOOD, None, 7)
    assert (tested.doctests.held, tested.doctests.contradicted) == (2, 1)
    assert tested.doctests.first == "square(3): says 10, gives 9"
    assert not tested.contradictions
    contradicted = of_text[_CONTRADICTED.strip()]
    assert contradicted.contradictions == ["result: says None or str, recorded int"]
    assert contradicted.doctests.contradicted == 1
    assert "AssertionError" in contradicted.doctests.first
    assert of_text[_COPY.strip()].marked_wrong == "copies_code"
    assert of_text[""].marked_wrong == "empty"
    assert of_text[_OPEN].marked_wrong is None


def test_the_round_trip_is_told_for_what_can_be_tried(described: Path) -> None:
    for each in _lines(described):
        trip = each.round_trip
        assert (trip is None) == (each.marked_wrong is not None)
        if trip is None:
            continue
        assert (trip.drawn, trip.judged, trip.model) == (6, 6, "echo-1")
        if each.task_id == "shapes/cube":
            assert trip.passed == 6
        elif each.docstring == _GOOD:
            assert 0 < trip.passed < 6
        else:
            assert trip.passed == 0


@pytest.mark.parametrize("documented", ["", "Tell the truth about x."])
def test_the_prompt_holds_nothing_of_the_docstring(documented: str) -> None:
    described = described_task(_task("square", _SQUARE, documented))
    assert isinstance(described, DescribedTask)
    assert described.prompt == f'def square(x):\n{_SQUARE}\n"""\n'


def test_nothing_is_drawn_or_judged_twice(server: CompletionsServer, described: Path, tasks: Path) -> None:
    before = described.read_text()
    served = len(server.requests())
    again = _describe(tasks, server.url, described, "--n", 16, *_round_trip(server.url))
    assert again.exit_code == 0, again.output
    assert (described.read_text(), len(server.requests())) == (before, served)


def test_a_server_that_is_gone_costs_nothing_that_was_drawn(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    output = tmp_path / "docstrings.jsonl"
    absent = "http://127.0.0.1:1/v1"
    failed = _describe(tasks, absent, output, "--only", "documented")
    assert (failed.exit_code, output.exists()) == (2, False)
    assert _describe(tasks, server.url, output, "--only", "documented", "--n", 2).exit_code == 0
    assert [each.task_id for each in _lines(output)] == ["shapes/cube"] * 2
    output.unlink()
    failed = _describe(tasks, absent, output, "--only", "documented", "--n", 3)
    assert failed.exit_code == 1
    assert "goes on from there" in failed.output
    assert _describe(tasks, absent, output, "--only", "documented", "--n", 2).exit_code == 0
    assert len(_lines(output)) == 2


_RECIPE = """\
defaults = false
[undocumented]
measure = "text.documented"
one_of = [true]
[docstring_faults]
measure = "text.docstring_faults"
only = ["missing"]
"""


def _filter(tasks: Path, docstrings: Path, output: Path) -> Result:
    recipe = output.with_suffix(".toml")
    recipe.write_text(_RECIPE)
    arguments = ("--tasks", tasks, "--docstrings", docstrings, "--recipe", recipe, "-o", output)
    return _run("filter", *arguments, "--no-strengthen", "--sandbox", "bubblewrap", "--workers", 1)


def test_the_filter_takes_what_passed_its_round_trip_and_marks_it(
    described: Path, tasks: Path, tmp_path: Path
) -> None:
    done = _filter(tasks, described, tmp_path / "kept")
    assert done.exit_code == 0, done.output
    assert "generated docstrings: taken 1, round_trip_failed 1" in done.output
    manifest = json.loads((tmp_path / "kept/manifest.json").read_text())
    assert manifest["generated_docstrings"] == {"taken": 1, "round_trip_failed": 1}
    kept = {each.task_id: each for each in read_json_lines(tmp_path / "kept/tasks.jsonl", Task)}
    made = kept["shapes/square"]
    assert made.prompt == f'def square(x):\n    """{_GOOD}"""\n'
    assert made.evidence.documented
    mark = made.provenance.generated_docstring
    assert mark is not None
    assert (mark.model, mark.template, mark.solver, mark.solvers) == ("echo-1", "codex-d/1", "echo-1", 6)
    assert 0 < mark.solved < 6
    assert kept["shapes/cube"].provenance.generated_docstring is None
    rejected: dict[str, Any] = {
        row["task_id"]: row["reason"]
        for row in read_json_lines(tmp_path / "kept/rejected.jsonl", dict[str, Any])
    }
    assert rejected["shapes/bare"] == "undocumented"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"round_trip": None}, "round_trip_missing"),
        ({"code_digest": "0"}, "other_code"),
        ({"marked_wrong": "copies_code"}, "not_acceptable"),
        ({"contradictions": ["result: no"]}, "not_acceptable"),
        ({"task_id": "shapes/cube"}, "no_description"),
        ({"docstring": "Return x * x or [4, 9, 25] if x is [2, 3, 5]."}, "taken"),
    ],
)
def test_what_is_not_taken_is_counted(
    described: Path, tasks: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    rows = [
        json.loads(line) | change
        for line in described.read_text().splitlines()
        if json.loads(line)["docstring"] == _GOOD
    ]
    file = tmp_path / "docstrings.jsonl"
    write_json_lines(file, [{**row, "doctests": {}} for row in rows])
    known = {each.task_id: each for each in read_json_lines(tasks, Task)}
    _, counts = _documented(known, _lines(file))
    assert counts == {reason: 1, "no_description": 1} if reason != "no_description" else {reason: 2}


def test_docstrings_of_other_tasks_are_an_error(described: Path, tasks: Path, tmp_path: Path) -> None:
    few = tmp_path / "tasks.jsonl"
    write_json_lines(few, list(read_json_lines(tasks, Task))[1:])
    done = _filter(few, described, tmp_path / "kept")
    assert done.exit_code == 2
    assert "'shapes/square' is not among the tasks" in done.output


def test_what_tells_the_results_of_all_tests_is_not_taken(tmp_path: Path) -> None:
    case = TestCase(["x"], {}, Expected("returned", "a result of its own"))
    one = replace(_task("square", "    return 'a result of its own'\n"), tests=[case])
    described = described_task(one)
    assert isinstance(described, DescribedTask)
    trip = RoundTrip("e", "m", 5, 5, 5)
    telling = "Give 'a result of its own' back, whatever x is."
    told = Description(one.task_id, 0, telling, telling, "stop", round_trip=trip)
    told = replace(told, code_digest=described.code_digest)
    assert _documented({one.task_id: one}, [told])[1] == {"answer_in_prompt": 1}
    less = replace(told, docstring="Give a text back, whatever x is.", sample_index=1)
    found, counts = _documented({one.task_id: one}, [told, less])
    assert counts == {"taken": 1}
    assert "Give a text back" in found[one.task_id].prompt


def _documented(
    tasks: dict[str, Task], descriptions: list[Description]
) -> tuple[dict[str, Task], Counter[str]]:
    counts: Counter[str] = Counter()
    return {task.task_id: task for task in document(tasks.values(), descriptions, counts)}, counts
