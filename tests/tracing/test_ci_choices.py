"""Which tox environment, nox session and Python is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.interpreter import NoInterpreter, find_interpreter
from tracing.ci_nox import choose_session
from tracing.ci_tox import candidates
from tracing.project_metadata import read_metadata
from tracing.python_choice import choose_python, installed_interpreter
from tracing.python_versions import short_version


@pytest.mark.parametrize(
    ("known", "own_python", "expected"),
    [
        (["py310", "py311", "lint"], True, ["py311"]),
        (["lint", "docs", "py27", "py36"], True, ["py311"]),
        (["py311-lint", "py311-django4", "py311-django3"], True, ["py311-django4", "py311-django3"]),
        (["lint", "tests", "docs"], True, ["tests", "py311"]),
        (["lint", "tests", "docs"], False, ["py311"]),
        (["py", "mypy"], True, ["py", "py311"]),
        (["py310", "pypy3", "integration"], True, ["py311", "integration"]),
        (["3.11", "3.12", "type"], True, ["3.11"]),
        (["py3.11", "py3.14t", "stress-py3.14t", "pypy3.11"], True, ["py3.11"]),
        ([], True, ["py311"]),
    ],
)
def test_tox_environments_for_python_3_11(known: list[str], own_python: bool, expected: list[str]) -> None:
    assert candidates(known, "3.11", own_python) == expected


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (
            [("lint", "lint", None), ("tests-3.10", "tests", "3.10"), ("tests-3.11", "tests", "3.11")],
            "tests-3.11",
        ),
        ([("test_docs", "test_docs", None), ("unit", "unit", None), ("test", "test", None)], "test"),
        ([("tests-3.12", "tests", "3.12"), ("coverage", "coverage", None)], "tests-3.12"),
        ([("integration_tests", "integration_tests", None), ("docs", "docs", None)], "integration_tests"),
        ([("docs", "docs", None)], None),
        ([], None),
    ],
)
def test_nox_sessions_for_python_3_11(
    sessions: list[tuple[str, str, str | None]], expected: str | None
) -> None:
    chosen = choose_session(sessions, "3.11")
    assert (chosen[0] if chosen else None) == expected


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.12", "3.12"),
        (" 3.12.1", "3.12"),
        ("3.13-dev", "3.13"),
        ("3.14.0-rc.1", "3.14"),
        ("3.9.x", "3.9"),
        ("pypy-3.9", None),
        ("pypy3.9", None),
        ("3.13t", None),
        ("2.7", None),
        ("3.x", None),
        ("3", None),
    ],
)
def test_versions_as_ci_writes_them(text: str, version: str | None) -> None:
    assert short_version(text) == version


_RUNNING = find_interpreter().short_version


def _project(folder: Path, *, requires: str = ">=3.8", classified: str = "", ci: str = "") -> Path:
    classifier = f"classifiers = ['Programming Language :: Python :: {classified}']\n" if classified else ""
    folder.joinpath("pyproject.toml").write_text(
        f"[project]\nname = 'x'\nversion = '1'\nrequires-python = '{requires}'\n{classifier}"
    )
    if ci:
        folder.joinpath(".travis.yml").write_text(f"python: [{ci}]\nscript: pytest\n")
    return folder


def test_the_ci_decides_before_the_classifiers(tmp_path: Path) -> None:
    source = _project(tmp_path, classified="3.99", ci=f"3.1, {_RUNNING}, 3.98")
    chosen = choose_python(source, read_metadata(source))
    assert chosen.interpreter.short_version == _RUNNING
    assert chosen.reason == f"{_RUNNING} is the newest here that its CI names"


def test_the_classifiers_decide_where_the_ci_names_none(tmp_path: Path) -> None:
    source = _project(tmp_path, classified=_RUNNING)
    reason = choose_python(source, read_metadata(source)).reason
    assert reason == f"{_RUNNING} is the newest here that its classifiers name"


def test_the_running_python_where_nothing_is_named(tmp_path: Path) -> None:
    source = _project(tmp_path)
    assert choose_python(source, read_metadata(source)).interpreter == find_interpreter()


def test_a_python_that_is_not_here_is_named(tmp_path: Path) -> None:
    source = _project(tmp_path, requires=">=3.99")
    with pytest.raises(NoInterpreter, match=r"requires Python >=3\.99; here are .*3\."):
        choose_python(source, read_metadata(source))


def test_a_version_is_found_among_those_of_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = "3.8" if _RUNNING != "3.8" else "3.9"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    program = tmp_path / "versions" / f"{wanted}.99" / "bin" / f"python{wanted}"
    program.parent.mkdir(parents=True)
    program.symlink_to(find_interpreter().executable)
    assert installed_interpreter(wanted) == find_interpreter()
    program.unlink()
    with pytest.raises(NoInterpreter, match=f"no Python '{wanted}'"):
        installed_interpreter(wanted)
