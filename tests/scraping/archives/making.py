"""Archives of our own making, written file by file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from scraping.problem import Problem, ProblemRejection

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "problems"


def shared(name: str) -> Path:
    """Real data beside the repository; the test is skipped where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def written(root: Path, files: Mapping[str, str]) -> Path:
    """A folder with text files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def problems(found: Iterable[Problem | ProblemRejection]) -> list[Problem]:
    """What was found, none of it a rejection."""
    made = list(found)
    assert not [item for item in made if isinstance(item, ProblemRejection)]
    return [item for item in made if isinstance(item, Problem)]


def only(found: Iterable[Problem | ProblemRejection]) -> Problem:
    """The one problem that was found."""
    (problem,) = problems(found)
    return problem


def rejections(found: Iterable[Problem | ProblemRejection]) -> list[ProblemRejection]:
    """The rejections among what was found."""
    return [item for item in found if isinstance(item, ProblemRejection)]


def reason(found: Iterable[Problem | ProblemRejection]) -> str:
    """Why the one thing that was found is rejected."""
    (rejection,) = found
    assert isinstance(rejection, ProblemRejection)
    return rejection.reason
