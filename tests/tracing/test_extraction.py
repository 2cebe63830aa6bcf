"""Extraction: what is cut out of a project runs alone and does the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tracing.extracted import extract_from, namespace, program
from tracing.candidates import build_prompt
from tracing.dependencies import NotExtractable, resolve_reference
from tracing.extraction import extract, find_function
from tracing.project_modules import ProjectModules


def test_helpers_constants_and_imports_travel_along(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import os, re
            from collections import OrderedDict as OD
            LIMIT = 3
            UNUSED = os.getcwd()
            PATTERN = re.compile("a+")
            def helper(x):
                return PATTERN.sub("b", x) * LIMIT
            def target(x: str) -> OD:
                '''Say what it does.'''
                # a comment that stays
                return OD(value=helper(x))
            """
        },
        "m.target",
    )
    assert namespace(function)["target"]("caat") == {"value": "cbtcbtcbt"}
    assert "UNUSED" not in function.header
    assert "import os" not in function.header
    assert "from collections import OrderedDict as OD" in function.header
    assert "# a comment that stays" in function.text.body
    assert build_prompt(function).endswith('    """Say what it does."""\n')


def test_definitions_of_other_modules_are_inlined(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "from .names import *\n",
            "pkg/names.py": "def first(x): return x[0]\ndef last(x): return x[-1]\n",
            "pkg/sub/__init__.py": "",
            "pkg/sub/deep.py": "from ..names import last as final\nSIZE = 2\n",
            "pkg/use.py": """
            from . import names
            from .names import first as head
            import pkg.sub.deep
            from pkg import last
            def target(x):
                from .sub.deep import SIZE as size
                return [head(x), names.last(x), pkg.sub.deep.SIZE, last(x), size]
            """,
        },
        "pkg.use.target",
    )
    assert namespace(function)["target"]([1, 2, 3]) == [1, 3, 2, 3, 2]
    assert "pkg" not in program(function)


def test_statements_that_fill_a_table_travel_with_it(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            TABLE = {}
            OTHER = []
            def register(name):
                TABLE[name] = len(name)
            register("one")
            for word in ("three", "four"):
                TABLE[word] = 0
            OTHER.append(1)
            def target(name):
                return TABLE.get(name)
            """
        },
        "m.target",
    )
    target = namespace(function)["target"]
    assert [target("one"), target("four"), target("two")] == [3, 0, None]
    assert "OTHER" not in function.header


def test_decorators_of_the_function_are_left_out_and_those_of_helpers_stay(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import functools, third_party
            @functools.lru_cache(None)
            def helper(x):
                return x + 1
            @third_party.decorator
            def target(x):
                return helper(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == 2
    assert "@functools.lru_cache" in function.header


def test_annotations_of_unknown_types_are_postponed(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            from typing import TYPE_CHECKING, List
            if TYPE_CHECKING:
                import numpy as np
            def target(x: List[int], y: "np.ndarray", z: np.dtype = None) -> np.ndarray:
                return x
            """
        },
        "m.target",
    )
    assert function.header.startswith("from __future__ import annotations\n")
    assert "from typing import List" in function.header
    assert namespace(function)["target"]([1], 2) == [1]


def test_the_live_branch_of_a_version_check_is_taken(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            import sys
            if sys.version_info >= (3, 99):
                from third_party import join
            else:
                def join(x):
                    return "".join(x)
            def target(x):
                return join(x)
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](["a", "b"]) == "ab"


def test_guarded_imports_keep_their_guard(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            try:
                import surely_not_installed
            except ImportError:
                surely_not_installed = None
            def target(x):
                return surely_not_installed is None
            """
        },
        "m.target",
    )
    assert namespace(function)["target"](1) is True


def test_what_only_the_tests_name_stays_out_of_the_prompt(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": "def target(f, x):\n    return f(x)\n",
            "tests/__init__.py": "",
            "tests/test_m.py": "import math\ndef is_even(n): return math.fmod(n, 2) == 0\n",
        },
        "m.target",
        "tests.test_m:is_even",
    )
    assert function.header == ""
    names: dict[str, Any] = {}
    exec(function.test_helpers, names)  # noqa: S102 - made by this test
    assert names["is_even"](4) is True


def test_tests_themselves_are_no_helpers(tmp_path: Path) -> None:
    (tmp_path / "test_m.py").write_text("class Case:\n    class Inner: pass\n    def test_it(self): pass\n")
    assert resolve_reference(ProjectModules(tmp_path), "test_m:Case.Inner") is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import numpy\ndef target(x): return numpy.sum(x)", "needs_package"),
        ("def target(x):\n    import numpy\n    return numpy.sum(x)", "needs_package"),
        ("N = 0\ndef target(x):\n    global N\n    N += x\n    return N", "writes_global"),
        ("def target(x): return missing(x)", "unresolved_name"),
        ("def target(x): return __file__ + x", "needs_its_file"),
        ("import other\ndef target(x): return [other]", "module_as_value"),
        ("def target(x):\n    'Only a docstring.'\n", "no_body"),
        ("def target(x): return TABLE[x](x)\nTABLE = [target]\n", "needed_before_its_definition"),
        ("import other\ndef target(x):\n    other.value = x\n    return x\n", "writes_global"),
        ("TABLE = '" + "x" * 101_000 + "'\ndef target(x): return TABLE", "too_large"),
    ],
)
def test_what_cannot_stand_alone_is_refused_with_its_reason(tmp_path: Path, body: str, reason: str) -> None:
    files = {"m.py": body, "other.py": "def value(): pass\ndef helper(x): return value()\n"}
    with pytest.raises(NotExtractable) as caught:
        extract_from(tmp_path, files, "m.target")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "source",
    [
        "def target(x): return x + 1\n",
        "def target(x): 'Docs.'; return x + 1\n",
        "def target(x,\n           y=(lambda: {1: 2})(),\n           ):  # colon: here\n    return x + 1\n",
        "def target(x) -> {'a': 1}:\n\n    # first\n    'Docs.'\n    # second\n    return x + 1\n",
        "def target(x):\n\treturn x + 1\n",
        "def target(x):\n    y = '''\nnot indented\n'''\n    return x + len(y) - len(y) + 1\n",
        "if True:\n    def target(x):\n        '''Docs.'''\n        return x + 1\n",
        "def target(x):\n    \"Quotes \\\" and \\\\ and ''' stay.\"\n    return x + 1\n",
        "def target(x):\n    '''Docs.'''; y = x\n    return y + 1\n",
    ],
)
def test_any_layout_gives_a_prompt_and_a_body_that_work(tmp_path: Path, source: str) -> None:
    (tmp_path / "m.py").write_text(source)
    modules = ProjectModules(tmp_path)
    module = modules.by_name("m")
    assert module is not None
    line = 2 if source.startswith("if") else 1
    function = extract(modules, module, find_function(module, "target", line))
    assert namespace(function)["target"](1) == 2
    prompt, body = build_prompt(function), function.text.body
    assert prompt.endswith("\n")
    assert body.startswith((" ", "\t"))


def test_links_that_leave_the_project_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("SECRET = 1\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "m.py").symlink_to(outside)
    assert ProjectModules(tmp_path / "project").by_name("m") is None


def test_installed_and_source_copies_are_the_same_module(tmp_path: Path) -> None:
    for folder in ("project/src/pkg", "environment/pkg"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").write_text("def f(x): return x\n")
    modules = ProjectModules(tmp_path / "project", tmp_path / "environment")
    source = modules.by_recorded_path("/project/src/pkg/__init__.py")
    installed = modules.by_recorded_path("/environment/lib/python3.11/site-packages/pkg/__init__.py")
    assert source is not None
    assert source is installed
    assert source.path == "src/pkg/__init__.py"


def test_examples_in_docstrings_are_left_out_and_kept_in_the_record(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "m.py": """
            class Box:
                '''A box.

                    >>> target("secret")
                '''
                def open(self, x):
                    '''
                    >>> Box().open("secret")
                    '''
                    '''Second.'''; y = x
                    return y
            def target(x):
                '''Open it.

                Examples:

                    >>> target("x")
                    'secret'
                '''
                return Box().open(x)
            """
        },
        "m.target",
    )
    assert "secret" not in program(function)
    assert '"""A box."""' in function.header
    assert namespace(function)["target"](1) == 1
    assert function.removed_from_docstring == "Examples:\n    >>> target(\"x\")\n    'secret'"
