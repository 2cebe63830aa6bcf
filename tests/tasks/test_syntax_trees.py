"""Syntax trees that threads make side by side."""

from __future__ import annotations

import ast
import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from tasks.syntax_trees import parse_expression, parse_module

_PROGRAM = "\n".join(
    f"def f{i}(x): return [x + {'(' * 20}{i}{')' * 20} for x in range({i})]" for i in range(20)
)


class _Garbage:
    """What only a collection finds, whose end runs code: there another thread may go on."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        for _ in range(20):
            pass


@pytest.fixture
def collecting_at_once() -> Iterator[None]:
    """Threads change at every chance, and garbage is collected while trees are made."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-7)
    gc.set_threshold(10)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*thresholds)


def test_threads_make_trees_side_by_side(collecting_at_once: None) -> None:
    expected = ast.dump(ast.parse(_PROGRAM))
    wrong: list[object] = []

    def parse() -> None:
        for _ in range(30):
            for _ in range(20):
                _Garbage()
            try:
                if ast.dump(parse_module(_PROGRAM)) != expected:
                    wrong.append("another tree")
            except SystemError as error:
                wrong.append(error)

    threads = [threading.Thread(target=parse) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_no_python_is_told_and_blocks_nobody() -> None:
    with pytest.raises(SyntaxError):
        parse_module("def")
    with pytest.raises(SyntaxError):
        parse_expression("x = 3")
    assert parse_expression("3").body.lineno == 1
