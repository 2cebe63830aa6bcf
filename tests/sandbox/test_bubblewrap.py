"""The bubblewrap backend: what code inside can see, do and use up, and that nothing of it stays.

Every test runs as the user who runs the tests and, if that is root, as an ordinary user too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import Mount, SandboxedCommand
from tests.sandbox.runner import (
    MIB,
    PATIENCE_SECONDS,
    Meeting,
    Runner,
    eventually,
    host_processes,
    limits,
    new_marker,
)

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

_REPOSITORY = Path(__file__).parents[2]

# Starts `argv[1]` daemons: forked twice, in sessions of their own, deaf to signals, without streams.
_DAEMONS = """
import os, signal, sys
for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGXCPU):
    signal.signal(name, signal.SIG_IGN)
for number in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 3)
            {body}
        os._exit(0)
    os.waitpid(child, 0)
"""
_WAITING_DAEMONS = _DAEMONS.format(body="signal.pause()")
_BUSY_DAEMONS = _DAEMONS.format(
    body="""
            while True:
                pass"""
)


class TestNetwork:
    @pytest.fixture
    def port(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield server.getsockname()[1]

    _CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"

    def test_a_server_of_the_host_is_out_of_reach(self, runner: Runner, port: int) -> None:
        result = runner.script(self._CONNECT, str(port))
        assert result.exit_code == 1
        assert b"OSError" in result.output or b"ConnectionRefusedError" in result.output

    def test_a_server_of_the_host_is_reached_when_the_network_is_asked_for(
        self, runner: Runner, port: int
    ) -> None:
        assert runner.script(self._CONNECT, str(port), network=True).ok

    def test_names_are_not_resolved(self, runner: Runner) -> None:
        result = runner.script("import socket; socket.getaddrinfo('pypi.org', 443)")
        assert b"gaierror" in result.output

    def test_there_is_no_interface_but_an_empty_loopback(self, runner: Runner) -> None:
        result = runner.script("import socket; print([name for _, name in socket.if_nameindex()])")
        assert result.output in (b"['lo']\n", b"[]\n")

    def test_an_abstract_socket_of_the_host_is_out_of_reach(self, runner: Runner) -> None:
        name = new_marker()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"\0{name}")
            server.listen()
            result = runner.script(
                "import socket, sys; socket.socket(socket.AF_UNIX).connect('\\0' + sys.argv[1])", name
            )
        assert b"ConnectionRefusedError" in result.output


class TestSight:
    def test_files_of_the_host_are_invisible(self, runner: Runner) -> None:
        candidates = [
            Path(__file__),
            _REPOSITORY / "setup.cfg",
            Path.home() / ".bashrc",
            Path.home() / ".ssh",
            Path("/etc/shadow"),
            Path("/etc/hostname"),
            Path("/var/lib"),
            Path("/run"),
            Path("/sys"),
            Path("/boot"),
            Path("/mnt"),
            Path("/srv"),
            runner.folder(),
        ]
        result = runner.script(
            "import json, os, sys; print(json.dumps([p for p in sys.argv[1:] if os.path.lexists(p)]))",
            *map(str, candidates),
        )
        assert json.loads(result.output) == []

    def test_the_root_holds_only_what_is_documented(self, runner: Runner) -> None:
        names = set(runner.shell("ls -A /").output.decode().split())
        system = {"usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32"}
        assert names - system == {"dev", "etc", "home", "proc", "tmp"}

    def test_a_mounted_folder_shows_nothing_beside_itself(self, runner: Runner) -> None:
        mount = Mount(runner.folder(), "/srv/deep/inside")
        result = runner.shell("ls -A /srv /srv/deep /srv/deep/inside", mounts=(mount,))
        assert result.output == b"/srv:\ndeep\n\n/srv/deep:\ninside\n\n/srv/deep/inside:\n"

    def test_users_of_the_host_are_not_named(self, runner: Runner) -> None:
        assert runner.shell("cut -d: -f1 /etc/passwd /etc/group").output.split() == [
            b"root",
            b"sandbox",
            b"root",
            b"sandbox",
        ]

    def test_the_environment_holds_only_what_is_given(self, runner: Runner) -> None:
        result = runner.shell("env", environment={"GIVEN": "1"})
        names = {line.split("=")[0] for line in result.output.decode().splitlines()}
        assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
            *("GIVEN", "HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
        }

    def test_the_environment_of_the_host_is_in_no_visible_process(self, runner: Runner) -> None:
        secret = new_marker()
        source = """
            for file in /proc/[0-9]*/environ; do cat $file; done 2> /dev/null
            echo end
        """
        with runner.start(runner.shell_command(source), {"SECRET": secret}) as child:
            output, errors = child.communicate(timeout=PATIENCE_SECONDS)
        assert b"end" in output, errors
        assert secret.encode() not in output

    def test_values_of_the_environment_are_in_no_command_line_of_the_host(
        self, runner: Runner, meeting: Meeting
    ) -> None:
        token = new_marker()
        command = runner.shell_command(meeting.MEET, mounts=(meeting.mount,), environment={"TOKEN": token})
        with runner.start(command) as child:
            meeting.await_ready()
            seen = host_processes(token)
            meeting.release()
            child.communicate(timeout=PATIENCE_SECONDS)
        assert not seen, "every user of the host can read it, such as the password of a package index"

    def test_processes_of_the_host_are_invisible(self, runner: Runner) -> None:
        result = runner.shell("echo /proc/[0-9]*; cat /proc/[0-9]*/cmdline")
        assert len(result.output.split(b"\n")[0].split()) < 8
        assert str(Path(__file__).name).encode() not in result.output
        assert b"pytest" not in result.output

    def test_descriptors_of_the_host_are_not_inherited(self, caller: Runner, tmp_path: Path) -> None:
        with (tmp_path / "file").open("w") as file:
            os.set_inheritable(file.fileno(), True)
            result = caller.script("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])")
        assert result.output == b"[0, 1, 2]\n"

    def test_there_is_no_terminal(self, runner: Runner) -> None:
        assert b"No such device" in runner.shell("exec < /dev/tty").output

    def test_the_host_name_is_hidden(self, runner: Runner) -> None:
        assert runner.shell("uname -n").output == b"sandbox\n"


@pytest.mark.parametrize("where", ["working_directory", "environment"])
def test_texts_cannot_add_options_to_the_launcher(where: str) -> None:
    text = "/tmp\0--bind\0/\0/host"
    command = SandboxedCommand(("/usr/bin/true",), limits())
    with pytest.raises(ValueError, match="NUL"):
        Bubblewrap.find().run(replace(command, **{where: {"A": text} if where == "environment" else text}))


class TestWriting:
    @pytest.mark.parametrize("folder", ["/", "/usr", "/usr/bin", "/etc", "/proc/sys/kernel", "/dev"])
    def test_the_system_cannot_be_written(self, runner: Runner, folder: str) -> None:
        assert not runner.shell(f"echo > {folder}/{new_marker()}").ok

    def test_the_system_is_mounted_read_only(self, runner: Runner) -> None:
        lines = runner.shell("cat /proc/self/mountinfo").output.decode().splitlines()
        options = {line.split()[4]: line.split()[5].split(",") for line in lines}
        assert all("ro" in options[target] for target in ("/", "/usr", "/etc/passwd"))
        writable = {target for target, flags in options.items() if "rw" in flags}
        assert writable - {"/proc", "/dev", "/dev/pts", "/dev/console"} <= {
            *("/tmp", "/home", "/dev/shm"),
            *(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")),
        }

    def test_a_mount_is_read_only(self, runner: Runner) -> None:
        folder = runner.folder()
        folder.chmod(0o777)
        (folder / "file").write_text("before")
        (folder / "file").chmod(0o666)
        script = "cat /data/file; echo > /data/new; echo > /data/file; rm /data/file; chmod 700 /data"
        result = runner.shell(script, mounts=(Mount(folder, "/data"),))
        assert result.output.startswith(b"before")
        assert result.output.count(b"Read-only file system") == 4
        assert [file.read_text() for file in folder.iterdir()] == ["before"]

    def test_a_writable_mount_belongs_to_the_sandboxed_user(self, runner: Runner) -> None:
        folder = runner.folder()
        script = "umask 077; mkdir /data/a && echo hello > /data/a/b && chmod 755 /data && cat /data/a/b"
        result = runner.shell(script, mounts=(Mount(folder, "/data", writable=True),))
        assert result.ok
        assert result.output == b"hello\n"
        assert (folder / "a/b").read_text() == "hello\n"
        assert {path.stat().st_uid for path in (folder, *folder.rglob("*"))} == {runner.user}

    def test_a_mount_may_lie_in_the_private_folders(self, runner: Runner) -> None:
        folder = runner.folder()
        mount = Mount(folder, "/tmp/a/b", writable=True)
        assert runner.shell("echo > /tmp/a/b/c && echo > /tmp/d", mounts=(mount,)).ok
        assert [file.name for file in folder.iterdir()] == ["c"]

    @pytest.mark.parametrize("folder", ["/tmp", "/home", "/dev/shm"])
    def test_private_folders_are_writable_and_vanish(self, runner: Runner, folder: str) -> None:
        name = new_marker()
        assert runner.shell(f"echo > {folder}/{name}").ok
        assert not Path(folder, name).exists()
        assert not runner.shell(f"test -e {folder}/{name}").ok

    def test_nothing_is_mounted_on_the_host(self, runner: Runner) -> None:
        before = Path("/proc/self/mountinfo").read_text()
        assert runner.shell("true").ok
        assert Path("/proc/self/mountinfo").read_text() == before


class TestPrivileges:
    def test_the_user_is_not_root_and_has_no_capabilities(self, runner: Runner) -> None:
        text = runner.shell("cat /proc/self/status").output.decode()
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        assert "0" not in status["Uid"].split() + status["Gid"].split() + status["Groups"].split()
        assert [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 0, 0, 0]
        assert status["NoNewPrivs"] == "1"

    def test_no_further_user_namespace_can_be_made(self, runner: Runner) -> None:
        # with one, code is root over new namespaces: it mounts file systems without limit of size
        # and reaches the parts of the kernel that most exploits need
        source = "import ctypes; print(ctypes.CDLL(None).unshare(0x10000000))"
        assert runner.script(source).output == b"-1\n"

    @pytest.mark.parametrize("program", ["setpriv", "prlimit", "unshare", "env", "sh", "bwrap"])
    def test_programs_on_a_given_path_are_not_run_in_place_of_the_launchers(
        self, runner: Runner, program: str
    ) -> None:
        folder = runner.folder()
        mount = (Mount(folder, "/data", writable=True),)
        plant = f"""
            printf '#!/bin/sh\\nid -u > /data/proof\\nexec /usr/bin/{program} "$@"\\n' > /data/{program}
            chmod 755 /data/{program}
        """
        assert runner.shell(plant, mounts=mount).ok
        result = runner.shell("true", mounts=mount, environment={"PATH": "/data:/usr/bin:/bin"})
        assert result.ok
        ran = (folder / "proof").read_text().strip() if (folder / "proof").exists() else None
        assert ran is None, f"a file that sandboxed code wrote was run as user {ran} before the limits held"

    @pytest.mark.parametrize(
        "name",
        [
            *("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "LD_DEBUG_OUTPUT", "GLIBC_TUNABLES"),
            *("MALLOC_CONF", "GCONV_PATH", "LOCPATH", "NLSPATH"),
        ],
    )
    def test_what_would_act_on_the_launchers_is_refused(self, caller: Runner, name: str) -> None:
        # the dynamic linker and the C library obey it in setpriv and unshare already
        folder = caller.folder()
        mount = Mount(folder, "/data", writable=True)
        with pytest.raises(ValueError, match=f"{name} would act on"):
            caller.shell("echo > /data/ran", mounts=(mount,), environment={"GIVEN": "1", name: "/data/x"})
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("attack", ["x\0--bind\0/\0/tmp/host", "\0"])
    def test_no_text_can_become_an_option_of_the_launchers(self, caller: Runner, attack: str) -> None:
        for given in ({"environment": {"A": attack}}, {"environment": {attack: "a"}}):
            with pytest.raises(ValueError, match="cannot hold a NUL"):
                caller.shell("ls /tmp/host", **given)
        with pytest.raises(ValueError, match="cannot hold a NUL"):
            caller.shell(f"ls /tmp/host {attack}")

    def test_variables_of_the_linker_do_not_come_from_the_host(self, runner: Runner) -> None:
        # LD_DEBUG shows in whose processes the dynamic linker obeys it
        with runner.start(runner.shell_command("env"), {"LD_DEBUG": "libs", "MALLOC_CONF": "x"}) as child:
            output, _ = child.communicate(timeout=PATIENCE_SECONDS)
        assert b"HOME=" in output
        assert b"LD_DEBUG" not in output
        assert b"MALLOC_CONF" not in output
        assert b"initialize program" not in output

    def test_keys_do_not_pass_from_one_run_to_the_next(self, runner: Runner) -> None:
        put = """if True:
            import ctypes, sys
            call = ctypes.CDLL(None).syscall
            for ring in (-3, -4, -5):
                call(248, b"user", sys.argv[1].encode(), b"message", 7, ring)
        """
        find = """if True:
            import ctypes, sys
            call = ctypes.CDLL(None).syscall
            print([call(250, 10, ring, b"user", sys.argv[1].encode(), 0) for ring in (-3, -4, -5)])
        """
        name = new_marker()
        assert runner.script(put, name).ok
        assert runner.script(find, name).output == b"[-1, -1, -1]\n"


class TestLimits:
    def test_memory_of_a_process(self, runner: Runner) -> None:
        source = "print(len(bytearray(200 << 20)))"
        assert runner.script(source, limits=limits(memory_bytes=512 * MIB)).ok
        result = runner.script(source, limits=limits(memory_bytes=128 * MIB))
        assert b"MemoryError" in result.output

    def test_size_of_a_file(self, runner: Runner) -> None:
        folder = runner.folder()
        result = runner.shell(
            "head -c 3000000 /dev/zero > /data/file",
            mounts=(Mount(folder, "/data", writable=True),),
            limits=limits(file_bytes=MIB),
        )
        assert not result.ok
        assert (folder / "file").stat().st_size == MIB

    @pytest.mark.parametrize("folder", ["/tmp", "/home", "/dev/shm", "/dev"])
    def test_size_of_the_private_folders(self, runner: Runner, folder: str) -> None:
        result = runner.shell(
            f"for i in 1 2 3 4 5 6; do head -c 1000000 /dev/zero > {folder}/$i || exit 9; done",
            limits=limits(temporary_bytes=4 * MIB),
        )
        assert result.exit_code in (2, 9)

    def test_open_files(self, runner: Runner) -> None:
        source = "files = [open('/dev/null') for _ in range(40)]"
        result = runner.script(source, limits=limits(open_files=32))
        assert b"Too many open files" in result.output

    def test_processes(self, runner: Runner) -> None:
        source = """if True:
            import os, signal
            count = 0
            try:
                while count < 60:
                    if os.fork() == 0:
                        signal.pause()
                    count += 1
            except BlockingIOError:
                pass
            print(count)
        """
        result = runner.script(source, limits=limits(processes=20))
        assert result.ok
        assert 10 <= int(result.output) <= 20

    def test_processes_of_one_run_do_not_count_against_another(
        self, runner: Runner, meeting: Meeting
    ) -> None:
        greedy = runner.shell_command(
            f"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 60 & done; {meeting.MEET}",
            mounts=(meeting.mount,),
            limits=limits(processes=24),
        )
        with runner.start(greedy) as child:
            meeting.await_ready()
            modest = runner.shell(
                "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (:) || exit 1; sleep 0.1 & done; wait; echo done",
                limits=limits(processes=24),
            )
            meeting.release()
            child.communicate(timeout=PATIENCE_SECONDS)
        assert modest.output == b"done\n"

    def test_a_fork_bomb_is_contained(self, runner: Runner) -> None:
        marker = new_marker()
        source = """if True:
            import os
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        """
        result = runner.script(source, marker, limits=limits(wall_seconds=0.7, processes=50))
        assert result.ending == "timeout"
        assert host_processes(marker) == set()

    def test_cpu_time(self, runner: Runner) -> None:
        result = runner.shell("while :; do :; done", limits=limits(cpu_seconds=1))
        assert (result.ending, result.exit_code) == ("signalled", None)
        assert result.signal in (signal.SIGXCPU, signal.SIGKILL)

    def test_cpu_time_of_a_process_that_ignores_the_warning(self, runner: Runner) -> None:
        result = runner.shell("trap '' XCPU; while :; do :; done", limits=limits(cpu_seconds=1))
        assert (result.ending, result.signal) == ("signalled", signal.SIGKILL)

    def test_limits_cannot_be_raised(self, runner: Runner) -> None:
        source = """if True:
            import resource
            for name in ("AS", "CPU", "NPROC", "FSIZE", "NOFILE"):
                kind = getattr(resource, "RLIMIT_" + name)
                _, hard = resource.getrlimit(kind)
                try:
                    resource.setrlimit(kind, (hard + 1, hard + 1))
                    print(name)
                except (ValueError, OSError):
                    pass
        """
        result = runner.script(source)
        assert result.ok
        assert result.output == b""

    def test_no_core_is_dumped(self, runner: Runner) -> None:
        folder = runner.folder()
        mount = Mount(folder, "/data", writable=True)
        runner.shell("ulimit -c unlimited; kill -SEGV $$", mounts=(mount,), working_directory="/data")
        assert list(folder.iterdir()) == []


class TestOutput:
    def test_both_streams_come_in_order(self, runner: Runner) -> None:
        result = runner.shell("echo one; echo two >&2; echo three")
        assert result.output == b"one\ntwo\nthree\n"

    def test_output_up_to_the_limit_is_kept(self, runner: Runner) -> None:
        result = runner.shell("head -c 200000 /dev/zero", limits=limits(output_bytes=200_000))
        assert (result.ending, len(result.output)) == ("exited", 200_000)

    @pytest.mark.parametrize("stream", [1, 2])
    def test_a_flood_is_cut_and_ends_the_run(self, runner: Runner, stream: int) -> None:
        marker = new_marker()
        result = runner.shell(
            f"while :; do echo flood; done >&{stream}", marker, limits=limits(output_bytes=100_001)
        )
        assert (result.ending, result.exit_code, len(result.output)) == ("output_limit", None, 100_001)
        assert "more output than allowed" in result.describe()
        assert host_processes(marker) == set()

    def test_output_goes_to_the_log_as_it_comes(self, caller: Runner, tmp_path: Path) -> None:
        meeting = Meeting(caller)
        log = tmp_path / "log"
        log.write_text("before\n")
        script = f"echo first; {meeting.MEET}; echo second >&2"
        with ThreadPoolExecutor(1) as executor:
            running = executor.submit(caller.shell, script, mounts=(meeting.mount,), log=log)
            meeting.await_ready()
            assert eventually(lambda: log.read_text() == "before\nfirst\n")
            meeting.release()
        meeting.close()
        assert log.read_text() == "before\nfirst\nsecond\n"
        assert (running.result().ending, running.result().output) == ("exited", b"")

    def test_the_log_is_cut_at_the_limit(self, caller: Runner, tmp_path: Path) -> None:
        log = tmp_path / "log"
        result = caller.shell("yes", log=log, limits=limits(output_bytes=10_000))
        assert (result.ending, result.output, log.stat().st_size) == ("output_limit", b"", 10_000)

    def test_input_arrives_whole(self, runner: Runner) -> None:
        data = bytes(range(256)) * 20_000
        result = runner.shell("cat", stdin=data, limits=limits(output_bytes=8 * MIB))
        assert result.output == data

    def test_input_ends(self, runner: Runner) -> None:
        assert runner.shell("cat; echo end").output == b"end\n"

    def test_a_command_need_not_read_its_large_input(self, runner: Runner) -> None:
        result = runner.shell("echo done", stdin=b"x" * 4 * MIB)
        assert (result.ending, result.exit_code, result.output) == ("exited", 0, b"done\n")

    def test_a_command_that_reads_no_input_and_stays_is_stopped_at_its_limit(self, runner: Runner) -> None:
        result = runner.shell("sleep 60", stdin=b"x" * MIB, limits=limits(wall_seconds=0.3))
        assert result.ending == "timeout"


class TestEnding:
    @pytest.mark.parametrize("code", [0, 1, 42, 127, 128, 200, 255])
    def test_exit_status(self, runner: Runner, code: int) -> None:
        result = runner.shell(f"exit {code}")
        assert (result.ending, result.exit_code, result.signal) == ("exited", code, None)
        assert result.ok == (code == 0)
        assert result.describe() == f"exit status {code}"

    @pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "ABRT", "HUP"])
    def test_signal(self, runner: Runner, name: str) -> None:
        result = runner.shell(f"kill -{name} $$")
        number = signal.Signals[f"SIG{name}"]
        assert (result.ending, result.exit_code, result.signal) == ("signalled", None, number)
        assert not result.ok
        assert result.describe() == f"killed by signal {number:d}"

    def test_a_missing_program_is_no_success(self, runner: Runner) -> None:
        command = runner.shell_command("")
        result = runner.run(type(command)(("/no/such/program",), limits()))
        assert not result.ok
        assert b"/no/such/program" in result.output

    def test_a_missing_mount_is_no_success(self, runner: Runner) -> None:
        result = runner.shell("true", mounts=(Mount(Path("/no/such/folder"), "/data"),))
        assert not result.ok
        assert b"/no/such/folder" in result.output

    def test_killing_everything_in_reach_ends_the_run_alone(self, runner: Runner) -> None:
        result = runner.script("import os; os.kill(-1, 9); os.kill(1, 9); os.kill(os.getppid(), 9)")
        assert not result.ok

    def test_stopping_everything_in_reach_ends_at_the_limit(self, runner: Runner) -> None:
        source = """if True:
            import os
            for process in (os.getppid(), 1, -1, 0, os.getpid()):
                try:
                    os.kill(process, 19)
                except OSError:
                    pass
        """
        assert runner.script(source, limits=limits(wall_seconds=0.5)).ending == "timeout"


class TestNothingStays:
    def test_a_run_is_stopped_at_its_time_limit(self, runner: Runner) -> None:
        marker = new_marker()
        result = runner.shell("echo begun; sleep 60", marker, limits=limits(wall_seconds=0.4))
        assert (result.ending, result.exit_code, result.output) == ("timeout", None, b"begun\n")
        assert result.wall_seconds >= 0.4
        assert not result.ok
        assert "time limit" in result.describe()
        assert host_processes(marker) == set()

    @pytest.mark.parametrize("script", ["trap '' TERM HUP INT; sleep 60", "exec >&- 2>&- <&-; sleep 60"])
    def test_a_stubborn_process_is_stopped_at_its_time_limit(self, runner: Runner, script: str) -> None:
        marker = new_marker()
        result = runner.shell(f"{script}; sleep 60", marker, limits=limits(wall_seconds=0.4))
        assert result.ending == "timeout"
        assert host_processes(marker) == set()

    def test_daemons_end_with_a_run_that_is_stopped(self, runner: Runner) -> None:
        marker = new_marker()
        source = f"{_WAITING_DAEMONS}\nsignal.pause()"
        result = runner.script(source, "5", marker, limits=limits(wall_seconds=0.7))
        assert result.ending == "timeout"
        assert host_processes(marker) == set()

    @pytest.mark.parametrize("source", [_WAITING_DAEMONS, _BUSY_DAEMONS], ids=["waiting", "busy"])
    def test_daemons_end_with_a_run_that_ends(self, runner: Runner, source: str) -> None:
        left = set()
        for _ in range(4):
            marker = new_marker()
            result = runner.script(source, "20", marker)
            left |= host_processes(marker)
            assert result.ending == "exited"
        assert left == set(), "they go on for a moment after run() has returned"

    def test_a_daemon_writes_nothing_after_the_run(self, runner: Runner) -> None:
        folder = runner.folder()
        source = _DAEMONS.format(
            body="""
            file = os.open(f"/data/{number}", os.O_CREAT | os.O_WRONLY)
            while True:
                os.pwrite(file, os.urandom(8), 0)"""
        )
        runner.script(source, "20", mounts=(Mount(folder, "/data", writable=True),))
        first = [file.read_bytes() for file in sorted(folder.iterdir())]
        assert [file.read_bytes() for file in sorted(folder.iterdir())] == first

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_a_run_ends_with_the_process_that_asked_for_it(
        self, runner: Runner, meeting: Meeting, number: signal.Signals
    ) -> None:
        marker = new_marker()
        script = f"(trap '' TERM HUP; setsid sleep 50; :) & {meeting.MEET}"
        child = runner.start(runner.shell_command(script, marker, mounts=(meeting.mount,)))
        with child:
            meeting.await_ready()
            assert host_processes(marker)
            child.send_signal(number)
            child.wait(PATIENCE_SECONDS)
            assert eventually(lambda: not host_processes(marker))

    def test_runs_in_several_threads_do_not_disturb_each_other(self, caller: Runner) -> None:
        def run(number: int) -> tuple[int | None, bytes]:
            result = caller.shell(f"cat; echo {number}; exit {number}", stdin=f"{number} ".encode() * 9_000)
            return result.exit_code, result.output

        with ThreadPoolExecutor(8) as executor:
            results = list(executor.map(run, range(32)))
        assert results == [(number, b"%d " % number * 9_000 + b"%d\n" % number) for number in range(32)]

    def test_no_descriptor_and_no_thread_stays_in_this_process(self, caller: Runner, tmp_path: Path) -> None:
        folder = Path("/proc/self/fd")
        caller.shell("true")  # what watches this process stays
        before = len(list(folder.iterdir())), threading.active_count()
        caller.shell("true")
        caller.shell("sleep 9", limits=limits(wall_seconds=0.1))
        caller.shell("yes", limits=limits(output_bytes=10), log=tmp_path / "log")
        assert (len(list(folder.iterdir())), threading.active_count()) == before

    def test_no_zombie_stays(self, caller: Runner) -> None:
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
        caller.shell("true")  # what watches this process stays
        before = children.read_text().split()
        caller.shell("sleep 9", limits=limits(wall_seconds=0.1))
        assert children.read_text().split() == before

    def test_a_fault_of_the_caller_stops_the_run(self, caller: Runner, tmp_path: Path) -> None:
        marker = new_marker()
        with pytest.raises(OSError, match=r"directory"):
            caller.shell("sleep 9", marker, log=tmp_path / "missing" / "log")
        assert host_processes(marker) == set()


def test_the_name_is_what_manifests_print() -> None:
    from sandbox.bubblewrap import Bubblewrap

    found = Bubblewrap.find()
    assert found.name == "bubblewrap"
    assert subprocess.run([found.executable, "--version"], check=True, capture_output=True).stdout
