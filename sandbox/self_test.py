"""The test that a backend must pass before anything untrusted runs in it: harmless attempts to escape.

For samples it is the short form of the attack suite in ``tests/sandbox/attacks``.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import Limits, Sandbox, SandboxedCommand
from sandbox.interpreter import find_interpreter
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import run_samples
from sandbox.verdicts import Verdict, judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, Provenance, Task, TestCase

_COMMAND_LIMITS = Limits(wall_seconds=20.0, cpu_seconds=10, memory_bytes=2**30, temporary_bytes=2**20)
_SAMPLE_LIMITS = SampleLimits(cpu_seconds=1, wall_seconds=20.0, memory_bytes=2**29, private_bytes=2**20)

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
attempt("allocates memory without limit", lambda: bytearray(2**31))
if os.geteuid() == 0 and int(open("/proc/self/status").read().split("CapEff:")[1].split()[0], 16):
    escaped.append("is root")
if os.readlink("/proc/self/ns/pid") == sys.argv[3]:
    escaped.append("sees processes of the host")
if set(os.environ) - {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PWD"}:
    escaped.append("sees the environment of the host")
print("escapes:", ", ".join(escaped) or "none")
"""

_TOOLS = "ls -l /usr > /dev/null && stat /usr > /dev/null && cp -r /etc/passwd /tmp/copy && rm /tmp/copy"


@dataclass(frozen=True)
class _Attempt:
    """A hostile sample and the verdicts with which a sandbox holds. ``f(0)`` must never return 1."""

    name: str
    program: str
    verdicts: frozenset[Verdict]


def _attempt(name: str, program: str, *verdicts: Verdict) -> _Attempt:
    return _Attempt(name, program, frozenset(verdicts))


_F, _E, _C = Verdict.FAILED, Verdict.ERROR, Verdict.CRASHED
_FORGED = '{"program_loaded":true}\\\\n{"kind":"returned","value":1}\\\\n'

_ATTEMPTS = (
    _attempt("answers rightly", "def f(x): return {ANSWER}", Verdict.PASSED),
    _attempt("is always equal", "class A(int):\n __eq__ = lambda a, b: True\ndef f(x): return A(5)", _F),
    _attempt("leaves with success", "import os\ndef f(x): os._exit(0)", _C),
    _attempt("exits with success", "import sys\nsys.exit(0)", _E),
    _attempt(
        "forges an answer",
        f"import os\nfor fd in range(64):\n try: os.write(fd, b'{_FORGED}' * 9)\n except OSError: pass\n"
        "def f(x): return 5",
        *(_F, _C, _E),
    ),
    _attempt(
        "never ends",
        "def f(x):\n while True:\n  try:\n   while True: pass\n  except BaseException: pass",
        Verdict.TIMEOUT,
    ),
    _attempt("crashes", "import ctypes\ndef f(x): ctypes.string_at(0)", _C),
    _attempt("takes all memory", "def f(x): return len(bytearray(2**31))", Verdict.OUT_OF_MEMORY),
    _attempt("makes a process", "import os\ndef f(x):\n pid = os.fork()\n return 1", _E),
    _attempt("starts a program", "import os\ndef f(x):\n os.execv('/bin/true', ['true'])", _E),
    _attempt("kills its parent", "import os\ndef f(x):\n os.kill(os.getppid(), 9)", _E),
    _attempt("stops everything", "import os\ndef f(x):\n os.kill(-1, 19)", _E),
    _attempt(
        "traces its parent",
        (
            "import ctypes, os\ndef f(x):\n"
            " libc = ctypes.CDLL(None, use_errno=True)\n"
            " if libc.ptrace(16, os.getppid(), 0, 0) == 0: return 'traced'\n"
            " raise OSError(ctypes.get_errno(), 'ptrace')"
        ),
        _E,
    ),
    _attempt(
        "reaches the network",
        "import socket\ndef f(x):\n socket.create_connection(('127.0.0.1', {PORT}), 2)",
        _E,
    ),
    _attempt("reads the host's files", "def f(x): return len(open({SECRET!r}).read())", _E),
    _attempt("writes to /usr", "def f(x): return open('/usr/.codex-sft', 'w').write('x')", _E),
    _attempt("fills its folder", "def f(x):\n open('/tmp/fill', 'wb').write(bytes(2**22))", _E),
    _attempt("leaves a file", "def f(x):\n open('/tmp/left', 'w').write('x')\n return 5", _F, _E),
    _attempt(
        "finds a file of another",
        "import os\ndef f(x): return {ANSWER} + os.path.exists('/tmp/left')",
        Verdict.PASSED,
    ),
    _attempt(
        "sees processes", "import os\ndef f(x): return [p for p in os.listdir('/proc') if p.isdigit()][0]", _E
    ),
    _attempt("answers after all that", "def f(x): return {ANSWER}", Verdict.PASSED),
)
_ANSWER = 4_186_203


def check_for_commands(sandbox: Sandbox) -> str | None:
    """What is wrong with a backend for the commands of projects, or None."""
    interpreter = find_interpreter()
    with _host() as (secret, port):
        namespace = str(Path("/proc/self/ns/pid").readlink())
        result = sandbox.run(
            SandboxedCommand(
                arguments=(str(interpreter.executable), "-c", _ESCAPES, str(secret), str(port), namespace),
                limits=_COMMAND_LIMITS,
                mounts=interpreter.mounts,
            )
        )
    text = result.output.decode(errors="replace").strip()
    if not result.ok:
        return f"it does not start ({result.describe()}): {text[-500:]}"
    if not text.endswith("escapes: none"):
        return f"the trial found that code inside {text[9:]}"
    tools = sandbox.run(SandboxedCommand(("/bin/sh", "-c", _TOOLS), limits=_COMMAND_LIMITS))
    if not tools.ok:
        said = tools.output.decode(errors="replace").strip().splitlines()
        return f"ordinary tools fail in it: {said[-1] if said else tools.describe()}"
    return None


def check_for_samples(sandbox: Sandbox) -> str | None:
    """What is wrong with a backend for samples, or None."""
    case = TestCase([0], {}, Expected("returned", _ANSWER))
    task = Task("self-test", "", "f", "", [case], Provenance("task_file", "self-test"))
    with _host() as (secret, port), WorkerPool(sandbox, find_interpreter()) as pool:
        programs = [
            attempt.program.replace("{ANSWER}", str(_ANSWER))
            .replace("{PORT}", str(port))
            .replace("{SECRET!r}", repr(str(secret)))
            for attempt in _ATTEMPTS
        ]
        runs = run_samples(
            pool, values_job(task, _SAMPLE_LIMITS), programs, WorkerSettings(limits=_SAMPLE_LIMITS)
        )
        for attempt, run in zip(_ATTEMPTS, runs, strict=True):
            judgement = judge(task.tests, run)
            if judgement.verdict is Verdict.INFRASTRUCTURE:
                return judgement.detail
            if judgement.verdict not in attempt.verdicts:
                return f"a sample that {attempt.name}: {judgement.verdict} ({judgement.detail})"
    return None


@contextmanager
def _host() -> Iterator[tuple[Path, int]]:
    """A file and a server of the host that only a sandbox can hide."""
    with tempfile.TemporaryDirectory() as directory, socket.create_server(("127.0.0.1", 0)) as server:
        secret = Path(directory, "secret")
        secret.write_text("secret")
        Path(directory).chmod(0o755)
        secret.chmod(0o644)
        yield secret, server.getsockname()[1]
