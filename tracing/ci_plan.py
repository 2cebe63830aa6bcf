"""A way to run a project's tests: what to install first, what to run then, and why this way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tracing.project_modules import SOURCE_ROOT

_MAX_CHARACTERS = 100_000
"""Of one argument; Linux takes 128 KiB."""
_SHELL = ("/bin/bash", "-c")
PlanName = Literal["given", "tox", "actions", "travis", "nox", "make", "pytest", "unittest"]


@dataclass(frozen=True)
class Step:
    """A command, with variables of its own, and the folder that it is run in.

    All three come from the project's files: run it by `command` and `place`.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = SOURCE_ROOT

    @property
    def command(self) -> tuple[str, ...]:
        """The command with its variables, as it is safe to hand to a sandbox's launcher: set inside, where
        they act on the command alone, and without the characters that would end an argument early."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        words = ("/usr/bin/env", "--", *variables, *self.arguments) if variables else self.arguments
        return tuple(map(_clean, words))

    @property
    def place(self) -> str:
        """The folder, as it is safe to hand to a sandbox's launcher."""
        return _clean(self.folder)

    def describe(self) -> str:
        """The command in a few words: a script's first line."""
        words = self.arguments[2:] if self.arguments[:2] == _SHELL else self.arguments
        return " ".join(words).strip().partition("\n")[0][:80]


@dataclass(frozen=True)
class Plan:
    """Steps that install, which may reach the package index, then steps that test, without network.

    ``left_out`` names the steps of the project's configuration that are not taken, each with the reason;
    ``system_packages`` what it would have installed with the system's package manager.
    """

    name: PlanName
    reason: str
    install: tuple[Step, ...] = ()
    test: tuple[Step, ...] = ()
    left_out: tuple[str, ...] = ()
    system_packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoPlan:
    """A configuration that is there and gives no plan, with the reason."""

    name: PlanName
    reason: str


def script_step(script: str, environment: Mapping[str, str], folder: str) -> Step:
    """A shell script as a step. A command that fails does not stop those after it."""
    return Step((*_SHELL, script), environment, folder)


def _clean(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()[:_MAX_CHARACTERS]
