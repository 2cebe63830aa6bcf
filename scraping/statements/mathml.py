"""MathML, as pages carry it for screen readers, as TeX."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from scraping.statements.tex import script

_SCRIPTS = {"msup": "^", "msub": "_", "mover": "^", "munder": "_"}
_PAIRS = {"msubsup": ("_", "^"), "munderover": ("_", "^")}


def mathml_text(node: LexborNode) -> str:
    """A ``math`` element, or one inside it, as TeX: raised and lowered parts, fractions and roots kept."""
    children = [child for child in node.iter() if not child.is_text_node]
    tag = node.tag or ""
    if not children:
        return (node.text() or "").replace("\u2061", "").replace("\u2062", "").strip()
    parts = [mathml_text(child) for child in children]
    if tag in _SCRIPTS and len(parts) == 2:
        return parts[0] + script(_SCRIPTS[tag], parts[1], "_")
    if tag in _PAIRS and len(parts) == 3:
        lower, upper = _PAIRS[tag]
        return parts[0] + script(lower, parts[1], "_") + script(upper, parts[2], "_")
    if tag == "mfrac" and len(parts) == 2:
        return f"\\frac{{{parts[0]}}}{{{parts[1]}}}"
    if tag == "msqrt":
        return f"\\sqrt{{{''.join(parts)}}}"
    if tag == "semantics":
        return parts[0]
    return "".join(
        f" {part} " if child.tag == "mo" else part for child, part in zip(children, parts, strict=True)
    )
