"""Files left for the next program, or in the way of whoever cleans up."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import attack

_attack = partial(attack, "files and network")
_WRONG = ("failed", "error", "crashed")

PLACES = """
PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/home", "/run", ".", os.environ.get("HOME", "/")]
"""

LEFT_PROBE = (
    PLACES
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
        "fills every place by bytes",
        PLACES
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
        probe=LEFT_PROBE,
    ),
    _attack(
        "fills every place by the number of files",
        PLACES
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
        probe=LEFT_PROBE,
    ),
    _attack(
        "leaves a file for the next one",
        PLACES
        + """
def f(number):
    for place in PLACES:
        for name in ("attack", "attack.py", ".attack"):
            handle = attempt(os.open, f"{place}/{name}", os.O_CREAT | os.O_WRONLY, 0o444)
            if handle is not None: os.write(handle, b"passed")
    return number
""",
        *_WRONG,
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
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
        probe=LEFT_PROBE,
    ),
    _attack(
        "leaves modules for the next one to import",
        PLACES
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
)
