"""The benchmark of training speed: contestants at their smallest, and its arithmetic."""

from __future__ import annotations

import threading
from multiprocessing import Pipe
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from benchmarks.training_speed import operations_per_token, prepare  # noqa: E402
from benchmarks.training_speed_arms import End, Job, Window, run_arm  # noqa: E402
from sft.model_presets import PRESETS, new_model  # noqa: E402
from sft.rows import Row  # noqa: E402
from sft.training_data import TrainingData  # noqa: E402

_SOURCES = [Path(__file__).parents[2] / name for name in ("filters", "sampling", "sft", "tasks")]
_VOCABULARY = 1000


@pytest.fixture(scope="module")
def job_and_data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, TrainingData]:
    folder = tmp_path_factory.mktemp("speed")
    data = prepare(folder, "0.1m", _SOURCES, 60, _VOCABULARY)
    return Job(folder, 128, 2, 4, 2.0, 2, 1e-3, 1), data


@pytest.mark.parametrize("name", ["ours", "TRL, no checkpointing, packed (bfd)", "TRL, defaults"])
def test_a_contestant_stops_at_each_window_and_sees_every_row_once(
    name: str, job_and_data: tuple[Job, TrainingData]
) -> None:
    job, data = job_and_data
    ours, theirs = Pipe()
    arm = threading.Thread(target=run_arm, args=(name, job, theirs), daemon=True)
    arm.start()
    count = ours.recv()
    windows = []
    for _ in range(count):
        assert not ours.poll(), "it waits for its turn"
        ours.send("go")
        windows.append(ours.recv())
    end = ours.recv()
    arm.join()
    assert count == job.windows
    assert all(isinstance(window, Window) and window.seconds > 0 for window in windows)
    seen, short = sum(window.tokens for window in windows), data.tokens
    assert isinstance(end, End)
    if name == "TRL, defaults":
        assert seen == short
        assert end.cells_per_token > 1.05
    else:  # the last step of a pass may be left out, to end with a validation
        assert short - job.packs * job.context <= seen <= short
        assert end.cells_per_token == pytest.approx(seen / short)
    assert 0 < end.loss < 8


def test_operations_are_those_of_every_matrix_of_the_model() -> None:
    row = Row("", tuple(range(100)), 60)
    data = TrainingData([row], [row], [], {})
    size = PRESETS["0.1m"]
    model = new_model(size, "llama", _VOCABULARY, 0, 1)
    inside = sum(
        weights.numel()
        for name, weights in model.named_parameters()
        if weights.dim() == 2 and "embed" not in name
    )
    attention = 6 * size.layers * size.width * 100
    expected = 6 * inside + 6 * _VOCABULARY * size.width * 0.4 + attention
    assert operations_per_token("0.1m", data, _VOCABULARY) == pytest.approx(expected)
