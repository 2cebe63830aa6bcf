"""The comparators of `tasks.equality` as text of a rendered ``check``, where ``==`` will not do.

Each definition stands inside ``check`` and needs the ones before it.
"""

from __future__ import annotations

from collections.abc import Iterable

from tasks.equality import Comparator

_EQUAL = """\
    def equal(actual, expected, rtol, atol):
        def same(pair):
            return equal(*pair, rtol, atol)

        if type(actual) is not type(expected):
            return False
        if isinstance(expected, float):
            both_nan = actual != actual and expected != expected
            return both_nan or math.isclose(actual, expected, rel_tol=rtol, abs_tol=atol)
        if isinstance(expected, complex):
            return same((actual.real, expected.real)) and same((actual.imag, expected.imag))
        if isinstance(expected, (list, tuple, collections.deque)):
            return len(actual) == len(expected) and all(map(same, zip(actual, expected)))
        if isinstance(expected, (set, frozenset)):
            rest = list(actual)
            for item in expected:
                matching = [other for other in rest if same((other, item))]
                if not matching:
                    return False
                rest.remove(matching[0])
            return not rest
        if isinstance(expected, dict):
            in_order = not isinstance(expected, collections.OrderedDict) or list(actual) == list(expected)
            same_keys = in_order and actual.keys() == expected.keys()
            return same_keys and all(same((actual[key], expected[key])) for key in expected)
        return actual == expected
"""

_PAIRED = """\
    def paired(actual, expected, same):
        partners = {}

        def find(index, tried):
            for other in range(len(actual)):
                if other not in tried and same((actual[other], expected[index])):
                    tried.add(other)
                    if other not in partners or find(partners[other], tried):
                        partners[other] = index
                        return True
            return False

        return len(actual) == len(expected) and all(find(index, set()) for index in range(len(expected)))

    def mutual(actual, expected, same):
        found = all(any(same((item, other)) for item in actual) for other in expected)
        return found and all(any(same((item, other)) for other in expected) for item in actual)
"""

_EQUAL_TEXTS = """\
    def equal_texts(actual, expected, kind, rtol, atol, case_sensitive, space_sensitive):
        def number(token):
            pattern = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
            return float(token) if re.fullmatch(pattern, token) else None

        def same_token(pair):
            left, right = pair
            if left == right or None in pair or not (rtol or atol):
                return left == right
            left, right = number(left), number(right)
            if left is None or right is None:
                return False
            return abs(left - right) <= atol or abs(left - right) <= rtol * abs(right)

        def same_tokens(pair):
            return all(map(same_token, itertools.zip_longest(*pair)))

        def lines(text):
            found = [line.rstrip() for line in text.split("\\n")]
            while found and not found[-1]:
                found.pop()
            return found

        if not case_sensitive:
            actual, expected = actual.casefold(), expected.casefold()
        if kind == "tokens":
            pattern = r"\\s+|\\S+" if space_sensitive else r"\\S+"
            return same_tokens((re.findall(pattern, actual), re.findall(pattern, expected)))
        actual, expected = lines(actual), lines(expected)
        if kind == "lines":
            if not (rtol or atol):
                return actual == expected
            return len(actual) == len(expected) and all(
                same_tokens((left.split(), right.split())) for left, right in zip(actual, expected)
            )
        actual, expected = [line.split() for line in actual], [line.split() for line in expected]
        return (mutual if kind == "set" else paired)(actual, expected, same_tokens)
"""

_EQUAL_OUTERMOST = """\
    def equal_outermost(actual, expected, kind, rtol, atol, case_sensitive, space_sensitive):
        if isinstance(actual, str) and isinstance(expected, str):
            return equal_texts(actual, expected, kind, rtol, atol, case_sensitive, space_sensitive)
        if kind in ("unordered", "set") and isinstance(expected, (list, tuple)):
            same_items = mutual if kind == "set" else paired
            return type(actual) is type(expected) and same_items(
                actual, expected, lambda pair: equal(*pair, rtol, atol)
            )
        return equal(actual, expected, rtol, atol)
"""


def definitions_for(comparators: Iterable[Comparator]) -> str:
    """What the comparisons by these comparators need to have been defined before."""
    kinds = {comparator.kind for comparator in comparators}
    if not kinds:
        return ""
    if kinds <= {"exact", "float_tolerance"}:
        return _EQUAL
    return _EQUAL + _PAIRED + _EQUAL_TEXTS + _EQUAL_OUTERMOST


def modules_for(comparators: Iterable[Comparator]) -> set[str]:
    """The modules that those definitions use."""
    kinds = {comparator.kind for comparator in comparators}
    if not kinds:
        return set()
    return {"collections", "math"} | (set() if kinds <= {"exact", "float_tolerance"} else {"itertools", "re"})


def comparison(actual: str, expected: str, comparator: Comparator) -> str:
    """An expression that tells whether two, each the text of an expression, are equal."""
    tolerances = f"{comparator.rtol!r}, {comparator.atol!r}"
    if comparator.kind in ("exact", "float_tolerance"):
        return f"equal({actual}, {expected}, {tolerances})"
    flags = f"{comparator.case_sensitive}, {comparator.space_sensitive}"
    return f"equal_outermost({actual}, {expected}, {comparator.kind!r}, {tolerances}, {flags})"
