"""The examples of LeetCode's statements: what is printed, and the tests that it makes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from scraping.archives.leetcode_values import UnreadableValue, is_linked, read_value
from scraping.archives.python_literals import Call, NotLiteral, encoded
from scraping.archives.reading import UnusableProblem
from scraping.problem import AnswerChecker, ProblemTest, Signature
from tasks.record import Expected, TestCase

_INPUT = re.compile(r"\bInput\b\s*+:?")
_OUTPUT = re.compile(r"\bOutput\b\s*+:?")
_EXPLANATION = re.compile(r"\b(?:Explanation|Explanations|Note)\b\s*+(?:\d++)?\s*+:?")
_EXAMPLE = r"Example[^\S\n]*+\d*+[^\S\n]*+:?[^\S\n]*+$"
_IN_TEXT = re.compile(
    rf"^[^\S\n]*+{_EXAMPLE}(.*?)"
    rf"(?=^[^\S\n]*+(?:{_EXAMPLE}|Constraints?[^\S\n]*+:|Follow.?up|Note[^\S\n]*+:)|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_ANY_ORDER = re.compile(
    r"(?:return|output).{0,80}in any order|any order.{0,30}(?:is|are) (?:accepted|allowed)"
    r"|order.{0,40}(?:does not|doesn't) matter",
    re.IGNORECASE | re.DOTALL,
)
_SEVERAL = re.compile(
    r"(?:return|output|find) any\b|any (?:of them|valid|one of)"
    r"|multiple (?:valid )?(?:answers|solutions|results)|more than one (?:answer|solution|possible)"
    r"|if there are (?:multiple|several)",
    re.IGNORECASE,
)
_USUAL_TOLERANCE = 1e-5
_PLAIN_TYPES = frozenset(
    [
        "int",
        "float",
        "str",
        "bool",
        "None",
        "list",
        "List",
        "dict",
        "Dict",
        "tuple",
        "Tuple",
        "set",
        "Set",
        "Optional",
        "Union",
        "Any",
    ]
)
_TOLERANCE = re.compile(r"within\s++`?\$?10\s*+\^?\s*+\{?\s*+[-\u2212](\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class PrintedExample:
    """An example as the statement prints it."""

    input: str
    output: str
    explanation: str = ""


def examples_of_html(html: str) -> list[PrintedExample]:
    """The examples of a statement in HTML: ``pre`` blocks, since 2024 also ``example-block`` ones."""
    tree = LexborHTMLParser(html)
    texts = [node.text() for node in tree.css("pre, div.example-block")]
    return [example for text in texts if (example := _printed(text)) is not None]


def examples_of_text(text: str) -> list[PrintedExample]:
    """The examples of a statement in plain text, each under its heading ``Example 1:``."""
    found = _IN_TEXT.findall(text.replace("\r\n", "\n"))
    return [example for block in found if (example := _printed(block)) is not None]


def _printed(text: str) -> PrintedExample | None:
    text = text.replace("\xa0", " ").replace("\u200b", "")
    given = _INPUT.search(text)
    printed = _OUTPUT.search(text, given.end() + 1) if given else None
    if given is None or printed is None:
        return None
    explained = _EXPLANATION.search(text, printed.end() + 1)
    output = text[printed.end() : explained.start() if explained else len(text)].strip()
    if not output:
        return None
    explanation = text[explained.end() :] if explained else ""
    return PrintedExample(text[given.end() : printed.start()].strip(), output, explanation.strip())


def require_plain_values(signature: Signature) -> None:
    """Raises `UnusableProblem` for parameters or results that are nodes or of the site's own classes."""
    for annotation in (*(parameter.type for parameter in signature.parameters), signature.returns):
        if is_linked(annotation):
            raise UnusableProblem("linked_structure_arguments", annotation, stage="function")
        if set(re.findall(r"[A-Za-z_]\w*", annotation)) - _PLAIN_TYPES:
            raise UnusableProblem("own_class_arguments", annotation, stage="function")


def example_tests(
    examples: Iterable[PrintedExample], signature: Signature
) -> tuple[list[ProblemTest], dict[str, int]]:
    """The tests that examples make, and how many make none, by reason.

    A function that returns nothing is told by what it leaves in its first argument.
    """
    tests = []
    dropped: Counter[str] = Counter()
    for number, example in enumerate(examples, start=1):
        try:
            case = case_of_texts(assigned_texts(example.input, signature), example.output, signature)
        except (UnreadableValue, NotLiteral) as error:
            dropped[str(error)] += 1
        else:
            tests.append(
                ProblemTest("example", str(number), example.input, example.output, case, example.explanation)
            )
    return tests, dict(dropped)


def case_of_texts(arguments: Sequence[str], output: str, signature: Signature) -> TestCase:
    """The test of printed arguments and a printed result; raises `UnreadableValue` and `NotLiteral`."""
    values = [
        read_value(text, parameter.type)
        for text, parameter in zip(arguments, signature.parameters, strict=True)
    ]
    call = Call(signature.name, values, {})
    if signature.returns == "None":
        after = [read_value(output, signature.parameters[0].type), *values[1:]]
        expected = Expected("returned", None, arguments_after=[encoded(value) for value in after])
    else:
        expected = Expected("returned", encoded(read_value(output, signature.returns)))
    return TestCase([encoded(value) for value in call.arguments], {}, expected, origin="example")


def assigned_texts(text: str, signature: Signature) -> list[str]:
    """The arguments' texts out of ``nums = [2,7], target = 9``, in the parameters' order.

    Raises `UnreadableValue` where there are not as many as parameters.
    """
    names = [parameter.name for parameter in signature.parameters]
    starts = _assignments(text)
    if not starts and len(names) == 1:
        return [text.strip()]
    if len(starts) != len(names):
        raise UnreadableValue("unreadable_example")
    ends = [start for start, _, _ in starts[1:]] + [len(text)]
    values = {
        name: text[begin:end].strip().rstrip(",;").strip()
        for (_, begin, name), end in zip(starts, ends, strict=True)
    }
    if len(values) == len(names) and values.keys() == set(names):
        return [values[name] for name in names]
    if len(values) != len(names):
        raise UnreadableValue("unreadable_example")
    return list(values.values())  # other names than the parameters': in the same order


def assigned_names(text: str) -> list[str]:
    """The names that an example gives to its arguments."""
    return [name for _, _, name in _assignments(text)]


def _assignments(text: str) -> list[tuple[int, int, str]]:
    """Where ``name =`` stands outside quotes and brackets: its start, that of the value, the name."""
    found = []
    depth, quote, position = 0, "", 0
    pattern = re.compile(r"([A-Za-z_]\w{0,99})\s*+=(?!=)\s*+")
    while position < len(text):
        character = text[position]
        if quote:
            position += 1 + (character == "\\")
            quote = "" if character == quote else quote
            continue
        if character in "\"'":
            quote = character
        elif character in "[({":
            depth += 1
        elif character in "])}":
            depth -= 1
        elif (
            depth == 0
            and (match := pattern.match(text, position))
            and not text[position - 1 : position].isalnum()
        ):
            found.append((position, match.end(), match[1]))
            position = match.end()
            continue
        position += 1
    return found


def checker_of_statement(statement: str, returns: str) -> AnswerChecker:
    """What the statement says about several right answers; ``pending`` where it says that there are.

    Floats are compared within 10^-5, as LeetCode does, unless the statement names another tolerance.
    """
    statement = re.sub(r"[*_`]", "", statement)
    tolerance = _TOLERANCE.search(statement)
    if "float" in returns:
        value = 10.0 ** -int(tolerance[1]) if tolerance else _USUAL_TOLERANCE
        evidence = f"statement: {tolerance[0]}" if tolerance else "LeetCode's tolerance of floats"
        return AnswerChecker("exact", value, value, True, evidence=[evidence])
    order, several = _ANY_ORDER.search(statement), _SEVERAL.search(statement)
    if order is not None and returns.lower().startswith("list[") and several is None:
        return AnswerChecker("unordered", case_sensitive=True, evidence=[f"statement: {order[0]}"])
    if several is not None:
        return AnswerChecker("pending", case_sensitive=True, evidence=[f"statement: {several[0]}"])
    return AnswerChecker("exact", case_sensitive=True)
