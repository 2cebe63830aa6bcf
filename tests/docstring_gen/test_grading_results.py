"""pass@k and agreement from grades, against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from docstring_gen.grading_items import ItemKey, read_grading_items
from docstring_gen.grading_results import cohens_kappa, exported_grades, grading_results
from docstring_gen.grading_store import Category, GradeStore
from docstring_gen.grading_text import highlighted, visible
from tests.docstring_gen.grading_session import line, write_lines


def test_kappa_is_cohens() -> None:
    # 20 and 15 agreements of 50, of which 0.5 are expected by chance: (0.7 - 0.5) / (1 - 0.5)
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)
    assert cohens_kappa([("a", "b"), ("b", "a")]) == -1.0
    assert cohens_kappa([("a", "a"), ("b", "b"), ("c", "c")]) == 1.0
    assert cohens_kappa([("a", "a")] * 9) is None, "chance alone agrees always"
    assert cohens_kappa([]) is None


def _graded(folder: Path, rows: list[dict[str, Any]]) -> tuple[GradeStore, dict[ItemKey, int]]:
    store = GradeStore(folder / "grades", read_grading_items(write_lines(folder / "d.jsonl", rows)))
    return store, {item.key: item_id for item_id, item in store.items.items()}


def test_pass_at_k_by_model_and_grader(tmp_path: Path) -> None:
    rows = [
        line(index, task_id=task, model=model)
        for model in ("large", "small")
        for task in ("a", "b")
        for index in range(10)
    ]
    store, ids = _graded(tmp_path, rows)
    correct = {("large", "a"): 10, ("large", "b"): 1, ("small", "a"): 0, ("small", "b"): 0}
    for key, item_id in ids.items():
        if key.model == "small" and key.task_id == "b" and key.sample_index > 0:
            continue
        passes = key.sample_index < correct[key.model, key.task_id]
        store.grade(item_id, "anna", "correct" if passes else "missing_detail")
    large, small = grading_results(store).scores
    assert (large.model, large.grader, large.graded, large.items) == ("large", "anna", 20, 20)
    assert large.categories == {"correct": 11, "missing_detail": 9}
    ones, tens = large.pass_at_k[1], large.pass_at_k[10]
    assert ones and tens
    assert (ones.value, tens.value, tens.tasks) == (pytest.approx(0.55), 1.0, 2)
    assert small.graded == 11
    tens = small.pass_at_k[10]
    assert tens
    assert (tens.value, tens.tasks) == (0.0, 1), "of task b, one docstring alone has a grade"


def test_agreement_is_over_what_both_have_graded_and_averaged_over_pairs(tmp_path: Path) -> None:
    store, ids = _graded(tmp_path, [line(index) for index in range(4)])
    said: dict[str, list[Category]] = {
        "anna": ["correct", "correct", "missing_detail", "other"],
        "berta": ["correct", "missing_detail", "missing_detail", "copies_code"],
        "carla": ["correct", "correct", "missing_detail"],
    }
    for grader, categories in said.items():
        for key, item_id in ids.items():
            if key.sample_index < len(categories):
                store.grade(item_id, grader, categories[key.sample_index])
    results = grading_results(store)
    by_pair = {each.graders: each for each in results.agreement}
    both = by_pair["anna", "berta"]
    assert (both.items, both.share, both.share_correct) == (4, 0.5, 0.75)
    assert both.kappa == pytest.approx((8 - 4) / (16 - 4))  # by chance 2 * 1 + 1 * 2 of 16
    assert both.kappa_correct == pytest.approx((12 - 8) / (16 - 8))
    assert by_pair["anna", "carla"].kappa == 1.0
    assert by_pair["berta", "carla"].items == 3
    kappas = [each.kappa for each in results.agreement if each.kappa is not None]
    assert results.mean_kappa == pytest.approx(sum(kappas) / 3)


def test_exported_lines_tell_what_was_said_before(tmp_path: Path) -> None:
    store, ids = _graded(tmp_path, [line(0, model="m"), line(1)])
    (with_model, without) = sorted(ids.items(), key=lambda each: each[0].sample_index)
    store.grade(with_model[1], "anna", "other", "hm")
    store.grade(without[1], "anna", "copies_code")
    store.grade(with_model[1], "anna", "correct", "better")
    first, second = exported_grades(store)
    assert (first["sample_index"], "model" in first, first["correct"], first["earlier"]) == (
        1,
        False,
        False,
        [],
    )
    assert (second["model"], second["category"], second["correct"]) == ("m", "correct", True)
    assert [(each["category"], each["note"]) for each in second["earlier"]] == [("other", "hm")]


def test_nothing_hides_in_what_is_shown() -> None:
    assert visible("plain\n\ttext, Ünïcode → 汉字") == "plain\n\ttext, Ünïcode → 汉字"
    assert visible("a\r\nb\rc\x00\x1b[0m\u202e\u200b\ud800") == ("a\nb\\rc\\x00\\x1b[0m\\u202e\\u200b\\ud800")
    assert "<" not in highlighted("x = '</code><script>'").replace("<span", "").replace("</span>", "")
