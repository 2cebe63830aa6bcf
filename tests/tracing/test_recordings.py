"""Record files are untrusted: whatever stands in them is read, counted or refused, never believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracing.recordings import MAX_CASE_CHARACTERS, choose_cases, read_recordings

_FUNCTION = {"function": 1, "file": "/project/m.py", "name": "f", "line": 1, "kind": "function"}


def _call(argument: Any, value: Any, **outcome: Any) -> dict[str, Any]:
    return {
        "call": 1,
        "arguments": [argument],
        "keyword_arguments": {},
        "outcome": {"kind": "returned", "value": value, **outcome},
    }


def _write(folder: Path, name: str, *lines: object) -> None:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / name).write_text(text)


def test_calls_of_all_processes_are_merged(tmp_path: Path) -> None:
    _write(tmp_path, "1.jsonl", _FUNCTION, _call(1, 2))
    _write(
        tmp_path,
        "2.jsonl",
        {**_FUNCTION, "function": 7},
        {**_call(2, 3), "call": 7},
        {**_call(1, 2), "call": 7},
    )
    (function,) = read_recordings(tmp_path).functions
    assert [case.arguments for case in function.cases.values()] == [[1], [2]]


def test_bad_lines_are_counted_and_do_not_stop_the_reading(tmp_path: Path) -> None:
    deep = "[" * 100_000
    _write(tmp_path, "1.jsonl", _FUNCTION, "{", '{"call": "x"}', _call(1, 2), deep, _call(3, 4), {"call": 99})
    recordings = read_recordings(tmp_path)
    assert recordings.faults == 4
    assert len(recordings.functions[0].cases) == 2


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    _write(tmp_path, "outside.jsonl", _FUNCTION, _call(1, 2))
    (folder / "1.jsonl").symlink_to(tmp_path / "outside.jsonl")
    assert read_recordings(folder).functions == []


def test_a_call_with_two_outcomes_is_dropped(tmp_path: Path) -> None:
    _write(tmp_path, "1.jsonl", _FUNCTION, _call(1, 2))
    _write(tmp_path, "2.jsonl", _FUNCTION, _call(1, 3), _call(2, 2))
    (function,) = read_recordings(tmp_path).functions
    assert [case.arguments for case in function.cases.values()] == [[2]]
    assert function.dropped == {"same_call_different_outcome": 1}


def test_large_and_place_dependent_values_are_dropped_with_their_reason(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "1.jsonl",
        _FUNCTION,
        _call("x" * MAX_CASE_CHARACTERS, 1),
        _call(1, "/project/data"),
        _call(2, 2),
    )
    (function,) = read_recordings(tmp_path).functions
    assert function.dropped == {"too_large": 1, "environment_dependent": 1}
    assert len(function.cases) == 1


def test_chosen_cases_differ_in_outcome_before_they_repeat_one(tmp_path: Path) -> None:
    calls = [_call(number, 0) for number in range(30)] + [_call(100, 1), _call(101, 2)]
    _write(tmp_path, "1.jsonl", _FUNCTION, *calls)
    chosen = choose_cases(read_recordings(tmp_path).functions[0].cases, limit=5)
    assert len(chosen) == 5
    assert {case.expected.value for case in chosen} == {0, 1, 2}


def test_floats_are_compared_with_tolerance_and_the_rest_exactly(tmp_path: Path) -> None:
    _write(tmp_path, "1.jsonl", _FUNCTION, _call(1, 0.5), _call(2, [1]))
    (function,) = read_recordings(tmp_path).functions
    assert [case.comparator.kind for case in function.cases.values()] == ["float_tolerance", "exact"]


def test_values_that_are_no_encodings_are_dropped_and_forged_facts_are_faults(tmp_path: Path) -> None:
    code = "__import__('os').system('id')"
    _write(
        tmp_path,
        "1.jsonl",
        _FUNCTION,
        _call({"$int": code}, 1),
        _call(1, {"$pattern": ["x", code]}),
        {**_FUNCTION, "line": -1},
        {**_FUNCTION, "function": 10**30},
        {**_FUNCTION, "file": "a" * 10_000},
        {"lost": 1, "part": "\x1b[31m", "reason": code},
    )
    recordings = read_recordings(tmp_path)
    assert recordings.functions[0].dropped == {"malformed": 2}
    assert (len(recordings.functions), recordings.faults) == (1, 4)


def test_one_function_keeps_a_bounded_number_of_calls_and_losses(tmp_path: Path) -> None:
    losses = [{"lost": 1, "part": "argument", "reason": "too_deep"}] * 1_000
    _write(tmp_path, "1.jsonl", _FUNCTION, *(_call(number, 0) for number in range(1_000)), *losses)
    (function,) = read_recordings(tmp_path).functions
    assert len(function.cases) + function.dropped["beyond_the_cap"] == 1_000
    assert len(function.cases) < 1_000
    assert len(function.losses) < 1_000


def test_a_file_of_nothing_but_faults_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_bytes(b"\n" * 3_000_000)
    assert 0 < read_recordings(tmp_path).faults < 3_000_000
