"""A question of LeetCode as its GraphQL interface answers it: signature, examples and statement."""

from __future__ import annotations

import json
import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraping.archives.leetcode_values import annotation_of
from scraping.problem import Parameter, ProblemTest, Signature
from scraping.sites.adapter import MarkupChanged
from scraping.statements.markdown import preformatted_text
from scraping.statements.plain_text import unmarked
from tasks.record import Expected, TestCase

_NODES = re.compile(r"\b(ListNode|TreeNode)\b")
_JSON_TYPE = re.compile(r"(?:list\[)*(?:int|float|bool|str)\]*")
_PARTS = re.compile(
    r"(?:\*\*)?Input:?(?:\*\*)?:?\s*(?P<input>.*?)\s*(?:\*\*)?Output:?(?:\*\*)?:?\s*(?P<output>.*?)"
    r"(?:\s*(?:\*\*)?Expla(?:nation|ination):?(?:\*\*)?:?\s*(?P<explanation>.*))?\s*",
    re.DOTALL,
)


def python_type(name: str) -> str:
    """A type of LeetCode's (``integer[][]``, ``list<string>``) as a Python annotation; itself if unknown."""
    return _NODES.sub(r"\1 | None", annotation_of(name))


def question_signature(question: dict[str, Any]) -> Signature | None:
    """The function that ``metaData`` describes; None for a class to design or a language without one."""
    try:
        described = json.loads(question.get("metaData") or "{}")
    except ValueError:
        raise MarkupChanged("metaData as JSON") from None
    if "name" not in described or "classname" in described or "params" not in described:
        return None
    parameters = [Parameter(entry["name"], python_type(entry["type"])) for entry in described["params"]]
    returns = python_type((described.get("return") or {}).get("type", ""))
    return Signature(described["name"], parameters, returns, _python_stub(question), "snippet")


def is_class(question: dict[str, Any]) -> bool:
    """Whether the question asks for a class with methods."""
    return '"classname"' in (question.get("metaData") or "")


def _python_stub(question: dict[str, Any]) -> str:
    snippets = question.get("codeSnippets")
    if not snippets and question.get("codeDefinition"):
        snippets = [
            {"langSlug": entry["value"], "code": entry["defaultCode"]}
            for entry in json.loads(question["codeDefinition"])
        ]
    by_language = {entry["langSlug"]: entry["code"] for entry in snippets or []}
    stub: str = by_language.get("python3") or by_language.get("python") or ""
    return stub.replace("\r\n", "\n")


def example_nodes(body: LexborNode) -> list[LexborNode]:
    """The elements of a statement that show examples, in either of the two forms that are in use."""
    return [
        node
        for node in body.css("pre, div.example-block")
        if _PARTS.fullmatch(_example_text(node).strip()) is not None
    ]


def question_examples(html: str, inputs: str, signature: Signature | None) -> list[ProblemTest]:
    """The examples of a statement, as calls where ``inputs`` and types allow.

    ``inputs`` has one argument a line, as ``exampleTestcases``; the expected values are only in the
    statement. An example that is no call keeps the statement's own wording.
    """
    body = LexborHTMLParser(html).body
    if body is None:
        return []
    lines = [line for line in inputs.replace("\r\n", "\n").split("\n") if line.strip()]
    count = len(signature.parameters) if signature else 0
    tests = []
    for number, node in enumerate(example_nodes(body)):
        match = _PARTS.fullmatch(_example_text(node).strip())
        if match is None:
            continue
        arguments = lines[number * count : (number + 1) * count]
        case = _case(signature, arguments, match["output"]) if signature and len(arguments) == count else None
        tests.append(
            ProblemTest(
                "example",
                str(number + 1),
                "\n".join(arguments) or match["input"],
                match["output"],
                case,
                (match["explanation"] or "").strip(),
            )
        )
    return tests


def _example_text(node: LexborNode) -> str:
    if node.tag == "pre":
        return preformatted_text(node)
    return "\n".join(unmarked(preformatted_text(child)).strip() for child in node.iter())


def _case(signature: Signature, arguments: list[str], output: str) -> TestCase | None:
    types = [parameter.type for parameter in signature.parameters]
    if not all(_JSON_TYPE.fullmatch(type_) for type_ in [*types, signature.returns]):
        return None
    try:
        values = [_value(text, type_) for text, type_ in zip(arguments, types, strict=True)]
        expected = _value(output, signature.returns)
    except ValueError:
        return None
    return TestCase(values, {}, Expected("returned", expected), origin="example")


def _value(text: str, type_: str) -> Any:
    """An argument or a result as JSON; raises ValueError for what is not of its type.

    A text or a character may stand without quotes.
    """
    try:
        value = json.loads(text)
    except ValueError:
        if type_ != "str" or "\n" in text or text.startswith('"'):
            raise
        value = text
    return _typed(value, type_)


def _typed(value: Any, type_: str) -> Any:
    if type_.startswith("list["):
        if not isinstance(value, list):
            raise ValueError(f"no list: {value!r}")
        return [_typed(item, type_[5:-1]) for item in value]
    if type_ == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type_ == "str" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if type(value).__name__ != type_:
        raise ValueError(f"no {type_}: {value!r}")
    return value
