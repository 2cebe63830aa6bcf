"""Recipes: thresholds by name, in a file that says where it is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from filters.default_recipe import DEFAULT, PAPER
from filters.measures import MEASURES, STAGES
from filters.recipe import Recipe, Threshold, read_recipe
from tasks.files import BadFile


def _read(folder: Path, text: str) -> Recipe:
    file = folder / "recipe.toml"
    file.write_text(text)
    return read_recipe(file, DEFAULT)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[a]\nmeasure = 1\n", ":2: [a]", "measure"),
        ("\n[a]\nmeasure = 'samples.passed'\n", ":2: [a]", "wants nothing"),
        ("[weak_tests]\nminimum = 0.5\nminimun = 1\n", ":3: [weak_tests]", "minimun"),
        ("[unstable]\n[b]\nmeasure = 'text.beauty'\nminimum = 1\n", ":3: [b]", "text.beauty"),
        ("[b]\nmeasure = 'stability.axes'\nminimum = 1\n", ":3: [b]", "minimum cannot be said"),
        ("[weak_tests]\nunknown = 'perhaps'\n", ":2: [weak_tests]", "perhaps"),
        ("[weak_test]\nminimum = 0.5\n", ":1: [weak_test]", "no measure"),
        ("[weak_test]\napply = false\n", ":2: [weak_test]", "no default"),
        ("[Aha]\nmeasure = 'samples.passed'\nminimum = 1\n", ":1: [Aha]", "small letters"),
        ("[weak_tests]\n[a\n", "line 2", ""),
        ("defaults = 'none'\n", ":1:", "true or false"),
        ("minimum = 1\n", ":1: minimum", "no table"),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(tmp_path: Path, text: str, place: str, words: str) -> None:
    with pytest.raises(BadFile) as told:
        _read(tmp_path, text)
    assert re.search(re.escape(place), str(told.value))
    assert words in str(told.value)
    assert str(tmp_path / "recipe.toml") in str(told.value)


def test_a_file_changes_takes_away_and_adds_to_the_defaults(tmp_path: Path) -> None:
    recipe = _read(
        tmp_path,
        "[weak_tests]\nminimum = 0.9\n[undocumented]\napply = false\n"
        "[too_easy]\nmeasure = 'samples.pass_rate'\nmaximum = 0.95\nunknown = 'keep'\n"
        "[few_tests]\nmeasure = 'text.tests'\nminimum = 3\n",
    )
    assert recipe.thresholds["weak_tests"] == Threshold(
        "strength.mutation_score", minimum=0.9, unknown="keep"
    )
    assert recipe.thresholds["too_easy"] == Threshold("samples.pass_rate", maximum=0.95, unknown="keep")
    names = {*DEFAULT.thresholds, "too_easy", "few_tests"} - {"undocumented"}
    assert set(recipe.thresholds) == names
    stages = [STAGES.index(each.stage) for each in recipe.thresholds.values()]
    assert stages == sorted(stages)  # the cheapest reason is counted
    alone = _read(tmp_path, "defaults = false\n[few_tests]\nmeasure = 'text.tests'\nminimum = 3\n")
    assert list(alone.thresholds) == ["few_tests"]


@pytest.mark.parametrize(
    ("threshold", "value", "objection"),
    [
        (Threshold("text.tests", minimum=1, maximum=2), 1, None),
        (Threshold("text.tests", minimum=1), 0.5, "text.tests is 0.5, less than 1"),
        (Threshold("text.tests", maximum=2), 3, "text.tests is 3, more than 2"),
        (Threshold("text.tests", minimum=1), None, "text.tests is not known"),
        (Threshold("text.tests", minimum=1, unknown="keep"), None, None),
        (Threshold("text.documented", one_of=[True]), False, "text.documented is False"),
        (Threshold("stability.axes", only=[]), [], None),
        (Threshold("stability.axes", only=["clock"]), ["clock", "umask"], "stability.axes has umask"),
        (Threshold("contamination.layers", none_of=["tree"]), ["text"], None),
        (
            Threshold("contamination.layers", none_of=["tree"]),
            ["text", "tree"],
            "contamination.layers has tree",
        ),
        (Threshold("text.licence", licences=["MIT"]), "MIT OR GPL-3.0-only", None),
        (Threshold("text.licence", licences=["MIT"]), "GPL-3.0-only", "text.licence is GPL-3.0-only"),
        (Threshold("text.licence", licences=["MIT"]), None, "text.licence is not known"),
    ],
)
def test_a_threshold_says_what_is_wrong(threshold: Threshold, value: Any, objection: str | None) -> None:
    measures = {} if value is None else {threshold.measure: value}
    assert threshold.objection(measures) == objection


def test_all_objections_are_told_or_those_of_some_stages() -> None:
    objections = PAPER.objections({"samples.decision": "undecided", "samples.reason": "exhausted"})
    assert list(objections) == ["undecided", "sampled_reference_fails", "no_sample_passes"]
    assert not PAPER.objections({}, ("text", "strength"))


def test_the_defaults_are_of_measures_that_there_are_in_the_order_of_stages() -> None:
    assert {each.measure for each in DEFAULT.thresholds.values()} <= set(MEASURES)
    assert DEFAULT.in_order() == DEFAULT
    assert list(DEFAULT.in_order().thresholds) == list(DEFAULT.thresholds)
