"""The tracer on every Python of this machine, by every hook that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tracing.traced_script import VERSIONS, Traced, interpreters

_HOOKS = [(version, "setprofile") for version in VERSIONS] + [("3.12", "monitoring"), ("3.13", "monitoring")]


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    return _interpreter(request.param)


@pytest.fixture(params=_HOOKS, ids="-".join)
def traced(request: pytest.FixtureRequest, tmp_path: Path) -> Traced:
    version, tracer = request.param
    major, minor = map(int, version.split("."))
    return Traced(tmp_path, _interpreter(version), (major, minor), tracer)


def _interpreter(version: str) -> str:
    program = interpreters().get(version)
    if program is None:
        pytest.skip(f"no Python {version} on this machine")
    return program
