"""What is recorded of an exception: its type and its message, read without running code of either.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

from codexsft_encoding.value_encoding import class_name  # type: ignore[import-not-found]

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from typing import Any

MAX_MESSAGE = 500

_class_mro = type.__dict__["__mro__"].__get__
_class_namespace = type.__dict__["__dict__"].__get__
_arguments = BaseException.__dict__["args"].__get__
_PLAIN = frozenset(map(id, (str, int, float, bool, bytes, type(None))))


def describe_exception(exception: BaseException) -> dict[str, Any]:
    """``exception`` as ``module:qualified.name``, and ``message`` where no code of its class makes it."""
    kind = type(exception)
    described = {"exception": class_name(kind)}
    text = next(
        _class_namespace(base)["__str__"] for base in _class_mro(kind) if "__str__" in _class_namespace(base)
    )
    arguments = _arguments(exception)
    if text is BaseException.__dict__["__str__"]:
        if all(id(type(argument)) in _PLAIN for argument in arguments):
            described["message"] = _cut(text(exception))
    elif text is KeyError.__dict__["__str__"]:
        if len(arguments) == 1 and id(type(arguments[0])) in _PLAIN:
            described["message"] = _cut(repr(arguments[0]))
    elif text is OSError.__dict__["__str__"]:
        names = ("errno", "strerror", "filename", "filename2")
        parts = [OSError.__dict__[name].__get__(exception) for name in names]
        if all(id(type(part)) in _PLAIN for part in (*parts, *arguments)):
            described["message"] = _cut(text(exception))
    return described


def _cut(text: str) -> str:
    return text[:MAX_MESSAGE]
