"""Programs that become many, outlive themselves, or never let go."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "processes")
_DENIED = ("failed", "error", "crashed")

SURVIVOR_PROBE = """
def f(number):
    for process in attempt(os.listdir, "/proc") or []:
        try:
            with open(f"/proc/{process}/comm") as file: name = file.read()
        except (OSError, ValueError):
            continue
        if name.startswith("attack-left"): return name
    return "clean"
"""

_NAMED = """
import time
def name(): libc.prctl(15, b"attack-left", 0, 0, 0)
def linger(seconds=20):
    name()
    time.sleep(seconds)
    posix._exit(0)
"""

ATTACKS = (
    _attack(
        "goes on in children",
        """
        for _ in range(6):
            if posix.fork() == 0:
                os.setsid()
        def f(number): return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "becomes a daemon",
        _NAMED
        + """
def f(number):
    if posix.fork() == 0:
        os.setsid()
        if posix.fork() == 0: linger()
        posix._exit(0)
    return number
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "leaves a daemon that defies signals",
        _NAMED
        + """
import signal
def f(number):
    if posix.fork() == 0:
        os.setsid()
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        for _ in range(10):
            if posix.fork(): posix._exit(0)
            time.sleep(0.01)
        linger()
    return number
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "leaves 300 sleeping children",
        _NAMED
        + """
def f(number):
    for _ in range(300):
        if attempt(posix.fork) == 0: linger()
    time.sleep(30)
""",
        *_DENIED,
        "timeout",
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "has its children have children",
        _NAMED
        + """
def f(number):
    if attempt(posix.fork) == 0:
        for _ in range(7):
            if attempt(posix.fork) is None: break
        linger()
    return number
""",
        *_DENIED,
        "timeout",
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "leaves children that nobody waits for",
        """
        def f(number):
            for _ in range(40):
                if attempt(posix.fork) == 0: posix._exit(0)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "has a child do the answering",
        """
        def f(number):
            if posix.fork() == 0:
                forge(1, 1)
                return number
            posix.wait()
            posix._exit(0)
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "forks without the C library",
        _NAMED
        + """
def f(number):
    made = system_call("fork")
    if made == 0: linger()
    return made if made < 0 else None
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "forks by vfork",
        """
        import ctypes
        def f(number):
            library = ctypes.PyDLL(None)
            made = library.vfork()
            if made == 0: library._exit(0)
            return made if made < 0 else None
        """,
        *_DENIED,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "forks by clone",
        _NAMED
        + """
def f(number):
    made = system_call("clone", 17, 0, 0, 0, 0)
    if made == 0: linger()
    return made if made < 0 else None
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "forks by clone into namespaces of its own",
        _NAMED
        + """
def f(number):
    for flag in (0x10000000, 0x20000000, 0x30000000, 0x7E020000, 0x10000 << 32, 0x10000, 0x8000, 0x4100):
        made = system_call("clone", 17 | flag, 0, 0, 0, 0)
        if made == 0: linger()
    return number
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "forks by clone3",
        _NAMED
        + """
def f(number):
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    made = system_call("clone3", arguments, 88)
    if made == 0: linger()
    return made if made < 0 else None
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "forks through the entry for 32 bit programs",
        _NAMED
        + """
import mmap
def f(number):
    if not INTEL: return number
    code = bytes.fromhex("53b802000000cd805bc3")
    area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    area.write(code)
    made = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(area)))()
    if made == 0: linger()
    return made if made < 0 else None
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "forks by the numbers of another interface",
        _NAMED
        + """
def f(number):
    made = libc.syscall(ctypes.c_long(0x40000000 | 57)) if INTEL else -1
    if made == 0: linger()
    return made if made < 0 else None
""",
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "forks as its evaluator forks",
        _NAMED
        + """
import gc
def f(number):
    for found in list(gc.get_objects()) + [value for frame in frames() for value in frame.f_locals.values()]:
        fork = getattr(type(found), "fork", None)
        if fork is not None and not isinstance(found, type) and attempt(found.fork) == 0: linger()
    return number
""",
        *_DENIED,
        "timeout",
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "looks on the stack for the words that let its evaluator fork",
        _NAMED
        + """
def f(number):
    top = ctypes.c_ulong.in_dll(libc, "environ").value & ~7
    words = {0}
    for address in range(top - 100_000, top, 8):
        word = ctypes.c_ulong.from_address(address).value
        if 0 < word >> 48 < 0xFFFF and word & 0xFFFFFFFF: words.add(word)
    words = list(words)[:300]
    for first in words:
        for second in words:
            made = libc.syscall(*map(ctypes.c_long, (56 if INTEL else 220, 17, 0, first, 0, second, 0)))
            if made == 0: linger()
            if made > 0: return [first, second]
    return len(words)
""",
        *_DENIED,
        "timeout",
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "leaves its group and its session",
        """
        def f(number):
            attempt(os.setsid)
            attempt(os.setpgid, 0, 0)
            libc.prctl(36, 1, 0, 0, 0)
            libc.prctl(1, 0, 0, 0, 0)
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "leaves a thread that never ends",
        """
        import threading
        threading.Thread(target=threading.Event().wait).start()
        def f(number): return number
        """,
        "failed",
        probe=CANARY,
    ),
    _attack(
        "starts thousands of threads",
        """
        import threading
        threading.stack_size(2**16)
        def f(number):
            wait = threading.Event().wait
            for _ in range(5000):
                try:
                    threading.Thread(target=wait).start()
                except RuntimeError:
                    break
            return number
        """,
        "failed",
        "timeout",
        "crashed",
        "out_of_memory",
        probe=CANARY,
    ),
    _attack(
        "has threads start threads",
        """
        import threading, time
        def more(depth):
            for _ in range(2 if depth else 0):
                try:
                    threading.Thread(target=more, args=(depth - 1,)).start()
                except RuntimeError:
                    pass
            time.sleep(20)
        def f(number):
            if number == 0: threading.Thread(target=more, args=(8,)).start()
            return number
        """,
        "failed",
        "timeout",
        "crashed",
        "out_of_memory",
        probe=CANARY,
    ),
)
