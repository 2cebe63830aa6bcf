"""BLEU against correctness."""

from __future__ import annotations

import pytest

pytest.importorskip("sacrebleu", reason="the extra `report` is not installed")

import sacrebleu

from evaluation.bleu import BleuAgainst, chance_of_higher, chance_of_higher_within

_REFERENCE = "    total = 0\n    for value in values:\n        total += value\n    return total\n"


def test_it_is_sacrebleus_sentence_bleu_of_the_tokens() -> None:
    text = "    total = 1\n    for v in values:\n        total += v\n    return total\n"
    expected = sacrebleu.sentence_bleu(
        "total = 1 for v in values : total + = v return total",
        ["total = 0 for value in values : total + = value return total"],
        tokenize="none",
    )
    assert BleuAgainst(_REFERENCE).of(text) == pytest.approx(expected.score / 100)
    assert 0 < expected.score < 100


def test_a_wrong_program_can_be_nearer_to_the_reference_than_a_right_one() -> None:
    against = BleuAgainst(_REFERENCE)
    assert against.of(_REFERENCE) == pytest.approx(1.0)
    assert against.of(_REFERENCE.replace("+=", "-=")) > against.of("    return sum(values)\n")


def test_texts_without_tokens_score_nothing() -> None:
    assert BleuAgainst(_REFERENCE).of("\n    \n") == 0.0
    assert BleuAgainst("").of("return 1") == 0.0


def test_the_chance_of_higher_counts_all_pairs_and_halves_of_equal_ones() -> None:
    assert chance_of_higher([0.5, 0.9], [0.1, 0.5]) == pytest.approx(3.5 / 4)
    assert chance_of_higher([0.5], []) is None
    # tasks count alike, and one whose samples all passed tells nothing
    found = chance_of_higher_within([([0.9], [0.1]), ([0.1, 0.1, 0.1], [0.9]), ([0.5], [])])
    assert found == pytest.approx(0.5)
    assert chance_of_higher_within([([1.0], [])]) is None
