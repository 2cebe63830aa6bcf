"""Python expressions for encoded values: how test cases appear in rendered test code."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from typing import Any

from tasks.equality import holds_nan
from tasks.syntax_trees import parse_module
from tasks.value_shapes import is_encoding

TASK_MODULE = "task"
"""The module name under which encoded values refer to what a task's own program defines."""


def indented(source: str) -> str:
    """Statements as they stand in a function's body; the lines within their strings stay as they are.

    Raises `NotRenderable` for what cannot be parsed.
    """
    try:
        nodes = [
            node for node in ast.walk(parse_module(source)) if isinstance(node, (ast.Constant, ast.JoinedStr))
        ]
    except (SyntaxError, ValueError) as error:
        raise NotRenderable(f"source that cannot be parsed: {error}") from error
    inside = {line for node in nodes for line in range(node.lineno, node.end_lineno or node.lineno)}
    lines = source.split("\n")
    return "\n".join(
        line if index in inside or not line.strip() else f"    {line}" for index, line in enumerate(lines)
    )


class NotRenderable(ValueError):
    """An encoded value has no Python expression of its own; the message says which part."""


class SourceRenderer:
    """Renders encoded values as expressions and collects the modules that these need imported."""

    def __init__(self) -> None:
        self.imports: set[str] = set()

    def render(self, tree: Any) -> str:
        """A Python expression whose value has the encoding ``tree``; raises `NotRenderable`."""
        if not is_encoding(tree):
            raise NotRenderable("it is no encoded value")
        return self._expression(tree)

    def _expression(self, tree: Any) -> str:
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return repr(tree)
        if isinstance(tree, list):
            return f"[{self._join(tree)}]"
        if len(tree) == 1:
            ((tag, body),) = tree.items()
            if tag.startswith("$"):
                return self._tagged(tag, body)
        return "{" + ", ".join(f"{key!r}: {self._expression(value)}" for key, value in tree.items()) + "}"

    def name(self, reference: str) -> str:
        """The expression for ``module:qualified.name``, importing its module if it needs to be."""
        module, _, qualified = reference.partition(":")
        parts = [*module.split("."), *qualified.split(".")]
        if not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
            raise NotRenderable(f"{reference} is not a name")
        if module in (TASK_MODULE, "builtins"):
            return qualified
        return self._module(module, qualified)

    def _module(self, module: str, expression: str) -> str:
        self.imports.add(module)
        return f"{module}.{expression}"

    def _join(self, trees: list[Any]) -> str:
        return ", ".join(map(self._expression, trees))

    def _tagged(self, tag: str, body: Any) -> str:
        render = _RENDERERS.get(tag)
        if render is None:
            raise NotRenderable(f"{tag} has no expression")
        return render(self, body)

    def _pairs(self, pairs: list[Any]) -> str:
        if any(holds_nan(key) for key, _ in pairs):
            raise NotRenderable("a NaN as a key has no expression that finds it")
        return ", ".join(f"{self._expression(key)}: {self._expression(value)}" for key, value in pairs)

    def _pair_list(self, pairs: list[Any]) -> str:
        return "[" + ", ".join(f"({self._join(pair)})" for pair in pairs) + "]"

    def _timezone(self, body: Any) -> str:
        if body is None:
            return "None"
        if isinstance(body, str):
            return self._module("zoneinfo", f"ZoneInfo({body!r})")
        if body == [0, 0, 0]:
            return self._module("datetime", "timezone.utc")
        parts = [self._module("datetime", f"timedelta({', '.join(map(repr, body[:3]))})")]
        return self._module(
            "datetime", f"timezone({', '.join(parts + [self._expression(n) for n in body[3:]])})"
        )

    def _moment(self, kind: str, body: Any) -> str:
        parsed = self._module("datetime", f"{kind}.fromisoformat({body[0]!r})")
        if body[1] is None and not body[2]:
            return parsed
        return f"{parsed}.replace(tzinfo={self._timezone(body[1])}, fold={body[2]})"

    def _call(self, body: Any) -> str:
        arguments = [self._expression(item) for item in body[1]]
        if not all(key.isidentifier() and not keyword.iskeyword(key) for key in body[2]):
            raise NotRenderable("keyword arguments whose names are no identifiers")
        arguments += [f"{key}={self._expression(item)}" for key, item in body[2].items()]
        return f"{self.name(body[0])}({', '.join(arguments)})"

    def _object(self, body: Any) -> str:
        raise NotRenderable(f"an instance of {body[0]} has no expression")


def _bytes(body: str) -> str:
    return repr(body.encode("latin-1"))


def _float(body: str) -> str:
    if body.startswith("0x"):
        raise NotRenderable("a NaN with a payload has no expression")
    return f"float({body!r})"


def _no_nan(text: str) -> str:
    if "nan" in text.lower():
        raise NotRenderable("a decimal NaN is not equal to itself")
    return text


def _tuple(renderer: SourceRenderer, body: list[Any]) -> str:
    return f"({renderer._join(body)},)" if len(body) == 1 else f"({renderer._join(body)})"


_RENDERERS: dict[str, Callable[[SourceRenderer, Any], str]] = {
    "$int": lambda r, b: b,
    "$float": lambda r, b: _float(b),
    "$str": lambda r, b: repr(b.encode("ascii").decode("unicode_escape")),
    "$complex": lambda r, b: f"complex({r._join(b)})",
    "$bytes": lambda r, b: _bytes(b),
    "$bytearray": lambda r, b: f"bytearray({_bytes(b)})",
    "$ellipsis": lambda r, b: "...",
    "$notimplemented": lambda r, b: "NotImplemented",
    "$range": lambda r, b: f"range({r._join(b)})",
    "$slice": lambda r, b: f"slice({r._join(b)})",
    "$tuple": _tuple,
    "$set": lambda r, b: f"{{{r._join(b)}}}" if b else "set()",
    "$frozenset": lambda r, b: f"frozenset([{r._join(b)}])",
    "$dict": lambda r, b: f"{{{r._pairs(b)}}}",
    "$ordereddict": lambda r, b: r._module("collections", f"OrderedDict({r._pair_list(b)})"),
    "$counter": lambda r, b: r._module("collections", f"Counter({{{r._pairs(b)}}})"),
    "$defaultdict": lambda r, b: r._module(
        "collections", f"defaultdict({r._expression(b[0])}, {{{r._pairs(b[1])}}})"
    ),
    "$deque": lambda r, b: r._module("collections", f"deque([{r._join(b[0])}], {b[1]!r})"),
    "$date": lambda r, b: r._module("datetime", f"date.fromisoformat({b!r})"),
    "$time": lambda r, b: r._moment("time", b),
    "$datetime": lambda r, b: r._moment("datetime", b),
    "$timedelta": lambda r, b: r._module("datetime", f"timedelta({', '.join(map(repr, b))})"),
    "$timezone": lambda r, b: r._timezone(b),
    "$decimal": lambda r, b: r._module("decimal", f"Decimal({_no_nan(b)!r})"),
    "$fraction": lambda r, b: r._module("fractions", f"Fraction({r._join(b)})"),
    "$uuid": lambda r, b: r._module("uuid", f"UUID({b!r})"),
    "$path": lambda r, b: r._module("pathlib", f"{b[0]}({r._expression(b[1])})"),
    "$pattern": lambda r, b: r._module("re", f"compile({r._expression(b[0])}, {b[1]})"),
    "$ref": lambda r, b: r.name(b),
    "$enum": lambda r, b: f"{r.name(b[0])}[{b[1]!r}]",
    "$namedtuple": lambda r, b: f"{r.name(b[0])}._make([{r._join(b[1])}])",
    "$call": SourceRenderer._call,
    "$object": SourceRenderer._object,
}
