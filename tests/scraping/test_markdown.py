"""HTML statements keep in Markdown what makes them right: exponents, subscripts, formulas, blocks."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.statements.exponents import exponents_not_kept, suspected_exponents
from scraping.statements.markdown import StatementTooDeep, html_to_markdown, statement_images


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("<p>n ≤ 10<sup>5</sup></p>", "n ≤ 10^5"),
        ("<code>1 &lt;= n &lt;= 10<sup>4</sup></code>", "`1 <= n <= 10^4`"),
        ("2<sup>n-1</sup>, 10<sup>-6</sup>, 2<sup><i>n</i></sup>", "2^{n-1}, 10^-6, 2^n"),
        (
            "a<sub>i</sub>b, x<sub>1</sub>x<sub>2</sub>, A<sub>i</sub><sup>2</sup>",
            "a_{i}b, x_{1}x_2, A_{i}^2",
        ),
        ("the i<sup>th</sup> and the 2<sup>nd</sup>", "the i-th and the 2nd"),
        ("10<sup>\u200b\u200b5</sup>", "10^5"),
        (
            '<span class="tex-span">1 ≤ <i>n</i>&nbsp;≤ 10<sup class="upper-index">5</sup></span>',
            "1 ≤ n ≤ 10^5",
        ),
        (r"<p>$$$a_i \le 10^5$$$ and \(n\)</p>", r"$a_i \le 10^5$ and $n$"),
        (r"<p>$$$$$$\sum a_i$$$$$$</p>", r"$$\sum a_i$$"),
        (r"<var>1 \leq N</var>, <var>N</var>", r"$1 \leq N$, N"),
        (
            '<span class="katex"><span class="katex-mathml"><math><semantics><mi>n</mi>'
            '<annotation encoding="application/x-tex">n^2</annotation></semantics></math></span>'
            '<span class="katex-html">n2</span></span>',
            "$n^2$",
        ),
        ('<span class="MathJax">n1</span><script type="math/tex">n_1</script>', "$n_1$"),
        ("<math><msup><mn>10</mn><mn>5</mn></msup></math>", "$10^{5}$"),
        ('<img class="tex-formula" src="/f.png" alt="$10^9$">', "$10^9$"),
        ("<pre>\n 1 2<br>3\n</pre>", "```\n 1 2\n3\n```"),
        ("<pre><div>1</div><div>2&nbsp;3</div></pre>", "```\n1\n2 3\n```"),
        ("<pre><var>N</var>\n<var>c_{1,1}</var> 10<sup>5</sup></pre>", "```\nN\nc_{1,1} 10^5\n```"),
        ("<pre>a ``` b</pre>", "````\na ``` b\n````"),
        ("<p>a\r\nb<br>c</p>", "a b  \nc"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<table><tr><th>a</th></tr><tr><td>1</td></tr></table>", "| a |\n| --- |\n| 1 |"),
        ("<table><tr><td>Input<pre>1\n2</pre></td></tr></table>", "Input\n\n```\n1\n2\n```"),
        ("<h3>Input</h3><script>x</script><p>5 * 6, a_b</p>", "### Input\n\n5 * 6, a_b"),
        ("<img src='p.png' alt='a graph'>", "![a graph](https://site.example/1/p.png)"),
    ],
)
def test_markdown(markup: str, markdown: str) -> None:
    assert html_to_markdown(markup, "https://site.example/1/") == markdown


_WORD = st.text(alphabet="abcdefgxyzABCN0123456789", min_size=1, max_size=4)


@given(
    st.lists(st.tuples(_WORD, st.sampled_from(["sup", "sub"]), _WORD), min_size=1, max_size=8), st.booleans()
)
def test_every_raised_and_lowered_part_can_be_read_back(
    parts: list[tuple[str, str, str]], spaced: bool
) -> None:
    gap = " " if spaced else ""
    markup = gap.join(f"{base}<{tag}>{text}q</{tag}>" for base, tag, text in parts)
    markdown = html_to_markdown(f"<p>{markup}</p>")
    position = 0
    for base, tag, text in parts:
        mark = "^" if tag == "sup" else "_"
        bare, braced = f"{base}{mark}{text}q", f"{base}{mark}{{{text}q}}"
        found = [form for form in (bare, braced) if markdown.startswith(form, position)]
        assert found, f"{markup} became {markdown}"
        position += len(found[-1])
        if found[-1] == bare:
            assert not markdown[position : position + 1].isalnum()
        position += markdown.startswith(" ", position)
    assert position == len(markdown)
    assert exponents_not_kept(markup, markdown) == []


@given(st.lists(st.text(alphabet="ab 1.<>&`$_*\\", max_size=12).map(str.rstrip), min_size=1, max_size=6))
def test_preformatted_text_is_kept_to_the_character(lines: list[str]) -> None:
    text = "\n".join(lines)
    markdown = html_to_markdown(f"<pre>x\n{html.escape(text)}\ny</pre>")
    fence = markdown.partition("\n")[0]
    assert markdown == f"{fence}\nx\n{text}\ny\n{fence}"
    assert set(fence) == {"`"}
    assert fence not in text


def test_what_a_converter_lost_is_told() -> None:
    markup = "<p>n ≤ 2·10<sup>5</sup>, the 3<sup>rd</sup></p>"
    assert exponents_not_kept(markup, "n ≤ 2·105, the 3rd") == ["n ≤ 2·10^5"]
    assert exponents_not_kept(markup, html_to_markdown(markup)) == []


@pytest.mark.parametrize(
    "text",
    ["1 <= n <= 105", "`1 <= n <= 2 * 104`", "-109 <= x", "1 ≤ n ≤ 10 9", "modulo 109 + 7", "x <= 231 - 1",
     "at most 1018", "in the range [0, 104]", "an O(n2) solution", "an error of at most 10-6", "$n \\le 105$",
     "-231 <= x", "-10 4 <= x"],
)  # fmt: skip
def test_lost_exponents_are_suspected(text: str) -> None:
    assert suspected_exponents(text)


@pytest.mark.parametrize(
    "text",
    ["1 <= n <= 10^5", "1 <= n <= 100", "1 <= n <= 1000", "1 <= n <= 10500", "n is 105", "x -> 1010",
     "x => 1011", "at most 10^5", "$n \\le 10^{5}$", "from 2 - 105", "O(n^2)", "10^9 + 7",
     "```\n1 <= 105\n```", "n < 105.5", "at most 104 * n", "2^31 - 1", "the sum is equal to 105",
     "between 10 and 30"],
)  # fmt: skip
def test_other_numbers_are_not(text: str) -> None:
    assert suspected_exponents(text) == []


def test_pictures_are_told_with_their_complete_addresses() -> None:
    images = statement_images(
        '<img src="a.png" alt=" x "><img alt="$n$" src="f.png"><embed src="b.svg">', "https://s.example/p/1"
    )
    assert [(image.url, image.alternative_text) for image in images] == [
        ("https://s.example/p/a.png", "x"),
        ("https://s.example/p/b.svg", ""),
    ]


def test_a_hostile_page_is_refused() -> None:
    for tag in ("<div>", "<pre>", "<sup>"):
        with pytest.raises(StatementTooDeep):
            html_to_markdown(tag * 3000 + "x")
