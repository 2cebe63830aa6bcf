"""Attacks on the descriptor that results go through, and on whoever reads its other end."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "result channels")
_BROKEN = ("failed", "error", "crashed", "output_limit")

_FLAGS_PROBE = """
import fcntl
def f(number):
    for descriptor in descriptors():
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ASYNC: return "asynchronous"
        if attempt(fcntl.fcntl, descriptor, 11, 0) == 37: return "signals"
        if attempt(fcntl.fcntl, descriptor, 1032) == 8192: return "small pipe"
    return "clean"
"""

ATTACKS = (
    _attack(
        "closes every descriptor",
        "os.closerange(0, 256)\ndef f(number): return number",
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "points every descriptor elsewhere",
        """
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in range(64): os.dup2(null, descriptor)
        def f(number): return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "stands between the worker and its channel",
        """
        import threading
        def relay(source, target):
            while True:
                data = posix.read(source, 1 << 16)
                data = data.replace(b"raised", b"returned").replace(b"not_encodable", b"returned")
                posix.write(target, data)
        for descriptor in descriptors():
            source, sink = os.pipe()
            target = os.dup(descriptor)
            os.dup2(sink, descriptor)
            threading.Thread(target=relay, args=(source, target), daemon=True).start()
        def f(number): raise ValueError
        """,
        *_BROKEN,
        "timeout",
    ),
    _attack(
        "reads its own report back",
        """
        def f(number):
            for descriptor in descriptors():
                reader = attempt(os.open, f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK)
                if reader is not None:
                    data = attempt(os.read, reader, 1 << 16)
                    if data: return data.decode("latin-1")
        """,
        *_BROKEN,
        "timeout",
    ),
    _attack(
        "swallows what is meant for others",
        """
        import fcntl
        def f(number):
            taken = []
            for descriptor in descriptors():
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
                taken.append(attempt(os.read, descriptor, 1 << 20))
                attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags)
            return taken
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "writes over earlier results",
        """
        def f(number):
            data = b'{"worker_started":true}\\n{"program_loaded":true}\\n'
            data += b'{"kind":"returned","value":1}\\n' * 7
            for descriptor in descriptors():
                attempt(os.pwrite, descriptor, data, 0)
                attempt(os.lseek, descriptor, 0, 0)
                attempt(os.write, descriptor, data)
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "cuts the report short",
        """
        def f(number):
            for descriptor in descriptors():
                attempt(os.ftruncate, descriptor, 0)
                attempt(os.posix_fallocate, descriptor, 0, 1 << 20)
                attempt(os.lseek, descriptor, 1 << 40, 0)
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "maps the report and goes on changing it",
        """
        import mmap, threading
        line = b'{"kind":"returned","value":1}\\n'
        def change(area):
            while True: area[:len(line)] = line
        for descriptor in descriptors():
            area = attempt(mmap.mmap, descriptor, 4096)
            if area: threading.Thread(target=change, args=(area,), daemon=True).start()
        def f(number): return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "seals the report",
        """
        import fcntl
        def f(number):
            for descriptor in descriptors(): attempt(fcntl.fcntl, descriptor, 1033, 0xF)
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "closes its end and opens it again",
        """
        def f(number):
            for descriptor in descriptors():
                again = attempt(os.open, f"/proc/self/fd/{descriptor}", os.O_RDWR)
                os.close(descriptor)
                if again is not None:
                    attempt(os.dup2, again, descriptor)
                    attempt(os.write, descriptor, b'{"kind":"returned","value":1}\\n' * 7)
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "shuts its channel down",
        """
        import socket
        def f(number):
            for descriptor in descriptors():
                try:
                    socket.socket(fileno=descriptor).shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "sends messages of no length",
        """
        import ctypes
        def f(number):
            for descriptor in descriptors():
                for _ in range(100): libc.send(descriptor, None, 0, 0)
                attempt(os.write, descriptor, b"")
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "sends descriptors along with its results",
        """
        import array, socket
        def f(number):
            handles = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(5)])
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)]
            for descriptor in descriptors():
                try:
                    channel = socket.socket(fileno=os.dup(descriptor))
                    for _ in range(300): channel.sendmsg([b"x"], rights, socket.MSG_DONTWAIT)
                except OSError:
                    pass
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "makes shared descriptors signal and shrink",
        """
        import fcntl
        def f(number):
            for descriptor in descriptors():
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                for command, value in ((10, 37), (8, 1), (8, os.getppid()), (1031, 8192)):
                    attempt(fcntl.fcntl, descriptor, command, value)
                for flag in (os.O_ASYNC, os.O_APPEND, os.O_DIRECT, os.O_NOATIME):
                    attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags | flag)
            return number
        """,
        *_BROKEN,
        probe=_FLAGS_PROBE,
    ),
    _attack(
        "makes shared descriptors fail instead of wait",
        """
        import fcntl, struct
        def f(number):
            for descriptor in descriptors():
                attempt(fcntl.ioctl, descriptor, 0x5421, struct.pack("i", 1))
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
            return number
        """,
        *_BROKEN,
        probe="def f(number):\n    spray(b'')\n    return 'clean'\n",
    ),
    _attack(
        "shrinks the buffers of shared sockets",
        """
        import socket
        def f(number):
            for descriptor in descriptors():
                try:
                    channel = socket.socket(fileno=os.dup(descriptor))
                    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, socket.SO_RCVLOWAT):
                        channel.setsockopt(socket.SOL_SOCKET, option, 1)
                    channel.settimeout(0.000001)
                    soon = b"\\0" * 8 + b"\\1" + b"\\0" * 7
                    channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, soon)
                except OSError:
                    pass
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "leaves a message on what it shares",
        """
        import fcntl, stat
        def f(number):
            for descriptor in descriptors():
                if stat.S_ISCHR(os.fstat(descriptor).st_mode): continue
                attempt(os.utime, descriptor, (1234567, 1234567))
                attempt(os.fchmod or posix.fchmod, descriptor, 0o713)
                attempt(os.setxattr, descriptor, "user.attack", b"passed")
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
            return number
        """,
        *_BROKEN,
        probe="""
        import fcntl
        def f(number):
            for descriptor in descriptors():
                about = os.fstat(descriptor)
                if 1234567 in (about.st_atime, about.st_mtime): return "time"
                if about.st_mode & 0o777 == 0o713: return "mode"
                if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND: return "flag"
            return "clean"
        """,
    ),
    _attack(
        "keeps memory beyond the end of the report",
        """
        import ctypes
        def f(number):
            for descriptor in descriptors():
                libc.fallocate(descriptor, 1, ctypes.c_long(0), ctypes.c_long(2**24))
                attempt(os.lseek, descriptor, 2**62, 0)
            return number
        """,
        *_BROKEN,
        probe="""
        def f(number):
            return "blocks" if any(os.fstat(n).st_blocks > 8192 for n in descriptors()) else "clean"
        """,
    ),
    _attack(
        "locks what it shares",
        """
        import fcntl
        def f(number):
            for descriptor in descriptors():
                attempt(fcntl.flock, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                attempt(fcntl.lockf, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        """,
        *_BROKEN,
        probe="""
        import fcntl
        def f(number):
            for descriptor in descriptors():
                again = attempt(os.open, f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK)
                if again is None: continue
                try:
                    fcntl.flock(again, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except PermissionError:
                    pass  # no locks at all
                except BlockingIOError:
                    return "locked"
            return "clean"
        """,
    ),
    _attack(
        "fills its channel and lets nobody read",
        """
        import fcntl
        def f(number):
            for descriptor in descriptors():
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
                for _ in range(500):
                    if attempt(os.write, descriptor, b"x" * 4096) is None: break
            posix._exit(0)
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "keeps its channel open in what it leaves behind",
        """
        import time
        def f(number):
            if posix.fork() == 0:
                time.sleep(12)
                forge(1)
                posix._exit(0)
            posix._exit(0)
        """,
        "failed",
        "crashed",
        "timeout",
        "error",
        probe=CANARY,
    ),
    _attack(
        "writes into every descriptor of every process",
        """
        line = b'{"worker_started":true}\\n{"program_loaded":true}\\n{"kind":"returned","value":1}\\n' * 9
        def f(number):
            for process in attempt(os.listdir, "/proc") or []:
                if process.isdigit() and int(process) != os.getpid():
                    for handle in attempt(os.listdir, f"/proc/{process}/fd") or []:
                        path = f"/proc/{process}/fd/{handle}"
                        target = attempt(os.open, path, os.O_WRONLY | os.O_NONBLOCK)
                        if target is not None: attempt(os.write, target, line)
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
)
