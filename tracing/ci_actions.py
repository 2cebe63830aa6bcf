"""GitHub Actions workflows: the jobs that test on Ubuntu, for one Python of their matrix.

Expressions are not evaluated but for a few names (``matrix.*``, ``env.*`` and the like); a step that needs
more is left out, and the record says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tracing.ci_files import mapping, read_yaml, sequence, text, texts
from tracing.ci_plan import NoPlan, Plan
from tracing.ci_scripts import ScriptSorter
from tracing.project_modules import SOURCE_ROOT
from tracing.python_versions import short_version

WORKFLOWS = ".github/workflows"
_MAX_PLANS = 3
_MAX_COMBINATIONS = 500
_EXPRESSION = re.compile(r"\$\{\{((?:[^{}\n]|\{[^{}\n]*\})*)\}\}")
_MAX_WORKFLOWS = 40
_MAX_JOBS = 200
_MAX_SUBSTITUTED = 50_000
_OTHER_JOBS = re.compile(
    r"lint|doc|publish|release|deploy|style|type|mypy|pre-?commit|bench|perf|fuzz|codeql|wheel|stale|label",
    re.I,
)
_TESTING = re.compile(r"test|pytest|unit", re.I)
_OTHER_SYSTEM = re.compile(r"windows|macos|darwin|alpine|freebsd|\barm", re.I)
_ALWAYS = {
    "github.workspace": SOURCE_ROOT,
    "runner.os": "Linux",
    "runner.temp": "/tmp",
    "runner.arch": "X64",
    "github.actor": "nobody",
    "github.event_name": "push",
    "github.ref": "refs/heads/main",
}


@dataclass(frozen=True)
class _Job:
    file: str
    name: str
    workflow: dict[str, Any]
    content: dict[str, Any]


def actions_versions(folder: Path) -> list[str]:
    """The Pythons that the workflows' testing jobs name, as ``3.12``."""
    found = []
    for job in _jobs(folder):
        if not _OTHER_JOBS.search(job.name):
            found += [version for combination in _combinations(job) if (version := _python(job, combination))]
    return list(dict.fromkeys(found))


def actions_plans(folder: Path, version: str) -> Iterator[Plan | NoPlan]:
    """The plans of a project's workflows for a Python, the likeliest test job first."""
    plans = []
    reasons = []
    for job in _jobs(folder):
        combination = _best(job, version)
        if isinstance(combination, str):
            reasons.append(f"{job.name}: {combination}")
            continue
        sorter = _sort_steps(job, combination, version)
        if sorter.test:
            python = _python(job, combination)
            of_matrix = f" for Python {python}" if python else ""
            rank = (
                bool(_OTHER_JOBS.search(job.name)),
                not _TESTING.search(f"{job.name} {job.file}"),
                python != version,
                -len(sorter.test),
            )
            plans.append((rank, sorter.plan("actions", f"{job.file}, job {job.name}{of_matrix}")))
        elif sorter.own_plans:
            reasons.append(f"{job.name}: it runs {' and '.join(sorted(sorter.own_plans))}")
    plans.sort(key=lambda ranked: ranked[0])
    yield from (plan for _, plan in islice(plans, _MAX_PLANS))
    if not plans and (folder / WORKFLOWS).is_dir():
        said = f" ({'; '.join(reasons[:4])})" if reasons else ""
        yield NoPlan("actions", f"no job of its workflows has steps that test{said}")


def _jobs(folder: Path) -> Iterator[_Job]:
    if (folder / ".github").is_symlink() or (folder / WORKFLOWS).is_symlink():
        return  # it may lead out of the project
    for file in sorted((folder / WORKFLOWS).glob("*.y*ml"))[:_MAX_WORKFLOWS]:
        workflow = read_yaml(file, folder)
        for name, content in islice(mapping(workflow.get("jobs")).items(), _MAX_JOBS):
            if isinstance(name, str) and isinstance(content, dict):
                yield _Job(f"{WORKFLOWS}/{file.name}", name, workflow, content)


def _combinations(job: _Job) -> list[dict[str, Any]]:
    """The combinations of the job's matrix, excluded ones left out, ``include`` added."""
    matrix = mapping(mapping(job.content.get("strategy")).get("matrix"))
    combinations: list[dict[str, Any]] = [{}]
    for key, values in matrix.items():
        if key in ("include", "exclude") or not isinstance(values, list):
            continue
        combinations = [{**known, key: value} for known in combinations for value in values]
        del combinations[_MAX_COMBINATIONS:]
    excluded = [mapping(entry) for entry in sequence(matrix.get("exclude"))]
    combinations = [
        c for c in combinations if not any(entry and entry.items() <= c.items() for entry in excluded)
    ]
    included = [mapping(entry) for entry in sequence(matrix.get("include"))]
    axes = set(matrix) - {"include", "exclude"}
    for entry in included[:_MAX_COMBINATIONS]:
        shared = {key: value for key, value in entry.items() if key in axes}
        extended = [c for c in combinations if shared.items() <= c.items() and axes]
        for combination in extended:
            combination.update({key: value for key, value in entry.items() if key not in axes})
        if not extended:
            combinations.append(dict(entry))
    return [c for c in combinations if c] or [{}]


def _python(job: _Job, combination: Mapping[str, Any]) -> str | None:
    """The Python that a combination runs on, as ``3.12``."""
    for step in sequence(job.content.get("steps")):
        if "setup-python" in text(mapping(step).get("uses")):
            wanted = text(mapping(mapping(step).get("with")).get("python-version"))
            known = _Names(job, combination, "")
            found = known.substitute(wanted)
            if found and (version := short_version(found.splitlines()[0])):
                return version
    for key, value in combination.items():
        if "py" in key.lower() and isinstance(value, str) and (version := short_version(value)):
            return version
    return None


def _best(job: _Job, version: str) -> dict[str, Any] | str:
    """The combination to take, else why there is none."""
    if "uses" in job.content:
        return "it is another workflow's"
    combinations = [c for c in _combinations(job) if not _OTHER_SYSTEM.search(_system(job, c))]
    if not combinations:
        return "it does not run on Ubuntu"
    named = [(c, _python(job, c)) for c in combinations]
    fitting = [c for c, python in named if python == version]
    others = [c for c, python in named if python is not None]
    return (fitting or others or combinations)[0]


def _system(job: _Job, combination: Mapping[str, Any]) -> str:
    runner = job.content.get("runs-on")
    runners = texts(runner) if not isinstance(runner, dict) else texts(runner.get("labels"))
    known = _Names(job, combination, "")
    container = job.content.get("container")
    image = text(container) or text(mapping(container).get("image"))
    return " ".join(known.substitute(name) or name for name in (*runners, image))


class _Names:
    """What the expressions of a job may name."""

    def __init__(self, job: _Job, combination: Mapping[str, Any], version: str) -> None:
        self._known: dict[str, str] = dict(_ALWAYS)
        _flatten("matrix", combination, self._known)
        inputs = mapping(mapping(mapping(job.workflow.get("on")).get("workflow_call")).get("inputs"))
        for name, facts in inputs.items():
            default = text(mapping(facts).get("default"))
            self._known[f"inputs.{name}"] = default or (version if "python" in name else "")
        self.environment: dict[str, str] = {}
        self.add_environment(job.workflow.get("env"))
        self.add_environment(job.content.get("env"))

    def add_environment(self, variables: object) -> None:
        for name, value in mapping(variables).items():
            known = self.substitute(text(value))
            if known is not None and isinstance(name, str):
                self.environment[name] = known
                self._known[f"env.{name}"] = known

    def substitute(self, value: str) -> str | None:
        """A text with its expressions replaced; None if one of them is not known, or it gets very long."""
        known = [self._look_up(found) for found in _EXPRESSION.findall(value)]
        if None in known or len(value) + sum(len(found or "") for found in known) > _MAX_SUBSTITUTED:
            return None
        return _EXPRESSION.sub(lambda match: self._look_up(match[1]) or "", value)

    def _look_up(self, expression: str) -> str | None:
        return self._known.get(re.sub(r"\[\s*['\"]([\w-]+)['\"]\s*\]", r".\1", expression.strip()))


def _flatten(prefix: str, value: object, known: dict[str, str], depth: int = 0) -> None:
    if isinstance(value, str):
        known[prefix] = value
    elif isinstance(value, Mapping) and depth < 4:
        for key, inner in value.items():
            _flatten(f"{prefix}.{key}", inner, known, depth + 1)


def _sort_steps(job: _Job, combination: Mapping[str, Any], version: str) -> ScriptSorter:
    sorter = ScriptSorter()
    names = _Names(job, combination, version)
    defaults = mapping(mapping(job.content.get("defaults")).get("run"))
    defaults = {**mapping(mapping(job.workflow.get("defaults")).get("run")), **defaults}
    for step in map(mapping, sequence(job.content.get("steps"))):
        script = text(step.get("run"))
        if not script:
            if step.get("uses"):
                sorter.leave_out(f"uses {text(step.get('uses'))}", "actions are not run")
            continue
        own = _Names(job, combination, version)
        own.add_environment(step.get("env"))
        reason = _why_not(step, defaults)
        substituted = own.substitute(script)
        if reason is None and substituted is None:
            reason = f"it needs {_EXPRESSION.findall(script)[0].strip()}"
        if reason is not None or substituted is None:
            sorter.leave_out(script, reason or "")
            continue
        folder = names.substitute(text(step.get("working-directory") or defaults.get("working-directory")))
        sorter.add(substituted, own.environment, _inside(folder or ""))
    return sorter


def _why_not(step: Mapping[str, Any], defaults: Mapping[str, Any]) -> str | None:
    """Why a step is not taken; None if it is. Conditions are not evaluated, only looked at."""
    condition = text(step.get("if"))
    everything = " ".join((condition, text(step.get("run")), *map(text, mapping(step.get("env")).values())))
    if re.search(r"\bsecrets\s*[.\[]", everything):
        return "it needs secrets"
    if re.search(r"failure\(\)|cancelled\(\)|refs/tags|startsWith\(github\.ref|release|steps\.", condition):
        return f"it runs only if {condition}"
    if _OTHER_SYSTEM.search(condition) and "!=" not in condition:
        return f"it runs only if {condition}"
    shell = text(step.get("shell") or defaults.get("shell"))
    if shell and not re.match(r"(?:ba)?sh\b", shell):
        return f"its shell is {shell}"
    return None


def _inside(folder: str) -> str:
    """A folder of the project, from a path that the configuration names."""
    parts = [part for part in folder.removeprefix(SOURCE_ROOT).split("/") if part not in ("", ".")]
    return SOURCE_ROOT if ".." in parts else "/".join((SOURCE_ROOT, *parts))
