"""Extraction across modules: what has one name in two of them gets two, and modules need not travel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tracing.extracted import extract_from, namespace, program
from tracing.dependencies import NotExtractable


def test_of_two_helpers_of_one_name_one_gets_another(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "other.py": """
            calls = 0
            last = None
            def value(x):
                global calls, last
                calls += 1
                last = x
                return f"{calls}: {value.__doc__}"
            def helper(x, value=None):
                box = dict(value=value)
                return [globals()["__name__"] and value_of(x), box["value"]]
            def value_of(x):
                return value(x)
            """,
            "m.py": """
            from other import helper
            calls = ["mine"]
            def value(x):
                return x + 1
            def target(x):
                return helper(x, value=value(x)) + calls
            """,
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == ["1: None", 2, "mine"]
    assert "value=value(x)" in function.text.body
    assert "def other_value(x):" in function.header
    assert "global other_calls" in function.header
    assert 'box["value"]' in function.header


def test_a_helper_named_like_a_builtin_leaves_the_builtin_to_the_others(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "other.py": "def map(f, x): return 'own'\ndef helper(x): return map(str, x)\n",
            "m.py": "from other import helper\ndef target(x): return [helper(x), *map(str, x)]\n",
        },
        "m.target",
    )
    assert namespace(function)["target"]([1]) == ["own", "1"]


def test_the_entry_point_keeps_its_name(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "plain.py": "def target(x): return [x]\n",
            "m.py": "from plain import target as plain\ndef target(x): return plain(x) if x else target(1)\n",
        },
        "m.target",
    )
    assert namespace(function)["target"](0) == [1]


def test_names_that_the_rendered_test_needs_are_not_taken(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path, {"m.py": "def check(x): return x + 1\ndef target(x): return check(x)\n"}, "m.target"
    )
    names = namespace(function)
    assert names["target"](1) == 2
    assert "check" not in names


def test_what_tests_name_keeps_its_name(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "other.py": "class Box:\n    size = 1\ndef size(): return Box.size\n",
            "m.py": "from other import size\nclass Box:\n    size = 2\ndef target(x): return [size(), x]\n",
        },
        "m.target",
        "m:Box",
    )
    assert namespace(function)["target"](0) == [1, 0]
    assert "class Box:" in function.test_helpers
    assert "class other_Box:" in function.header


def test_a_name_is_not_given_where_a_variable_would_hide_it(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "other.py": "def size(x): return len(x)\n",
            "m.py": "import other\ndef target(x):\n    size = other.size(x)\n    return size\n",
        },
        "m.target",
    )
    assert namespace(function)["target"]([1, 2]) == 2


def test_names_in_f_strings_and_multiline_expressions_are_changed_too(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/a.py": "UNIT = 'a'\ndef show(x): return f'{x!r:>4} {UNIT}'\n",
            "pkg/b.py": """
            from pkg import a
            import pkg.a as again
            UNIT = 'é'
            def target(x):
                text = f"{a.show(x)} {UNIT}"; more = (again
                    .show(x), a.UNIT)
                return [text, *more]
            """,
        },
        "pkg.b.target",
    )
    assert namespace(function)["target"](1) == ["   1 a é", "   1 a", "a"]


def test_imports_inside_functions_are_followed(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/names.py": "def first(x): return x[0]\n",
            "pkg/use.py": """
            def target(x):
                '''Take the first.'''
                from . import names
                from .names import first as head
                import pkg.names
                import collections as c
                return [names.first(x), head(x), pkg.names.first(x), c.Counter(x)[1]]
            """,
        },
        "pkg.use.target",
    )
    assert namespace(function)["target"]([1]) == [1, 1, 1, 1]
    assert "pkg" not in program(function)
    assert function.text.body.startswith("    import collections as c\n")


def test_imports_of_a_package_that_import_each_other_are_followed(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "from .one import *\nfrom .two import *\n",
            "pkg/one.py": "__all__ = ['groups']\ndef groups(x): return [x]\n",
            "pkg/two.py": "from pkg import groups\n__all__ = ['target']\ndef target(x): return groups(x)\n",
        },
        "pkg.two.target",
    )
    assert namespace(function)["target"](1) == [1]


def test_an_import_keeps_the_name_under_which_it_is_used(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "compat.py": "import json\nimport os, os.path as ospath\nimport xml.dom\nimport xml.sax\n",
            "m.py": """
            from compat import json as parser, xml, os, ospath
            json = "text"
            def target(x):
                return [parser.dumps(x), json, xml.dom.__name__, xml.sax.__name__, os.sep, ospath.sep]
            """,
        },
        "m.target",
    )
    assert namespace(function)["target"](1) == ["1", "text", "xml.dom", "xml.sax", "/", "/"]


def test_statements_stand_in_the_order_in_which_python_executes_them(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "from .base import UNSET\nfrom .use import target\nLAST = [UNSET]\n",
            "pkg/base.py": "UNSET = object()\n",
            "pkg/use.py": "from pkg.base import UNSET\nimport pkg\nD = {UNSET: 1}\n"
            "def target(x, default=UNSET): return D[default], pkg.LAST == [UNSET]\n",
        },
        "pkg.use.target",
    )
    assert namespace(function)["target"](1) == (1, True)


def test_other_packages_are_requirements_if_allowed(tmp_path: Path) -> None:
    files = {
        "m.py": """
        import numpy as np
        import yaml.nodes
        import os
        def unused(x):
            import pandas
        def target(x):
            from scipy.stats import norm
            return np.sum(x) + os.sep
        """
    }
    function = extract_from(tmp_path, files, "m.target", allow_third_party=True)
    assert function.requirements == ("numpy", "scipy")
    assert "import numpy as np\nimport os\n" in function.header or "import os\n" in function.header
    with pytest.raises(NotExtractable, match="needs_package"):
        extract_from(tmp_path, files, "m.target")


def test_a_helper_may_import_in_a_branch_what_cannot_travel(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/drawing.py": "import matplotlib\ndef draw(x): return matplotlib.draw(x)\n",
            "pkg/m.py": """
            def show(x, draw=False):
                if draw:
                    from .drawing import draw
                    import numpy
                    return draw(x)
                return str(x)
            def target(x):
                return show(x)
            """,
        },
        "pkg.m.target",
    )
    assert namespace(function)["target"](1) == "1"
    assert function.requirements == ()


def test_a_local_variable_for_a_module_is_seen_through(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/names.py": "def first(x): return x[0]\nclass Box:\n    size = 3\n",
            "pkg/use.py": """
            from pkg import names
            def target(x):
                short = names
                return [short.first(x), short.Box.size]
            """,
        },
        "pkg.use.target",
    )
    assert namespace(function)["target"]([1]) == [1, 3]
    assert "short" not in function.text.body


def test_a_builtin_that_is_read_before_it_is_replaced_stays_the_builtin(tmp_path: Path) -> None:
    function = extract_from(
        tmp_path,
        {
            "seqs.py": "_map = map\ndef map(f, x): return list(_map(f, x))\n",
            "m.py": "from seqs import map as xmap\ndef target(x): return [xmap(str, x), *map(str, x)]\n",
        },
        "m.target",
    )
    assert namespace(function)["target"]([1]) == [["1"], "1"]


def test_a_function_may_take_the_place_of_a_builtin_that_it_uses(tmp_path: Path) -> None:
    files = {"m.py": "_len = len\ndef len(x): return _len(x) + 1\n"}
    assert namespace(extract_from(tmp_path, files, "m.len"))["len"]([1]) == 2
