"""Two runs of the same tests record the same, though they draw numbers and make classes of their own."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.tracing.traced_script import Traced

_MODULE = """
def f(value):
    return repr(value)[:10]
"""


def _recorded_twice(traced: Traced, script: str, before: str = "") -> list[list[dict[str, Any]]]:
    found = []
    for _ in range(2):
        shutil.rmtree(traced.folder / "records", ignore_errors=True)
        traced.run(_MODULE, script, before=before)
        found.append(traced.calls("f"))
    return found


@pytest.mark.parametrize("before", ["", "import random"], ids=["imported later", "imported before"])
def test_what_random_draws_is_the_same_each_time(traced: Traced, before: str) -> None:
    script = """
        import random, sample
        sample.f(random.random())
        sample.f(random.sample("abcdefgh", 5))
        """
    first, second = _recorded_twice(traced, script, before)
    assert len(first) == 2, traced.output
    assert first == second


def test_instances_of_local_classes_are_pickled_the_same_each_time(traced: Traced) -> None:
    script = """
        import enum, sample
        def make():
            class Local:
                def __init__(self): self.value = 3
            return Local
        sample.f(make()())
        sample.f(enum.Enum("Color", "RED BLUE").RED)
        """
    first, second = _recorded_twice(traced, script)
    assert [call for call in first if "pickled" in call], traced.output
    assert first == second


def test_the_import_hook_leaves_and_the_module_stays_as_it_was(traced: Traced) -> None:
    script = """
        import sys, random
        assert not [finder for finder in sys.meta_path if "codexsft" in type(finder).__module__]
        assert "exec_module" not in vars(random.__loader__)
        assert random.__spec__.loader is random.__loader__
        assert random.Random(3).random() == 0.23796462709189137
        print("left")
        """
    traced.run(_MODULE, script)
    assert "left" in traced.output
