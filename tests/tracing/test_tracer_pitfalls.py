"""What has made tracers lose calls, record wrong ones, or change the program that they trace."""

from __future__ import annotations

import pytest

from tests.tracing.traced_script import Traced


def _values(traced: Traced, name: str = "f") -> list[object]:
    return [line["outcome"].get("value") for line in traced.calls(name)]


def test_recording_goes_on_after_a_recursion_error_without_a_collector(traced: Traced) -> None:
    if traced.tracer == "setprofile" and traced.version >= (3, 12):
        pytest.skip("monitoring is there for that")
    traced.run(
        "def f(x): return x\ndef deep(n): return deep(n + 1)",
        """
        import gc, sample, sys
        gc.disable()
        for limit in (1000, 500, 501, 502):
            sys.setrecursionlimit(limit)
            try: sample.deep(0)
            except RecursionError: pass
            min(1, 2)  # Python 3.11 looks for signals after calls, and not before the first
            sample.f(limit)
        """,
    )
    assert _values(traced) == [1000, 500, 501, 502]


def test_recursion_through_c_code_loses_nothing(traced: Traced) -> None:
    if traced.tracer == "setprofile" and traced.version >= (3, 12):
        pytest.skip("monitoring is there for that")
    traced.run(
        "def f(x): return x\ndef deep(n): return max([n], key=lambda n: deep(n + 1))",
        """
        import sample
        try: sample.deep(0)
        except RecursionError: pass
        work = [[] for _ in range(1000)]
        sample.f("after")
        """,
    )
    assert _values(traced) == ["after"]


def test_calls_cut_off_by_a_recursion_error_are_not_completed_by_others(traced: Traced) -> None:
    traced.run(
        "def f(n, end):\n    return n if n >= end else f(n + 1, end)",
        """
        import gc, sample
        for _ in range(3):
            try: sample.f(0, 10**6)
            except RecursionError: pass
        gc.collect()
        for n in range(30): sample.f(n, 0)
        """,
    )
    for line in traced.calls("f"):
        first, end = line["arguments"]
        assert (line["outcome"]["kind"] == "raised") == (end > 0)
        assert line["outcome"].get("value") == (None if end else first)


def test_the_depth_of_recursion_is_nearly_the_programs_own(traced: Traced) -> None:
    script = """
        import sample, sys
        def depth(n):
            try: return depth(n + 1)
            except RecursionError: return n
        print(depth(0))
        """
    traced.run("", script, packages=[])
    reached = int(traced.output)
    assert reached > 980


def test_tracing_goes_on_when_pytest_has_rewritten_a_module(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import gc, sample
        source = "class AssertionRewriter:\\n    def run(self, work): return work()"
        names = {}
        exec(compile(source, "/x/site-packages/_pytest/assertion/rewrite.py", "exec"), names)
        Rewriter = names["AssertionRewriter"]
        Rewriter().run(lambda: [gc.collect(), sample.f("meanwhile")])
        sample.f("after it")
        try: Rewriter().run(lambda: 1 / 0)
        except ZeroDivisionError: pass
        sample.f("after an error")
        kept = Rewriter()
        kept.run(lambda: None)
        gc.collect()
        sample.f("with it kept")
        """,
    )
    values = ["after it", "after an error", "with it kept"]
    if traced.tracer == "monitoring" or traced.version < (3, 9):
        values.insert(0, "meanwhile")
    assert _values(traced) == values


def test_constants_are_returned_and_not_raised(traced: Traced) -> None:
    traced.run("def f(x): return None if x else 5", "import sample; sample.f(0); sample.f(1)")
    assert [line["outcome"] for line in traced.calls("f")] == [
        {"kind": "returned", "value": 5},
        {"kind": "returned", "value": None},
    ]


def test_exceptions_are_named_where_the_hook_knows_them(traced: Traced) -> None:
    traced.run(
        """
        class Own(ValueError):
            def __str__(self): raise SystemError
        class Quiet(ValueError): pass
        def f(x): raise x[0](*x[1:])
        """,
        """
        import sample
        for case in ((ValueError, "bad"), (KeyError, "k"), (sample.Quiet, 1, 2), (sample.Own, "x"),
                     (OSError, 2, "gone"), (ValueError, "y" * 9999)):
            try: sample.f(case)
            except Exception: pass
        """,
    )
    outcomes = [line["outcome"] for line in traced.calls("f")]
    assert len(outcomes) == 5
    if traced.tracer == "setprofile":
        assert outcomes == [{"kind": "raised"}] * 5
        return
    assert [(outcome["exception"], outcome.get("message")) for outcome in outcomes] == [
        ("builtins:ValueError", "bad"),
        ("builtins:KeyError", "'k'"),
        ("sample:Quiet", "(1, 2)"),
        ("sample:Own", None),
        ("builtins:FileNotFoundError", "[Errno 2] gone"),
    ]


def test_a_generators_place_taken_by_another_mixes_nothing(traced: Traced) -> None:
    traced.run(
        "def f(n):\n    for i in range(5): yield n + i",
        """
        import sample
        for n in range(0, 1000, 100):
            one = sample.f(n); next(one); next(one); one.close()
            two = sample.f(n + 50); next(two)
            del one, two
        for n in range(0, 1000, 100): list(sample.f(n))
        """,
    )
    for line in traced.calls("f"):
        (start,) = line["arguments"]
        assert line["outcome"]["value"] == list(range(start, start + 5))[: len(line["outcome"]["value"])]
    assert len(traced.calls("f")) == 20


def test_resuming_a_generator_is_no_call(traced: Traced) -> None:
    traced.run(
        "def f(n):\n    while n:\n        n -= 1\n        yield n",
        "import sample; list(sample.f(3)); list(sample.f(3)); a = sample.f(3); next(a); list(a)",
    )
    assert [(line["arguments"], line["outcome"]["value"]) for line in traced.calls("f")] == [([3], [2, 1, 0])]


def test_yields_through_another_generator_are_the_outer_ones_too(traced: Traced) -> None:
    traced.run(
        "def f(n): yield from range(n)\ndef g(n):\n    yield from f(n)\n    yield None",
        "import sample; list(sample.g(2))",
    )
    assert _values(traced, "f") == [[0, 1]]
    assert _values(traced, "g") == [[0, 1, None]]


def test_what_follows_a_thrown_exception_is_not_recorded(traced: Traced) -> None:
    if traced.tracer == "setprofile":
        pytest.skip("a profile function is not told of it")
    traced.run(
        "def f(n):\n    try: yield n\n    except ValueError: yield -1",
        "import sample; a = sample.f(1); next(a); a.throw(ValueError)",
    )
    assert [line["outcome"] for line in traced.calls("f")] == [
        {"kind": "yielded", "value": [1], "exhausted": False}
    ]


def test_coroutines_are_recorded_by_their_result(traced: Traced) -> None:
    traced.run(
        """
        import asyncio
        async def f(n):
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            return n * 2
        async def g(n):
            for i in range(n):
                await asyncio.sleep(0)
                yield i
        async def h(n): return [await f(n)] + [i async for i in g(n)]
        """,
        "import asyncio, sample; assert asyncio.run(sample.h(2)) == [4, 0, 1]",
    )
    assert [line["outcome"] for line in traced.calls("f")] == [{"kind": "returned", "value": 4}]
    assert [line["outcome"] for line in traced.calls("h")] == [{"kind": "returned", "value": [4, 0, 1]}]
    assert [line["outcome"] for line in traced.calls("g")] == [
        {"kind": "yielded", "value": [0, 1], "exhausted": True}
    ]
    kinds = {line["name"]: line["kind"] for line in traced.lines() if "function" in line}
    assert kinds == dict.fromkeys("fgh", "coroutine")


def test_methods_are_recorded_with_their_instance_and_without_their_class(
    traced: Traced,
) -> None:
    traced.run(
        """
        class C:
            def __init__(self, x): self.x = x
            def m(self, y=1): self.x += y; return self.x
            @classmethod
            def c(cls, y): return y
            @staticmethod
            def s(y=2): return y
            @property
            def p(self): return self.x
        """,
        "import sample; i = sample.C(3); i.m(); i.c(4); i.s(5); i.s(); i.p",
    )
    kinds = {line["name"]: line["kind"] for line in traced.lines() if "function" in line}
    assert kinds == {
        "C.__init__": "method", "C.m": "method", "C.c": "classmethod", "C.s": "staticmethod", "C.p": "method"
    }  # fmt: skip
    assert traced.calls("__init__") == []  # of special names it is known what they do; they are only named
    (method,) = traced.calls("m")
    assert method["arguments"] == [{"$object": ["sample:C", {"x": 3}]}]
    assert method["outcome"]["arguments_after"] == [{"$object": ["sample:C", {"x": 4}]}]
    assert [line["arguments"] for line in traced.calls("c")] == [[4]]
    assert [line["arguments"] for line in traced.calls("s")] == [[5], []]


def test_a_killed_process_loses_nothing(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import os, sample, signal
        if os.fork() == 0:
            sample.f("killed"); os.kill(os.getpid(), signal.SIGKILL)
        os.wait()
        sample.f("parent")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert sorted(map(str, _values(traced))) == ["killed", "parent"]


def test_a_child_goes_on_with_what_its_parent_knows(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import os, sample
        for i in range(25): sample.f("x" * i)
        if os.fork() == 0:
            for i in range(25): sample.f("x" * i)
            sample.f([1]); os._exit(0)
        os.wait()
        """,
    )
    assert len(_values(traced)) == 21
    assert _values(traced).count([1]) == 1


def test_threads_that_run_already_are_recorded_where_the_hook_reaches_them(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        "import sample; go.set(); thread.join(); sample.f('main')",
        before="""
        import threading
        go = threading.Event()
        def wait():
            go.wait()
            import sample
            sample.f("early")
        thread = threading.Thread(target=wait); thread.start()
        """,
    )
    assert _values(traced) == (["main"] if traced.tracer == "setprofile" else ["early", "main"])


def test_what_other_tools_hold_is_left_to_them(traced: Traced) -> None:
    if traced.tracer == "setprofile":
        pytest.skip("there is nothing to share")
    traced.run(
        "def f(x): return x",
        "import sample, sys; sample.f(1); print([sys.monitoring.get_tool(i) for i in (3, 4, 5)])",
        before="""
        import sys
        for tool in (3, 4, 5): sys.monitoring.use_tool_id(tool, "other")
        """,
    )
    assert _values(traced) == [1]
    assert traced.output == "['other', 'other', 'other']\n"


def test_programs_that_close_all_descriptors_keep_their_files(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import os, sample
        sample.f("before")
        os.closerange(3, 4096)
        own = [os.open(os.devnull, os.O_RDONLY)]
        read, write = os.pipe()
        os.dup2(write, 700)
        sample.f("after")
        os.set_blocking(read, False)
        try: print(os.read(read, 1000))
        except BlockingIOError: print("nothing")
        """,
    )
    assert _values(traced) == ["before", "after"]
    assert traced.output == "nothing\n"


def test_an_exception_that_a_signal_handler_raises_inside_the_tracer_arrives(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import codexsft_recorder, sample
        def late(*arguments): raise TimeoutError("the test takes too long")
        codexsft_recorder.capture_inputs = late
        try: sample.f(1)
        except TimeoutError as error: print(error)
        """,
    )
    assert traced.output == "the test takes too long\n"


def test_different_looking_calls_are_recorded_however_late_they_come(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import sample
        for i in range(60): sample.f(64 + i)
        for late in ("text", [1, 2], None, {"a": 1}, [["x"]]): sample.f(late)
        """,
    )
    arguments = [line["arguments"][0] for line in traced.calls("f")]
    assert arguments[:20] == list(range(64, 84))
    assert arguments[20:] == ["text", [1, 2], None, {"a": 1}, [["x"]]]
    assert len({line["shape"] for line in traced.calls("f")}) == 6


def test_a_function_that_brings_nothing_new_is_switched_off(traced: Traced) -> None:
    traced.run(
        "def f(x): return x",
        """
        import sample
        for i in range(150): sample.f(1)
        sample.f(2)
        """,
    )
    assert _values(traced) == [1]


def test_functions_of_libraries_are_recorded_where_asked_for(traced: Traced) -> None:
    packages = traced.folder / "lib" / "site-packages"
    for name in ("library", "own", "pluggy"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(
            f"def {name}_f(x): return x\nclass C:\n    def {name}_m(self): return 1\n"
        )
    script = f"""
        import sys; sys.path.insert(0, {str(packages)!r})
        import library, own, pluggy
        for module in (library, own, pluggy):
            getattr(module, module.__name__ + "_f")(1); getattr(module.C(), module.__name__ + "_m")()
        """
    traced.run("", script, packages=["own"])
    assert {line["name"] for line in traced.lines() if "function" in line} == {"own_f", "C.own_m"}
    traced.run("", script, packages=["own"], libraries=True)
    names = {"own_f", "C.own_m", "library_f", "C.library_m", "pluggy_f"}
    origins = {line["name"]: line.get("origin") for line in traced.lines() if line.get("name") in names}
    assert origins == {"own_f": None, "C.own_m": None, "library_f": "library"}
    assert [line["arguments"] for line in traced.calls("library_f")] == [[1]]
