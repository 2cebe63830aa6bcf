"""Functions for tasks in which their project is installed: what they import, and what cannot be one."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracing.candidates import build_prompt
from tracing.dependencies import NotExtractable
from tracing.extraction import StandaloneFunction, find_function
from tracing.installed_function import extract_installed
from tracing.project_modules import ProjectModules

_FILES = {
    "pkgx/__init__.py": "NAME = 'pkgx'\n",
    "pkgx/other.py": "def near(x):\n    return x + 1\nclass Shape:\n    pass\n",
    "pkgx/sub/__init__.py": "",
    "pkgx/sub/stars.py": "__all__ = ['starred']\ndef starred(x):\n    return [x]\n",
    "pkgx/sub/deep.py": """
        from __future__ import annotations
        import os, math as m
        import os.path
        import collections.abc
        from collections import OrderedDict as OD, Counter
        from typing import Any
        from ..other import near as close
        from .. import NAME, other
        from .stars import *
        from pkgx.other import Shape

        LIMIT = 3
        def len(x):
            return 42
        def helper(x):
            return x * LIMIT

        def target(x: Shape, *more: Any) -> Any:
            \"\"\"Uses what its module knows, in every way.\"\"\"
            more = [m.floor(2.5), OD(a=x), os.path.join("a", "b"), len(x)]
            return [helper(x), close(x), NAME, starred(x), *more]

        def plain(x):
            return max(x, abs(x))

        def inside(x):
            \"\"\"Imports within itself, and recurses.\"\"\"
            from ..other import near
            from . import stars
            from .stars import starred as s
            if x > 5:
                return [near(x), stars.starred(x), s(x)]
            return inside(x + 1)

        def decorate(function):
            return function

        @decorate
        def decorated(x):
            return helper(x)

        def defaults(x, by=LIMIT):
            return x * by

        def file(x):
            return __file__ + x

        def rebinds(x):
            global LIMIT
            LIMIT = x

        def named(x):
            return __name__ + x

        def shadows(x):
            def helper(y):
                return y
            return helper(x)

        def lots(x):
            return [aaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, ccccccccccccccccccccccccccc]

        aaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb = ccccccccccccccccccccccccccc = 1
        """,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("installed_function")
    for name, text in _FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "pkgx"]:
        del sys.modules[name]


def _extract(project: Path, name: str) -> StandaloneFunction:
    module = ProjectModules(project).by_name("pkgx.sub.deep")
    assert module is not None
    lines = module.text.split("\n")
    line = next(number for number, text in enumerate(lines, 1) if f"def {name}(" in text)
    return extract_installed(module, find_function(module, name, line))


def _made(function: StandaloneFunction) -> Any:
    names: dict[str, Any] = {"__name__": "task"}
    exec(build_prompt(function) + function.text.body, names)  # noqa: S102 - made by this test
    return names[function.name]


def test_a_function_does_what_it_does_in_its_module(project: Path) -> None:
    found = _made(_extract(project, "target"))(2)
    assert found == [6, 3, "pkgx", [2], 2, {"a": 2}, "a/b", 42]


def test_its_header_imports_its_names_and_nothing_else(project: Path) -> None:
    header = _extract(project, "target").header
    assert header.splitlines() == [
        "from __future__ import annotations",
        "",
        "import math as m",
        "from collections import OrderedDict as OD",
        "from pkgx.sub.deep import NAME, close, helper, len, os, starred",
    ]
    assert _extract(project, "plain").header == ""


def test_imports_within_it_become_absolute(project: Path) -> None:
    function = _extract(project, "inside")
    assert "from ." not in function.text.body
    assert "from pkgx.other import near" in function.text.body
    assert _made(function)(3) == [7, [6], [6]]
    assert "inside" not in function.header


def test_decorators_are_left_out_and_what_they_name_too(project: Path) -> None:
    function = _extract(project, "decorated")
    assert "@" not in build_prompt(function)
    assert function.header == "from pkgx.sub.deep import helper\n"
    assert _made(function)(2) == 6


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [("defaults", (2,), 6), ("shadows", (5,), 5), ("named", ("x",), "taskx"), ("lots", (1,), [1, 1, 1])],
)
def test_other_names(project: Path, name: str, arguments: tuple[Any, ...], result: Any) -> None:
    function = _extract(project, name)
    assert _made(function)(*arguments) == result
    assert all(len(line) <= 100 for line in function.header.splitlines())


def test_names_of_its_own_are_not_imported(project: Path) -> None:
    assert _extract(project, "shadows").header == ""


@pytest.mark.parametrize(("name", "reason"), [("rebinds", "writes_global"), ("file", "needs_its_file")])
def test_what_needs_its_own_module_is_refused(project: Path, name: str, reason: str) -> None:
    with pytest.raises(NotExtractable) as error:
        _extract(project, name)
    assert error.value.reason == reason
