"""Functions without a name of their own: found by their place, and whole without their surroundings."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tracing.callable_source import FunctionSource, source_of_function
from tracing.dependencies import NotExtractable
from tracing.project_modules import ProjectModules

_MODULES = {
    "pkg/__init__.py": "",
    "pkg/tools.py": "def double(x):\n    return 2 * x\n",
}


def _find(
    folder: Path, text: str, line: int, name: str = "<lambda>", column: int | None = None
) -> FunctionSource:
    for path, content in {**_MODULES, "tests/test_it.py": textwrap.dedent(text)}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return source_of_function(ProjectModules(folder), "/project/tests/test_it.py", line, column, name)


def _value(source: FunctionSource, **names: Any) -> Any:
    """The function, made as the interface says, from its definitions and its closure's values."""
    for definition in source.definitions:
        for position in definition.statements:
            start = definition.module.tree.body[position]
            lines = definition.module.text.split("\n")[start.lineno - 1 : start.end_lineno]
            exec("\n".join(lines), names)  # noqa: S102 - made by this test
    assert set(source.closure) <= names.keys()
    exec(source.preamble, names)  # noqa: S102 - made by this test
    if source.is_lambda:
        return eval(source.text, names)  # noqa: S307 - made by this test
    exec(source.text, names)  # noqa: S102 - made by this test
    return names[source.name]


def test_a_lambda_travels_with_what_its_module_means_by_its_names(tmp_path: Path) -> None:
    source = _find(
        tmp_path,
        """\
        import math as m
        from pkg import tools
        from pkg.tools import double as twice
        def test_it(table=None):
            by = 3
            apply(lambda x: [m.floor(x) + by, tools.double(x),
                             twice(f"{twice(x)}")], 1.5)
        """,
        6,
    )
    assert source.closure == ("by",)
    assert [definition.name for definition in source.definitions] == ["double"]
    assert source.preamble == "import math as m\n"
    assert _value(source, by=3)(1.5) == [4, 3.0, "3.03.0"]


def test_a_nested_function_travels_without_its_decorators(tmp_path: Path) -> None:
    source = _find(
        tmp_path,
        """\
        class TestIt:
            def test_it(self):
                from pkg.tools import double
                limit = 3
                @self.register
                def count(n):
                    '''Indented
                        text.'''
                    return double(n) if n > limit else [n, count(n + 1)]
        """,
        5,
        "count",
    )
    assert (source.name, source.is_lambda, source.closure) == ("count", False, ("limit",))
    assert source.text.startswith("def count(n):\n")
    count = _value(source, limit=1)
    assert count(1) == [1, 4]
    assert count.__doc__ == "Indented\n                text."


def test_lambdas_of_one_line_are_told_apart_by_the_columns_of_their_code(tmp_path: Path) -> None:
    text = 'é = "ü"; f = [lambda: é, lambda x: (x + 1), lambda x: lambda y: x - y, lambda x: [x\n]]\n'
    codes = [code for code in compile(text, "t", "exec").co_consts if isinstance(code, CodeType)]
    inner = [code for outer in codes for code in outer.co_consts if isinstance(code, CodeType)]
    found = []
    for code in (*codes, *inner):
        column = min(
            column for line, _, column, end in code.co_positions() if line == 1 and (column, end) != (0, 0)
        )
        found.append(_find(tmp_path, text, 1, column=column))
    assert [source.text for source in found] == [
        "lambda: é",
        "lambda x: (x + 1)",
        "lambda x: lambda y: x - y",
        "(lambda x: [x\n])",
        "lambda y: x - y",
    ]
    assert found[4].closure == ("x",)
    with pytest.raises(NotExtractable, match="ambiguous_lambda"):
        _find(tmp_path, text, 1)


def test_equal_lambdas_of_one_line_need_no_column(tmp_path: Path) -> None:
    assert _find(tmp_path, "f(lambda x: x + 1, lambda x: x + 1)\n", 1).text == "lambda x: x + 1"


@pytest.mark.parametrize(
    ("text", "line", "name", "reason"),
    [
        ("x = 1\n", 1, "<lambda>", "source_not_found"),
        (
            "def f():\n    for i in range(3):\n        lambda x, i=i: x + i\n",
            3,
            "<lambda>",
            "default_from_scope",
        ),
        ("import numpy\nf = lambda x: numpy.sum(x)\n", 2, "<lambda>", "needs_package"),
        ("def f():\n    def g(x):\n        global N\n        N = x\n", 2, "g", "writes_global"),
        ("class A:\n    def f(self, x):\n        return self.__x\n", 2, "f", "needs_its_class"),
        ("class A(B):\n    def f(self, x):\n        return super().f(x)\n", 2, "f", "needs_its_class"),
        ("f = lambda x: missing(x)\n", 1, "<lambda>", "unresolved_name"),
        ("from pkg import tools\nf = lambda double: tools.double(double)\n", 2, "<lambda>", "name_conflict"),
    ],
)
def test_what_cannot_travel_is_refused_with_its_reason(
    tmp_path: Path, text: str, line: int, name: str, reason: str
) -> None:
    with pytest.raises(NotExtractable) as caught:
        _find(tmp_path, text, line, name)
    assert caught.value.reason == reason
