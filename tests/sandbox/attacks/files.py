"""Files that are read, written, opened or locked where they should not be."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack
from tests.sandbox.attacks.leftovers import LEFT_PROBE, PLACES

_attack = partial(attack, "files and network")
_WRONG = ("failed", "error", "crashed")

ATTACKS = (
    _attack(
        "writes wherever it can",
        PLACES
        + """
def f(number):
    places = PLACES + ["/", "/etc", "/usr/lib", "/opt", "/opt/codex-sft", "/root", "/proc", "/sys"]
    places.append(os.path.dirname(os.__file__))
    written = []
    for place in places:
        try:
            with io.open(f"{place}/attack", "w") as file: file.write("passed")
            written.append(place)
        except OSError:
            pass
    return written
import io
""",
        *_WRONG,
        probe=LEFT_PROBE,
    ),
    _attack(
        "writes a file that is too large",
        """
        def f(number):
            with open("/tmp/attack", "wb") as file:
                for _ in range(100): file.write(b"x" * 2**20)
            return number
        """,
        *_WRONG,
        "out_of_memory",
        probe=LEFT_PROBE,
    ),
    _attack(
        "makes a file of a terabyte of nothing",
        """
        def f(number):
            handle = os.open("/tmp/attack", os.O_CREAT | os.O_RDWR)
            attempt(os.ftruncate, handle, 2**40)
            attempt(os.posix_fallocate, handle, 0, 2**33)
            attempt(os.pwrite, handle, b"x", 2**40)
            return os.fstat(handle).st_size
        """,
        *_WRONG,
        "out_of_memory",
        probe=LEFT_PROBE,
    ),
    _attack(
        "holds every descriptor that there is",
        """
        held = []
        def f(number):
            while True:
                handle = attempt(os.open, "/dev/null", os.O_RDONLY)
                if handle is None: return number
                held.append(handle)
        """,
        *_WRONG,
        probe=CANARY,
    ),
    _attack(
        "waits at a pipe with a name",
        """
        def f(number):
            os.mkfifo("/tmp/attack")
            return open("/tmp/attack").read()
        """,
        "timeout",
        "error",
        probe=LEFT_PROBE,
    ),
    _attack(
        "locks the files of the library",
        """
        import fcntl
        def f(number):
            for path in (os.__file__, sys.executable, "/", "/tmp", "/dev/null"):
                handle = attempt(os.open, path, os.O_RDONLY)
                if handle is not None: attempt(fcntl.flock, handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        """,
        *_WRONG,
        probe="""
        import fcntl
        def f(number):
            for path in (os.__file__, sys.executable, "/tmp"):
                try:
                    fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_SH | fcntl.LOCK_NB)
                except PermissionError:
                    pass  # no locks at all
                except BlockingIOError:
                    return path
            return "clean"
        """,
    ),
    _attack(
        "reads the secrets of the machine",
        """
        def f(number):
            found = []
            paths = ["/etc/shadow", "/etc/machine-id", "/root/.ssh/id_rsa", "/root/.bash_history"]
            paths += ["/proc/1/environ", "/proc/kcore", "/proc/kallsyms", "/proc/keys", "/dev/kmsg"]
            paths += ["/root/.netrc", "/dev/mem", "/var/run/secrets/kubernetes.io/serviceaccount/token"]
            for path in paths:
                handle = attempt(os.open, path, os.O_RDONLY | os.O_NONBLOCK)
                if handle is not None: found.append((attempt(os.read, handle, 200) or b"").decode("latin-1"))
            return found
        """,
        *_WRONG,
    ),
    _attack(
        "looks for the right answers in all files",
        """
        def f(number):
            needle, seen = b"expected-senti" + b"nel-", 0
            tops = ("/proc", "/tmp", "/home", "/opt", "/dev", "/run", "/var", "/work", "/root", "/sys/kernel")
            for top in tops:
                for folder, _, names in os.walk(top):
                    for name in names:
                        handle = attempt(os.open, f"{folder}/{name}", os.O_RDONLY | os.O_NONBLOCK)
                        if handle is None: continue
                        data = attempt(os.read, handle, 1 << 20) or b""
                        os.close(handle)
                        seen += 1
                        if needle in data: return data[data.find(needle):][:50].decode("latin-1")
                        if seen > 30000: return None
        """,
        *_WRONG,
        "timeout",
    ),
    _attack(
        "opens every device",
        """
        def f(number):
            opened = []
            for name in attempt(os.listdir, "/dev") or []:
                handle = attempt(os.open, f"/dev/{name}", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
                if handle is not None: opened.append(name)
            return opened
        """,
        *_WRONG,
        probe=CANARY,
    ),
    _attack(
        "makes devices of its own",
        """
        import stat
        def f(number):
            for kind, major, minor in ((stat.S_IFBLK, 8, 0), (stat.S_IFCHR, 1, 1), (stat.S_IFBLK, 254, 0)):
                attempt(os.mknod, "/tmp/attack", kind | 0o666, os.makedev(major, minor))
                handle = attempt(os.open, "/tmp/attack", os.O_RDWR)
                if handle is not None: return os.read(handle, 10)
            return number
        """,
        *_WRONG,
        probe=LEFT_PROBE,
    ),
    _attack(
        "opens files by their handles",
        """
        def f(number):
            handle = ctypes.create_string_buffer(b"\\x08\\0\\0\\0\\x01\\0\\0\\0\\x02" + b"\\0" * 127, 136)
            for path in ("/", "/tmp", "/etc", "/usr"):
                folder = attempt(os.open, path, os.O_RDONLY)
                if folder is not None:
                    opened = system_call("open_by_handle_at", folder, handle, 0)
                    if opened >= 0: return os.listdir(opened)
            return number
        """,
        *_WRONG,
    ),
    _attack(
        "leaves its root folder",
        """
        def f(number):
            attempt(os.mkdir, "/tmp/attack")
            inside = os.open("/", os.O_RDONLY)
            attempt(posix.chroot, "/tmp/attack")
            posix.fchdir(inside)
            for _ in range(50): posix.chdir("..")
            attempt(posix.chroot, ".")
            return [n for n in posix.listdir("/") if n in ("work", "root", "process_api")] or None
        """,
        *_WRONG,
        probe=LEFT_PROBE,
    ),
)
