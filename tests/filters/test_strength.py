"""How strong tests are, measured with real runs, and what strengthening adds to them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from filters.branch_seeds import BranchSeeds
from filters.generated_cases import InputValidator
from filters.input_variation import input_space
from filters.minimise import StrengthenOptions, cover, strengthen
from filters.program_runs import TaskRunner, VariantRun
from filters.strength import measure_strength
from filters.trivial_solutions import trivial_solutions
from sandbox.worker_pool import WorkerPool
from tasks.input_bounds import InputBound
from tasks.record import Expected, Provenance, StdioTest, Task, TestCase
from tests.filters.strength_tasks import CLAMP, make_task

_QUICK = StrengthenOptions(batches=2, candidates=60, mutants=20)
_HEAD = "def f(x):\n"


def test_examples_that_stay_in_the_middle_kill_little(quick_pool: WorkerPool) -> None:
    measured = measure_strength(CLAMP, quick_pool)
    strength = measured.strength
    assert strength is not None
    assert strength.mutants_killed == strength.mutants_killed_by_examples < strength.mutants
    assert strength.branch_coverage == 0.5
    assert strength.trivial_passed == ["argument 0", "examples"]
    assert strength.cases == {"example": 2}
    assert len(measured.survivors) == strength.mutants - strength.mutants_killed
    assert measured.cpu_seconds > 0


def test_examples_and_other_cases_are_told_apart(quick_pool: WorkerPool) -> None:
    below = replace(make_task("", "", ((0, 1, 9), 1), origin="traced").tests[0])
    strength = measure_strength(replace(CLAMP, tests=[*CLAMP.tests, below]), quick_pool).strength
    assert strength is not None
    assert strength.mutants_killed > strength.mutants_killed_by_examples
    assert strength.cases == {"example": 2, "traced": 1}


def test_given_programs_are_counted_as_what_they_are(quick_pool: WorkerPool) -> None:
    right = CLAMP.prompt + "    return min(max(x, low), high)\n"
    lucky = CLAMP.prompt + "    return max(x, low)\n"
    wrong = CLAMP.prompt + "    return low\n"
    measured = measure_strength(CLAMP, quick_pool, trusted=[right, wrong], wrong=[lucky, wrong])
    strength = measured.strength
    assert strength is not None
    assert (strength.right, strength.right_failed, strength.wrong, strength.wrong_passed) == (2, 1, 2, 1)
    assert measured.wrong_survivors == [lucky]
    assert measured.trusted == [right]


def test_a_reference_that_fails_its_tests_is_no_measure(quick_pool: WorkerPool) -> None:
    measured = measure_strength(make_task(_HEAD, "    return x\n", ((1,), 2)), quick_pool)
    assert measured.strength is None
    assert "does not pass" in measured.detail


def test_whole_programs_and_check_texts_are_measured_too(quick_pool: WorkerPool) -> None:
    source = Provenance("problem", "test")
    tests = [StdioTest("3\n", "6\n"), StdioTest("0\n", "0\n")]
    stdio = Task("p/double", "", "", "n = int(input())\nprint(n + n)\n", [], source, stdio_tests=tests)
    check = "def check(candidate):\n    assert candidate(3) == 6\n"
    opaque = replace(make_task(_HEAD, "    return x + x\n"), check=check)
    for task in (stdio, opaque):
        strength = measure_strength(task, quick_pool).strength
        assert strength is not None
        assert strength.mutants_killed == strength.mutants > 0
        assert strength.trivial_passed == []


def test_endless_mutants_are_killed_within_some_times_the_reference(quick_pool: WorkerPool) -> None:
    task = make_task(_HEAD, "    while x > 0:\n        x -= 1\n    return x\n", ((3,), 0))
    runner = TaskRunner(task, quick_pool)
    (run,) = runner.variants([_HEAD + "    while True: pass\n"])
    assert run.passed is False
    assert run.failed == {0}
    assert runner.cpu_seconds < 0.9  # the sandbox's own limit is whole seconds


def test_cases_behind_an_early_end_are_neither_passed_nor_failed(quick_pool: WorkerPool) -> None:
    task = make_task(_HEAD, "    return x\n", ((1,), 1), ((2,), 2), ((3,), 3))
    (run,) = TaskRunner(task, quick_pool).variants(
        [_HEAD + "    import os\n    return x if x < 2 else os._exit(0)\n"]
    )
    assert run == VariantRun(False, frozenset({1}), frozenset({2}))


def test_trivial_solutions_are_constants_arguments_and_examples() -> None:
    task = make_task("def f(x, y):\n", "", ((1, 2), "a"), ((3, 4), "b"))
    found = trivial_solutions(task)
    assert {
        "constant None",
        "constant 1 of the results",
        "argument 0",
        "argument 1",
        "examples",
    } <= found.keys()
    namespace: dict[str, object] = {}
    exec(found["examples"], namespace)  # noqa: S102
    learnt = namespace["f"]
    assert callable(learnt)
    assert [learnt(1, 2), learnt(3, 4), learnt(5, 6)] == ["a", "b", "b"]


def test_strengthening_kills_what_examples_let_pass(quick_pool: WorkerPool) -> None:
    bounds = [InputBound("low", maximum_name="high")]
    lucky = CLAMP.prompt + "    return max(x, low)\n"
    done = strengthen(CLAMP, quick_pool, bounds=bounds, wrong=[lucky])
    assert done.before is not None
    assert done.after is not None
    assert (
        done.after.mutants - done.after.mutants_killed
        <= (done.before.mutants - done.before.mutants_killed) / 2
    )
    assert done.after.mutants_killable == done.before.mutants_killable
    assert (done.before.wrong_passed, done.after.wrong_passed) == (1, 0)
    assert done.after.trivial_passed == []
    assert done.after.branch_coverage == 1.0
    assert done.task.evidence.strength == done.after
    added = done.task.tests[2:]
    assert 0 < len(added) == done.added <= 6
    assert {(case.origin, case.expected.source) for case in added} == {("generated", "replayed")}
    assert all(case.arguments[1] <= case.arguments[2] for case in added)

    again = strengthen(done.task, quick_pool, bounds=bounds, wrong=[lucky])
    assert again.added == 0
    assert again.task == done.task


def test_every_generated_case_kills_something(quick_pool: WorkerPool) -> None:
    done = strengthen(CLAMP, quick_pool, options=_QUICK)
    strong = done.after
    assert strong is not None
    for index in range(2, len(done.task.tests)):
        fewer = replace(
            done.task, tests=[case for place, case in enumerate(done.task.tests) if place != index]
        )
        weaker = measure_strength(fewer, quick_pool, mutant_limit=20).strength
        assert weaker is not None
        assert (weaker.mutants_killed, -len(weaker.trivial_passed)) < (strong.mutants_killed, 0)


@pytest.mark.parametrize(
    ("solution", "reason"),
    [
        ("    return 10 // x if x < 100 else [1][x]\n", "reference_raises"),
        ("    return 7 if x in (3, 4) else sorted(set('abcdefgh'), key=hash)[0]\n", "differs_when_repeated"),
        ("    import time\n    return 7 if x in (3, 4) else time.time() > 1\n", "reads_clock"),
        ("    return 7 if x in (3, 4) else (lambda: x)\n", "result_not_encodable"),
        ("    return 7 if x in (3, 4) else 'x' * 5000\n", "result_too_long"),
        ("    return 7 if x in (3, 4) else 'in the prompt'\n", "answer_in_prompt"),
        ("    while x not in (3, 4): pass\n    return 7\n", "reference_does_not_end_well"),
    ],
)
def test_inputs_without_a_firm_answer_become_no_cases(
    quick_pool: WorkerPool, solution: str, reason: str
) -> None:
    prompt = 'def f(x):\n    """in the prompt"""\n'
    known = (((3,), 3), ((4,), 2)) if "//" in solution else (((3,), 7), ((4,), 7))
    options = replace(_QUICK, batches=1)
    done = strengthen(make_task(prompt, solution, *known), quick_pool, options=options)
    assert done.dropped.get(reason), done
    if "//" not in solution:
        assert done.added == 0


def test_exceptions_that_known_cases_or_the_prompt_show_are_answers(quick_pool: WorkerPool) -> None:
    solution = "    if x > 40:\n        raise ValueError(x)\n    return 2 * x\n"
    shown = make_task(_HEAD, solution, ((3,), 6), ((50,), ValueError))
    told = make_task('def f(x):\n    """Raises ValueError beyond 40."""\n', solution, ((3,), 6), ((30,), 60))
    for task in (shown, told):
        done = strengthen(task, quick_pool, options=_QUICK)
        raised = [case for case in done.task.tests if case.expected.exception == "builtins:ValueError"]
        assert {case.origin for case in raised} >= {"generated"}
        assert "reference_raises" not in done.dropped


def test_what_the_reference_refuses_on_purpose_is_tried_beyond_known_inputs(quick_pool: WorkerPool) -> None:
    prompt = 'def f(x):\n    """Half of a number; ValueError for "negative" ones."""\n'
    solution = "    if x < 0:\n        raise ValueError('negative')\n    return x // 2\n"
    done = strengthen(make_task(prompt, solution, ((3,), 1), ((8,), 4)), quick_pool, options=_QUICK)
    refused = [case.arguments[0] for case in done.task.tests if case.expected.kind == "raised"]
    assert refused
    assert max(refused) < 0


def test_exceptions_that_only_happen_make_no_case_beyond_known_inputs(quick_pool: WorkerPool) -> None:
    prompt = 'def f(x):\n    """Twice the number in a text; ValueError above 90."""\n'
    solution = "    x = int(x)\n    if x > 90:\n        raise ValueError('above 90')\n    return x * 2\n"
    done = strengthen(make_task(prompt, solution, (("3",), 6), (("45",), 90)), quick_pool, options=_QUICK)
    assert done.added
    assert done.dropped["beyond_known_inputs"] > 0
    assert all(case.arguments[0].isdigit() for case in done.task.tests if case.arguments[0])


def test_calls_that_take_new_branches_are_gone_on_from(quick_pool: WorkerPool) -> None:
    solution = "    if x > 50:\n        return 1 if x > 900 else 2\n    return 3\n"
    task = make_task(_HEAD, solution, ((3,), 3))
    seeds = BranchSeeds(TaskRunner(task, quick_pool), input_space(task))
    more = make_task(
        _HEAD, solution, ((7,), 3), ((60,), 2), ((70,), 2), ((901,), 1), origin="generated"
    ).tests
    seeds.learn(more[:3])
    seeds.learn(more[3:])
    assert [call.inputs for call in seeds.calls] == [{"x": 60}, {"x": 901}]


def test_cases_that_trusted_programs_answer_otherwise_are_dropped(quick_pool: WorkerPool) -> None:
    task = make_task(_HEAD, "    return x + x if x < 9 else x * 2 + 1\n", ((3,), 6), ((4,), 8), ((30,), 61))
    other = _HEAD + "    return 2 * x + (x == 30)\n"
    alone = strengthen(task, quick_pool, options=_QUICK)
    both = strengthen(task, quick_pool, trusted=[other], options=_QUICK)
    assert any(case.arguments[0] > 8 for case in alone.task.tests[3:])
    assert both.dropped["trusted_disagree"] > 0
    assert all(case.arguments[0] < 9 for case in both.task.tests[3:])
    assert both.after is not None
    assert both.after.right_failed == 0


def test_validators_refuse_inputs(quick_pool: WorkerPool) -> None:
    task = make_task(_HEAD, "    return x // 2 if x > 5 else -x\n", ((4,), -4), ((8,), 4), ((2,), -2))
    validator = InputValidator("def even(x):\n    return x % 2 == 0\n", "even")
    done = strengthen(task, quick_pool, validators=[validator], options=_QUICK)
    assert done.dropped["refused_by_validator"] > 0
    assert done.added > 0
    assert all(case.arguments[0] % 2 == 0 for case in done.task.tests)


def test_changed_arguments_are_compared_where_known_cases_show_them(quick_pool: WorkerPool) -> None:
    solution = "    x.sort()\n    return x[0] if x and x[0] > 2 else 0\n"
    silent = make_task(_HEAD, solution, (([3, 4],), 3))
    case = silent.tests[0]
    telling = replace(
        silent,
        tests=[TestCase([[4, 3]], {}, Expected("returned", 3, arguments_after=[[3, 4]]), origin="example")],
    )
    for task, expected in ((silent, False), (telling, True)):
        added = strengthen(task, quick_pool, options=_QUICK).task.tests[1:]
        assert added
        assert any(case.expected.arguments_after is not None for case in added) is expected
    assert case.expected.arguments_after is None


def test_a_budget_that_is_spent_ends_the_search(quick_pool: WorkerPool) -> None:
    done = strengthen(CLAMP, quick_pool, options=replace(_QUICK, cpu_seconds=0.0))
    assert done.out_of_time
    assert done.added == 0
    assert done.task.evidence.strength == done.before


def test_programs_beyond_the_budget_are_not_counted(quick_pool: WorkerPool) -> None:
    runner = TaskRunner(CLAMP, quick_pool, cpu_budget=0.0)
    runs = runner.variants([CLAMP.program] * 12)
    assert {run.passed for run in runs} == {None}
    strength = measure_strength(CLAMP, quick_pool, mutant_limit=0).strength
    assert strength is not None
    assert strength.mutation_score is None


def test_the_cover_takes_few_and_short_cases_within_its_bounds() -> None:
    kills = {0: {1}, 1: {1, 2}, 2: {1, 2}, 3: {3}, 4: set()}
    sizes = [1, 9, 5, 5, 1]
    assert cover(kills, sizes, 10, 100) == [2, 3]
    assert cover(kills, sizes, 1, 100) == [2]
    assert cover(kills, sizes, 10, 8) == [2]
    assert cover(kills, sizes, 10, 4) == [0]
    assert cover({}, [], 10, 10) == []
