"""How much is recorded of a function: by the size of its arguments, and by what sibling processes know."""

from __future__ import annotations

import os

import pytest

from tests.tracing.traced_script import Traced


def _inputs(traced: Traced) -> list[object]:
    return [line["arguments"][0] for line in traced.calls("f")]


def test_large_arguments_are_recorded_fewer_times(traced: Traced) -> None:
    traced.run(
        "def f(x): return x[0]\ndef small(x): return x",
        "import sample\nfor i in range(30): sample.f([i] * 300); sample.small(i)",
    )
    assert len(_inputs(traced)) == 6
    assert len(traced.calls("small")) == 20


def test_large_arguments_are_recorded_longer_while_all_outcomes_are_alike(traced: Traced) -> None:
    traced.run(
        "def f(x): return x[0] > 15",
        "import sample\nfor i in range(30): sample.f([i] * 300)",
    )
    assert len(_inputs(traced)) == 15


def test_a_later_sibling_records_only_what_is_new(traced: Traced) -> None:
    for last in (5, 5, 6):
        traced.run("def f(x): return x", f"import sample\nfor i in range({last}): sample.f([i])")
    assert sorted(map(str, _inputs(traced))) == [f"[{i}]" for i in range(6)]


def test_a_function_is_left_alone_after_two_siblings_that_brought_nothing_new(traced: Traced) -> None:
    module = "def f(x): return x\ndef g(x): return x"
    for item in (1, 1, 1, 2):
        traced.run(module, f"import sample\nsample.f([{item}]); sample.g([{item} + 1])")
        traced.run(module, f"import sample\nsample.g([{item} + 9])")
    assert _inputs(traced) == [[1]]


@pytest.mark.parametrize(
    "text", ["\0\xff", "{where}\t-1 5\n", "{where}\t" + "9" * 5_000, "{where}\t\u00b2 x\n", "\t\n" * 99]
)
def test_a_forged_file_of_siblings_does_no_harm(traced: Traced, text: str) -> None:
    where = f"{traced.folder / 'project' / 'sample.py'}:1:f"
    (traced.folder / "records").mkdir()
    (traced.folder / "records" / f"progress-{os.getpid()}").write_text(text.replace("{where}", where))
    traced.run("def f(x): return x", "import sample\nsample.f([1])")
    assert _inputs(traced) == [[1]]


def test_a_pipe_in_the_place_of_the_file_of_siblings_blocks_nothing(traced: Traced) -> None:
    (traced.folder / "records").mkdir()
    os.mkfifo(traced.folder / "records" / f"progress-{os.getpid()}")
    traced.run("def f(x): return x", "import sample\nsample.f([1])")
    assert _inputs(traced) == [[1]]
