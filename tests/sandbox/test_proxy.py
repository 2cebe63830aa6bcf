"""Check texts that judge a candidate in another process, by sending it plain values."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass

import pytest

from sandbox.sample_jobs import SampleLimits, in_process_job, proxy_job
from sandbox.samples import run_samples
from sandbox.verdicts import Judgement, Verdict, judge_check, judge_task
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Task
from tests.sandbox.samples import QUICK, CannedPool, make_task, reply

_PROMPT = '''
from typing import List

def helper(x):
    """Is used by checks, as in HumanEval/32, /38 and /50."""
    return x * 10

def f(x):
    """Return the square."""
'''
_SOLUTION = "    return x * x\n"


def _task(check: str, prompt: str = _PROMPT, solution: str = _SOLUTION) -> Task:
    text = f"def check(candidate):\n{textwrap.indent(textwrap.dedent(check), '    ')}\n"
    return _task_of(text, prompt, solution)


def _task_of(check: str, prompt: str = _PROMPT, solution: str = _SOLUTION) -> Task:
    return dataclasses.replace(make_task([]), prompt=prompt, canonical_solution=solution, check=check)


@dataclass(frozen=True)
class _Court:
    pool: WorkerPool

    def judge(self, task: Task, program: str, limits: SampleLimits = QUICK) -> Judgement:
        job = proxy_job(task, limits)
        program = textwrap.dedent(program)
        (run,) = run_samples(self.pool, job, [program], WorkerSettings(limits=limits))
        return judge_task(task, run, job.mode)

    def verdict(self, task: Task, program: str) -> Verdict:
        return self.judge(task, program).verdict


@pytest.fixture(scope="module")
def court(pool: WorkerPool) -> _Court:
    return _Court(pool)


class TestSemantics:
    def test_right_passes_and_wrong_fails_with_the_line(self, court: _Court) -> None:
        task = _task("assert candidate(2) == 4\nassert candidate(3) == 9, 'three'\n")
        assert court.judge(task, task.program) == Judgement(Verdict.PASSED)
        judgement = court.judge(task, "def f(x): return x + 2")
        assert judgement == Judgement(Verdict.FAILED, "line 3 of the check: AssertionError: three")

    def test_helpers_of_the_prompt_are_at_hand_for_the_check(self, court: _Court) -> None:
        task = _task("assert candidate(helper(2)) == 400\nfound: List[int] = [candidate(1)]\n")
        assert court.verdict(task, task.program) == Verdict.PASSED

    def test_helpers_are_those_of_the_prompt_and_not_of_the_sample(self, court: _Court) -> None:
        task = _task("assert candidate(helper(2)) == 400\n")
        program = "def helper(x): return 0\ndef f(x): return x * x if x else 400"
        assert court.verdict(task, program) == Verdict.PASSED
        assert court.verdict(task, "def helper(x): return 2\ndef f(x): return 400 if x == 2 else 0") == (
            Verdict.FAILED
        )

    def test_the_entry_point_is_callable_by_its_own_name(self, court: _Court) -> None:
        task = _task("assert f(2) == candidate(2) == 4\n")
        assert court.verdict(task, task.program) == Verdict.PASSED
        assert court.verdict(task, "def f(x): return 5") == Verdict.FAILED

    def test_a_solution_of_the_prompt_does_not_stand_in_for_the_sample(self, court: _Court) -> None:
        # a check that is handed the wrong thing would judge the reference by itself
        task = _task("assert f(3) == 9\n", prompt="def f(x):\n    return x * x\n", solution="")
        assert court.verdict(task, "def f(x): return 0") == Verdict.FAILED

    def test_a_prompt_that_is_no_module_without_its_body(self, court: _Court) -> None:
        task = _task(
            "assert candidate(helper(2)) == 400\n", prompt="def helper(x): return 10 * x\ndef f(x):\n"
        )
        assert court.verdict(task, task.program) == Verdict.PASSED
        assert court.verdict(task, "def f(x): return 1") == Verdict.FAILED

    @pytest.mark.parametrize(
        ("program", "check"),
        [
            ("def f(x): x.sort()", "x = [3, 1]; candidate(x); assert x == [1, 3]"),
            ("def f(x): x.add(3)", "x = {1}; candidate(x); assert x == {1, 3}"),
            ("def f(x): del x['a']", "x = {'a': 1, 'b': 2}; candidate(x); assert x == {'b': 2}"),
            ("def f(x): x[:] = b'ab'", "x = bytearray(b'c'); candidate(x); assert x == b'ab'"),
            ("def f(x): x.append(x.pop(0))", "x = y = [1, 2]; candidate(x); assert y == [2, 1] and x is y"),
            (
                "def f(x):\n    x.append(1)\n    raise KeyError",
                "x = []\n    try: candidate(x)\n    except KeyError: pass\n    assert x == [1]",
            ),
            ("def f(x, y): y.extend(x)", "x, y = [1], []; candidate(x, y); assert (x, y) == ([1], [1])"),
        ],
    )
    def test_changes_of_arguments_are_copied_back(self, court: _Court, program: str, check: str) -> None:
        task = _task_of(f"def check(candidate):\n    {check}\n")
        judgement = court.judge(task, program)
        assert judgement.verdict == Verdict.PASSED, judgement.detail
        idle = "def f(x, y=None):\n    if not x: raise KeyError\n"
        assert court.verdict(task, idle) == Verdict.FAILED

    def test_what_two_calls_share_is_not_changed_by_one_that_does_not(self, court: _Court) -> None:
        task = _task("x = [1, 2]\nassert candidate(x) == 3\nassert candidate(x) == 3\nassert x == [1, 2]")
        assert court.verdict(task, "def f(x): return sum(x)") == Verdict.PASSED

    def test_state_of_the_sample_lasts_from_call_to_call(self, court: _Court) -> None:
        task = _task("assert [candidate(1), candidate(1)] == [1, 2]")
        program = "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)\n"
        assert court.verdict(task, program) == Verdict.PASSED

    def test_keyword_arguments(self, court: _Court) -> None:
        task = _task("assert candidate(7, b=2, **{'c': 1}) == 4")
        assert court.verdict(task, "def f(a, *, b, c): return a - b - c") == Verdict.PASSED
        assert court.verdict(task, "def f(a, *, b, c): return a") == Verdict.FAILED

    @pytest.mark.parametrize(
        "value",
        [
            *("None", "True", "-1.5", "float('inf')", "2 ** 200", "'\\ud800'", "b'\\xff'", "1 + 2j"),
            *("(1, [2, {3: (4,)}])", "{1, 'a'}", "frozenset({1})", "{(1, 2): [3]}", "range(3)"),
            "[[1]] * 3",
        ],
    )
    def test_values_come_through_as_they_are(self, court: _Court, value: str) -> None:
        task = _task(
            f"value = {value}\nresult = candidate(value)\nassert result == value\n"
            "assert type(result) is type(value)\n"
        )
        judgement = court.judge(task, "def f(x): return x")
        assert judgement.verdict == Verdict.PASSED, judgement.detail

    def test_not_a_number_comes_through(self, court: _Court) -> None:
        task = _task("x = candidate(float('nan'))\nassert x != x")
        assert court.verdict(task, "def f(x): return x") == Verdict.PASSED

    def test_an_exception_that_the_check_expects(self, court: _Court) -> None:
        task = _task(
            """
            try:
                candidate(-1)
            except ValueError as error:
                assert str(error) == "negative", error
            else:
                assert False, "nothing was raised"
            """
        )
        assert court.verdict(task, "def f(x): raise ValueError('negative')") == Verdict.PASSED
        assert court.verdict(task, "def f(x): raise ValueError('other')") == Verdict.FAILED
        assert court.verdict(task, "def f(x): return 1") == Verdict.FAILED
        assert court.verdict(task, "def f(x): raise KeyError('negative')") == Verdict.ERROR

    @pytest.mark.parametrize(
        "program",
        [
            "def f(x):\n    import sys\n    sys.exit(0)",
            "def f(x): raise KeyboardInterrupt",
            "def f(x): raise BaseException",
            "class E(SystemExit): pass\ndef f(x): raise E(0)",
            "def f(x): raise GeneratorExit",
        ],
    )
    def test_no_exception_of_the_sample_ends_the_check_with_success(
        self, court: _Court, program: str
    ) -> None:
        assert court.verdict(_task("assert candidate(1) == 1"), program) == Verdict.ERROR

    def test_an_exception_that_was_not_expected_is_an_error(self, court: _Court) -> None:
        judgement = court.judge(_task("assert candidate(2) == 4"), "def f(x): return {}[x]")
        assert judgement.verdict == Verdict.ERROR
        assert "line 2 of the check: KeyError" in judgement.detail

    @pytest.mark.parametrize("error", ["MemoryError", "bytearray(2**33)"])
    def test_a_lack_of_memory_is_told(self, court: _Court, error: str) -> None:
        program = f"def f(x):\n    {'raise ' if error == 'MemoryError' else ''}{error}\n"
        assert court.verdict(_task("assert candidate(2) == 4"), program) == Verdict.OUT_OF_MEMORY

    @pytest.mark.parametrize(
        ("program", "words"),
        [
            ("def f(x: return", "SyntaxError"),
            ("raise ValueError('at once')", "ValueError: at once"),
            ("import sys; sys.exit(0)", "SystemExit: 0"),
            ("def g(x): return 4", "AttributeError"),
            ("", "AttributeError"),
        ],
    )
    def test_a_program_that_cannot_be_executed(self, court: _Court, program: str, words: str) -> None:
        # even where the check would not call it
        for check in ("assert candidate(2) == 4", "pass"):
            judgement = court.judge(_task(check), program)
            assert judgement.verdict == Verdict.ERROR
            assert words in judgement.detail

    def test_what_the_sample_prints_changes_nothing(self, court: _Court) -> None:
        program = "def f(x):\n    print('x' * 100000, flush=True)\n    return x * x\n"
        assert court.verdict(_task("assert candidate(2) == 4"), program) == Verdict.PASSED

    def test_many_calls(self, court: _Court) -> None:
        task = _task("for number in range(2000): assert candidate(number) == number * number")
        assert court.verdict(task, task.program) == Verdict.PASSED
        assert court.verdict(task, "def f(x): return x * x if x != 1999 else 0") == Verdict.FAILED


class TestTheTaskIsAtFault:
    @pytest.mark.parametrize(
        "check",
        [
            "def check(candidate: 1",
            "raise ValueError",
            "def chek(candidate): pass",
            "",
            "import no_such_module",
        ],
    )
    def test_a_check_that_cannot_be_executed(self, court: _Court, check: str) -> None:
        judgement = court.judge(_task_of(check), _PROMPT + _SOLUTION)
        assert judgement.verdict == Verdict.INFRASTRUCTURE
        assert "the check itself cannot be executed" in judgement.detail

    def test_a_prompt_that_cannot_be_executed(self, court: _Court) -> None:
        judgement = court.judge(_task("pass", prompt="import no_such_module\n"), "def f(x): return x")
        assert judgement.verdict == Verdict.INFRASTRUCTURE
        assert "ModuleNotFoundError" in judgement.detail

    @pytest.mark.parametrize("argument", ["lambda x: x", "iter([1])", "open('/dev/null')", "object()"])
    def test_an_argument_that_cannot_cross(self, court: _Court, argument: str) -> None:
        judgement = court.judge(_task(f"candidate(1)\nassert candidate({argument})"), "def f(x): return x")
        assert judgement.verdict == Verdict.INFRASTRUCTURE
        assert "in_process" in judgement.detail
        assert "argument of call 2" in judgement.detail

    def test_an_argument_that_cannot_cross_is_not_hidden_by_the_check(self, court: _Court) -> None:
        check = "try: candidate(lambda: 1)\nexcept Exception: pass\n"
        assert court.verdict(_task(check), "def f(x): return x") == Verdict.INFRASTRUCTURE


class TestHostileCandidates:
    @pytest.mark.parametrize(
        "returned",
        [
            "type('E', (), {'__eq__': lambda *a: True})()",
            "type('E', (int,), {'__eq__': lambda *a: True, '__hash__': None})(5)",
            "type('E', (str,), {'__eq__': lambda *a: True})('x')",
            "type('E', (list,), {'__eq__': lambda *a: True})()",
            "type('M', (type,), {'__eq__': lambda *a: True, '__hash__': lambda s: 0})('E', (), {})",
            "(n for n in [4])",
            "iter([4])",
            "lambda: 4",
            "object()",
            "open('/dev/null')",
        ],
    )
    @pytest.mark.parametrize("check", ["assert candidate(2) == 4", "assert not candidate(2) != 4"])
    def test_what_says_to_be_equal_to_everything_is_not(
        self, court: _Court, returned: str, check: str
    ) -> None:
        judgement = court.judge(_task(check), f"def f(x): return {returned}")
        assert judgement.verdict == Verdict.FAILED, judgement.detail

    @pytest.mark.parametrize(
        "place", ["def f(x):\n    if x == 3: {}\n    return x * x\n", "{}\ndef f(x): return x"]
    )
    @pytest.mark.parametrize(
        ("ending", "verdict", "words"),
        [
            ("os._exit(0)", Verdict.CRASHED, "exit status 0"),
            ("os._exit(3)", Verdict.CRASHED, "exit status 3"),
            ("ctypes.string_at(0)", Verdict.CRASHED, "SIGSEGV"),
            ("exec('while True: pass')", Verdict.TIMEOUT, "time limit"),
        ],
    )
    def test_an_end_in_the_middle(
        self, court: _Court, place: str, ending: str, verdict: Verdict, words: str
    ) -> None:
        limits = dataclasses.replace(QUICK, cpu_seconds=1)
        task = _task("assert candidate(2) == 4\nassert candidate(3) == 9\n")
        judgement = court.judge(task, "import os, ctypes\n" + place.format(ending), limits)
        assert judgement.verdict == verdict
        assert words in judgement.detail

    def test_a_check_that_expects_any_exception_is_not_satisfied_by_an_end(self, court: _Court) -> None:
        check = """
            try:
                candidate(1)
            except Exception:
                pass
            except:
                pass
        """
        assert court.verdict(_task(check), "import os\ndef f(x): os._exit(0)") == Verdict.CRASHED

    def test_a_candidate_that_waits_is_late(self, court: _Court) -> None:
        limits = dataclasses.replace(QUICK, wall_seconds=0.7)
        program = "import time\ndef f(x): time.sleep(60)"
        assert court.judge(_task("candidate(1)"), program, limits).verdict == Verdict.TIMEOUT

    @pytest.mark.parametrize(
        "sent",
        [
            rb'{"kind":"returned","value":4}' + b"\\n",
            rb'{"kind":"check_passed"}' + b"\\n",
            rb'{"program_loaded":true}' + b"\\n",
            b"garbage\\n",
            b"[1]\\n",
            b"\\xff\\n",
            b"[" * 5000 + b"\\n",
            b"{}\\n",
            rb'{"kind":"raised"}' + b"\\n",
            rb'{"kind":"returned"}' + b"\\n",
            rb'{"kind":"returned","value":{"$object":["os:system",{}]}}' + b"\\n",
            rb'{"kind":"returned","value":{"$ref":"operator:add"}}' + b"\\n",
        ],
        ids=range(12),
    )
    @pytest.mark.parametrize("when", ["loaded", "called"])
    def test_lines_of_its_own_on_every_descriptor(self, court: _Court, sent: bytes, when: str) -> None:
        # it cannot know the number that the check asks for next
        task = _task(
            "import random\nfor _ in range(9):\n    x = random.random()\n    assert candidate(x) == x"
        )
        program = f"""
            import os
            line = b'{sent.decode()}'
            def send():
                for descriptor in range(3, 64):
                    try:
                        os.write(descriptor, line)
                    except OSError:
                        pass
            if {when == "loaded"}: send()
            def f(x):
                if {when == "called"}: send()
                return 4
        """
        assert court.judge(task, program).verdict in (Verdict.FAILED, Verdict.ERROR, Verdict.CRASHED)

    def test_outcomes_sent_ahead_make_it_answer_by_its_own_values_at_best(self, court: _Court) -> None:
        # it may answer early, but answers only what it knows: the same as returning it
        task = _task("assert candidate(2) == 4\nassert candidate(5) == 25\n")
        program = """
            import os
            def f(x):
                for descriptor in range(3, 64):
                    try:
                        os.write(descriptor, b'{"kind":"returned","value":4}\\n' * 2)
                    except OSError:
                        pass
                return 25
        """
        assert court.verdict(task, program) == Verdict.FAILED

    @pytest.mark.parametrize(
        "program",
        [
            "import os\nos.closerange(3, 64)\ndef f(x): return 4",
            "import os\ndef f(x):\n    os.closerange(3, 64)\n    return 4",
            "import os\ndef f(x):\n    for d in range(3, 64): os.dup2(0, d)\n    return 4",
        ],
    )
    def test_closed_channels_are_an_end(self, court: _Court, program: str) -> None:
        judgement = court.judge(_task("assert candidate(2) == 4\nassert candidate(2) == 4\n"), program)
        assert judgement.verdict == Verdict.CRASHED, judgement.detail

    def test_the_result_file_is_not_in_its_reach(self, court: _Court) -> None:
        program = """
            import os
            def f(x):
                for descriptor in range(3, 64):
                    for action in (os.ftruncate, os.lseek):
                        try:
                            action(descriptor, 0, *([0] if action is os.lseek else []))
                        except OSError:
                            pass
                    try:
                        os.pwrite(descriptor, b'{"kind":"check_passed"}\\n', 0)
                    except OSError:
                        pass
                return 5
        """
        assert court.verdict(_task("assert candidate(2) == 4\n"), program) == Verdict.FAILED

    def test_a_huge_result_comes_through(self, court: _Court) -> None:
        task = _task("assert candidate(2) == list(range(200_000))")
        assert court.verdict(task, "def f(x): return list(range(200_000))") == Verdict.PASSED

    @pytest.mark.parametrize(
        "value", ["'x' * 10**8", "[0] * 5_000_000", "10 ** 10 ** 5", "list(map(str, range(2_000_000)))"]
    )
    def test_a_result_beyond_all_bounds_is_no_value(self, court: _Court, value: str) -> None:
        judgement = court.judge(_task("assert candidate(2) == 4"), f"def f(x): return {value}")
        assert judgement.verdict in (Verdict.FAILED, Verdict.OUT_OF_MEMORY, Verdict.ERROR)
        assert len(judgement.detail) < 2_000

    @pytest.mark.parametrize("depth", [10, 50])
    def test_a_deep_result_comes_through(self, court: _Court, depth: int) -> None:
        task = _task(
            f"expected = 1\nfor _ in range({depth}): expected = [expected]\nassert candidate(1) == expected"
        )
        program = f"def f(x):\n    for _ in range({depth}): x = [x]\n    return x\n"
        assert court.verdict(task, program) == Verdict.PASSED

    @pytest.mark.parametrize("depth", [500, 2_000, 100_000])
    def test_a_result_too_deep_is_no_value(self, court: _Court, depth: int) -> None:
        program = f"def f(x):\n    for _ in range({depth}): x = [x]\n    return x\n"
        assert court.judge(_task("assert candidate(1) == 1"), program).verdict in (
            *(Verdict.FAILED, Verdict.ERROR, Verdict.CRASHED),
        )

    def test_the_next_sample_is_judged_as_if_nothing_had_been(self, court: _Court) -> None:
        task = _task("assert candidate(2) == 4")
        for bad in (
            "import os\ndef f(x): os._exit(0)",
            "def f(x): return [[]] * 10**6",
            "import os; os.closerange(0, 64)",
        ):
            assert court.verdict(task, bad) != Verdict.PASSED
            assert court.verdict(task, task.program) == Verdict.PASSED


class TestInProcess:
    def _judge(self, pool: WorkerPool, task: Task, program: str) -> Judgement:
        job = in_process_job(task, QUICK)
        (run,) = run_samples(pool, job, [program], WorkerSettings(limits=QUICK))
        return judge_task(task, run, job.mode)

    def test_its_verdicts_are_of_low_integrity(self, pool: WorkerPool) -> None:
        task = _task("assert candidate(lambda: 2) == 4")
        right = self._judge(pool, task, "def f(x): return x() * x()")
        assert right == Judgement(Verdict.PASSED, integrity="low")
        wrong = self._judge(pool, task, "def f(x): return x()")
        assert (wrong.verdict, wrong.integrity) == (Verdict.FAILED, "low")

    def test_everything_shares_one_namespace(self, pool: WorkerPool) -> None:
        task = _task("assert candidate(helper(2)) == f(20)\n")
        assert self._judge(pool, task, task.program).verdict == Verdict.PASSED

    @pytest.mark.parametrize(
        ("program", "verdict"),
        [
            ("def f(x): return 1 / 0", Verdict.ERROR),
            ("def f(x: return", Verdict.ERROR),
            ("import os\ndef f(x): os._exit(0)", Verdict.CRASHED),
            ("def f(x):\n    while True: pass", Verdict.TIMEOUT),
            ("def f(x): return bytearray(2**33)", Verdict.OUT_OF_MEMORY),
        ],
    )
    def test_verdicts(self, pool: WorkerPool, program: str, verdict: Verdict) -> None:
        judgement = self._judge(pool, _task("assert candidate(2) == 4"), program)
        assert (judgement.verdict, judgement.integrity) == (verdict, "low")


class TestReading:
    """Of what a judge is said to have reported, where nothing has to run for it."""

    def _judge(self, results: bytes, status: int = 0) -> Judgement:
        job = proxy_job(_task("pass"), QUICK)
        (run,) = run_samples(CannedPool(reply(results, status)), job, [""], WorkerSettings())
        return judge_check(run)

    def test_no_report_is_no_pass(self) -> None:
        for results in (
            b"",
            b"\n",
            b"{}\n",
            b'{"kind":"passed"}\n',
            b'{"kind":"check_passed"}',
            b"[" * 5_000,
        ):
            assert self._judge(results).verdict == Verdict.CRASHED, results

    def test_only_the_first_line_counts(self) -> None:
        assert self._judge(b'{"kind":"check_failed"}\n{"kind":"check_passed"}\n').verdict == Verdict.FAILED

    @pytest.mark.parametrize(
        ("report", "verdict"),
        [
            (b'{"kind":"check_passed"}', Verdict.PASSED),
            (b'{"kind":"check_failed"}', Verdict.FAILED),
            (b'{"kind":"check_failed","exception":"builtins:AssertionError"}', Verdict.FAILED),
            (b'{"kind":"check_failed","exception":"builtins:KeyError"}', Verdict.ERROR),
            (b'{"kind":"check_failed","exception":"builtins:MemoryError"}', Verdict.OUT_OF_MEMORY),
            (b'{"kind":"check_unusable"}', Verdict.INFRASTRUCTURE),
            (b'{"kind":"not_crossable"}', Verdict.INFRASTRUCTURE),
            (b'{"kind":"candidate_ended"}', Verdict.CRASHED),
        ],
    )
    def test_each_kind_of_report_has_its_verdict(self, report: bytes, verdict: Verdict) -> None:
        assert self._judge(report + b"\n").verdict == verdict

    def test_a_fault_of_the_pool_is_none_of_the_sample(self) -> None:
        job = proxy_job(_task("pass"), QUICK)
        (run,) = run_samples(CannedPool(fault="infrastructure"), job, [""], WorkerSettings())
        assert judge_check(run).verdict == Verdict.INFRASTRUCTURE
