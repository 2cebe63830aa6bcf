"""What tracing costs a test run: processor time and memory against plain runs, empty hooks and MonkeyType.

Each suite is built once per Python in the sandbox and then run by all contestants in turn, for several
rounds. Every contestant starts as our tracer does. Processor time is user and system time of the
whole process tree; the medians of the rounds are compared. Each traced run's outcome of every test is
compared with the plain run's, with the same hash seed and hypothesis without randomness.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import Mount
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from tracing.environment import build, unpack
from tracing.fetch import fetch
from tracing.injection import TracerSettings, tracer_mounts
from tracing.project_spec import parse_project
from tracing.recordings import read_recordings
from tracing.workspace import PYTHON, RECORDS, TOOLS, UV, Workspace, with_wall_seconds

_CONTESTANTS = Path(__file__).with_name("tracer_contestants")
_MEASURE = f"""
import json, resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open("{RECORDS}/usage.json", "w") as stream:
    json.dump([status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024], stream)
"""


@dataclass(frozen=True)
class Suite:
    """A project's tests: the package that is traced, and what pytest is given."""

    project: str
    package: str
    arguments: tuple[str, ...] = ()


SUITES = (
    Suite(
        "pypi:more-itertools==11.2.1",
        "more_itertools",
        ("-k", "not PrimeFunctionTests and not DiscreteFourierTransformTests"),
    ),
    Suite("pypi:toolz==1.2.0", "toolz"),
    Suite("pypi:boltons==25.0.0", "boltons"),
    Suite("pypi:textdistance==4.6.3", "textdistance", ("--ignore", "tests/test_external.py")),
    Suite("pypi:tabulate==0.10.0", "tabulate"),
    Suite(
        "pypi:networkx==3.4.2",
        "networkx",
        tuple(f"networkx/{part}" for part in ("algorithms/shortest_paths", "utils")),
    ),
    Suite(
        "pypi:sympy==1.14.0",
        "sympy",
        tuple(f"sympy/ntheory/tests/test_{part}.py" for part in ("factor_", "generate", "primetest")),
    ),
)


@dataclass(frozen=True)
class Contestant:
    """A way to run the tests. ``file`` takes our tracer's place; ours has none and a hook's name."""

    name: str
    file: str | None = None
    tracer: str | None = None


PLAIN = Contestant("plain")
CONTESTANTS = {
    "setprofile": (
        PLAIN,
        Contestant("empty setprofile", file="empty_profile.py"),
        Contestant("ours, setprofile", tracer="setprofile"),
    ),
    "monitoring": (
        PLAIN,
        Contestant("empty monitoring", file="empty_monitoring.py"),
        Contestant("ours, monitoring", tracer="monitoring"),
    ),
    "monkeytype": (PLAIN, Contestant("MonkeyType", file="monkeytype_trace.py")),
}


@dataclass(frozen=True)
class Run:
    """One run of a suite: seconds of processor time, MiB of its largest process, each test's outcome."""

    seconds: float
    memory: float
    outcomes: dict[str, str]
    functions: int
    faults: int


def measure(workspace: Workspace, suite: Suite, contestant: Contestant, limit: float) -> Run:
    """Run a suite's tests once."""
    workspace.clear(workspace.records)
    result = workspace.run(
        "test",
        *(str(workspace.interpreter.executable), "-I", "-S", "-c", _MEASURE),
        *(PYTHON, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider"),
        *(f"--junitxml={RECORDS}/outcomes.xml", *suite.arguments),
        limits=with_wall_seconds(limit),
        mounts=_mounts(workspace, contestant),
        environment={
            "CI": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MT_DB_PATH": "/tmp/monkeytype.sqlite3",
            "MONKEYTYPE_TRACE_MODULES": suite.package,
        },
    )
    usage = workspace.records / "usage.json"
    if not usage.exists():
        print(f"{suite.project}, {contestant.name}: {result.describe()}", file=sys.stderr)
        return Run(float("nan"), float("nan"), {}, 0, 0)
    _, seconds, memory = json.loads(usage.read_text())
    recordings = read_recordings(workspace.records)
    return Run(
        seconds,
        memory,
        _outcomes(workspace.records / "outcomes.xml"),
        sum(bool(function.cases) for function in recordings.functions),
        recordings.faults,
    )


def _mounts(workspace: Workspace, contestant: Contestant) -> tuple[Mount, ...]:
    if contestant == PLAIN:
        return ()
    hook = contestant.tracer or "auto"
    mounts = tracer_mounts(workspace, TracerSettings(hook))  # type: ignore[arg-type]
    if contestant.file is None:
        return mounts
    others = tuple(mount for mount in mounts if mount.target != f"{TOOLS}/tracer")
    return (*others, Mount(_CONTESTANTS / contestant.file, f"{TOOLS}/tracer/codexsft_tracer.py"))


def _outcomes(report: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        ends = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        found[name] = ends[0] if ends else "passed"
    return found


def prepare(suite: Suite, python: str, root: Path, extra: Iterable[str]) -> Workspace:
    """Build the environment of a suite; what is there from before is used again."""
    interpreter = find_interpreter(python)
    folder = root / interpreter.short_version / suite.package
    sandbox = select_sandbox("projects", "bubblewrap")
    workspace = Workspace(folder / "workspace", sandbox, interpreter, folder / "logs")
    if not (folder / "built").exists():
        workspace.prepare()
        unpack(workspace, fetch(parse_project(suite.project), workspace.root / "fetched"))
        build(workspace, with_wall_seconds(600))
        command = (UV, "pip", "install", "--python", PYTHON, *extra)
        assert workspace.run("build", *command, index=True, limits=with_wall_seconds(600)).ok
        (folder / "built").touch()
    return workspace


def compare(
    suites: Iterable[Suite],
    python: str,
    contestants: tuple[Contestant, ...],
    rounds: int,
    root: Path,
    limit: float,
) -> str:
    """A Markdown table of all contestants on all suites, with geometric means."""
    ratios: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    heading = " | ".join(f"{c.name}" for c in contestants[1:])
    version = find_interpreter(python).version_text
    compared = contestants[1:]
    more = " | ".join(f"MiB more, {contestant.name}" for contestant in compared)
    lines = [f"| Python {version} | plain CPU s | {heading} | {more} | outcomes that differ |"]
    lines.append("|---|" + "---:|" * (2 * len(contestants)))
    for suite in suites:
        workspace = prepare(suite, python, root, ["hypothesis", "monkeytype==23.3.0"])
        measure(workspace, suite, PLAIN, limit)  # fills the caches
        runs: dict[str, list[Run]] = {contestant.name: [] for contestant in contestants}
        for _ in range(rounds):
            for contestant in contestants:
                runs[contestant.name].append(measure(workspace, suite, contestant, limit))
        middle = {name: statistics.median(run.seconds for run in made) for name, made in runs.items()}
        memory = {name: statistics.median(run.memory for run in made) for name, made in runs.items()}
        last = contestants[-1].name
        for name in ratios:
            ratios[name].append(middle[name] / middle["plain"])
        cells = " | ".join(f"{middle[c.name] / middle['plain']:.2f}" for c in contestants[1:])
        more = " | ".join(f"{memory[c.name] - memory['plain']:.0f}" for c in compared)
        differences = [name for run in runs[last] for name in differing(runs["plain"], run)]
        lines.append(
            f"| {suite.package} | {middle['plain']:.1f} | {cells} | {more} | {len(set(differences))} |"
        )
        for name in sorted(set(differences)):
            print(f"{suite.package}: {name} differs under {last}", file=sys.stderr)
        counted = {run.functions for run in runs[last]}
        faults = sum(run.faults for run in runs[last])
        print(f"{lines[-1]}  functions {counted}, faults {faults}", file=sys.stderr, flush=True)
    means = " | ".join(f"{statistics.geometric_mean(ratios[c.name]):.2f}" for c in contestants[1:])
    lines.append(f"| geometric mean | | {means} |{' |' * (len(compared) + 1)}")
    return "\n".join(lines)


def differing(plain: list[Run], traced: Run) -> list[str]:
    """The tests whose outcome under a tracer is none of those in the plain runs."""
    names = sorted({name for run in plain for name in run.outcomes} | traced.outcomes.keys())
    return [
        name for name in names if traced.outcomes.get(name) not in {run.outcomes.get(name) for run in plain}
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "hooks", nargs="*", default=["setprofile"], metavar="HOOK", help="of " + ", ".join(CONTESTANTS)
    )
    parser.add_argument("--python", default="3.11", help="a version on PATH or a path")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--suites", nargs="*", help="packages; all by default")
    parser.add_argument(
        "--workspace", type=Path, default=Path(tempfile.gettempdir()) / "codex-sft-tracer-cost"
    )
    parser.add_argument("--limit", type=float, default=500, help="seconds for one run")
    arguments = parser.parse_args()
    suites = [suite for suite in SUITES if not arguments.suites or suite.package in arguments.suites]
    for hook in arguments.hooks:
        contestants = CONTESTANTS[hook]
        print(
            compare(
                suites, arguments.python, contestants, arguments.rounds, arguments.workspace, arguments.limit
            )
        )
        print(flush=True)


if __name__ == "__main__":
    main()
