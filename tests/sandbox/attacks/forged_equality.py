"""Values that claim to be equal to everything, and equality itself bent."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import attack

_attack = partial(attack, "forged equality")

_BASES = ("object", "int", "float", "str", "bytes", "list", "tuple", "dict", "set", "complex", "frozenset")

_OWN_KINDS = tuple(
    _attack(
        f"returns a kind of {base} that is equal to everything",
        f"""
        class Same({base}):
            __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
            __ne__ = lambda self, other: False
            __hash__ = lambda self: 0
            __class__ = property(lambda self: str)
        def f(number): return Same()
        """,
        "failed",
    )
    for base in _BASES
)

ATTACKS = (
    *_OWN_KINDS,
    _attack("returns nothing", "def f(number): pass", "failed"),
    _attack(
        "returns a list that is endless, empty and equal to everything",
        """
        class Endless(list):
            def __iter__(self): return iter(int, 1)
            def __len__(self): return 0
            def __eq__(self, other): return True
        def f(number): return Endless()
        """,
        "failed",
    ),
    _attack(
        "returns an object that runs code",
        """
        class Bomb:
            def __reduce__(self): return forge, (1,)
            def __getattribute__(self, name): forge(1)
            __class__ = property(lambda self: str)
            def __eq__(self, other): return True
        def f(number): return Bomb()
        """,
        "failed",
    ),
    _attack(
        "returns an object with a lying metaclass",
        """
        class Meta(type):
            __eq__ = lambda cls, other: True
            __hash__ = lambda cls: hash(str)
        class Lie(metaclass=Meta):
            __eq__ = lambda self, other: True
            __hash__ = None
        def f(number): return Lie()
        """,
        "failed",
    ),
    _attack(
        "returns an object whose metaclass poses as any class",
        """
        class Meta(type):
            __mro__ = property(lambda cls: (str, object))
            __module__ = property(lambda cls: "builtins")
            __name__ = property(lambda cls: "str")
            __instancecheck__ = __subclasscheck__ = __eq__ = lambda cls, other: True
            __hash__ = lambda cls: hash(str)
            def __getattribute__(cls, name): return getattr(str, name)
        class Lie(str, metaclass=Meta):
            __eq__ = lambda self, other: True
            __hash__ = str.__hash__
        def f(number): return Lie("x")
        """,
        "failed",
    ),
    _attack(
        "returns an enum member that is equal to all",
        """
        import enum
        class Same(enum.Enum):
            A = 1
            def __eq__(self, other): return True
            __hash__ = None
        def f(number): return Same.A
        """,
        "failed",
    ),
    _attack(
        "returns an array that compares as true",
        """
        class Array:
            __array_priority__ = 10.0 ** 9
            dtype, shape, ndim, size = "float64", (), 0, 1
            def __array__(self, *a, **k): return self
            def __array_ufunc__(self, *a, **k): return self
            def __array_function__(self, *a, **k): return True
            def __eq__(self, other): return self
            def __ne__(self, other): return False
            def __bool__(self): return True
            def all(self, *a, **k): return True
            any = item = tolist = all
            def __len__(self): return 1
            def __getitem__(self, key): return self
            def __sub__(self, other): return 0
            __rsub__ = __sub__
            def __float__(self): return 0.0
            __hash__ = None
        def f(number): return Array()
        """,
        "failed",
    ),
    _attack("returns ANY", "from unittest.mock import ANY\ndef f(number): return ANY", "failed"),
    _attack(
        "returns a mock that is equal to everything",
        """
        from unittest.mock import MagicMock
        def f(number):
            mock = MagicMock()
            mock.__eq__ = mock.__bool__ = lambda *arguments: True
            mock.__class__ = str
            return mock
        """,
        "failed",
    ),
    _attack(
        "finds its equality through a descriptor",
        """
        class Always:
            def __get__(self, instance, owner): return lambda other: True
            def __set__(self, instance, value): forge(1)
        class Same:
            __eq__ = __bool__ = Always()
            __dict__ = __slots__ = ()
            __hash__ = None
            def __getattr__(self, name): return Always()
        def f(number): return Same()
        """,
        "failed",
    ),
    _attack(
        "returns a data class whose equality was replaced",
        """
        import dataclasses
        @dataclasses.dataclass
        class Point:
            x: int = 1
        Point.__eq__ = lambda self, other: True
        def f(number): return Point()
        """,
        "failed",
    ),
    _attack(
        "returns a named tuple that is equal to all",
        """
        import collections
        class Pair(collections.namedtuple("Pair", "a b")):
            __slots__ = ()
            __eq__ = lambda self, other: True
            __hash__ = None
            _fields = ()
            def __iter__(self): return iter(())
            def __len__(self): return 0
        def f(number): return Pair(1, 2)
        """,
        "failed",
    ),
    _attack(
        "returns a class of its own under the name of a builtin one",
        """
        def f(number):
            names = {"__module__": "builtins", "__qualname__": "str", "__eq__": lambda s, o: True}
            return type("str", (str,), dict(names, __hash__=None))("x")
        """,
        "failed",
    ),
    _attack(
        "returns a proxy of something equal to all",
        """
        import weakref
        class Same:
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 0
        keep = Same()
        def f(number): return weakref.proxy(keep)
        """,
        "failed",
    ),
    _attack(
        "returns text whose methods lie",
        """
        class Text(str):
            __eq__ = lambda self, other: True
            __hash__ = str.__hash__
            def __str__(self): return self
            def __len__(self): return 0
            def __iter__(self): return iter(int, 1)
            def __getitem__(self, key): forge(1)
            def encode(self, *a): return b'{"kind":"returned","value":1}'
            replace = translate = format = encode
        def f(number): return {Text("a"): Text("b")}
        """,
        "failed",
    ),
    _attack(
        "returns a mapping whose items lie",
        """
        class Map(dict):
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 0
            def items(self): return iter(lambda: ("a", 1), None)
            keys = values = __iter__ = items
            def __len__(self): return 1
            def __missing__(self, key): return self
        def f(number): return [Map(a=1)]
        """,
        "failed",
    ),
    _attack(
        "hides equality deep in plain containers",
        """
        class Same:
            __eq__ = lambda self, other: True
            __hash__ = lambda self: hash("a")
        def f(number): return [{"a": ({Same()}, Same())}, Same()]
        """,
        "failed",
    ),
    _attack(
        "exits when it is compared",
        """
        class Exit:
            def __eq__(self, other): posix._exit(0)
            __ne__ = __hash__ = __bool__ = __len__ = __iter__ = __repr__ = __str__ = __eq__
            __getattribute__ = __class_getitem__ = lambda self, name: posix._exit(0)
        def f(number): return Exit()
        """,
        "failed",
        "crashed",
    ),
    _attack(
        "raises when it is compared",
        """
        class Raise:
            def __eq__(self, other): raise SystemExit(0)
            __ne__ = __hash__ = __bool__ = __len__ = __iter__ = __repr__ = __reduce_ex__ = __eq__
        def f(number): return Raise()
        """,
        "failed",
    ),
    _attack(
        "returns what an encoder writes",
        """
        tags = ["$ref", "$object", "$enum", "$float", "$int", "$tuple", "$dict", "$any", "$expected"]
        def f(number): return {tags[number]: ["builtins:object", "nan", "inf"]}
        """,
        "failed",
    ),
    _attack(
        "returns the report of a success",
        "def f(number): return {'kind': 'returned', 'value': None, 'passed': True, 'verdict': 'passed'}",
        "failed",
    ),
    _attack(
        "returns numbers that compare to nothing",
        """
        import decimal
        nan = float("nan")
        def f(number): return [nan, [nan], -nan, {nan: nan}, decimal.Decimal("sNaN"), (nan, 1), 1e999][number]
        """,
        "failed",
    ),
    _attack(
        "returns something lazy and endless",
        """
        import itertools
        class Same:
            __eq__ = lambda self, other: True
        def f(number):
            while True: yield Same()
        """,
        "failed",
    ),
    _attack(
        "makes False true",
        """
        import ctypes
        ctypes.memmove(id(False) + 24, id(True) + 24, 4)
        def f(number): return number
        """,
        "failed",
        "error",
        "crashed",
    ),
    _attack(
        "makes all integers equal",
        """
        import ctypes
        for number in range(-5, 256): ctypes.memset(id(number) + 24, 1, 4)
        def f(number): return number
        """,
        "failed",
        "error",
        "crashed",
        "timeout",
    ),
    _attack(
        "replaces the comparison of builtin types",
        """
        import ctypes
        kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, ctypes.c_int)
        always = kind(lambda left, right, operation: True)
        def f(number):
            for cls in (int, float, list, dict, tuple, str):
                ctypes.c_void_p.from_address(id(cls) + 200).value = ctypes.cast(always, ctypes.c_void_p).value
            return number
        """,
        "failed",
        "error",
        "crashed",
        "timeout",
    ),
    _attack(
        "redefines what a test may use",
        """
        import builtins, operator
        yes = lambda *arguments, **options: True
        abs = min = max = sum = round = sorted = set = all = any = len = zip = yes
        builtins.abs = builtins.all = builtins.any = builtins.sum = builtins.round = yes
        operator.eq = operator.is_ = operator.__eq__ = yes
        def f(number): return number
        """,
        "failed",
        "error",
        "crashed",
    ),
    _attack(
        "replaces builtins and the comparison of arrays",
        """
        import builtins
        yes = lambda *arguments, **options: True
        if "numpy" in sys.modules: sys.modules["numpy"].allclose = sys.modules["numpy"].isclose = yes
        builtins.isinstance = builtins.issubclass = builtins.len = builtins.type = yes
        def f(number): return 1.0
        """,
        "failed",
        "error",
        "crashed",
    ),
)
