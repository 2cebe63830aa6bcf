"""Programs inside of functions, run in the sandbox: what they print stays the same, call after call."""

from __future__ import annotations

import pytest

from sandbox.worker_pool import WorkerPool
from scraping.input_formats.forms import text_form
from scraping.input_formats.program_wrapping import NotWrappable, Wrapping, wrapped_body
from scraping.input_formats.verification import Runner, passed
from tasks.equality import Comparator
from tasks.record import Expected, TestCase
from tests.scraping.input_formats.problems import solution

_PROGRAMS = {
    "input": ("n = int(input())\nprint(n + 1)", "4\n", "5"),
    "lines": ("import sys\nfor line in sys.stdin:\n    print(line.strip()[::-1])", "ab\ncd\n", "ba\ndc"),
    "bytes": ("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read().upper())", "ab\n", "AB"),
    "imported stream": ("from sys import stdin, stdout\nstdout.write(stdin.readline())", "ab\ncd\n", "ab"),
    "descriptor 0": ("print(sum(map(int, open(0).read().split())))", "1 2\n3\n", "6"),
    "descriptor 0, binary": ("print(len(open(0, 'rb').read()))", "abc\n", "4"),
    "main": (
        "def main():\n    print(input())\nif __name__ == '__main__':\n    main()",
        "x\n",
        "x",
    ),
    "global of functions": (
        "count = 0\ndef add():\n    global count\n    count += 1\nadd()\nadd()\nprint(count)",
        "",
        "2",
    ),
    "global bound nowhere else": (
        "def set_it():\n    global found\n    found = 3\nset_it()\nprint(found)",
        "",
        "3",
    ),
    "global at the top": ("global n\nn = 1\nprint(n)", "", "1"),
    "star imports": (
        "from math import *\nfrom collections import *\nprint(gcd(4, 6), *deque([pi > 3]))",
        "",
        "2 True",
    ),
    "builtin with a new meaning": ("sum = sum(map(int, input().split()))\nprint(sum)", "1 2 3\n", "6"),
    "input with a new meaning": ("import sys\ninput = sys.stdin.readline\nprint(int(input()))", "7\n", "7"),
    "text over lines": ('print("""a\n  b\nc""")', "", "a\n  b\nc"),
    "formatted text over lines": ('n = 2\nprint(f"""a\n {n\n}\n b""")', "", "a\n 2\n b"),
    "form feed": ("print(1)\n\x0cprint('a\x0cb')", "", "1\na\x0cb"),
    "tabs": ("for i in range(2):\n\tif i:\n\t\tprint(i)", "", "1"),
    "tab within a text": ("if True:\n    print('a\tb')", "", "a\tb"),
    "exit": ("import sys\nprint(1)\nsys.exit()\nprint(2)", "", "1"),
    "exit of the shell": ("print(1)\nexit(0)", "", "1"),
    "recursion": (
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n    return n and 1 + f(n - 1)\nprint(f(5000))",
        "",
        "5000",
    ),
    "thread": (
        "import threading\nt = threading.Thread(target=lambda: print(input()))\nt.start()",
        "9\n",
        "9",
    ),
    "classes": (
        "class A:\n    size = 2\n    def twice(self):\n        return A.size * 2\nprint(A().twice())",
        "",
        "4",
    ),
    "comprehension": ("n = 3\nprint([i * n for i in range(n)])", "", "[0, 3, 6]"),
    "first line for the shell": ("#!/usr/bin/env python3\n\n\nprint(1)", "", "1"),
    "future import": (
        "from __future__ import annotations\ndef f(x: Foo) -> Bar: return x\nprint(f(1))",
        "",
        "1",
    ),
    "letters of other languages": ("print(input() + '日本')", "é\n", "é日本"),
    "carriage returns": ("print(1)\r\nprint(2)\r\n", "", "1\n2"),
}


@pytest.mark.parametrize("name", _PROGRAMS)
def test_a_wrapped_program_answers_each_call_anew(name: str, quick_pool: WorkerPool) -> None:
    program, stdin, stdout = _PROGRAMS[name]
    form = text_form("solve")
    module = form.header + form.body_of(program)
    case = TestCase([stdin], {}, Expected("returned", stdout), Comparator("lines"))
    judgement = Runner(quick_pool).judged(module, "solve", [case, case])
    assert passed(judgement), (judgement.detail, module)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print(", "no_python"),
        ("print 1", "no_python"),
        ("from somewhere import *", "star_import"),
        ("from . import *", "star_import"),
        ("return 1", "no_python"),
    ],
)
def test_what_cannot_be_wrapped_has_a_reason(program: str, reason: str) -> None:
    with pytest.raises(NotWrappable) as raised:
        wrapped_body(program, Wrapping((), "output"))
    assert raised.value.reason == reason


def test_the_streams_are_given_back_after_an_error(quick_pool: WorkerPool) -> None:
    form = text_form("solve")
    module = form.header + form.body_of("print(1 // int(input()))")
    cases = [
        TestCase(["0\n"], {}, Expected("raised", exception="builtins:ZeroDivisionError")),
        TestCase(["1\n"], {}, Expected("returned", "1\n")),
    ]
    judgement = Runner(quick_pool).judged(module, "solve", cases)
    assert passed(judgement), judgement.detail


def test_a_function_becomes_a_program_again(quick_pool: WorkerPool) -> None:
    form = text_form("solve")
    program = form.as_program(form.header + form.body_of(solution("print(input())").code))
    assert Runner(quick_pool).outputs(program, ["ab\ncd\n"]) == ["ab\n"]
