"""What a docstring states of types and values, as far as that can be decided, against what was recorded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

import docstring_parser

from sft.row_texts import CutProgram
from tasks.record import EncodedValue, Task, TestCase
from tasks.syntax_trees import parse_module
from tasks.value_encoding import NotEncodable, encode

_NAMES = {
    "none": "None",
    "nonetype": "None",
    "true": "bool",
    "false": "bool",
    "boolean": "bool",
    "integer": "int",
    "string": "str",
    "dictionary": "dict",
    **{name: name for name in ("bool", "int", "float", "complex", "str", "bytes", "bytearray")},
    **{name: name for name in ("list", "tuple", "set", "frozenset", "dict")},
}
_TAGS = {
    "$int": "int",
    "$float": "float",
    "$str": "str",
    "$ordereddict": "dict",
    "$counter": "dict",
    "$defaultdict": "dict",
    **{f"${name}": name for name in ("complex", "bytes", "bytearray", "tuple", "set", "frozenset", "dict")},
}
_SUITS = {"float": {"int", "bool"}, "int": {"bool"}, "complex": {"float", "int", "bool"}}
"""What passes for a type in docstrings, since it may take its place."""

_WORD = "string|integer|boolean|dictionary|str|int|bool|dict|float|list|tuple|set|frozenset|bytes"
_PROSE_TYPE = re.compile(
    rf"\b(?:returns?|returning)\s+(?:an?|the)\s+(?:new\s+)?({_WORD})\b"
    r"(?=\s*(?:[.,;:]|$|\b(?:of|with|containing|that|where|in which|representing|mapping|made)\b))",
    re.IGNORECASE,
)
_PROSE_TRUTH = re.compile(
    r"\breturns?\s+(?:(?:True|False)\s+(?:if|when|iff)\b|whether\b)(?![^.]*\b(?:None|else)\b)",
    re.IGNORECASE,
)
_PROSE_CONSTANT = re.compile(
    r"(?:^|[.\n]\s*)(?:always\s+)?returns?\s+(None|True|False)\s*(?:\.|$)", re.IGNORECASE
)


def unmentioned_arguments(docstring: str, cut: CutProgram, entry_point: str) -> list[str]:
    """Parameters of the function whose names do not stand in the docstring, in their order."""
    definition = _definition(cut, entry_point)
    if definition is None:
        return []
    names = [name for name in _parameters(definition) if name not in ("self", "cls")]
    return [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", docstring)]


def contradictions(docstring: str, task: Task, cut: CutProgram) -> list[str]:
    """Statements of a docstring that recorded calls, or the signature, contradict.

    Looked at are types of parameters and results, in the usual styles of docstrings and in a few phrases, and
    stated defaults. What can be read in two ways is no statement, so that none found says little.
    """
    definition = _definition(cut, task.entry_point)
    if definition is None:
        return []
    found = list(_of_results(docstring, task.tests))
    try:
        parsed = docstring_parser.parse(docstring)
    except (docstring_parser.ParseError, RecursionError, ValueError):
        return found
    if parsed.returns is not None and not parsed.returns.is_generator:
        found += _against("result", _stated(parsed.returns.type_name), _results(task.tests))
    names = _parameters(definition)
    defaults = _defaults(definition)
    for parameter in parsed.params:
        name = parameter.arg_name.lstrip("*")
        if name not in names:
            found.append(f"{name}: no parameter has that name")
            continue
        if not parameter.arg_name.startswith("*"):
            values = _arguments(task.tests, definition, name)
            found += _against(name, _stated(parameter.type_name), values)
        stated = _literal(parameter.default)
        if name in defaults and stated is not None and stated != defaults[name]:
            found.append(f"{name}: says its default is {parameter.default}")
    return list(dict.fromkeys(found))


def _of_results(docstring: str, cases: Iterable[TestCase]) -> Iterator[str]:
    cases = list(cases)
    for match in _PROSE_TYPE.finditer(docstring):
        yield from _against("result", {_NAMES[match[1].lower()], "None"}, _results(cases))
    if _PROSE_TRUTH.search(docstring):
        yield from _against("result", {"bool"}, _results(cases))
    for match in _PROSE_CONSTANT.finditer(docstring):
        stated = {"none": None, "true": True, "false": False}[match[1].lower()]
        if any(type(value) is not type(stated) or value != stated for value in _results(cases)):
            yield f"result: says {stated}, recorded another value"


def _against(what: str, stated: set[str] | None, values: Iterable[EncodedValue]) -> list[str]:
    """A contradiction if a value has none of the stated types; values of unknown type decide nothing."""
    if stated is None:
        return []
    allowed = stated.union(*(_SUITS.get(each, set()) for each in stated))
    other = sorted({kind for value in values if (kind := _type(value)) is not None} - allowed)
    return [f"{what}: says {' or '.join(sorted(stated))}, recorded {', '.join(other)}"] if other else []


def _type(value: EncodedValue) -> str | None:
    if isinstance(value, dict):
        tag = next(iter(value), "") if len(value) == 1 else ""
        return _TAGS.get(tag) if tag.startswith("$") else "dict"
    return "None" if value is None else type(value).__name__


def _stated(text: str | None) -> set[str] | None:
    """The types that a text names, None if it names any that is not known."""
    if not text:
        return None
    bare = re.sub(r"[`*]|:class:|~", "", text).strip()
    bare = re.sub(r",\s*(?:optional|default.*)$", "", bare, flags=re.IGNORECASE)
    wrapped = re.fullmatch(r"(?:typing\.)?(Optional|Union)\[(.*)\]", bare)
    if wrapped:
        bare = wrapped[2].replace(",", "|") + (" | None" if wrapped[1] == "Optional" else "")
    found = set()
    for part in re.split(r"\s+or\s+|\s*\|\s*", bare):
        name = re.split(r"\[|\(|\s+of\s+|\s+with\s+", part.strip(), maxsplit=1)[0].strip().lower()
        if name not in _NAMES:
            return None
        found.add(_NAMES[name])
    return found


def _results(cases: Iterable[TestCase]) -> list[EncodedValue]:
    return [case.expected.value for case in cases if case.expected.kind == "returned"]


def _arguments(cases: Iterable[TestCase], definition: _Function, name: str) -> list[EncodedValue]:
    positional = [each.arg for each in (*definition.args.posonlyargs, *definition.args.args)]
    found = []
    for case in cases:
        if case.pickled is not None:
            continue
        if name in case.keyword_arguments:
            found.append(case.keyword_arguments[name])
        elif name in positional[: len(case.arguments)]:
            found.append(case.arguments[positional.index(name)])
    return found


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _definition(cut: CutProgram, entry_point: str) -> _Function | None:
    nodes = parse_module(cut.head + cut.solution).body
    found = [node for node in nodes if isinstance(node, _Function) and node.name == entry_point]
    return found[-1] if found else None


def _parameters(definition: _Function) -> list[str]:
    arguments = definition.args
    named = [*arguments.posonlyargs, *arguments.args]
    rest = [each for each in (arguments.vararg, *arguments.kwonlyargs, arguments.kwarg) if each]
    return [each.arg for each in (*named, *rest)]


def _defaults(definition: _Function) -> dict[str, Any]:
    """The parameters' defaults, encoded, where they are literals."""
    arguments = definition.args
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    pairs = [*zip(with_default, arguments.defaults, strict=True)]
    pairs += [(k, d) for k, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d]
    told = {parameter.arg: _literal(ast.unparse(default)) for parameter, default in pairs}
    return {name: value for name, value in told.items() if value is not None}


def _literal(text: str | None) -> Any | None:
    """A list with the encoding of a literal, None for what is no literal."""
    try:
        return [type(value := ast.literal_eval(text or "")).__name__, encode(value)]
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, NotEncodable):
        return None
