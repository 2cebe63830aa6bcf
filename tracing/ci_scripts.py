"""From the scripts of a CI configuration to the steps of a plan: installing ones first, then testing ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracing.ci_commands import Command, read_script
from tracing.ci_plan import Plan, PlanName, Step, script_step
from tracing.project_modules import SOURCE_ROOT


@dataclass
class ScriptSorter:
    """Collects the scripts of a CI job in their order, and tells what of them installs and what tests.

    ``as_written`` tells whether the tests are run by the very commands that the scripts hold.
    """

    install: list[Step] = field(default_factory=list)
    test: list[Step] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    system_packages: list[str] = field(default_factory=list)
    own_plans: set[str] = field(default_factory=set)
    as_written: bool = True

    def add(self, script: str, environment: Mapping[str, str], folder: str = SOURCE_ROOT) -> None:
        """Take in a script. What neither installs nor tests is run before the tests, as far as it can."""
        commands = read_script(script)
        self.as_written &= not any(command.rewritten for command in commands)
        for command in commands:
            if command.purpose == "left_out":
                self.leave_out(command.text, command.detail)
                if command.detail.endswith("has a plan of its own"):
                    self.own_plans.add(command.detail.partition(" ")[0])
            elif command.purpose == "system_packages":
                self.system_packages += command.detail.split()
        for purposes, steps in ((("install", "other"), self.install), (("test",), self.test)):
            if any(command.purpose in purposes for command in commands):
                steps.append(script_step(_lines(commands, purposes), environment, folder))

    def leave_out(self, script: str, reason: str) -> None:
        """Record that a script is not taken, and why."""
        first = script.strip().partition("\n")[0]
        self.left_out.append(f"{first[:120]}: {reason}")

    def plan(self, name: PlanName, reason: str) -> Plan:
        """The plan of everything that was taken in."""
        packages = tuple(dict.fromkeys(self.system_packages))
        return Plan(name, reason, tuple(self.install), tuple(self.test), tuple(self.left_out), packages)


def _lines(commands: Sequence[Command], purposes: Sequence[str]) -> str:
    return "\n".join(c.text for c in commands if c.purpose in purposes or c.purpose == "state")
