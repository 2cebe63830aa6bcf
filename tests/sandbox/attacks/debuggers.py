"""Ways into other processes and the kernel: debuggers, signals, namespaces, odd system calls."""

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
        "filters its own system calls",
        """
        import struct
        def f(number):
            write = 1 if INTEL else 64
            code = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, write)
            code += struct.pack("HBBI", 0x06, 0, 0, 0x00050000) + struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
            text = ctypes.create_string_buffer(code)
            program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(text))
            libc.prctl(38, 1, 0, 0, 0)
            libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0)
            return number
        """,
        *_STOPPED,
        probe=CANARY,
    ),
    _attack(
        "gives itself strict rules that kill",
        "def f(number):\n    libc.prctl(22, 1, 0, 0, 0)\n    return number\n",
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "makes namespaces of its own",
        """
        def f(number):
            flags = (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x04000000, 0x08000000, 0x02000000, 0x80)
            made = [libc.unshare(flag) for flag in flags]
            libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
            return made
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "enters the namespaces of others",
        """
        def f(number):
            entered = []
            for process in (1, os.getppid()):
                for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
                    handle = attempt(os.open, f"/proc/{process}/ns/{kind}", os.O_RDONLY)
                    if handle is not None: entered.append(libc.setns(handle, 0))
            return entered
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "mounts file systems",
        """
        def f(number):
            done = [libc.mount(b"/", b"/tmp", None, 4096, None)]
            done += [libc.mount(b"proc", b"/tmp", b"proc", 0, None)]
            done += [libc.mount(None, b"/", None, 32 | 4096, None), libc.umount2(b"/tmp", 2)]
            done += [libc.umount2(b"/proc", 2), system_call("fsopen", b"tmpfs", 0)]
            return done
        """,
        *_DENIED,
        probe="""
        def f(number): return "dirty" if os.path.isdir("/tmp/etc") or os.path.isdir("/tmp/1") else "clean"
        """,
    ),
    _attack(
        "renames the machine",
        "def f(number): return [libc.sethostname(b'attacked', 8), libc.setdomainname(b'attacked', 8)]",
        *_DENIED,
        probe="def f(number): return 'dirty' if os.uname().nodename == 'attacked' else 'clean'",
    ),
    _attack(
        "leaves keys in a keyring",
        """
        def f(number):
            for ring in (-3, -4, -5, -2, -1):
                system_call("add_key", b"user", b"codex-attack", b"passed", 6, ring)
            return number
        """,
        *_DENIED,
        probe="""
        def f(number):
            found = [system_call("keyctl", 10, ring, b"user", b"codex-attack", 0) for ring in (-3, -4, -5)]
            return "clean" if max(found) < 0 else "key"
        """,
    ),
    _attack(
        "loads a program into the kernel",
        """
        def f(number):
            instructions = (ctypes.c_uint64 * 2)(0xB7, 0x95)
            fields = (ctypes.c_uint64 * 16)(1 | 2 << 32, ctypes.addressof(instructions), id(b"GPL") + 32)
            made = [system_call("bpf", command, fields, 128) for command in (0, 5)]
            return made + [system_call("init_module", None, 0, b"")]
        """,
        *_DENIED,
    ),
    _attack(
        "handles its own page faults",
        "def f(number): return [system_call('userfaultfd', flag) for flag in (0, 1)]",
        *_DENIED,
    ),
    _attack(
        "counts events of the processor",
        """
        def f(number):
            about = (ctypes.c_uint32 * 32)(1, 128)
            return [system_call("perf_event_open", about, who, -1, -1, 0) for who in (0, os.getppid(), -1)]
        """,
        *_DENIED,
    ),
    _attack(
        "has the kernel work through a ring",
        """
        def f(number):
            parameters = ctypes.create_string_buffer(120)
            return [system_call("io_uring_setup", 8, parameters), system_call("fanotify_init", 0, 0)]
        """,
        *_DENIED,
    ),
    _attack(
        "changes its personality",
        """
        def f(number):
            before = libc.personality(0xFFFFFFFF)
            return [libc.personality(before | 0x0040000), libc.personality(0x0400000), libc.personality(8)]
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "becomes another user",
        """
        def f(number):
            for change in (posix.setuid, posix.setgid, posix.seteuid): attempt(change, 0)
            attempt(os.setgroups, [0])
            attempt(os.setresuid, 0, 0, 0)
            return [os.getuid(), os.geteuid(), os.getgid()]
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "takes back its capabilities",
        """
        def f(number):
            header = (ctypes.c_uint32 * 2)(0x20080522, 0)
            every = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
            ambient = [libc.prctl(47, 2, capability, 0, 0) for capability in range(41)]
            return [libc.capset(header, every), max(ambient), libc.prctl(38, 0, 0, 0, 0)]
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "cannot be looked at and outlives its parent",
        """
        def f(number):
            libc.prctl(4, 0, 0, 0, 0)
            libc.prctl(1, 0, 0, 0, 0)
            return number
        """,
        *_DENIED,
        probe=CANARY,
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
