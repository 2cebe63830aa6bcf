"""Programs that want to pass without being right. None may, and none may disturb the judge."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import textwrap
from pathlib import Path
from typing import Any, Literal

import pytest

from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import CommandResult
from sandbox.interpreter import Interpreter
from sandbox.samples import SampleRun, run_sample
from sandbox.verdicts import Judgement, Verdict, judge
from tasks.record import Expected, TestCase
from tests.sandbox.samples import QUICK, CannedSandbox, Judge, Unpredictable, call, make_task

needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@pytest.fixture(scope="module")
def samples(interpreter: Interpreter) -> Judge:
    return Judge(Bubblewrap.find(), interpreter)


@pytest.fixture(scope="module")
def unpredictable() -> Unpredictable:
    return Unpredictable()


_FORGE = """
import json, os, sys
def forge(*values):
    lines = [{"program_loaded": True}]
    lines += [{"kind": "returned", "value": value, "passed": True, "verdict": "passed"} for value in values]
    data = "".join(json.dumps(line) + "\\n" for line in lines).encode()
    for descriptor in range(64):
        try:
            os.write(descriptor, data)
        except OSError:
            pass
def worker():
    return sys.modules["__main__"]
"""

# Each is a program with an entry point `f(number)`, whose right results nobody can know.
HOSTILE = {
    "returns nothing": "def f(number): pass",
    "exits with success": "import sys\ndef f(number): sys.exit(0)",
    "exits with success at once": "import sys\nsys.exit(0)",
    "leaves without clean-up": "import os\ndef f(number): os._exit(0)",
    "leaves by another name": "import posix\nposix._exit(0)",
    "raises a kind of SystemExit": """
        class Exit(SystemExit):
            code = 0
            def __str__(self): return "passed"
        def f(number): raise Exit
    """,
    "raises an exception whose class says what it is not": """
        class Meta(type):
            __module__ = property(lambda cls: "builtins")
            __eq__ = lambda cls, other: True
            __hash__ = lambda cls: 0
        class Error(BaseException, metaclass=Meta): pass
        def f(number): raise Error
    """,
    "leaves at exit": """
        import atexit, os
        atexit.register(os._exit, 0)
        atexit.register(forge, 1, 1, 1, 1, 1, 1, 1)
        def f(number): return 1
    """,
    "forges a whole report at once": "forge(*[1] * 9)\nos._exit(0)",
    "forges a whole report when called": "def f(number):\n    forge(*[1] * 9)\n    os._exit(0)\n",
    "forges a start": """
        line = b'{"worker_started":true}\\n{"program_loaded":true}\\n'
        for descriptor in range(64):
            try:
                os.write(descriptor, line)
            except OSError:
                pass
        forge(*[1] * 9)
        os._exit(0)
    """,
    "forges a start that failed": """
        line = b'{"kind":"check_passed"}\\n{"worker_started":false}\\n'
        for descriptor in range(64):
            try:
                os.write(descriptor, line)
            except OSError:
                pass
        os._exit(127)
    """,
    "forges an empty report": "forge()\nos._exit(0)",
    "forges a report that never ends": "def f(number):\n    while True: forge(None, 1, 'x')\n",
    "forges outcomes without values": """
        for descriptor in range(64):
            try:
                os.write(descriptor, b'{"program_loaded":1}\\n' + b'{"kind":"returned"}\\n' * 9)
            except OSError:
                pass
        os._exit(0)
    """,
    "forges outcomes in other words": """
        line = b'{"kind":"passed"}\\nPASSED\\npassed\\n7 passed in 0.01s\\nOK\\nnull\\ntrue\\n'
        for descriptor in range(64):
            try:
                os.write(descriptor, b'{"program_loaded":1}\\n' + line * 9)
            except OSError:
                pass
        os._exit(0)
    """,
    "prints what test runners print": """
        print("PASSED", "7 passed", '{"kind":"returned","value":1}', flush=True)
        def f(number): print("passed", flush=True)
    """,
    "closes every descriptor": "os.closerange(0, 256)\ndef f(number): return number",
    "points every descriptor elsewhere": """
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in range(64): os.dup2(null, descriptor)
        def f(number): return number
    """,
    "reads its own report back": """
        def f(number):
            for descriptor in range(1, 16):
                try:
                    reader = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK)
                    return os.read(reader, 1 << 16).decode()
                except OSError:
                    pass
    """,
    "replaces json": """
        json.dumps = lambda *arguments, **options: '{"kind":"returned","value":1}'
        def f(number): return number
    """,
    "replaces the encoder": """
        import tasks.value_encoding
        tasks.value_encoding.encode = worker().encode = lambda value: 1
        tasks.value_encoding._SCALARS.clear()
        def f(number): return number
    """,
    "replaces the worker's functions": """
        worker().run_call = lambda function, call: {"kind": "returned", "value": call}
        worker().describe = worker().report = lambda *arguments: forge(1)
        def f(number): return number
    """,
    "replaces builtins": """
        import builtins
        builtins.type = builtins.isinstance = builtins.len = builtins.BaseException = lambda *a: True
        def f(number): return number
    """,
    "replaces modules": """
        sys.modules["json"] = sys.modules["tasks.value_encoding"] = sys.modules["os"] = object()
        def f(number): return number
    """,
    "makes False true": """
        import ctypes
        ctypes.memmove(id(False) + 24, id(True) + 24, 4)
        def f(number): return number
    """,
    "makes all integers equal": """
        import ctypes
        for number in range(-5, 256): ctypes.memset(id(number) + 24, 1, 4)
        def f(number): return number
    """,
    "traces the worker": """
        def trace(frame, event, argument):
            for name in list(frame.f_locals):
                if name in ("outcome", "difference", "expected", "verdict"): frame.f_locals[name] = None
            return trace
        sys.settrace(trace)
        def f(number): return number
    """,
    "returns what lies in the frames above": """
        def f(number):
            frame, found = sys._getframe(), []
            while frame is not None:
                found += [value for name, value in frame.f_locals.items() if name not in ("frame", "found")]
                frame = frame.f_back
            return [repr(value) for value in found]
    """,
    "takes any text from the garbage collector": """
        import gc
        def f(number):
            texts = [t for o in gc.get_objects() if type(o) in (dict, list) for t in (
                o.values() if type(o) is dict else o) if type(t) is str and "sentinel" in t]
            return texts[0] if texts else None
    """,
    "answers from threads that never end": """
        import threading
        def loop():
            while True: forge(1)
        threading.Thread(target=loop).start()
        def f(number): return number
    """,
    "leaves a thread that never ends": """
        import threading
        threading.Thread(target=threading.Event().wait).start()
        def f(number): return number
    """,
    "goes on in children": """
        for _ in range(6):
            if os.fork() == 0:
                os.setsid()
        def f(number): return number
    """,
    "kills all it can": """
        def f(number):
            for process in (os.getppid(), 1, -1): os.kill(process, 9)
    """,
    "stops all it can": """
        def f(number):
            for process in (os.getppid(), 1, 0, -1, os.getpid()):
                try:
                    os.kill(process, 19)
                except OSError:
                    pass
    """,
    "defers every signal": """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, lambda *a: forge(1))
            except (OSError, ValueError):
                pass
        signal.alarm(1)
        def f(number):
            while True: pass
    """,
    "attaches to its parent": """
        import ctypes
        libc = ctypes.CDLL(None)
        def f(number): return [libc.ptrace(16, process, 0, 0) for process in (1, os.getppid())]
    """,
    "writes where processes keep their memory": """
        def f(number):
            for process in os.listdir("/proc"):
                if process.isdigit() and int(process) != os.getpid():
                    with open(f"/proc/{process}/mem", "r+b") as memory: memory.write(b"passed")
    """,
    "returns something endless": """
        class Endless(list):
            def __iter__(self): return iter(int, 1)
            def __len__(self): return 0
            def __eq__(self, other): return True
        def f(number): return Endless()
    """,
    "returns something that contains itself": "def f(number):\n    x = []\n    x.append(x)\n    return x\n",
    "returns something deep": "def f(number, x=[]):\n    for _ in range(10**5): x = [x]\n    return x\n",
    "returns something large": "def f(number): return 'x' * 10**8",
    "returns a number too long to print": "def f(number): return 10**10**5",
    "returns an object that runs code": """
        class Bomb:
            def __reduce__(self): return forge, (1,)
            def __getattribute__(self, name): forge(1)
            __class__ = property(lambda self: str)
        def f(number): return Bomb()
    """,
    "returns a class with a lying metaclass": """
        class Meta(type):
            __eq__ = lambda cls, other: True
            __hash__ = lambda cls: hash(str)
        class Lie(metaclass=Meta):
            __eq__ = lambda self, other: True
            __hash__ = None
        def f(number): return Lie()
    """,
    "returns an enum member that is equal to all": """
        import enum
        class Same(enum.Enum):
            A = 1
            def __eq__(self, other): return True
            __hash__ = None
        def f(number): return Same.A
    """,
    "returns the clean-up of a checker": "def f(number): return {'kind': 'returned', 'value': None}",
}


@needs_bubblewrap
class TestWrongAnswers:
    def test_the_right_answers_do_pass(self, samples: Judge, unpredictable: Unpredictable) -> None:
        judgement = samples.judge(unpredictable.right_program, *unpredictable.cases)
        assert judgement == Judgement(Verdict.PASSED, "", [None] * len(unpredictable.cases))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_program_does_not_pass(
        self, samples: Judge, unpredictable: Unpredictable, name: str
    ) -> None:
        limits = dataclasses.replace(QUICK, wall_seconds=1.0, cpu_seconds=2, output_bytes=2**18)
        program = f"{_FORGE}\n{textwrap.dedent(HOSTILE[name])}\n"
        judgement = samples.judge(program, *unpredictable.cases, limits=limits)
        assert judgement.verdict not in (Verdict.PASSED, Verdict.INFRASTRUCTURE)
        assert all(judgement.differences)
        assert judgement.detail

    @pytest.mark.parametrize(
        "base", ["object", "int", "float", "str", "bytes", "list", "tuple", "dict", "set", "complex"]
    )
    def test_what_says_to_be_equal_to_everything_does_not_pass(
        self, samples: Judge, unpredictable: Unpredictable, base: str
    ) -> None:
        program = f"""if True:
            class Same({base}):
                __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
                __ne__ = lambda self, other: False
                __hash__ = lambda self: 0
                __class__ = property(lambda self: str)
            def f(number): return Same()
        """
        judgement = samples.judge(program, *unpredictable.cases)
        assert judgement.verdict == Verdict.FAILED
        assert all(judgement.differences)

    @pytest.mark.parametrize("value", [3, 1.5, "text", b"bytes", [1], (1,), {"a": 1}, {1}, frozenset({1})])
    def test_a_right_value_of_a_class_of_its_own_does_not_pass(self, samples: Judge, value: Any) -> None:
        base = type(value).__name__
        program = f"class Own({base}): pass\ndef f(): return Own({value!r})\n"
        assert samples.verdict(program, call().returns(value)) == Verdict.FAILED

    def test_a_wrong_answer_after_right_ones_does_not_pass(
        self, samples: Judge, unpredictable: Unpredictable
    ) -> None:
        program = f"{unpredictable.right_program}\nvalues[-1] += 1\n"
        judgement = samples.judge(program, *unpredictable.cases)
        assert judgement.verdict == Verdict.FAILED
        assert judgement.differences[:-1] == [None] * (len(unpredictable.cases) - 1)

    def test_the_tests_of_another_entry_point_do_not_run(self, samples: Judge) -> None:
        program = f"{_FORGE}\nworker().load_program = None\ndef g(): return 1\n"
        assert samples.verdict(program, call().returns(1)) == Verdict.ERROR

    def test_how_much_a_generator_should_yield_is_not_to_be_found_out(self, samples: Judge) -> None:
        # the right function yields nothing for each divisor
        program = """if True:
            import sys
            def f(number):
                frame = sys._getframe()
                while frame is not None:
                    wanted = frame.f_locals.get("call")
                    for told in wanted.values() if type(wanted) is dict else ():
                        if type(told) is int:
                            return [None] * (told - 1)
                    frame = frame.f_back
        """
        cases = [call(12).yields(*[None] * 6), call(7).yields(None, None), call(16).yields(*[None] * 5)]
        assert samples.verdict(program, *cases) != Verdict.PASSED


# What matches these patterns is text that was not in the program itself.
_HUNT = r"""
import gc, glob, os, re, sys
ARGUMENT = re.compile(rb"argument[-]sentinel[-][0-9a-f]{32}")
EXPECTED = re.compile(rb"expected[-]sentinel[-][0-9a-f]{32}")

def memory():
    for line in open("/proc/self/maps"):
        fields = line.split()
        if fields[1].startswith("r") and fields[-1] not in ("[vvar]", "[vsyscall]"):
            start, end = (int(part, 16) for part in fields[0].split("-"))
            try:
                with open("/proc/self/mem", "rb", 0) as file:
                    file.seek(start)
                    yield file.read(end - start)
            except (OSError, OverflowError):
                pass

def objects():
    seen, queue = set(), gc.get_objects()
    while queue:
        thing = queue.pop()
        if id(thing) not in seen:
            seen.add(id(thing))
            if type(thing) is str:
                yield thing.encode("utf-8", "replace")
            elif type(thing) is bytes:
                yield thing
            else:
                queue += gc.get_referents(thing)

def frames():
    frame = sys._getframe()
    while frame is not None:
        for value in (*frame.f_locals.values(), *frame.f_code.co_consts):
            yield repr(value).encode("utf-8", "replace") if type(value) in (str, dict, list) else b""
        frame = frame.f_back

def files():
    names = glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline")
    names += glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/task/*/comm")
    for root in ("/opt", "/tmp", "/home", "/etc", "/dev/shm", "/var", "/run", "/srv", "/mnt", "/work"):
        for folder, _, found in os.walk(root):
            names += [os.path.join(folder, name) for name in found]
    for name in names:
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            yield os.read(descriptor, 1 << 20)
        except OSError:
            pass
        os.close(descriptor)

def hunt(pattern, source):
    return sorted({match.decode() for part in source() for match in pattern.findall(part)})

def f(argument):
    sources = (objects, frames, files, memory)
    return {source.__name__: [hunt(ARGUMENT, source), hunt(EXPECTED, source)] for source in sources}
"""


@needs_bubblewrap
class TestSecrets:
    def test_expected_values_are_nowhere_in_reach(self, samples: Judge, unpredictable: Unpredictable) -> None:
        sentinel = unpredictable.values[0]
        argument = sentinel.replace("expected", "argument")
        helpers = "helper = 1\n"
        cases = [
            call(argument).returns(sentinel, arguments_after=[sentinel]),
            call(argument).yields(sentinel),
            call(argument).raises(sentinel),
        ]
        run = samples.run(_HUNT, *cases, test_helpers=helpers)
        found = run.outcomes[0].value
        # that arguments are found shows that the hunt is worth something
        assert found["objects"][0] == found["memory"][0] == [argument]
        assert found["frames"][0] == [argument]
        assert {source: expected for source, (_, expected) in found.items()} == {
            source: [] for source in ("objects", "frames", "files", "memory")
        }

    def test_nothing_of_the_task_but_its_calls_is_in_the_request(self) -> None:
        task = dataclasses.replace(
            make_task([call(1).returns(2)]),
            task_id="secret-1",
            prompt="secret-2",
            canonical_solution="secret-3",
            check="secret-4",
            original_docstring="secret-5",
        )
        requests: list[bytes] = []
        sandbox = CannedSandbox(CommandResult("exited", 0, None, b"", 0.1), requests)
        interpreter = Interpreter(Path("/usr/bin/python3"), Path("/usr"), (3, 11, 7))
        run_sample(sandbox, interpreter, "def f(): pass", task, hash_seed=0)
        assert b"secret" not in requests[0]


_EXPECTED_VALUES: tuple[Any, ...] = (
    {"$dict": [[1, 2]]},
    {"$counter": [["a", 1]]},
    {"$defaultdict": [None, [[1, 2]]]},
    {"$ordereddict": [[1, 2]]},
    {"$float": "nan"},
    {"$tuple": [1]},
    {"$set": [1]},
    {"$object": ["task:A", {"x": 1}]},
    {"a": 1},
    [1],
    "x",
    1,
    1.5,
    True,
    None,
)
_MALFORMED_VALUES = (
    *('{"$dict":5}', '{"$dict":[[1]]}', '{"$dict":[[1,2,3]]}', '{"$dict":{}}', '{"$dict":[5]}'),
    *('{"$dict":null}', '{"$dict":"ab"}', '{"$dict":[[[1],2]]}', '{"$counter":5}', '{"$counter":[5]}'),
    *('{"$defaultdict":5}', '{"$defaultdict":[]}', '{"$defaultdict":[null]}', '{"$defaultdict":[null,5]}'),
    *('{"$defaultdict":{"0":null}}', '{"$ordereddict":5}', '{"$float":5}', '{"$float":null}'),
    *('{"$float":["nan"]}', '{"$tuple":{}}', '{"$tuple":5}', '{"$set":5}', '{"$object":[]}', '{"$object":5}'),
    *('{"":1}', '{"$":1}', "{}", "[[]]", '{"$int":"1"}', "1e999", "-1e999", "1e308", "9" * 4_299),
    *("9" * 5_000, "0.1" + "0" * 10**5, '"\\ud800"', '"\\u0000"', "NaN", "Infinity", "-0.0", "-0"),
    *("[" * 5_000, "[" * 5_000 + "]" * 5_000, '{"a":' * 5_000, '"' + "x" * 10**6 + '"'),
    '{"' + "k" * 10**5 + '":1}',
)


class TestTheJudge:
    """It reads what hostile programs wrote: nothing of that may stop it, fool it or fill its memory."""

    def _read(self, lines: list[bytes], cases: list[TestCase], start: bytes = b"") -> SampleRun:
        start = b'{"worker_started":true}\n' + (start or b'{"program_loaded":true}\n')
        output = start + b"".join(line + b"\n" for line in lines)
        sandbox = CannedSandbox(CommandResult("exited", 0, None, output, 0.1), [])
        interpreter = Interpreter(Path("/usr/bin/python3"), Path("/usr"), (3, 11, 7))
        return run_sample(sandbox, interpreter, "", make_task(cases), hash_seed=0)

    @pytest.mark.parametrize("expected", _EXPECTED_VALUES, ids=str)
    def test_malformed_values_are_only_wrong(self, expected: Any) -> None:
        kinds: tuple[Literal["returned", "yielded"], ...] = ("returned", "yielded")
        for text, kind in itertools.product(_MALFORMED_VALUES, kinds):
            case = TestCase([], {}, Expected(kind, [expected] if kind == "yielded" else expected))
            value = f"[{text}]" if kind == "yielded" else text
            run = self._read([f'{{"kind":"{kind}","value":{value}}}'.encode()], [case])
            judgement = judge([case], run)
            assert judgement.verdict == Verdict.FAILED, text[:100]

    @pytest.mark.parametrize("expected", _EXPECTED_VALUES, ids=str)
    def test_malformed_arguments_are_only_wrong(self, expected: Any) -> None:
        case = TestCase([0], {}, Expected("returned", 1, arguments_after=[expected]))
        for text in _MALFORMED_VALUES:
            run = self._read([f'{{"kind":"returned","value":1,"arguments_after":[{text}]}}'.encode()], [case])
            assert judge([case], run).verdict == Verdict.FAILED, text[:100]

    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('{"$tuple":[', "]}")])
    def test_values_of_any_depth_are_only_wrong(self, opening: str, closing: str) -> None:
        # at some depth, reading just works and everything that is done with the value then does not
        case = TestCase([], {}, Expected("returned", 1))
        for depth in range(50, 1_010):
            inner = "1" if opening != "[" else ""
            value = f"{opening * depth}{inner}{closing * depth}"
            run = self._read([f'{{"kind":"returned","value":{value}}}'.encode()], [case])
            assert judge([case], run).verdict == Verdict.FAILED

    @pytest.mark.parametrize("text", _MALFORMED_VALUES, ids=lambda text: text[:20])
    def test_malformed_reports_of_a_failure_are_only_failures(self, text: str) -> None:
        case = TestCase([], {}, Expected("returned", 1))
        for start in (f'{{"program_failed":{text}}}\n', f"{text}\n", f'{{"program_loaded":{text}}}\n'):
            assert judge([case], self._read([], [case], start.encode())).verdict != Verdict.PASSED

    def test_reports_of_a_failure_of_any_depth_are_only_failures(self) -> None:
        case = TestCase([], {}, Expected("returned", 1))
        for depth in range(50, 1_010):
            start = f'{{"program_failed":{"[" * depth}{"]" * depth}}}\n'
            verdict = judge([case], self._read([], [case], start.encode())).verdict
            # what is too deep to be read is no report
            assert verdict == Verdict.ERROR or (depth > 500 and verdict == Verdict.CRASHED), depth

    @pytest.mark.parametrize(
        "line",
        [
            b'{"kind":"raised","exception":"' + b"x" * 10**6 + b'"}',
            b'{"kind":"not_encodable","detail":"' + b"x" * 10**6 + b'"}',
            b'{"kind":"returned","value":{"' + b"x" * 10**6 + b'":1}}',
            b'{"kind":"returned","value":"' + b"x" * 10**6 + b'"}',
        ],
    )
    @pytest.mark.parametrize(
        "expected",
        [Expected("raised", exception="builtins:ValueError"), Expected("returned", {"a": 1})],
        ids=["raised", "returned"],
    )
    def test_explanations_are_short(self, line: bytes, expected: Expected) -> None:
        case = TestCase([], {}, expected)
        assert len(judge([case], self._read([line], [case])).detail) < 5_000

    def test_explanations_of_a_failure_are_short(self) -> None:
        start = b'{"program_failed":"' + b"x" * 10**6 + b'"}\n'
        case = TestCase([], {}, Expected("returned", 1))
        assert len(judge([case], self._read([], [case], start)).detail) < 5_000

    def test_explanations_hold_no_control_characters(self) -> None:
        # they are printed to terminals
        line = b'{"kind":"raised","exception":"\\u001b[2J\\u0007","detail":"\\u001b]0;title\\u0007"}'
        for expected in (Expected("raised", exception="builtins:ValueError"), Expected("returned", 1)):
            case = TestCase([], {}, expected)
            assert "\x1b" not in judge([case], self._read([line], [case])).detail

    def test_no_more_outcomes_are_kept_than_calls_were_asked_for(self) -> None:
        case = TestCase([], {}, Expected("returned", 1))
        run = self._read([b"x"] * 50_000, [case])
        assert len(run.outcomes) <= 1, "16 MiB of line ends become gigabytes of outcomes"

    def test_outcomes_beyond_the_calls_change_nothing(self) -> None:
        case = TestCase([], {}, Expected("returned", 1))
        lines = [b'{"kind":"returned","value":2}', b'{"kind":"returned","value":1}']
        assert judge([case], self._read(lines, [case])).verdict == Verdict.FAILED

    def test_a_missing_outcome_is_no_value(self) -> None:
        case = TestCase([], {}, Expected("returned", None))
        assert judge([case, case], self._read([b'{"kind":"returned"}'], [case, case])).verdict != (
            Verdict.PASSED
        )
