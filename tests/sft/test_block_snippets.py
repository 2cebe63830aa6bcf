"""Snippets of chained blocks: nothing held out, right and wrong bodies; and that overlaps are found."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from evaluation.block_chains import ChainPlan, ChainSets, make_chains
from evaluation.building_blocks import apply_blocks, building_blocks
from sft.block_snippets import SnippetPlan, write_snippets
from sft.corpus import CorpusFile
from sft.corpus_overlap import corpus_overlaps
from tasks.record import Task
from tests.sft.task_texts import task

_PLAN = SnippetPlan(files=150)


@pytest.fixture(scope="module")
def sets() -> ChainSets:
    return make_chains(ChainPlan((1, 2, 3), 5, held_out=10, longer_lengths=(4,)))


@pytest.fixture(scope="module")
def files(sets: ChainSets, tmp_path_factory: pytest.TempPathFactory) -> list[CorpusFile]:
    folder = tmp_path_factory.mktemp("snippets")
    assert write_snippets(folder, _PLAN, sets.held_out) == _PLAN.files
    found = sorted(folder.rglob("*.py"))
    return [CorpusFile(file.parent.name, file.name, file.read_text(), "") for file in found]


def _held_out(sets: ChainSets) -> list[Task]:
    return [each for name, tasks in sets.tasks.items() if name != "train" for each in tasks]


def test_the_same_plan_gives_the_same_files(sets: ChainSets, files: list[CorpusFile], tmp_path: Path) -> None:
    write_snippets(tmp_path, _PLAN, sets.held_out)
    assert [file.read_text() for file in sorted(tmp_path.rglob("*.py"))] == [file.text for file in files]


def test_snippets_show_nothing_that_is_held_out(sets: ChainSets, files: list[CorpusFile]) -> None:
    assert corpus_overlaps(files, _held_out(sets)) == []


def test_pairs_that_are_held_out_are_never_together(sets: ChainSets, files: list[CorpusFile]) -> None:
    codes = {block.name: block.code[-1].partition(" = ")[2] for block in building_blocks()}
    bodies = [
        ast.get_source_segment(file.text, node) or "" for file in files for node in ast.parse(file.text).body
    ]
    shown = {
        frozenset((one, other))
        for body in bodies
        for one in codes
        for other in codes
        if one != other and codes[one] in body and codes[other] in body
    }
    assert len(shown) > 30
    assert not shown & sets.held_out.pairs


def test_some_docstrings_are_missing_and_some_bodies_are_wrong(files: list[CorpusFile]) -> None:
    of_words = {inspect.cleandoc(block.description): block for block in building_blocks()}
    undocumented = right = wrong = 0
    for file in files:
        for node in ast.parse(file.text).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            docstring = ast.get_docstring(node)
            if docstring is None:
                undocumented += 1
                continue
            steps = docstring.partition(":\n")[2]
            said = [line.removeprefix("- ") for line in steps.splitlines()]
            if not steps:
                sentence = docstring.rstrip(".")
                said = (sentence[0].lower() + sentence[1:]).split(", then ")
            names: dict[str, object] = {}
            exec(ast.unparse(node), names)  # noqa: S102 - our own text
            given = "Every apple, under the open Tree! Why? IDEA."
            expected = apply_blocks(tuple(of_words[each] for each in said), given)
            if names[node.name](given) == expected:  # type: ignore[operator]
                right += 1
            else:
                wrong += 1
    total = undocumented + right + wrong
    assert 0.15 < undocumented / total < 0.35
    assert 0.25 < wrong / total < 0.45
    assert right / total > 0.25


def test_a_held_out_task_in_a_corpus_is_found(sets: ChainSets) -> None:
    chain = sets.tasks["longer"][0]
    renamed = chain.program.replace("string_manipulation", "other").replace(
        "Change the text", "Take the text"
    )
    undocumented = ast.parse(renamed).body[0]
    assert isinstance(undocumented, ast.FunctionDef)
    undocumented.body = undocumented.body[1:]
    words = (
        "Tell for every value of the given list how often it is there before the place that is asked about."
    )
    real = task("count", "    return [x]\n", docstring=words)
    texts = {
        "whole.py": renamed,
        "code.py": ast.unparse(undocumented),
        "words.py": f'def f(a):\n    """{words.replace("Tell", "Say")}"""\n    return a\n',
        "none.py": "def f(a):\n    return a\n",
    }
    found = corpus_overlaps([CorpusFile("p", name, text, "") for name, text in texts.items()], [chain, real])
    assert {(each.path, each.layer, each.task_id) for each in found} == {
        ("whole.py", "tree", chain.task_id),
        ("whole.py", "docstring", chain.task_id),
        ("code.py", "tree", chain.task_id),
        ("words.py", "docstring", real.task_id),
    }
