"""nox: the session that tests with this Python. The noxfile is a program, so it is read in the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from sandbox.interface import Limits
from tasks.json_decoders import json_decoder
from tracing.ci_plan import NoPlan, Plan, Step
from tracing.ci_runners import install_runner, read_answer, runner_file
from tracing.workspace import RUNNER_PYTHON, Workspace

# with what the script headers of noxfiles name would come another environment, made without being asked
_NOX = (RUNNER_PYTHON, "-m", "nox", "--script-mode", "none")
_TEST_NAMES = re.compile(
    r"(?:run[-_])?(?:unit[-_]?)?(?:py)?tests?(?:[-_](?:unit|all|suite|py\S*))?|unit|pytest", re.I
)
_LESS_LIKELY = re.compile(r"test|coverage", re.I)


class _Session(msgspec.Struct):
    session: str
    name: str
    python: str | None = None


def nox_plans(workspace: Workspace, limits: Limits) -> Iterator[Plan | NoPlan]:
    """The plan of a project that has a noxfile."""
    if not install_runner(workspace, limits, "nox[uv]"):
        yield NoPlan("nox", "nox cannot be installed")
        return
    inside, answer = runner_file(workspace, "nox.json")
    listing = ("/bin/sh", "-c", f"exec {' '.join(_NOX)} --list --json > {inside}")
    workspace.run("build", *listing, index=True, limits=limits)
    try:
        sessions = json_decoder(list[_Session]).decode(read_answer(answer))
    except (msgspec.DecodeError, RecursionError):
        yield NoPlan("nox", "its noxfile cannot be read; see build.log")
        return
    version = workspace.interpreter.short_version
    chosen = choose_session([(s.session, s.name, s.python) for s in sessions], version)
    if chosen is None:
        names = ", ".join(dict.fromkeys(session.name for session in sessions))
        yield NoPlan("nox", f"none of its sessions is named as tests are: {names[:200]}")
        return
    session, name, python = chosen
    fits = python == version
    select = ("-s", session) if fits else ("-s", name, "--force-python", version)
    options = ("--download-python", "never", "--default-venv-backend", "uv", *select)
    yield Plan(
        "nox",
        f"nox session {session}",
        install=(Step((*_NOX, *options, "--install-only")),),
        test=(Step((*_NOX, *options, "-R")),),
    )


def choose_session(
    sessions: list[tuple[str, str, str | None]], version: str
) -> tuple[str, str, str | None] | None:
    """The session that likely tests with a Python, of session, name and Python; None if none does."""

    def rank(session: tuple[str, str, str | None]) -> tuple[bool, bool, bool]:
        _, name, python = session
        return not _TEST_NAMES.fullmatch(name), python != version, python is not None

    testing = [session for session in sessions if _LESS_LIKELY.search(session[1])]
    return min(testing, key=rank, default=None)
