""".travis.yml: the job of its matrix for one Python, and the phases that install and test."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

from tracing.ci_files import mapping, read_yaml, sequence, text, texts
from tracing.ci_plan import NoPlan, Plan
from tracing.ci_scripts import ScriptSorter
from tracing.python_versions import short_version

_FILE = ".travis.yml"
_MAX_JOBS = 200
_MAX_EXPANDED = 50_000
_MAX_VALUE = 2_000
_INSTALLING = ("before_install", "install", "before_script")
_PUBLISHING = ("after_success", "after_script", "deploy", "before_deploy", "after_deploy")


def travis_versions(folder: Path) -> list[str]:
    """The Pythons of its matrix, as ``3.12``."""
    return list(dict.fromkeys(v for job in _jobs(read_yaml(folder / _FILE, folder)) if (v := _python(job))))


def travis_plans(folder: Path, version: str) -> Iterator[Plan | NoPlan]:
    """The plan of the job that fits a Python best."""
    configuration = read_yaml(folder / _FILE, folder)
    if not configuration:
        return
    jobs = [job for job in _jobs(configuration) if text(job.get("os")) in ("", "linux")]
    # among equals the first, which the file's author put first too
    jobs.sort(key=lambda job: (_python(job) != version, _python(job) is not None))
    reason = "no job of its matrix runs on Linux"
    for job in jobs:
        sorter = _sort_phases(configuration, job, folder)
        if sorter.test:
            python = _python(job)
            of_matrix = f", job for Python {python}" if python else ""
            yield sorter.plan("travis", f"{_FILE}{of_matrix}")
            return
        own = f": they run {' and '.join(sorted(sorter.own_plans))}" if sorter.own_plans else ""
        reason = f"its scripts have no command that tests{own}"
    yield NoPlan("travis", reason)


def _jobs(configuration: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs of the matrix: the included ones, those of the listed Pythons and environments."""
    matrix = mapping(configuration.get("jobs") or configuration.get("matrix"))
    jobs = [{**configuration, **mapping(entry)} for entry in sequence(matrix.get("include"))]
    variables = configuration.get("env")
    lines = texts(mapping(variables).get("jobs") or mapping(variables).get("matrix")) or (
        texts(variables) if not isinstance(variables, dict) else []
    )
    pythons = texts(configuration.get("python")) or ([] if jobs else [""])
    for python, line in islice(product(pythons, lines or [""]), _MAX_JOBS):
        jobs.append({**configuration, "python": python, "env": line or None})
    return jobs[:_MAX_JOBS]


def _python(job: dict[str, Any]) -> str | None:
    return next((short_version(version) for version in texts(job.get("python"))), None)


def _sort_phases(configuration: dict[str, Any], job: dict[str, Any], folder: Path) -> ScriptSorter:
    sorter = ScriptSorter()
    variables = _variables(mapping(configuration.get("env")).get("global")) | _variables(job.get("env"))
    for phase in _INSTALLING:
        commands = texts(job.get(phase))
        if phase == "install" and "install" not in job and (folder / "requirements.txt").is_file():
            commands = ["pip install -r requirements.txt"]  # what Travis does by default
        for command in commands:
            sorter.add(_expand(command, variables), variables)
    for command in texts(job.get("script")):
        sorter.add(_expand(command, variables), variables)
    for phase in _PUBLISHING:
        for command in texts(job.get(phase)):
            sorter.leave_out(command, f"{phase} is not run")
    packages = mapping(mapping(job.get("addons")).get("apt")).get("packages")
    sorter.system_packages += texts(packages)
    return sorter


def _variables(lines: object) -> dict[str, str]:
    """``A=1 B="2 3"`` as variables; encrypted ones are not there."""
    found: dict[str, str] = {}
    for line in texts(lines):
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        found.update((name, value) for name, sign, value in (word.partition("=") for word in words) if sign)
    for name, value in mapping(lines).items():
        if isinstance(value, str) and name != "secure":
            found[name] = value
    return found


def _expand(command: str, variables: dict[str, str]) -> str:
    """The command with its own variables filled in: one may hold the whole test command."""
    expanded = re.sub(
        r"\$(?:\{(\w+)\}|(\w+))", lambda m: variables.get(m[1] or m[2], m[0])[:_MAX_VALUE], command
    )
    return expanded if len(expanded) <= _MAX_EXPANDED else command
