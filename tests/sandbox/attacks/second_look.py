"""What a second look found: what is bound to shared open files, stale memory of the worker, odd encodings."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_shared = partial(attack, "result channels")
_memory = partial(attack, "debuggers")
_forged = partial(attack, "forged equality")
_BROKEN = ("failed", "error", "crashed")

ATTACKS = (
    _shared(
        "leaves flags on its standard streams",
        """
        import fcntl
        def f(number):
            for descriptor in (0, 1, 2):
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                attempt(fcntl.fcntl, descriptor, fcntl.F_SETFL, flags | os.O_APPEND | os.O_NONBLOCK)
            return number
        """,
        *_BROKEN,
        probe="""
        import fcntl
        def f(number):
            flags = [fcntl.fcntl(descriptor, fcntl.F_GETFL) for descriptor in (0, 1, 2)]
            return "flag" if any(each & (os.O_APPEND | os.O_NONBLOCK) for each in flags) else "clean"
        """,
    ),
    _shared(
        "locks the null device beyond its end",
        """
        import fcntl
        def f(number):
            for descriptor in (0, 1, 2): attempt(fcntl.flock, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        """,
        *_BROKEN,
        probe="""
        import errno, fcntl
        def f(number):
            try: fcntl.flock(os.open(os.devnull, os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error: return "locked" if error.errno == errno.EAGAIN else "clean"
            return "clean"
        """,
    ),
    _shared(
        "leaves a message in the record locks of the null device",
        """
        import fcntl, struct
        def f(number):
            for place in b"passed":
                lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, place, 1, 0)
                attempt(fcntl.fcntl, 1, 37, lock)
            return number
        """,
        *_BROKEN,
        probe="""
        import fcntl, struct
        def f(number):
            null = os.open(os.devnull, os.O_RDWR)
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
            found = attempt(fcntl.fcntl, null, 36, lock)
            kind = fcntl.F_UNLCK if found is None else struct.unpack("hhqqi4x", found)[0]
            return "clean" if kind == fcntl.F_UNLCK else "message"
        """,
    ),
    _shared(
        "locks the files of the library by descriptors of its own",
        """
        import fcntl
        def f(number):
            for place in (os.__file__, json.__file__, "/usr/bin/env"):
                opened = attempt(os.open, place, os.O_RDONLY)
                if opened is not None: attempt(fcntl.flock, opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        """,
        *_BROKEN,
        "error",
        probe=CANARY,
    ),
    _memory(
        "takes the words that let its evaluator fork from freed arguments",
        """
        import ctypes
        kept = ctypes.c_int()
        around = ctypes.string_at(id(ctypes.byref(kept)) & -16384, 16384)
        def f(number):
            kind = id(type(ctypes.byref(kept))).to_bytes(8, "little")
            words, place, clone = set(), around.find(kind), 56 if INTEL else 220
            while place >= 0:
                if around[place + 16 : place + 17] == b"L":
                    words.add(int.from_bytes(around[place + 24 : place + 32], "little"))
                place = around.find(kind, place + 1)
            for first in words:
                for second in words:
                    made = libc.syscall(*map(ctypes.c_long, (clone, 17, 0, first, 0, second, 0)))
                    if made == 0: os._exit(0)
                    if made > 0: return [first, second]
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _memory(
        "has its own memory read out by a pipe, page by page",
        """
        def f(number):
            reader, writer = os.pipe()
            libc.write.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
            start, found = id(os.__dict__) & -4096, []
            for page in range(start - 2**22, start + 2**22, 4096):
                if libc.write(writer, page, 4096) == 4096:
                    text = os.read(reader, 4096)
                    if b"expected-sentinel" in text: found.append(page)
            return found or number
        """,
        *_BROKEN,
        "timeout",
        probe=CANARY,
    ),
    _forged(
        "answers in encodings that are not well-formed",
        """
        def f(number):
            odd = [{"$set": "ab"}, {"$dict": ["ab"]}, {"$defaultdict": [1]}, {"$float": None}]
            forge(*odd, *odd)
            os._exit(0)
        """,
        *_BROKEN,
    ),
)
