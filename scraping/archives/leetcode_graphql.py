"""Answers of LeetCode's GraphQL interface to ``question(titleSlug)``, as JSON files or lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scraping.archives.leetcode_examples import (
    PrintedExample,
    checker_of_statement,
    examples_of_html,
    require_plain_values,
    tests_of_examples,
)
from scraping.archives.leetcode_values import annotation_of
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problem_or_rejection
from scraping.archives.tables import is_table, read_rows
from scraping.problem import Parameter, Problem, ProblemRejection, Rights, Signature, Source
from scraping.statements.markdown import html_to_markdown, statement_images
from scraping.statements.sections import split_sections


def read_leetcode_graphql(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The questions of a JSON file, of JSON lines, or of all JSON files in a folder.

    Identifiers are ``leetcode:SLUG``. Questions that are for payment have no content and are rejected, as
    are classes to design, and linked nodes.
    """
    if path.is_file() and is_table(path):
        for row in read_rows(path):
            yield _outcome(row.content, row.where, row.where)
        return
    folder = ArchiveFolder(path if path.is_dir() else path.parent)
    for file in folder.files(path, "*.json", "*.json.*") if path.is_dir() else [path]:
        name = folder.name(file)
        try:
            content = json.loads(folder.read_text(file))
        except (UnusableProblem, ValueError, RecursionError) as error:
            yield ProblemRejection(f"leetcode:{name}", str(file), "read", "malformed", str(error)[:300])
        else:
            yield _outcome(content, name, str(file))


def _outcome(content: Any, name: str, where: str) -> Problem | ProblemRejection:
    question = question_of(content)
    slug = str(question.get("titleSlug") or Path(name).name.partition(".json")[0])
    return problem_or_rejection(f"leetcode:{slug}", where, lambda: _problem(question, slug, name))


def question_of(content: Any) -> dict[str, Any]:
    """The question in an answer, empty where it is none."""
    for key in ("data", "question"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    known = isinstance(content, dict) and ("metaData" in content or "content" in content)
    return content if known else {}


def _problem(question: dict[str, Any], slug: str, name: str) -> Problem:
    if not question:
        raise UnusableProblem("not_a_question", name)
    html = question.get("content")
    if not html:
        raise UnusableProblem(
            "paid_only" if question.get("isPaidOnly") else "no_statement", slug, stage="statement"
        )
    signature = _signature(question)
    require_plain_values(signature)
    examples = examples_of_html(html)
    tests, dropped = tests_of_examples(examples, signature)
    if len(tests) < len(examples):
        again, dropped_again = tests_of_examples(_with_inputs(question, examples, signature), signature)
        if len(again) > len(tests):
            tests, dropped = again, dropped_again
    if not tests:
        raise UnusableProblem("no_readable_example", f"{len(examples)} printed; {dropped}", stage="examples")
    markdown = html_to_markdown(html)
    number = question.get("questionFrontendId") or question.get("questionId")
    return Problem(
        problem_id=f"leetcode:{slug}",
        title=str(question.get("title") or slug),
        source=Source(
            "leetcode",
            "leetcode_graphql",
            f"https://leetcode.com/problems/{slug}/",
            index=str(number) if number else None,
            file=name,
        ),
        rights=Rights(owner="LeetCode", terms_url="https://leetcode.com/terms/"),
        mode="function",
        statement_html=html,
        statement_markdown=markdown,
        sections=split_sections(markdown),
        signature=signature,
        tests=tests,
        checker=checker_of_statement(markdown, signature.returns),
        images=statement_images(html, "https://leetcode.com/"),
        tags=[str(tag.get("slug")) for tag in question.get("topicTags") or []],
        difficulty=question.get("difficulty") or None,
        tests_dropped=dropped,
    )


def _signature(question: dict[str, Any]) -> Signature:
    """The signature by ``metaData``, with the site's own stub."""
    meta = json.loads(question.get("metaData") or "{}")
    if "classname" in meta or meta.get("systemdesign"):
        raise UnusableProblem("design_class", str(meta.get("classname", "")), stage="function")
    if "name" not in meta or "return" not in meta:
        raise UnusableProblem("no_signature", str(sorted(meta)), stage="function")
    parameters = [Parameter(item["name"], annotation_of(item["type"])) for item in meta.get("params", [])]
    return Signature(
        meta["name"], parameters, annotation_of(meta["return"]["type"]), _stub(question), "snippet"
    )


def _stub(question: dict[str, Any]) -> str:
    snippets = question.get("codeSnippets") or json.loads(question.get("codeDefinition") or "[]")
    for snippet in snippets:
        if (snippet.get("langSlug") or snippet.get("value")) == "python3":
            return str(snippet.get("code") or snippet.get("defaultCode") or "").replace("\r\n", "\n")
    return ""


def _with_inputs(
    question: dict[str, Any], examples: list[PrintedExample], signature: Signature
) -> list[PrintedExample]:
    """The examples with the inputs of ``exampleTestcases``, which has an argument on each line."""
    text = question.get("exampleTestcases") or question.get("sampleTestCase") or ""
    lines = text.replace("\r\n", "\n").split("\n")
    names = [parameter.name for parameter in signature.parameters]
    if not names or len(lines) % len(names):
        return []
    inputs = [
        ", ".join(f"{name} = {value}" for name, value in zip(names, lines[start:], strict=False))
        for start in range(0, len(lines), len(names))
    ]
    return [
        PrintedExample(given, example.output, example.explanation)
        for given, example in zip(inputs, examples, strict=False)
    ]
