"""Sample runs and their verdicts, for programs that are honest."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import CommandResult
from sandbox.interpreter import Interpreter, NoInterpreter, find_interpreter
from sandbox.samples import SampleRun, run_sample
from sandbox.verdicts import Judgement, Verdict, judge
from tasks.equality import FLOAT_TOLERANCE
from tasks.record import Expected, TestCase
from tests.sandbox.samples import QUICK, CannedSandbox, Judge, call, make_task

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@pytest.fixture(scope="module")
def samples(interpreter: Interpreter) -> Judge:
    return Judge(Bubblewrap.find(), interpreter)


class TestVerdicts:
    _CASES = (call(2).returns(4), call(3).returns(9), call(-1).returns(1))

    def test_passed(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return x * x\n", *self._CASES)
        assert judgement == Judgement(Verdict.PASSED, "", [None, None, None])

    def test_failed_with_the_first_difference(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return x + x\n", *self._CASES)
        assert judgement.verdict == Verdict.FAILED
        assert judgement.detail == "result: expected 9, got 6"
        assert judgement.differences == [None, "result: expected 9, got 6", "result: expected 1, got -2"]

    def test_failed_where_it_raises(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return 4 if x == 2 else 1 / 0\n", *self._CASES)
        assert judgement.verdict == Verdict.FAILED
        assert "it raised (ZeroDivisionError: division by zero)" in judgement.detail

    @pytest.mark.parametrize(
        ("program", "words"),
        [
            ("def f(x: return x", "SyntaxError"),
            ("raise ValueError('at once')", "ValueError: at once"),
            ("import sys\nsys.exit(0)", "SystemExit: 0"),
            ("import no_such_module", "ModuleNotFoundError"),
            ("def g(x): return x", "AttributeError"),
            ("", "AttributeError"),
            ("def f(x): return x\0", "null bytes"),
            ("x = " + "(" * 5_000, "Error"),
            ("def f(x):\n\treturn 1\n        return 2", "TabError"),
        ],
    )
    def test_error_for_a_program_that_cannot_be_executed(
        self, samples: Judge, program: str, words: str
    ) -> None:
        judgement = samples.judge(program, *self._CASES)
        assert judgement.verdict == Verdict.ERROR
        assert words in judgement.detail
        assert len(judgement.differences) == len(self._CASES)
        assert all(judgement.differences)

    def test_error_for_a_program_that_is_no_text(self, samples: Judge) -> None:
        # a model's output may hold half of a surrogate pair, which no encoding has
        assert samples.verdict("x = '\ud83d'\ndef f(x): return x * x", *self._CASES) == Verdict.ERROR

    @pytest.mark.parametrize("place", ["def f(x):\n    {}\n", "{}\ndef f(x):\n    return x * x\n"])
    def test_timeout_by_the_clock(self, samples: Judge, place: str) -> None:
        limits = dataclasses.replace(QUICK, wall_seconds=0.7)
        judgement = samples.judge(place.format("import time; time.sleep(60)"), *self._CASES, limits=limits)
        assert judgement.verdict == Verdict.TIMEOUT
        assert "time limit" in judgement.detail

    def test_timeout_by_cpu_time(self, samples: Judge) -> None:
        limits = dataclasses.replace(QUICK, cpu_seconds=1)
        assert samples.verdict("def f(x):\n    while True: pass\n", *self._CASES, limits=limits) == (
            Verdict.TIMEOUT
        )

    def test_timeout_of_a_program_that_catches_everything(self, samples: Judge) -> None:
        program = """if True:
            def f(x):
                while True:
                    try:
                        while True:
                            pass
                    except BaseException:
                        pass
        """
        limits = dataclasses.replace(QUICK, wall_seconds=0.7)
        assert samples.verdict(program, *self._CASES, limits=limits) == Verdict.TIMEOUT

    @pytest.mark.parametrize(
        "crash",
        [
            "import os; os._exit(0)",
            "import os; os._exit(1)",
            "import os; os.abort()",
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "import ctypes; ctypes.string_at(0)",
            "import ctypes; ctypes.memset(id(None), 255, 64)",
            "import sys; sys.setrecursionlimit(10**8); repr(type('', (), {'__repr__': lambda x: repr(x)})())",
        ],
    )
    @pytest.mark.parametrize("place", ["def f(x):\n    {}\n", "{}\n"], ids=["called", "loaded"])
    def test_crashed(self, samples: Judge, crash: str, place: str) -> None:
        judgement = samples.judge(place.format(crash), *self._CASES)
        assert judgement.verdict == Verdict.CRASHED
        assert judgement.detail.startswith("not reached: ")

    def test_a_crash_leaves_the_outcomes_before_it(self, samples: Judge) -> None:
        program = "import os\ndef f(x):\n    return x * x if x == 2 else os._exit(0)\n"
        judgement = samples.judge(program, *self._CASES)
        assert judgement.verdict == Verdict.CRASHED
        assert judgement.differences[0] is None
        assert all(judgement.differences[1:])

    def test_output_limit(self, samples: Judge) -> None:
        program = """if True:
            import os
            def f(x):
                while True:
                    for descriptor in range(64):
                        try:
                            os.write(descriptor, b"x" * 65536)
                        except OSError:
                            pass
        """
        limits = dataclasses.replace(QUICK, output_bytes=2**20)
        assert samples.verdict(program, *self._CASES, limits=limits) == Verdict.OUTPUT_LIMIT

    def test_too_much_memory_is_no_crash_of_ours(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return len(bytearray(2**31))\n", *self._CASES)
        assert judgement.verdict == Verdict.FAILED
        assert "MemoryError" in judgement.detail

    def test_infrastructure_where_the_program_was_never_begun(self, samples: Judge) -> None:
        broken = Interpreter(Path("/usr/bin/no-such-python"), Path("/usr"), (3, 11, 0))
        run = run_sample(
            samples.sandbox, broken, "def f(x): return x", make_task(list(self._CASES)), hash_seed=0
        )
        assert judge(list(self._CASES), run).verdict == Verdict.INFRASTRUCTURE

    @pytest.mark.parametrize("program", ["def f(): pass", "import os; os._exit(1)", "raise ValueError", ")"])
    def test_nothing_passes_where_nothing_was_compared(self, samples: Judge, program: str) -> None:
        # the tests of an imported HumanEval task are an opaque check; it has no cases
        assert samples.verdict(program) == Verdict.INFRASTRUCTURE

    def test_two_runs_share_nothing(self, samples: Judge) -> None:
        leave = "def f(x):\n    open('/tmp/left', 'w').write('x')\n    return x\n"
        assert samples.verdict(leave, call(1).returns(1)) == Verdict.PASSED
        look = (
            "import os\ndef f(): return os.listdir('/tmp') + os.listdir('/home') + os.listdir('/dev/shm')\n"
        )
        assert samples.value(look) == []


class TestExpectations:
    @pytest.mark.parametrize(
        "value",
        [None, True, 0, -(2**80), 1.5, math.inf, "text", "\ud800", b"\xff", [1, [2]], (1,), {1, 2}, {"a": 1}],
    )
    def test_a_returned_value(self, samples: Judge, value: Any) -> None:
        program = f"from math import inf\ndef f(x):\n    assert x == {value!r}\n    return x\n"
        assert samples.verdict(program, call(value).returns(value)) == Verdict.PASSED

    @pytest.mark.parametrize(
        ("expected", "actual"),
        [("1", 1), (1, True), (1, 1.0), ([1], (1,)), ({1: 2}, {1: 3}), (0, None), ([], [0]), ("a", b"a")],
    )
    def test_a_value_of_another_type_or_content(self, samples: Judge, expected: Any, actual: Any) -> None:
        assert samples.verdict(f"def f(): return {actual!r}", call().returns(expected)) == Verdict.FAILED

    def test_a_tolerance_for_floats(self, samples: Judge) -> None:
        exact = call().returns(0.3)
        tolerant = dataclasses.replace(exact, comparator=FLOAT_TOLERANCE)
        program = "def f(): return 0.1 + 0.2"
        assert samples.judge(program, exact, tolerant).differences[1] is None
        assert samples.verdict(program, exact) == Verdict.FAILED

    def test_keyword_arguments(self, samples: Judge) -> None:
        program = "def f(a, *, b): return a - b"
        assert samples.verdict(program, call(3, b=1).returns(2)) == Verdict.PASSED

    def test_a_value_that_cannot_be_encoded(self, samples: Judge) -> None:
        judgement = samples.judge("def f(): return open('/dev/null')", call().returns(1))
        assert judgement.verdict == Verdict.FAILED
        assert "not encodable" in judgement.detail

    def test_all_that_a_generator_yields(self, samples: Judge) -> None:
        program = "def f(n):\n    for i in range(n): yield i\n"
        assert samples.verdict(program, call(3).yields(0, 1, 2), call(0).yields()) == Verdict.PASSED
        assert samples.verdict(program, call(3).yields(0, 1)) == Verdict.FAILED
        assert samples.verdict(program, call(3).yields(0, 1, 2, 3)) == Verdict.FAILED

    def test_the_first_that_a_generator_yields(self, samples: Judge) -> None:
        program = "def f():\n    i = 0\n    while True:\n        yield i\n        i += 1\n"
        assert samples.verdict(program, call().yields(0, 1, 2, exhausted=False)) == Verdict.PASSED
        assert samples.verdict(program, call().yields(0, 2, exhausted=False)) == Verdict.FAILED
        assert samples.verdict(program, call().yields(0, 1)) == Verdict.FAILED

    def test_a_generator_that_raises_before_its_end(self, samples: Judge) -> None:
        program = "def f():\n    yield 1\n    raise ValueError\n"
        assert samples.verdict(program, call().yields(1, exhausted=False)) == Verdict.PASSED
        assert samples.verdict(program, call().yields(1)) == Verdict.FAILED

    def test_a_value_in_place_of_a_generator(self, samples: Judge) -> None:
        assert samples.verdict("def f(): return 5", call().yields(5)) == Verdict.FAILED
        assert samples.verdict("def f(): yield 5", call().returns([5])) == Verdict.FAILED

    @pytest.mark.parametrize(
        ("statement", "name"),
        [
            ("raise ValueError('x')", "builtins:ValueError"),
            ("import json; json.loads('')", "json.decoder:JSONDecodeError"),
            ("import sys; sys.exit(0)", "builtins:SystemExit"),
            ("raise KeyboardInterrupt", "builtins:KeyboardInterrupt"),
            ("raise Own", "task:Own"),
            ("f()", "builtins:RecursionError"),
            ("[0] * 10**12", "builtins:MemoryError"),
        ],
    )
    def test_an_exception(self, samples: Judge, statement: str, name: str) -> None:
        program = f"class Own(Exception): pass\ndef f():\n    {statement}\n"
        assert samples.verdict(program, call().raises(name)) == Verdict.PASSED
        assert samples.verdict(program, call().raises("builtins:OSError")) == Verdict.FAILED
        assert samples.verdict(program, call().returns(None)) == Verdict.FAILED

    @pytest.mark.parametrize(
        "error",
        [
            "ValueError('\\ud83d')",
            "ValueError('x' * 10**6)",
            "type('E', (ValueError,), {'__module__': 'builtins', '__str__': lambda self: 1 / 0})()",
            "type('E', (ValueError,), {'__module__': 'builtins', '__str__': lambda self: 5})()",
        ],
    )
    def test_an_exception_whose_message_is_odd(self, samples: Judge, error: str) -> None:
        program = f"error = {error}\ntype(error).__qualname__ = 'ValueError'\n" if "type" in error else ""
        program += f"def f():\n    raise {'error' if program else error}\n"
        assert samples.verdict(program, call().raises("builtins:ValueError")) == Verdict.PASSED

    def test_an_odd_message_of_a_program_that_cannot_be_executed(self, samples: Judge) -> None:
        assert samples.verdict("raise ValueError('\\ud83d')", call().returns(1)) == Verdict.ERROR

    def test_an_exception_of_the_same_name_is_another(self, samples: Judge) -> None:
        program = "class ValueError(Exception): pass\ndef f(): raise ValueError\n"
        assert samples.verdict(program, call().raises("builtins:ValueError")) == Verdict.FAILED

    def test_arguments_as_the_call_left_them(self, samples: Judge) -> None:
        case = call([3, 1, 2]).returns(None, arguments_after=[[1, 2, 3]])
        assert samples.verdict("def f(x): x.sort()", case) == Verdict.PASSED
        assert samples.verdict("def f(x): x.reverse()", case) == Verdict.FAILED
        assert samples.verdict("def f(x): sorted(x)", case) == Verdict.FAILED
        judgement = samples.judge("def f(x): x.append(print)", case)
        assert judgement.detail.startswith("arguments afterwards")

    def test_arguments_that_a_raising_call_left(self, samples: Judge) -> None:
        expected = Expected("raised", exception="builtins:KeyError", arguments_after=[[]])
        case = TestCase([[1]], {}, expected)
        assert samples.verdict("def f(x):\n    x.pop()\n    raise KeyError\n", case) == Verdict.PASSED
        assert samples.verdict("def f(x):\n    raise KeyError\n", case) == Verdict.FAILED

    def test_every_call_has_arguments_of_its_own(self, samples: Judge) -> None:
        program = "def f(x):\n    x.append(1)\n    return len(x)\n"
        assert samples.verdict(program, call([]).returns(1), call([]).returns(1)) == Verdict.PASSED

    def test_classes_of_the_program(self, samples: Judge) -> None:
        program = """if True:
            import enum, typing
            class Point:
                def __init__(self, x): raise AssertionError
            class Pair(typing.NamedTuple):
                a: int
                b: int
            class Color(enum.Enum):
                RED = 1
            def f(point, pair, color):
                point.x += 1
                assert color is Color.RED
                return [type(point).__name__, point, pair._replace(a=5), color, Point]
        """
        point, pair = {"$object": ["task:Point", {"x": 1}]}, {"$namedtuple": ["task:Pair", [1, 2]]}
        color = {"$enum": ["task:Color", "RED"]}
        value = [
            *("Point", {"$object": ["task:Point", {"x": 2}]}, {"$namedtuple": ["task:Pair", [5, 2]]}),
            *(color, {"$ref": "task:Point"}),
        ]
        after = [{"$object": ["task:Point", {"x": 2}]}, pair, color]
        case = TestCase([point, pair, color], {}, Expected("returned", value, arguments_after=after))
        assert samples.judge(program, case) == Judgement(Verdict.PASSED, "", [None])

    def test_helpers_of_the_tests(self, samples: Judge) -> None:
        helpers = "class Helper:\n    def go(self): return self.step + 1\n"
        case = TestCase([{"$object": ["task:Helper", {"step": 2}]}], {}, Expected("returned", 3))
        assert samples.verdict("def f(helper): return helper.go()", case, test_helpers=helpers) == (
            Verdict.PASSED
        )

    def test_helpers_of_the_tests_do_not_replace_the_function(self, samples: Judge) -> None:
        case = call(1).returns(1)
        assert samples.verdict("def f(x): return x", case, test_helpers="def f(x): return 7") == (
            Verdict.PASSED
        )

    def test_importable_names_as_arguments(self, samples: Judge) -> None:
        case = TestCase([{"$ref": "operator:add"}], {}, Expected("returned", 3))
        assert samples.verdict("def f(add): return add(1, 2)", case) == Verdict.PASSED

    def test_an_argument_that_the_program_does_not_know(self, samples: Judge) -> None:
        case = TestCase([{"$ref": "task:missing"}], {}, Expected("returned", 3))
        judgement = samples.judge("def f(x): return 3", case)
        assert judgement.verdict == Verdict.FAILED
        assert "not decodable" in judgement.detail


class TestSurroundings:
    @pytest.mark.parametrize(
        "statement", ["print('x' * 100, flush=True)", "import sys; sys.stderr.write('x')"]
    )
    def test_prints_do_not_disturb(self, samples: Judge, statement: str) -> None:
        program = f"{statement}\ndef f(x):\n    {statement}\n    return x\n"
        run = samples.run(program, call(1).returns(1), call(2).returns(2))
        assert [outcome.value for outcome in run.outcomes] == [1, 2]
        assert run.ending.ok

    def test_prints_of_subprocesses_do_not_disturb(self, samples: Judge) -> None:
        program = (
            "import os\ndef f():\n    return os.system('echo one; echo two >&2; ls /proc/self/fd >&3')\n"
        )
        run = samples.run(program, call().returns(0))
        assert len(run.outcomes) == 1

    def test_a_flood_of_prints_is_no_output(self, samples: Judge) -> None:
        program = "def f():\n    for _ in range(300): print('x' * 10**5)\n"
        assert samples.verdict(program, call().returns(None)) == Verdict.PASSED

    def test_input_is_empty(self, samples: Judge) -> None:
        assert samples.verdict("def f(): input()", call().raises("builtins:EOFError")) == Verdict.PASSED

    def test_the_hash_seed_is_as_asked(self, samples: Judge) -> None:
        program = "def f(): return [hash('text'), hash(b'bytes')]"
        first, again, other = (samples.value(program, hash_seed=seed) for seed in (1, 1, 2))
        assert first == again
        assert first != other
        environment = "import os\ndef f(): return os.environ['PYTHONHASHSEED']"
        assert samples.value(environment, hash_seed=1234) == "1234"

    @pytest.mark.parametrize(
        ("time_zone", "hour"), [("UTC", 0), ("JST-9", 9), ("EST5EDT", 19), ("Asia/Kolkata", 5)]
    )
    def test_the_time_zone_is_as_asked(self, samples: Judge, time_zone: str, hour: int) -> None:
        if "/" in time_zone and not Path("/usr/share/zoneinfo", time_zone).exists():
            pytest.skip("this machine has no time zone database")
        program = "import datetime\ndef f(): return datetime.datetime.fromtimestamp(0).hour"
        assert samples.value(program, time_zone=time_zone) == hour

    @pytest.mark.parametrize(
        "module",
        ["msgspec", "pytest", "pip", "numpy", "sandbox", "filters", "tasks.record", "tasks.equality"],
    )
    def test_nothing_but_the_standard_library_is_importable(self, samples: Judge, module: str) -> None:
        judgement = samples.judge(f"import {module}\ndef f(): return 1", call().returns(1))
        assert judgement.verdict == Verdict.ERROR
        assert "ModuleNotFoundError" in judgement.detail

    def test_the_standard_library_is_importable(self, samples: Judge) -> None:
        program = """if True:
            import asyncio, collections, ctypes, dataclasses, decimal, json, random, re, socket, sqlite3
            import subprocess, threading, typing, unittest, zoneinfo
            def f(): return __name__
        """
        assert samples.value(program) == "task"

    def test_the_path_holds_no_site_packages(self, samples: Judge) -> None:
        program = "import sys\ndef f(): return [p for p in sys.path if 'packages' in p] + [sys.path[0]]"
        assert samples.value(program) == ["/opt/codex-sft"]

    def test_nothing_of_the_caller_is_writable(self, samples: Judge) -> None:
        program = """if True:
            import os
            def f():
                found = []
                for root in ("/opt", "/root", "/usr/lib/python3", "/etc"):
                    for folder, _, files in os.walk(root):
                        found += [p for p in (folder, *files) if os.access(os.path.join(folder, p), os.W_OK)]
                return found
        """
        assert samples.value(program) == []

    def test_nothing_is_written_beside_the_worker(self, samples: Judge) -> None:
        program = "import os\ndef f(): return sorted(os.listdir('/opt/codex-sft/tasks'))"
        assert samples.value(program) == ["value_decoding.py", "value_encoding.py"]

    @pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.12", "3.13"])
    def test_other_versions_of_python(self, samples: Judge, version: str) -> None:
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        try:
            found = find_interpreter(str(installed[-1]) if installed else version)
        except NoInterpreter:
            pytest.skip(f"no Python {version} on this machine")
        judge_of_version = Judge(samples.sandbox, found)
        program = "import sys\ndef f(*x):\n    x[0].append(2)\n    return '%d.%d' % sys.version_info[:2]\n"
        case = call([1], {2}, (3, 4.5), b"5").returns(version, [[1, 2], {2}, (3, 4.5), b"5"])
        assert judge_of_version.judge(program, case, watch_clock=True) == Judgement(
            Verdict.PASSED, "", [None]
        )


class TestClock:
    @pytest.mark.parametrize(
        "expression",
        [
            "time.time()",
            "time.time_ns()",
            "time.localtime().tm_year",
            "time.strftime('%Y')",
            "time.ctime()",
            "datetime.datetime.now().year",
            "datetime.datetime.now(datetime.timezone.utc).year",
            "datetime.date.today().year",
            "Moment.now().year",
            "inner()",
            "next(generator())",
        ],
    )
    def test_a_call_that_reads_it_is_noted(self, samples: Judge, expression: str) -> None:
        program = f"""if True:
            import datetime, time
            class Moment(datetime.datetime): pass
            def inner(): return time.time()
            def generator(): yield time.time()
            def f(read): return {expression} and 1 if read else 1
        """
        run = samples.run(program, call(True).returns(1), call(False).returns(1), watch_clock=True)
        assert [outcome.reads_clock for outcome in run.outcomes] == [True, False]

    def test_a_generator_that_reads_it_is_noted(self, samples: Judge) -> None:
        program = "import time\ndef f():\n    yield bool(time.time())\n"
        run = samples.run(program, call().yields(True), watch_clock=True)
        assert [(outcome.kind, outcome.reads_clock) for outcome in run.outcomes] == [("yielded", True)]

    def test_a_call_that_raises_after_reading_it_is_noted(self, samples: Judge) -> None:
        program = "import time\ndef f(): raise ValueError(time.time())\n"
        run = samples.run(program, call().raises("builtins:ValueError"), watch_clock=True)
        assert [(outcome.kind, outcome.reads_clock) for outcome in run.outcomes] == [("raised", True)]

    def test_other_methods_of_dates_do_not_read_it(self, samples: Judge) -> None:
        program = "import datetime\ndef f(): return datetime.date(2020, 1, 2).strftime('%d')\n"
        run = samples.run(program, call().returns("02"), watch_clock=True)
        assert [(outcome.value, outcome.reads_clock) for outcome in run.outcomes] == [("02", False)]

    def test_nobody_watches_unless_asked(self, samples: Judge) -> None:
        program = "import sys, time\ndef f():\n    time.time()\n    return repr(sys.getprofile())\n"
        run = samples.run(program, call().returns("None"))
        assert [(outcome.value, outcome.reads_clock) for outcome in run.outcomes] == [("None", False)]


class TestCheck:
    def test_a_check_that_passes(self, samples: Judge) -> None:
        check = "def check(candidate):\n    assert candidate(2) == 4\n"
        run = samples.run("def f(x): return x * x", call(3).returns(9), check=check)
        assert run.check_error is None
        assert [outcome.value for outcome in run.outcomes] == [9]

    @pytest.mark.parametrize(
        ("check", "words"),
        [
            ("def check(candidate):\n    assert candidate(2) == 5\n", "AssertionError"),
            ("def check(candidate: 1", "SyntaxError"),
            ("def check(candidate):\n    import os; os._exit(0)\n", "ended in the check"),
        ],
    )
    def test_a_check_that_does_not(self, samples: Judge, check: str, words: str) -> None:
        run = samples.run("def f(x): return x * x", call(3).returns(9), check=check)
        assert run.check_error is not None
        assert words in run.check_error


class TestReading:
    """Of results as they come out of the sandbox, where nothing has to run for it."""

    def _read(self, output: bytes, *cases: TestCase, ending: str = "exited") -> SampleRun:
        result = CommandResult(ending, 0, None, output, 0.1)  # type: ignore[arg-type]
        sandbox = CannedSandbox(result, [])
        interpreter = Interpreter(Path("/usr/bin/python3"), Path("/usr"), (3, 11, 7))
        return run_sample(sandbox, interpreter, "", make_task(list(cases)), hash_seed=0)

    _STARTED = b'{"worker_started":true}\n'
    _LOADED = _STARTED + b'{"program_loaded":true}\n'

    @pytest.mark.parametrize("output", [b"", b"\n", b"Traceback", b"[]\n", b"{}\n", b"\xff\n", b"[" * 5_000])
    def test_no_report_at_all_is_no_fault_of_the_sample(self, output: bytes) -> None:
        case = call().returns(1)
        run = self._read(output, case)
        assert (run.started, run.outcomes, run.program_error) == (False, [], None)
        judgement = judge([case], run)
        assert judgement.verdict == Verdict.INFRASTRUCTURE
        assert judgement.detail == "the worker did not start: exit status 0"
        assert all(judgement.differences)

    @pytest.mark.parametrize("output", [b"", b"\n", b"Traceback", b"[]\n", b"{}\n", b"\xff\n", b"[" * 5_000])
    @pytest.mark.parametrize(
        ("ending", "verdict"),
        [
            ("exited", Verdict.CRASHED),
            ("signalled", Verdict.CRASHED),
            ("timeout", Verdict.TIMEOUT),
            ("output_limit", Verdict.OUTPUT_LIMIT),
        ],
    )
    def test_no_report_after_the_start_is_an_early_end(
        self, output: bytes, ending: str, verdict: Verdict
    ) -> None:
        case = call().returns(1)
        run = self._read(self._STARTED + output, case, ending=ending)
        assert (run.started, run.outcomes, run.program_error) == (True, [], None)
        assert judge([case], run).verdict == verdict

    def test_outcomes_of_a_program_that_was_not_loaded_do_not_count(self) -> None:
        case = call().returns(1)
        run = self._read(self._STARTED + b'{}\n{"kind":"returned","value":1}\n', case)
        assert run.outcomes == []
        assert judge([case], run).verdict == Verdict.CRASHED

    def test_a_line_that_was_cut_off_is_no_outcome(self) -> None:
        output = self._LOADED + b'{"kind":"returned","value":1}\n{"kind":"returned","value":2}'
        cases = (call().returns(1), call().returns(2))
        run = self._read(output, *cases, ending="output_limit")
        assert [outcome.value for outcome in run.outcomes] == [1]
        assert judge(list(cases), run).verdict == Verdict.OUTPUT_LIMIT

    def test_a_malformed_line_is_no_value(self) -> None:
        output = self._LOADED + b'nonsense\n{"kind":"unheard of"}\n{"kind":"returned","value":1}\n'
        run = self._read(output, call().returns(1), call().returns(1), call().returns(1))
        assert [outcome.kind for outcome in run.outcomes] == ["not_encodable", "not_encodable", "returned"]

    def test_the_request_holds_no_expectation(self) -> None:
        requests: list[bytes] = []
        sandbox = CannedSandbox(CommandResult("exited", 0, None, b"", 0.1), requests)
        interpreter = Interpreter(Path("/usr/bin/python3"), Path("/usr"), (3, 11, 7))
        for case in (
            call(1).returns("secret"),
            call(1).returns(2, arguments_after=[[1]]),
            call(1).raises("builtins:ValueError"),
            call(1).yields(),
            call(1).yields(1, 2, 3),
            call(1).yields(1, 2, 3, exhausted=False),
        ):
            run_sample(sandbox, interpreter, "", make_task([case]), hash_seed=0)
        calls = [json.loads(request)["calls"] for request in requests]
        returned, yielded = calls[:3], calls[3:]
        assert all(each == returned[0] for each in returned)
        assert all(each == yielded[0] for each in yielded), "it tells how many values are expected"
