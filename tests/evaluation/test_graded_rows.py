"""The programs that completions stand for, as texts and as messages."""

from __future__ import annotations

import pytest

from evaluation.graded_rows import fenced_blocks, graded_text, program_of, read_graded_text
from tasks.files import BadFile
from tests.pipelines.exported_tasks import CLAMPED, NEEDS_PROJECT, PROGRAM

_DEFINITION = "def clamped(value, low, high):\n    return high\n"


def _said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": "..."}, {"role": "assistant", "content": text}]


def _clamped(program: str) -> object:
    namespace: dict[str, object] = {}
    exec(program, namespace)  # noqa: S102 - texts of this file
    return namespace["clamped"](7, 1, 5)  # type: ignore[operator]


def test_a_text_goes_on_where_the_prompt_ends() -> None:
    assert program_of(CLAMPED, "    return 1\n") == CLAMPED.prompt + "    return 1\n"
    assert program_of(PROGRAM, "print(3)\n") == "print(3)\n"


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{_DEFINITION}```",
        "Here:\n\n```\nimport math\n\ndef clamped(value, low, high):\n    return high\n```\nDone.",
        f"```python\n{_DEFINITION}```\nTry it:\n```python\nprint(clamped(1, 2, 3))\n```",
        "```python\ndef clamped(value, low, high):\n    return high\n",
        f"```python\ndef helper():\n    pass\n\n\n{_DEFINITION}```",
        "def clamped(value, low, high):\n    return high\n",
        "```python\n    return high\n```",
        "    return high\n",
    ],
    ids=[
        "fenced",
        "prose",
        "an example after it",
        "cut off",
        "with a helper",
        "bare",
        "a body",
        "a bare body",
    ],
)
def test_a_message_is_read_as_models_write(answer: str) -> None:
    assert _clamped(program_of(CLAMPED, _said(answer))) == 5


def test_contents_in_parts_and_none_at_all() -> None:
    parts = [{"role": "assistant", "content": [{"type": "text", "text": "    return high\n"}]}]
    assert _clamped(program_of(CLAMPED, parts)) == 5
    for nothing in ([], [{"role": "assistant", "content": None}]):
        assert program_of(CLAMPED, nothing) == CLAMPED.prompt


def test_of_a_whole_program_the_last_block_counts() -> None:
    assert (
        program_of(PROGRAM, _said("```python\nprint(1)\n```\nor\n```python\nprint(2)\n```")) == "print(2)\n"
    )


def test_blocks_end_where_their_fences_do() -> None:
    assert fenced_blocks("no fence") == ["no fence"]
    assert fenced_blocks("~\n```py\na = '''```'''\n```\n") == ["a = '''```'''\n"]
    assert fenced_blocks("````python\nx = 1\n````\n") == ["x = 1\n"]


def test_a_graded_text_holds_what_judging_needs_and_no_more() -> None:
    task = read_graded_text(graded_text(CLAMPED))
    assert (task.program, task.tests, task.entry_point) == (CLAMPED.program, CLAMPED.tests, "clamped")
    assert task.provenance.copyright is None
    with pytest.raises(ValueError, match="needs alpha"):
        graded_text(NEEDS_PROJECT)


def test_a_column_that_is_no_task_is_named() -> None:
    with pytest.raises(BadFile, match="`tests`"):
        read_graded_text('{"tests": []}')
