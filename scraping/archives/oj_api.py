"""JSON that ``oj-api get-problem`` of online-judge-tools prints.

Source: schema in ``onlinejudge_api/get_problem.py`` of online-judge-tools/api-client.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from scraping.archives.identifiers import problem_identifier
from scraping.archives.page_parser import PageParser, parse_page
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import stream_tests
from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights, Source


def read_oj_api(path: Path, parse: PageParser = parse_page) -> Iterator[Problem | ProblemRejection]:
    """The problems of a JSON file, or of all those in a folder.

    Where the answer holds the page (``--full``), that is parsed too, and gives what the rest has not.
    Answers with ``status`` other than ``ok`` are rejected with their messages. System tests are secret
    ones.
    """
    folder = ArchiveFolder(path if path.is_dir() else path.parent)
    for file in folder.files(path, "*.json") if path.is_dir() else [path]:
        name = folder.name(file)
        yield problem_or_rejection(
            f"oj-api:{name}",
            str(file),
            lambda file=file, name=name: _problem(json.loads(folder.read_text(file)), name, parse),  # type: ignore[misc]
        )


def _problem(content: dict[str, Any], file: str, parse: PageParser) -> Problem:
    if content.get("status") != "ok":
        raise UnusableProblem("not_ok", "; ".join(map(str, content.get("messages") or []))[:300])
    result = content["result"]
    url = str(result["url"])
    site, identifier = problem_identifier(url)
    context = result.get("context") or {}
    contest = context.get("contest") or {}
    samples: list[tuple[str, str]] = []
    system: list[tuple[str, str]] = []
    for test in result.get("tests") or []:
        pair = str(test["input"]), str(test["output"])
        is_sample = str(test.get("name") or "sample").lower().startswith("sample")
        (samples if is_sample else system).append(pair)
    problem = Problem(
        problem_id=identifier,
        title=str(result.get("name") or ""),
        source=Source(
            site, "oj_api", url, contest=contest.get("name"), index=context.get("alphabet"), file=file
        ),
        rights=Rights(note="the statement's owner is the site's author"),
        mode="stdio",
        limits=ProblemLimits(
            float(result["timeLimit"]) / 1000 if result.get("timeLimit") else None,
            int(result["memoryLimit"] * 2**20) if result.get("memoryLimit") else None,
        ),
        tests=stream_tests(samples, "example", "sample") + stream_tests(system, "secret", "system"),
    )
    html = (result.get("raw") or {}).get("html")
    return _with_page(problem, html, parse) if isinstance(html, str) else problem


def _with_page(problem: Problem, html: str, parse: PageParser) -> Problem:
    """The problem with the statement of its page; the page's own tests count where there are no others."""
    for found in parse(problem.source.url or "", html.encode(), "text/html; charset=utf-8"):
        if isinstance(found, Problem) and found.problem_id in (problem.problem_id, ""):
            return replace(
                found,
                title=problem.title or found.title,
                source=problem.source,
                tests=problem.tests or found.tests,
                limits=problem.limits if problem.limits.time_seconds else found.limits,
            )
    return problem
