"""Programs that take memory: their own, the kernel's, and that which outlives them."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "memory")
_REFUSED = ("failed", "error", "out_of_memory", "crashed")

ATTACKS = (
    _attack(
        "touches one and a half gigabytes",
        "def f(number): return len(bytearray(3 * 2**29)) and None",
        "out_of_memory",
    ),
    _attack(
        "maps memory and touches it page by page",
        """
        import mmap
        def f(number):
            area = mmap.mmap(-1, 3 * 2**29)
            for start in range(0, 3 * 2**29, 4096): area[start] = 1
        """,
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "reserves more than there is",
        """
        import mmap
        def f(number): return len(mmap.mmap(-1, 2**36, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000))
        """,
        *_REFUSED,
    ),
    _attack(
        "takes memory behind the interpreter's back",
        """
        def f(number):
            libc.malloc.restype = ctypes.c_void_p
            taken = [libc.malloc(ctypes.c_size_t(2**26)) for _ in range(40)]
            for place in taken:
                if place: libc.memset(ctypes.c_void_p(place), 1, ctypes.c_size_t(2**26))
            return len(taken)
        """,
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "grows a list for ever",
        "def f(number):\n    x = []\n    while True: x.append([None] * 10**5)\n",
        "out_of_memory",
        "timeout",
    ),
    _attack(
        "doubles a text for ever",
        "def f(number):\n    x = 'x'\n    while True: x += x\n",
        "out_of_memory",
        "timeout",
    ),
    _attack(
        "pads a number without end",
        "def f(number): return len(f'{number:>{2**31 - 2}}') and None",
        "out_of_memory",
    ),
    _attack(
        "asks for all permutations",
        "import itertools\ndef f(number): return list(itertools.permutations(range(13)))",
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "keeps all memory when it answers",
        """
        taken = []
        def f(number):
            size = 2**24
            while size > 64:
                try:
                    while True: taken.append(bytearray(size))
                except MemoryError:
                    size //= 2
            return number
        """,
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "takes memory while it is loaded",
        "x = []\nwhile True: x.append(bytearray(2**24))\n",
        "out_of_memory",
        "timeout",  # where new memory is slow to get, as in gVisor
    ),
    _attack(
        "writes to files in memory",
        """
        def f(number):
            for _ in range(50):
                handle = system_call("memfd_create", b"attack", 0)
                for _ in range(16): attempt(os.write, handle, b"x" * 2**20)
            return number
        """,
        *_REFUSED,
    ),
    _attack(
        "maps files in memory",
        """
        import mmap
        def f(number):
            for _ in range(20):
                handle = system_call("memfd_create", b"attack", 0)
                if attempt(os.ftruncate, handle, 2**24) is None and handle < 0: continue
                area = attempt(mmap.mmap, handle, 2**24)
                if area:
                    for start in range(0, 2**24, 4096): area[start] = 1
            return number
        """,
        *_REFUSED,
    ),
    _attack(
        "takes secret memory",
        """
        import mmap
        def f(number):
            handle = system_call("memfd_secret", 0)
            if handle < 0: return number
            os.ftruncate(handle, 2**24)
            area = mmap.mmap(handle, 2**24)
            for start in range(0, 2**24, 4096): area[start] = 1
        """,
        *_REFUSED,
    ),
    _attack(
        "leaves shared memory segments behind",
        """
        def f(number):
            libc.shmat.restype = ctypes.c_void_p
            for key in range(0x5AFE00, 0x5AFE20):
                segment = libc.shmget(key, ctypes.c_size_t(2**24), 0o1666)
                place = libc.shmat(segment, None, 0) if segment >= 0 else None
                if place not in (None, 2**64 - 1):
                    libc.memset(ctypes.c_void_p(place), 1, ctypes.c_size_t(2**24))
                    libc.shmdt(ctypes.c_void_p(place))
            return number
        """,
        *_REFUSED,
        "timeout",
        probe="def f(number): return 'clean' if libc.shmget(0x5AFE00, 0, 0) == -1 else 'segment'",
    ),
    _attack(
        "leaves semaphores and messages behind",
        """
        def f(number):
            libc.semget(0x5AFE, 10, 0o1666)
            queue = libc.msgget(0x5AFE, 0o1666)
            libc.msgsnd(queue, (ctypes.c_char * 64)(1), ctypes.c_size_t(32), 0o4000)
            return number
        """,
        *_REFUSED,
        probe="""
        def f(number):
            left = libc.semget(0x5AFE, 0, 0), libc.msgget(0x5AFE, 0)
            return "clean" if left == (-1, -1) else "semaphores"
        """,
    ),
    _attack(
        "leaves a message queue with a name",
        """
        import ctypes
        def f(number):
            for library in ("librt.so.1", None):
                try:
                    mq_open = ctypes.CDLL(library).mq_open
                except (OSError, AttributeError):
                    continue
                return mq_open(b"/codex-attack", os.O_CREAT | os.O_RDWR, 0o666, None)
        """,
        *_REFUSED,
        probe="""
        import ctypes
        def f(number):
            for library in ("librt.so.1", None):
                try:
                    left = ctypes.CDLL(library, use_errno=True).mq_open(b"/codex-attack", os.O_RDWR)
                except (OSError, AttributeError):
                    continue
                return "clean" if left == -1 else "queue"
            return "clean"
        """,
    ),
    _attack(
        "fills many large pipes",
        """
        import fcntl
        def f(number):
            for _ in range(28):
                ends = attempt(os.pipe)
                if ends is None: break
                attempt(fcntl.fcntl, ends[1], 1031, 2**20)
                os.set_blocking(ends[1], False)
                while attempt(os.write, ends[1], b"x" * 65536): pass
            return number
        """,
        *_REFUSED,
        probe=CANARY,
    ),
    _attack(
        "hides full pipes in messages under way",
        """
        import array, socket
        def f(number):
            for _ in range(200):
                try:
                    source, sink = os.pipe()
                    os.set_blocking(sink, False)
                    while attempt(os.write, sink, b"x" * 65536): pass
                    left, right = socket.socketpair()
                    rights = array.array("i", [source, sink, left.fileno()])
                    right.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
                    os.close(source)
                    os.close(sink)
                    left.close()
                    right.close()
                except OSError:
                    break
            return number
        """,
        *_REFUSED,
        probe=CANARY,
    ),
    _attack(
        "locks memory",
        """
        def f(number): return [libc.mlockall(3), libc.munlockall()]
        """,
        *_REFUSED,
    ),
    _attack("recurses without end", "def f(number): return f(number)", "error"),
    _attack(
        "recurses without end or limit",
        "sys.setrecursionlimit(2**31 - 1)\ndef f(number): return f(number)",
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "recurses on the stack of C",
        """
        sys.setrecursionlimit(2**31 - 1)
        class Deep:
            def __repr__(self): return repr(self)
            __getattr__ = lambda self, name: getattr(self, name + "x")
        def f(number): return repr(Deep())
        """,
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "recurses through a sorting callback of C",
        """
        def f(number):
            kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
            sys.setrecursionlimit(2**31 - 1)
            data = (ctypes.c_int * 2)(2, 1)
            @kind
            def compare(a, b):
                libc.qsort(data, 2, 4, compare)
                return 0
            libc.qsort(data, 2, 4, compare)
            return number
        """,
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "parses what is nested too deeply",
        """
        sys.setrecursionlimit(2**31 - 1)
        def f(number): return len(json.loads("[" * 10**6 + "]" * 10**6)) and None
        """,
        *_REFUSED,
    ),
    _attack("reads where nothing is", "import ctypes\ndef f(number): return ctypes.string_at(0)", "crashed"),
    _attack(
        "runs over its own memory",
        "import ctypes\ndef f(number): ctypes.memset(id(f), 0x41, 2**20)",
        "crashed",
        "timeout",
    ),
    _attack(
        "runs bytes that are not code",
        """
        import types
        def f(number):
            bad = f.__code__.replace(co_code=bytes([100, 255, 83, 0]) * 50, co_consts=(), co_stacksize=1)
            return types.FunctionType(bad, {})(number)
        """,
        *_REFUSED,
        "timeout",
    ),
    _attack(
        "makes threads with huge stacks",
        """
        import threading
        def f(number):
            threading.stack_size(2**29)
            threads = [threading.Thread(target=threading.Event().wait, daemon=True) for _ in range(20)]
            for thread in threads: thread.start()
            return number
        """,
        *_REFUSED,
    ),
)
