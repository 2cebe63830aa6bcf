"""Whether a licence is one that the recipe allows. What is not known is refused."""

from __future__ import annotations

from collections.abc import Collection

from boolean.boolean import Expression, ParseError
from license_expression import AND, OR, ExpressionError, LicenseSymbol, LicenseWithExceptionSymbol, Licensing

PERMISSIVE = frozenset(
    {
        *("0BSD", "AFL-3.0", "Apache-2.0", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0"),
        *("BlueOak-1.0.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU", "NCSA"),
        *("PSF-2.0", "PostgreSQL", "Python-2.0", "Unlicense", "UPL-1.0", "WTFPL", "X11", "Zlib", "ZPL-2.1"),
    }
)
"""SPDX identifiers of licences that ask for attribution at most."""

_LICENSING = Licensing()


def licence_allowed(expression: str | None, allowed: Collection[str] = PERMISSIVE) -> bool:
    """Whether an SPDX expression can be met with allowed licences alone.

    ``A OR B`` needs one of both, ``A AND B`` both; a licence with an exception counts as itself. None, and
    what is no SPDX expression, are not allowed.
    """
    if not expression:
        return False
    try:
        parsed = _LICENSING.parse(expression)
    except (ExpressionError, ParseError):
        return False
    return parsed is not None and _met(parsed, {identifier.lower() for identifier in allowed})


def _met(expression: Expression, allowed: set[str]) -> bool:
    if isinstance(expression, OR):
        return any(_met(part, allowed) for part in expression.args)
    if isinstance(expression, AND):
        return all(_met(part, allowed) for part in expression.args)
    if isinstance(expression, LicenseWithExceptionSymbol):
        return _met(expression.license_symbol, allowed)
    return isinstance(expression, LicenseSymbol) and expression.key.lower() in allowed
