"""What becomes of a task in each format, and why some have no row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.graded_rows import program_of, read_graded_text
from pipelines.exports.humaneval_rows import evalplus_rows, humaneval_rows
from pipelines.exports.judged_samples import RecordedSamples, preference_rows, sample_rows
from pipelines.exports.options import LeftOut
from pipelines.exports.training_rows import (
    completion_rows,
    conversation_rows,
    docstring_rows,
    environment_rows,
    fenced,
    harness_rows,
    own_definition,
    reward_rows,
)
from tasks.equality import Comparator
from tasks.files import BadFile, write_json_lines
from tasks.record import Expected, OutputChecker, Task, TestCase
from tests.pipelines.exported_tasks import (
    CLAMPED,
    HALVES,
    NEEDS_PROJECT,
    OPAQUE,
    PROGRAM,
    SILENT,
    SPREAD,
    WORDS,
)


def _row(made: list[dict[str, Any]] | LeftOut) -> dict[str, Any]:
    assert not isinstance(made, LeftOut), made
    (row,) = made
    return row


def _reason(made: list[dict[str, Any]] | LeftOut) -> str:
    assert isinstance(made, LeftOut)
    return made.reason


def _with_case(task: Task, case: TestCase) -> Task:
    return replace(task, tests=[*task.tests, case])


def test_evalplus_gets_inputs_as_json_with_generated_ones_as_its_own() -> None:
    row = _row(evalplus_rows(CLAMPED))
    assert row["base_input"] == [[5, 1, 9], [12, 1, 9]]
    assert row["plus_input"] == [[-3, 1, 9], [1, 1, 1]]
    assert (row["atol"], row["contract"], row["entry_point"]) == (0.0, "", "clamped")
    only_generated = replace(CLAMPED, tests=[case for case in CLAMPED.tests if case.origin == "generated"])
    assert _row(evalplus_rows(only_generated))["base_input"] == [[-3, 1, 9], [1, 1, 1]]


def test_evalplus_calls_by_position() -> None:
    named = TestCase([5], {"high": 9, "low": 1}, Expected("returned", 5))
    assert [5, 1, 9] in _row(evalplus_rows(_with_case(CLAMPED, named)))["base_input"]
    apart = replace(named, keyword_arguments={"high": 9})
    assert _reason(evalplus_rows(_with_case(CLAMPED, apart))) == "keyword_arguments"
    only_named = replace(CLAMPED, prompt=CLAMPED.prompt.replace("low, high", "*, low, high"))
    assert _reason(evalplus_rows(_with_case(only_named, named))) == "keyword_arguments"


def test_evalplus_takes_the_tolerance_of_floats() -> None:
    case = TestCase([0.5, 0.1, 1.0], {}, Expected("returned", 0.5), Comparator("float_tolerance", atol=1e-4))
    assert _row(evalplus_rows(_with_case(CLAMPED, case)))["atol"] == 1e-4
    nested = replace(case, expected=Expected("returned", {"a": [0.5]}))
    assert _reason(evalplus_rows(_with_case(CLAMPED, nested))) == "comparison_not_available"


@pytest.mark.parametrize(
    ("reason", "case"),
    [
        ("input_has_no_json_form", TestCase([{"$tuple": [1]}, 1, 2], {}, Expected("returned", 1))),
        ("input_has_no_json_form", TestCase([[{"$float": "inf"}], 1, 2], {}, Expected("returned", 1))),
        ("input_has_no_json_form", TestCase([{"k": {"$set": [1]}}, 1, 2], {}, Expected("returned", 1))),
        ("input_has_no_json_form", TestCase([1, 1, 2], {}, Expected("returned", 1), pickled="gASVAA==")),
        ("expects_an_exception", TestCase([1, 1, 2], {}, Expected("raised", exception="builtins:OSError"))),
        ("yields", TestCase([1, 1, 2], {}, Expected("yielded", [1]))),
        (
            "changes_its_arguments",
            TestCase([[1], 1, 2], {}, Expected("returned", arguments_after=[[], 1, 2])),
        ),
        ("comparison_not_available", TestCase([1, 1, 2], {}, Expected("returned", [1]), Comparator("set"))),
        ("result_is_not_equal_to_itself", TestCase([1, 1, 2], {}, Expected("returned", {"$float": "nan"}))),
        (
            "result_is_not_equal_to_itself",
            TestCase([1, 1, 2], {}, Expected("returned", [{"$object": ["task:Box", {}]}])),
        ),
    ],
)
def test_evalplus_is_not_asked_what_it_cannot_tell(reason: str, case: TestCase) -> None:
    assert _reason(evalplus_rows(_with_case(CLAMPED, case))) == reason


def test_a_result_of_plain_values_is_compared_by_evalplus() -> None:
    assert _row(evalplus_rows(HALVES))["base_input"] == [[[1, 2, 3, 4]], [[1, 2, 3]], [[]]]
    assert _reason(evalplus_rows(SPREAD)) == "input_has_no_json_form"
    assert _reason(evalplus_rows(replace(CLAMPED, entry_point="find_zero"))) == "reserved_entry_point"


_CHECKED = replace(CLAMPED, checker=OutputChecker("python", {"c.py": ""}, "c.py"))


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        (humaneval_rows, {"needs_its_project", "is_a_whole_program", "needs_its_checker"}),
        (evalplus_rows, {"needs_its_project", "is_a_whole_program", "needs_its_checker", "check_is_opaque"}),
        (harness_rows, {"needs_its_project", "is_a_whole_program"}),
        (reward_rows, {"needs_its_project"}),
        (environment_rows, {"needs_its_project"}),
        (completion_rows, set()),
        (conversation_rows, set()),
    ],
)
def test_each_format_says_what_it_cannot_hold(rows: Any, reasons: set[str]) -> None:
    kinds = [NEEDS_PROJECT, PROGRAM, _CHECKED, OPAQUE]
    assert {made.reason for made in map(rows, kinds) if isinstance(made, LeftOut)} == reasons


def test_rows_name_their_licence_and_source() -> None:
    row = _row(completion_rows(CLAMPED))
    assert (row["prompt"], row["completion"]) == (CLAMPED.prompt, CLAMPED.canonical_solution)
    assert (row["license"], row["source"], row["version"]) == ("MIT", "alpha", "1.0")
    assert row["copyright"] == "Copyright (c) 2020 The alpha authors"


def test_a_conversation_answers_with_the_whole_function_and_the_reward_reads_it() -> None:
    helped = replace(CLAMPED, prompt=f"import math\n\n\n{CLAMPED.prompt}")
    row = _row(conversation_rows(helped))
    ((asked,), (answered,)) = row["prompt"], row["completion"]
    assert (asked["role"], answered["role"]) == ("user", "assistant")
    assert helped.prompt.rstrip() in asked["content"]
    assert answered["content"] == f"```python\n{CLAMPED.program.rstrip()}\n```"
    assert program_of(helped, row["completion"]).endswith(CLAMPED.program)


def test_the_reference_of_an_environment_is_read_as_an_answer() -> None:
    row = _row(environment_rows(PROGRAM))
    answer = [{"role": "assistant", "content": row["reference"]}]
    assert program_of(read_graded_text(row["tests"]), answer) == PROGRAM.canonical_solution


def test_a_definition_begins_with_its_decorators() -> None:
    decorated = replace(CLAMPED, prompt="import functools\n\n\n@functools.cache\n" + CLAMPED.prompt)
    assert own_definition(decorated).startswith("@functools.cache\ndef clamped(")
    assert own_definition(replace(CLAMPED, canonical_solution="    return (\n")).startswith("def clamped(")
    assert fenced('x = """\n```\n"""\n').startswith("````python\n")


def test_docstring_rows_end_with_the_docstring() -> None:
    row = _row(docstring_rows(WORDS))
    assert "Return the first of the longest words" not in row["prompt"]
    assert row["completion"].startswith("Return the first of the longest words")
    assert _reason(docstring_rows(SILENT)) == "no_docstring"


def test_reward_rows_hold_the_tests_once() -> None:
    row = _row(reward_rows(CLAMPED))
    assert read_graded_text(row["tests"]).tests == CLAMPED.tests
    assert row["metadata"]["tests"] == 4
    assert "tests" not in row["prompt"]


def _samples(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"task_id": CLAMPED.task_id, "verdict": "failed", **row} for row in rows]


def test_preferences_pair_what_passes_with_what_does_not(tmp_path: Path) -> None:
    rows = _samples(
        {"completion": "    return 1\n", "passed": False},
        {"completion": "    return 1\n", "passed": False},
        {"completion": "    a = 0\n", "passed": True, "verdict": "passed"},
        {"completion": "    return 2\n", "passed": None, "verdict": "infrastructure"},
        {"completion": "    return 3\n", "passed": True, "verdict": "passed", "integrity": "low"},
        {"solution": CLAMPED.prompt + "    b = 0\n", "passed": True, "verdict": "passed"},
        {"solution": "def clamped(value, low, high): pass\n", "passed": False},
        {"completion": "    return 4\n", "passed": False, "verdict": "timeout"},
        {"completion": "    return 5\n", "passed": False, "verdict": "error"},
    )
    write_json_lines(tmp_path / "a.jsonl", rows[:4])
    write_json_lines(
        tmp_path / "b.jsonl", [*rows[4:], {"task_id": WORDS.task_id, "completion": "", "passed": False}]
    )
    with RecordedSamples([tmp_path / "a.jsonl", tmp_path / "b.jsonl"]) as samples:
        pairs = preference_rows(CLAMPED, samples, 4)
        assert not isinstance(pairs, LeftOut)
        found = [(pair["chosen"], pair["rejected"], pair["rejected_verdict"]) for pair in pairs]
        assert found == [
            ("    a = 0\n", "    return 1\n", "failed"),
            ("    b = 0\n", "    return 4\n", "timeout"),
        ]
        assert len(preference_rows(CLAMPED, samples, 1)) == 1  # type: ignore[arg-type]
        assert _reason(preference_rows(WORDS, samples, 4)) == "no_sample_passes"
        assert _reason(preference_rows(HALVES, samples, 4)) == "no_samples"
        assert dict(samples.left_out) == {"not_judged": 1, "could_be_forged": 1}
        told = sample_rows(CLAMPED, samples)
        assert not isinstance(told, LeftOut) and [row["passed"] for row in told].count(True) == 2


@pytest.mark.parametrize("line", [b'{"completion": "x"}\n', b"{\n", b'{"task_id": "a", "passed": "yes"}\n'])
def test_a_line_that_is_no_sample_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "s.jsonl").write_bytes(b'\n{"task_id": "a", "completion": "x", "passed": true}\n' + line)
    with pytest.raises(BadFile, match=r"s\.jsonl:3: "):
        RecordedSamples([tmp_path / "s.jsonl"])
