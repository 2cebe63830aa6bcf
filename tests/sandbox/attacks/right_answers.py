"""Honest programs with odd ways, which must pass."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import Attack, attack


def honest(name: str, program: str) -> Attack:
    return partial(attack, "right answers")(name, program, "passed", knows_answers=True)


ATTACKS = (
    honest("just answers", "def f(number): return values[number]"),
    honest(
        "prints and warns",
        """
        import sys, warnings
        print("loaded", "\\u00e9\\u4e2d")
        def f(number):
            print("debug:", number, flush=True)
            print("x" * 10000, file=sys.stderr)
            warnings.warn("deprecated")
            sys.stdout.write('{"kind":"returned","value":1}\\n')
            return values[number]
        """,
    ),
    honest(
        "logs",
        """
        import logging
        logging.basicConfig(level=logging.DEBUG)
        def f(number):
            logging.debug("called with %d", number)
            return values[number]
        """,
    ),
    honest(
        "has things to do at exit",
        """
        import atexit
        atexit.register(print, "bye")
        @atexit.register
        def fail(): raise ValueError("late")
        def f(number): return values[number]
        """,
    ),
    honest(
        "redefines the names of builtins and of its evaluator",
        """
        encode = decode = json = os = sys = report = main = worker = type = len = list = isinstance = None
        check = candidate = task = request = channel = print = open = object = str = None
        def f(number): return values[number]
        """,
    ),
    honest(
        "defines classes with the names of builtin ones",
        """
        class str: pass
        class dict: pass
        class Exception(BaseException): pass
        def f(number):
            try:
                raise Exception
            except Exception:
                return values[number]
        """,
    ),
    honest(
        "starts with a future import",
        """
        from __future__ import annotations
        def f(number: Unknown) -> Undefined: return values[number]
        """,
    ),
    honest(
        "does nothing as a main program",
        """
        import sys
        def f(number): return values[number]
        if __name__ == "__main__":
            f(int(input()))
            sys.exit(0)
        """,
    ),
    honest(
        "reads its input to the end",
        """
        import sys
        def f(number):
            assert sys.stdin.read() == ""
            return values[number]
        """,
    ),
    honest(
        "closes the standard streams",
        """
        import sys
        sys.stdout.close()
        sys.stderr.close()
        def f(number): return values[number]
        """,
    ),
    honest(
        "catches its own exit",
        """
        import sys
        def f(number):
            try:
                sys.exit(1)
            except SystemExit:
                return values[number]
        """,
    ),
    honest(
        "catches whatever comes",
        """
        def f(number):
            try:
                return values[number + 100]
            except:
                return values[number]
        """,
    ),
    honest(
        "traces itself",
        """
        import sys
        def f(number):
            sys.settrace(lambda *arguments: None)
            sys.setprofile(lambda *arguments: None)
            return values[number]
        """,
    ),
    honest(
        "changes the settings of the interpreter",
        """
        import decimal, gc, locale, random, sys
        gc.disable()
        gc.set_threshold(1)
        random.seed(1)
        sys.setswitchinterval(0.0001)
        decimal.getcontext().prec = 3
        locale.setlocale(locale.LC_ALL, "C")
        def f(number): return values[number]
        """,
    ),
    honest(
        "has an entry point that is an object",
        """
        import functools
        class Answer:
            def __call__(self, offset, number): return values[number]
        f = functools.lru_cache(None)(functools.partial(Answer(), 0))
        """,
    ),
    honest(
        "uses random numbers and the clock",
        """
        import datetime, os, random, secrets, time, uuid
        def f(number):
            random.random(), secrets.token_hex(), uuid.uuid4(), os.urandom(4), time.time()
            datetime.datetime.now()
            return values[number]
        """,
    ),
    honest(
        "prepares for a fault and checks its types",
        """
        import dataclasses, enum, faulthandler, typing
        Color = enum.Enum("Color", "RED GREEN")
        @dataclasses.dataclass(order=True)
        class Point:
            x: typing.List[int]
        def f(number):
            try:
                faulthandler.enable()
            except Exception:
                pass
            return values[number] if Point([1]) < Point([2]) and Color.RED is not Color.GREEN else None
        """,
    ),
)
