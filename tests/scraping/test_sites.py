"""Site adapters read pages in the markup of their sites, and notice when that changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scraping.problem import Parameter, Problem, ProblemRejection
from scraping.sites.adapter import Listing
from scraping.sites.registry import ADAPTERS, adapter_for, adapter_named, parse_page
from scraping.statements.bounds import read_bounds
from scraping.statements.faults import statement_faults
from tests.scraping import site_pages as pages

_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "problems"
_EXAMPLES = [("3\n1 2 3\n", "6\n"), ("1\n5\n", "5 < 6 & >\n")]


def _read(url: str, page: str, content_type: str = "text/html; charset=utf-8") -> Problem:
    (problem,) = parse_page(url, page.encode(), content_type)
    assert isinstance(problem, Problem), problem
    return problem


def _texts(problem: Problem) -> list[tuple[str, str | None]]:
    return [(test.input, test.output) for test in problem.examples]


@pytest.mark.parametrize("form", ["newlines", "breaks", "highlighted"])
def test_codeforces_in_its_three_forms_of_blocks(form: str) -> None:
    examples = [("2\n\n1 1\n", "YES\n"), (">>\n", "<&\n")]
    problem = _read(
        "https://codeforces.com/contest/1/problem/B2", pages.codeforces("B2. Stones", examples, form)
    )
    assert problem.problem_id == "codeforces:1B2"
    assert (problem.title, problem.source.contest, problem.source.index) == ("Stones", "1", "B2")
    assert _texts(problem) == examples
    assert (problem.limits.time_seconds, problem.limits.memory_bytes) == (2.0, 256 * 2**20)
    assert problem.sections.legend == "There are $n$ stones, and each has a weight $a_i$."
    assert problem.sections.notes == "Stones are heavy."
    assert read_bounds(problem.sections.input)[0].maximum == 10**5
    assert problem.mode == "stdio"
    assert statement_faults(problem) == []


def test_codeforces_with_files_and_with_interaction() -> None:
    url = "https://codeforces.com/gym/1/problem/A"
    problem = _read(url, pages.codeforces("A. S", _EXAMPLES, files=("in.txt", "standard output")))
    assert (problem.mode, problem.limits.input_file, problem.limits.output_file) == ("file", "in.txt", None)
    problem = _read(url, pages.codeforces("A. S", _EXAMPLES, interaction="Ask."))
    assert (problem.mode, problem.sections.interaction) == ("interactive", "Ask.")
    assert [fault.reason for fault in statement_faults(problem)] == ["interactive"]


def test_a_page_of_a_round_has_all_its_problems_and_one_that_is_broken_rejects_itself_alone() -> None:
    one, two = pages.codeforces("A. One", _EXAMPLES), pages.codeforces("B. Two", _EXAMPLES)
    page = one.replace("time-limit", "zeit-limit") + two
    broken, problem = parse_page("https://codeforces.com/contest/7/problems", page.encode(), "text/html")
    assert isinstance(broken, ProblemRejection)
    assert (broken.problem_id, broken.reason) == ("codeforces:7A", "markup_changed")
    assert ".time-limit" in broken.detail
    assert isinstance(problem, Problem)
    assert (problem.problem_id, problem.source.url) == (
        "codeforces:7B",
        "https://codeforces.com/contest/7/problem/B",
    )


def test_atcoder_takes_the_english_statement_once_and_keeps_the_input_format() -> None:
    url = "https://atcoder.jp/contests/abc1/tasks/abc1_a"
    problem = _read(url, pages.atcoder("A - Stones", _EXAMPLES))
    assert (problem.problem_id, problem.title, problem.source.index) == ("atcoder:abc1_a", "Stones", "A")
    assert _texts(problem) == _EXAMPLES
    assert problem.sections.input == "```\nN\nA_1 \\ldots A_N\n```"
    assert problem.limits.memory_bytes == 1024 * 2**20
    assert read_bounds(problem.sections.constraints)[0].maximum == 200_000
    assert problem.language == "en"
    japanese = _read(
        url, pages.atcoder("A - 石", _EXAMPLES, ("ja",), "実行時間制限: 1.5 sec / メモリ制限: 256 MB")
    )
    assert (_texts(japanese), japanese.limits.time_seconds) == (_EXAMPLES, 1.5)
    assert "foreign_language" in [fault.reason for fault in statement_faults(japanese)]


def test_kattis_keeps_spaces_and_may_lack_an_output() -> None:
    problem = _read(
        "https://open.kattis.com/contests/x1/problems/stones",
        pages.kattis("Problem A<br>Stones", [(" a  \nb\n", ""), ("1\n", "2\n")]),
    )
    assert (problem.problem_id, problem.title, problem.source.index) == ("kattis:stones", "Stones", "A")
    assert _texts(problem) == [(" a  \nb\n", ""), ("1\n", "2\n")]
    assert (problem.limits.time_seconds, problem.limits.memory_bytes) == (1.0, 1024 * 2**20)
    assert problem.sections.input == "One integer, at most $10^5$."
    assert "CC BY-SA 3.0" in problem.rights.note
    interactive = _read("https://open.kattis.com/problems/guess", pages.kattis("Guess", [], interactive=True))
    assert (interactive.mode, interactive.tests) == ("interactive", [])


@pytest.mark.parametrize("combined", [True, False])
def test_dmoj_has_formulas_between_tildes(combined: bool) -> None:
    problem = _read("https://dmoj.ca/problem/stones", pages.dmoj("Stones", _EXAMPLES, combined=combined))
    assert _texts(problem) == _EXAMPLES
    assert (problem.limits.time_seconds, problem.limits.memory_bytes) == (2.0, 256 * 2**20)
    assert problem.sections.legend == "There are $N$ stones and $M$ boxes."
    assert problem.sections.input == "$1 \\le N \\le 10^5$"


def test_cses_tells_examples_from_other_blocks() -> None:
    problem = _read("https://cses.fi/problemset/task/1068", pages.cses("Stones", _EXAMPLES))
    assert (problem.problem_id, _texts(problem)) == ("cses:1068", _EXAMPLES)
    assert (problem.limits.time_seconds, problem.limits.memory_bytes) == (1.0, 512 * 2**20)
    assert problem.sections.constraints == "- $1 \\le n \\le 10^5$"
    assert "Time limit" not in problem.statement_markdown


def test_poj() -> None:
    problem = _read("http://poj.org/problem?id=1000", pages.poj("A+B Problem", _EXAMPLES))
    assert (problem.problem_id, problem.title, _texts(problem)) == ("poj:1000", "A+B Problem", _EXAMPLES)
    assert (problem.limits.time_seconds, problem.limits.memory_bytes) == (1.0, 10_000 * 2**10)
    assert problem.sections.legend == "Calculate a + b, both below 10^9."


def test_codechef_by_components_by_markdown_and_by_old_html() -> None:
    url = "https://www.codechef.com/api/contests/PRACTICE/problems/STONES"
    problem = _read(url, pages.codechef("STONES", "Stones", _EXAMPLES), "application/json")
    assert (problem.problem_id, problem.title, _texts(problem)) == ("codechef:STONES", "Stones", _EXAMPLES)
    assert problem.sections.legend == "There are $N$ stones."
    assert problem.sections.constraints == "- $1 \\leq N \\leq 10^5$"
    body = "There is $N$.\n\n### Example Input\n```\n1\n2\n```\n\n### Example Output\n```\n3\n```\n"
    problem = _read(url, pages.codechef("S", "S", [], body=body), "application/json")
    assert _texts(problem) == [("1\n2\n", "3\n")]
    for blocks in (
        "<pre><b>Input:</b>\n1\n2\n\n<b>Output:</b>\n3\n</pre>",
        "<pre>1\n2</pre><pre>3</pre>",
        "<p>Input</p><pre>Input:\n1\n2</pre><pre>Output:\n3</pre>",
    ):
        body = f"<p>Up to 10<sup>5</sup></p><pre>no</pre><h3>Example</h3>{blocks}"
        problem = _read(url, pages.codechef("S", "S", [], body=body), "application/json")
        assert _texts(problem) == [("1\n2\n", "3\n")]
        assert "10^5" in problem.statement_markdown


def test_hackerrank_takes_notes_off_the_input() -> None:
    annotated = (
        "STDIN   Function\n-----   --------\n3       n = 3\n1 2 3   a = [1, 2, 3]\nlonger than  that\n"
    )
    problem = _read(
        "https://www.hackerrank.com/rest/contests/master/challenges/stones",
        pages.hackerrank("stones", "Stones", [(annotated, "6\n"), ("1\n", "1\n")]),
        "application/json",
    )
    assert problem.problem_id == "hackerrank:stones"
    assert _texts(problem) == [("3\n1 2 3\nlonger than\n", "6\n"), ("1\n", "1\n")]
    assert problem.sections.constraints == "1 ≤ n ≤ 10^5"
    assert problem.difficulty == "Easy"


def _question(statement: str, **fields: Any) -> str:
    question = {
        "titleSlug": "two-stones",
        "title": "Two Stones",
        "content": statement,
        "isPaidOnly": False,
        "exampleTestcases": '[1,2]\n3\n"a"\n[]\n4\n"b"',
        "metaData": json.dumps(
            {
                "name": "twoStones",
                "params": [
                    {"name": "nums", "type": "integer[]"},
                    {"name": "k", "type": "double"},
                    {"name": "s", "type": "string"},
                ],
                "return": {"type": "list<string>"},
            }
        ),
        "codeSnippets": [{"langSlug": "python3", "code": "class Solution:\r\n    def twoStones(self"}],
        "topicTags": [{"slug": "array"}],
    }
    return json.dumps({"data": {"question": question | fields}})


_OLD_STYLE = """
<p>Return <em>all</em>.</p><p><strong>Example 1:</strong></p>
<pre><strong>Input:</strong> nums = [1,2], k = 3
<strong>Output:</strong> ["a","b"]
<strong>Explanation:</strong> So.
</pre><p><strong>Example 2:</strong></p>
<pre><strong>Input:</strong> nums = []
<strong>Output:</strong> []</pre>
"""
_NEW_STYLE = """
<p>Return all.</p><p><strong class="example">Example 1:</strong></p>
<div class="example-block"><p><strong>Input:</strong> <span class="example-io">nums = [1,2], k = 3</span></p>
<p><strong>Output:</strong> <span class="example-io">["a","b"]</span></p>
<p><strong>Explanation:</strong></p><p>So.</p></div><p><strong class="example">Example 2:</strong></p>
<div class="example-block"><p><strong>Input:</strong> nums = []</p><p><strong>Output:</strong> []</p></div>
"""
_CONSTRAINTS = (
    "<p><strong>Constraints:</strong></p><ul><li><code>1 &lt;= k &lt;= 10<sup>4</sup></code></li></ul>"
)


@pytest.mark.parametrize("style", [_OLD_STYLE, _NEW_STYLE])
def test_leetcode_reads_signature_and_examples_as_calls(style: str) -> None:
    problem = _read("https://leetcode.com/graphql", _question(style + _CONSTRAINTS), "application/json")
    assert problem.problem_id == "leetcode:two-stones"
    signature = problem.signature
    assert signature is not None
    assert signature.parameters == [
        Parameter("nums", "list[int]"),
        Parameter("k", "float"),
        Parameter("s", "str"),
    ]
    assert signature.returns == "list[str]"
    first, second = problem.tests
    assert first.case is not None and second.case is not None
    assert first.case.arguments == [[1, 2], 3.0, "a"]
    assert first.case.expected.value == ["a", "b"]
    assert (first.explanation, second.case.expected.value) == ("So.", [])
    assert problem.sections.constraints == "- `1 <= k <= 10^4`"
    assert "Input" not in problem.sections.legend + problem.sections.notes


def test_leetcode_leaves_what_is_no_function() -> None:
    def reason(**fields: Any) -> str:
        (found,) = parse_page(
            "https://leetcode.com/graphql", _question(_OLD_STYLE, **fields).encode(), "application/json"
        )
        assert isinstance(found, ProblemRejection)
        return found.reason

    assert reason(content=None, isPaidOnly=True) == "paid_only"
    assert reason(metaData='{"mysql": []}', categoryTitle="Database") == "no_function"
    assert reason(content="<p>Nothing.</p>") == "markup_changed"
    assert reason(metaData="{") == "markup_changed"
    design = '{"classname": "Stack", "constructor": {"params": []}, "methods": []}'
    problem = _read(
        "https://leetcode.com/graphql", _question(_OLD_STYLE, metaData=design), "application/json"
    )
    assert (problem.mode, problem.signature) == ("class", None)


def test_codewars_shows_what_python_sees() -> None:
    description = (
        "Add.\n\n```if:python,ruby\nFor Python.\n```\n```if-not:python\nNot for Python.\n```\n```if:java\n"
        "Java\n~~~java\nint a;\n~~~\n```\n```python\nadd(1, 2)  # 3\n```\n```javascript\n"
        "add(1, 2);\n```\n```\nplain\n```"
    )
    answer: dict[str, Any] = {
        "id": "5a",
        "name": "Add",
        "url": "https://www.codewars.com/kata/5a",
        "description": description,
        "languages": ["python"],
        "rank": {"name": "8 kyu"},
        "createdBy": {"username": "someone"},
    }
    problem = _read("https://www.codewars.com/kata/add", json.dumps(answer), "application/json")
    assert problem.statement_markdown == (
        "Add.\n\nFor Python.\n```python\nadd(1, 2)  # 3\n```\n```\nplain\n```"
    )
    assert (problem.problem_id, problem.rights.owner, problem.difficulty) == (
        "codewars:5a",
        "someone",
        "8 kyu",
    )
    (refused,) = parse_page(
        "https://www.codewars.com/kata/add", json.dumps(answer | {"languages": ["c"]}).encode()
    )
    assert isinstance(refused, ProblemRejection)
    assert refused.reason == "no_python_version"


def test_project_euler_asks_for_an_answer_only() -> None:
    page = (
        '<div id="content"><h2>Sums</h2><div class="problem_content" role="problem">'
        "<p>Find $S(10^7)$, below 10<sup>9</sup>.</p></div></div>"
    )
    problem = _read("https://projecteuler.net/problem=7", page)
    assert (problem.problem_id, problem.title, problem.mode) == ("project_euler:7", "Sums", "answer_only")
    assert problem.sections.legend == "Find $S(10^7)$, below 10^9."
    short = _read("https://projecteuler.net/minimal=7", "<p>Find it.</p>")
    assert (short.problem_id, short.sections.legend) == ("project_euler:7", "Find it.")


_PAGES = {
    "https://codeforces.com/contest/1/problem/A": pages.codeforces("A. S", _EXAMPLES),
    "https://atcoder.jp/contests/abc1/tasks/abc1_a": pages.atcoder("A - S", _EXAMPLES),
    "https://open.kattis.com/problems/s": pages.kattis("S", _EXAMPLES),
    "https://dmoj.ca/problem/s": pages.dmoj("S", _EXAMPLES),
    "https://cses.fi/problemset/task/1": pages.cses("S", _EXAMPLES),
    "http://poj.org/problem?id=1": pages.poj("S", _EXAMPLES),
    "https://www.codechef.com/problems/S": pages.codechef("S", "S", _EXAMPLES),
    "https://www.hackerrank.com/challenges/s/problem": pages.hackerrank("s", "S", _EXAMPLES),
    "https://leetcode.com/problems/two-stones/": _question(_OLD_STYLE),
    "https://projecteuler.net/problem=1": '<h2>S</h2><div class="problem_content">Find it.</div>',
    "https://www.codewars.com/kata/s": json.dumps({"name": "S", "description": "S", "languages": ["python"]}),
}


def test_every_adapter_is_tested_here() -> None:
    assert {adapter.name for adapter in map(adapter_for, _PAGES) if adapter} == {
        adapter.name for adapter in ADAPTERS
    }


@pytest.mark.parametrize(("url", "page"), _PAGES.items(), ids=lambda value: str(value)[:30])
def test_changed_markup_is_a_rejection_and_never_an_empty_problem(url: str, page: str) -> None:
    _read(url, page)
    for changed in ("", "<html><body><p>Welcome</p></body></html>", page[: len(page) // 3], _renamed(page)):
        found = parse_page(url, changed.encode(), "text/html")
        assert found
        assert all(isinstance(one, ProblemRejection) for one in found), changed[:300]
        assert {one.reason for one in found if isinstance(one, ProblemRejection)} <= {
            "markup_changed",
            "not_found",
            "empty_statement",
        }


def _renamed(page: str) -> str:
    """The page after a redesign: other classes, identifiers, headings and names."""
    page = re.sub(r"(class|id)=(['\"])([^'\"]*)", r"\1=\2new-\3", page)
    page = re.sub(r"<(/?)(h\d|pre)\b", r"<\1section", page)
    return re.sub(r'"(body_html|problem_code|content|description)"', r'"new_\1"', page)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_every_adapter_is_polite_and_asks_before_it_fetches(adapter: Any) -> None:
    assert adapter.policy.allow_fetch_default is False
    assert adapter.policy.minimal_interval_seconds >= 2.0
    assert adapter.policy.rights.training != "yes"
    assert adapter_named(adapter.name) is adapter


def test_every_page_has_its_own_request() -> None:
    for url in _PAGES:
        adapter = adapter_for(url)
        assert adapter is not None
        (request,) = adapter.requests(url)
        assert adapter.matches(request.url)
    one, two = (
        adapter_named("leetcode").requests(f"https://leetcode.com/problems/{slug}/")[0]  # type: ignore[union-attr]
        for slug in ("one", "two")
    )
    assert one.key != two.key
    (round_page,) = adapter_named("codeforces").requests("https://codeforces.com/contest/5")  # type: ignore[union-attr]
    assert round_page.url == "https://codeforces.com/contest/5/problems"


def _listing(site: str, page: str, contest: str | None = None) -> Listing:
    adapter = adapter_named(site)
    assert adapter is not None
    request = adapter.list_requests(contest)[0]
    listing = adapter.parse_listing(request.url, page.encode(), "")
    assert all(adapter.matches(reference) for reference in listing.references)
    return listing


def test_lists_of_problems() -> None:
    api = {"status": "OK", "result": {"problems": [{"contestId": 5, "index": i} for i in "AB"]}}
    assert _listing("codeforces", json.dumps(api)).references == ["https://codeforces.com/contest/5/problems"]
    link = '<a href="/contests/abc1/tasks/abc1_a">A</a>'
    table = f"<table><tr><td>{link}{link}</table>"
    assert _listing("atcoder", table, "abc1").references == ["https://atcoder.jp/contests/abc1/tasks/abc1_a"]
    dump = json.dumps([{"id": "abc1_a", "contest_id": "abc1", "title": "A"}])
    assert _listing("atcoder", dump).references == ["https://atcoder.jp/contests/abc1/tasks/abc1_a"]
    kattis = _listing(
        "kattis", '<table><td><a href="/problems/stones">S</a></table><a rel="next" href="?page=1">'
    )
    assert kattis.references == ["https://open.kattis.com/problems/stones"]
    assert kattis.further[0].url == "https://open.kattis.com/problems?page=1"
    euler = _listing("project_euler", "ID##Description##Published\n1##Sums##10\n2##More##11\n")
    assert len(euler.references) == 2
    models = json.dumps({"models": [{"slug": f"s{n}"} for n in range(50)]})
    ranks = _listing("hackerrank", models)
    assert (len(ranks.references), "offset=50" in ranks.further[0].url) == (50, True)
    chef = _listing("codechef", json.dumps({"code": "C1", "problems": {"S": {}}}), "C1")
    assert chef.references == ["https://www.codechef.com/C1/problems/S"]
    codes = {"data": {"questionList": {"data": [{"titleSlug": "a"}, {"titleSlug": "b", "isPaidOnly": True}]}}}
    assert _listing("leetcode", json.dumps(codes)).references == ["https://leetcode.com/problems/a/"]
    with pytest.raises(ValueError, match="at least one problem"):
        _listing("kattis", "<p>Nothing.</p>")


def test_a_document_for_print_and_an_unknown_address_are_rejected() -> None:
    (found,) = parse_page("https://codeforces.com/gym/1/problem/A", b"%PDF-1.5", "application/pdf")
    assert isinstance(found, ProblemRejection)
    assert found.reason == "statement_in_pdf"
    (found,) = parse_page("https://nowhere.example/1", b"x")
    assert isinstance(found, ProblemRejection)
    assert found.reason == "unknown_site"


def test_charsets() -> None:
    page = pages.poj("Größe", _EXAMPLES)
    for body, content_type in (
        (page.encode("latin-1"), "text/html; charset=ISO-8859-1"),
        (page.replace("<html>", "<html><meta charset='latin-1'>").encode("latin-1"), "text/html"),
        (page.encode(), "text/html; charset=latin-1"),
        (b"\xef\xbb\xbf" + page.encode(), ""),
    ):
        (problem,) = parse_page("http://poj.org/problem?id=1", body, content_type)
        assert isinstance(problem, Problem)
        assert problem.title == "Größe"


def _goldens(site: str) -> Iterator[dict[str, Any]]:
    for file in sorted((_DATA / "competitive_companion" / site / "problem").glob("*.json")):
        result: dict[str, Any] = json.loads(file.read_text())["result"]
        yield result


def _golden_page(site: str, golden: dict[str, Any]) -> str | None:
    """A page of our own making that says what the golden result was read from."""
    examples = [(test["input"], test["output"]) for test in golden["tests"]]
    seconds, memory = golden["timeLimit"] / 1000, golden["memoryLimit"]
    name: str = golden["name"]
    if "acmsguru" in golden["url"]:
        return None
    if site == "codeforces":
        names = {"stdin": "standard input", "stdout": "standard output"}
        files = tuple(
            golden[side].get("fileName") or names[golden[side]["type"]] for side in ("input", "output")
        )
        talk = "Ask." if golden["interactive"] else ""
        form = ["newlines", "breaks", "highlighted"][len(name) % 3]
        return pages.codeforces(
            name, examples, form, f"{seconds:g} seconds", f"{memory} megabytes", (files[0], files[1]), talk
        )
    if site == "atcoder":
        limits = f"Time Limit: {seconds:g} sec / Memory Limit: {memory} MB"
        talk = "<p>This is an interactive task</p>" if golden["interactive"] else ""
        return pages.atcoder(name, examples, limits=limits).replace("</body>", f"{talk}</body>")
    if site == "kattis":
        return pages.kattis(
            name.replace(" - ", "<br>"), examples, f"{seconds:g}", str(memory), golden["interactive"]
        )
    if site == "dmoj":
        return pages.dmoj(name, examples, f"{seconds}s", f"{memory}M", combined=len(examples) > 1)
    if site == "cses":
        return pages.cses(name, examples, f"{seconds:.2f}", str(memory))
    if site == "poj":
        return pages.poj(name, examples, str(golden["timeLimit"]), str(memory * 1000))
    return pages.codechef(golden["url"].rpartition("/")[2], name, examples, seconds) if examples else None


@pytest.mark.skipif(not _DATA.exists(), reason="needs the recorded goldens")
@pytest.mark.parametrize("site", ["codeforces", "atcoder", "kattis", "dmoj", "cses", "poj", "codechef"])
def test_names_limits_and_examples_agree_with_what_others_read(site: str) -> None:
    compared = 0
    for golden in _goldens(site):
        page = _golden_page(site, golden)
        if page is None:
            continue
        problem = _read(golden["url"], page)
        assert golden["name"].endswith(problem.title)
        assert (problem.source.index or "") in golden["name"]
        assert problem.limits.time_seconds == golden["timeLimit"] / 1000
        if site != "codechef":
            assert problem.limits.memory_bytes == golden["memoryLimit"] * (
                2**20 if site != "poj" else 1_024_000
            )
        assert (problem.mode == "interactive") == golden["interactive"]
        if golden["tests"]:
            assert _texts(problem) == [(test["input"], test["output"]) for test in golden["tests"]]
        assert problem.limits.input_file == golden["input"].get("fileName")
        compared += 1
    assert compared


@pytest.mark.skipif(not _DATA.exists(), reason="needs the recorded pages")
def test_recorded_pages() -> None:
    folder = _DATA / "recorded_pages"
    body = (folder / "codeforces/contest_1779_problems.html").read_bytes()
    found = parse_page("https://codeforces.com/contest/1779/problems", body, "text/html;charset=UTF-8")
    problems = [problem for problem in found if isinstance(problem, Problem)]
    assert [problem.problem_id for problem in problems] == [
        f"codeforces:1779{letter}" for letter in "ABCDEFGH"
    ]
    reasons = {
        problem.source.index: [fault.reason for fault in statement_faults(problem)] for problem in problems
    }
    assert reasons["E"] == ["interactive"]
    assert not any(reasons[letter] for letter in "ABCDFH")
    body = (folder / "codeforces/contest_1779_problem_F.html").read_bytes()
    (alone,) = parse_page("https://codeforces.com/contest/1779/problem/F", body, "text/html;charset=UTF-8")
    assert isinstance(alone, Problem)
    assert (_texts(alone), alone.limits) == (_texts(problems[5]), problems[5].limits)
    assert alone.sections.legend == problems[5].sections.legend
    body = (folder / "leetcode/find-the-difference.json.20171216").read_bytes()
    (question,) = parse_page("https://leetcode.com/graphql", body, "application/json")
    assert isinstance(question, Problem)
    assert question.tests[0].case is not None
    assert question.tests[0].case.arguments == ["abcd", "abcde"]
    assert question.tests[0].case.expected.value == "e"
