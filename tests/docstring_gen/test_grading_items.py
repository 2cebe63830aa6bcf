"""What is read for grading, and what is told of a file that will not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstring_gen.grading_items import read_grading_items, recorded_examples
from tasks.files import BadFile
from tasks.record import Expected, Provenance, Task, TestCase
from tests.docstring_gen.grading_session import line, write_lines

_PROMPT = 'import re\n\n\ndef count(text, *, empty=0):\n    """Count the words.\n\n    Nothing else."""\n'
_BODY = "    # no words, no count\n    return len(re.findall(r'\\w+', text)) or empty\n"


def _task(**fields: object) -> Task:
    cases = [
        TestCase(["a b"], {}, Expected("returned", 2)),
        TestCase([""], {"empty": {"$tuple": [1]}}, Expected("returned", {"$tuple": [1]})),
        TestCase([None], {}, Expected("raised", exception="builtins:TypeError")),
        TestCase([{"$object": ["project:Text", {}]}], {}, Expected("returned", 1)),
        TestCase([[3]], {}, Expected("yielded", [1, 2], exhausted=False, arguments_after=[[]])),
        TestCase([], {}, Expected("returned", 0), pickled="gAR9lC4="),
        TestCase([], {}, Expected("returned", 0), pickled="gAR9lC5="),
        TestCase(["x" * 5_000], {}, Expected("returned", 1)),
    ]
    return Task("one/count", _PROMPT, "count", _BODY, cases, Provenance("project", "one"), **fields)  # type: ignore[arg-type]


def test_code_and_examples_come_from_the_task_without_its_docstring(tmp_path: Path) -> None:
    bare = {
        "task_id": "one/count",
        "sample_index": 3,
        "docstring": "Counts.",
        "engine": "transformers:secret",
    }
    (item,) = read_grading_items(write_lines(tmp_path / "d.jsonl", [bare]), {"one/count": _task()})
    assert item.code == "import re\n\n\ndef count(text, *, empty=0):\n" + _BODY
    assert (item.docstring, item.original_docstring) == ("Counts.", "Count the words.\n\nNothing else.")
    assert (item.key.model, item.key.sample_index) == ("", 3)
    assert item.examples == tuple(recorded_examples(_task()))


def test_examples_are_calls_with_outcomes_as_people_read_them() -> None:
    shown = recorded_examples(_task())
    assert shown[:5] == [
        "count('a b')\n→ 2",
        "count('', empty=(1,))\n→ (1,)",
        "count(None)\n→ raises TypeError",
        'count({"$object":["project:Text",{}]})\n→ 1',
        "count([3])\n→ yields [1, 2], and more\n  and leaves its arguments as [[]]",
    ]
    assert shown[5] == "count(...)\n→ 0", "what cannot be told apart is shown once"
    assert len(shown) == 7
    assert shown[6].startswith("count('xxx")
    assert shown[6].endswith("x… (4002 characters more))\n→ 1")


def test_a_check_text_is_shown_where_there_are_no_recorded_calls() -> None:
    task = Task(
        "h/1", _PROMPT, "count", _BODY, [], Provenance("task_file", "h"), check="\n\ndef check(f): ...\n"
    )
    assert recorded_examples(task) == ["def check(f): ..."]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no docstrings in it"),
        ([line(), {"task_id": "a", "sample_index": 0}], ":2: .*missing required field `docstring`"),
        ([line(sample_index=-1)], ":1: .*>= 0"),
        ([line(docstring=None)], ":1: .*docstring"),
        ([line(docstring="x" * 100_001)], ":1: .*length <= 100000"),
        ([line(code="x" * 400_001)], ":1: .*length <= 400000"),
        ([line(1), line(1)], r"docstring 2 \(made/double\): sample_index 1 is there twice"),
        ([line(code=None)], r"docstring 1 \(made/double\): not among the tasks"),
        ([line(task_id="one/shared", code=None)], "cannot be shown without its docstring: docstring_shares"),
    ],
)
def test_a_file_that_will_not_do_is_told_with_its_place(
    tmp_path: Path, rows: list[dict[str, object]], words: str
) -> None:
    shared = Task(
        "one/shared",
        "def f(): 'Docs.'; x = 1; return x\n",
        "f",
        " ",
        [],
        Provenance("project", "one"),
        check="x",
    )
    with pytest.raises(BadFile, match=words):
        read_grading_items(write_lines(tmp_path / "d.jsonl", rows), {"one/shared": shared})


def test_without_tasks_lines_need_their_code(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="give the tasks with --tasks"):
        read_grading_items(write_lines(tmp_path / "d.jsonl", [line(code=None)]))
