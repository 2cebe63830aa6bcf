"""Files that are read, left for others, or in the way; and the network."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "files and network")
_WRONG = ("failed", "error", "crashed")

_PLACES = """
PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/home", "/run", ".", os.environ.get("HOME", "/")]
"""

_LEFT_PROBE = (
    _PLACES
    + """
def f(number):
    for place in PLACES:
        found = attempt(os.listdir, place) or []
        left = [name for name in found if name.startswith("attack")]
        if left: return left[0]
    with open("/tmp/probe", "w") as file: file.write("x" * 100000)
    os.mkdir(f"/tmp/probe-{number}")
    return "clean"
"""
)

ATTACKS = (
    _attack(
        "writes wherever it can",
        _PLACES
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
        probe=_LEFT_PROBE,
    ),
    _attack(
        "fills every place by bytes",
        _PLACES
        + """
def f(number):
    for place in PLACES:
        for index in range(100):
            handle = attempt(os.open, f"{place}/attack{index}", os.O_CREAT | os.O_WRONLY)
            if handle is None: break
            while attempt(os.write, handle, b"x" * 2**20): pass
            os.close(handle)
    return number
""",
        *_WRONG,
        "timeout",
        "out_of_memory",
        probe=_LEFT_PROBE,
    ),
    _attack(
        "fills every place by the number of files",
        _PLACES
        + """
def f(number):
    if number: return number
    for place in PLACES:
        for index in range(200000):
            handle = attempt(os.open, f"{place}/attack{index}", os.O_CREAT | os.O_WRONLY)
            if handle is None: break
            os.close(handle)
    return number
""",
        *_WRONG,
        "timeout",
        "out_of_memory",
        probe=_LEFT_PROBE,
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
        probe=_LEFT_PROBE,
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
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves a file for the next one",
        _PLACES
        + """
def f(number):
    for place in PLACES:
        for name in ("attack", "attack.py", ".attack"):
            handle = attempt(os.open, f"{place}/{name}", os.O_CREAT | os.O_WRONLY, 0o444)
            if handle is not None: os.write(handle, b"passed")
    return number
""",
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves folders deeper than any path",
        """
        def f(number):
            start = os.open("/tmp", os.O_RDONLY)
            posix.chdir("/tmp")
            for _ in range(500):
                posix.mkdir("attack" * 30)
                posix.chdir("attack" * 30)
            open("file", "w").close()
            os.close(start)
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves folders deeper than any recursion",
        """
        def f(number):
            if number: return number
            posix.chdir("/tmp")
            for _ in range(5000):
                if attempt(posix.mkdir, "attack") is not None: break
                posix.chdir("attack")
            return number
        """,
        *_WRONG,
        "out_of_memory",
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves folders that nobody may enter",
        """
        def f(number):
            path = f"/tmp/attack{number}"
            os.makedirs(f"{path}/a/b")
            open(f"{path}/a/b/file", "w").close()
            for folder in (f"{path}/a/b", f"{path}/a", path): posix.chmod(folder, 0)
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves names that are hard to handle",
        """
        def f(number):
            odd = (b"attack\\n", b"attack\\xff\\xfe", b"attack" + b"x" * 249, b"-rf", b"attack *")
            for name in odd:
                attempt(os.mkdir, b"/tmp/" + name)
                attempt(os.mkfifo, b"/tmp/" + name + b"/attack")
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves links that lead to the files of others",
        """
        def f(number):
            code = os.path.dirname(os.__file__)
            targets = ["/", "/etc/passwd", "/opt/codex-sft", code, sys.executable, "/proc/1/root", "/tmp"]
            targets.append("/dev/null")
            for index, target in enumerate(targets):
                attempt(os.symlink, target, f"/tmp/attack{index}")
                attempt(os.link, target, f"/tmp/attack-hard{index}")
            attempt(os.symlink, "attack-loop", "/tmp/attack-loop")
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE
        + """
inner = f
def f(number):
    os.stat(os.__file__)
    os.stat("/dev/null")
    return inner(number)
""",
    ),
    _attack(
        "leaves links in place of its own folders",
        """
        import threading
        def f(number):
            if number: return number
            os.makedirs("/tmp/attack/a/b")
            def flip():
                while True:
                    attempt(posix.rename, "/tmp/attack", "/tmp/attack-away")
                    attempt(posix.symlink, "/", "/tmp/attack")
                    attempt(posix.unlink, "/tmp/attack")
                    attempt(posix.rename, "/tmp/attack-away", "/tmp/attack")
            threading.Thread(target=flip, daemon=True).start()
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves a message on the folder itself",
        """
        def f(number):
            for place in ("/tmp", "/home", "/dev/shm"):
                attempt(os.utime, place, (1234567, 1234567))
                for name in ("user.attack", "trusted.attack", "security.attack"):
                    attempt(os.setxattr, place, name, b"passed")
                attempt(posix.chmod, place, 0o1713)
            return number
        """,
        *_WRONG,
        probe="""
        def f(number):
            for place in ("/tmp", "/home", "/dev/shm"):
                about = attempt(os.stat, place)
                if about and (about.st_mtime == 1234567 or about.st_mode & 0o7777 == 0o1713): return place
                if attempt(os.listxattr, place) and "user.attack" in os.listxattr(place): return "attribute"
            return "clean"
        """,
    ),
    _attack(
        "closes the folder to all who follow",
        """
        def f(number):
            for place in ("/tmp", "/home", "/dev/shm"):
                if number == 6: attempt(posix.chmod, place, 0)
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "moves the folder away",
        """
        def f(number):
            for place in ("/tmp", "/home", "/dev/shm"):
                attempt(posix.rename, place, place + "-attack")
                attempt(posix.rmdir, place)
                attempt(posix.symlink, "/proc/self/root", place)
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "stays in a folder that is gone",
        """
        def f(number):
            os.makedirs("/tmp/attack/in", exist_ok=True)
            posix.chdir("/tmp/attack/in")
            attempt(posix.rmdir, "/tmp/attack/in")
            attempt(posix.rmdir, "/tmp/attack")
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "leaves modules for the next one to import",
        _PLACES
        + """
import sysconfig
def f(number):
    for place in PLACES + sys.path + [os.path.dirname(os.__file__) + "/__pycache__"]:
        for name in ("attackmodule.py", "sitecustomize.py", "usercustomize.py", "json.py"):
            handle = attempt(os.open, f"{place}/{name}", os.O_CREAT | os.O_WRONLY)
            if handle is not None: os.write(handle, b"import builtins\\nbuiltins.attacked = True\\n")
    return number
""",
        *_WRONG,
        probe="""
        import builtins
        def f(number):
            try:
                import attackmodule
            except ImportError:
                return "dirty" if hasattr(builtins, "attacked") else "clean"
        """,
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
        probe=_LEFT_PROBE,
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
        probe=_LEFT_PROBE,
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
        probe=_LEFT_PROBE,
    ),
    _attack(
        "talks to the loopback interface",
        """
        import socket
        def f(number):
            server = socket.socket()
            server.bind(("127.0.0.1", 47113))
            server.listen()
            client = socket.create_connection(("127.0.0.1", 47113), 2)
            client.send(b"passed")
            return server.accept()[0].recv(10)
        """,
        *_WRONG,
    ),
    _attack(
        "talks to other machines",
        """
        import socket
        def f(number):
            for address in (("1.1.1.1", 53), ("169.254.169.254", 80), ("10.0.0.1", 443), ("8.8.8.8", 443)):
                try:
                    return socket.create_connection(address, 0.3).getpeername()
                except OSError:
                    pass
        """,
        *_WRONG,
    ),
    _attack(
        "sends a datagram",
        """
        import socket
        def f(number):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                return sender.sendto(b"passed", ("1.1.1.1", 53))
        """,
        *_WRONG,
    ),
    _attack(
        "asks for the address of a name",
        "import socket\ndef f(number): return socket.getaddrinfo('example.com', 80)[0][4][0]",
        *_WRONG,
        "timeout",
    ),
    _attack(
        "leaves a server with an abstract name",
        """
        import socket, time
        def f(number):
            server = socket.socket(socket.AF_UNIX)
            server.bind("\\0codex-attack")
            server.listen()
            if posix.fork() == 0:
                time.sleep(20)
                posix._exit(0)
            return number
        """,
        *_WRONG,
        probe="""
        import socket
        def f(number):
            try:
                socket.socket(socket.AF_UNIX).connect("\\0codex-attack")
            except OSError:
                return "clean"
            return "server"
        """,
    ),
    _attack(
        "leaves a socket with a path",
        """
        import socket
        def f(number):
            server = socket.socket(socket.AF_UNIX)
            server.bind(f"/tmp/attack{number}")
            server.listen()
            return number
        """,
        *_WRONG,
        probe=_LEFT_PROBE,
    ),
    _attack(
        "opens every family of sockets",
        """
        import socket
        def f(number):
            opened = []
            for family in range(46):
                for kind in (1, 2, 3, 5):
                    try:
                        opened.append((family, kind, socket.socket(family, kind, 0).fileno()))
                    except OSError:
                        pass
            return opened or None
        """,
        *_WRONG,
        probe=CANARY,
    ),
    _attack(
        "connects to the sockets of the machine",
        """
        import socket
        def f(number):
            paths = ["/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/dev/log",
                     "/run/containerd/containerd.sock", "/run/systemd/private", "\\0/tmp/dbus-attack"]
            for path in paths:
                try:
                    socket.socket(socket.AF_UNIX).connect(path)
                    return path
                except OSError:
                    pass
        """,
        *_WRONG,
    ),
)
