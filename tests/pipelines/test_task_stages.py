"""Verifying candidates: the first kind of task that can be proven counts, and reasons are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from filters.replay import InstalledProject
from pipelines.exports.humaneval_rows import humaneval_row
from pipelines.exports.options import LeftOut
from pipelines.funnel import count_funnel, summarize
from pipelines.task_stages import verify_candidate, verify_task
from sandbox.interpreter import find_interpreter
from sandbox.worker_pool import WorkerPool
from tasks.humaneval import HumanEvalRow
from tasks.record import Evidence, Expected, Provenance, Rejection, Task, TestCase
from tests.tracing.planted_secrets import CREDENTIALS, PERSONAL
from tracing.candidates import Candidate

_PENDING = Expected("returned", source="pending")
_ALONE = "def f(x):\n    return [x, 'alone']\n"
_BESIDE = "from pkg import name\ndef f(x):\n    return [x, name]\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledProject:
    folder = tmp_path_factory.mktemp("installed") / "packages"
    folder.mkdir()
    (folder / "pkg.py").write_text("name = 'beside'\ndef f(x):\n    return [x, name]\n")
    for path in [folder, *folder.parents[:2]]:
        path.chmod(0o755)
    return InstalledProject(find_interpreter(), (folder,), ("pkg",))


def _task(program: str, *cases: TestCase, **more: Any) -> Task:
    head, _, body = program.partition("def f(x):\n")
    prompt = head + "def f(x):\n"
    tests = list(cases) or [TestCase([5], {}, _PENDING)]
    return Task("p-1.0/m.f", prompt, "f", body, tests, Provenance("project", "p", file="m.py"), **more)


def _beside(program: str, *cases: TestCase) -> Task:
    return _task(program, *cases, environment="p-1.0", replaces="pkg:f")


def _obstacle(stage: str, reason: str) -> Rejection:
    return Rejection("p-1.0", "m.f", "m.py", 0, stage, reason)


def test_what_stands_alone_comes_before_what_needs_its_project(
    quick_pool: WorkerPool, installed: InstalledProject
) -> None:
    proven = verify_candidate(Candidate([_task(_ALONE), _beside(_BESIDE)], []), quick_pool, installed)
    assert isinstance(proven, Task), proven
    assert proven.environment is None
    assert proven.tests[0].expected.value == [5, "alone"]
    assert proven.evidence.obstacles == {}


@pytest.mark.parametrize(
    ("tasks", "obstacles", "why"),
    [
        ([_task(_BESIDE), _beside(_BESIDE)], [], "replay: program_fails"),
        ([_beside(_BESIDE)], [_obstacle("extractable", "needs_package")], "extractable: needs_package"),
    ],
)
def test_a_task_with_its_project_says_why_it_does_not_stand_alone(
    quick_pool: WorkerPool,
    installed: InstalledProject,
    tasks: list[Task],
    obstacles: list[Rejection],
    why: str,
) -> None:
    proven = verify_candidate(Candidate(tasks, obstacles), quick_pool, installed)
    assert isinstance(proven, Task), proven
    assert proven.environment == "p-1.0"
    assert proven.tests[0].expected.value == [5, "beside"]
    assert proven.evidence.obstacles == {"standalone": why}


def test_of_what_no_kind_can_be_proven_both_reasons_are_kept(
    quick_pool: WorkerPool, installed: InstalledProject
) -> None:
    failing = "import absent\n" + _ALONE
    both = Candidate([_task(failing), _beside("def f(x):\n    return lambda: x\n")], [])
    rejected = verify_candidate(both, quick_pool, installed)
    assert isinstance(rejected, Rejection)
    assert (rejected.stage, rejected.reason) == ("encodable", "result_not_encodable")
    assert rejected.also == "replay: program_fails"
    one = Candidate([_task(failing)], [])
    rejected = verify_candidate(one, quick_pool, installed)
    assert isinstance(rejected, Rejection)
    assert (rejected.reason, rejected.also) == ("program_fails", "")


@pytest.mark.parametrize("text", [*CREDENTIALS.values(), *PERSONAL.values()], ids=[*CREDENTIALS, *PERSONAL])
def test_secrets_that_only_the_replay_shows_are_dropped(quick_pool: WorkerPool, text: str) -> None:
    program = f"def f(x):\n    return [{text[::-1]!r}[::-1]][x:]\n"
    cases = [TestCase([number], {}, _PENDING) for number in (0, 1)]
    proven = verify_task(_task(program, *cases), quick_pool, None)
    assert isinstance(proven, Task), proven
    assert [case.expected.value for case in proven.tests] == [[]]
    kind = "holds_secret" if text in CREDENTIALS.values() else "holds_personal_data"
    assert proven.evidence.cases_dropped == {kind: 1}
    rejected = verify_task(_task(program, cases[0]), quick_pool, None)
    assert isinstance(rejected, Rejection)
    assert (rejected.stage, rejected.reason, rejected.detail) == ("encodable", kind, "")


def test_secrets_are_in_no_particulars_of_a_rejection(quick_pool: WorkerPool) -> None:
    secret = CREDENTIALS["GitHub token"]
    program = f"raise RuntimeError({secret[::-1]!r}[::-1])\ndef f(x):\n    return x\n"
    rejected = verify_task(_task(program), quick_pool, None)
    assert isinstance(rejected, Rejection)
    assert (rejected.reason, rejected.detail) == ("program_fails", "")


def test_answers_in_the_prompt_are_counted_before_and_after_the_replay(quick_pool: WorkerPool) -> None:
    program = "TABLE = ['first answer', 'second answer', 'third']\n"
    program += "def f(x):\n    return TABLE[x] + 'x' * (x // 2)\n"
    cases = [
        TestCase([0], {}, Expected("returned", "first answer")),
        TestCase([1], {}, _PENDING),
        TestCase([2], {}, _PENDING),
    ]
    proven = verify_task(_task(program, *cases), quick_pool, None)
    assert isinstance(proven, Task), proven
    assert [case.expected.value for case in proven.tests] == ["thirdx"]
    assert proven.evidence.cases_dropped == {"answer_in_prompt": 2}


def test_nothing_but_none_tests_nothing_also_when_the_replay_tells_it(quick_pool: WorkerPool) -> None:
    rejected = verify_task(_task("def f(x):\n    pass\n"), quick_pool, None)
    assert isinstance(rejected, Rejection)
    assert (rejected.stage, rejected.reason) == ("testable", "passes_when_doing_nothing")


def _documented(program: str, **more: Any) -> Task:
    case = TestCase([1], {}, Expected("returned", 2))
    return _task(program, case, evidence=Evidence(documented=True), **more)


def test_a_task_that_needs_its_project_is_not_exported() -> None:
    alone = _documented(_ALONE)
    assert isinstance(humaneval_row(alone), HumanEvalRow)
    beside = _documented(_BESIDE, environment="p-1.0", replaces="pkg:f")
    row = humaneval_row(beside)
    assert isinstance(row, LeftOut)
    assert row.reason == "needs_its_project"


def test_the_funnel_tells_which_tasks_stand_alone(tmp_path: Path) -> None:
    beside = _documented(_BESIDE, environment="p-1.0", replaces="pkg:f")
    tasks = [summarize(_documented(_ALONE)), summarize(beside)]
    funnel = count_funnel("p-1.0", 3, tasks, [_obstacle("replay", "too_slow")])
    assert (funnel.proven, funnel.standalone, funnel.left[-1]) == (2, 1, 1)
    assert funnel.losses == {"replay: too_slow": 1, "exported: needs_its_project": 1}
