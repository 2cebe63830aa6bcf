"""What is kept of arguments and results that are no plain data, on every Python that can be found."""

from __future__ import annotations

import base64
import json
import subprocess
import textwrap
from typing import Any

import pytest

from tasks.record import TestCase
from tests.tracing.traced_script import Traced
from tracing.recordings import Recordings, TracedFunction
from tracing.secrets import text_in_pickle

_LINE = len("\nimport sys; sys.path[:0] = ...\nimport codexsft_tracer; ...\n".splitlines()) + 1
"""The line of a script's first one, behind those that start the tracer."""


def _function(recordings: Recordings, name: str) -> TracedFunction:
    (found,) = [function for function in recordings.functions if function.name == name]
    return found


def _case(recordings: Recordings, name: str = "f") -> TestCase:
    (case,) = _function(recordings, name).cases.values()
    return case


def _opened(traced: Traced, case: TestCase, expression: str) -> str:
    """What an expression of the unpickled ``arguments`` and ``keywords`` shows where only the project is."""
    assert case.pickled is not None
    program = f"""
        import sys, base64, pickle
        sys.path.insert(0, {str(traced.folder / "tracer")!r})
        import codexsft_cloudpickle
        sys.path[0] = {str(traced.folder / "project")!r}
        arguments, keywords = pickle.loads(base64.b64decode({case.pickled!r}))
        print({expression})
        """
    done = subprocess.run(
        [traced.python, "-I", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_functions_are_recorded_by_their_place_and_what_they_enclose(traced: Traced) -> None:
    recordings = traced.run(
        "def f(function, x): return function(x)",
        """\
        import sample
        def make(by, table):
            def scaled(x, more=1):
                return x * by + table["a"] + more
            return scaled
        sample.f(make(3, {"a": (1,)["a" == 0]}), 2)
        """,
    )
    case = _case(recordings)
    (function,) = [tree["$function"] for tree in case.arguments[:1]]
    assert function["name"] == "scaled"
    assert function["file"] == "<string>"
    assert function["line"] == _LINE + 2
    assert function["enclosed"] == {"by": 3, "table": {"a": 1}}
    assert function["defaults"] == [1]
    assert case.arguments[1:] == [2]
    assert case.expected.value == 8


def test_functions_in_enclosed_values_and_in_containers_are_recorded_too(traced: Traced) -> None:
    recordings = traced.run(
        "def f(functions): return functions['one'](1)",
        "import sample\ninner = lambda x: x + 1\n"
        "def outer(inner):\n    return lambda x: inner(x) + 1\nsample.f({'one': outer(inner)})\n",
    )
    (argument,) = _case(recordings).arguments
    enclosed = argument["one"]["$function"]["enclosed"]
    assert enclosed["inner"]["$function"]["name"] == "<lambda>"


def test_lambdas_of_one_line_are_told_apart_by_their_column(traced: Traced) -> None:
    recordings = traced.run(
        "def f(one, other): return one(1) + other(1)",
        "import sample\nsample.f(lambda x: x + 1, lambda x: x + 2)",
    )
    columns = [tree["$function"]["column"] for tree in _case(recordings).arguments]
    if columns != [None, None]:  # before Python 3.11 nothing tells
        assert columns[0] < columns[1]


def test_functions_that_a_name_leads_to_are_recorded_by_it(traced: Traced) -> None:
    recordings = traced.run(
        "def double(x): return 2 * x\ndef f(one, other): return one(other([1]))",
        "import sample\nsample.f(sample.double, len)",
    )
    assert _case(recordings).arguments == [{"$ref": "sample:double"}, {"$ref": "builtins:len"}]


def test_a_function_that_travels_is_pickled_as_well(traced: Traced) -> None:
    recordings = traced.run(
        "def f(function, x): return function(x)",
        "import sample\nby = 3\nsample.f(lambda x: x * by, 2)",
    )
    case = _case(recordings)
    assert "$function" in str(case.arguments)
    assert _opened(traced, case, "arguments[0](5)") == "15"


def test_arguments_without_an_encoding_are_pickled(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x, y): return y",
        """\
        import functools, sample
        def keyword_default(x, *, by=2): return x
        def inner(x): return x
        @functools.wraps(inner)
        def decorated(x): return inner(x)
        class Row(list): pass
        class Reducing:
            def __reduce__(self): return Reducing, ()
        for number, argument in enumerate((keyword_default, decorated, Row([1]), Reducing())):
            sample.f(argument, number)
        """,
    )
    cases = list(_function(recordings, "f").cases.values())
    assert [(case.arguments, case.keyword_arguments) for case in cases] == [([], {})] * 4
    assert [case.expected.value for case in cases] == [0, 1, 2, 3]
    assert _opened(traced, cases[2], "arguments, type(arguments[0]).__name__, keywords") == "[[1], 2] Row {}"
    assert _opened(traced, cases[1], "arguments[0](4)") == "4"


def test_what_tests_define_is_pickled_by_value_and_the_project_by_name(traced: Traced) -> None:
    module = "class Base(list):\n    def size(self): return len(self)\ndef f(x): return x.size()"
    test_module = "import sample\nclass Mine(sample.Base):\n    def size(self): return helper(len(self))\n"
    test_module += "def helper(x): return x + 100\n"
    (traced.folder / "project").mkdir()
    (traced.folder / "project" / "test_it.py").write_text(test_module)
    recordings = traced.run(module, "import sample, test_it\nsample.f(test_it.Mine([1]))")
    case = _case(recordings)
    assert case.expected.value == 101
    (traced.folder / "project" / "test_it.py").unlink()
    shown = _opened(traced, case, "arguments[0].size(), type(arguments[0]).__mro__[1].__module__")
    assert shown == "101 sample"
    assert "helper" in text_in_pickle(case.pickled or "")


def test_what_cannot_be_pickled_is_lost_with_its_reason(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return 1",
        "import sample, threading\nsample.f([threading.Lock()])\n",
    )
    function = _function(recordings, "f")
    assert function.cases == {}
    (loss,) = function.losses
    assert (loss.part, loss.reason, loss.detail) == ("argument", "unsupported_type", "_thread:lock")


def test_pickles_are_few_and_small(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return len(x)\ndef large(x): return len(x)",
        """\
        import sample
        class Own(list): pass
        for size in range(1, 16):
            sample.f(Own([size] * 2 ** size))
        sample.large(Own(["a%d" % number for number in range(9_000)]))
        """,
    )
    cases = list(_function(recordings, "f").cases.values())
    assert 1 < len(cases) <= 8
    assert all(len(base64.b64decode(case.pickled or "")) <= 20_000 for case in cases)
    assert _function(recordings, "large").cases == {}


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("iter([x])", "iterator"),
        ("lambda: x", "not_importable"),
        ("[open]", None),
        ("C()", "unsupported_type"),
    ],
)
def test_results_without_an_encoding_are_left_to_the_replay(
    traced: Traced, result: str, reason: str | None
) -> None:
    recordings = traced.run(
        f"class C(list): pass\ndef f(x): return {result}", "import sample\nfor item in [sample.f(1)]: pass"
    )
    expected = _case(recordings).expected
    assert (expected.kind, expected.source) == ("returned", "pending" if reason else "recorded")
    assert (expected.value is None) == (reason is not None)
    if reason:
        (file,) = (traced.folder / "records").glob("*.jsonl")
        (call,) = [json.loads(line) for line in file.read_text().splitlines() if '"call"' in line]
        assert call["outcome"]["pending"] == reason


def test_nothing_is_taken_from_iterators(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return iter(list(x))\ndef g(x): return next(x)\ndef h(x): return next(x['n'])",
        """\
        import itertools, sample
        sample.h({"n": itertools.count(3)})
        print(list(sample.f(iter([1, 2]))), list(sample.f(zip([1], [2]))), list(sample.f(x for x in [3])))
        items = iter([7, 8, 9])
        print(sample.g(items), list(items))
        """,
    )
    assert traced.output == "[1, 2] [(1, 2)] [3]\n7 [8, 9]\n"
    case = _case(recordings, "g")
    assert case.arguments == [{"$call": ["builtins:iter", [[7, 8, 9]], {}]}]
    assert case.expected.value == 7
    for name in ("g", "h"):
        after = _case(recordings, name).expected.arguments_after
        assert after is None, "how far it was read depends on who asks, and when"
    assert [case.arguments for case in _function(recordings, "f").cases.values()] == [
        [{"$call": ["builtins:iter", [[1, 2]], {}]}],
        [{"$call": ["builtins:zip", [{"$call": ["builtins:iter", [[1]], {}]}, _iterator_of([2])], {}]}],
    ]


def _iterator_of(items: list[Any]) -> Any:
    return {"$call": ["builtins:iter", [items], {}]}


def test_what_a_call_changed_in_its_arguments_is_recorded(traced: Traced) -> None:
    recordings = traced.run(
        "def plain(x): x.append(1)\ndef own(x): x.append(1)\ndef none(x, y): return len(x)",
        """\
        import functools, operator, sample
        class Own(list): pass
        sample.plain([0]), sample.own(Own([0])), sample.none(Own([0]), functools.partial(max, [1]))
        """,
    )
    assert _case(recordings, "plain").expected.arguments_after == [[0, 1]]
    (after,) = _case(recordings, "own").expected.arguments_after or [None]
    assert after["$reduced"][3] == [0, 1]
    assert _case(recordings, "none").expected.arguments_after is None


def test_results_of_pickled_calls_are_described_by_structure(traced: Traced) -> None:
    recordings = traced.run(
        "class Own(list): pass\nclass Box:\n    def __reduce__(self): return Box, ()\n"
        "def f(x): return Own(x)\ndef g(x): return Own(x)",
        "import sample\nclass Mine(list): pass\nsample.f(Mine([1])); sample.g([1])",
    )
    described = _case(recordings, "f").expected
    assert described.source == "recorded"
    assert described.value["$reduced"][3] == [1]
    assert _case(recordings, "g").expected.source == "pending"


def test_objects_that_fail_when_pickled_do_not_disturb_the_program(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return 1",
        """\
        import sample
        class Failing:
            def __init__(self, error): self.error = error
            def __reduce_ex__(self, protocol): raise self.error
        class Odd:
            def __reduce_ex__(self, protocol): return 3
        class Wrong(list):
            def __reduce_ex__(self, protocol):
                def items():
                    yield 1
                    raise KeyError("of the program")
                return list, (), None, items()
        for argument in (Failing(ValueError("x")), Failing(KeyError()), Odd(), Wrong()):
            assert sample.f(argument) == 1
        print("done")
        """,
    )
    assert traced.output == "done\n"
    assert _function(recordings, "f").cases == {}
    assert _function(recordings, "f").losses
