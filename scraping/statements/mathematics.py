"""Mathematics in statements: formulas and typographic characters, and the same in plain ASCII."""

from __future__ import annotations

import re
from collections.abc import Callable

from scraping.statements.tex import plain_tex, script

_FENCES = re.compile(r"^ *(```+)[^`\n]*$.*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(`++)(?:[^`]|(?<!`)(?!\1(?!`))`++){1,2000}?\1(?!`)")
_DISPLAY = re.compile(r"\$\$(?!\$)(?P<display>.+?)\$\$", re.DOTALL)
# as pandoc reads it: no space inside the dollars, no digit after them, so that prices are no formulas
_INLINE = re.compile(r"(?<![\\$])\$(?![\s$])(?P<inline>[^$]*?[^\s\\$])\$(?![\d$])")

_CHARACTERS = {
    "≤": "<=", "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=", "≠": "!=", "×": "*", "⋅": "*",
    "·": "*", "∙": "*", "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "⋯": "...",
    "⋮": "...", "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "′": "'", "″": '"', "«": '"',
    "»": '"', "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "⇔": "<=>", "↦": "->", "∞": "infinity",
    "∈": " in ", "∉": " not in ", "⊕": " xor ", "∑": "sum", "∏": "product", "√": "sqrt", "⌊": "floor(",
    "⌋": ")", "⌈": "ceil(", "⌉": ")", "∧": " and ", "∨": " or ", "¬": "not ", "∪": " union ",
    "∩": " intersection ", "⊆": " subset of ", "⊂": " subset of ", "∅": "{}", "≡": "==", "≈": "~=",
    "±": "+-", "÷": "/", "∣": "|", "∥": "||", "⟨": "<", "⟩": ">", "†": "+", "‡": "++", "∗": "*", "⋆": "*",
    "⟶": "->", "➝": "->", "➔": "->",
    "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ",
    "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\u00ad": "", "\u2061": "",
    "\u2062": "", "\u2063": ",", "•": "-", "￥": "¥",
}  # fmt: skip
_TRANSLATION = str.maketrans(_CHARACTERS)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢⱼₖ"
_SCRIPTS = re.compile(f"([{_RAISED}]+)|([{_LOWERED}]+)")
_SCRIPT_TRANSLATION = str.maketrans(_RAISED + _LOWERED, "0123456789+-ni" + "0123456789+-nijk")


def outside_code(markdown: str, change: Callable[[str], str], spans: bool = True) -> str:
    """``markdown`` with ``change`` made to all that is neither a fenced block nor, with ``spans``, code."""
    parts = []
    for text, kept in _split(markdown, _FENCES):
        if kept or not spans:
            parts.append(text if kept else change(text))
            continue
        parts += [piece if code else change(piece) for piece, code in _split(text, _CODE)]
    return "".join(parts)


def _split(text: str, pattern: re.Pattern[str]) -> list[tuple[str, bool]]:
    parts, start = [], 0
    for match in pattern.finditer(text):
        parts += [(text[start : match.start()], False), (match.group(), True)]
        start = match.end()
    return [*parts, (text[start:], False)]


def usual_delimiters(markdown: str) -> str:
    r"""The same with formulas between ``$`` or ``$$``, where a site writes ``$$$``, ``\( \)``, ``\[ \]``.

    Formulas within code, which only stand between ``$$$``, become plain.
    """

    def change(text: str) -> str:
        text = re.sub(r"\${6}(.+?)\${6}", _delimited("$$"), text, flags=re.DOTALL)
        text = re.sub(r"\${4}(.+?)\${4}", _delimited("$$"), text, flags=re.DOTALL)
        text = re.sub(r"\${3}(.+?)\${3}", _delimited("$"), text, flags=re.DOTALL)
        text = re.sub(r"\\\((.+?)\\\)", _delimited("$"), text, flags=re.DOTALL)
        return re.sub(r"\\\[(.+?)\\\]", _delimited("$$"), text, flags=re.DOTALL)

    def plain(match: re.Match[str]) -> str:
        return re.sub(r"\${3}(.+?)\${3}", lambda formula: plain_tex(formula[1]), match.group())

    return outside_code(outside_code(markdown, lambda text: _CODE.sub(plain, text), spans=False), change)


def _delimited(mark: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{mark}{match[1].strip()}{mark}"


def plain_formulas(markdown: str) -> str:
    """``markdown`` with every formula outside code in plain ASCII, without its dollars.

    A displayed formula gets a line of its own.
    """

    def change(text: str) -> str:
        text = _DISPLAY.sub(lambda match: f"\n{plain_tex(plain_characters(match['display']))}\n", text)
        return _INLINE.sub(lambda match: plain_tex(plain_characters(match["inline"])), text)

    return outside_code(markdown, change)


def plain_characters(text: str) -> str:
    """Typographic characters as ASCII: comparison signs, dashes, quotes, spaces, raised digits."""
    text = _SCRIPTS.sub(_plain_script, text)
    return text.translate(_TRANSLATION)


def _plain_script(match: re.Match[str]) -> str:
    text = match.group().translate(_SCRIPT_TRANSLATION)
    return script("^" if match[1] else "_", text, match.string[match.end() : match.end() + 1])
