"""Statements in TeX as Markdown: the subset that the problem package format promises to render.

Formulas stay as they are, between ``$`` or ``$$``. What is not known is left as TeX in the text, so that
it can be seen; nothing is dropped but what only places things on a page. Source: problem package format
2025-09, "LaTeX environment and supported subset".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pylatexenc import latexwalker, macrospec
from pylatexenc.latex2text import LatexNodes2Text

from scraping.archives.reading import UnusableProblem
from scraping.problem import Image

_STYLES = {
    "textbf": "**", "bf": "**", "bfseries": "**",
    "emph": "*", "textit": "*", "it": "*", "em": "*", "itshape": "*", "textsl": "*",
    "texttt": "`", "t": "`", "tt": "`", "ttfamily": "`", "sout": "~~",
}  # fmt: skip
_PLAIN = frozenset({
    "text", "textrm", "textsc", "textsf", "textnormal", "underline", "mbox", "hbox", "makebox", "textup",
    "textmd", "caption", "multirow", "multicolumn", "epigraph", "footnotesize", "tiny", "scriptsize",
    "small", "normalsize", "large", "Large", "LARGE", "huge", "Huge", "sc", "rm", "sf", "multicol",
})  # fmt: skip
_DROPPED = frozenset({
    "noindent", "centering", "label", "hline", "cline", "vspace", "hspace", "newpage", "clearpage",
    "pagebreak", "medskip", "smallskip", "bigskip", "newline", "par", "nextsample", "remainingsamples",
    "maketitle", "bf", "raggedright", "flushleft", "vfill", "hfill", "linebreak", "indent", "setlength",
    "sampleinput", "/", "toprule", "midrule", "bottomrule", "@", "footnotesize", "tiny", "scriptsize",
    "small", "normalsize", "large", "Large", "LARGE", "huge", "Huge", "protect",
})  # fmt: skip
_HEADINGS = {"section": "##", "subsection": "###", "subsubsection": "####", "paragraph": "####"}
_SECTION_ENVIRONMENTS = {"Input": "Input", "Output": "Output", "Interaction": "Interaction"}
_VERBATIM = re.compile(r"\\begin\{(lstlisting|Verbatim|alltt)\}(?:\[[^\]]*\])?(.*?)\\end\{\1\}", re.DOTALL)
_DEFINITION = re.compile(
    r"\\(?:re)?newcommand\*?\s*(?:\{\s*\\([A-Za-z]+)\s*\}|\\([A-Za-z]+))\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
    r"|\\def\s*\\([A-Za-z]+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_MACRO = re.compile(r"\\([A-Za-z]+)(?:\{\})?")
_MAX_CHARACTERS = 100_000
"""Of a statement in TeX: the longest of 4,000 real statements has 25,000."""
_ARGUMENTS = {
    "problemname": "{", "illustration": "{{{", "caption": "[{", "label": "{", "section": "*[{",
    "subsection": "*[{", "subsubsection": "*[{", "paragraph": "*[{", "url": "{", "href": "{{", "constant":
    "{", "sout": "{", "vspace": "*{", "hspace": "*{", "multirow": "{{{", "multicolumn": "{{{", "cline":
    "{", "epigraph": "{{", "t": "{", "setlength": "{{", "underline": "{", "mbox": "{", "hbox": "{",
    "makebox": "[[{", "text": "{", "includegraphics": "[{", "texttt": "{", "footnote": "[{", "subcaption":
    "{", "textsl": "{", "textup": "{", "textmd": "{", "textnormal": "{",
}  # fmt: skip
_DEFAULT_CONTEXT = latexwalker.get_default_latex_context_db()
_DEFAULT_CONTEXT.add_context_category(
    "statements",
    prepend=True,
    macros=[macrospec.std_macro(name, spec) for name, spec in _ARGUMENTS.items()],
    environments=[
        macrospec.std_environment("subfigure", "[{"),
        macrospec.std_environment("wrapfigure", "[{{"),
        macrospec.std_environment("minipage", "[{"),
        macrospec.std_environment("tabularx", "{{"),
        macrospec.std_environment("enumerate", "["),
        macrospec.std_environment("itemize", "["),
    ],
)
_ESCAPES = {
    "%": "%", "&": "&", "#": "#", "$": r"\$", "_": "_", "{": "{", "}": "}", " ": " ", ",": " ", ";": " ",
    ":": " ", "!": "", "-": "", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^",
    "quad": " ", "qquad": " ", "ldots": "...", "dots": "...", "textellipsis": "...", "cdots": "...",
    "textwidth": "",
}  # fmt: skip
_SPECIALS = {
    "``": '"',
    "''": '"',
    "--": "-",
    "---": "—",
    "~": " ",
    "&": "&",
    "\n\n": "\n\n",
    "<<": "«",
    ">>": "»",
    "?`": "¿",
    "!`": "¡",
}


@dataclass(frozen=True)
class TexStatement:
    """A statement read from TeX. ``title`` is that of ``\\problemname``, empty where there is none."""

    markdown: str
    title: str = ""
    images: list[Image] = field(default_factory=list)


def tex_to_markdown(source: str, constants: Mapping[str, str] | None = None) -> TexStatement:
    """Read a statement; raises `UnusableProblem` (stage ``statement``) for TeX that cannot be parsed."""
    if len(source) > _MAX_CHARACTERS:
        raise UnusableProblem("statement_too_long", f"{len(source)} characters", stage="statement")
    body = re.search(r"\\begin\{document\}(.*?)\\end\{document\}", source, re.DOTALL)
    text = _VERBATIM.sub(r"\\begin{verbatim}\2\\end{verbatim}", body[1] if body else source)
    text = _with_definitions(text)
    walker = latexwalker.LatexWalker(text, latex_context=_DEFAULT_CONTEXT, tolerant_parsing=False)
    try:
        nodes, _, _ = walker.get_latex_nodes()
        writer = _Writer(constants or {})
        markdown = writer.text(nodes)
    except (latexwalker.LatexWalkerError, RecursionError) as error:
        detail = " ".join(str(error).split())[:300]
        raise UnusableProblem("malformed_tex", detail, stage="statement") from error
    return TexStatement(_tidy(markdown), writer.title, writer.images)


def _with_definitions(text: str) -> str:
    """The text with the macros without arguments that it defines replaced by what they stand for."""
    meanings: dict[str, str] = {}
    for found in _DEFINITION.finditer(text):
        name = found[1] or found[2] or found[4]
        meanings[name] = found[3] if found[4] is None else found[5]
    text = _DEFINITION.sub("", text)
    for _ in range(5 if meanings else 0):  # definitions may use others; no real ones nest deeper
        left = _MAX_CHARACTERS

        def replaced(found: re.Match[str]) -> str:
            nonlocal left
            meaning = meanings.get(found[1], found[0])
            left -= len(meaning)
            if left < 0:
                raise UnusableProblem("malformed_tex", "macros that grow without end", stage="statement")
            return meaning

        text = _MACRO.sub(replaced, text)
    return text


class _Writer:
    def __init__(self, constants: Mapping[str, str]) -> None:
        self.title = ""
        self.images: list[Image] = []
        self._constants = constants

    def text(self, nodes: Iterable[Any] | None) -> str:
        """Markdown of nodes in a row; a font switch such as ``\\bf`` holds for the rest of them."""
        parts: list[str] = []
        row = [node for node in nodes or () if node is not None]
        for index, node in enumerate(row):
            if node.isNodeType(latexwalker.LatexMacroNode) and self._is_switch(node):
                mark = _STYLES[node.macroname]
                parts.append(_styled(mark, self.text(row[index + 1 :])))
                break
            unknown = bool(parts) and index > 0 and parts[-1] == _source(row[index - 1])
            braced = unknown and node.isNodeType(latexwalker.LatexGroupNode)
            parts.append(str(node.latex_verbatim()) if braced else self._one(node))
        return "".join(parts)

    @staticmethod
    def _is_switch(node: Any) -> bool:
        return node.macroname in _STYLES and not any(_arguments(node))

    def _one(self, node: Any) -> str:
        if node.isNodeType(latexwalker.LatexCharsNode):
            return str(node.chars)
        if node.isNodeType(latexwalker.LatexCommentNode):
            return ""
        if node.isNodeType(latexwalker.LatexGroupNode):
            return self.text(node.nodelist)
        if node.isNodeType(latexwalker.LatexMathNode):
            return _formula(node)
        if node.isNodeType(latexwalker.LatexSpecialsNode):
            return _SPECIALS.get(node.specials_chars, str(node.specials_chars))
        if node.isNodeType(latexwalker.LatexEnvironmentNode):
            return self._environment(node)
        return self._macro(node)

    def _macro(self, node: Any) -> str:
        name = str(node.macroname)
        space = str(node.macro_post_space)
        if name == "verb" or name == "lstinline":
            return _code(str(node.nodeargd.verbatim_text))
        if name in ("\\", "newline", "linebreak"):
            return "\\\n"
        arguments = [self._argument(argument) for argument in _arguments(node)]
        last = arguments[-1] if arguments else ""
        if name in _HEADINGS:
            return f"\n\n{_HEADINGS[name]} {' '.join(last.split())}\n\n"
        if name == "problemname":
            self.title = " ".join(last.split())
            return "\n"
        if name == "includegraphics":
            return self._image(_raw(_arguments(node)[-1]), "")
        if name == "illustration":
            return "\n\n" + self._image(_raw(_arguments(node)[1]), " ".join(last.split())) + "\n\n"
        if name in ("url", "href"):
            address = _raw(_arguments(node)[0])
            return f"<{address}>" if name == "url" else f"[{last}]({address})"
        if name == "constant":
            return self._constants.get(last.strip(), f"\\constant{{{last}}}")
        if name == "footnote":
            return f" ({last.strip()})"
        if name in _STYLES:
            return _styled(_STYLES[name], last)
        if name == "caption":
            return f"\n\n{last.strip()}\n\n"
        if name in _DROPPED:
            return "\n\n" if name == "par" else ""
        if name in _PLAIN:
            return last
        if name in _ESCAPES:
            return _ESCAPES[name] + (space if name in ("ldots", "dots") else "")
        return _symbol(node) + space

    def _argument(self, node: Any) -> str:
        return "" if node is None else self.text([node])

    def _image(self, name: str, caption: str) -> str:
        self.images.append(Image(name, caption))
        return f"![{caption}]({name})"

    def _environment(self, node: Any) -> str:
        name = str(node.environmentname)
        if name == "verbatim":
            content = str(node.nodeargd.verbatim_text).strip("\n")
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", content)), default=0))
            return f"\n\n{fence}\n{content}\n{fence}\n\n"
        if name in ("itemize", "enumerate", "description"):
            return self._list(node, numbered=name == "enumerate")
        if name in ("tabular", "tabular*", "tabularx", "longtable"):
            return self._table(node)
        if name in (
            "align",
            "align*",
            "equation",
            "equation*",
            "gather",
            "gather*",
            "eqnarray",
            "eqnarray*",
            "multline",
        ):
            return f"\n\n$${str(node.latex_verbatim()).strip()}$$\n\n"
        if name in _SECTION_ENVIRONMENTS:
            return f"\n\n## {_SECTION_ENVIRONMENTS[name]}\n\n{self.text(node.nodelist)}\n\n"
        if name in ("quote", "quotation"):
            quoted = _tidy(self.text(node.nodelist)).replace("\n", "\n> ")
            return f"\n\n> {quoted}\n\n"
        return f"\n\n{self.text(node.nodelist)}\n\n"

    def _list(self, node: Any, *, numbered: bool) -> str:
        items: list[tuple[str, list[Any]]] = []
        for child in node.nodelist:
            if child.isNodeType(latexwalker.LatexMacroNode) and child.macroname == "item":
                given = _arguments(child)
                items.append((self._argument(given[0]) if given else "", []))
            elif items:
                items[-1][1].append(child)
        lines = []
        for number, (label, content) in enumerate(items, start=1):
            mark = f"{number}. " if numbered else "- "
            text = _tidy((f"{label} " if label else "") + self.text(content))
            lines.append(mark + text.replace("\n", "\n" + " " * len(mark)))
        return "\n\n" + re.sub(r"\n +(?=\n)", "\n", "\n".join(lines)) + "\n\n"

    def _table(self, node: Any) -> str:
        rows: list[list[list[Any]]] = [[[]]]
        for child in node.nodelist:
            if child.isNodeType(latexwalker.LatexMacroNode) and child.macroname in ("\\", "tabularnewline"):
                rows.append([[]])
            elif child.isNodeType(latexwalker.LatexSpecialsNode) and child.specials_chars == "&":
                rows[-1].append([])
            else:
                rows[-1][-1].append(child)
        cells = [[" ".join(self.text(cell).split()).replace("|", r"\|") for cell in row] for row in rows]
        return _markdown_table([row for row in cells if any(row)])


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    width = max(map(len, rows))
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in full]
    lines.insert(1, "|" + " --- |" * width)
    return "\n\n" + "\n".join(lines) + "\n\n"


def _source(node: Any) -> str | None:
    """The TeX of a macro, whose arguments follow it where it is not known; None of anything else."""
    return str(node.latex_verbatim()) if node.isNodeType(latexwalker.LatexMacroNode) else None


def _arguments(node: Any) -> list[Any]:
    return list(node.nodeargd.argnlist or []) if node.nodeargd is not None else []


def _raw(node: Any) -> str:
    """An argument as it is written, without its braces."""
    text = str(node.latex_verbatim()) if node is not None else ""
    return text[1:-1].strip() if text[:1] in ("{", "[") else text.strip()


def _formula(node: Any) -> str:
    """A formula between dollar signs."""
    opening, closing = node.delimiters
    text = str(node.latex_verbatim())
    inside = text[len(opening) : len(text) - len(closing)]
    if node.displaytype == "display":
        return f"\n\n$${inside.strip()}$$\n\n"
    return f"${inside.strip()}$"


def _styled(mark: str, text: str) -> str:
    """Text between marks of emphasis, which touch it."""
    if mark == "`":
        return _code(text)
    core = text.strip()
    if not core or "\n\n" in core:
        return text
    before = text[: len(text) - len(text.lstrip())]
    return f"{before}{mark}{core}{mark}{text[len(text.rstrip()) :]}"


def _code(text: str) -> str:
    """Inline code, except for text with a formula in it, which code would not show."""
    core = text.strip()
    if not core or "$" in core or "\n\n" in core:
        return text
    fence = "``" if "`" in core else "`"
    pad = " " if "`" in core else ""
    before = text[: len(text) - len(text.lstrip())]
    return f"{before}{fence}{pad}{core}{pad}{fence}{text[len(text.rstrip()) :]}"


def _symbol(node: Any) -> str:
    """What a macro for a letter or symbol stands for (``\\"a``, ``\\ss``), or its TeX where it is none."""
    source = str(node.latex_verbatim()).rstrip()
    found = str(LatexNodes2Text(math_mode="verbatim").nodelist_to_text([node])).strip()
    return found or source


def _tidy(text: str) -> str:
    text = re.sub(r"(?<![ \t])[ \t]++(?=\n)", "", text)
    text = re.sub(r"\\\n\s*\n", "\n\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
