from __future__ import annotations

import pytest

from scraping.archives.reading import UnusableProblem
from scraping.archives.tex_statement import tex_to_markdown
from tests.scraping.archives.making import shared


def _markdown(source: str) -> str:
    return tex_to_markdown(source).markdown


def test_formulas_keep_their_exponents_and_signs() -> None:
    text = _markdown(r"Given \(n\) with $1 \leq n \leq 10^{5}$: \[ a_1 + a_2 \] and $$x^2$$")
    assert text.startswith(r"Given $n$ with $1 \leq n \leq 10^{5}$:")
    assert "$$a_1 + a_2$$" in text and "$$x^2$$" in text


def test_the_name_is_no_part_of_the_text() -> None:
    statement = tex_to_markdown("\\problemname{Odd Echo}\nECHO! Echo!\n")
    assert (statement.title, statement.markdown) == ("Odd Echo", "ECHO! Echo!")


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        (r"\emph{hunter} and \textbf{big} \texttt{a-z} {\bf so}", "*hunter* and **big** `a-z` **so**"),
        (r"\verb|a_b %| and 50\% of x\_y", "`a_b %` and 50% of x_y"),
        (r"say ``yes'', not `no' --- or 1--2~m", 'say "yes", not `no\' — or 1-2 m'),
        (r"Erd\H{o}s, na\"{\i}ve, \o{}re \ss", "Erdős, naïve, øre ß"),
        (r"see\footnote{the \emph{other} one} it % not this", "see (the *other* one) it"),
        (r"\url{http://a.b/c_d} \href{http://e}{there}", "<http://a.b/c_d> [there](http://e)"),
        (r"$5$ \unheardof{x} $6$", r"$5$ \unheardof{x} $6$"),
        (r"\newcommand{\maxn}{10^5}$n \le \maxn$", r"$n \le 10^5$"),
        (r"\def\who{Ann}\who{} and \whole", r"Ann and \whole"),
        (r"a < b and <tag>", "a < b and <tag>"),
    ],
)
def test_text_constructs(source: str, markdown: str) -> None:
    assert _markdown(source) == markdown


def test_sections_lists_and_verbatim() -> None:
    source = (
        "\\section*{Input}\nLines:\n\\begin{itemize}\n\\item one\n\\item two:\n\\begin{enumerate}\\item deep"
        "\\end{enumerate}\\end{itemize}\n\\begin{verbatim}\n1 %  2\n\\x\n\\end{verbatim}"
    )
    assert _markdown(source) == ("## Input\n\nLines:\n\n- one\n- two:\n\n  1. deep\n\n```\n1 %  2\n\\x\n```")


def test_tables() -> None:
    source = (
        "\\begin{tabular}{|l|l|}\\hline Group & Points \\\\ \\hline $1$ & a|b \\\\ \\hline"
        " 2 & \\\\ \\end{tabular}"
    )
    assert _markdown(source) == "| Group | Points |\n| --- | --- |\n| $1$ | a\\|b |\n| 2 |  |"


def test_pictures_are_kept_with_their_captions() -> None:
    statement = tex_to_markdown(
        r"\illustration{0.4}{cave.png}{A cave} "
        r"\begin{figure}\includegraphics[width=3cm]{b_1.png}\caption{B}\end{figure}"
    )
    assert [(image.url, image.alternative_text) for image in statement.images] == [
        ("cave.png", "A cave"),
        ("b_1.png", ""),
    ]
    assert "![A cave](cave.png)" in statement.markdown and "\n\nB" in statement.markdown


def test_constants_of_the_package() -> None:
    assert tex_to_markdown(r"At most \constant{k}.", {"k": "500"}).markdown == "At most 500."


@pytest.mark.parametrize("source", ["{open", r"\begin{itemize} x", "$a"])
def test_what_is_no_tex_is_refused(source: str) -> None:
    with pytest.raises(UnusableProblem, match="malformed_tex"):
        _markdown(source)


def test_macros_that_grow_are_stopped() -> None:
    grows = r"\def\a{" + r"\a" * 100 + "}"
    with pytest.raises(UnusableProblem, match="malformed_tex"):
        _markdown(grows + r"\a" * 10)


def test_real_statements_leave_no_tex_outside_formulas() -> None:
    for file in sorted(shared("kattis_problemtools").rglob("problem.*.tex")):
        outside = _markdown(file.read_text()).split("$")[::2]
        assert not [part for part in outside if "\\" in part], file
