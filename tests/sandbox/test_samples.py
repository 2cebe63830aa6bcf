"""Sample runs and their verdicts, for programs that are honest."""

from __future__ import annotations

import dataclasses
import math
import signal
from pathlib import Path
from typing import Any

import pytest

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter, NoInterpreter, find_interpreter
from sandbox.samples import SampleRun
from sandbox.verdicts import Judgement, Verdict, judge
from sandbox.worker_pool import WorkerPool
from tasks.equality import FLOAT_TOLERANCE
from tasks.record import Expected, TestCase
from tests.sandbox.samples import QUICK, CannedPool, Judge, call, reply


@pytest.fixture(scope="module")
def samples(pool: WorkerPool) -> Judge:
    return Judge(pool)


class TestVerdicts:
    _CASES = (call(2).returns(4), call(3).returns(9), call(-1).returns(1))

    def test_passed(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return x * x\n", *self._CASES)
        assert judgement == Judgement(Verdict.PASSED, "", [None, None, None])

    def test_failed_with_the_first_difference(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return x + x\n", *self._CASES)
        assert judgement.verdict == Verdict.FAILED
        assert judgement.detail == "case 1: result: expected 9, got 6"
        assert judgement.differences == [None, "result: expected 9, got 6", "result: expected 1, got -2"]

    def test_error_where_it_raises(self, samples: Judge) -> None:
        judgement = samples.judge("def f(x):\n    return 4 if x == 2 else 1 / 0\n", *self._CASES)
        assert judgement.verdict == Verdict.ERROR
        assert judgement.detail.startswith("case 1: ")
        assert "it raised (ZeroDivisionError: division by zero)" in judgement.detail

    def test_the_first_case_that_does_not_hold_gives_the_verdict(self, samples: Judge) -> None:
        wrong_first = "def f(x):\n    return {2: 5, -1: 1}[x]\n"
        assert samples.verdict(wrong_first, *self._CASES) == Verdict.FAILED
        raises_first = "def f(x):\n    return {3: 5, -1: 1}[x]\n"
        assert samples.verdict(raises_first, *self._CASES) == Verdict.ERROR

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
    def test_timeout_of_a_program_that_waits(self, samples: Judge, place: str) -> None:
        limits = dataclasses.replace(QUICK, wall_seconds=0.7)
        judgement = samples.judge(place.format("import time; time.sleep(60)"), *self._CASES, limits=limits)
        assert judgement.verdict == Verdict.TIMEOUT
        assert "time limit" in judgement.detail

    @pytest.mark.parametrize(
        "loop",
        [
            "while True: pass",
            "while True:\n        try:\n            while True: pass\n        except BaseException: pass",
            "import signal; signal.signal(signal.SIGXCPU, lambda *_: None)\n    while True: pass",
            "while True: [].sort()",
            "return 10 ** 10 ** 9",
        ],
    )
    def test_timeout_by_processor_time(self, samples: Judge, loop: str) -> None:
        limits = dataclasses.replace(QUICK, cpu_seconds=1)
        judgement = samples.judge(f"def f(x):\n    {loop}\n", *self._CASES, limits=limits)
        assert judgement.verdict == Verdict.TIMEOUT
        assert "s of processor time" in judgement.detail

    @pytest.mark.parametrize(
        "crash",
        [
            "import os; os._exit(0)",
            "import os; os._exit(1)",
            "import os; os.abort()",
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
        program = "def f(x): return 'x' * 2**14"
        limits = dataclasses.replace(QUICK, result_bytes=2**13)
        judgement = samples.judge(program, *self._CASES, limits=limits)
        assert judgement.verdict == Verdict.OUTPUT_LIMIT
        assert samples.verdict("def f(x): return x * x", *self._CASES, limits=limits) == Verdict.PASSED

    def test_output_limit_where_the_result_file_is_filled(self, samples: Judge) -> None:
        program = """if True:
            import os
            def f(x):
                for descriptor in range(64):
                    try:
                        os.write(descriptor, b"x" * 2**20)
                    except OSError:
                        pass
                return x * x
        """
        limits = dataclasses.replace(QUICK, result_bytes=2**19)
        assert samples.verdict(program, *self._CASES, limits=limits) == Verdict.OUTPUT_LIMIT

    @pytest.mark.parametrize(
        "program",
        [
            "def f(x):\n    return len(bytearray(2**33))\n",
            "def f(x):\n    raise MemoryError\n",
            "x = bytearray(2**33)\ndef f(x):\n    return x\n",
        ],
        ids=["called", "raised", "loaded"],
    )
    def test_out_of_memory(self, samples: Judge, program: str) -> None:
        judgement = samples.judge(program, *self._CASES)
        assert judgement.verdict == Verdict.OUT_OF_MEMORY
        assert "MemoryError" in judgement.detail

    def test_a_program_that_survives_its_memory_error_is_judged_by_its_results(self, samples: Judge) -> None:
        program = """if True:
            def f(x):
                try:
                    bytearray(2**33)
                except MemoryError:
                    return x * x
        """
        assert samples.verdict(program, *self._CASES) == Verdict.PASSED

    def test_a_broken_interpreter_is_told_before_anything_is_judged(self, quick_backend: Sandbox) -> None:
        broken = Interpreter(Path("/usr/bin/no-such-python"), Path("/usr"), (3, 11, 0))
        with (
            WorkerPool(quick_backend, broken) as pool,
            pytest.raises(SandboxUnavailable, match="the sample worker does not start"),
        ):
            Judge(pool).judge("def f(x): return x", *self._CASES)

    @pytest.mark.parametrize("program", ["def f(): pass", "import os; os._exit(1)", "raise ValueError", ")"])
    def test_nothing_passes_where_nothing_was_compared(self, samples: Judge, program: str) -> None:
        # the tests of an imported HumanEval task are an opaque check; it has no cases
        assert samples.verdict(program) == Verdict.INFRASTRUCTURE

    def test_two_runs_share_nothing(self, samples: Judge) -> None:
        leave = """if True:
            import builtins, os, sys
            def f(x):
                builtins.left = sys.left = os.left = 1
                os.environ["LEFT"] = "1"
                for folder in ("/tmp", "/home", "/dev/shm", "/var/tmp", "."):
                    try:
                        open(f"{folder}/left", "w").write("x")
                    except OSError:
                        pass
                return x
        """
        assert samples.verdict(leave, call(1).returns(1)) == Verdict.PASSED
        look = """if True:
            import builtins, os, sys
            def f():
                found = [hasattr(module, "left") for module in (builtins, sys, os)]
                files = [os.path.exists(f"{p}/left") for p in ("/tmp", "/home", "/dev/shm", "/var/tmp", ".")]
                return any(found + files) or "LEFT" in os.environ
        """
        assert samples.value(look) is False


class TestRefusals:
    """Samples make no processes and signal none: what they try fails as any call may fail."""

    @pytest.mark.parametrize(
        "statement",
        [
            "os.fork()",
            "os.forkpty()",
            "os.posix_spawn('/bin/true', ['true'], {})",
            "os.execv('/bin/true', ['true'])",
            "os.kill(os.getpid(), 9)",
            "os.kill(os.getpid(), 15)",
            "os.kill(os.getppid(), 9)",
            "os.kill(-1, 9)",
            "os.killpg(0, 9)",
            "signal.raise_signal(15)",
            "signal.pidfd_send_signal(0, 9)",
            "os.pidfd_open(os.getpid())",
            "os.memfd_create('x')",
            "os.setsid()",
            "os.nice(1)",
            "os.mkfifo('/tmp/x')",
            "os.chroot('/tmp')",
            "socket.socket()",
            "socket.socket(socket.AF_UNIX)",
        ],
    )
    def test_a_call_that_reaches_out_is_refused(self, samples: Judge, statement: str) -> None:
        program = f"import os, signal, socket\ndef f():\n    {statement}\n"
        name = "builtins:PermissionError"
        judgement = samples.judge(program, call().raises(name))
        assert judgement.verdict == Verdict.PASSED, judgement.detail

    @pytest.mark.parametrize("program", ["os.system('true')", "os.popen('true').read()"])
    def test_programs_do_not_start(self, samples: Judge, program: str) -> None:
        judgement = samples.judge(f"import os\ndef f():\n    return {program}\n", call().returns(0))
        assert judgement.verdict in (Verdict.FAILED, Verdict.ERROR)

    def test_a_subprocess_is_refused(self, samples: Judge) -> None:
        program = "import subprocess\ndef f():\n    subprocess.run(['/bin/true'])\n"
        assert samples.verdict(program, call().raises("builtins:PermissionError")) == Verdict.PASSED

    def test_threads_are_allowed(self, samples: Judge) -> None:
        program = """if True:
            from concurrent.futures import ThreadPoolExecutor
            def f(n):
                with ThreadPoolExecutor(4) as executor: return sum(executor.map(abs, range(-n, 0)))
        """
        assert samples.verdict(program, call(10).returns(55)) == Verdict.PASSED

    @pytest.mark.parametrize(
        "folder", ["/proc", "/home", "/dev/shm", "/work", "/var", "/root/.ssh", "/var/tmp"]
    )
    def test_a_folder_is_not_there_or_empty_and_closed(self, samples: Judge, folder: str) -> None:
        program = """if True:
            import os
            def f(folder):
                found = [None, None]
                try:
                    found[0] = os.listdir(folder)
                    found[1] = open(f"{folder}/new", "w")
                except OSError:
                    pass
                return found[0] or "nothing", repr(found[1])
        """
        assert samples.value(program, folder) == {"$tuple": ["nothing", "None"]}


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
        judgement = samples.judge("def f(): return object()", call().returns(1))
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
        assert samples.verdict("def f(): return 5", call().yields(5)) == Verdict.ERROR
        assert samples.verdict("def f(): return [5]", call().yields(6)) == Verdict.FAILED
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
        instead = Verdict.OUT_OF_MEMORY if name == "builtins:MemoryError" else Verdict.ERROR
        assert samples.verdict(program, call().returns(None)) == instead

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
        assert judgement.detail.startswith("case 0: arguments afterwards")

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
        assert (run.ending.kind, run.ending.code) == ("exited", 0)

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
        ["msgspec", "pytest", "pip", "numpy", "sandbox.verdicts", "filters", "tasks.record", "tests"],
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
        program = "import sys\ndef f(): return [p for p in sys.path if 'packages' in p or 'codex' in p]"
        assert samples.value(program) == []

    def test_no_file_of_site_packages_can_be_read(self, samples: Judge) -> None:
        # the names may be seen, the content not
        program = """if True:
            import os, sysconfig
            def f():
                read = []
                for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
                    for root, _, files in os.walk(folder):
                        for name in files:
                            try:
                                open(os.path.join(root, name), "rb").close()
                                read.append(name)
                            except OSError:
                                pass
                return len(read)
        """
        assert samples.value(program) == 0

    def test_nothing_of_the_host_is_writable(self, samples: Judge) -> None:
        program = """if True:
            import os
            def attempt(path, flags):
                try:
                    os.close(os.open(path, flags))
                    return True
                except OSError:
                    return False
            def f():
                found = []
                ours = os.path.dirname(os.__file__)
                for root in ("/opt", ours, "/usr/lib/python3", "/etc", "/", "/var/tmp"):
                    for folder, folders, files in os.walk(root):
                        found += [p for p in files if attempt(os.path.join(folder, p), os.O_WRONLY)]
                        new = os.path.join(folder, "codex-sft-test")
                        if attempt(new, os.O_CREAT | os.O_EXCL): os.unlink(new); found.append(folder)
                        if root == "/" or root == ours: folders.clear()
                return found
        """
        assert samples.value(program) == []

    def test_nothing_but_what_the_worker_needs_is_staged(self, samples: Judge) -> None:
        program = """if True:
            import os, sys
            def f(): return sorted(os.listdir(os.path.dirname(sys.modules["tasks.value_encoding"].__file__)))
        """
        assert samples.value(program) == [
            "__init__.py",
            "rebuilt_values.py",
            "scalar_encoding.py",
            "structural_encoding.py",
            "value_decoding.py",
            "value_encoding.py",
        ]

    @pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.12", "3.13"])
    def test_other_versions_of_python(self, samples: Judge, version: str) -> None:
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        try:
            found = find_interpreter(str(installed[-1]) if installed else version)
        except NoInterpreter:
            pytest.skip(f"no Python {version} on this machine")
        program = "import sys\ndef f(*x):\n    x[0].append(2)\n    return '%d.%d' % sys.version_info[:2]\n"
        case = call([1], {2}, (3, 4.5), b"5").returns(version, [[1, 2], {2}, (3, 4.5), b"5"])
        with WorkerPool(samples.pool.backend, found) as pool:
            judgement = Judge(pool).judge(program, case, watch_clock=True)
        assert judgement == Judgement(Verdict.PASSED, "", [None])


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
        assert run.check is not None
        assert run.check.kind == "check_passed"
        assert [outcome.value for outcome in run.outcomes] == [9]

    @pytest.mark.parametrize(
        ("check", "words"),
        [
            ("def check(candidate):\n    assert candidate(2) == 5\n", "AssertionError"),
            ("def check(candidate: 1", "SyntaxError"),
        ],
    )
    def test_a_check_that_does_not(self, samples: Judge, check: str, words: str) -> None:
        run = samples.run("def f(x): return x * x", call(3).returns(9), check=check)
        assert run.check is not None
        assert run.check.kind == "check_failed"
        assert words in run.check.detail

    def test_a_check_in_which_the_process_ends(self, samples: Judge) -> None:
        check = "def check(candidate):\n    import os; os._exit(0)\n"
        run = samples.run("def f(x): return x * x", call(3).returns(9), check=check)
        assert run.check is None
        assert run.outcomes == []


class TestReading:
    """Of results as they come out of the sandbox, where nothing has to run for it."""

    def _read(self, results: bytes, *cases: TestCase, status: int = 0, cut: bool = False) -> SampleRun:
        return Judge(CannedPool(reply(results, status, cut=cut))).run("", *cases)

    _LOADED = b'{"program_loaded":true}\n'
    _NO_REPORT = (b"", b"\n", b"Traceback", b"[]\n", b"{}\n", b"\xff\n", b"[" * 5_000, b"null\n")

    @pytest.mark.parametrize("results", _NO_REPORT)
    @pytest.mark.parametrize("status", [0, 7 << 8, signal.SIGSEGV])
    def test_no_report_at_all_is_an_early_end(self, results: bytes, status: int) -> None:
        case = call().returns(1)
        run = self._read(results, case, status=status)
        assert (run.outcomes, run.program_error) == ([], None)
        judgement = judge([case], run)
        assert judgement.verdict == Verdict.CRASHED
        assert all(judgement.differences)

    @pytest.mark.parametrize(
        ("status", "cpu_seconds", "cut", "verdict", "words"),
        [
            (7 << 8, 0.0, False, Verdict.CRASHED, "exit status 7"),
            (0, 0.0, False, Verdict.CRASHED, "exit status 0"),
            (signal.SIGSEGV, 0.0, False, Verdict.CRASHED, "SIGSEGV"),
            (signal.SIGABRT, 0.0, False, Verdict.CRASHED, "SIGABRT"),
            (40, 0.0, False, Verdict.CRASHED, "signal 40"),
            (signal.SIGXCPU, 0.0, False, Verdict.TIMEOUT, "time limit"),
            (signal.SIGKILL, 1.9, False, Verdict.TIMEOUT, "time limit after 1.9 s"),
            (signal.SIGALRM, 1.9, False, Verdict.TIMEOUT, "time limit"),
            (signal.SIGKILL, 0.1, False, Verdict.OUT_OF_MEMORY, "memory"),
            (0, 0.0, True, Verdict.OUTPUT_LIMIT, "more than allowed"),
            (signal.SIGKILL, 1.9, True, Verdict.OUTPUT_LIMIT, "more than allowed"),
        ],
    )
    @pytest.mark.parametrize("answered", [0, 1])
    def test_a_process_that_ended_before_its_time_is_judged_by_its_ending(
        self, status: int, cpu_seconds: float, cut: bool, verdict: Verdict, words: str, answered: int
    ) -> None:
        cases = [call().returns(1), call().returns(1)]
        results = self._LOADED + b'{"kind":"returned","value":1}\n' * answered
        run = Judge(CannedPool(reply(results, status, cpu_seconds, cut=cut))).run("", *cases)
        judgement = judge(cases, run)
        assert judgement.verdict == verdict
        assert words in judgement.detail

    @pytest.mark.parametrize(
        ("status", "cut", "verdict"),
        [
            (signal.SIGSEGV, False, Verdict.CRASHED),
            (signal.SIGXCPU, False, Verdict.TIMEOUT),
            (signal.SIGKILL, False, Verdict.OUT_OF_MEMORY),
            (0, True, Verdict.OUTPUT_LIMIT),
        ],
    )
    def test_all_right_outcomes_do_not_outweigh_the_ending(
        self, status: int, cut: bool, verdict: Verdict
    ) -> None:
        case = call().returns(1)
        results = self._LOADED + b'{"kind":"returned","value":1}\n'
        assert judge([case], self._read(results, case)).verdict == Verdict.PASSED
        assert judge([case], self._read(results, case, status=status, cut=cut)).verdict == verdict

    @pytest.mark.parametrize(
        ("fault", "verdict"), [("infrastructure", Verdict.INFRASTRUCTURE), ("timeout", Verdict.TIMEOUT)]
    )
    def test_a_fault_of_the_pool_without_a_reply(self, fault: str, verdict: Verdict) -> None:
        case = call().returns(1)
        judgement = Judge(CannedPool(fault=fault)).judge("", case)
        assert judgement.verdict == verdict
        assert all(judgement.differences)

    def test_outcomes_of_a_program_that_was_not_loaded_do_not_count(self) -> None:
        case = call().returns(1)
        run = self._read(b'{}\n{"kind":"returned","value":1}\n', case)
        assert run.outcomes == []
        assert judge([case], run).verdict == Verdict.CRASHED

    def test_a_line_that_was_cut_off_is_no_outcome(self) -> None:
        results = self._LOADED + b'{"kind":"returned","value":1}\n{"kind":"returned","value":2}'
        cases = (call().returns(1), call().returns(2))
        run = self._read(results, *cases, cut=True)
        assert [outcome.value for outcome in run.outcomes] == [1]
        assert judge(list(cases), run).verdict == Verdict.OUTPUT_LIMIT

    def test_a_malformed_line_is_no_value(self) -> None:
        results = self._LOADED + b'nonsense\n{"kind":"unheard of"}\n{"kind":"returned","value":1}\n'
        run = self._read(results, call().returns(1), call().returns(1), call().returns(1))
        assert [outcome.kind for outcome in run.outcomes] == ["not_encodable", "not_encodable", "returned"]

    def test_the_request_holds_no_expectation(self) -> None:
        pool = CannedPool(reply(b""))
        for case in (
            call(1).returns("secret"),
            call(1).returns(2, arguments_after=[[1]]),
            call(1).raises("builtins:ValueError"),
            call(1).yields(),
            call(1).yields(1, 2, 3),
            call(1).yields(1, 2, 3, exhausted=False),
        ):
            Judge(pool).run("", case)
        requests = [(job.request, job.judge) for job in pool.jobs]
        returned, yielded = requests[:3], requests[3:]
        assert all(each == returned[0] for each in returned)
        assert all(each == yielded[0] for each in yielded), "it tells how many values are expected"
