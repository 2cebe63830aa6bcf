"""LeetCode's vocabulary of types, and values as its statements and test cases print them."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from tasks.syntax_trees import parse_expression

_SCALARS = {
    "integer": "int",
    "long": "int",
    "double": "float",
    "float": "float",
    "boolean": "bool",
    "string": "str",
    "character": "str",
    "void": "None",
}
_LINKED = re.compile(r"\b(?:ListNode|TreeNode|Node|NestedInteger|ImmutableListNode|PolyNode)\b")
_LITERAL_WORDS = {"null": "None", "true": "True", "false": "False", "undefined": "None"}
_MAX_CHARACTERS = 1_000_000
"""Of a value that is not JSON, whose syntax tree is some hundred times as large."""
_ELLIPSIS = re.compile(r"\.\.\.|…")


class UnreadableValue(ValueError):
    """A printed value that cannot be read as its type; the message is a stable reason."""


def annotation_of(type_name: str) -> str:
    """A type of ``metaData`` as a Python annotation: ``integer[][]`` as ``list[list[int]]``.

    Classes (``ListNode``, ``TreeNode``) keep their names.
    """
    name = type_name.strip()
    if name.endswith("[]"):
        return f"list[{annotation_of(name[:-2])}]"
    inner = re.fullmatch(r"list<(.+)>", name, re.IGNORECASE)
    return f"list[{annotation_of(inner[1])}]" if inner else _SCALARS.get(name, name)


def is_linked(annotation: str) -> bool:
    """Whether values of a type are made of nodes that refer to each other."""
    return _LINKED.search(annotation) is not None


def read_value(text: str, annotation: str) -> Any:
    """A printed value of a type: an annotation such as ``List[int]`` or ``Optional[int]``, empty for unknown.

    Texts may stand without quotes where the type says that they are texts; whole numbers are taken for floats
    where it says that. Raises `UnreadableValue`.
    """
    text = text.strip().replace("\xa0", " ")
    kind = _parsed(annotation)
    try:
        value = _literal(text)
    except ValueError:
        if _name(kind) != "str" or "\n" in text or text.startswith(('"', "[", "'")):
            raise UnreadableValue("unreadable_example") from None
        value = text
    if type(value) is not str and _name(kind) == "str" and not text.startswith("["):
        value = text  # an unquoted 1 is the text "1" there
    if _ELLIPSIS.search(re.sub(r'"[^"]*"', '""', text)):
        raise UnreadableValue("truncated_example")
    return _fitted(value, kind)


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if len(text) > _MAX_CHARACTERS:
            raise ValueError("no literal") from None
    parts = re.split(r"(\"(?:[^\"\\]|\\.)*+(?:\"|\Z)|'(?:[^'\\]|\\.)*+(?:'|\Z))", text)
    parts[::2] = [
        re.sub(r"\b[a-z]+\b", lambda word: _LITERAL_WORDS.get(word[0], word[0]), part) for part in parts[::2]
    ]
    try:
        value = ast.literal_eval("".join(parts))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError("no literal") from error
    if not isinstance(value, bool | int | float | str | list | None):
        raise ValueError("no value of this site")
    return value


def _parsed(annotation: str) -> ast.expr | None:
    """The annotation without ``Optional``; None for one that is unknown."""
    try:
        node: ast.expr = parse_expression(annotation).body
    except SyntaxError:
        return None
    while isinstance(node, ast.Subscript) and _name(node) == "Optional":
        node = node.slice
    return None if _name(node) in ("Any", "") else node


def _name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _fitted(value: Any, kind: ast.expr | None) -> Any:
    name = _name(kind)
    if kind is None:
        return value
    if isinstance(kind, ast.Subscript) and name in ("list", "List"):
        if type(value) is not list:
            raise UnreadableValue("value_of_other_type")
        item = kind.slice
        return [_fitted(part, None if _name(item) == "Any" else item) for part in value]
    if name == "float" and type(value) in (int, float):
        return float(value)
    expected = {"int": int, "bool": bool, "str": str, "list": list, "List": list}.get(name)
    if expected is not None and type(value) is not expected:
        raise UnreadableValue("value_of_other_type")
    return value
