"""The system call filter, and what Landlock hides, as samples meet them."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.interface import Limits, Mount, SandboxedCommand, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.landlock import Landlock
from sandbox.selection import select_sandbox
from sandbox.system_calls import WORKER_WORDS, command_filter, sample_filter
from sandbox.worker_pool import WorkerPool
from tests.sandbox.samples import Judge

_PERMISSION = 1
_MISSING = 38
_INTEL = os.uname().machine == "x86_64"

needs_intel = pytest.mark.skipif(not _INTEL, reason="system call numbers of x86-64")

_CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def system_call(number, *words):
    ctypes.set_errno(0)
    done = libc.syscall(ctypes.c_long(number), *(ctypes.c_ulong(word) for word in words))
    if done == 0 and number in (56, 57, 58): os._exit(0)
    return 0 if done >= 0 else ctypes.get_errno()
"""


@pytest.fixture(scope="module")
def samples(pool: WorkerPool) -> Judge:
    return Judge(pool)


@needs_intel
class TestSampleFilter:
    @pytest.mark.parametrize(
        ("name", "number", "words"),
        [
            ("fork", 57, ()),
            ("vfork", 58, ()),
            ("clone without flags", 56, (17, 0, 0, 0, 0)),
            ("clone of a new user namespace", 56, (0x10000011, 0, 0, 0, 0)),
            ("execve", 59, (0, 0, 0)),
            ("kill of nobody", 62, (0, 0)),
            ("tkill", 200, (1, 0)),
            ("tgkill", 234, (1, 1, 0)),
            ("socket", 41, (2, 1, 0)),
            ("socketpair of another family", 53, (2, 1, 0, 0)),
            ("ptrace", 101, (0, 0, 0, 0)),
            ("process_vm_readv", 310, (1, 0, 0, 0, 0, 0)),
            ("memfd_create", 319, (0, 0)),
            ("prctl not dumpable", 157, (4, 1, 0, 0, 0)),
            ("prlimit64 of another", 302, (1, 0, 0, 0)),
            ("seccomp", 317, (0, 0, 0)),
            ("bpf", 321, (0, 0, 0)),
            ("keyctl", 250, (0, 0, 0, 0, 0)),
            ("unshare", 272, (0,)),
            ("setns", 308, (0, 0)),
            ("mount", 165, (0, 0, 0, 0, 0)),
            ("io_uring_setup", 425, (1, 0)),
            ("userfaultfd", 323, (0,)),
            ("perf_event_open", 298, (0, 0, 0, 0, 0)),
            ("setuid", 105, (0,)),
            ("shmget", 29, (0, 4096, 0)),
            ("mknod", 133, (0, 0, 0)),
            ("fcntl F_SETOWN", 72, (0, 8, 1)),
            ("ioctl TIOCSTI", 16, (0, 0x5412, 0)),
            ("a number that no call has", 999, ()),
        ],
        ids=lambda value: value if type(value) is str else "",
    )
    def test_a_call_is_refused(self, samples: Judge, name: str, number: int, words: tuple[int, ...]) -> None:
        program = f"{_CALL}\ndef f(): return system_call({', '.join(map(str, (number, *words)))})\n"
        assert samples.value(program) == _PERMISSION

    @pytest.mark.parametrize("number", [56, 319], ids=["clone", "memfd_create"])
    def test_the_stand_ins_are_not_the_words_of_the_worker(self, samples: Judge, number: int) -> None:
        first, second, third, fourth = WORKER_WORDS
        words = (17, 0, first << 32 | second, 0, third << 32 | fourth, 0)
        program = f"{_CALL}\ndef f(): return system_call({number}, *{words})\n"
        assert samples.value(program) == _PERMISSION

    def test_clone3_is_said_to_be_missing(self, samples: Judge) -> None:
        # so that the C library makes its threads by clone, whose flags can be looked at
        assert samples.value(f"{_CALL}\ndef f(): return system_call(435, 0, 0)\n") == _MISSING

    def test_the_words_are_not_where_the_worker_keeps_them(self, samples: Judge) -> None:
        # the page is emptied in every child; were it not, they would make processes
        program = f"""{_CALL}
import ctypes, sys
def f():
    found = []
    import gc
    for thing in gc.get_objects():
        if type(thing).__name__ == "Rights":
            found.append(list(ctypes.string_at(thing._page, 16)))
    frame = sys._getframe()
    while frame is not None:
        for value in frame.f_locals.values():
            rights = getattr(value, "_rights", None)
            if rights is not None: found.append(list(ctypes.string_at(rights._page, 16)))
        frame = frame.f_back
    return found
"""
        found = samples.value(program)
        assert found, "the search is worth something"
        assert all(words == [0] * 16 for words in found)

    def test_ordinary_calls_are_allowed(self, samples: Judge) -> None:
        program = """if True:
            import os, select, socket, signal, threading, time, mmap, resource
            def f():
                reader, writer = os.pipe()
                os.write(writer, b"x")
                assert select.select([reader], [], [], 1)[0]
                left, right = socket.socketpair()
                left.send(b"y")
                assert right.recv(1) == b"y"
                signal.setitimer(signal.ITIMER_REAL, 100)
                mmap.mmap(-1, 4096)
                resource.getrlimit(resource.RLIMIT_CPU)
                os.getpid(); os.uname(); os.cpu_count(); time.sleep(0); os.urandom(8)
                thread = threading.Thread(target=os.getcwd); thread.start(); thread.join()
                return True
        """
        assert samples.value(program) is True


def test_the_filter_of_samples_lets_change_files_only_where_they_are_their_own() -> None:
    assert len(sample_filter(own_files=True)) > len(sample_filter(own_files=False))


@pytest.mark.parametrize("own_files", [True, False])
def test_the_filter_holds_the_stand_ins_to_be_replaced(own_files: bool) -> None:
    program = sample_filter(own_files=own_files)
    assert len(program) % 8 == 0
    constants = [int.from_bytes(program[at : at + 4], "little") for at in range(4, len(program), 8)]
    for word in WORKER_WORDS:
        assert constants.count(word) >= 2, "one for each call: clone and memfd_create"


def test_the_filter_of_commands_holds_no_stand_ins() -> None:
    for may in (True, False):
        program = command_filter(may_make_user_namespace=may)
        assert not any(word.to_bytes(4, "little") in program for word in WORKER_WORDS)


class TestLandlock:
    @pytest.fixture(scope="class")
    def landlock(self, interpreter: Interpreter) -> Iterator[WorkerPool]:
        try:
            backend = select_sandbox("samples", "landlock")
        except SandboxUnavailable as error:
            pytest.skip(str(error))
        with WorkerPool(backend, interpreter) as pool:
            yield pool

    @pytest.fixture
    def open_file(self) -> Iterator[Path]:
        """A file of the caller that everybody may read and write."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            path = Path(folder, "file")
            path.write_text("secret")
            path.chmod(0o666)
            yield path

    @pytest.mark.parametrize(
        "action",
        [
            "open(path).read()",
            "open(path, 'w')",
            "open(path, 'a')",
            "os.truncate(path, 0)",
            "os.unlink(path)",
            "os.rename(path, path + '2')",
            "os.link(path, path + '2')",
            "os.symlink(path, path + '2')",
            "os.mkdir(path + '2')",
            "os.listdir(os.path.dirname(path))",
            "os.chmod(path, 0)",
            "os.utime(path, (0, 0))",
            "os.chown(path, 1, 1)",
            "os.setxattr(path, 'user.x', b'1')",
        ],
    )
    def test_files_of_the_host_are_out_of_reach(
        self, landlock: WorkerPool, open_file: Path, action: str
    ) -> None:
        before = open_file.stat()
        program = f"""if True:
            import os
            def f(path):
                try:
                    {action}
                    return "done"
                except PermissionError:
                    return "refused"
        """
        assert Judge(landlock).value(program, str(open_file)) == "refused"
        after = open_file.stat()
        assert (after.st_mode, after.st_mtime_ns, after.st_uid) == (
            before.st_mode,
            before.st_mtime_ns,
            before.st_uid,
        )
        assert open_file.read_text() == "secret"
        assert [path.name for path in open_file.parent.iterdir()] == ["file"]

    def test_a_mode_cannot_be_changed_even_through_a_descriptor(self, landlock: WorkerPool) -> None:
        mode = stat.S_IMODE(Path("/dev/null").stat().st_mode)
        program = """if True:
            import os
            def f():
                try:
                    os.fchmod(os.open("/dev/null", os.O_WRONLY), 0o700)
                    return "done"
                except PermissionError:
                    return "refused"
        """
        assert Judge(landlock).value(program) == "refused"
        assert stat.S_IMODE(Path("/dev/null").stat().st_mode) == mode

    @pytest.mark.parametrize("folder", ["/work", "/tmp", "/etc", "/home", "/proc/self", "/var"])
    def test_folders_of_the_host_are_hidden(self, landlock: WorkerPool, folder: str) -> None:
        if not Path(folder).exists():
            pytest.skip(f"no {folder} here")
        program = """if True:
            import os
            def f(folder):
                try:
                    return os.listdir(folder)
                except PermissionError:
                    return "refused"
        """
        assert Judge(landlock).value(program, folder) == "refused"

    def test_site_packages_are_hidden(self, landlock: WorkerPool, interpreter: Interpreter) -> None:
        assert interpreter.packages
        packages = [folder for folder in interpreter.packages if Path(folder).is_dir()]
        program = """if True:
            import os
            def f(folders):
                found = []
                for folder in folders:
                    for root, _, files in os.walk(folder):
                        for name in files:
                            try:
                                found.append(open(os.path.join(root, name), "rb").read(1) and name)
                            except OSError:
                                pass
                return len(found)
        """
        files = [path for folder in packages for path in Path(folder).rglob("*") if path.is_file()]
        assert files, "there is something to hide"
        assert Judge(landlock).value(program, packages) == 0

    def test_projects_and_what_would_need_a_root_of_its_own_are_refused(self, tmp_path: Path) -> None:
        limits = Limits(wall_seconds=5.0, cpu_seconds=1, memory_bytes=2**28)
        command = SandboxedCommand(("/bin/true",), limits)
        with pytest.raises(SandboxUnavailable):
            Landlock().start(command)
        for mount in (Mount(tmp_path, "/elsewhere"), Mount(tmp_path, str(tmp_path), writable=True)):
            with pytest.raises(ValueError, match="root of its own"):
                Landlock().start(SandboxedCommand(("/bin/true",), limits, (mount,), samples_only=True))
