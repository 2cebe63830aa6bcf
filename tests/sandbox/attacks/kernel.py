"""Odd system calls: namespaces, mounts, keys, capabilities, and what else a kernel can be asked."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "debuggers")
_DENIED = ("failed", "error", "crashed")
_STOPPED = ("failed", "error", "crashed", "timeout")

ATTACKS = (
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
)
