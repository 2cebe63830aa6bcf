"""Texts of models and of other people's code as they are shown: highlighted, with nothing hidden in them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

_SHOWN_AS_THEY_ARE = "\n\t"
_HIDING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """A text in which characters that show nothing, or turn the direction, are written as escapes."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each
        if each in _SHOWN_AS_THEY_ARE or unicodedata.category(each) not in _HIDING
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


@lru_cache(maxsize=64)
def highlighted(code: str) -> Markup:
    """Python source as HTML with classes, whose styles are `highlight_styles`."""
    # Pygments escapes what is special in HTML
    return Markup(
        highlight(visible(code), PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True))
    )


def highlight_styles() -> str:
    """The style sheet of `highlighted`, for light and dark."""
    light = HtmlFormatter(style="default").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    return "".join(
        f"@media (prefers-color-scheme: {scheme}) {{\n{styles}\n}}\n"
        for scheme, styles in (("light", light), ("dark", dark))
    )
