"""The notation of input formats: lines of words, made of names with subscripts, dots and punctuation."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

_MAX_CHARACTERS = 5_000
_MAX_PIECES = 250
_MAX_SUBSCRIPT = 60
_UNDERSCORE = "\N{MODIFIER LETTER LOW MACRON}"
"""A letter, in the place of an underscore that belongs to a name."""

_SPACES = r"\\[ ,;:!\t]|\\(?:q?quad|hspace|displaystyle|left|right)(?![A-Za-z])(?:\*?\{[^{}]*\})?|~"
_FONTS = r"\\(?:math(?:rm|it|bf|sf|tt|cal)|text(?:rm|it|tt|sf)?|rm|it|tt|operatorname|mbox)(?![A-Za-z])\s*"
_DOTS = r"\\(?:[lch]?dots|ddots|cdot\s*\\cdot\s*\\cdot)"


@dataclass(frozen=True)
class Reference:
    """A name with its subscripts, as texts."""

    base: str
    subscripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Punctuation:
    """What stands in the input as it stands in the format: a sign between values, a number."""

    text: str


@dataclass(frozen=True)
class Dots:
    """What is left out between two items of a row, or between two rows."""


Piece = Reference | Punctuation | Dots
Word = tuple[Piece, ...]


class BadNotation(ValueError):
    """A text is no input format: ``reason`` is a stable name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def read_notation(text: str) -> list[tuple[Word, ...]]:
    """The lines of a format with their words; rows of dots are ``((Dots(),),)``. Raises `BadNotation`."""
    if len(text) > _MAX_CHARACTERS:
        raise BadNotation("format_too_long")
    lines = []
    for line in _with_subscripts(plain_text(text)).split("\n"):
        if not line.strip():
            continue
        if re.fullmatch(r"[\s:.|]*[:.][\s:.|]*", line):
            words: tuple[Word, ...] = ((Dots(),),)
        else:
            words = tuple(_read_word(word) for word in _split_words(line))
        lines.append(words)
    if not lines:
        raise BadNotation("format_is_empty")
    if sum(len(word) for words in lines for word in words) > _MAX_PIECES:
        raise BadNotation("format_too_long")
    return lines


def plain_text(text: str) -> str:
    """A format without what only concerns how it looks: HTML, TeX's spaces and fonts, wide characters."""
    text = re.sub(r"(?i)<br\s*/?>", "\n", text)
    text = re.sub(r"(?is)<sub>(.*?)</sub>", r"_{\1}", text)
    text = re.sub(r"(?is)<sup>(.*?)</sup>", r"^{\1}", text)
    text = html.unescape(re.sub(r"(?i)</?(?:var|pre|p|i|b|em|strong|span|code|div)\b[^>]*>", "", text))
    text = unicodedata.normalize("NFKC", text).replace("\N{PRIME}", "'").replace("⋮", ":").replace("\r", "")
    text = re.sub(r"・+|⋯", "...", text).replace("ー", "-")
    text = text.replace("\N{MINUS SIGN}", "-").replace("\N{MULTIPLICATION SIGN}", "*")
    text = re.sub(r"\\_", "_", text) if r"\_" in text and not re.search(r"[^\\]_", text) else text
    text = text.replace(r"\_", _UNDERSCORE).replace(r"\vdots", "\n:\n")
    text = re.sub(_DOTS, " ... ", text)
    text = re.sub(r"\\\\\s*(?:\n|$)|\\\\|\\(?=\s*(?:\n|$))", "\n", text)
    text = re.sub(_SPACES, " ", text)
    text = re.sub(_FONTS, "", re.sub(_FONTS + r"\{([^{}]*)\}", r"\1", text))
    text = re.sub(r"\\(?:times|cdot|ast)(?![A-Za-z])", "*", text)
    text = re.sub(r"\\(?:[lr]?vert|mid)(?![A-Za-z])", "|", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda match: match[1], text)
    text = re.sub("[\u03b1-\u03c9]", lambda match: unicodedata.name(match[0]).split()[-1].lower(), text)
    return re.sub(r"\\[()\[\]]|[$`]|\{\}", "", text)


def _split_words(line: str) -> list[str]:
    """At spaces that are in no brackets."""
    words = [""]
    depth = 0
    for character in line:
        depth += (character in "{(") - (character in "})")
        if not character.isspace():
            words[-1] += character
        elif depth <= 0 and words[-1]:
            words.append("")
    return [word for word in words if word]


_NAME = re.compile(r"[^\W\d_]+'*(?:" + _UNDERSCORE + r"[^\W\d_]+)*\d*")
_SUBSCRIPT = re.compile(r"\d+|[^\W\d_]+'*")


def _read_word(word: str) -> Word:
    pieces: list[Piece] = []
    position = 0
    while position < len(word):
        dots = re.compile(r"\.{2,}|,\.+,").match(word, position)
        if dots:
            pieces.append(Dots())
            position = dots.end()
            continue
        length = re.compile(r"\|([^\W\d_]+)(?:_\{?(\w+)\}?)?\|").match(word, position)
        name = _NAME.match(word, position)
        if length:
            base, position = "_".join(filter(None, length.groups())), length.end()
        elif name:
            base, position = name[0], name.end()
        elif word[position] == "{":
            inner, position = _bracketed(word, position)
            base = re.sub(r"[^\w]|_(?=\w*$)(?<=^_)", "_", inner).strip("_")
            if not base or not (base[0].isalpha()):
                raise BadNotation("unknown_notation", word)
        else:
            pieces.append(Punctuation(word[position]))
            position += 1
            continue
        subscripts, position = _read_subscripts(word, position, word[:position])
        pieces.append(Reference(base, subscripts))
    if len(pieces) > 1 and pieces[-1] in (Punctuation("."), Punctuation(",")):
        pieces.pop()  # of the sentence
    return _joined(pieces)


def _read_subscripts(word: str, position: int, before: str) -> tuple[tuple[str, ...], int]:
    subscripts: list[str] = []
    while position < len(word):
        following = word[position]
        if following == "(" and not subscripts:
            inner, end = _bracketed(word, position)
            if "," not in inner:
                break
            subscripts += _at_commas(inner)
            position = end
        elif following == "^" and position + 1 < len(word):
            position += 1
            if word[position] == "{":
                _, position = _bracketed(word, position)
            else:
                position += 1
        elif following == "_" and position + 1 < len(word):
            if word[position + 1] in "{(":
                inner, position = _bracketed(word, position + 1)
                subscripts += _at_commas(inner)
                continue
            match = _SUBSCRIPT.match(word, position + 1)
            if not match:
                break
            end = match.end()
            if match[0].isalpha() and len(match[0]) > 1 and word[end : end + 1] == "_":
                end = position + 2  # TeX takes one letter; the others begin the next name
            subscripts.append(word[position + 1 : end])
            position = end
        else:
            break
    return tuple(subscripts), position


def _bracketed(word: str, start: int) -> tuple[str, int]:
    depth = 0
    for position in range(start, len(word)):
        depth += (word[position] in "{(") - (word[position] in "})")
        if depth == 0:
            return word[start + 1 : position], position + 1
    raise BadNotation("unknown_notation", word)


def _at_commas(text: str) -> list[str]:
    """Subscripts side by side; brackets around all of them, or around one, mean nothing."""
    if len(text) > _MAX_PIECES:
        raise BadNotation("unknown_notation", text[:80])
    while text[:1] + text[-1:] in ("()", "{}") and _bracketed(text, 0)[1] == len(text):
        text = text[1:-1]
    parts, depth = [""], 0
    for character in text:
        depth += (character in "{(") - (character in "})")
        if character in ",;." and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if any(len(part) > _MAX_SUBSCRIPT for part in parts):
        raise BadNotation("unknown_notation", text[:80])
    return [part for part in parts if part]


def _joined(pieces: list[Piece]) -> Word:
    """With neighbouring punctuation in one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Punctuation) and joined and isinstance(joined[-1], Punctuation):
            joined[-1] = Punctuation(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return tuple(joined)


_BEFORE_NAME = r"(?<![^\W\d_])(?<![_{(,])"
_USUAL_LENGTHS = "HKMNQWkmn"


def _with_subscripts(text: str) -> str:
    """``T1 T2 ... TN`` as ``T_{1} T_{2} ... T_{N}``: names with a number that also occur with a variable."""
    variables = "".join(sorted(set(re.findall(r"(?<!\S)[^\W\d_](?!\S)", text)))) or _USUAL_LENGTHS
    numbered = set(re.findall(rf"{_BEFORE_NAME}([^\W\d_]+)[01](?!\d*_)", text))
    bases = [
        base
        for base in sorted(numbered, key=lambda base: (-len(base), base))
        if re.search(rf"{_BEFORE_NAME}{base}(?:\d*[{variables}](?![^\W\d_])|\d+,\d)", text)
        and not (base[:-1] in numbered and base[-1] in variables)
    ]
    if not bases:
        return text
    either = "|".join(bases)
    index = rf"(?:\d+|[{variables}](?:[-+]\d+)?)"
    nested = rf"(?:{either})(?:\d+|[{variables}])"
    names = re.compile(rf"{_BEFORE_NAME}({either})({index}(?:,{nested}|,?{index})*)(?![^\W\d_]{{2}}|\d*_)")

    def subscript(match: re.Match[str]) -> str:
        inside = re.sub(rf",({either})(\d+|[{variables}])", r",\1_\2", match[2])
        return f"{match[1]}_{{{inside}}}"

    return names.sub(subscript, text)
