"""Lines of results that no evaluator may stumble over: partial, enormous, deep, not JSON at all."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "result channels")
_BROKEN = ("failed", "error", "crashed", "output_limit")

ATTACKS = (
    _attack(
        "writes half a line",
        """
        def f(number):
            spray(b'{"kind":"returned","value":"' + b"x" * 100)
            posix._exit(0)
        """,
        *_BROKEN,
    ),
    _attack(
        "writes half a line and waits",
        """
        import time
        def f(number):
            spray(b'{"kind":"returned","value":')
            time.sleep(60)
        """,
        "timeout",
    ),
    _attack(
        "writes a line byte by byte",
        """
        import time
        def f(number):
            for byte in b'{"kind":"returned","value":1}\\n' * 7:
                spray(bytes([byte]))
                time.sleep(0.001)
            posix._exit(0)
        """,
        *_BROKEN,
    ),
    _attack(
        "writes garbage",
        """
        def f(number):
            for _ in range(50): spray(os.urandom(1000) + b"\\xff\\xfe\\0\\n\\r\\n\\x1b[2J")
            return number
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "writes a length that is not to be believed",
        """
        def f(number):
            spray(b"\\xff\\xff\\xff\\x7f" * 4 + b"\\0" * 8 + b"\\xff" * 8)
            posix._exit(0)
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "writes an enormous line",
        """
        def f(number):
            for _ in range(400): spray(b'{"kind":"returned","value":"' + b"x" * 2**17)
            posix._exit(0)
        """,
        *_BROKEN,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "writes millions of empty lines",
        """
        def f(number):
            for _ in range(300): spray(b"\\n" * 2**16)
            posix._exit(0)
        """,
        *_BROKEN,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "writes deep JSON",
        """
        def f(number):
            line = b'{"kind":"returned","value":' + b"[" * 60000 + b"]" * 60000 + b"}\\n"
            spray(line * 7 + b'{"a":' * 60000 + b"1" + b"}" * 60000 + b"\\n")
            posix._exit(0)
        """,
        *_BROKEN,
        probe=CANARY,
    ),
    _attack(
        "writes keys twice",
        """
        def f(number):
            line = b'{"kind":"raised","kind":"returned","value":1,"value":null,"program_loaded":true}\\n'
            spray(line * 9)
            posix._exit(0)
        """,
        *_BROKEN,
    ),
    _attack(
        "writes tokens that are not JSON",
        """
        def f(number):
            for token in (b"NaN", b"Infinity", b"-Infinity", b"1e999999", b"-0", b"0x1", b"'x'", b"nul"):
                spray(b'{"kind":"returned","value":' + token + b"}\\n")
            posix._exit(0)
        """,
        *_BROKEN,
    ),
    _attack(
        "writes lone surrogates and null characters",
        """
        def f(number):
            escapes = (b"\\\\ud800", b"\\\\udfff\\\\ud800", b"\\\\u0000", b"\\xed\\xa0\\x80", b"\\xc0\\x80")
            for text in escapes:
                spray(b'{"kind":"returned","value":{"$str":"' + text + b'","' + text + b'":1}}\\n' * 2)
            posix._exit(0)
        """,
        *_BROKEN,
    ),
    _attack(
        "writes a number of a million digits",
        """
        def f(number):
            plain = b'{"kind":"returned","value":' + b"9" * 900000 + b"}\\n"
            tagged = b'{"kind":"returned","value":{"$int":"' + b"9" * 900000 + b'"}}\\n'
            spray((plain + tagged) * 4)
            posix._exit(0)
        """,
        *_BROKEN,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "writes values that cost much to compare",
        """
        def f(number):
            items = b",".join(b'{"$set":[%d,{"$set":[1,2,3]}]}' % n for n in range(20000))
            spray(b'{"kind":"returned","value":{"$set":[' + items + b"]}}\\n" * 7)
            posix._exit(0)
        """,
        *_BROKEN,
        "timeout",
        probe=CANARY,
    ),
)
