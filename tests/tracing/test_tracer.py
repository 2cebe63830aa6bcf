"""The tracer: what it records, and that programs do not notice it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.tracing.traced_script import Traced
from tracing.injection import copy_tracer
from tracing.recordings import Recordings, TracedFunction


def _function(recordings: Recordings, name: str) -> TracedFunction:
    (found,) = [function for function in recordings.functions if function.name.rpartition(".")[2] == name]
    return found


def _calls(function: TracedFunction) -> list[tuple[Any, Any, str, Any]]:
    return [
        (case.arguments, case.keyword_arguments, case.expected.kind, case.expected.value)
        for case in function.cases.values()
    ]


def test_records_arguments_and_results(traced: Traced) -> None:
    recordings = traced.run(
        "def add(a, b): return a + b",
        "import sample; sample.add(1, 2); sample.add('x', b='y'); sample.add(1, 2)",
    )
    assert _calls(_function(recordings, "add")) == [
        ([1, 2], {}, "returned", 3),
        (["x", "y"], {}, "returned", "xy"),
    ]


def test_a_returned_none_differs_from_an_exception(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x):\n    if x: raise ValueError(x)\n    return None\n",
        "import sample\nsample.f(0)\ntry: sample.f(1)\nexcept ValueError: pass\n",
    )
    assert [case[2] for case in _calls(_function(recordings, "f"))] == ["returned", "raised"]


def test_arguments_left_at_their_default_are_not_repeated(traced: Traced) -> None:
    recordings = traced.run(
        """
        marker = object()
        def f(a, b=marker, c=3, *rest, d=marker, **more): return [a, c]
        """,
        "import sample; sample.f(1); sample.f(1, c=5); sample.f(1, 2, 3, 4, d=5, e=6)",
    )
    assert [case[:2] for case in _calls(_function(recordings, "f"))] == [
        ([1], {}),
        ([1], {"c": 5}),
        ([1, 2, 3, 4], {"d": 5, "e": 6}),
    ]


def test_arguments_are_taken_before_the_call_changes_them(traced: Traced) -> None:
    recordings = traced.run("def f(x): x.append(1); return len(x)", "import sample; sample.f([0])")
    (case,) = _function(recordings, "f").cases.values()
    assert case.arguments == [[0]]
    assert case.expected.arguments_after == [[0, 1]]


def test_generators_are_recorded_by_what_they_yield(traced: Traced) -> None:
    recordings = traced.run(
        """
        def count(n):
            for i in range(n): yield i
        def nothing(n):
            yield None
            yield n
        def forever(n):
            while True:
                yield n
                n += 1
        """,
        """
        import sample
        list(sample.count(3)); list(sample.nothing(4))
        for start in range(3):
            endless = sample.forever(start)
            next(endless); next(endless)
            del endless
        """,
    )
    assert _calls(_function(recordings, "count")) == [([3], {}, "yielded", [0, 1, 2])]
    assert _calls(_function(recordings, "nothing")) == [([4], {}, "yielded", [None, 4])]
    endless = list(_function(recordings, "forever").cases.values())
    assert [(case.arguments, case.expected.value, case.expected.exhausted) for case in endless] == [
        ([start], [start, start + 1], False) for start in range(3)
    ]


def test_methods_and_nested_functions_are_seen_as_what_they_are(traced: Traced) -> None:
    recordings = traced.run(
        """
        class C:
            def method(self): return 1
        def outer():
            def inner(): return 2
            return inner()
        async def coroutine(): return 3
        """,
        "import asyncio, sample; sample.C().method(); sample.outer(); asyncio.run(sample.coroutine())",
    )
    kinds = {function.name.rpartition(".")[2]: function.kind for function in recordings.functions}
    assert kinds == {"method": "method", "outer": "function", "inner": "nested", "coroutine": "coroutine"}


def test_values_without_an_encoding_are_counted_with_their_type(traced: Traced) -> None:
    recordings = traced.run("def f(x): return 1", "import sample, threading\nsample.f(threading.Lock())")
    losses = _function(recordings, "f").losses
    assert [(loss.part, loss.reason, loss.detail) for loss in losses] == [
        ("argument", "unsupported_type", "_thread:lock"),
    ]


def test_threads_forks_and_hard_exits_lose_nothing(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return x",
        """
        import os, sample, threading
        thread = threading.Thread(target=sample.f, args=("thread",)); thread.start(); thread.join()
        child = os.fork()
        if child == 0:
            sample.f("fork"); os._exit(0)
        os.waitpid(child, 0)
        sample.f("parent")
        os._exit(1)
        """,
    )
    assert {case[3] for case in _calls(_function(recordings, "f"))} == {"thread", "fork", "parent"}


def test_recording_goes_on_after_a_recursion_error(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return x\ndef deep(n): return deep(n + 1)",
        """
        import gc, sample
        try: sample.deep(0)
        except RecursionError: pass
        gc.collect()
        sample.f("afterwards")
        """,
    )
    assert _calls(_function(recordings, "f")) == [(["afterwards"], {}, "returned", "afterwards")]


def test_distinct_inputs_are_capped(traced: Traced) -> None:
    recordings = traced.run(
        "def f(x): return x", "import sample\nfor i in range(1000): sample.f(i)", max_inputs=5
    )
    assert 5 < len(_function(recordings, "f").cases) <= 10


def test_code_outside_of_the_project_is_not_recorded(traced: Traced) -> None:
    recordings = traced.run(
        "import json", "import sample, json; json.loads('[1]'); exec('def g(x): return x\\ng(1)')"
    )
    assert recordings.functions == []


def test_the_traced_program_behaves_as_before(traced: Traced) -> None:
    traced.run(
        "class Odd:\n    def __eq__(self, other): raise RuntimeError\n    __repr__ = __hash__ = __eq__\n"
        "def f(x): return x",
        "import sample; sample.f(sample.Odd()); sample.f([sample.Odd()]); print('done')",
    )
    assert traced.output == "done\n"


def test_a_configuration_that_is_absent_leaves_the_process_alone(tmp_path: Path, python: str) -> None:
    copy_tracer(tmp_path)
    code = "import codexsft_tracer; codexsft_tracer.start(); print(1)"
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert done.stdout == "1\n"
    assert "not traced" in done.stderr
