"""The steps of a Dockerfile, and the files that a build's COPY would see."""

from __future__ import annotations

import json
import re
import shlex
import string
from dataclasses import dataclass
from pathlib import Path

from docker.utils import exclude_paths


class NotUnderstood(ValueError):
    """A step that is not carried out here; the message has its line."""


@dataclass(frozen=True)
class Step:
    """An instruction: its name, its text without continuations, its line in the file."""

    name: str
    text: str
    line: int


@dataclass
class Surroundings:
    """What the steps so far have set: variables for `RUN`, those that the image keeps, and the shell."""

    arguments: dict[str, str]
    environment: dict[str, str]
    shell: list[str]

    @property
    def variables(self) -> dict[str, str]:
        return {**self.arguments, **self.environment}


def read_steps(file: Path) -> list[Step]:
    """All instructions of a Dockerfile, in order. Raises `NotUnderstood` for here-documents."""
    steps: list[Step] = []
    pending = ""
    first = 0
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not pending):
            continue
        first = first if pending else number
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1] + " "
            continue
        name, _, text = (pending + line).strip().partition(" ")
        pending = ""
        if re.search(r"<<-?[\"']?\w", text):
            raise NotUnderstood(f"{file}:{first}: here-documents are not understood")
        steps.append(Step(name.upper(), re.sub(r"\s{2,}", " ", text.strip()), first))
    if pending:
        raise NotUnderstood(f"{file}:{first}: the file ends within a step")
    return steps


def surroundings_before(steps: list[Step], step: Step) -> Surroundings:
    """What the steps before one have set for it. An ARG before FROM is for FROM alone."""
    found = Surroundings({}, {}, ["/bin/sh", "-c"])
    for each in steps[: steps.index(step)]:
        if each.name == "FROM":
            found.arguments.clear()
        elif each.name in ("ARG", "ENV"):
            place = found.arguments if each.name == "ARG" else found.environment
            for word in shlex.split(each.text):
                name, _, value = word.partition("=")
                place[name] = string.Template(value).safe_substitute(found.variables)
        elif each.name == "SHELL":
            found.shell = json.loads(each.text)
    return found


def base_image(steps: list[Step]) -> str:
    """The image that FROM names."""
    first = next(step for step in steps if step.name == "FROM")
    before = surroundings_before(steps, first)
    return string.Template(first.text).safe_substitute(before.variables)


def build_context(root: Path) -> list[Path]:
    """The files, relative to a build's folder, that its `.dockerignore` leaves."""
    lines = (root / ".dockerignore").read_text().splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    names = exclude_paths(str(root), patterns, dockerfile="") - {".dockerignore"}
    return sorted(Path(name) for name in names if (root / name).is_file())


def copied_files(step: Step, context: list[Path]) -> list[tuple[Path, Path]]:
    """Which files of the context a COPY brings where. Raises `NotUnderstood` for options and for sources
    that the context lacks, which end a build as well."""
    *sources, target = shlex.split(step.text)
    if any(word.startswith("--") for word in sources) or not sources:
        raise NotUnderstood(f"line {step.line}: COPY {step.text}: options are not understood")
    found = []
    for source in map(Path, sources):
        below = [file for file in context if file.is_relative_to(source)]
        if not below:
            raise NotUnderstood(f"line {step.line}: COPY {step.text}: {source} is not in the build's context")
        for file in below:
            if file == source:
                found.append((file, Path(target, file.name) if target.endswith("/") else Path(target)))
            else:
                found.append((file, Path(target) / file.relative_to(source)))
    return found
