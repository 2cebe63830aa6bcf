"""Programs that drown their evaluator in what they print, return or raise."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "output")
_FLOOD = ("failed", "crashed", "output_limit", "timeout")

ATTACKS = (
    _attack(
        "prints 300 MB",
        "def f(number):\n    for _ in range(43): print('x' * 2**20)\n",
        "failed",
        "output_limit",
        probe=CANARY,
    ),
    _attack(
        "writes 300 MB to the standard streams",
        """
        def f(number):
            for _ in range(22):
                for descriptor in (1, 2): attempt(os.write, descriptor, b"x" * 2**20)
        """,
        "failed",
        "output_limit",
        probe=CANARY,
    ),
    _attack(
        "floods every descriptor",
        """
        def f(number):
            while True: spray(b"x" * 2**16, first=1)
        """,
        "output_limit",
        "timeout",
        "crashed",
        "failed",
        probe=CANARY,
    ),
    _attack(
        "floods every descriptor while it is loaded",
        "while True: spray(b'x' * 2**16, first=1)",
        "output_limit",
        "timeout",
        "crashed",
        "error",
        "failed",
        probe=CANARY,
    ),
    _attack(
        "returns something large", "def f(number): return 'x' * 10**8", "failed", "output_limit", "timeout"
    ),
    _attack(
        "returns a list of ten million numbers",
        "def f(number): return [0] * 10**7",
        "failed",
        "output_limit",
    ),
    _attack(
        "returns many texts that are just short enough",
        "def f(number): return [chr(97 + i % 26) * 19000 for i in range(2000)]",
        "failed",
        "output_limit",
    ),
    _attack(
        "returns the same large thing many times",
        "def f(number):\n    x = ('x' * 1000,)\n    for _ in range(12): x = (x,) * 10\n    return x\n",
        "failed",
        "output_limit",
        "timeout",
    ),
    _attack(
        "returns something that contains itself",
        "def f(number):\n    x = []\n    x.append(x)\n    return x\n",
        "failed",
    ),
    _attack(
        "returns something deep",
        "def f(number, x=[]):\n    for _ in range(10**5): x = [x]\n    return x\n",
        "failed",
    ),
    _attack(
        "returns a mapping with deep keys",
        """
        def f(number):
            x = ()
            for _ in range(10**4): x = (x,)
            return [{"a": x}, {"a" * 10**6: x}]
        """,
        "failed",
        "crashed",
    ),
    _attack("returns a number too long to print", "def f(number): return 10**10**5", "failed"),
    _attack(
        "returns a number of many megabytes",
        "def f(number): return 1 << 10**9",
        "failed",
        "output_limit",
        "timeout",
        "out_of_memory",
    ),
    _attack(
        "returns a range, a pattern and a fraction that are huge",
        """
        import fractions, re
        huge = 1 << 10**6
        fraction = fractions.Fraction(huge, 3)
        def f(number): return [range(huge), re.compile("x" * 10**6), fraction, complex("inf")]
        """,
        "failed",
        "timeout",  # where compiling that pattern takes longer, as in gVisor
    ),
    _attack(
        "returns text that rules terminals",
        "def f(number): return '\\x1b[2J\\x1b]0;passed\\x07\\r\\n\\x00\\u202e' * 100",
        "failed",
    ),
    _attack(
        "returns text that cannot be encoded",
        """
        escaped = b"\\xff".decode("utf-8", "surrogateescape")
        def f(number): return ["\\ud800", {"\\udfff": "\\ud800\\udc00"}, escaped]
        """,
        "failed",
    ),
    _attack(
        "raises an exception with a huge text",
        "def f(number): raise ValueError('x' * 3 * 10**7)",
        "error",
    ),
    _attack(
        "fails to load with a huge text",
        'raise ValueError(\'\\x1b[2J\\n{"kind":"returned"}\\n\' * 10**6)',
        "error",
    ),
    _attack(
        "raises an exception with text that cannot be encoded",
        "def f(number): raise ValueError('\\ud800\\x00\\n{}\\n')",
        "error",
    ),
    _attack(
        "raises an exception of a class with a huge name",
        """
        name = "passed\\n" * 10**6
        Error = type(name, (Exception,), {"__module__": name, "__qualname__": name})
        def f(number): raise Error
        """,
        "error",
        "crashed",
        "output_limit",
    ),
    _attack(
        "raises an exception whose class has a name that cannot be encoded",
        """
        Error = type("Error", (Exception,), {"__module__": "\\udcff", "__qualname__": "\\ud800"})
        def f(number): raise Error("\\udcff")
        """,
        "error",
        "crashed",
        "failed",
    ),
    _attack(
        "returns an instance of a class with a huge name",
        """
        name = "passed\\n" * 10**6
        Own = type(name, (), {"__module__": name, "__qualname__": name})
        def f(number): return Own()
        """,
        "failed",
        "crashed",
    ),
    _attack(
        "raises with a hundred thousand causes",
        """
        def f(number):
            error = ValueError("first")
            for index in range(10**5):
                following = ValueError(index)
                following.__cause__ = following.__context__ = error
                error = following
            raise error
        """,
        "error",
    ),
    _attack(
        "has a representation without end",
        """
        class Loud:
            def __repr__(self): return "x" * 2**30
            __str__ = __repr__
        def f(number): raise ValueError(Loud())
        """,
        "error",
        "out_of_memory",
    ),
    _attack(
        "warns and logs without end",
        """
        import logging, warnings
        def f(number):
            warnings.simplefilter("always")
            for index in range(20000):
                warnings.warn(f"passed {index}")
                logging.error("passed %d", index)
        """,
        "failed",
        "output_limit",
        "timeout",
    ),
    _attack(
        "dumps its traceback into every descriptor",
        """
        import faulthandler, time
        def f(number):
            for descriptor in descriptors():
                for _ in range(100): faulthandler.dump_traceback(descriptor)
                faulthandler.dump_traceback_later(0.001, repeat=True, file=descriptor)
            time.sleep(0.2)
            return number
        """,
        *_FLOOD,
        probe=CANARY,
    ),
    _attack(
        "prints from C",
        """
        def f(number):
            for _ in range(10**5): libc.puts(b"passed")
            libc.fflush(None)
            return number
        """,
        "failed",
        "output_limit",
    ),
    _attack(
        "has streams that forge",
        """
        class Stream:
            def write(self, text): forge(1)
            flush = close = write
            __getattr__ = lambda self, name: forge
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Stream()
        def f(number):
            print("passed")
            raise ValueError
        """,
        "failed",
        "crashed",
        "error",
    ),
)
