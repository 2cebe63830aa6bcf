"""What the grades say: pass@k of the docstring models, and how far the graders agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

from docstring_gen.grading_items import GradingItem
from docstring_gen.grading_store import Grade, GradeStore
from evaluation.intervals import Estimate, Resamples
from evaluation.pass_at_k import pass_at_k

KS = (1, 10)


@dataclass(frozen=True)
class Score:
    """One model in the eyes of one grader. ``pass_at_k`` is over the tasks with k graded samples at least.

    Items come in an order that has nothing to do with what they are, so that those tasks are a fair choice.
    """

    model: str
    grader: str
    items: int
    graded: int
    categories: dict[str, int]
    pass_at_k: dict[int, Estimate | None]


@dataclass(frozen=True)
class Agreement:
    """Two graders on the items that both have graded. Cohen's kappa is None where it is not defined.

    ``kappa`` is over the categories, ``kappa_correct`` over correct or not; so are the shares.
    """

    graders: tuple[str, str]
    items: int
    share: float
    kappa: float | None
    share_correct: float
    kappa_correct: float | None


@dataclass(frozen=True)
class GradingResults:
    """Scores by model and grader; agreement of each pair, and its means over the pairs that have one."""

    scores: list[Score]
    agreement: list[Agreement]
    mean_kappa: float | None
    mean_kappa_correct: float | None


def cohens_kappa(pairs: Sequence[tuple[object, object]]) -> float | None:
    """Agreement of two graders beyond chance (Cohen 1960); None where chance agrees always."""
    if not pairs:
        return None
    count = len(pairs)
    first, second = (Counter(column) for column in zip(*pairs, strict=True))
    # in whole numbers until the end, so that full agreement is exactly 1
    by_chance = sum(first[each] * second[each] for each in first)
    agreed = sum(one == other for one, other in pairs) * count
    if by_chance == count * count:
        return None
    return (agreed - by_chance) / (count * count - by_chance)


def grading_results(store: GradeStore) -> GradingResults:
    """The results of all grades that count."""
    by_grader: dict[str, dict[int, Grade]] = {}
    for grade in store.all_standing():
        by_grader.setdefault(grade.grader, {})[grade.item_id] = grade
    by_model: dict[str, dict[int, GradingItem]] = {}
    for item_id, item in store.items.items():
        by_model.setdefault(item.key.model, {})[item_id] = item
    agreement = [
        _agreement((one, other), by_grader[one], by_grader[other])
        for one, other in combinations(sorted(by_grader), 2)
        if by_grader[one].keys() & by_grader[other].keys()
    ]
    return GradingResults(
        scores=[
            _score(model, grader, items, by_grader[grader])
            for model, items in sorted(by_model.items())
            for grader in sorted(by_grader)
        ],
        agreement=agreement,
        mean_kappa=_mean([each.kappa for each in agreement]),
        mean_kappa_correct=_mean([each.kappa_correct for each in agreement]),
    )


def _score(model: str, grader: str, items: Mapping[int, GradingItem], grades: Mapping[int, Grade]) -> Score:
    counts: dict[str, tuple[int, int]] = {}
    categories: Counter[str] = Counter()
    for item_id, item in items.items():
        if item_id in grades:
            category = grades[item_id].category or ""
            categories[category] += 1
            graded, correct = counts.get(item.key.task_id, (0, 0))
            counts[item.key.task_id] = (graded + 1, correct + (category == "correct"))
    return Score(
        model, grader, len(items), categories.total(), dict(categories), {k: _pass_at(k, counts) for k in KS}
    )


def _pass_at(k: int, counts: Mapping[str, tuple[int, int]]) -> Estimate | None:
    values = [pass_at_k(graded, correct, k) for graded, correct in counts.values() if graded >= k]
    return Resamples(len(values)).mean(values) if values else None


def _agreement(graders: tuple[str, str], one: Mapping[int, Grade], other: Mapping[int, Grade]) -> Agreement:
    pairs = [(one[item_id].category, other[item_id].category) for item_id in one.keys() & other.keys()]
    correct = [(first == "correct", second == "correct") for first, second in pairs]
    return Agreement(
        graders=graders,
        items=len(pairs),
        share=fmean(first == second for first, second in pairs),
        kappa=cohens_kappa(pairs),
        share_correct=fmean(first == second for first, second in correct),
        kappa_correct=cohens_kappa(correct),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return fmean(defined) if defined else None


def exported_grades(store: GradeStore) -> Iterator[dict[str, Any]]:
    """The grades that count, one to a line, with what that grader had said of that docstring before."""
    for grade in store.all_standing():
        item = store.items[grade.item_id]
        earlier = [each for each in store.history(grade.item_id, grade.grader) if each != grade]
        yield {
            "task_id": item.key.task_id,
            "sample_index": item.key.sample_index,
            **({"model": item.key.model} if item.key.model else {}),
            "grader": grade.grader,
            "category": grade.category,
            "correct": grade.category == "correct",
            "note": grade.note,
            "graded_at": grade.graded_at,
            "docstring": item.docstring,
            "earlier": [
                {"category": each.category, "note": each.note, "graded_at": each.graded_at}
                for each in earlier
            ],
        }
