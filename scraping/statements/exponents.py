"""Exponents that a statement lost on its way: ``10^5`` that reads ``105``."""

from __future__ import annotations

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraping.statements.markdown import preformatted_text
from scraping.statements.mathematics import outside_code, plain_characters, plain_formulas

_ORDINAL = re.compile(r"(?:st|nd|rd|th)\.?")
_COMPARED = (
    r"(?:<=|(?<!-)<|>=|(?<![-=])>|at most|at least|up to|exceeds?|exceeding|than(?: or equal to)?|between"
    r"|range \[?)\s*"
)
_TEN = r"10 ?(?:[3-9]|1[0-8])"
_LOST = (
    # a bound of a power of ten, alone or as a multiple: <= 105, <= 2 * 105, < 10 9
    re.compile(rf"{_COMPARED}-?(?:\d+ ?[*x] ?)?{_TEN}(?![\w.,^]*\d)(?! ?[*^])", re.IGNORECASE),
    # the end of a range: [0, 104], [-106, 106]
    re.compile(rf"\[ ?-?[\d ]+, ?(?:\d+ ?[*x] ?)?{_TEN} ?[\])]"),
    # from below: -104 <= x, -10 9 <= x
    re.compile(rf"(?<![\w.^*)]) ?-(?:\d+ ?[*x] ?)?{_TEN} ?<=?"),
    # the limits of machine words: 231 - 1, -263 <= x
    re.compile(r"(?<![\w.,^])2 ?(?:15|16|31|32|53|63|64) ?- ?1(?!\d)"),
    re.compile(r"(?<![\w.^)])-2 ?(?:15|31|53|63) ?<="),
    re.compile(r"<=? ?2 ?(?:15|31|53|63)(?![\w.,^]*\d)"),
    # the usual modulus
    re.compile(r"(?<![\w.,^])10 ?9 ?\+ ?[79](?!\d)"),
    re.compile(r"\bO\((?:[a-z]|[a-z] ?\* ?[a-z])[23]\)"),
    # tolerances: 10-6, 10 -6, as something that errors are compared with
    re.compile(
        r"\b(?:error|within|precision|tolerance)\b[^.\n]{0,60}?(?<![\w.,^])10 ?-[4-9](?!\d)", re.IGNORECASE
    ),
)


def exponents_not_kept(html: str, markdown: str) -> list[str]:
    """What stands raised in ``html`` and is not raised in ``markdown``, with what it stands behind."""
    body = LexborHTMLParser(html).body
    if body is None:
        return []
    raised = Counter[str]()
    behind: dict[str, str] = {}
    for node in body.css("sup"):
        text = "".join(preformatted_text(node).split())
        if text and not _ORDINAL.fullmatch(text):
            raised[text] += 1
            behind[text] = f"{_text_before(node)[-12:]}^{text}"
    kept = "".join(markdown.split())
    return [
        behind[text]
        for text, count in raised.items()
        if kept.count(f"^{text}") + kept.count(f"^{{{text}}}") < count
    ]


def _text_before(node: LexborNode) -> str:
    before = node.prev
    return (before.text() if before is not None else "") or ""


def suspected_exponents(markdown: str) -> list[str]:
    """Numbers that look like powers which lost their exponent: ``<= 105``, ``-104 <=``, ``109 + 7``.

    Looks at comparisons only, where such a number is hardly ever meant; preformatted blocks are left out.
    """
    found: list[str] = []

    def search(text: str) -> str:
        plain = plain_characters(text).replace("`", " ")
        for pattern in _LOST:
            found.extend(match.group().strip() for match in pattern.finditer(plain))
        return text

    outside_code(plain_formulas(markdown), search, spans=False)
    return list(dict.fromkeys(found))
