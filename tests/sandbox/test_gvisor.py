"""The gVisor backend: what code inside can see, do and use up, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.gvisor import GVisor
from sandbox.interface import CommandResult, Limits, Mount, SandboxedCommand, SandboxUnavailable
from sandbox.self_test import check_for_samples

_PYTHON = "/usr/bin/python3"
_REPOSITORY = Path(__file__).parents[2]
_PATIENCE_SECONDS = 20.0

try:
    _FOUND: GVisor | None = GVisor.find()
except SandboxUnavailable:
    _FOUND = None

pytestmark = [
    pytest.mark.skipif(_FOUND is None, reason="runsc does not work here"),
    pytest.mark.skipif(not Path(_PYTHON).exists(), reason=f"no {_PYTHON}"),
]


@pytest.fixture
def gvisor() -> GVisor:
    assert _FOUND is not None
    return _FOUND


def _command(*arguments: str, **options: Any) -> SandboxedCommand:
    names = set(Limits.__dataclass_fields__) & set(options)
    bounds = {name: options.pop(name) for name in names}
    limits = Limits(**{"wall_seconds": 30.0, "cpu_seconds": 20, "memory_bytes": 2**30, **bounds})
    return SandboxedCommand(arguments=arguments, limits=limits, **options)


def _script(gvisor: GVisor, source: str, *arguments: str, **options: Any) -> CommandResult:
    return gvisor.run(_command(_PYTHON, "-c", source, *arguments, **options))


def _shell(gvisor: GVisor, source: str, **options: Any) -> CommandResult:
    return gvisor.run(_command("/bin/sh", "-c", source, **options))


def _bundles() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("codex-sft-gvisor-*"))


def _stubs() -> set[int]:
    """Living processes of the program runsc, which this process started or nobody has any more.

    Other sandboxes of the machine hang on the processes that started them.
    """
    pids = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return {pid for pid in pids if _is_stub(pid)}


def _is_stub(pid: int) -> bool:
    try:
        if Path(f"/proc/{pid}/exe").readlink().name != "runsc":
            return False
        line = [pid]
        while line[-1] > 1 and line[-1] != os.getpid():
            line.append(int(Path(f"/proc/{line[-1]}/stat").read_text().rpartition(")")[2].split()[1]))
        eldest = line[-2]
        return line[-1] == os.getpid() or Path(f"/proc/{eldest}/exe").readlink().name in ("runsc", "unshare")
    except (OSError, IndexError):
        return False  # it is ending


class TestEndings:
    @pytest.mark.parametrize("code", [0, 1, 7, 125])
    def test_an_exit_code_is_reported(self, gvisor: GVisor, code: int) -> None:
        result = _shell(gvisor, f"echo out; echo err >&2; exit {code}")
        assert (result.ending, result.exit_code, result.output) == ("exited", code, b"out\nerr\n")

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
    def test_a_signal_is_reported(self, gvisor: GVisor, number: signal.Signals) -> None:
        # the first process of a process namespace is deaf to signals that it does not handle
        result = _script(gvisor, f"import os\nos.kill(os.getpid(), {int(number)})")
        assert (result.ending, result.signal) == ("signalled", number)

    def test_standard_input_arrives(self, gvisor: GVisor) -> None:
        sent = bytes(range(256)) * 1000
        assert gvisor.run(_command("/bin/cat", stdin=sent)).output == sent

    def test_a_missing_program_is_a_failure(self, gvisor: GVisor) -> None:
        assert not gvisor.run(_command("/nonexistent")).ok

    def test_output_goes_to_a_log(self, gvisor: GVisor, tmp_path: Path) -> None:
        result = _shell(gvisor, "echo text", log=tmp_path / "log")
        assert (result.output, (tmp_path / "log").read_bytes()) == (b"", b"text\n")


class TestLimits:
    def test_wall_time(self, gvisor: GVisor) -> None:
        result = gvisor.run(_command("/bin/sleep", "100", wall_seconds=1.0))
        assert (result.ending, result.exit_code) == ("timeout", None)
        assert result.wall_seconds < 10

    def test_output(self, gvisor: GVisor) -> None:
        result = gvisor.run(_command("/usr/bin/yes", output_bytes=10_000))
        assert (result.ending, len(result.output)) == ("output_limit", 10_000)

    def test_processor_time_tells_first(self, gvisor: GVisor) -> None:
        result = _script(gvisor, "while True: pass", cpu_seconds=1)
        assert (result.ending, result.signal) == ("signalled", signal.SIGXCPU)

    def test_processor_time_kills_whoever_does_not_listen(self, gvisor: GVisor) -> None:
        source = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
        result = _script(gvisor, source, cpu_seconds=1)
        assert (result.ending, result.signal) == ("signalled", signal.SIGKILL)

    def test_memory(self, gvisor: GVisor) -> None:
        assert b"MemoryError" in _script(gvisor, "bytearray(2**31)").output

    def test_file_size(self, gvisor: GVisor) -> None:
        source = "file = open('/tmp/x', 'wb')\nfile.write(b'x' * 5000)\nfile.close()"
        assert b"File too large" in _script(gvisor, source, file_bytes=1000).output

    def test_open_files(self, gvisor: GVisor) -> None:
        source = "files = [open('/dev/null') for _ in range(100)]"
        assert b"Too many open files" in _script(gvisor, source, open_files=50).output

    def test_processes(self, gvisor: GVisor) -> None:
        source = """
import os, time
try:
    for count in range(100):
        if os.fork() == 0:
            time.sleep(60)
except BlockingIOError:
    print("refused", count)
"""
        result = _script(gvisor, source, processes=10)
        assert result.output == b"refused 9\n"

    @pytest.mark.parametrize("folder", ["/tmp", "/home", "/dev/shm"])
    def test_temporary_space(self, gvisor: GVisor, folder: str) -> None:
        source = f"open('{folder}/x', 'wb').write(b'x' * 2**21)"
        result = _script(gvisor, source, temporary_bytes=2**20)
        assert b"No space left on device" in result.output


class TestSight:
    def test_the_self_test_finds_no_escape(self, gvisor: GVisor) -> None:
        if os.geteuid() != 0:
            pytest.skip("an ordinary user is root inside, though without capabilities")
        assert check_for_samples(gvisor) is None

    def test_files_of_the_host_are_invisible(self, gvisor: GVisor, tmp_path: Path) -> None:
        candidates = [__file__, "/etc/shadow", "/etc/hostname", "/var/lib", "/run", "/boot", "/srv", tmp_path]
        source = "import os, sys; print([path for path in sys.argv[1:] if os.path.lexists(path)])"
        assert _script(gvisor, source, *map(str, candidates)).output == b"[]\n"

    def test_the_root_holds_only_what_is_documented(self, gvisor: GVisor) -> None:
        names = set(_script(gvisor, "import os; print(*os.listdir('/'))").output.decode().split())
        system = {"usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32"}
        assert names - system == {"dev", "etc", "home", "proc", "sys", "tmp"}

    def test_users_of_the_host_are_not_named(self, gvisor: GVisor) -> None:
        result = _shell(gvisor, "cut -d: -f1 /etc/passwd /etc/group")
        assert result.output.split() == [b"root", b"sandbox"] * 2

    def test_the_environment_holds_only_what_is_given(self, gvisor: GVisor) -> None:
        result = _script(gvisor, "import os; print(*sorted(os.environ))", environment={"GIVEN": "1"})
        assert set(result.output.decode().split()) - {"LC_CTYPE"} == {
            *("GIVEN", "HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
        }

    def test_the_user_has_no_privileges(self, gvisor: GVisor) -> None:
        source = "import os; print(os.getuid(), os.getgroups()); print(open('/proc/self/status').read())"
        output = _script(gvisor, source).output.decode()
        if os.geteuid() == 0:
            assert output.startswith("65534 [65534]\n") or output.startswith("65534 []\n")
        assert [line.split()[1] for line in output.splitlines() if line.startswith("Cap")] == ["0" * 16] * 4

    def test_the_system_cannot_be_changed(self, gvisor: GVisor) -> None:
        source = """
for folder in ("/", "/usr", "/etc", "/dev", "/sys"):
    try:
        open(folder + "/written", "w")
    except OSError:
        continue
    print(folder)
"""
        assert _script(gvisor, source).output == b""

    def test_samples_see_no_processes_and_write_nowhere_else(self, gvisor: GVisor) -> None:
        source = """
import os
print(os.listdir("/proc"), os.listdir("/home"), os.listdir("/dev/shm"))
for folder in ("/proc", "/home", "/dev/shm", "/tmp"):
    try:
        open(folder + "/written", "w")
    except OSError:
        continue
    print(folder)
"""
        assert _script(gvisor, source, samples_only=True).output == b"[] [] []\n/tmp\n"

    def test_hidden_folders_look_empty(self, gvisor: GVisor) -> None:
        source = "import os; print(os.listdir('/usr/share'), len(os.listdir('/usr/lib')) > 0)"
        assert _script(gvisor, source, hidden=("/usr/share",)).output == b"[] True\n"


class TestMounts:
    def test_a_read_only_mount(self, gvisor: GVisor, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        (tmp_path / "file").write_text("content")
        result = _shell(
            gvisor,
            "cat /opt/here/file; echo x > /opt/here/file || echo refused",
            mounts=(Mount(tmp_path, "/opt/here"),),
        )
        assert result.output.startswith(b"content") and result.output.endswith(b"refused\n")
        assert (tmp_path / "file").read_text() == "content"

    def test_a_writable_mount(self, gvisor: GVisor, tmp_path: Path) -> None:
        if gvisor.owner:
            os.chown(tmp_path, *gvisor.owner)
        result = _shell(gvisor, "echo new > /project/file", mounts=(Mount(tmp_path, "/project", True),))
        assert result.ok
        made = tmp_path / "file"
        assert made.read_text() == "new\n"
        assert (made.stat().st_uid, made.stat().st_gid) == (gvisor.owner or (os.getuid(), os.getgid()))


class TestNetwork:
    _CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"

    @pytest.fixture
    def port(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield str(server.getsockname()[1])

    def test_there_is_none(self, gvisor: GVisor, port: str) -> None:
        assert _script(gvisor, self._CONNECT, port).exit_code == 1

    def test_there_is_one_when_asked_for(self, gvisor: GVisor, port: str) -> None:
        assert _script(gvisor, self._CONNECT, port, network=True).ok


# daemons: forked twice, in sessions of their own, deaf to signals, without streams
_DAEMONS = """
for number in 1 2 3; do
    (setsid sh -c "trap '' TERM HUP INT; while :; do sleep 100; done" > /dev/null 2>&1 < /dev/null &)
done
echo ready
"""


class TestNothingStays:
    def test_daemons_end_with_the_command(self, gvisor: GVisor) -> None:
        before = _stubs()
        assert _shell(gvisor, _DAEMONS).output == b"ready\n"
        assert _stubs() <= before

    def test_nothing_is_left_after_a_timeout(self, gvisor: GVisor) -> None:
        before = _stubs()
        assert _shell(gvisor, _DAEMONS + "while :; do :; done", wall_seconds=1.5).ending == "timeout"
        assert _stubs() <= before

    @pytest.mark.parametrize("seconds", [0.0, 0.02, 0.05, 0.1, 0.2, 0.5])
    def test_nothing_is_left_after_closing_at_any_time(self, gvisor: GVisor, seconds: float) -> None:
        before, bundles = _stubs(), _bundles()
        process = gvisor.start(_command("/bin/sleep", "100"))
        time.sleep(seconds)
        process.close()
        assert _stubs() <= before
        assert _bundles() <= bundles

    def test_it_dies_with_the_process_that_started_it(self, tmp_path: Path) -> None:
        before = _stubs()
        source = f"""
import os, sys, time
sys.path.insert(0, {str(_REPOSITORY)!r})
from sandbox.gvisor import GVisor
from sandbox.interface import Limits, SandboxedCommand
limits = Limits(wall_seconds=60.0, cpu_seconds=60, memory_bytes=2**30)
process = GVisor.find().start(SandboxedCommand(("/bin/sh", "-c", sys.argv[1]), limits))
print(os.read(process.stdout, 100), flush=True)
time.sleep(100)
"""
        arguments = [sys.executable, "-c", source, _DAEMONS + "while :; do :; done"]
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as child:
            assert child.stdout and b"ready" in child.stdout.readline()
            assert _stubs() - before
            child.kill()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while _stubs() - before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert _stubs() <= before


class TestConversation:
    def test_a_process_is_talked_to_and_killed(self, gvisor: GVisor) -> None:
        process = gvisor.start(_command("/bin/cat"))
        try:
            for number in range(3):
                os.write(process.stdin, b"%d\n" % number)
                assert os.read(process.stdout, 100) == b"%d\n" % number
            process.kill()
            assert process.wait(_PATIENCE_SECONDS) not in (0, None)
        finally:
            process.close()
            process.close()

    def test_processors_can_be_chosen(self, gvisor: GVisor) -> None:
        cpu = min(os.sched_getaffinity(0))
        assert gvisor.run(_command("/usr/bin/true", processor=cpu)).ok
