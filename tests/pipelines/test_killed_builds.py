"""What the benchmark of killed builds looks at tells a build that is whole from one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.build_remains import Places, digests, left_files, stage_under_way
from pipelines.build_folder import BuildFolder, StageName
from pipelines.build_status import StageState, StageStatus, StatusFile


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path)
    for file in (
        made.output / "build.json",
        made.output / "exports" / "hub" / "train.parquet.txt",
        made.output / "stages" / "trace" / "tasks.jsonl",
        made.output / "stages" / "trace" / "projects" / "one" / "packages" / "lib" / "part",
        made.output / "stages" / "trace" / "projects" / "one" / "logs" / "build.log",
        made.home / ".cache" / "codex-sft" / "packages" / "ab" / "template-1.0.whl",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[]\n")
    made.temporary.mkdir()
    return made


def test_a_whole_build_has_nothing_left(places: Places) -> None:
    assert left_files(places) == []


@pytest.mark.parametrize(
    "name",
    [
        "build/.status.json.77.0a1b2c3d.tmp",
        "build/exports/.partial/sft/train.jsonl",
        "build/stages/trace/projects/one/workspace/setup.py",
        "home/.cache/codex-sft/packages/.arriving-0a1b2c3d/part",
        "home/.cache/codex-sft/packages/ab/tmp9x_3kq0a/part",
        "tmp/beam-pool",
    ],
)
def test_what_is_left_is_found(places: Places, name: str) -> None:
    file = places.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("half")
    assert left_files(places)


def test_other_results_are_told_and_other_logs_are_not(places: Places) -> None:
    whole = digests(places.output)
    (places.output / "stages/trace/projects/one/logs/build.log").write_text("another time\n")
    assert digests(places.output) == whole
    for name in ("exports/hub/train.parquet.txt", "stages/trace/tasks.jsonl"):
        (places.output / name).write_text("[1]\n")
        assert digests(places.output)[name] != whole[name]
    (places.output / "exports" / "more.jsonl").write_text("")
    assert digests(places.output).keys() - whole.keys() == {"exports/more.jsonl"}


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ((), "before the first"),
        ((("trace", "running"),), "trace"),
        ((("trace", "done"),), "after trace"),
        ((("trace", "unchanged"), ("export", "running")), "export"),
    ],
)
def test_the_stage_under_way_is_what_the_status_says(
    tmp_path: Path, states: tuple[tuple[StageName, StageState], ...], told: str
) -> None:
    build = BuildFolder(tmp_path)
    status = StatusFile(build, ["trace", "export"], "fn-api", lambda: None)
    for name, state in states:
        status.set(StageStatus(name, state))
    assert stage_under_way(build.status) == told
