"""Programs that want to pass without being right. None may, and none may disturb the judge."""

from __future__ import annotations

import dataclasses
import itertools
import json
import secrets
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from sandbox.sample_jobs import proxy_job, stdio_job, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import Judgement, Verdict, judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, StdioTest, TestCase
from tests.sandbox.samples import QUICK, CannedPool, Judge, Unpredictable, call, make_task, reply


@pytest.fixture(scope="module")
def samples(pool: WorkerPool) -> Judge:
    return Judge(pool)


@pytest.fixture(scope="module")
def unpredictable() -> Unpredictable:
    return Unpredictable()


class TestWrongAnswers:
    def test_the_right_answers_do_pass(self, samples: Judge, unpredictable: Unpredictable) -> None:
        judgement = samples.judge(unpredictable.right_program, *unpredictable.cases)
        assert judgement == Judgement(Verdict.PASSED, "", [None] * len(unpredictable.cases))

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
        program = "import sys\nsys.modules['__main__'].load_program = None\ndef g(): return 1\n"
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
import ctypes, gc, os, re, select, sys
PATTERN = re.compile(rb"(?:argument|expected|program|check|solution|stdin)[-]sentinel[-][0-9a-f]{32}")
libc = ctypes.CDLL(None)

def memory():
    # the kernel tells by an error what is not mapped
    step, seen = 16 * 4096, set()
    reader, writer = os.pipe()
    def part(address):
        size = libc.write(writer, ctypes.c_void_p(address), ctypes.c_size_t(step))
        return os.read(reader, size) if size > 0 else b""
    ids = {id(thing) // step for thing in gc.get_objects()}
    ids |= {id(each) // step for thing in gc.get_objects() for each in gc.get_referents(thing)}
    ids |= {int(ctypes.c_void_p.from_buffer(ctypes.py_object(PATTERN)).value) // step}
    libc.sbrk.restype = ctypes.c_void_p
    ids.add(libc.sbrk(0) // step - 1)
    for first in sorted(ids):
        for direction in (1, -1):
            page = first if direction == 1 else first - 1
            while page not in seen and abs(page - first) < 512:
                seen.add(page)
                content = part(page * step)
                if not content:
                    break
                yield content
                page += direction
    os.close(reader)
    os.close(writer)

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
            yield repr(value).encode("utf-8", "replace") if type(value) in (str, dict, list, tuple) else b""
        frame = frame.f_back

def files():
    names = ["/proc/self/environ", "/proc/self/cmdline", "/proc/1/environ", "/proc/1/cmdline"]
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

def descriptors():
    for descriptor in range(64):
        try:
            yield os.pread(descriptor, 1 << 20, 0)
        except OSError:
            pass
        try:
            os.fstat(descriptor)
            if select.select([descriptor], [], [], 0)[0]:
                yield os.read(descriptor, 1 << 20)
        except OSError:
            pass

def hunt():
    sources = (objects, frames, files, descriptors, memory)
    # spelled backwards, so that the answer is not itself what another sample could find
    found = {each.__name__: {text for part in each() for text in PATTERN.findall(part)} for each in sources}
    return {name: sorted(each.decode()[::-1] for each in texts) for name, texts in found.items()}
"""
_HUNTING_FUNCTION = f"{_HUNT}\ndef f(argument): return hunt()\n"


def _sentinel(kind: str) -> str:
    return f"{kind}-sentinel-{secrets.token_hex(16)}"


def _only(found: dict[str, list[str]], known: str) -> None:
    """That nothing was found but what is known, and that the hunt found that: it is worth something."""
    assert known in _read(found["objects"])
    assert known in _read(found["memory"])
    others = {source: _read(texts) - {known} for source, texts in found.items()}
    assert not any(others.values()), others


def _read(backwards: list[str]) -> set[str]:
    return {text[::-1] for text in backwards}


class TestSecrets:
    """A sample is asked for what it can find of expected values, tests, and other samples."""

    @pytest.fixture
    def fresh_pool(self, pool: WorkerPool) -> Iterator[WorkerPool]:
        """Workers in which nothing has been run before."""
        with WorkerPool(pool.backend, pool.interpreter) as made:
            yield made

    def test_expected_values_are_nowhere_in_reach(self, fresh_pool: WorkerPool) -> None:
        expected, argument = _sentinel("expected"), _sentinel("argument")
        cases = [
            call(argument).returns(expected, arguments_after=[expected]),
            call(argument).yields(expected),
            call(argument).raises(expected),
        ]
        run = Judge(fresh_pool).run(_HUNTING_FUNCTION, *cases, test_helpers="helper = 1\n")
        found = run.outcomes[0].value
        assert _read(found["frames"]) == {argument}
        _only(found, argument)

    @pytest.mark.parametrize(
        "neighbour",
        [
            "x = '{0}'\ndef f(argument): return len(x + argument)\n",
            *(f"def f(argument): return ['{{0}}'] * {count}\n" for count in (4, 15, 100)),
            "def f(argument): print('{0}' * 1000); raise ValueError('{0}')\n",
            "import json; x = json.dumps(['{0}'] * 100000)\ndef f(argument): return 0\n",
        ],
        ids=[
            *("program", *(f"result of {count}" for count in (4, 15, 100))),
            *("message", "memory"),
        ],
    )
    def test_other_samples_are_nowhere_in_reach(self, fresh_pool: WorkerPool, neighbour: str) -> None:
        # of the same batch, before and behind, and of another task before
        settings = WorkerSettings(limits=QUICK)
        earlier = values_job(make_task([call(_sentinel("argument")).returns(1)]), QUICK)
        neighbours = [neighbour.format(_sentinel("program")) for _ in range(3)]
        assert len(list(run_samples(fresh_pool, earlier, neighbours, settings))) == 3
        argument = _sentinel("argument")
        job = values_job(make_task([call(argument).returns(1)]), QUICK)
        programs = [*neighbours, _HUNTING_FUNCTION, *neighbours]
        runs = list(run_samples(fresh_pool, job, programs, settings))
        assert all(len(run.outcomes) == 1 for run in runs)
        _only(runs[3].outcomes[0].value, argument)

    def test_the_check_and_the_solution_are_nowhere_in_reach_of_a_candidate(
        self, fresh_pool: WorkerPool
    ) -> None:
        argument = _sentinel("argument")
        # the report holds the message of the assertion, up to a length
        check = (
            f"# {_sentinel('check')}\ndef check(candidate):\n    expected = '{_sentinel('check')}'\n"
            f"    found = candidate('{argument}')\n"
            "    assert False, '|'.join(sorted({t[-24:] for texts in found.values() for t in texts}))\n"
        )
        task = dataclasses.replace(
            make_task([]), check=check, canonical_solution=f"# {_sentinel('solution')}\n"
        )
        job = proxy_job(task, QUICK)
        for _ in range(2):  # the second time the worker has judged before
            (run,) = run_samples(fresh_pool, job, [_HUNTING_FUNCTION], WorkerSettings(limits=QUICK))
            assert run.check is not None
            assert run.check.detail == f"AssertionError: {argument[:24][::-1]}"

    def test_other_inputs_are_nowhere_in_reach_of_a_whole_program(self, fresh_pool: WorkerPool) -> None:
        inputs = [_sentinel("stdin") for _ in range(3)]
        task = dataclasses.replace(
            make_task([]), stdio_tests=[StdioTest(text, _sentinel("expected")) for text in inputs]
        )
        program = f"{_HUNT}\nimport json\nown = sys.stdin.read()\nprint(json.dumps(hunt()))\n"
        (run,) = run_samples(fresh_pool, stdio_job(task, QUICK), [program], WorkerSettings(limits=QUICK))
        for own, (_, output) in zip(inputs, run.outputs, strict=True):
            _only(json.loads(output), own)

    def test_nothing_of_the_task_but_its_calls_is_in_the_request(self) -> None:
        task = dataclasses.replace(
            make_task([call(1).returns(2)]),
            task_id="secret-1",
            prompt="secret-2",
            canonical_solution="secret-3",
            check="secret-4",
            original_docstring="secret-5",
            stdio_tests=[StdioTest("input", "secret-6")],
        )
        pool = CannedPool(reply(b""))
        for job in (values_job(task, QUICK), proxy_job(task, QUICK), stdio_job(task, QUICK)):
            list(run_samples(pool, job, ["def f(): pass"], WorkerSettings()))
        assert [job.mode for job in pool.jobs] == ["values", "proxy", "stdio"]
        assert all("secret" not in json.dumps(job.request) for job in pool.jobs)
        assert [job.judge is None for job in pool.jobs] == [True, False, True]


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
        results = (start or b'{"program_loaded":true}\n') + b"".join(line + b"\n" for line in lines)
        return Judge(CannedPool(reply(results))).run("", *cases)

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
