"""Building blocks and their chains: what they do, that each block matters, and what sets never share."""

from __future__ import annotations

from itertools import combinations

import pytest

from evaluation.block_chains import ChainPlan, chain_length, make_chains
from evaluation.building_blocks import apply_blocks, building_blocks
from sandbox.task_judging import JudgingOptions, judge_programs, prepare_task
from sandbox.verdicts import Verdict
from sandbox.worker_pool import WorkerPool
from tasks.record import Task


def _names(task: Task) -> list[str]:
    return task.provenance.source.partition(": ")[2].split(" > ")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("drop_letter_e", "Eve sees", "Ev ss"),
        ("mark_spaces", "a b  c", "a!b!!c"),
        ("lower", "ABc", "abc"),
        ("cut_both_ends", "abcdef", "cd"),
        ("cut_both_ends", "abc", ""),
        ("drop_vowels", "Audio tree", "d tr"),
        ("drop_every_third", "abcdefg", "bcef"),
        ("keep_first_half", "abcde", "ab"),
        ("widen_spaces", "a b", "a   b"),
        ("reverse_words", " one  two three ", "three two one"),
        ("keep_last_words", "one two three", "two three"),
        ("follow_with_apples", "one  two", "one apples two apples"),
        ("raise_every_other", "abcd e", "AbCd e"),
        ("drop_sentence_marks", "Why? Oh! No.", "Why Oh No"),
    ],
)
def test_a_block_does_what_it_says(name: str, text: str, expected: str) -> None:
    (block,) = (each for each in building_blocks() if each.name == name)
    assert apply_blocks((block,), text) == expected


def test_there_are_thirteen_with_words_and_code_of_their_own() -> None:
    blocks = building_blocks()
    assert len({block.description for block in blocks}) == len({block.code for block in blocks}) == 13
    assert all(block.code[-1].startswith("s = ") for block in blocks)


def test_references_pass_and_lack_of_any_block_fails(quick_pool: WorkerPool) -> None:
    made = make_chains(ChainPlan((1, 3, 7), 2, seed=4))
    for task in made.tasks["chains"]:
        lines = task.canonical_solution.splitlines(keepends=True)
        codes = {block.name: block.code for block in building_blocks()}
        without = []
        for left_out in _names(task):
            kept = [line for name in _names(task) if name != left_out for line in codes[name]]
            without.append(task.prompt + "".join(f"    {line}\n" for line in [*kept, "return s"]))
        assert len(lines) > len(without)
        prepared = prepare_task(task, quick_pool, JudgingOptions())
        judged = [
            found.verdict for found, _ in judge_programs(prepared, quick_pool, [task.program, *without])
        ]
        assert judged == [Verdict.PASSED] + [Verdict.FAILED] * len(without)


def test_the_same_seed_makes_the_same_tasks_and_another_one_others() -> None:
    plan = ChainPlan((2, 4), 5, seed=1)
    assert make_chains(plan).tasks == make_chains(plan).tasks
    others = make_chains(ChainPlan((2, 4), 5, seed=2)).tasks["chains"]
    assert [task.prompt for task in others] != [task.prompt for task in make_chains(plan).tasks["chains"]]


def test_what_is_held_out_is_not_in_training() -> None:
    made = make_chains(ChainPlan((1, 2, 3), 40, held_out=6, held_out_pairs=9, longer_lengths=(4, 5), seed=3))
    sets = made.tasks
    assert set(sets) == {"train", "unseen_chains", "unseen_pairs", "longer"}
    together = {
        frozenset(pair)
        for name in ("train", "unseen_chains", "longer")
        for task in sets[name]
        for pair in combinations(_names(task), 2)
    }
    for task in sets["unseen_pairs"]:
        assert any(frozenset(pair) not in together for pair in combinations(_names(task), 2)), task.task_id
    lengths = {name: {chain_length(task.task_id) for task in tasks} for name, tasks in sets.items()}
    assert lengths == {
        "train": {1, 2, 3},
        "unseen_chains": {2, 3},
        "unseen_pairs": {2, 3},
        "longer": {4, 5},
    }
    programs = [task.canonical_solution for tasks in sets.values() for task in tasks]
    ids = [task.task_id for tasks in sets.values() for task in tasks]
    assert len(set(programs)) == len(programs) == len(set(ids))
    # all that blocks do alone is known in training
    assert {_names(task)[0] for task in sets["train"] if chain_length(task.task_id) == 1} == {
        block.name for block in building_blocks()
    }


def test_chains_that_cannot_be_had_are_told() -> None:
    made = make_chains(ChainPlan((1,), 20))
    assert len(made.tasks["chains"]) == 13
    assert made.missing == {("chains", 1): 7}
    # of two neighbours that do the same in either order, one is taken
    made = make_chains(ChainPlan((2,), 200))
    assert made.rejected["same_behaviour"] > 0
    assert made.rejected["redundant_block"] > 0
    assert len(made.tasks["chains"]) + sum(made.rejected.values()) == 13 * 12


@pytest.mark.parametrize(
    "arguments",
    [((0,), 1), ((14,), 1), ((), 1), ((2,), 0), ((3,), 1, 1, 13, (3,)), ((3,), 1, 1, 78), ((3,), 1, 1, -1)],
)
def test_plans_that_cannot_be_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"give|longer"):
        ChainPlan(*arguments)  # type: ignore[arg-type]


def test_other_tasks_have_no_length() -> None:
    assert chain_length("HumanEval/3") is None
    assert chain_length("building-blocks/longer/5/12") == 5
