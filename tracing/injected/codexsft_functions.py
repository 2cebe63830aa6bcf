"""What the tracer has to know of a function from its code object alone.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

import sys
from types import CodeType, FunctionType

from codexsft_capture import PickleCount  # type: ignore[import-not-found]

if sys.version_info < (3, 11):  # where code does not know its qualified name
    from codexsft_definitions import definitions_in

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from typing import Any

STAR, STAR_STAR, GENERATOR = 4, 8, 32
COROUTINE, ASYNC_GENERATOR = 128, 512

_class_namespace = type.__dict__["__dict__"].__get__
_MAX_WRAPPERS = 20


class Function:
    """What is remembered of one code object that is being recorded.

    ``active`` turns false when enough is known; ``open_calls`` counts calls that have begun.
    """

    __slots__ = (
        *("number", "code", "description", "described_in", "positional", "positional_only", "keyword_only"),
        *("star", "star_star", "defaults", "skipped", "simple", "suspends", "yields", "asynchronous"),
        *("start", "active", "brings_new", "open_calls", "calls", "recorded", "raised", "resumed"),
        *("idle", "max_inputs", "max_idle", "nodes", "outcomes", "seen", "inputs", "shapes", "losses"),
        "pickles",
    )

    def __init__(
        self, number: int, code: CodeType, description: dict[str, Any], found: FunctionType | None
    ) -> None:
        count = code.co_argcount
        keyword_only = code.co_kwonlyargcount
        names = code.co_varnames
        flags = code.co_flags
        self.number = number
        self.code = code
        self.description = description
        self.described_in = ""
        self.positional = names[:count]
        self.positional_only = getattr(code, "co_posonlyargcount", 0)
        self.keyword_only = names[count : count + keyword_only]
        rest = list(names[count + keyword_only :])
        self.star = rest.pop(0) if flags & STAR else None
        self.star_star = rest.pop(0) if flags & STAR_STAR else None
        self.defaults = _defaults(code, found)
        self.skipped = 1 if description["kind"] == "classmethod" else 0  # the class itself
        self.simple = not (keyword_only or flags & (STAR | STAR_STAR) or self.defaults)
        self.suspends = bool(flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR))
        self.yields = bool(flags & (GENERATOR | ASYNC_GENERATOR))
        self.asynchronous = bool(flags & (COROUTINE | ASYNC_GENERATOR))
        self.start = _start_offset(code) if self.suspends else -1
        self.active = True
        self.brings_new = False
        self.open_calls = 0
        self.calls = 0
        self.recorded = 0
        self.raised = 0
        self.resumed = 0
        self.idle = 0
        self.max_inputs = 0
        self.max_idle = 0
        self.nodes = 0
        self.outcomes: set[int] = set()
        self.inputs: set[int] = set()
        self.seen: set[int] = set()
        self.shapes: set[str] = set()
        self.losses: set[str] = set()
        self.pickles = PickleCount()


def bind_arguments(function: Function, variables: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments that repeat the call, without those left at their default."""
    if function.simple:
        return [variables[name] for name in function.positional[function.skipped :]], {}
    star = variables[function.star] if function.star else ()
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    skipped = False
    for index, name in enumerate(function.positional):
        if index < function.skipped:
            continue
        value = variables[name]
        if not star and name in function.defaults and value is function.defaults[name]:
            if index >= function.positional_only:
                skipped = True
                continue
        if skipped:
            keywords[name] = value
        else:
            positional.append(value)
    positional.extend(star)
    for name in function.keyword_only:
        if name not in function.defaults or variables[name] is not function.defaults[name]:
            keywords[name] = variables[name]
    if function.star_star:
        keywords.update(variables[function.star_star])
    return positional, keywords


def describe(
    code: CodeType, variables: dict[str, Any], definitions: dict[str, dict[tuple[str, int], str]]
) -> tuple[str, str, FunctionType | None]:
    """Qualified name, kind, and the function object where its module names it.

    The kind is ``function``, ``method``, ``classmethod``, ``staticmethod``, ``nested`` or
    ``coroutine``, which stands for all asynchronous code. ``variables`` are the module's. Before Python
    3.11 code does not know its qualified name; the file then tells, and ``definitions`` remembers
    what it told.
    """
    if sys.version_info >= (3, 11):
        qualified = code.co_qualname
    else:
        if code.co_filename not in definitions:
            definitions[code.co_filename] = definitions_in(code.co_filename)
        known = definitions[code.co_filename]
        qualified = known.get((code.co_name, code.co_firstlineno), "<locals>." + code.co_name)
    if qualified.rpartition(".")[0].endswith("<locals>") or "<locals>." in qualified:
        kind, found = "nested", None
    else:
        kind, found = _look_up(code, variables, qualified.split("."))
    if code.co_flags & (COROUTINE | ASYNC_GENERATOR):
        kind = "coroutine" if kind == "function" else "nested" if kind == "nested" else "method"
    return qualified, kind, found


def _look_up(code: CodeType, variables: dict[str, Any], path: list[str]) -> tuple[str, FunctionType | None]:
    found: Any = variables.get(path[0])
    for name in path[1:]:
        if not isinstance(found, type):
            return "method", None
        found = _class_namespace(found).get(name)
    kind = "function" if len(path) == 1 else "method"
    if type(found) is classmethod or type(found) is staticmethod:
        kind = type(found).__name__
    return kind, _unwrap(found, code, _MAX_WRAPPERS)


def _unwrap(found: Any, code: CodeType, depth: int) -> FunctionType | None:
    """The function with this code behind decorators, looked for without running any code of theirs."""
    if type(found) is FunctionType and found.__code__ is code:
        return found
    inner: list[Any] = []
    if type(found) is classmethod or type(found) is staticmethod:
        inner = [found.__func__]
    elif type(found) is property:
        inner = [found.fget, found.fset, found.fdel]
    elif found is not None and not isinstance(found, type):
        try:
            state = object.__getattribute__(found, "__dict__")
        except Exception:
            state = None
        if type(state) is dict:
            inner = [state.get("__wrapped__")]
            inner += [value for value in state.values() if type(value) is FunctionType]
    for candidate in inner if depth else ():
        function = _unwrap(candidate, code, depth - 1) if candidate is not found else None
        if function is not None:
            return function
    return None


def _defaults(code: CodeType, found: FunctionType | None) -> dict[str, object]:
    if found is None:
        return {}
    positional = found.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(names[len(names) - len(positional) :], positional))
    defaults.update(found.__kwdefaults__ or {})
    return defaults


def _start_offset(code: CodeType) -> int:
    """The instruction at which a frame stands when it begins; further on, it is being resumed."""
    import opcode

    resume = opcode.opmap.get("RESUME")
    instructions = code.co_code
    for offset in range(0, len(instructions), 2):
        if instructions[offset] == resume:
            return offset
    return -1
