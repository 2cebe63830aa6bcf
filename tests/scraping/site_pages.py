"""Pages of our own making in the markup of each site, for the tests of the adapters."""

from __future__ import annotations

import json
from html import escape
from typing import Any

Examples = list[tuple[str, str]]


def codeforces(
    title: str,
    examples: Examples,
    form: str = "newlines",
    seconds: str = "2 seconds",
    memory: str = "256 megabytes",
    files: tuple[str, str] = ("standard input", "standard output"),
    interaction: str = "",
) -> str:
    """A Codeforces page of one problem; ``form`` is how its ``pre`` parts lines."""

    def pre(text: str) -> str:
        lines = text.rstrip("\n").split("\n")
        if form == "breaks":
            return "<pre>" + "".join(f"{escape(line)}<br />" for line in lines) + "</pre>"
        if form == "highlighted":
            marked = "".join(
                f'<div class="test-example-line test-example-line-{"odd" if n % 2 else "even"}">'
                f"{escape(line) or '<br>'}</div>"
                for n, line in enumerate(lines)
            )
            return f"<pre>{marked}</pre>"
        return "<pre>\n" + "\n".join(map(escape, lines)) + "\n</pre>"

    samples = "".join(
        f'<div class="input"><div class="title">Input</div>{pre(given)}</div>'
        f'<div class="output"><div class="title">Output</div>{pre(wanted)}</div>'
        for given, wanted in examples
    )

    def field(name: str, words: str, value: str) -> str:
        return f'<div class="{name}"><div class="property-title">{words}</div>{escape(value)}</div>'

    interaction = (
        f'<div><div class="section-title">Interaction</div><p>{interaction}</p></div>' if interaction else ""
    )
    return (
        "<html><body><div class='problemindexholder'><div class='ttypography'><div class='problem-statement'>"
        f"<div class='header'><div class='title'>{escape(title)}</div>"
        + field("time-limit", "time limit per test", seconds)
        + field("memory-limit", "memory limit per test", memory)
        + field("input-file", "input", files[0])
        + field("output-file", "output", files[1])
        + "</div><div><p>There are $$$n$$$ stones, and each has a weight $$$a_i$$$.</p></div>"
        "<div class='input-specification'><div class='section-title'>Input</div>"
        "<p>One integer $$$n$$$ ($$$1 \\le n \\le 10^5$$$).</p></div>"
        "<div class='output-specification'><div class='section-title'>Output</div><p>Their sum.</p></div>"
        + interaction
        + f"<div class='sample-tests'><div class='section-title'>Examples</div><div class='sample-test'>{samples}</div></div>"
        "<div class='note'><div class='section-title'>Note</div><p>Stones are heavy.</p></div>"
        "</div></div></div></body></html>"
    )


def atcoder(
    title: str, examples: Examples, languages: tuple[str, ...] = ("ja", "en"), limits: str | None = None
) -> str:
    """An AtCoder page of one task, with a span for each language."""
    words = {
        "en": ("Problem Statement", "Constraints", "Input", "Sample Input", "Sample Output"),
        "ja": ("問題文", "制約", "入力", "入力例", "出力例"),
    }

    def part(heading: str, text: str) -> str:
        return f'<div class="part"><section><h3>{heading}</h3>{text}</section></div>'

    spans = ""
    for language in languages:
        statement, constraints, given, sample_in, sample_out = words[language]
        legend = "There are <var>N</var> stones." if language == "en" else "<var>N</var> 個の石があります。"
        spans += f'<span class="lang-{language}"><p>Score : <var>300</var> points</p>' + part(
            statement, f"<p>{legend}</p>"
        )
        spans += part(constraints, r"<ul><li><var>1 \leq N \leq 2 \times 10^5</var></li></ul>")
        spans += (
            '<div class="io-style">'
            + part(given, "<pre><var>N</var>\n<var>A_1</var> <var>\\ldots</var> <var>A_N</var>\n</pre>")
            + "</div><hr />"
        )
        for number, (text, answer) in enumerate(examples, 1):
            spans += part(f"{sample_in} {number}", f"<pre>{escape(text)}</pre>")
            spans += part(f"{sample_out} {number}", f"<pre>{escape(answer)}</pre><p>This is why.</p>")
        spans += "</span>"
    limits = limits or "Time Limit: 2 sec / Memory Limit: 1024 MiB"
    return (
        f'<html><body><span class="h2">\n{escape(title)}\n<a class="btn">Editorial</a></span><hr/>'
        f"<p>{limits}</p><div id='task-statement'><span class='lang'>{spans}</span></div></body></html>"
    )


def kattis(
    title: str, examples: Examples, seconds: str = "1", memory: str = "1024", interactive: bool = False
) -> str:
    """A Kattis page of one problem."""

    def pre(text: str) -> str:
        # a browser drops one newline at the start of a block
        return f"<pre>{chr(10) * text.startswith(chr(10))}{escape(text)}</pre>" if text else ""

    tables = "".join(
        f'<table class="sample"><tbody><tr><th>Sample Input {n}</th><th>Sample Output {n}</th></tr>'
        f"<tr><td>{pre(given)}</td><td>{pre(wanted)}</td></tr></tbody></table>"
        for n, (given, wanted) in enumerate(examples, 1)
    )
    interaction = "<h2>Interaction</h2><p>Guess.</p>" if interactive else ""
    return (
        f"<html><body><h1>{title}</h1><div class='metadata-grid'><div>CPU Time limit</div><div>{seconds} second</div>"
        f"<div>Memory limit</div><div>{memory} MB</div><div>License</div><div>CC BY-SA 3.0</div></div>"
        '<div class="problembody"><p>There are <span class="tex2jax_process">$N$</span> stones.</p>'
        f"<h2>Input</h2><p>One integer, at most <span class='tex2jax_process'>$10^5$</span>.</p>{interaction}"
        f"<h2>Output</h2><p>Their sum.</p>{tables}</div></body></html>"
    )


def dmoj(
    title: str, examples: Examples, seconds: str = "2.0s", memory: str = "256M", combined: bool = False
) -> str:
    """A DMOJ page of one problem; ``combined``: outputs stand under ``Output for Sample Input``."""
    samples = "".join(
        f"<h4>Sample Input {n}</h4><pre><code>{escape(given)}</code></pre>"
        f"<h4>{f'Output for Sample Input {n}' if combined else f'Sample Output {n}'}</h4>"
        f"<pre><code>{escape(wanted)}</code></pre><h4>Explanation for Sample Output {n}</h4><p>So.</p>"
        for n, (given, wanted) in enumerate(examples, 1)
    )

    def entry(icon: str, name: str, value: str) -> str:
        return (
            f'<div class="problem-info-entry"><i class="fa {icon} fa-fw"></i><span class="pi-name">{name}:</span>\n'
            f'<span class="pi-value">{value}</span></div>'
        )

    return (
        f"<html><body><div class='problem-title'><h2>{escape(title)}</h2></div>"
        + entry("fa-check", "Points", "5")
        + entry("fa-clock-o", "Time limit", seconds)
        + entry("fa-server", "Memory limit", memory)
        + "<div class='content-description screen'><p>There are ~N~ stones and <span class='inline-math'>"
        "<img class='tex-image' src='x.svg' alt='M'><span class='tex-text' style='display:none'>~M~</span></span> boxes.</p>"
        f"<h4>Input Specification</h4><p>~1 \\le N \\le 10^5~</p>{samples}</div></body></html>"
    )


def cses(title: str, examples: Examples, seconds: str = "1.00", memory: str = "512") -> str:
    """A CSES page of one task."""
    samples = "".join(
        f'<h1 id="example{n or ""}">Example</h1><p>Input:</p><pre>{escape(given)}</pre><p>Output:</p><pre>{escape(wanted)}</pre>'
        for n, (given, wanted) in enumerate(examples)
    )
    return (
        f"<html><body><div class='title-block'><h3><a>CSES Problem Set</a></h3><h1>{escape(title)}</h1></div>"
        f"<div class='content'><ul class='task-constraints'><li><b>Time limit:</b> {seconds} s</li>"
        f"<li><b>Memory limit:</b> {memory} MB</li></ul><div class='md'><p>There are <span class='math inline'>n</span>"
        " stones.</p><pre>not an example</pre><h1 id='input'>Input</h1><p>One integer.</p><h1 id='constraints'>Constraints</h1>"
        f"<ul><li><span class='math inline'>1 \\le n \\le 10^5</span></li></ul>{samples}</div></div></body></html>"
    )


def poj(title: str, examples: Examples, milliseconds: str = "1000", memory: str = "10000") -> str:
    """A POJ page of one problem."""
    samples = "".join(
        f"<p class='pst'>Sample Input</p><pre class='sio'>{escape(given)}</pre>\n"
        f"<p class='pst'>Sample Output</p><pre class='sio'>{escape(wanted)}</pre>"
        for given, wanted in examples
    )
    return (
        f"<html><body><table><tr><td><div class='ptt'>{escape(title)}</div><div class='plm'><table><tr>"
        f"<td><b>Time Limit:</b> {milliseconds}MS</td><td><b>Memory Limit:</b> {memory}K</td></tr></table></div>"
        "<p class='pst'>Description</p><div class='ptx'>Calculate a + b, both below 10<sup>9</sup>.</div>"
        "<p class='pst'>Input</p><div class='ptx'>Two integers.</div><p class='pst'>Output</p><div class='ptx'>A sum.</div>"
        f"{samples}<p class='pst'>Source</p><div class='ptx'><a>POJ</a></div></td></tr></table></body></html>"
    )


def codechef(code: str, title: str, examples: Examples, seconds: float = 1, **fields: Any) -> str:
    """An answer of CodeChef's interface."""
    cases = {
        str(n): {
            "id": n + 1,
            "input": given.replace("\n", "\r\n"),
            "output": wanted,
            "explanation": "",
            "isDeleted": False,
        }
        for n, (given, wanted) in enumerate(examples)
    }
    answer = {
        "status": "success",
        "problem_code": code,
        "problem_name": title,
        "max_timelimit": seconds,
        "body": "### Read problem statements in [Russian](x)\n\nThere are $N$ stones.\n\n### Input\n- $N$\n\n### Constraints\n"
        "- $1 \\leq N \\leq 10^5$\n\n### Subtasks\n**Subtask #1:** $N \\leq 10$\n\n### Example Input\n```\n1\n```\n",
        "problemComponents": {"statement": "", "sampleTestCases": cases},
    }
    return json.dumps(answer | fields)


def hackerrank(slug: str, name: str, examples: Examples) -> str:
    """An answer of HackerRank's interface."""

    def part(kind: str, title: str, html: str) -> str:
        return (
            f"<div class='challenge_{kind}'><div class='msB challenge_{kind}_title'><p><strong>{title}</strong></p></div>"
            f"<div class='msB challenge_{kind}_body'><div class='hackdown-content'>{html}</div></div></div>"
        )

    html = part("problem_statement", "Problem", "<p>There are some stones, find their sum.</p>")
    html += part("input_format", "Input Format", "<p>One integer.</p>")
    html += part("constraints", "Constraints", "<p>1 ≤ n ≤ 10<sup>5</sup></p>")
    for given, wanted in examples:
        html += part("sample_input", "Sample Input", f"<pre><code>{escape(given)}</code></pre>")
        html += part("sample_output", "Sample Output", f"<pre><code>{escape(wanted)}</code></pre>")
    model = {"slug": slug, "name": name, "body_html": html, "difficulty_name": "Easy", "tag_names": ["sums"]}
    return json.dumps({"status": True, "model": model})
