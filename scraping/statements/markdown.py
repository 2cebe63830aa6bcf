"""HTML statements as Markdown, with exponents, subscripts, formulas and preformatted text kept."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter
from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraping.problem import Image
from scraping.statements.mathematics import outside_code, usual_delimiters
from scraping.statements.mathml import mathml_text
from scraping.statements.sections import MAX_STATEMENT_CHARACTERS, StatementTooLong
from scraping.statements.tex import script

_ORDINAL = re.compile(r"(?:st|nd|rd|th)\.?")
_TEX_IN_TEXT = re.compile(r"[\\_^{]")
# LeetCode's pages since 2025 have these within exponents
_WITHOUT_WIDTH = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_INVISIBLE = (
    "script:not([type^='math/']), style, noscript, template, head, button, textarea, input, iframe, object,"
    " .sample-header, .material-icons, .input-output-copier, .btn-copy, .copy-button,"
    " .MathJax_Preview, .MathJax, .MathJax_Display, .MathJax_SVG, .MathJax_SVG_Display, .MathJax_CHTML"
)
_LAYOUT = "pre, ul, ol, dl, table, h1, h2, h3, h4, p + p"
_BLOCKS = frozenset(["div", "p", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table", "section"])


_MAX_CHARACTERS = 1_000_000
_MAX_TABLES = 100


class StatementTooDeep(ValueError):
    """Tags are nested more deeply, or there are more, than any statement's: a broken or a hostile page."""


def html_to_markdown(html: str, base_url: str = "") -> str:
    """A statement's HTML as Markdown; addresses of pictures and links are made complete with ``base_url``.

    Formulas stay TeX, between ``$`` or ``$$``. A paragraph is one line; a line break is two spaces and a
    newline. Raises `StatementTooDeep` and `StatementTooLong`.
    """
    if len(html) > _MAX_CHARACTERS:
        raise StatementTooLong(f"{len(html)} characters")
    tree = LexborHTMLParser(html)
    body = tree.body
    if body is None:
        return ""
    try:
        _prepare(body, base_url)
        markdown = _Converter().convert(_WITHOUT_WIDTH.sub("", body.inner_html or ""))
    except RecursionError:
        raise StatementTooDeep("tags are nested too deeply") from None
    if len(markdown) > MAX_STATEMENT_CHARACTERS:  # what follows takes more than time in proportion
        raise StatementTooLong(f"{len(markdown)} characters")
    return outside_code(usual_delimiters(markdown), _tidy, spans=False).strip()


def statement_images(html: str, base_url: str = "") -> list[Image]:
    """The pictures of a statement, except those that only show a formula which their text tells."""
    body = LexborHTMLParser(html).body
    if body is None:
        return []
    _replace_formulas(body)
    images = [
        Image(urljoin(base_url, node.attributes.get("src") or ""), (node.attributes.get("alt") or "").strip())
        for node in body.css("img, svg[role=img], object[data], embed[src]")
    ]
    return list(dict.fromkeys(images))


def preformatted_text(node: LexborNode) -> str:
    """The text of a ``pre`` as a browser shows it: lines end with newlines, no-break spaces are spaces.

    Keeps ``sup`` and ``sub`` as ``^`` and ``_``. An empty line at the start or spaces at the end stay.
    """
    text = "".join(_preformatted_parts(node))
    text = _WITHOUT_WIDTH.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\u00a0", " ")


def _preformatted_parts(node: LexborNode) -> list[str]:
    parts: list[str] = []
    for child in node.iter(include_text=True):
        if child.is_text_node:
            parts.append(child.text_content or "")
        elif child.tag == "br":
            parts.append("\n")
        elif child.tag in ("sup", "sub"):
            parts.append(_script_of(child))
        elif child.tag in _BLOCKS:
            if parts and not "".join(parts[-1:]).endswith("\n"):
                parts.append("\n")
            text = "".join(_preformatted_parts(child))
            parts.append(text if text.endswith("\n") else text + "\n")
        elif child.tag not in ("script", "style", "button"):
            parts += _preformatted_parts(child)
    return parts


def _script_of(node: LexborNode) -> str:
    text = "".join(_preformatted_parts(node))
    following = node.next
    after = (following.text_content or "") if following is not None and following.is_text_node else ""
    return script("^" if node.tag == "sup" else "_", text, after[:1])


def _prepare(body: LexborNode, base_url: str) -> None:
    _replace_formulas(body)
    for node in body.css(_INVISIBLE):
        node.decompose()
    for node in body.css("pre"):
        text = preformatted_text(node)
        for child in list(node.iter(include_text=True)):
            child.decompose()
        node.insert_child(text)
    for node in body.css("var"):
        text = node.text() or ""
        if _TEX_IN_TEXT.search(text) and _outside(node, ("pre", "code")):
            node.replace_with(f"${text.strip()}$")
        else:
            node.unwrap()
    for node in body.css(
        ".tex-span i, .tex-span b, .tex-span em, sup i, sup b, sup em, sub i, sub b, sub em"
    ):
        node.unwrap()
    for tag, attribute in (("img", "src"), ("a", "href")):
        for node in body.css(f"{tag}[{attribute}]"):
            node.attrs[attribute] = urljoin(base_url, node.attributes.get(attribute) or "")


def _outside(node: LexborNode, tags: tuple[str, ...]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in tags:
            return False
        parent = parent.parent
    return True


def _replace_formulas(body: LexborNode) -> None:
    """Formulas that a page shows rendered, by their TeX."""
    for node in body.css(".katex-display, .katex, mjx-container, math, script[type^='math/tex']"):
        tex = _tex_of(node) if node.parent is not None else ""
        if tex:
            described = " ".join(node.attributes.get(name) or "" for name in ("class", "type", "display"))
            mark = "$$" if re.search(r"\b(katex-display|mode=display|true|block)\b", described) else "$"
            node.replace_with(f"{mark}{tex}{mark}")
    for node in body.css("img[alt]"):
        alt = (node.attributes.get("alt") or "").strip()
        formula = re.search(r"tex|math", node.attributes.get("class") or "") or re.fullmatch(r"\$.+\$", alt)
        if alt and formula:
            node.replace_with(f"${alt.strip('$~ ')}$")
    for node in body.css("span.math.inline, span.math.display"):
        text = (node.text() or "").strip()
        if text and not text.startswith(("$", "\\(", "\\[")):
            mark = "$$" if "display" in (node.attributes.get("class") or "") else "$"
            node.replace_with(f"{mark}{text}{mark}")


def _tex_of(node: LexborNode) -> str:
    if node.tag == "script":
        return (node.text() or "").strip()
    annotation = node.css_first("annotation[encoding*='tex']")
    if annotation is not None:
        return (annotation.text() or "").strip()
    formula = node if node.tag == "math" else node.css_first("math")
    return mathml_text(formula) if formula is not None else ""


def _tidy(text: str) -> str:
    text = re.sub(r"(?<=\S) {2,}(?=\S)", " ", text.replace("\u00a0", " "))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?m)^[ \t]+$|^ (?=\S)", "", text))


class _Converter(MarkdownConverter):
    class Options:
        heading_style = "atx"
        bullets = "-"
        escape_asterisks = False
        escape_underscores = False
        strip_pre = None
        wrap = True
        wrap_width = None

    def convert(self, html: str) -> str:
        soup = BeautifulSoup(html, "html.parser")
        tables = soup.find_all("table")
        if len(tables) > _MAX_TABLES:
            raise StatementTooDeep(f"{len(tables)} tables")
        for table in tables:
            if table.select_one(_LAYOUT):
                parts = table.find_all(["caption", "thead", "tbody", "tfoot", "tr", "th", "td"])
                for part in [table, *(part for part in parts if part.find_parent("table") is table)][::-1]:
                    part.name = "div"
        return str(self.convert_soup(soup))

    def convert_sup(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        if _ORDINAL.fullmatch(text.strip()):
            before = element.previous_sibling.get_text() if element.previous_sibling is not None else ""
            return text.strip() if before[-1:].isdigit() else f"-{text.strip()}"
        return script("^", text, _following(element))

    def convert_hr(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        return "\n\n"

    def convert_sub(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        return script("_", text, _following(element))

    def convert_pre(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        text = element.get_text()
        if "_inline" in parent_tags:
            return f" `{' '.join(text.split())}` "
        text = re.sub(r"\A[ \t]*\n|\s+\Z", "", text)
        if not text.strip():
            return ""
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        return f"\n\n{fence}\n{text}\n{fence}\n\n"


def _following(element: Tag) -> str:
    following = element.next_sibling
    return following.get_text()[:1] if following is not None else ""
