"""LeetCode: questions through its GraphQL interface."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from scraping.problem import Problem, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.leetcode_question import example_nodes, is_class, question_examples, question_signature
from scraping.sites.page import Page, member
from scraping.sites.site import NotOffered, Site

_ENDPOINT = "https://leetcode.com/graphql"
_QUESTION = """
query question($titleSlug: String!) {
  question(titleSlug: $titleSlug) {
    questionId questionFrontendId title titleSlug content difficulty isPaidOnly categoryTitle
    exampleTestcases sampleTestCase metaData topicTags { slug } codeSnippets { langSlug code }
  }
}
"""
_LIST = """
query list($skip: Int, $limit: Int) {
  questionList(categorySlug: "", limit: $limit, skip: $skip, filters: {}) { data { titleSlug isPaidOnly } }
}
"""
_MOST = 10_000


class LeetCode(Site):
    """Questions that ask for a function, with the signature; those of SQL and shell are none."""

    name = "leetcode"
    policy = SitePolicy(
        minimal_interval_seconds=5.0,
        terms_url="https://leetcode.com/terms/",
        rights=Rights(owner="LeetCode LLC", terms_url="https://leetcode.com/terms/", redistribution="no"),
        notes="There is no official interface; the terms are taken as not allowing automatic retrieval. Meant"
        " for answers that were saved by a person.",
    )
    addresses = (
        r"leetcode\.com/problems/(?P<problem>[\w-]+)(?:/description)?",
        r"leetcode\.com/graphql",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """All questions, in one answer."""
        return [] if contest else [_request(_LIST, {"skip": 0, "limit": _MOST})]

    def listing(self, page: Page) -> Listing:
        """All questions that are free."""
        entries = member(page.json, "data", "questionList", "data")
        free = [entry["titleSlug"] for entry in entries if not entry.get("isPaidOnly")]
        return Listing([f"https://leetcode.com/problems/{slug}/" for slug in free])

    def requests(self, reference: str) -> list[PageRequest]:
        """The question's GraphQL query."""
        return [_request(_QUESTION, {"titleSlug": self.identifier(reference)})]

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The question of an answer."""
        question = member(page.json, "data", "question")
        if question is None:
            raise NotOffered("not_found")
        yield self.question(question, page)

    def question(self, question: dict[str, Any], page: Page) -> Problem:
        """The problem of a ``question``; raises `MarkupChanged` and `NotOffered`."""
        html = member(question, "content")
        if not html:
            raise NotOffered("paid_only" if question.get("isPaidOnly") else "empty_statement")
        signature = question_signature(question)
        if signature is None and not is_class(question):
            raise NotOffered("no_function", str(question.get("categoryTitle") or ""))
        slug = question.get("titleSlug") or self._slug(page, question)
        inputs = question.get("exampleTestcases") or question.get("sampleTestCase") or ""
        tests = question_examples(html, inputs, signature)
        if not tests:
            raise MarkupChanged("pre or div.example-block with Input and Output")
        return self.problem(
            page,
            slug,
            question.get("title") or slug.replace("-", " ").title(),
            html,
            _without_examples(html),
            url=f"https://leetcode.com/problems/{slug}/",
            index=question.get("questionFrontendId"),
            mode="class" if signature is None else "function",
            signature=signature,
            tests=tests,
            tags=[tag["slug"] for tag in question.get("topicTags") or []],
            difficulty=question.get("difficulty"),
        )

    def _slug(self, page: Page, question: dict[str, Any]) -> str:
        """The slug of an answer that does not repeat it: from the address, else from the function's name."""
        match = self._address(page.url)
        if match and match.groupdict().get("problem"):
            return match["problem"]
        name = json.loads(question["metaData"])["name"]
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def _request(query: str, variables: dict[str, Any]) -> PageRequest:
    body = json.dumps({"query": " ".join(query.split()), "variables": variables}, sort_keys=True)
    return PageRequest(_ENDPOINT, "POST", body, {"Content-Type": "application/json"})


def _without_examples(html: str) -> str:
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    for node in example_nodes(body):
        node.decompose()
    return body.inner_html or ""
