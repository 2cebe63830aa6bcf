"""Names of Python for what formats and titles call otherwise."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

_OF_WRAPPERS = {"contextlib", "data", "first", "io", "lines", "output", "program", "rest", "stdin", "stdout"}
_TAKEN = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, *_OF_WRAPPERS, "sys", "tokens"})
_MAX_LENGTH = 60


def variable_name(text: str) -> str:
    """A valid Python name that is as near to the text as can be: ``S'`` becomes ``S_prime``."""
    plain = unicodedata.normalize("NFKC", text).replace("\N{PRIME}", "'").replace("'", "_prime")
    plain = re.sub(r"\W+", "_", plain.replace("\N{MODIFIER LETTER LOW MACRON}", "_")).strip("_") or "value"
    if not plain.isidentifier():  # a number, or a sign that is a letter for regular expressions alone
        plain = "_" + re.sub(r"[^A-Za-z0-9_]", "", plain)
    if not plain.strip("_"):
        plain = "value"
    return plain + "_" if plain in _TAKEN else plain


def function_name(title: str) -> str:
    """``solve`` with the title in snake case, if the title alone is no good name for a function."""
    plain = unicodedata.normalize("NFKD", title)
    plain = re.sub("['\N{RIGHT SINGLE QUOTATION MARK}]", "", plain).encode("ascii", "ignore").decode()
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)
    words = re.findall(r"[a-z0-9]+", plain.lower())
    name = ""
    for word in words:
        if name and len(name) + 1 + len(word) > _MAX_LENGTH:
            break
        name = f"{name}_{word}" if name else word[:_MAX_LENGTH]
    if not name:
        return "solve"
    if name[0].isdecimal() or name in _TAKEN or len(name) < 2:
        return "solve_" + name
    return name
