"""Samples that fail no test but are too slow for some: the paper's numbers in brackets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.comparison import report_run
from evaluation.evaluate import Evaluation
from evaluation.evaluation_files import Result, Sample, result_row
from evaluation.judged_samples import read_runs
from sandbox.endings import Ending
from sandbox.samples import CallOutcome, CheckReport, SampleRun
from sandbox.verdicts import Verdict, judge, judge_check, judge_outputs
from tasks.record import Expected, StdioTest, TestCase

_SLOW = Ending("timeout", wall_seconds=3.0)
_ENDED = Ending("exited", code=0)
_CASES = [TestCase([x], {}, Expected("returned", x)) for x in (1, 2, 3)]


def _returned(*values: int) -> list[CallOutcome]:
    return [CallOutcome("returned", value) for value in values]


@pytest.mark.parametrize(("reached", "slow"), [([1], True), ([], True), ([1, 5], False)])
def test_calls_that_were_reached_in_time_must_not_have_failed(reached: list[int], slow: bool) -> None:
    judgement = judge(_CASES, SampleRun(_SLOW, _returned(*reached)))
    assert (judgement.verdict, judgement.only_slow) == (Verdict.TIMEOUT, slow)


def test_no_other_end_is_slow() -> None:
    for ending in (Ending("exited", code=1), Ending("out_of_memory")):
        assert not judge(_CASES, SampleRun(ending, _returned(1))).only_slow
    assert not judge(_CASES, SampleRun(_ENDED, _returned(1, 2, 3))).only_slow


@pytest.mark.parametrize(
    ("outputs", "verdict", "slow"),
    [
        ([(_ENDED, b"1"), (_SLOW, b"")], Verdict.TIMEOUT, True),
        ([(_SLOW, b""), (_ENDED, b"5")], Verdict.TIMEOUT, False),
        ([(_ENDED, b"5"), (_SLOW, b"")], Verdict.FAILED, False),
        ([(_SLOW, b"")], Verdict.TIMEOUT, True),
    ],
)
def test_every_input_of_a_program_counts(
    outputs: list[tuple[Ending, bytes]], verdict: Verdict, slow: bool
) -> None:
    tests = [StdioTest("", "1"), StdioTest("", "2")]
    judgement = judge_outputs(tests, SampleRun(outputs[0][0], outputs=outputs))
    assert (judgement.verdict, judgement.only_slow) == (verdict, slow)


def test_a_check_that_never_ended_had_not_failed_yet() -> None:
    assert judge_check(SampleRun(_SLOW)).only_slow
    failed = CheckReport("check_failed", exception="builtins:AssertionError", detail="no")
    assert not judge_check(SampleRun(_ENDED, check=failed)).only_slow


def test_pass_at_k_is_told_with_and_without_them(tmp_path: Path) -> None:
    results = {
        index: Result("t", index, verdict, verdict == "passed", only_slow=slow)
        for index, (verdict, slow) in enumerate(
            [("passed", False), ("timeout", True), ("timeout", False), ("failed", False)]
        )
    }
    evaluation = Evaluation(results, {})
    assert evaluation.pass_at([1, 10]) == {1: 0.25}
    assert evaluation.forgiven_pass_at([1, 10]) == {1: 0.5}
    assert Evaluation({0: results[0]}, {}).forgiven_pass_at([1]) == {}

    # the samples that pass the examples are those that pass and those that are slow
    rows = [
        result_row(Sample(index, "t", "", {"task_id": "t", "completion": ""}), each, index < 3)
        for index, each in results.items()
    ]
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run,) = read_runs([("s", path)])
    (curve,) = report_run(run, [1]).filtered
    told = (curve.raw, curve.raw_forgiven, curve.points, curve.forgiven)
    assert [each[1].value for each in told] == pytest.approx([1 / 4, 2 / 4, 1 / 3, 2 / 3])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows if "only_slow" not in row))
    assert report_run(read_runs([("s", path)])[0], [1]).filtered[0].forgiven == {}
