"""The folders of a build that was killed: what is in them, and what should not be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.build_status import BuildStatus
from pipelines.content_digest import file_digest
from pipelines.export import RECORD
from tasks.files import BadFile, read_json

_LOGS_AND_ENVIRONMENTS = ("logs", "packages", "verified")
_TEMPORARY = re.compile(
    r".+\.(?:tmp|part|partial)|\.partial|\.progress|\.verified|workspace|part"
    r"|\.arriving-.+|beam-temp.*|tmp[a-z0-9_]{8}|codex-sft-.+-[a-z0-9_]{8}"
)
"""Names that files and folders have only while something is at work."""


@dataclass(frozen=True)
class Places:
    """The folders of one build: its output, its home and its temporary files."""

    root: Path

    @property
    def output(self) -> Path:
        return self.root / "build"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"


def stage_under_way(status: Path) -> str:
    """The stage that runs as a status file says; before the first, between two or after the last in words."""
    try:
        told = read_json(status, BuildStatus)
    except BadFile:
        return "before the first"
    for each in told.stages:
        if each.state == "running":
            return each.stage
    done = [each.stage for each in told.stages if each.state != "waiting"]
    return f"after {done[-1]}" if done else "before the first"


def digests(output: Path) -> dict[str, str]:
    """The files of a build by their names, but for logs and environments: digests of exports and of stages'
    sets, of others, which tell times, only that they are there."""
    names = sorted(file.relative_to(output) for file in output.rglob("*") if file.is_file())
    return {
        str(name): file_digest(output / name) if _is_result(name) else "there"
        for name in names
        if not set(name.parts) & set(_LOGS_AND_ENVIRONMENTS)
    }


def _is_result(name: Path) -> bool:
    if name.parts[0] == "exports":
        return name.name != RECORD  # it has digests of files with their times
    return len(name.parts) == 3 and name.parts[0] == "stages" and name.suffix == ".jsonl"


def left_files(places: Places) -> list[Path]:
    """What should be there only while a build runs: all temporary files, and what is named like one
    elsewhere."""
    named = [
        path
        for top in (places.output, places.home)
        for path in top.rglob("*")
        if _TEMPORARY.fullmatch(path.name) and not (top == places.output and "packages" in path.parts)
    ]
    return [*places.temporary.rglob("*"), *named]
