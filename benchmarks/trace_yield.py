"""Trace yield: how many of the functions that each reference project's tests call become proven tasks.

The projects are pinned, so that two runs differ only by what this project does. A function counts when it
is defined at the top level of a module, as in the tables of the peers; methods are left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.funnel import Funnel
from pipelines.manifest import Manifest
from tasks.files import read_json, read_json_lines
from tasks.record import Task

PROJECTS = Path(__file__).with_name("reference_projects.csv")
_LARGE = ("networkx", "sympy")
"""Their functions take the projects' own objects, almost all of them."""
_MIN_CASES, _MIN_OUTCOMES = 3, 2


@dataclass(frozen=True)
class Yield:
    """Counts of one project, or of several: ``ready`` are those that stand alone, have a docstring, and
    at least three cases with two different outcomes."""

    label: str
    top_level: int
    standalone: int
    with_project: int
    ready: int

    @property
    def row(self) -> str:
        """A row of the table."""
        both = self.standalone + self.with_project
        shares = (f"{count / max(1, self.top_level):.2f}" for count in (self.standalone, both))
        cells = (self.top_level, self.standalone, self.with_project, *shares, self.ready)
        return f"| {self.label} | {' | '.join(map(str, cells))} |"


HEADER = """\
| project | top-level functions called | alone | with project | share alone | share both | ready |
|---|---:|---:|---:|---:|---:|---:|"""


def count_yield(funnel: Funnel, tasks: list[Task]) -> Yield:
    """The yield of one project's tasks."""
    others = sum(count for reason, count in funnel.losses.items() if ": is_a_" in reason)
    alone = [task for task in tasks if task.environment is None]
    ready = sum(
        task.evidence.documented
        and len(task.tests) >= _MIN_CASES
        and task.evidence.distinct_outcomes >= _MIN_OUTCOMES
        for task in alone
    )
    return Yield(funnel.label, funnel.called - others, len(alone), len(tasks) - len(alone), ready)


def total(label: str, yields: Iterable[Yield]) -> Yield:
    """Several yields as one."""
    listed = list(yields)
    sums = (
        sum(getattr(each, name) for each in listed)
        for name in ("top_level", "standalone", "with_project", "ready")
    )
    return Yield(label, *sums)


def _print(output: Path) -> None:
    manifest = read_json(output / "manifest.json", Manifest)
    tasks: dict[str, list[Task]] = {}
    for task in read_json_lines(output / "tasks.jsonl", Task):
        tasks.setdefault(task.task_id.partition("/")[0], []).append(task)
    funnels = [funnel for funnel in manifest.funnels if funnel.label != "all"]
    yields = [count_yield(funnel, tasks.get(funnel.label, [])) for funnel in funnels]
    large = [each for each in yields if each.label.startswith(_LARGE)]
    small = [each for each in yields if each not in large]
    print(HEADER)
    for each in (*small, total("**all of these**", small), *large, total("**all**", yields)):
        print(each.row)
    losses = Counter[str]()
    for funnel in funnels:
        losses.update({name: count for name, count in funnel.losses.items() if ": is_a_" not in name})
    print("\nNot proven, by reason:")
    for name, count in losses.most_common():
        if not name.startswith(("documented", "exported")):
            print(f"  {count:5} {name}")
    for failure in manifest.failures:
        print(f"{failure.project}: {failure.message}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/yield"), help="the run's folder")
    arguments = parser.parse_args()
    command = Path(sys.executable).with_name("codex-sft")
    subprocess.run(
        [command, "trace", "--no-methods", "--projects", PROJECTS, "--output", arguments.output],
        check=False,
    )
    _print(arguments.output)


if __name__ == "__main__":
    main()
