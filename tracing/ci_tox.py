"""tox: the environment that tests with this Python, as tox itself reads its configuration.

tox makes the environment while the package index can be reached. Its commands are then run without
network, one by one, so that one that reports coverage or checks style costs nothing if it fails.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import msgspec

from sandbox.interface import Limits
from tasks.json_decoders import json_decoder
from tracing.ci_commands import read_command
from tracing.ci_plan import NoPlan, Plan, Step
from tracing.ci_runners import install_runner, read_answer, runner_file, runner_interpreter
from tracing.workspace import RUNNER_PYTHON, Workspace

_DRAWN_BY_TOX = "PYTHONHASHSEED"
"""What tox draws anew each time: with it no two runs of the tests would record the same."""
_TOX = (RUNNER_PYTHON, "-m", "tox")
_MAX_ENVIRONMENTS = 3
_LOCKED = "uv-venv-lock-runner"
_SECTIONS = (
    *("testenv:{0}", "testenv", "env.{0}", "env_run_base"),
    *("tool.tox.env.{0}", "tool.tox.env_run_base"),
)
_GENERIC = ("py", "py3", "python", "python3", "test", "tests", "unit", "unittest", "unittests", "pytest")
_VERSIONED = re.compile(r"py(?:py|thon)?-?\d\.?\d*t?|\d\.\d+t?|pypy\d*|jython")
_NO_TESTS = re.compile(
    r"(?:^|-)(?:lint|flake8|docs?|doc\w*|black|mypy|style|format|types?|typing|release|build|publish|clean"
    r"|pre-commit|check\w*|manifest|pylint|ruff|coverage-report|report|bench\w*|dev|package)(?:-|$)"
)


class _Environment(msgspec.Struct):
    env_bin_dir: str
    env_dir: str
    change_dir: str
    commands: list[str] = msgspec.field(default_factory=list)
    commands_pre: list[str] = msgspec.field(default_factory=list)
    set_env: dict[str, str] = msgspec.field(default_factory=dict)
    runner: str = ""


class _Configuration(msgspec.Struct):
    env: dict[str, msgspec.Raw]
    tox: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


def tox_plans(workspace: Workspace, limits: Limits) -> Iterator[Plan | NoPlan]:
    """The plans of a project that has a tox configuration, the environment that fits best first."""
    if not install_runner(workspace, limits, "tox", "tox-uv"):
        yield NoPlan("tox", "tox cannot be installed")
        return
    known = _known_environments(workspace, limits)
    if known is None:
        yield NoPlan("tox", "tox cannot read its configuration; see build.log")
        return
    reasons = []
    for name in candidates(known, workspace.interpreter.short_version, _own_python(workspace))[
        :_MAX_ENVIRONMENTS
    ]:
        environment = _ask(workspace, limits, name)
        plan = _plan(name, environment) if environment else None
        if plan is not None:
            yield plan
        else:
            reasons.append(name)
    if reasons:
        yield NoPlan("tox", f"no command of its environments tests: {', '.join(reasons)}")


def candidates(known: list[str], version: str, own_python: bool) -> list[str]:
    """The environments to look at for a Python, best first, of the names that the configuration lists.

    ``own_python`` tells whether environments that name no Python get this one.
    """
    factor = f"py{version.replace('.', '')}"
    same = {factor, f"py{version}", version}
    testing = [name for name in known if not _NO_TESTS.search(name)]
    exact = [name for name in testing if name in same]
    with_factor = [name for name in testing if same & set(name.split("-"))]
    other_versions = any(_VERSIONED.fullmatch(name.partition("-")[0]) for name in known)
    unversioned = [
        name for name in testing if not any(_VERSIONED.fullmatch(part) for part in name.split("-"))
    ]
    generic = [name for name in unversioned if name in _GENERIC]
    implied = [] if exact or with_factor else [factor]  # tox makes it of [testenv]
    named = [*exact, *with_factor]
    named += implied if other_versions or not own_python else []
    named += (*generic, *unversioned) if own_python else ()
    return list(dict.fromkeys((*named, *implied)))


def _own_python(workspace: Workspace) -> bool:
    return runner_interpreter(workspace) == workspace.interpreter


def _known_environments(workspace: Workspace, limits: Limits) -> list[str] | None:
    # one environment is asked for, since substitutions may make tox create each that it shows
    inside, answer = runner_file(workspace, "tox-core.json")
    factor = f"py{workspace.interpreter.short_version.replace('.', '')}"
    asked = ("config", "--core", "-k", "env_list", "-e", factor, "--format", "json", "-o", inside)
    workspace.run("build", *_TOX, *asked, index=True, limits=limits)
    try:
        core = json_decoder(_Configuration).decode(read_answer(answer)).tox
        return json_decoder(list[str]).decode(core.get("env_list", b"[]"))
    except (msgspec.DecodeError, RecursionError):
        return None


def _ask(workspace: Workspace, limits: Limits, name: str) -> _Environment | None:
    inside, answer = runner_file(workspace, "tox-environment.json")
    keys = ("commands", "commands_pre", "set_env", "change_dir", "env_bin_dir", "env_dir", "runner")
    asked = ("config", "-e", name, "-k", *keys, "--format", "json", "-o", inside)
    workspace.run("build", *_TOX, *asked, index=True, limits=limits)
    try:
        found = json_decoder(_Configuration).decode(read_answer(answer)).env
        return json_decoder(_Environment).decode(found[name])
    except (msgspec.DecodeError, RecursionError, KeyError):
        return None


def _plan(name: str, environment: _Environment) -> Plan | None:
    """The plan of an environment; None if no command of it tests."""
    commands = [(text, read_command(text.lstrip("-! "))) for text in environment.commands]
    test = [(text, command) for text, command in commands if command.purpose in ("test", "other")]
    versioned = bool(_VERSIONED.match(name)) or name in _GENERIC
    if not any(command.purpose == "test" or versioned for _, command in test):
        return None
    variables = {
        **{name: value for name, value in environment.set_env.items() if name != _DRAWN_BY_TOX},
        "PATH": f"{environment.env_bin_dir}:/usr/local/bin:/usr/bin:/bin",
        "VIRTUAL_ENV": environment.env_dir,
    }

    def step(text: str) -> Step:
        return Step(_words(text), variables, environment.change_dir)

    return Plan(
        "tox",
        f"tox environment {name}",
        install=(
            Step((*_TOX, "run", "-e", name, "--notest", *_options(name, environment))),
            *map(step, environment.commands_pre),
        ),
        test=tuple(step(text) for text, _ in test),
        left_out=tuple(
            f"{text}: {command.detail}" for text, command in commands if command.purpose == "left_out"
        ),
    )


def _words(text: str) -> tuple[str, ...]:
    """The words of a command as tox writes it; one that fails if it cannot be read."""
    try:
        return tuple(shlex.split(text.lstrip("-! "))) or ("true",)
    except ValueError:
        return ("false", text)


def _options(name: str, environment: _Environment) -> list[str]:
    options = ["--skip-missing-interpreters", "false"]
    if environment.runner == _LOCKED:
        # a lock file holds for the address of the index that it was made with; ours is another
        for section in _SECTIONS:
            options += ["--override", f"{section.format(name)}.runner=uv-venv-runner"]
    return options
