"""Candidates: functions that tests pass travel as helpers; each kind of task, and what keeps one away."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tasks.humaneval import render_check
from tasks.record import Expected, Provenance, Rejection, Task, TestCase
from tests.tracing.planted_secrets import CREDENTIALS
from tracing.candidates import Candidate, CandidateBuilder
from tracing.project_modules import ProjectModules
from tracing.recordings import Loss, TracedFunction

_NOTHING_GIVEN = TestCase([], {}, Expected("returned", 1))
_MODULE = """
import helper
from helper import near as close

LIMIT = 10

def apply(function, x):
    \"\"\"Apply a function to a value that is below the limit.\"\"\"
    return function(x) if x < LIMIT else None

def foreign(x):
    \"\"\"Return what a package that is not there makes of it.\"\"\"
    import numpy
    return numpy.array(x)

def constant():
    \"\"\"Takes nothing.\"\"\"
    return 1

def broken(x):
    \"\"\"Rebinds a name of its module, so that it cannot travel.\"\"\"
    global LIMIT
    LIMIT = x
    return x
"""
_HELPER = "def near(x):\n    return x + 0.5\n"
_TESTS = """
from pkg.m import apply
import math
from helper import near

OFFSET = 7

def test_it():
    by = 3
    table = {"a": (1, 2)}
    apply(lambda x: x + by, 1)
    apply(lambda x: [near(x), math.floor(2.5)], 1)

    def nested(x, more=2):
        '''Text
            that is indented.'''
        if x:
            return nested(x - 1) + more
        return table["a"][1] + OFFSET

    apply(nested, 2)
    apply((lambda x: x * 2), 4), apply((lambda x: x * 3), 4)
    apply(by.__add__, 1)

    def several_lines(x):
        return f'''{by}
  two
      six''' + '''
   three''' * x

    apply(several_lines, 1)
    apply(lambda x: inner(x) + 1, 1)

def inner(x):
    return x * 100
"""


def _line(text: str) -> int:
    return 1 + next(number for number, line in enumerate(_TESTS.split("\n")) if text in line)


def _passed(line: int, name: str = "<lambda>", column: int | None = None, **more: Any) -> Any:
    tree = {"file": "/project/tests/test_it.py", "line": line, "column": column, "name": name}
    return {"$function": {**tree, "enclosed": {}, "defaults": [], **more}}


def _case(function: Any, x: Any, value: Any, **more: Any) -> TestCase:
    return TestCase([function, x], {}, Expected("returned", value), **more)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"pkg/__init__.py": "", "pkg/m.py": _MODULE, "helper.py": _HELPER, "tests/test_it.py": _TESTS}
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return tmp_path


def _traced(name: str, *cases: TestCase, **more: Any) -> TracedFunction:
    line = next(number for number, text in enumerate(_MODULE.split("\n"), 1) if f"def {name}(" in text)
    keyed = {str(number): case for number, case in enumerate(cases)}
    return TracedFunction("/project/pkg/m.py", name, line, "function", keyed, **more)


def _build(project: Path, function: TracedFunction) -> Candidate | Rejection:
    provenance = Provenance("project", "p")
    return CandidateBuilder(ProjectModules(project), "p-1.0", provenance, ["p==1.0"]).build(function)


def _standalone(project: Path, *cases: TestCase) -> Task:
    built = _build(project, _traced("apply", *cases))
    assert isinstance(built, Candidate), built
    (task,) = [task for task in built.tasks if task.environment is None]
    return task


def _passes(task: Task) -> bool:
    """Whether the task's own solution passes its rendered check, with nothing of the project around."""
    names: dict[str, Any] = {}
    exec(task.program + render_check(task.tests, task.test_helpers), names)  # noqa: S102 - made here
    try:
        names["check"](names[task.entry_point])
    except AssertionError:
        return False
    return True


def test_lambdas_with_what_they_enclose_become_helpers(project: Path) -> None:
    function = _passed(_line("x + by"), enclosed={"by": 3})
    task = _standalone(project, _case(function, 1, 4))
    assert [case.arguments for case in task.tests] == [[{"$ref": "task:passed_function_1"}, 1]]
    assert "by = 3" in task.test_helpers
    assert "passed_function" not in task.program
    assert _passes(task)
    assert not _passes(_standalone(project, _case(function, 1, 5)))


def test_what_their_module_means_by_a_name_travels_along(project: Path) -> None:
    task = _standalone(project, _case(_passed(_line("near(x), math")), 1, [1.5, 2]))
    assert _passes(task)
    task = _standalone(project, _case(_passed(_line("inner(x) + 1")), 1, 101))
    assert _passes(task)


def test_nested_functions_become_helpers_with_their_closures_and_defaults(project: Path) -> None:
    enclosed = {"table": {"a": {"$tuple": [1, 2]}}, "nested": {"$ref": "builtins:len"}}
    function = _passed(_line("def nested"), "nested", enclosed=enclosed, defaults=[2])
    task = _standalone(project, _case(function, 2, 13))
    assert "OFFSET = 7" in task.program + task.test_helpers
    assert _passes(task)


def test_the_lines_of_their_texts_stay_as_they_are(project: Path) -> None:
    function = _passed(_line("def several_lines"), "several_lines", enclosed={"by": 3})
    task = _standalone(project, _case(function, 1, "3\n  two\n      six\n   three"))
    assert _passes(task)


def test_the_same_function_is_one_helper_and_another_value_of_its_variable_another(project: Path) -> None:
    three, four = (_passed(_line("x + by"), enclosed={"by": by}) for by in (3, 4))
    task = _standalone(project, _case(three, 1, 4), _case(three, 2, 5), _case(four, 1, 5))
    used = [case.arguments[0]["$ref"] for case in task.tests]
    assert len(used) == 3
    assert len(set(used)) == 2
    assert _passes(task)


def test_functions_that_functions_enclose_travel_too(project: Path) -> None:
    inside = _passed(_line("x + by"), enclosed={"by": 3})
    outside = _passed(_line("inner(x) + 1"), enclosed={})
    partial = {"$call": ["functools:partial", [inside], {}]}
    task = _standalone(project, _case(partial, 1, 4), _case(outside, 1, 101))
    assert _passes(task)


def test_lambdas_of_one_line_that_no_column_tells_apart_are_dropped(project: Path) -> None:
    known = _case(_passed(_line("x + by"), enclosed={"by": 3}), 1, 4)
    task = _standalone(project, known, _case(_passed(_line("x * 2)")), 4, 8))
    assert len(task.tests) == 1
    assert task.evidence.cases_dropped == {"ambiguous_lambda": 1}
    line = _TESTS.split("\n")[_line("x * 2)") - 1]
    column = line.index("x * 3")
    assert _passes(_standalone(project, _case(_passed(_line("x * 2)"), column=column), 4, 12)))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_passed(999), "source_not_found"),
        ({"$function": {"file": "/elsewhere/x.py"}}, "source_not_found"),
        (_passed(_line("x + by")), "source_not_found"),
        (
            _passed(_line("x + by"), enclosed={"by": {"$object": ["pkg.m:Absent", {}]}}),
            "names_foreign_objects",
        ),
        (_passed(_line("x + by"), enclosed={"by": {"$ref": "numpy:add"}}), "names_foreign_objects"),
        ({"$ref": "numpy:add"}, "names_foreign_objects"),
    ],
)
def test_functions_that_cannot_travel_are_counted(project: Path, function: Any, reason: str) -> None:
    known = _case({"$ref": "builtins:str"}, 1, "1")
    task = _standalone(project, known, _case(function, 1, 4))
    assert len(task.tests) == 1
    assert task.evidence.cases_dropped == {reason: 1}
    assert task.evidence.cases_recorded == 2


def test_a_candidate_has_a_task_of_each_kind(project: Path) -> None:
    plain = _case({"$ref": "helper:near"}, 1, 1.5)
    opaque = TestCase([], {}, Expected("returned", source="pending"), pickled="gASVBgAAAAAAAABdlH2Uhi4=")
    both = _case(_passed(_line("x + by"), enclosed={"by": 3}), 1, 4, pickled="gASVBgAAAAAAAABdlH2Uhi4=")
    unpicklable = _case(_passed(_line("x + by"), enclosed={"by": 5}), 1, 6)
    built = _build(project, _traced("apply", plain, opaque, both, unpicklable))
    assert isinstance(built, Candidate)
    assert built.obstacles == []
    alone, beside = built.tasks
    assert (alone.environment, alone.replaces, alone.requirements) == (None, None, [])
    assert (beside.environment, beside.replaces) == ("p-1.0", "pkg.m:apply")
    assert beside.requirements == ["p==1.0"]
    assert [case.pickled for case in alone.tests] == [None] * 3
    assert sorted(bool(case.pickled) for case in beside.tests) == [False, True, True]
    assert all(bool(case.arguments) != bool(case.pickled) for case in beside.tests)
    assert "passed_function" not in str(beside.tests)
    assert beside.test_helpers == ""
    assert "from pkg.m import LIMIT" in beside.prompt
    assert "LIMIT = 10" in alone.prompt
    (near,) = [case for case in alone.tests if case.arguments[0] == {"$ref": "task:near"}]
    assert near.expected.value == 1.5


def test_what_cannot_stand_alone_is_told_beside_the_task_with_its_project(project: Path) -> None:
    built = _build(project, _traced("foreign", TestCase([1], {}, Expected("returned", source="pending"))))
    assert isinstance(built, Candidate)
    (task,) = built.tasks
    assert task.environment == "p-1.0"
    assert [(obstacle.stage, obstacle.reason) for obstacle in built.obstacles] == [
        ("extractable", "needs_package")
    ]


def test_only_pickled_arguments_need_the_project(project: Path) -> None:
    opaque = TestCase([], {}, Expected("returned", 1), pickled="gASVBgAAAAAAAABdlH2Uhi4=")
    built = _build(project, _traced("apply", opaque))
    assert isinstance(built, Candidate)
    assert [obstacle.reason for obstacle in built.obstacles] == ["argument:only_pickled"]


def test_without_a_pickle_a_passed_function_needs_to_stand_alone(project: Path) -> None:
    built = _build(project, _traced("apply", _case(_passed(_line("x + by"), enclosed={"by": 3}), 1, 4)))
    assert isinstance(built, Candidate)
    assert [task.environment for task in built.tasks] == [None]
    assert [obstacle.reason for obstacle in built.obstacles] == ["argument:not_picklable"]


@pytest.mark.parametrize(
    ("function", "stage", "reason"),
    [
        (_traced("broken", TestCase([1], {}, Expected("returned", 1))), "extractable", "writes_global"),
        (
            _traced("constant", TestCase([], {}, Expected("returned", 1))),
            "arguments_and_result",
            "no_arguments",
        ),
        (_traced("apply", TestCase([1], {}, Expected("returned"))), "arguments_and_result", "no_result"),
        (_traced("apply", TestCase([1], {}, Expected("raised"))), "arguments_and_result", "only_raises"),
        (_traced("apply"), "arguments_and_result", "no_finished_call"),
        (_traced("apply", losses=[Loss("argument", "too_deep", "d")]), "encodable", "argument:too_deep"),
        (_traced("apply", dropped={"holds_secret": 1}), "encodable", "holds_secret"),
        (TracedFunction("/project/no.py", "f", 1, "function"), "arguments_and_result", "no_finished_call"),
        (TracedFunction("/project/no.py", "f", 1, "nested"), "arguments_and_result", "is_a_nested"),
    ],
)
def test_functions_without_a_task_have_a_stage_and_a_reason(
    project: Path, function: TracedFunction, stage: str, reason: str
) -> None:
    built = _build(project, function)
    assert isinstance(built, Rejection)
    assert (built.stage, built.reason) == (stage, reason)


def test_a_secret_in_what_the_tests_define_keeps_the_function_from_standing_alone(project: Path) -> None:
    file = project / "tests/test_it.py"
    file.write_text(_TESTS.replace("x * 100", repr(CREDENTIALS["GitHub token"])))
    case = _case(_passed(_line("inner(x) + 1")), 1, 101, pickled="gASVBgAAAAAAAABdlH2Uhi4=")
    built = _build(project, _traced("apply", case))
    assert isinstance(built, Candidate)
    assert [task.environment for task in built.tasks] == ["p-1.0"]
    assert [obstacle.reason for obstacle in built.obstacles] == ["holds_secret"]
