"""Ends of the process or of the call that could be taken for a success."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import attack

_attack = partial(attack, "exits")

ATTACKS = (
    _attack("exits with success", "def f(number): sys.exit(0)", "error"),
    _attack("exits with success at once", "raise SystemExit(0)", "error"),
    _attack("leaves without clean-up", "def f(number): posix._exit(0)", "crashed"),
    _attack("leaves without clean-up at once", "os._exit(0)", "crashed"),
    _attack("leaves by another name", "import posix\nposix._exit(0)", "crashed"),
    _attack(
        "raises a kind of SystemExit",
        """
        class Exit(SystemExit):
            code = 0
            def __str__(self): return "passed"
        def f(number): raise Exit
        """,
        "error",
    ),
    _attack(
        "raises an exception whose class says what it is not",
        """
        class Meta(type):
            __module__ = property(lambda cls: "builtins")
            __eq__ = lambda cls, other: True
            __hash__ = lambda cls: 0
        class Error(BaseException, metaclass=Meta): pass
        def f(number): raise Error
        """,
        "error",
    ),
    _attack("raises KeyboardInterrupt", "def f(number): raise KeyboardInterrupt", "error"),
    _attack("raises KeyboardInterrupt at once", "raise KeyboardInterrupt", "error"),
    _attack("raises GeneratorExit", "def f(number): raise GeneratorExit", "error"),
    _attack("raises StopIteration", "def f(number): raise StopIteration(number)", "error"),
    _attack(
        "raises an exception whose text exits",
        """
        class Error(Exception):
            def __str__(self): posix._exit(0)
            __repr__ = __format__ = __str__
        def f(number): raise Error
        """,
        "error",
        "crashed",
    ),
    _attack(
        "raises an exception whose text never ends",
        """
        class Error(Exception):
            def __str__(self):
                while True: pass
            __repr__ = __str__
        def f(number): raise Error
        """,
        "error",
        "timeout",
    ),
    _attack(
        "raises an exception that is its own cause",
        """
        def f(number):
            error = ValueError("passed")
            error.__cause__ = error.__context__ = error
            raise error
        """,
        "error",
    ),
    _attack(
        "fails to load with an exception whose text forges",
        """
        class Error(BaseException):
            def __str__(self):
                forge(*[1] * 9)
                raise self
        raise Error
        """,
        "failed",
        "error",
        "crashed",
    ),
    _attack(
        "leaves at exit",
        """
        import atexit
        atexit.register(posix._exit, 0)
        atexit.register(forge, 1, 1, 1, 1, 1, 1, 1)
        def f(number): return 1
        """,
        "failed",
    ),
    _attack(
        "leaves from a thread",
        """
        import threading, time
        threading.Timer(0.2, posix._exit, (0,)).start()
        def f(number): time.sleep(30)
        """,
        "crashed",
    ),
    _attack(
        "leaves from a signal handler",
        """
        import signal, time
        signal.signal(signal.SIGALRM, lambda *a: posix._exit(0))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        def f(number): time.sleep(30)
        """,
        "crashed",
    ),
    _attack("aborts", "def f(number): os.abort()", "crashed"),
    _attack(
        "kills itself",
        "import signal\ndef f(number): signal.raise_signal(signal.SIGKILL)",
        "crashed",
        "error",
        "failed",
    ),
    _attack(
        "ends itself as if asked to",
        "import signal\ndef f(number): signal.raise_signal(signal.SIGTERM)",
        "crashed",
        "error",
        "failed",
    ),
    _attack(
        "lets its own alarm end it",
        """
        import signal, time
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        def f(number): time.sleep(30)
        """,
        "crashed",
    ),
    _attack(
        "ends as if its processor time were spent",
        """
        import signal
        def f(number):
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            signal.raise_signal(signal.SIGXCPU)
        """,
        "crashed",
        "timeout",
        "error",
        "failed",
    ),
    _attack(
        "ends as if a system call were refused",
        "import signal\ndef f(number): signal.raise_signal(signal.SIGSYS)",
        "crashed",
        "error",
        "failed",
    ),
    _attack(
        "has the C library exit",
        "def f(number): libc.quick_exit(0)",
        "crashed",
    ),
    _attack(
        "has the interpreter exit",
        "import ctypes\ndef f(number): ctypes.pythonapi.Py_Exit(0)",
        "crashed",
    ),
    _attack(
        "takes the interpreter down while it runs",
        "import ctypes\ndef f(number): ctypes.pythonapi.Py_FinalizeEx()",
        "crashed",
        "timeout",
    ),
    _attack(
        "ends its first thread alone",
        """
        import threading
        threading.Thread(target=threading.Event().wait).start()
        def f(number): system_call("exit", 0)
        """,
        "crashed",
        "timeout",
    ),
    _attack(
        "becomes another program",
        "def f(number): posix.execv('/bin/true', ['true'])",
        "error",
        "crashed",
        "failed",
    ),
    _attack("has no entry point", "g = 1", "error"),
    _attack("has an entry point that cannot be called", "f = 'passed'", "error"),
    _attack(
        "has an entry point that looks like a success",
        """
        class Call:
            __eq__ = __bool__ = lambda *a: True
            def __call__(self, number): return self
            __hash__ = None
            def __getattr__(self, name): return self
        f = Call()
        """,
        "failed",
    ),
    _attack("does not compile", "def f(number) return 1", "error"),
    _attack("holds a null character", "def f(number): return 1\n\0", "error"),
    _attack(
        "leaves through every hook",
        """
        import threading
        leave = lambda *a, **k: posix._exit(0)
        sys.excepthook = sys.unraisablehook = sys.displayhook = threading.excepthook = leave
        class Late:
            def __del__(self): posix._exit(0)
        sys.kept = Late()
        def f(number): raise ValueError(number)
        """,
        "error",
    ),
)
