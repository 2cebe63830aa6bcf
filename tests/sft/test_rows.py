from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest

from sft.row_texts import RefusedRow, RowTexts, code_texts, docstring_texts
from sft.rows import Row, rows_digest, tokenized_row, tokenized_tasks
from tasks.record import Evidence, Task
from tests.sft.task_texts import spread_tasks, task

_END = 0


class _Splitter:
    """Tokens by a regular expression, numbered as they come; they can be read back."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._texts: list[str] = ["<end>"]

    def __call__(self, text: str) -> list[int]:
        parts = self._pattern.findall(text)
        assert "".join(parts) == text
        self._texts += [part for part in dict.fromkeys(parts) if part not in self._texts]
        return [self._texts.index(part) for part in parts]

    def text(self, ids: tuple[int, ...]) -> str:
        return "".join(self._texts[each] for each in ids)


_LINE_BREAKS_ALONE = r"\n|[^\S\n]+|\w+|[^\w\s]+"
_LINE_BREAK_WITH_INDENT = r"\s+|\w+|[^\w\s]+"


def test_a_row_is_prompt_completion_and_end() -> None:
    splitter = _Splitter(_LINE_BREAKS_ALONE)
    for one in spread_tasks(5):
        row = tokenized_row(_texts(one), splitter, _END)
        assert isinstance(row, Row)
        assert splitter.text(row.token_ids[: row.prompt_tokens]) == one.prompt
        assert splitter.text(row.token_ids[row.prompt_tokens :]) == one.canonical_solution + "<end>"
        assert row.prompt_tokens + row.completion_tokens == len(row.token_ids)


def test_tokens_across_the_boundary_are_refused_and_counted() -> None:
    found = tokenized_tasks(spread_tasks(5), code_texts, _Splitter(_LINE_BREAK_WITH_INDENT), _END)
    assert (found.rows, found.refusals) == ([], {"tokens_diverge": 5})
    assert found.refused[0].detail == "at token 14 of the prompt's 15"


def test_a_prompt_with_more_tokens_than_the_whole_is_refused() -> None:
    def tokenize(text: str) -> list[int]:
        return [7] * (9 if text == "p" else 3)

    refused = tokenized_row(RowTexts("t", "codex-s/1", "p", "c"), tokenize, _END)
    assert refused == RefusedRow("t", "tokens_diverge", "at token 3 of the prompt's 9")


def test_rows_too_long_are_counted_not_cut() -> None:
    tasks = spread_tasks(12)
    splitter = _Splitter(_LINE_BREAKS_ALONE)
    whole = tokenized_tasks(tasks, code_texts, splitter, _END).rows
    limit = sorted(len(row.token_ids) for row in whole)[5]
    found = tokenized_tasks(tasks, code_texts, splitter, _END, limit)
    assert found.rows == [row for row in whole if len(row.token_ids) <= limit]
    assert found.refusals == {"too_long": 12 - len(found.rows)}
    assert {len(row.token_ids) for row in found.rows} >= {limit}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (task("f", training="no"), "training_not_permitted"),
        (task("f", body="\n"), "no_solution"),
        (task("f", prompt=" \n"), "empty_prompt"),
    ],
)
def test_what_is_no_row(changed: Task, reason: str) -> None:
    refused = code_texts(changed)
    assert isinstance(refused, RefusedRow)
    assert refused.reason == reason


def test_an_end_token_inside_is_refused() -> None:
    splitter = _Splitter(r"<end>|.")
    refused = tokenized_row(RowTexts("t", "codex-s/1", "f", "'<end>'"), splitter, _END)
    assert refused == RefusedRow("t", "end_token_inside")


def test_the_digest_sees_order_cut_and_tokens() -> None:
    rows = [Row("a", (1, 2, 3), 1), Row("b", (1, 2), 1)]
    variants = [rows, rows[::-1], [Row("a", (1, 2, 3), 2), rows[1]], [Row("a", (1, 2, 4), 1), rows[1]]]
    assert len({rows_digest(each) for each in variants}) == len(variants)
    assert rows_digest(rows) == rows_digest(list(rows))


def test_a_docstring_row_shows_the_code_without_it() -> None:
    documented = replace(
        task("twice", "    # doubled\n    return x * 2\n"),
        prompt="import math\n\n\ndef twice(x: int) -> int:\n"
        '    """Return twice the number.\n\n    It may be negative.\n    """\n',
    )
    assert _docstring_row(documented) == RowTexts(
        "one/twice",
        "codex-d/1",
        'import math\n\n\ndef twice(x: int) -> int:\n    # doubled\n    return x * 2\n\n"""\n',
        'Return twice the number.\n\nIt may be negative.\n"""',
    )


def test_docstring_rows_take_the_last_definition_and_any_quotes() -> None:
    again = task(
        "f",
        prompt="def f(x):\n    return 0\n\ndef g(y):\n    'Of g.'\n    return y\n\n"
        "def f(x):\n    'Return ä of the x.'  # no\n",
    )
    row = _docstring_row(again)
    assert isinstance(row, RowTexts)
    assert row.completion == 'Return ä of the x.\n"""'
    assert "'Of g.'" in row.prompt
    assert "ä" not in row.prompt
    ast.parse(row.prompt.removesuffix('"""\n'))


_WORDS = "Return the number that was given."


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (task("f", prompt="def f(x):\n"), "no_docstring"),
        (task("f", prompt=f'def f(x): """{_WORDS}"""; y = x\n', body="\n    #"), "docstring_shares_its_line"),
        (
            task("f", f"    # Return the number\n    # that was given.\n    return '{_WORDS}'\n"),
            "docstring_in_code",
        ),
        (task("f", prompt=f"def f(x):\n    '''{_WORDS} \"\"\" '''\n"), "docstring_ends_its_quotes"),
        (task("g", prompt='class g:\n    """Some words of it."""\n'), "no_function"),
        (task("f", body="    return (\n"), "not_parsed"),
        (task("f", training="no"), "training_not_permitted"),
        (
            replace(task("f"), evidence=Evidence(docstring_faults=["no_arguments", "unfinished"])),
            "docstring_noise",
        ),
    ],
)
def test_what_is_no_docstring_row(changed: Task, reason: str) -> None:
    refused = _docstring_row(changed)
    assert isinstance(refused, RefusedRow)
    assert refused.reason == reason


def test_faults_that_are_no_noise_leave_a_docstring_row() -> None:
    one = replace(task("f"), evidence=Evidence(docstring_faults=["no_arguments"]))
    assert isinstance(_docstring_row(one), RowTexts)


def _texts(one: Task) -> RowTexts:
    texts = code_texts(one)
    assert isinstance(texts, RowTexts)
    return texts


def _docstring_row(one: Task) -> RowTexts | RefusedRow:
    return docstring_texts(one)
