"""The proof by replay: which cases survive it, and why the others do not."""

from __future__ import annotations

import base64
import dataclasses
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from filters import replay
from filters.replay import InstalledProject, NotProven, prove
from sandbox.interface import Sandbox
from sandbox.interpreter import find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.samples import SampleRun, run_samples
from sandbox.worker_pool import WorkerPool
from tasks.record import Expected, OutputChecker, Provenance, Task, TestCase
from tests.sandbox.samples import CannedPool


def _task(program: str, *cases: tuple[Any, Expected]) -> Task:
    head, _, body = program.partition("\n")
    tests = [TestCase([argument], {}, expected) for argument, expected in cases]
    return Task("p/f", head + "\n", "f", body, tests, Provenance("project", "p"))


def _returned(value: Any) -> Expected:
    return Expected("returned", value)


def test_cases_that_hold_are_kept_and_wrong_ones_counted(quick_pool: WorkerPool) -> None:
    proven = prove(_task("def f(x):\n    return x + 1\n", (1, _returned(2)), (2, _returned(4))), quick_pool)
    assert isinstance(proven, Task)
    assert [case.arguments for case in proven.tests] == [[1]]
    assert proven.evidence.cases_dropped == {"replay_differs": 1}
    assert [replay.hash_seed for replay in proven.evidence.replays] == [1, 2, 3]
    assert [replay.verdicts for replay in proven.evidence.replays] == ["pf", "p", "p"]


def test_the_type_of_a_recorded_exception_is_found(quick_pool: WorkerPool) -> None:
    proven = prove(
        _task("def f(x):\n    return [1][x]\n", (0, _returned(1)), (9, Expected("raised"))), quick_pool
    )
    assert isinstance(proven, Task)
    assert [case.expected.exception for case in proven.tests] == [None, "builtins:IndexError"]


@pytest.mark.parametrize(("busy", "is_slow"), [(5, False), (100, True)])
def test_a_task_is_too_slow_only_if_it_is_so_each_time(
    busy: int, is_slow: bool, quick_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(range(busy))

    def on_a_busy_machine(*given: Any) -> Iterator[SampleRun]:
        for run in run_samples(*given):
            waited = 10.0 if next(left, None) is not None else 0.0
            ending = dataclasses.replace(run.ending, wall_seconds=run.ending.wall_seconds + waited)
            yield dataclasses.replace(run, ending=ending)

    monkeypatch.setattr(replay, "run_samples", on_a_busy_machine)
    proven = prove(_task("def f(x):\n    return x + 1\n", (1, _returned(2))), quick_pool)
    assert (isinstance(proven, NotProven) and proven.reason == "too_slow") == is_slow


@pytest.mark.parametrize(
    ("program", "argument", "value", "reason"),
    [
        ("def f(x):\n    return list(set(x))\n", list("abcdefghij"), list("abcdefghij"), "no_case_holds"),
        ("def f(x):\n    import time\n    return time.timezone + x\n", 0, 0, "no_case_holds"),
        ("def f(x):\n    import time\n    return time.time() > x\n", 0, True, "reads_clock"),
        ("def f(x):\n    import datetime\n    return datetime.date.today() is x\n", 0, False, "reads_clock"),
        ("import toolz\ndef f(x):\n    return x\n", 0, 0, "program_fails"),
        ("def f(x):\n    return x +\n", 0, 0, "program_fails"),
        ("def f(x):\n    import os\n    os._exit(0)\n", 0, 0, "no_case_holds"),
        ("def f(x):\n    return lambda: x\n", 0, 0, "result_not_encodable"),
    ],
)
def test_what_depends_on_more_than_its_arguments_is_not_proven(
    quick_pool: WorkerPool, program: str, argument: Any, value: Any, reason: str
) -> None:
    result = prove(_task(program, (argument, _returned(value))), quick_pool)
    assert isinstance(result, NotProven)
    assert result.reason == reason


def test_state_between_calls_is_found_by_their_order(quick_pool: WorkerPool) -> None:
    program = "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n"
    result = prove(_task(program, *((n, _returned(n)) for n in (1, 2, 3, 4))), quick_pool)
    assert isinstance(result, NotProven)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("def f(x):\n    while True: pass\n", "no_case_holds"),
        ("def f(x):\n    return len(bytearray(2**33))\n", "no_case_holds"),
    ],
)
def test_what_does_not_end_well_is_not_proven(quick_pool: WorkerPool, program: str, reason: str) -> None:
    result = prove(_task(program, (1, _returned(1))), quick_pool)
    assert isinstance(result, NotProven)
    assert result.reason == reason


def test_the_proof_names_its_sandbox_and_its_time(quick_pool: WorkerPool) -> None:
    proven = prove(_task("def f(x):\n    return x\n", (1, _returned(1)), (2, _returned(2))), quick_pool)
    assert isinstance(proven, Task)
    assert proven.evidence.sandbox == quick_pool.backend.name
    assert proven.evidence.distinct_outcomes == 2
    assert proven.evidence.reference_seconds is not None


def test_a_sandbox_that_fails_is_no_fault_of_the_task() -> None:
    result = prove(_task("def f(x):\n    return x\n", (1, _returned(1))), CannedPool(fault="infrastructure"))
    assert isinstance(result, NotProven)
    assert result.reason == "infrastructure"


_AXES = {
    "hash seed": "def f(x):\n    return sorted(set('abcdefgh'), key=hash)[0] * x\n",
    "time zone": "def f(x):\n    import time\n    return x * time.mktime((2020, 1, 1, 0, 0, 0, 0, 1, 0))\n",
    "locale": "def f(x):\n    import locale\n    return locale.getpreferredencoding(False) * x\n",
    "clock": "import functools, time\nread = functools.partial(time.time)\n"
    "def f(x):\n    return int(read() / 86_400 / 300) * x\n",
    "folder": "def f(x):\n    import os\n    return os.path.abspath('.') * x\n",
    "umask": "def f(x):\n    import os\n    mask = os.umask(0)\n    os.umask(mask)\n    return mask * x\n",
    "order": "seen = []\ndef f(x):\n    seen.append(x)\n    return [*seen]\n",
}


@pytest.mark.parametrize("axis", _AXES)
def test_what_depends_on_what_the_rounds_change_is_not_proven(pool: WorkerPool, axis: str) -> None:
    """What the first round itself says is expected, so that only the other rounds can object."""
    pending = Expected("returned", source="pending")
    result = prove(_whole(_AXES[axis], *(TestCase([n], {}, pending) for n in (1, 2, 3, 4))), pool)
    assert isinstance(result, NotProven) or len(result.tests) < 4
    told = result if isinstance(result, NotProven) else result.evidence.cases_dropped
    assert "reads_clock" not in str(told), told


def test_what_depends_on_none_of_it_is_proven_in_every_round(pool: WorkerPool) -> None:
    pending = Expected("returned", source="pending")
    result = prove(_whole("def f(x):\n    return [x, {'a': x}]\n", TestCase([3], {}, pending)), pool)
    assert isinstance(result, Task), result
    replays = result.evidence.replays
    assert [(replay.verdicts, replay.project_installed) for replay in replays] == [("p", False)] * 3
    for name in ("hash_seed", "time_zone", "locale", "clock_shift", "folder", "umask", "order"):
        assert len({getattr(replay, name) for replay in replays}) > 1, name


def _whole(program: str, *cases: TestCase, **more: Any) -> Task:
    return Task("p/f", "", "f", program, list(cases), Provenance("project", "p"), **more)


@pytest.mark.parametrize(
    ("body", "kind", "value", "exhausted"),
    [
        ("return [x, (x,)]", "returned", [5, {"$tuple": [5]}], True),
        ("return iter([x, x + 1])", "yielded", [5, 6], True),
        ("return (y for y in [x])", "yielded", [5], True),
        ("import itertools; return itertools.count(x)", "yielded", list(range(5, 55)), False),
        ("return {'key': map(str, [x])}", "returned", {"key": {"$iterator": [["5"], True]}}, True),
        (
            "return zip([x], [iter('ab')])",
            "yielded",
            [{"$tuple": [5, {"$iterator": [["a", "b"], True]}]}],
            True,
        ),
        ("import functools; return functools.partial(int, x)", "returned", None, True),
    ],
)
def test_outcomes_that_could_not_be_recorded_are_told_by_the_first_replay(
    quick_pool: WorkerPool, body: str, kind: str, value: Any, exhausted: bool
) -> None:
    case = TestCase([5], {}, Expected("returned", source="pending"))
    proven = prove(_whole(f"def f(x):\n    {body}\n", case), quick_pool)
    assert isinstance(proven, Task), proven
    (found,) = proven.tests
    if value is None:
        value = {"$call": ["functools:partial", [{"$ref": "builtins:int"}, 5], {}]}
    assert found.expected == Expected(kind, value, exhausted, source="replayed")  # type: ignore[arg-type]


def test_pending_outcomes_that_raise_are_dropped(quick_pool: WorkerPool) -> None:
    pending = Expected("returned", source="pending")
    task = _whole("def f(x):\n    return 1 // x\n", TestCase([0], {}, pending), TestCase([1], {}, pending))
    proven = prove(task, quick_pool)
    assert isinstance(proven, Task), proven
    assert [case.arguments for case in proven.tests] == [[1]]
    assert proven.evidence.cases_dropped == {"replay_differs": 1}


def test_tolerance_is_given_to_floats_that_the_replay_tells(quick_pool: WorkerPool) -> None:
    case = TestCase([4], {}, Expected("returned", source="pending"))
    proven = prove(_whole("def f(x):\n    return x / 3\n", case), quick_pool)
    assert isinstance(proven, Task), proven
    assert proven.tests[0].comparator.kind == "float_tolerance"


def test_no_value_is_in_the_particulars_of_a_failure(quick_pool: WorkerPool) -> None:
    secret = "hunter22-recorded"
    for body in (
        "return x[::-1]",
        "return [x, 1]",
        "raise ValueError(x)",
        "yield x",
        "int(x)",
        "return open(x)",
        "import os; os._exit(3)",
    ):
        result = prove(_task(f"def f(x):\n    {body}\n", (secret, _returned(secret))), quick_pool)
        assert isinstance(result, NotProven)
        assert result.detail
        assert secret not in result.detail and secret[::-1] not in result.detail, result


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledProject:
    folder = tmp_path_factory.mktemp("installed") / "packages"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg/__init__.py").write_text(_PACKAGE)
    for path in [folder, *folder.parents[:2]]:
        path.chmod(0o755)
    return InstalledProject(find_interpreter(), (folder,), ("pkg",))


_PACKAGE = """
import json

class Box:
    def __init__(self, value):
        self.value = value

def box(x):
    return Box(x)

json.installed = True
"""


def _with_project(program: str, *cases: TestCase) -> Task:
    return _whole(program, *cases, environment="p-1.0", replaces="pkg:f")


def test_tasks_with_their_project_are_proven_beside_it(pool: WorkerPool, installed: InstalledProject) -> None:
    box = {"$object": ["pkg:Box", {"value": 1}]}
    task = _with_project(
        "from pkg import Box\ndef f(x):\n    return Box(x)\n",
        TestCase([1], {}, Expected("returned", box)),
        TestCase([2], {}, Expected("returned", source="pending")),
        TestCase([3], {}, Expected("returned", box)),
    )
    proven = prove(task, pool, installed)
    assert isinstance(proven, Task), proven
    assert [case.expected.value for case in proven.tests] == [box, {"$object": ["pkg:Box", {"value": 2}]}]
    assert [(r.verdicts, r.project_installed) for r in proven.evidence.replays] == [
        ("ppf", True),
        ("pp", True),
        ("pp", True),
    ]


def test_pickled_arguments_count_as_changed_only_if_a_replay_changes_them(
    quick_pool: WorkerPool, installed: InstalledProject
) -> None:
    def pickled(value: list[int], after: list[int]) -> TestCase:
        text = base64.b64encode(pickle.dumps(([value], {}))).decode()
        return TestCase([], {}, Expected("returned", len(value), arguments_after=[after]), pickled=text)

    task = _with_project(
        "def f(x):\n    count = len(x)\n    x += x[1:]\n    return count\n",
        pickled([1], after=[1]),  # the tracer's two pickles differed, and nothing else
        pickled([1, 2], after=[1, 2, 2]),
        pickled([1, 2, 3], after=[1, 2, 3, 0]),
    )
    proven = prove(task, quick_pool, installed)
    assert isinstance(proven, Task), proven
    assert [case.expected.arguments_after for case in proven.tests] == [None, [[1, 2, 2]]]


def test_a_task_whose_project_is_not_there_is_not_proven(quick_pool: WorkerPool) -> None:
    task = _with_project("def f(x):\n    return x\n", TestCase([1], {}, _returned(1)))
    assert prove(task, quick_pool) == NotProven("environment_missing", "p-1.0")


def test_a_project_that_ends_its_worker_is_no_fault_of_the_machine(
    quick_pool: WorkerPool, tmp_path: Path
) -> None:
    (tmp_path / "dies.py").write_text("import os\nos._exit(1)\n")
    tmp_path.chmod(0o755)
    task = _with_project("def f(x):\n    return x\n", TestCase([1], {}, _returned(1)))
    result = prove(task, quick_pool, InstalledProject(find_interpreter(), (tmp_path,), ("dies",)))
    assert isinstance(result, NotProven)
    assert result.reason == "environment_unusable"


def test_a_task_that_stands_alone_has_to_hold_beside_its_project_too(
    quick_pool: WorkerPool, installed: InstalledProject
) -> None:
    program = "import json\ndef f(x):\n    return hasattr(json, 'installed') and x\n"
    cases = [TestCase([n], {}, Expected("returned", source="pending")) for n in (0, 1)]
    alone = prove(_whole(program, *cases), quick_pool)
    assert isinstance(alone, Task), alone
    assert [case.expected.value for case in alone.tests] == [False, False]
    result = prove(_whole(program, *cases), quick_pool, installed)
    assert isinstance(result, NotProven)
    assert result.reason == "no_case_holds"


def test_the_round_beside_the_project_is_among_the_evidence(
    quick_pool: WorkerPool, installed: InstalledProject
) -> None:
    program = "import json\ndef f(x):\n    return x and hasattr(json, 'installed')\n"
    cases = [TestCase([n], {}, Expected("returned", source="pending")) for n in (0, 1)]
    proven = prove(_whole(program, *cases), quick_pool, installed)
    assert isinstance(proven, Task), proven
    assert [(r.verdicts, r.project_installed) for r in proven.evidence.replays] == [
        *[("pp", False)] * 3,
        ("pf", True),
    ]
    assert proven.evidence.cases_dropped == {"replay_differs": 1}


_SUM = """
import sys
sys.exit(42 if sum(map(int, sys.stdin.read().split())) == int(open(sys.argv[1]).read()) else 43)
"""


@pytest.mark.parametrize(
    ("checker", "body", "reason"),
    [
        (_SUM, "return f'{int(x) - 1} 1'", None),
        (_SUM, "return x + ' 1'", "no_case_holds"),
        ("1 / 0", "return x + ' 1'", "infrastructure"),
    ],
)
def test_a_checker_says_whether_the_reference_is_right(
    quick_pool: WorkerPool, sandbox: Sandbox, checker: str, body: str, reason: str | None
) -> None:
    task = dataclasses.replace(
        _task(f"def f(x):\n    {body}\n", ("9", _returned("4 5"))),
        checker=OutputChecker("python3", {"validate.py": checker}, "validate.py"),
    )
    with WorkerPool(quick_pool.backend, quick_pool.interpreter, OutputChecks(lambda: sandbox)) as pool:
        proven = prove(task, pool)
    if reason:
        assert isinstance(proven, NotProven)
        assert proven.reason == reason
        assert "5" not in proven.detail
    else:
        assert isinstance(proven, Task)
        assert [replay.verdicts for replay in proven.evidence.replays] == ["p", "p", "p"]
