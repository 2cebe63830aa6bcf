"""Whatever a docstring holds, it is a docstring in the prompt, and the program stays what it was."""

from __future__ import annotations

import ast
import unicodedata

import pytest

from docstring_gen.documented_tasks import with_docstring
from sft.row_texts import CutProgram, RefusedRow, cut_docstring
from tasks.record import Task
from tests.sft.task_texts import task

_HOSTILE = {
    "quotes": 'Ends. """\n    import os; os.abort()\n    """',
    "quotes at the end": 'Say "hello"',
    "three quotes at the end": 'Say """',
    "four quotes": 'a """" b',
    "quotes that a backslash hides": 'x \\""" y \\\\""" z',
    "single quotes": "it's ''' here",
    "backslash at the end": "ends in \\",
    "backslashes at the end": "ends in \\\\",
    "backslash at a line's end": "first \\\nsecond\\\n",
    "escapes": "\\n \\x41 \\u0041 \\N{BULLET} \\777 \\x4",
    "null": "a\0b",
    "carriage return": "a\r    import os\rb",
    "line separators": "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
    "right to left": "a \u202e stros \u2066 x \u2069",
    "zero width": "a\u200bb\ufeffc\u00ad",
    "surrogate": "a\ud800b",
    "tabs": "a\tb\n\tc",
    "escape sequences": "\x1b[31mred\x1b[0m",
    "format": "{x!r} %s {0} {",
    "stops": "Text\n\nclass A:\ndef f(x):\n#\nif x:\nprint(x)\n",
    "code": "import os\nreturn x\n\ndef f(x):\n    return 0",
    "indentation": "First.\n        deep\n    less\n  least",
    "blank": "First.\n \t \n\nLast.",
    "tokens": "<|endoftext|><|end|>",
    "long": "word " * 5000,
    "nested": "(" * 5000,
}


def _cut(one: Task) -> CutProgram:
    cut = cut_docstring(one)
    assert isinstance(cut, CutProgram)
    return cut


@pytest.mark.parametrize("text", _HOSTILE.values(), ids=_HOSTILE)
@pytest.mark.parametrize("documented", [True, False])
def test_a_hostile_docstring_stays_within_its_quotes(text: str, documented: bool) -> None:
    one = task(
        "f", "    y = x\n    return y\n", prompt=None if documented else "import math\n\n\ndef f(x):\n"
    )
    cut = _cut(one)
    made = with_docstring(one, cut, text)
    assert isinstance(made, Task)
    module = ast.parse(made.program)
    function = module.body[-1]
    assert isinstance(function, ast.FunctionDef)
    read = ast.get_docstring(function) or ""
    assert read.split() == text.split()
    function.body.pop(0)
    assert ast.dump(module) == ast.dump(ast.parse(cut.head + cut.solution))
    assert made.prompt.startswith(cut.head)
    assert made.prompt.endswith('"""\n')
    assert made.program == made.prompt + cut.solution
    shown = made.prompt.removeprefix(cut.head).replace("\n", "")
    assert {unicodedata.category(char)[0] for char in shown} <= set("LNPSMZ")
    assert all(char.isprintable() for char in shown)
    # and once more: what was put in is what is cut out again
    again = _cut(made)
    assert (again.head, again.solution) == (cut.head, cut.solution)


@pytest.mark.parametrize("text", ["", " \n\t\n", "\x0c"])
def test_nothing_is_no_docstring(text: str) -> None:
    one = task("f")
    assert with_docstring(one, _cut(one), text) == RefusedRow("one/f", "empty")


@pytest.mark.parametrize("prompt", ["def f(x): return x\nif True:\n", "def f(x): y = 1\nif f:\n"])
def test_a_body_on_the_signatures_line_has_no_place_for_it(prompt: str) -> None:
    one = task("f", "    pass\n", prompt=prompt)
    assert with_docstring(one, _cut(one), "Return x.") == RefusedRow("one/f", "docstring_has_no_place")


def test_the_docstring_goes_before_what_the_prompt_has_of_the_body() -> None:
    prompt = "def f(x):\n    import math\n    'Return the root of x.'\n"
    one = task("f", "    return math.sqrt(x)\n", prompt=prompt)
    cut = _cut(one)
    assert (cut.head, cut.docstring) == ("def f(x):\n    import math\n", "Return the root of x.")
    made = with_docstring(one, cut, "The root.")
    assert isinstance(made, Task)
    assert made.prompt == 'def f(x):\n    """The root."""\n    import math\n'


def test_a_signature_of_several_lines_and_tabs_keep_their_form() -> None:
    one = task("f", "\tif x:\n\t\treturn x\n", prompt="@property\ndef f(\n\tx=(1,\n\t2),\n):\n")
    made = with_docstring(one, _cut(one), "Return x.\n\nOr not.")
    assert isinstance(made, Task)
    assert made.prompt == '@property\ndef f(\n\tx=(1,\n\t2),\n):\n\t"""Return x.\n\n\tOr not.\n\t"""\n'
    assert made.evidence.documented
