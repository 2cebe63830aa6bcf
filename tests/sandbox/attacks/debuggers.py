"""Ways into other processes: debuggers, signals, limits and priorities."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "debuggers")
_DENIED = ("failed", "error", "crashed")
_STOPPED = ("failed", "error", "crashed", "timeout")

ATTACKS = (
    _attack(
        "kills all it can",
        """
        def f(number):
            for process in (os.getppid(), 1, -1): attempt(posix.kill, process, 9)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "stops all it can",
        """
        def f(number):
            for process in (os.getppid(), 1, 0, -1, os.getpid()): attempt(posix.kill, process, 19)
            return number
        """,
        *_STOPPED,
        probe=CANARY,
    ),
    _attack("kills its parent", "def f(number): posix.kill(os.getppid(), 9)", *_DENIED, probe=CANARY),
    _attack("stops its parent", "def f(number): posix.kill(os.getppid(), 19)", *_STOPPED, probe=CANARY),
    _attack("kills its group", "def f(number): posix.killpg(0, 9)", *_DENIED, probe=CANARY),
    _attack(
        "sends every signal to its parent",
        """
        def f(number):
            for signal in range(1, 65):
                if signal != 19: attempt(posix.kill, os.getppid(), signal)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "kills by other system calls",
        """
        import signal, threading
        def f(number):
            parent = os.getppid()
            system_call("tgkill", parent, parent, 9)
            system_call("rt_sigqueueinfo", parent, 9, (ctypes.c_int * 32)(9, 0, -1))
            handle = system_call("pidfd_open", parent, 0)
            system_call("pidfd_send_signal", handle, 9, None, 0)
            signal.pthread_kill(threading.main_thread().ident, 0)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "guesses the numbers of processes to kill",
        """
        def f(number):
            for process in range(2, 40000):
                if process != os.getpid(): attempt(posix.kill, process, 9)
            return number
        """,
        *_STOPPED,
        probe=CANARY,
    ),
    _attack(
        "attaches to its parent",
        "def f(number): return [libc.ptrace(16, process, 0, 0) for process in (1, os.getppid())]",
        *_STOPPED,
        probe=CANARY,
    ),
    _attack(
        "seizes every process",
        """
        def f(number):
            found = attempt(os.listdir, "/proc") or [str(number) for number in range(1, 300)]
            processes = [int(name) for name in found if name.isdigit()]
            seized = [process for process in processes if libc.ptrace(0x4206, process, 0, 0) == 0]
            for process in seized: libc.ptrace(0x4207, process, 0, 0)
            return [len(seized), number]
        """,
        *_STOPPED,
        probe=CANARY,
    ),
    _attack(
        "lets itself be traced",
        """
        def f(number):
            libc.prctl(0x59616D61, ctypes.c_long(-1), 0, 0, 0)
            if libc.ptrace(0, 0, 0, 0) == 0: libc.raise_ = libc.getpid()
            posix.kill(os.getpid(), 5)
            return number
        """,
        *_STOPPED,
        probe=CANARY,
    ),
    _attack(
        "writes into the memory of its parent",
        """
        def f(number):
            data = ctypes.create_string_buffer(b"passed" * 100)
            local = (ctypes.c_ulong * 2)(ctypes.addressof(data), 600)
            for target in (id(False), id(f), id(sys.modules), id(worker())):
                remote = (ctypes.c_ulong * 2)(target, 600)
                libc.process_vm_writev(os.getppid(), local, 1, remote, 1, 0)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "reads the memory of its parent",
        """
        def f(number):
            data = ctypes.create_string_buffer(4096)
            local = (ctypes.c_ulong * 2)(ctypes.addressof(data), 4096)
            remote = (ctypes.c_ulong * 2)(id(sys.modules) & ~4095, 4096)
            return libc.process_vm_readv(os.getppid(), local, 1, remote, 1, 0)
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "writes where processes keep their memory",
        """
        def f(number):
            for process in attempt(os.listdir, "/proc") or []:
                if process.isdigit() and int(process) != os.getpid():
                    handle = attempt(os.open, f"/proc/{process}/mem", os.O_RDWR)
                    for line in attempt(open, f"/proc/{process}/maps") or () if handle else ():
                        area = line.split()
                        if area[1].startswith("rw"):
                            attempt(os.pwrite, handle, b"passed" * 600, int(area[0].split("-")[0], 16))
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "takes descriptors from other processes",
        """
        def f(number):
            for process in (os.getppid(), 1):
                handle = system_call("pidfd_open", process, 0)
                for descriptor in range(32):
                    taken = system_call("pidfd_getfd", handle, descriptor, 0)
                    if taken >= 0: attempt(os.write, taken, b'{"kind":"returned","value":1}\\n' * 7)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "compares kernel objects with its parent's",
        """
        def f(number):
            return [system_call("kcmp", os.getpid(), os.getppid(), kind, 3, 3) for kind in range(8)]
        """,
        *_DENIED,
    ),
    _attack(
        "lowers the limits of its parent",
        """
        def f(number):
            for process in (os.getppid(), 1):
                for kind, limit in ((7, 29), (1, 2**20 + 12345), (0, 1), (9, 2**27)):
                    libc.prlimit(process, kind, (ctypes.c_uint64 * 2)(limit, limit), None)
            return number
        """,
        *_DENIED,
        probe="""
        import resource
        def f(number):
            files = resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 29
            size = resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 2**20 + 12345
            return "limited" if files or size else "clean"
        """,
    ),
    _attack(
        "lowers the priority of its parent",
        """
        def f(number):
            for which in (os.PRIO_PROCESS, os.PRIO_PGRP, os.PRIO_USER):
                for who in (os.getppid(), 1, os.getuid(), 0): attempt(os.setpriority, which, who, 17)
            for who in (os.getppid(), 1):
                attempt(os.sched_setscheduler, who, os.SCHED_IDLE, os.sched_param(0))
                attempt(os.sched_setaffinity, who, {0})
                system_call("ioprio_set", 1, who, 3 << 13)
            return number
        """,
        *_DENIED,
        probe="""
        def f(number):
            if os.getpriority(os.PRIO_PROCESS, 0) == 17: return "slow"
            return "idle" if os.sched_getscheduler(0) == os.SCHED_IDLE else "clean"
        """,
    ),
    _attack(
        "lowers the priority of its whole session",
        """
        def write(path, text):
            handle = attempt(os.open, path, os.O_WRONLY)
            if handle is not None: attempt(os.write, handle, text)
        def f(number):
            for process in ("self", os.getppid(), 1):
                write(f"/proc/{process}/autogroup", b"13")
                write(f"/proc/{process}/oom_score_adj", b"773")
                write(f"/proc/{process}/comm", b"attacked")
                write(f"/proc/{process}/timerslack_ns", b"999999999")
                write(f"/proc/{process}/coredump_filter", b"ff")
            return number
        """,
        *_DENIED,
        probe="""
        def read(path):
            try:
                with open(path) as file: return file.read()
            except OSError:
                return ""
        def f(number):
            if read("/proc/self/autogroup").strip().endswith("nice 13"): return "nice"
            return "score" if read("/proc/self/oom_score_adj").strip() == "773" else "clean"
        """,
    ),
    _attack(
        "throws away the memory of its parent",
        """
        def f(number):
            handle = system_call("pidfd_open", os.getppid(), 0)
            area = (ctypes.c_ulong * 2)(id(sys.modules) & ~4095, 4096)
            return system_call("process_madvise", handle, area, 1, 21, 0)
        """,
        *_DENIED,
        probe=CANARY,
    ),
)
