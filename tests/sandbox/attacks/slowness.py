"""Programs that take time without end, or defend themselves against being stopped."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "time")

_BURN = """
import time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
"""

_NESTED_FINALLY = "def g():\n" + "".join(
    f"{' ' * (2 * depth + 1)}try: pass\n{' ' * (2 * depth + 1)}finally:\n" for depth in range(19)
)

ATTACKS = (
    _attack("loops for ever", "def f(number):\n    while True: pass\n", "timeout"),
    _attack("loops for ever while it is loaded", "while True: pass\n", "timeout"),
    _attack(
        "loops for ever and catches everything",
        """
        def f(number):
            while True:
                try:
                    while True: pass
                except BaseException:
                    pass
        """,
        "timeout",
    ),
    _attack(
        "loops for ever in C",
        "import itertools\ndef f(number): return all(itertools.repeat(1))",
        "timeout",
    ),
    _attack("sums without end", "def f(number): return sum(range(10**15))", "timeout"),
    _attack(
        "matches a regular expression without end",
        "import re\ndef f(number): return bool(re.match('(a+)+$', 'a' * 60 + 'b'))",
        "timeout",
    ),
    _attack(
        "raises ten to a huge power",
        "def f(number): return 10**10**9",
        "timeout",
        "out_of_memory",
    ),
    _attack(
        "has a huge power for a constant",
        "def f(number): return 9**9**9**9**9",
        "timeout",
        "out_of_memory",
    ),
    _attack(
        "computes a power modulo nothing small",
        "def f(number): return pow(3, 2**5000000, 2**100000 + 1)",
        "timeout",
    ),
    _attack(
        "prints a number with a million digits for ever",
        """
        getattr(sys, "set_int_max_str_digits", lambda n: None)(0)
        def f(number):
            while True: str(7 ** 1000000)
        """,
        "timeout",
    ),
    _attack(
        "recurses without memory",
        "def f(number): return f(number) + f(number) if number > 90 else g(90)\n"
        "def g(n): return g(n - 1) + g(n - 2) if n > 1 else n\n",
        "timeout",
    ),
    _attack(
        "fills a table whose keys all collide",
        """
        class Key:
            def __init__(self, n): self.n = n
            def __hash__(self): return 1
            def __eq__(self, other): return self.n == other.n
        def f(number): return len({Key(n): n for n in range(10**6)})
        """,
        "timeout",
    ),
    _attack(
        "nests parentheses for the compiler",
        "g = " + "(" * 5000 + "1" + ")" * 5000 + "\ndef f(number): return number",
        "error",
        "crashed",
        "out_of_memory",
    ),
    _attack(
        "nests unary operators for the compiler",
        "g = " + "-" * 200_000 + "1\ndef f(number): return number",
        "error",
        "crashed",
        "out_of_memory",
        "timeout",
    ),
    _attack(
        "has the compiler write its clean-up again and again",
        f"{_NESTED_FINALLY}{' ' * 39}pass\ndef f(number): return number",
        "failed",
        "error",
        "timeout",
        "out_of_memory",
        "crashed",
    ),
    _attack(
        "has the compiler fold constants",
        """
        def f(number):
            text = "x" * 60
            for _ in range(7): text = "((" + text.replace("x", "(1 << 127) * 3,") + ") * 63)"
            return len(compile("(" * 50 + "'a' * 4000" + " * 1)" * 50, "", "eval").co_code) + len(
                compile("+".join(["'a' * 4000"] * 40000), "", "eval").co_consts)
        """,
        "error",
        "timeout",
        "out_of_memory",
        "crashed",
    ),
    _attack(
        "swallows the alarm and answers late",
        _BURN
        + """
def f(number):
    end = time.process_time() + (3.4 if number == 0 else 0)
    while time.process_time() < end:
        try:
            burn(0.1)
        except BaseException:
            pass
    return values[number]
""",
        "timeout",
        knows_answers=True,
    ),
    _attack(
        "turns the alarm off and answers late",
        _BURN
        + """
import signal
def f(number):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    if number == 0: burn(3.4)
    return values[number]
""",
        "timeout",
        knows_answers=True,
    ),
    _attack(
        "defers every signal",
        """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, lambda *a: forge(1))
            except (OSError, ValueError):
                pass
        signal.alarm(1)
        def f(number):
            while True: pass
        """,
        "timeout",
        "output_limit",
    ),
    _attack(
        "ignores every signal",
        """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        def f(number):
            while True: pass
        """,
        "timeout",
    ),
    _attack(
        "blocks every signal",
        """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        def f(number):
            while True: pass
        """,
        "timeout",
    ),
    _attack(
        "raises its own limits",
        """
        sys.modules.pop("resource", None)
        import resource
        def f(number):
            for name in ("CPU", "AS", "NOFILE", "FSIZE", "STACK"):
                kind = getattr(resource, f"RLIMIT_{name}")
                hard = resource.getrlimit(kind)[1]
                for limit in ((-1, -1), (hard, hard)):
                    attempt(resource.setrlimit, kind, limit)
                    attempt(resource.prlimit, 0, kind, limit)
            while True: pass
        """,
        "timeout",
    ),
    _attack(
        "stops itself",
        "import signal\ndef f(number): signal.raise_signal(signal.SIGSTOP)",
        "timeout",
        "failed",
        "error",
        probe=CANARY,
    ),
    _attack(
        "stops itself while it is loaded",
        "import signal\nsignal.raise_signal(signal.SIGSTOP)\ndef f(number): return number",
        "timeout",
        "failed",
        "error",
    ),
    _attack("sleeps for ever", "import time\ndef f(number): time.sleep(10**6)", "timeout"),
    _attack("sleeps for ever while it is loaded", "import time\ntime.sleep(10**6)", "timeout"),
    _attack(
        "waits for a signal",
        """
        import signal
        def f(number):
            while True: signal.pause()
        """,
        "timeout",
    ),
    _attack(
        "reads from a pipe into which nobody writes",
        "def f(number): return os.read(os.pipe()[0], 1)",
        "timeout",
    ),
    _attack(
        "reads from every descriptor that it has",
        """
        def f(number):
            for descriptor in descriptors():
                while attempt(os.read, descriptor, 1 << 16): pass
        """,
        "timeout",
        "failed",
        "crashed",
        "error",
    ),
    _attack("waits for input", "def f(number): return input()", "error", "timeout"),
    _attack(
        "waits for events that never come",
        "import select\ndef f(number): select.poll().poll()",
        "timeout",
    ),
    _attack(
        "waits for a lock that it holds",
        "import threading\ndef f(number, lock=threading.Lock()):\n    lock.acquire()\n    lock.acquire()\n",
        "timeout",
    ),
    _attack(
        "has two threads wait for each other",
        """
        import threading
        def f(number):
            first, second, both = threading.Lock(), threading.Lock(), threading.Barrier(2)
            def hold(one, other):
                with one:
                    both.wait()
                    with other: pass
            thread = threading.Thread(target=hold, args=(first, second))
            thread.start()
            hold(second, first)
        """,
        "timeout",
    ),
    _attack(
        "sleeps in C with the interpreter locked",
        "import ctypes\ndef f(number): ctypes.PyDLL(None).sleep(10**6)",
        "timeout",
    ),
    _attack(
        "burns time in many threads",
        """
        import threading
        def loop():
            while True: pass
        for _ in range(16): threading.Thread(target=loop).start()
        def f(number): loop()
        """,
        "timeout",
    ),
    _attack(
        "leaves a thread that burns time",
        """
        import threading
        def loop():
            while True: pass
        threading.Thread(target=loop).start()
        def f(number): return number
        """,
        "failed",
        "timeout",
    ),
    _attack(
        "imports all that there is",
        """
        import pkgutil, warnings
        warnings.simplefilter("ignore")
        def f(number):
            for module in list(pkgutil.iter_modules()):
                if module.name not in ("antigravity", "this", "idlelib", "turtledemo"):
                    try:
                        __import__(module.name)
                    except BaseException:
                        pass
            return number
        """,
        "failed",
        "timeout",
        "crashed",
        "out_of_memory",
    ),
    _attack(
        "never finishes its clean-up",
        """
        import atexit, time
        atexit.register(time.sleep, 10**6)
        def f(number): return number
        """,
        "failed",
        probe=CANARY,
    ),
    _attack(
        "loops in what is destroyed",
        """
        class Late:
            def __del__(self):
                while True: pass
        def f(number): return Late() and number
        """,
        "timeout",
    ),
    _attack(
        "changes the clock that it is measured by",
        """
        import time
        for name in ("time", "monotonic", "perf_counter", "process_time"): setattr(time, name, lambda: 0.0)
        def f(number):
            if number == 0: attempt(time.clock_settime, time.CLOCK_REALTIME, 0)
            while True: pass
        """,
        "timeout",
    ),
)
