"""Whole programs, judged by what they write on each input."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass

import pytest

from sandbox.output_comparison import output_difference
from sandbox.sample_jobs import SampleLimits, stdio_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import Judgement, Verdict, judge_outputs, judge_task
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import StdioTest, Task
from tests.sandbox.samples import QUICK, CannedPool, make_task, reply

_ECHO = StdioTest("some words\n3 ä\n", "some words\n3 ä\n", "exact")


def _task(*tests: StdioTest) -> Task:
    return dataclasses.replace(make_task([]), stdio_tests=list(tests))


@dataclass(frozen=True)
class _Court:
    pool: WorkerPool

    def run(self, program: str, *tests: StdioTest, limits: SampleLimits = QUICK) -> SampleRun:
        job = stdio_job(_task(*tests), limits)
        (run,) = run_samples(self.pool, job, [textwrap.dedent(program)], WorkerSettings(limits=limits))
        return run

    def judge(self, program: str, *tests: StdioTest, limits: SampleLimits = QUICK) -> Judgement:
        return judge_task(_task(*tests), self.run(program, *tests, limits=limits), "stdio")

    def verdict(self, program: str, *tests: StdioTest) -> Verdict:
        return self.judge(program, *tests).verdict


@pytest.fixture(scope="module")
def court(pool: WorkerPool) -> _Court:
    return _Court(pool)


class TestPrograms:
    @pytest.mark.parametrize(
        "program",
        [
            "import sys\nprint(sys.stdin.read(), end='')",
            "import sys\nsys.stdout.writelines(sys.stdin)",
            "import sys\nfor line in sys.stdin: print(line, end='')",
            "print(input())\nprint(input())",
            "import sys\nprint(sys.stdin.readline() + sys.stdin.readline(), end='')",
            "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
            "print(open(0).read(), end='')",
            "print(open(0, encoding='utf-8').read(), end='')",
            "import os\nos.write(1, os.read(0, 1000))",
            "import os\nwith os.fdopen(1, 'wb') as out: out.write(os.read(0, 1000))",
            "import sys\nsys.stdout.write(sys.stdin.read()); sys.stdout.flush()",
            "import fileinput\nfor line in fileinput.input(): print(line, end='')",
            "import sys\ninput = sys.stdin.readline\nprint(input() + input(), end='')",
            "import io, os, sys\nsys.stdin = io.BytesIO(os.read(0, os.fstat(0).st_size))\n"
            "print(sys.stdin.read().decode(), end='')",
            "import sys\nsys.stdout = open(1, 'w', closefd=False)\nprint(sys.stdin.read(), end='')\n"
            "sys.stdout.flush()",
        ],
    )
    def test_ways_to_read_and_write(self, court: _Court, program: str) -> None:
        judgement = court.judge(program, _ECHO)
        assert judgement == Judgement(Verdict.PASSED, "", [None])

    def test_print_and_write_keep_their_order(self, court: _Court) -> None:
        program = "import sys\nprint(1)\nsys.stdout.flush()\nsys.stdout.buffer.write(b'2\\n')\nprint(3)\n"
        assert court.verdict(program, StdioTest("", "1\n2\n3\n", "exact")) == Verdict.PASSED

    def test_it_runs_as_main(self, court: _Court) -> None:
        program = """
            def helper(x): return x + offset
            offset = 1
            class Node:
                pass
            def main():
                print(helper(int(input())), Node.__module__)
            if __name__ == "__main__":
                main()
        """
        assert court.verdict(program, StdioTest("4", "5 __main__")) == Verdict.PASSED

    def test_every_input_has_a_process_of_its_own(self, court: _Court) -> None:
        program = "import builtins\nbuiltins.n = getattr(builtins, 'n', 0) + 1\nprint(builtins.n, input())\n"
        tests = [StdioTest(str(n), f"1 {n}") for n in range(4)]
        assert court.verdict(program, *tests) == Verdict.PASSED

    def test_the_end_of_input_is_an_exception(self, court: _Court) -> None:
        program = "input()\ntry:\n    input()\nexcept EOFError:\n    print('end')\n"
        assert court.verdict(program, StdioTest("one line", "end")) == Verdict.PASSED

    def test_recursion_in_a_thread_with_a_large_stack(self, court: _Court) -> None:
        program = """
            import sys, threading
            sys.setrecursionlimit(10**6)
            threading.stack_size(2**27)
            def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
            thread = threading.Thread(target=lambda: print(depth(int(input()))))
            thread.start()
            thread.join()
        """
        assert court.verdict(program, StdioTest("50000", "50000")) == Verdict.PASSED

    def test_threads_are_waited_for(self, court: _Court) -> None:
        program = """
            import threading
            go = threading.Event()
            def work():
                go.wait()
                print("done")
            threading.Thread(target=work).start()
            go.set()
        """
        assert court.verdict(program, StdioTest("", "done")) == Verdict.PASSED

    @pytest.mark.parametrize(
        "ending",
        ["import sys; sys.exit()", "import sys; sys.exit(0)", "exit()", "quit(0)", "raise SystemExit"],
    )
    def test_an_exit_with_success(self, court: _Court, ending: str) -> None:
        judgement = court.judge(f"print(1)\n{ending}\nprint(2)\n", StdioTest("", "1"))
        assert judgement.verdict == Verdict.PASSED, judgement.detail

    def test_an_exit_past_all_clean_up_keeps_what_was_flushed(self, court: _Court) -> None:
        program = "import os\nprint(1, flush=True)\nos._exit(0)\n"
        assert court.verdict(program, StdioTest("", "1")) == Verdict.PASSED

    def test_standard_error_is_not_output(self, court: _Court) -> None:
        program = "import os, sys\nprint('debug', file=sys.stderr)\nos.write(2, b'more')\nprint(1)\n"
        assert court.verdict(program, StdioTest("", "1", "exact")) == Verdict.FAILED
        assert court.verdict(program, StdioTest("", "1\n", "exact")) == Verdict.PASSED


class TestVerdicts:
    @pytest.mark.parametrize(
        ("program", "verdict", "words"),
        [
            ("print(2)", Verdict.FAILED, "token 1: expected '1', got '2'"),
            ("pass", Verdict.FAILED, "token 1: expected '1', got nothing"),
            ("print(1, 2)", Verdict.FAILED, "token 2: expected nothing, got '2'"),
            ("print(1)\nraise ValueError", Verdict.ERROR, "exit status 1"),
            ("print(1)\nimport sys; sys.exit(1)", Verdict.ERROR, "exit status 1"),
            ("print(1)\nimport sys; sys.exit('message')", Verdict.ERROR, "exit status 1"),
            ("print(1)\nimport sys; sys.exit(77)", Verdict.ERROR, "exit status 77"),
            ("print(1", Verdict.ERROR, "exit status 1"),
            ("print(1, flush=True)\nimport os; os._exit(3)", Verdict.ERROR, "exit status 3"),
            ("print(1, flush=True)\nimport ctypes; ctypes.string_at(0)", Verdict.CRASHED, "SIGSEGV"),
            ("print(1)\nbytearray(2**33)", Verdict.OUT_OF_MEMORY, ""),
            ("print(1, flush=True)\nwhile True: pass", Verdict.TIMEOUT, "time limit"),
            ("import sys\nsys.stdout.buffer.write(b'\\xff')", Verdict.FAILED, "not UTF-8"),
        ],
    )
    def test_verdicts(self, court: _Court, program: str, verdict: Verdict, words: str) -> None:
        limits = dataclasses.replace(QUICK, cpu_seconds=1)
        judgement = court.judge(program, StdioTest("", "1"), limits=limits)
        assert judgement.verdict == verdict
        assert judgement.detail.startswith("input 0: ")
        assert words in judgement.detail

    def test_the_wait_of_a_program_is_late(self, court: _Court) -> None:
        limits = dataclasses.replace(QUICK, wall_seconds=0.7)
        program = "print(1, flush=True)\nimport time; time.sleep(60)\n"
        tests = [StdioTest("", "1")] * 2
        assert court.judge(program, *tests, limits=limits).verdict == Verdict.TIMEOUT
        assert court.verdict("print(1)", *tests) == Verdict.PASSED

    def test_a_late_program_is_judged_by_its_first_fault(self, court: _Court) -> None:
        limits = dataclasses.replace(QUICK, wall_seconds=0.7)
        program = "import time\nif input(): time.sleep(60)\nprint(1)\n"
        tests = [StdioTest("\n", "1"), StdioTest("x", "1"), StdioTest("x", "1")]
        judgement = court.judge(program, *tests, limits=limits)
        assert judgement.verdict == Verdict.TIMEOUT
        assert judgement.differences[0] is None
        assert judgement.differences[2] == "not reached"
        assert judgement.detail.startswith("input 1: ")

    def test_more_output_than_allowed(self, court: _Court) -> None:
        limits = dataclasses.replace(QUICK, result_bytes=2**16)
        program = "print('1' * 2**17)"
        assert court.judge(program, StdioTest("", "1"), limits=limits).verdict == Verdict.OUTPUT_LIMIT
        # though what was kept is all that is expected
        whole = StdioTest("", "1" * 2**16)
        assert court.judge(program, whole, limits=limits).verdict == Verdict.OUTPUT_LIMIT

    def test_an_endless_output_ends(self, court: _Court) -> None:
        limits = dataclasses.replace(QUICK, cpu_seconds=1)
        judgement = court.judge("while True: print('1' * 100000)", StdioTest("", "1"), limits=limits)
        assert judgement.verdict in (Verdict.OUTPUT_LIMIT, Verdict.ERROR)

    def test_the_first_bad_end_ends_the_rest(self, court: _Court) -> None:
        program = "x = int(input())\nprint(1 // x)\n"
        tests = [StdioTest(text, expected) for text, expected in (("1", "1"), ("0", "?"), ("1", "1"))]
        run = court.run(program, *tests)
        assert len(run.outputs) == 2
        judgement = judge_outputs(tests, run)
        assert judgement.verdict == Verdict.ERROR
        assert judgement.differences[0] is None
        assert judgement.differences[2] == "not reached"

    def test_a_wrong_output_does_not_end_the_rest(self, court: _Court) -> None:
        tests = [StdioTest("", "1"), StdioTest("", "2"), StdioTest("", "1")]
        judgement = court.judge("print(1)", *tests)
        assert judgement.verdict == Verdict.FAILED
        assert [difference is None for difference in judgement.differences] == [True, False, True]

    def test_several_programs_in_one_batch(self, court: _Court) -> None:
        tests = [StdioTest("2", "4"), StdioTest("3", "9")]
        job = stdio_job(_task(*tests), QUICK)
        programs = ["print(int(input()) ** 2)", "1 / 0", "print(4)", "print(int(input()) ** 2)"]
        runs = run_samples(court.pool, job, programs, WorkerSettings(limits=QUICK))
        verdicts = [judge_outputs(tests, run).verdict for run in runs]
        assert verdicts == [Verdict.PASSED, Verdict.ERROR, Verdict.FAILED, Verdict.PASSED]

    def test_an_input_of_megabytes(self, court: _Court) -> None:
        text = "1 " * 2_000_000
        program = "import sys\nprint(sum(map(int, sys.stdin.read().split())))"
        assert court.verdict(program, StdioTest(text, "2000000")) == Verdict.PASSED


class TestHostile:
    @pytest.mark.parametrize(
        "program",
        [
            "import os\nfor d in range(3, 64):\n    try: os.write(d, b'1\\n')\n    except OSError: pass",
            "import os\nos.close(1)",
            "import os\nos.close(3)\nos.close(1)\nos.close(0)",
            "import os\nos.closerange(0, 64)\nos._exit(0)",
            "import sys\nsys.stdout = sys.__stdout__ = None",
            "import builtins\nbuiltins.print = lambda *a, **k: None\nprint(1)",
            "import os\nos._exit(0)",
        ],
    )
    def test_none_passes_that_prints_nothing_right(self, court: _Court, program: str) -> None:
        tests = [StdioTest("", "8236"), StdioTest("", "9127")]
        assert court.verdict(program, *tests) in (Verdict.FAILED, Verdict.ERROR, Verdict.CRASHED)
        assert court.verdict("print(8236)", StdioTest("", "8236")) == Verdict.PASSED

    def test_what_it_wrote_can_be_taken_back_but_not_past_the_end(self, court: _Court) -> None:
        # its output is a file: it may write there what it likes, and is judged by what stands there
        program = (
            "import os\nprint('wrong', flush=True)\nos.ftruncate(1, 0)\nos.lseek(1, 0, 0)\nprint('right')"
        )
        assert court.verdict(program, StdioTest("", "right")) == Verdict.PASSED

    def test_nothing_of_one_input_is_found_at_the_next(self, court: _Court) -> None:
        program = """
            import os
            own = input()
            left = os.path.exists("/tmp/left")
            try:
                open("/tmp/left", "w").write(own)
            except OSError:
                pass
            print(own, left)
        """
        tests = [StdioTest(text, f"{text} False") for text in ("a", "b", "c")]
        assert court.verdict(program, *tests) == Verdict.PASSED


class TestComparison:
    @pytest.mark.parametrize(
        ("comparison", "expected", "equal", "other"),
        [
            (
                "tokens",
                "1 2\n3\n",
                ["1 2 3", " 1\n\n2\t3", "1 2\r\n3"],
                ["1 2", "1 2 3 4", "", "1 23", "1 2 3.0"],
            ),
            (
                "lines",
                "a b\nc\n",
                ["a b\nc", "a b  \nc\n\n\n", "a b\r\nc\r\n"],
                ["a  b\nc", "a b", "a b\nc\nd", " a b\nc", "a b\n\nc", ""],
            ),
            ("exact", "a\n", ["a\n"], ["a", "a\n\n", "a \n", "", "A\n", "a\r\n"]),
            ("tokens", "", ["", " \n"], ["0", "x"]),
            ("lines", "", ["", "\n\n"], ["0"]),
            ("exact", "", [""], ["\n"]),
        ],
    )
    def test_comparisons(self, comparison: str, expected: str, equal: list[str], other: list[str]) -> None:
        test = StdioTest("", expected, comparison)  # type: ignore[arg-type]
        for text in equal:
            assert output_difference(test, text.encode()) is None, text
        for text in other:
            assert output_difference(test, text.encode()) is not None, text

    @pytest.mark.parametrize("text", ["0.333", "0.3333333", "3.333e-1", "+0.33334", "00.3333"])
    def test_a_tolerance(self, text: str) -> None:
        test = StdioTest("", "0.33333", absolute_tolerance=1e-3)
        assert output_difference(test, text.encode()) is None
        assert (
            output_difference(dataclasses.replace(test, absolute_tolerance=None), text.encode()) is not None
        )

    @pytest.mark.parametrize("text", ["0.34", "nan", "inf", "x", "", "0.333 0.333", "0.333x"])
    def test_beyond_a_tolerance(self, text: str) -> None:
        assert output_difference(StdioTest("", "0.33333", absolute_tolerance=1e-3), text.encode()) is not None

    def test_a_tolerance_does_not_make_words_equal(self) -> None:
        test = StdioTest("", "yes 1.0", absolute_tolerance=1e-3)
        assert output_difference(test, b"yes 1") is None
        assert output_difference(test, b"no 1") is not None

    def test_a_tolerance_does_not_hide_missing_or_further_output(self) -> None:
        test = StdioTest("", "1.0 2.0", absolute_tolerance=10.0)
        for output in (b"1.0", b"1.0 2.0 3.0", b""):
            assert output_difference(test, output) is not None

    def test_what_is_shown_is_short_and_fit_for_a_terminal(self) -> None:
        test = StdioTest("", "1")
        pool = CannedPool(reply(b"\x1b[2J" + b"x" * 10**6))
        (run,) = run_samples(pool, stdio_job(_task(test), QUICK), [""], WorkerSettings())
        judgement = judge_outputs([test], run)
        assert judgement.verdict == Verdict.FAILED
        assert "\x1b" not in judgement.detail
        assert len(judgement.detail) < 500

    def test_faults_and_missing_tests_are_none_of_the_sample(self) -> None:
        test = StdioTest("", "1")
        job = stdio_job(_task(test), QUICK)
        (run,) = run_samples(CannedPool(fault="infrastructure"), job, [""], WorkerSettings())
        assert judge_outputs([test], run).verdict == Verdict.INFRASTRUCTURE
        (run,) = run_samples(CannedPool(reply(b"1")), job, [""], WorkerSettings())
        assert judge_outputs([test], run).verdict == Verdict.PASSED
        assert judge_outputs([], run).verdict == Verdict.INFRASTRUCTURE
