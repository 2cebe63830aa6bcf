"""What is wrong with a problem's statement, so that no task is to be made of it."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from py3langid.langid import MODEL_FILE, LanguageIdentifier
from selectolax.lexbor import LexborHTMLParser

from scraping.problem import Problem
from scraping.statements.exponents import exponents_not_kept, suspected_exponents
from scraping.statements.plain_text import unmarked
from scraping.statements.sections import section_heading

_LONGEST_STATEMENT = 60_000  # characters; the longest of 4,000 real pages has 25,000, markup and all
_SHORTEST_STATEMENT = 40
_SHORTEST_FOR_LANGUAGE = 120
_CERTAIN = 0.95
_FENCED = re.compile(r"^ *```+.*?^ *```+ *$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]{0,300}\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|<image>", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:figures?|pictures?|images?|diagrams?|illustrat\w+|drawing|map|table|graph|shown|given|see)\b[^.\n]{0,80}"
    r"\b(?:below|above|following|on the (?:right|left))\b"
    r"|\b(?:following|below|above) (?:\w+ )?(?:figures?|pictures?|images?|diagrams?|illustrations?|table)\b"
    r"|\b(?:shown|illustrated|depicted|pictured|seen) (?:in|on|by) (?:the |this )?(?:\w+ )?"
    r"(?:figures?|pictures?|images?|diagrams?|illustration)\b"
    r"|\b(?:this|the|each|next) (?:\w+ )?(?:figures?|illustrations?)\b|\bFig(?:ure|\.) ?\d",
    re.IGNORECASE,
)
_ILLUSTRATING = re.compile(
    r"\b(?:samples?|examples?|explanations?|instance|test case|case #|for (?:your )?reference|e\.g\.)",
    re.IGNORECASE,
)
_INTERACTIVE = re.compile(
    r"\b(?:this is|it is) (?:an? |the )?(?:\w+ )?(?:interactive|reactive) (?:problem|task)\b"
    r"|\binteract with (?:the|our) (?:judge|jury|grader)\b"
    r"|\bflush (?:the |your )?(?:output|standard output|stdout)\b",
    re.IGNORECASE,
)
_HOLES = re.compile(
    r"\b(?:integers?|of|and|is|are|contains|has|to|size|number|by|from|value) (?:,|\.(?= |$))"
    r"|(?<=\w) \(\)(?= )|, and ,|(?:^|\s)(?:<=|>=|<) +(?:<=|>=|<)(?=\s|$)",
    re.MULTILINE,
)
_ENOUGH_HOLES = 3


class StatementFault(NamedTuple):
    """Why a statement makes no task: a stable name, and the particulars."""

    reason: str
    detail: str


def statement_faults(problem: Problem) -> list[StatementFault]:
    """What is wrong with a problem's statement and its examples; empty where nothing was found.

    Reasons: ``empty_statement``, ``statement_in_pdf``, ``interactive``, ``lost_exponent``,
    ``suspected_exponent``, ``unreadable_formula``, ``missing_formulas``, ``content_image``,
    ``foreign_language``, ``truncated_example``, ``statement_too_long``.
    """
    markdown = problem.statement_markdown
    if len(markdown) > _LONGEST_STATEMENT:
        return [StatementFault("statement_too_long", f"{len(markdown)} characters")]
    prose = _FENCED.sub(" ", markdown)
    words = re.sub(r"[\W\d_]+", "", unmarked(_PICTURE.sub("", prose)))
    faults: list[StatementFault] = []
    if len(words) < _SHORTEST_STATEMENT:
        link = re.search(r"\S+\.pdf\b", markdown, re.IGNORECASE)
        pictured = problem.images or _PICTURE.search(prose)
        if link:
            faults.append(StatementFault("statement_in_pdf", link.group()))
        elif pictured:
            faults.append(StatementFault("content_image", "there is hardly any text beside pictures"))
        elif len(words) == 0 or not problem.tests:
            faults.append(StatementFault("empty_statement", f"{len(words)} letters"))
    interactive = _INTERACTIVE.search(prose)
    if problem.mode == "interactive" or interactive:
        faults.append(StatementFault("interactive", interactive.group() if interactive else "its mode"))
    lost = exponents_not_kept(problem.statement_html, markdown) if problem.statement_html else []
    if lost:
        faults.append(StatementFault("lost_exponent", ", ".join(lost)))
    suspected = suspected_exponents(markdown)
    if suspected:
        faults.append(StatementFault("suspected_exponent", ", ".join(suspected)))
    return [
        *faults,
        *_formulas(problem, prose),
        *_pictures(problem, prose),
        *_language(problem, prose),
        *_truncated(problem),
    ]


def _formulas(problem: Problem, prose: str) -> list[StatementFault]:
    if problem.statement_html:
        body = LexborHTMLParser(problem.statement_html)
        drawn = [
            node
            for node in body.css(".MathJax_SVG svg, .MathJax svg, mjx-container svg")
            if node.parent is not None and not _has_text(node.parent)
        ]
        if drawn and not body.css_matches("script[type^='math/'], mjx-assistive-mml, annotation"):
            return [StatementFault("unreadable_formula", f"{len(drawn)} formulas are drawings")]
    holes = [match.group().strip() for match in _HOLES.finditer(unmarked(prose))]
    if len(holes) >= _ENOUGH_HOLES:
        return [StatementFault("missing_formulas", f"{len(holes)} gaps: {', '.join(holes[:5])}")]
    return []


def _has_text(node: object) -> bool:
    html = getattr(node, "html", "") or ""
    return "data-mathml" in html or "<title>" in html


def _pictures(problem: Problem, prose: str) -> list[StatementFault]:
    """Pictures that the statement needs: in a line of text, pointed at, in place of what was announced."""
    paragraphs = re.split(r"\n{2,}", prose)
    inside_example = False
    for index, paragraph in enumerate(paragraphs):
        kind, by_markup, _ = section_heading(paragraph.partition("\n")[0])
        if kind and (by_markup or kind not in ("input", "output")):
            inside_example = kind == "examples" or (inside_example and kind == "notes")
        lines = [line for line in paragraph.split("\n") if _PICTURE.search(line)]
        if not lines or inside_example:
            continue
        for line in lines:
            if re.search(r"[^\W\d_]", unmarked(_PICTURE.sub("", line))):
                return [
                    StatementFault("content_image", f"in a line of text: {_short(_PICTURE.sub('[]', line))}")
                ]
        around = [_PICTURE.sub("", text).strip() for text in paragraphs[max(0, index - 1) : index + 2]]
        before = next((text for text in around if text), "")
        for text in around:
            pointed = _POINTING.search(text)
            if pointed and not _ILLUSTRATING.search(text):
                return [StatementFault("content_image", f"pointed at: {_short(pointed.group())}")]
        if index and before.endswith(":") and not _ILLUSTRATING.search(before):
            return [StatementFault("content_image", f"announced: {_short(before[-60:])}")]
    needed = _core_picture(problem)
    return [StatementFault("content_image", f"in the {needed}")] if needed else []


def _core_picture(problem: Problem) -> str:
    sections = problem.sections
    for name in ("input", "output", "constraints"):
        if _PICTURE.search(getattr(sections, name)):
            return name
    return ""


def _short(text: str) -> str:
    return " ".join(text.split())[:80]


def _language(problem: Problem, prose: str) -> list[StatementFault]:
    text = re.sub(r"\[[^\]]*\]\([^)]*\)|https?://\S+", " ", unmarked(prose))
    letters = [character for character in text if character.isalpha()]
    foreign = sum(not character.isascii() and ord(character) > 0x24F for character in letters)
    if problem.language != "en":
        return [StatementFault("foreign_language", problem.language)]
    if letters and foreign > 0.3 * len(letters):
        return [StatementFault("foreign_language", f"{foreign} of {len(letters)} letters are not Latin")]
    if len(letters) < _SHORTEST_FOR_LANGUAGE:
        return []
    language, probability = _identifier().classify(text.lower())
    if language != "en" and probability >= _CERTAIN:
        return [StatementFault("foreign_language", f"{language} ({probability:.2f})")]
    return []


@cache
def _identifier() -> LanguageIdentifier:
    identifier: LanguageIdentifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier


def _truncated(problem: Problem) -> list[StatementFault]:
    texts = [text for test in problem.examples for text in (test.input, test.output or "")]
    for test in problem.examples:
        for text in (test.input, test.output or ""):
            if test.truncated or _is_cut(text, [other for other in texts if other is not text]):
                return [StatementFault("truncated_example", f"{test.name}: {_short(text[-40:])}")]
    return []


def _is_cut(text: str, others: list[str]) -> bool:
    """Whether a text was cut: it ends in dots, or has them in a list, and dots are no letters of its kind."""
    text = text.rstrip()
    if "…" in text or re.search(r"[,\s]\.\.\.[,\]]", text):
        return True
    if not text.endswith("..."):
        return False
    drawing = any(re.search(r"(?<!\d)\.|\.(?!\d)", other) for other in [text[:-3], *others])
    return not drawing or len(text) >= 250
