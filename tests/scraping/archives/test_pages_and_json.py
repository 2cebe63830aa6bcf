from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from scraping.archives import warc_pages
from scraping.archives.competitive_companion import read_competitive_companion
from scraping.archives.formats import recognise
from scraping.archives.identifiers import problem_identifier
from scraping.archives.oj_api import read_oj_api
from scraping.archives.warc_pages import read_warc
from scraping.problem import Problem, ProblemRejection, Rights, Source
from tests.scraping.archives.making import only, problems, reason, rejections, shared, written

_COMPANION: dict[str, Any] = {
    "name": "G. Castle Defense",
    "group": "Codeforces - Educational Round 40",
    "url": "https://codeforces.com/problemset/problem/954/G",
    "interactive": False,
    "memoryLimit": 256,
    "timeLimit": 1500,
    "tests": [{"input": "5 0 6\n", "output": "5\n"}],
    "testType": "single",
    "input": {"type": "stdin"},
    "output": {"type": "stdout"},
    "languages": {"java": {"mainClass": "Main", "taskClass": "G"}},
    "batch": {"id": "1", "size": 1},
}


def _companion(root: Path, **changes: Any) -> Path:
    return written(root, {"g.json": json.dumps({**_COMPANION, **changes})}) / "g.json"


def test_competitive_companion(tmp_path: Path) -> None:
    path = _companion(tmp_path)
    assert recognise(path).name == "competitive-companion"
    problem = only(read_competitive_companion(path))
    assert (problem.problem_id, problem.source.site, problem.mode) == (
        "codeforces:954G",
        "codeforces",
        "stdio",
    )
    assert problem.limits.time_seconds == 1.5 and problem.limits.memory_bytes == 256 * 2**20
    assert [(test.kind, test.input, test.output) for test in problem.tests] == [("example", "5 0 6\n", "5\n")]


def test_competitive_companion_files_and_interaction(tmp_path: Path) -> None:
    file = only(
        read_competitive_companion(
            _companion(
                tmp_path,
                input={"type": "file", "fileName": "in.txt"},
                output={"type": "file", "fileName": "out.txt"},
            )
        )
    )
    assert (file.mode, file.limits.input_file, file.limits.output_file) == ("file", "in.txt", "out.txt")
    assert only(read_competitive_companion(_companion(tmp_path, interactive=True))).mode == "interactive"
    assert reason(read_competitive_companion(_companion(tmp_path, tests=None))) == "malformed"


def test_recordings_of_the_extension() -> None:
    found = problems(read_competitive_companion(shared("competitive_companion")))
    assert len(found) == 107 and sum(len(problem.tests) for problem in found) == 147
    assert {problem.source.site for problem in found} >= {"codeforces", "atcoder", "kattis", "dmoj", "cses"}


@pytest.mark.parametrize(
    ("url", "identifier"),
    [
        ("https://codeforces.com/contest/1779/problem/F", "codeforces:1779F"),
        ("https://atcoder.jp/contests/abc173/tasks/abc173_c?lang=en", "atcoder:abc173_c"),
        ("https://open.kattis.com/contests/x1/problems/access", "kattis:access"),
        ("https://leetcode.com/problems/two-sum/description/", "leetcode:two-sum"),
        ("https://dmoj.ca/problem/aplusb", "dmoj:aplusb"),
        ("https://example.org/a%20b/?id=3", "example.org:a b?id=3"),
    ],
)
def test_identifiers(url: str, identifier: str) -> None:
    assert problem_identifier(url)[1] == identifier


_OJ = {
    "status": "ok",
    "messages": [],
    "result": {
        "url": "https://atcoder.jp/contests/abc173/tasks/abc173_c",
        "name": "H and V",
        "context": {
            "contest": {"url": "https://atcoder.jp/contests/abc173", "name": "ABC 173"},
            "alphabet": "C",
        },
        "memoryLimit": 1024,
        "timeLimit": 2000,
        "tests": [
            {"name": "sample-1", "input": "1\n", "output": "2\n"},
            {"name": "01_random.txt", "input": "3\n", "output": "4\n"},
        ],
    },
}


def _page(url: str, body: bytes, content_type: str) -> Iterator[Problem | ProblemRejection]:
    """A parser of pages whose body is their statement."""
    if body == b"broken":
        raise LookupError("no statement here")
    identifier = problem_identifier(url)[1]
    yield Problem(
        identifier,
        "T",
        Source("s", "page", url),
        Rights(owner="O"),
        "stdio",
        statement_markdown=body.decode(),
    )


def test_oj_api(tmp_path: Path) -> None:
    path = written(tmp_path, {"p.json": json.dumps(_OJ)}) / "p.json"
    assert recognise(path).name == "oj-api"
    problem = only(read_oj_api(path, _page))
    assert (problem.problem_id, problem.title, problem.source.contest) == (
        "atcoder:abc173_c",
        "H and V",
        "ABC 173",
    )
    assert [(test.kind, test.input) for test in problem.tests] == [("example", "1\n"), ("secret", "3\n")]
    assert problem.limits.time_seconds == 2.0 and problem.statement_markdown == ""


def test_oj_api_with_the_page(tmp_path: Path) -> None:
    result = {**_OJ["result"], "raw": {"html": "The statement"}}  # type: ignore[dict-item]
    path = written(tmp_path, {"p.json": json.dumps({**_OJ, "result": result})}) / "p.json"
    problem = only(read_oj_api(path, _page))
    assert problem.statement_markdown == "The statement" and problem.rights.owner == "O"
    assert problem.title == "H and V" and len(problem.tests) == 2


def test_oj_api_failures(tmp_path: Path) -> None:
    failed = {"status": "error", "messages": ["HTTP 403"], "result": None}
    (rejection,) = rejections(
        read_oj_api(written(tmp_path, {"p.json": json.dumps(failed)}) / "p.json", _page)
    )
    assert (rejection.reason, rejection.detail) == ("not_ok", "HTTP 403")


def _warc(path: Path, *pages: tuple[str, str, str, bytes], packed: bool = True) -> Path:
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=packed)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "test"}))
        for url, status, kind, body in pages:
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=headers)
            )
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_warc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setattr(warc_pages, "MAX_PAGE_BYTES", 1000)
    path = _warc(
        tmp_path / ("p.warc.gz" if packed else "p.warc"),
        ("https://dmoj.ca/problem/a", "200 OK", "text/html; charset=utf-8", b"one"),
        ("https://dmoj.ca/problem/b", "403 Forbidden", "text/html", b"no"),
        ("https://dmoj.ca/problem/c", "200 OK", "image/png", b"png"),
        ("https://dmoj.ca/problem/d", "200 OK", "text/html", b"broken"),
        ("https://dmoj.ca/problem/e", "200 OK", "application/json", b"two"),
        ("https://dmoj.ca/problem/f", "200 OK", "text/html", b"x" * 1001),
        packed=packed,
    )
    assert recognise(path).name == "warc"
    found = list(read_warc(path, _page))
    outcomes = [getattr(item, "reason", item.problem_id) for item in found]
    assert outcomes == ["dmoj:a", "not_a_page", "not_a_page", "malformed", "dmoj:e", "file_too_large"]
    assert rejections(found)[0].problem_id == "page:https://dmoj.ca/problem/b"


def test_a_warc_file_that_is_cut_off_gives_what_comes_before(tmp_path: Path) -> None:
    pages = [
        (f"https://dmoj.ca/problem/p{n}", "200 OK", "text/html", bytes([n]) * 50_000) for n in range(65, 70)
    ]
    path = _warc(tmp_path / "p.warc", *pages, packed=False)
    path.write_bytes(path.read_bytes()[:120_000])
    found = list(read_warc(tmp_path, _page))
    assert isinstance(found[0], Problem) and found[0].problem_id == "dmoj:p65"
    damaged = _warc(tmp_path / "q.warc.gz", *pages)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    assert "damaged_archive" in [item.reason for item in rejections(read_warc(damaged, _page))]
