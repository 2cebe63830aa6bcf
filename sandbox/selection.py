"""Choosing a backend by trying it: the strongest that works on this machine, or a refusal."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import Limits, Sandbox, SandboxedCommand, SandboxUnavailable
from sandbox.interpreter import find_interpreter

BACKENDS: tuple[tuple[str, Callable[[], Sandbox]], ...] = (("bubblewrap", Bubblewrap.find),)
"""Name and constructor of each backend, the strongest first."""

_TRIAL_LIMITS = Limits(wall_seconds=20.0, cpu_seconds=10, memory_bytes=2**30, temporary_bytes=2**20)

_ESCAPES = """
import os, socket, sys
escaped = []
def attempt(name, action):
    try:
        action()
    except Exception:
        return
    escaped.append(name)
attempt("reads a file of the host", lambda: open(sys.argv[1]).read())
attempt("writes to /usr", lambda: open("/usr/.codex-sft", "w"))
attempt("writes to /etc", lambda: open("/etc/.codex-sft", "w"))
attempt("reaches the network", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2))
attempt("fills /tmp without limit", lambda: open("/tmp/fill", "wb").write(b"x" * 2**22))
if os.geteuid() == 0:
    escaped.append("is root")
attempt("allocates memory without limit", lambda: bytearray(2**31))
if os.readlink("/proc/self/ns/pid") == sys.argv[3]:
    escaped.append("sees processes of the host")
if set(os.environ) - {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PWD"}:
    escaped.append("sees the environment of the host")
print("escapes:", ", ".join(escaped) or "none")
"""

_HOW_TO = """\
Nothing that could run untrusted code safely works on this machine, so nothing was run.
  Debian/Ubuntu:  apt-get install bubblewrap
  user namespaces must be allowed: sysctl kernel.unprivileged_userns_clone=1,
  and on Ubuntu 24.04+ also kernel.apparmor_restrict_unprivileged_userns=0 (or run as root)
`codex-sft doctor` shows what was tried."""


@dataclass(frozen=True)
class Trial:
    """What came of trying a backend: ``sandbox`` where it works, and in either case why."""

    name: str
    sandbox: Sandbox | None
    explanation: str


def try_backends() -> list[Trial]:
    """Try every backend for real."""
    return [_try(name, find) for name, find in BACKENDS]


def select_sandbox() -> Sandbox:
    """The strongest backend that passed its trial; raises `SandboxUnavailable`."""
    trials = []
    for name, find in BACKENDS:
        trial = _try(name, find)
        if trial.sandbox is not None:
            return trial.sandbox
        trials.append(trial)
    tried = "\n".join(f"  tried {trial.name}: {trial.explanation}" for trial in trials)
    raise SandboxUnavailable(f"{_HOW_TO}\n{tried}")


def _try(name: str, find: Callable[[], Sandbox]) -> Trial:
    try:
        sandbox = find()
        problem = _self_test(sandbox)
    except (SandboxUnavailable, OSError) as error:
        return Trial(name, None, str(error))
    if problem:
        return Trial(name, None, problem)
    return Trial(name, sandbox, "works: no host files, no network, no privileges, limits hold")


def _process_namespace() -> str:
    return str(Path("/proc/self/ns/pid").readlink())


def _self_test(sandbox: Sandbox) -> str | None:
    """Try to escape in harmless ways; returns what is wrong, or None."""
    interpreter = find_interpreter()
    with tempfile.TemporaryDirectory() as directory, socket.create_server(("127.0.0.1", 0)) as server:
        secret = Path(directory, "secret")
        secret.write_text("secret")
        Path(directory).chmod(0o755)  # readable for all, so that only the sandbox can hide it
        secret.chmod(0o644)
        port = str(server.getsockname()[1])
        result = sandbox.run(
            SandboxedCommand(
                arguments=(
                    str(interpreter.executable),
                    "-c",
                    _ESCAPES,
                    str(secret),
                    port,
                    _process_namespace(),
                ),
                limits=_TRIAL_LIMITS,
                mounts=interpreter.mounts,
            )
        )
    text = result.output.decode(errors="replace").strip()
    if not result.ok:
        return f"it does not start ({result.describe()}): {text[-500:]}"
    return None if text.endswith("escapes: none") else f"the trial found that code inside {text[9:]}"
