"""Runs side by side, from result files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.comparison import curve_ks, differences, report_run
from evaluation.judged_samples import read_runs
from evaluation.pass_at_k import pass_at_k
from evaluation.ranking_curves import MEAN, ORACLE, RANDOM, SUM
from tasks.files import BadFile


def _results(path: Path, passed: dict[str, str], temperature: float | None = 0.8, **more: Any) -> Path:
    """Results of tasks, a character for each sample: p passed, f failed, i infrastructure."""
    rows = [
        {
            "task_id": task_id,
            "completion": f"    return {index}\n",
            "passed": None if letter == "i" else letter == "p",
            **({} if temperature is None else {"parameters": {"temperature": temperature}}),
            **{name: value(index, letter) if callable(value) else value for name, value in more.items()},
        }
        for task_id, letters in passed.items()
        for index, letter in enumerate(letters)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_each_temperature_is_told_by_itself_and_the_best_for_each_k(tmp_path: Path) -> None:
    cold = _results(tmp_path / "cold", {"a": "pppp", "b": "ffff", "c": "pppp"}, 0.0)
    hot = _results(tmp_path / "hot", {"a": "pfff", "b": "fpff", "c": "ffpf"}, 1.0)
    (run,) = read_runs([("s", cold), ("s", hot)])
    report = report_run(run, [1, 4, 100])
    first, second = report.curves
    assert (first.temperature, second.temperature) == (0.0, 1.0)
    assert list(first.points) == [1, 2, 4]
    assert [first.points[1].value, second.points[1].value] == pytest.approx([2 / 3, 1 / 4])
    assert [first.points[4].value, second.points[4].value] == pytest.approx([2 / 3, 1])
    assert {k: best.temperature for k, best in report.best.items()} == {1: 0.0, 2: 0.0, 4: 1.0}
    assert report.best[4].samples == 4
    assert report.best[4].estimate.low <= report.best[4].estimate.value <= report.best[4].estimate.high


def test_files_of_one_temperature_are_repetitions_over_which_tasks_are_averaged(tmp_path: Path) -> None:
    one = _results(tmp_path / "one", {"a": "pf", "b": "ff", "only": "pp"})
    two = _results(tmp_path / "two", {"b": "pp", "a": "ff"})
    (run,) = read_runs([("s", one), ("s", two)])
    report = report_run(run, [1])
    (curve,) = report.curves
    assert curve.points[1].value == pytest.approx((0.25 + 0.5) / 2)
    assert curve.files[1] == pytest.approx([0.25, 0.5])
    assert (curve.points[1].tasks, report.tasks_left_out) == (2, 1)


def test_samples_without_a_verdict_count_neither_way(tmp_path: Path) -> None:
    (run,) = read_runs([("s", _results(tmp_path / "r", {"a": "pii", "b": "pff"}))])
    report = report_run(run, [1])
    assert report.unjudged == 2
    assert report.curves[0].samples == (1, 3)
    assert report.curves[0].points[1].value == pytest.approx((1 + 1 / 3) / 2)
    assert list(report.curves[0].points) == [1]


def test_differences_are_paired_by_the_tasks_that_both_have(tmp_path: Path) -> None:
    tasks = {f"t{n}": "p" * (n % 5) + "f" * (8 - n % 5) for n in range(20)}
    better = {task: "p" + letters[:-1] for task, letters in tasks.items()} | {"new": "ffffffff"}
    base = _results(tmp_path / "base", tasks)
    other = _results(tmp_path / "other", better)
    alone = _results(tmp_path / "alone", {"elsewhere": "pf"})
    runs = read_runs([("base", base), ("s", other), ("alone", alone)])
    (found,) = differences(runs, [1, 10])
    assert (found.run, found.against, found.k, found.at_best) == ("s", "base", 1, False)
    assert found.estimate.tasks == 20
    # each task has one of eight more, so there is nothing for the interval to be unsure of
    estimate = found.estimate
    assert [estimate.low, estimate.value, estimate.high] == pytest.approx([1 / 8] * 3)


def test_every_pair_of_runs_is_compared_also_at_their_best_temperatures(tmp_path: Path) -> None:
    named = [
        (label, _results(tmp_path / f"{label}{temperature}", {"a": letters, "b": "pf"}, temperature))
        for label, temperature, letters in (
            *(("base", 0.2, "pf"), ("base", 0.8, "ff")),
            *(("control", 0.2, "pf"), ("s", 0.8, "pp")),
        )
    ]
    found = differences(read_runs(named), [1])
    told = {(e.run, e.against, e.temperature, e.at_best): round(e.estimate.value, 6) for e in found}
    assert told == {
        ("control", "base", 0.2, False): 0.0,
        ("control", "base", None, True): 0.0,
        ("s", "base", 0.8, False): 0.5,
        ("s", "base", None, True): 0.25,
        ("s", "control", None, True): 0.25,
    }


def test_rankings_use_every_score_of_the_file_between_random_and_oracle(tmp_path: Path) -> None:
    path = _results(
        tmp_path / "r",
        {"a": "pfff", "b": "ffpf"},
        logprob_mean=lambda index, letter: -0.1 if letter == "p" else -1.0 - index,
        logprob_sum=lambda index, letter: -9.0 if letter == "p" else -1.0 - index,
        scores=lambda index, letter: {"back-translation": None if index else 0.5},
    )
    (run,) = read_runs([("s", path)])
    curves = {curve.score: curve for curve in report_run(run, [1]).rankings}
    assert set(curves) == {ORACLE, MEAN, SUM, RANDOM, "back-translation"}
    for k in (1, 2, 4):
        assert curves[MEAN].points[k].value == pytest.approx(pass_at_k(4, 1, k))
        assert curves[ORACLE].points[k].value == pytest.approx(pass_at_k(4, 1, k))
        assert curves[RANDOM].points[k].value == pytest.approx(0.25)
    assert curves[SUM].points[4].value == 0.0
    assert curves["back-translation"].points[4].value == 0.5
    assert curves["back-translation"].unscored == 6
    # over k = 1, 2, 3, 4: pass@k less 1/4
    assert curves[MEAN].gain.value == pytest.approx((0 + 1 / 4 + 2 / 4 + 3 / 4) / 4)
    assert curves[MEAN].gain_up_to == 4


def test_results_of_other_tools_have_no_rankings_but_random_and_oracle(tmp_path: Path) -> None:
    (run,) = read_runs([("s", _results(tmp_path / "r", {"a": "pf"}, None))])
    report = report_run(run, [1])
    assert [curve.score for curve in report.rankings] == [ORACLE, RANDOM]
    assert report.curves[0].temperature is None


def test_filtered_pass_at_k_counts_the_tasks_without_survivors(tmp_path: Path) -> None:
    path = _results(
        tmp_path / "r",
        {"a": "pfff", "b": "ffff", "c": "ppff"},
        passed_examples=lambda index, letter: letter == "p",
    )
    (run,) = read_runs([("s", path)])
    (curve,) = report_run(run, [2]).filtered
    assert curve.points[1].value == pytest.approx(2 / 3)
    assert curve.raw[1].value == pytest.approx((1 / 4 + 0 + 2 / 4) / 3)
    assert curve.survivors[2] == {"fewer": 1, "none": 1, "enough": 1}


def test_tasks_without_examples_are_left_out_of_filtered_pass_at_k(tmp_path: Path) -> None:
    with_them = _results(tmp_path / "with", {"a": "pf"}, passed_examples=True)
    without = _results(tmp_path / "without", {"b": "ff"})
    both = tmp_path / "both"
    both.write_text(with_them.read_text() + without.read_text())
    (run,) = read_runs([("s", both)])
    (curve,) = report_run(run, [1]).filtered
    assert (curve.points[1].tasks, curve.points[1].value, curve.raw[1].value) == (1, 0.5, 0.5)
    assert report_run(read_runs([("s", without)])[0], [1]).filtered == []


def test_building_blocks_are_told_by_their_length(tmp_path: Path) -> None:
    passed = {
        "building-blocks/longer/4/0": "pf",
        "building-blocks/longer/4/1": "ff",
        "building-blocks/train/1/0": "pp",
    }
    (run,) = read_runs([("s", _results(tmp_path / "r", passed))])
    (curve,) = report_run(run, [1]).lengths
    assert {length: point.value for length, point in curve.points.items()} == {1: 1.0, 4: 0.25}


def test_curves_go_up_to_the_last_k_that_all_tasks_have() -> None:
    assert curve_ks(100, [3, 1000]) == [1, 2, 3, 5, 10, 20, 50, 100]
    assert curve_ks(7) == [1, 2, 5, 7]


def test_files_that_are_no_results_are_refused(tmp_path: Path) -> None:
    unjudged = tmp_path / "samples"
    unjudged.write_text('{"task_id": "a", "completion": "    pass"}\n')
    with pytest.raises(BadFile, match=r"samples:1: .*codex-sft evaluate"):
        read_runs([("s", unjudged)])
    none = _results(tmp_path / "none", {"a": "ii"})
    with pytest.raises(BadFile, match="no judged sample"):
        read_runs([("s", none)])
    with pytest.raises(BadFile, match="twice"):
        read_runs([("s", none), ("s", none)])
    apart = [_results(tmp_path / name, {name: "p"}) for name in ("a", "b")]
    with pytest.raises(BadFile, match="no task in common"):
        read_runs([("s", path) for path in apart])
