"""What surrounds a function: state that others fill, decorators, guarded imports, annotations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tracing.extracted import extract_from, namespace, program
from tracing.dependencies import NotExtractable


def test_registrations_by_decorators_travel_with_the_table_they_fill(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import functools
            HANDLERS = {}
            def register(name):
                def decorate(function):
                    HANDLERS[name] = function
                    return function
                return decorate
            @register("up")
            def upper(x):
                return x.upper()
            @functools.singledispatch
            def kind(x):
                return "other"
            @kind.register(int)
            def _(x):
                return "int"
            def target(name, x):
                return HANDLERS[name](x), kind(x), kind(1)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"]("up", "a") == ("A", "other", "int")


def test_decorators_that_only_register_are_left_out_where_nothing_reads_the_register(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import functools, surely_not_installed as web
            COMMANDS = []
            def command(function):
                COMMANDS.append(function)
                return function
            def doubled(function):
                @functools.wraps(function)
                def wrapper(x):
                    return 2 * function(x)
                return wrapper
            def traced(function):
                return web.trace(function)
            @command
            @web.route("/")
            @doubled
            @traced
            def helper(x):
                return x + 1
            def target(x):
                return helper(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == 4
    assert "COMMANDS" not in program(function)
    assert function.dropped_decorators == (
        "helper: @command",
        "helper: @web.route('/')",
        "helper: @traced",
    )


def test_statements_that_only_read_a_variable_stay_behind(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            TABLE = {"a": 1}
            COPY = {}
            for key in TABLE:
                COPY[key] = TABLE[key]
            print(len(TABLE), TABLE.keys())
            def fill(table=TABLE):
                table["b"] = 2
            fill()
            def helper():
                return TABLE
            helper.__doc__ = "Not needed."
            def target(key):
                return helper().get(key)
            if __name__ == "__main__":
                TABLE.clear()
            """
        },
        "m.target",
    )
    assert namespace(function)["target"]("b") == 2
    assert not any(text in function.header for text in ("COPY", "print", "__doc__", "__main__"))


def test_a_module_fills_the_table_of_another_through_its_function(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "registry.py": "TABLE = {}\ndef add(name, value): TABLE[name] = value\n",
            "m.py": "from registry import add, TABLE\nadd('a', 1)\ndef target(name): return TABLE[name]\n",
        },
        "m.target",
    )
    assert namespace(function)["target"]("a") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "TEXT = open('data.txt').read()",
        "from pathlib import Path\nTEXT = Path('data.txt').read_text()",
        "import importlib.metadata\nTEXT = importlib.metadata.version('pkg')",
    ],
)
def test_constants_from_files_cannot_travel(tmp_path: Path, statement: str) -> None:
    with pytest.raises(NotExtractable) as caught:
        extract_from(tmp_path, {"m.py": f"{statement}\ndef target(x): return TEXT\n"}, "m.target")
    assert caught.value.reason == "needs_environment"


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("try:\n    from other import f\nexcept ImportError:\n    f = None\n", 1),
        ("try:\n    from .other import f\n    g = f\nexcept ImportError:\n    f = None\n", 1),
        ("try:\n    import json\n    f = json.loads\nexcept ImportError:\n    f = None\n", "1"),
        ("try:\n    from missing_one import f\nexcept ImportError:\n    def f(x): return [x]\n", ["1"]),
        ("import sys\nPY2 = sys.version_info[0] == 2\nif PY2:\n    import old\nelse:\n    f = str\n", "1"),
        ("import sys\nW = sys.platform.startswith('win')\nif not W:\n    f = str\nelse:\n    f = W\n", "1"),
        ("import sys\nif sys.platform == 'win32':\n    import winreg as f\nelse:\n    f = str\n", "1"),
    ],
)
def test_guards_are_decided_by_what_the_environment_has(tmp_path: Path, guard: str, expected: object) -> None:
    files = {"pkg/__init__.py": "", "other.py": "f = int\n", "pkg/other.py": "f = int\n"}
    files["pkg/m.py"] = f"{guard}def target(x): return f(x) if f is not str else str(x)\n"
    (tmp_path / "environment").mkdir()
    function = extract_from(tmp_path, files, "pkg.m.target", installed=tmp_path / "environment")
    assert namespace(function)["target"]("1") == (1 if "json" in guard else expected)
    assert "try" not in function.header
    assert "if " not in function.header


def test_of_a_guarded_import_only_the_needed_names_stay(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            try:
                from collections.abc import Mapping, Sequence
            except ImportError:
                from collections import Mapping, Sequence
            def target(x):
                return isinstance(x, Mapping)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"]({}) is True
    assert "Sequence" not in function.header


def test_the_branch_in_which_the_function_stands_is_the_live_one(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import math
            if hasattr(math, "surely_not"):
                def split(x):
                    return None
            else:
                def split(x):
                    text = '''a
                        b'''
                    return text, x
                def target(x):
                    return split(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == ("a\n            b", 1)
    assert "hasattr" not in function.header


def test_names_of_dead_branches_may_stay_unknown(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import sys
            if sys.version_info >= (3, 99):
                import annotations_of_the_future
            def target(x):
                return annotations_of_the_future.f(x) if x else 0
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](0) == 0


def test_overloads_stay_behind(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import typing as t
            @t.overload
            def helper(x: int) -> int: ...
            @t.overload
            def helper(x: str) -> str: ...
            def helper(x):
                return x
            def target(x):
                return helper(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == 1
    assert function.header.count("def helper") == 1
    assert "import" not in function.header


def test_aliases_of_types_travel_with_the_signature(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            from typing import TYPE_CHECKING, Any, Dict, List, TypeVar, Union
            if TYPE_CHECKING:
                from collections.abc import Iterable
            T = TypeVar("T")
            Number = Union[int, float]
            Huge = Union[int, "x"]
            class Box: pass
            def helper(x: Box): return x
            def target(x: Number, y: List[T] = None) -> "Iterable[T]":
                return helper(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == 1
    assert 'T = TypeVar("T")\nNumber = Union[int, float]\n' in function.header
    assert "from typing import List, TypeVar, Union\n" in function.header
    assert "class Box" not in function.header
    assert "Huge" not in function.header


def test_helpers_go_without_a_decorator_that_is_most_of_the_program(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": f"""
            HUGE = "{"x" * 101_000}"
            def dispatched(function):
                def wrapper(*arguments):
                    return function(*arguments) if HUGE else None
                return wrapper
            @dispatched
            def helper(x):
                return x + 1
            def target(x):
                return helper(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == 2
    assert function.dropped_decorators == ("helper: @dispatched",)


def test_what_changes_a_table_and_cannot_travel_stays_behind(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import surely_not_installed
            TABLE = {"a": 1}
            TABLE["b"] = open("data.txt").read()
            surely_not_installed.fill(TABLE)
            TABLE["c"] = 3
            def target(key):
                return TABLE[key]
            TABLE["d"] = target
            """
        },
        "m.target",
    )
    assert namespace(function)["target"]("c") == 3
    assert "data.txt" not in function.header
