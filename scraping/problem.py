"""The problem record: what every archive and every site is read into, before any of it becomes a task."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from tasks.record import OutputChecker, TestCase

SCHEMA_VERSION = 1

InputOutputMode = Literal["function", "class", "stdio", "file", "interactive", "answer_only"]
Permission = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Source:
    """Where a problem was found. ``adapter`` is the importer or site adapter that read it."""

    site: str
    adapter: str
    url: str | None = None
    contest: str | None = None
    index: str | None = None
    file: str | None = None
    revision: str | None = None
    retrieved_at: str | None = None
    content_sha256: str | None = None


@dataclass(frozen=True)
class Rights:
    """Whose the statement is, and what its owner allows.

    ``license`` is an SPDX expression, or None where none is declared. ``redistribution`` and ``training``
    are "unknown" unless the licence or the terms say so.
    """

    license: str | None = None
    owner: str | None = None
    terms_url: str | None = None
    redistribution: Permission = "unknown"
    training: Permission = "unknown"
    note: str = ""


@dataclass(frozen=True)
class Sections:
    """A statement by its parts, in Markdown; empty where it has no such part."""

    legend: str = ""
    input: str = ""
    output: str = ""
    constraints: str = ""
    notes: str = ""
    interaction: str = ""


@dataclass(frozen=True)
class ProblemLimits:
    """What a solution may use. ``input_file`` and ``output_file`` take the place of the streams."""

    time_seconds: float | None = None
    memory_bytes: int | None = None
    input_file: str | None = None
    output_file: str | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter with its type as a Python annotation, such as ``list[int]``; empty when unknown."""

    name: str
    type: str = ""


@dataclass(frozen=True)
class Signature:
    """What a solution has to define. ``starter_code`` is the site's own stub, where it has one."""

    name: str
    parameters: list[Parameter]
    returns: str = ""
    starter_code: str = ""
    origin: Literal["snippet", "canonical", "source", "inferred", "fallback"] = "snippet"


@dataclass(frozen=True)
class ProblemTest:
    """One test of a problem: texts of a program's streams, or a call with its outcome (``case``).

    ``output`` is None where it is not known. ``truncated``: the site cut the input or the output.
    ``validated_by`` names what agreed with it: input validators, solutions.
    """

    __test__ = False  # pytest: this is no test class

    kind: Literal["example", "secret", "extracted", "generated"]
    name: str = ""
    input: str = ""
    output: str | None = None
    case: TestCase | None = None
    explanation: str = ""
    truncated: bool = False
    validated_by: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class AnswerChecker:
    """How an answer is told to be right.

    ``tokens``, ``lines`` and ``exact`` as in `tasks.record.StdioTest`; ``unordered``: the same lines, or
    items of a returned list, in any order; ``set``: as sets; ``program``: what the package's own validator
    says; ``pending``: several answers are right, and nothing tells which. With tolerances, numbers that
    are close enough are equal. ``evidence`` tells where this was read (``problem.yaml: validator_flags``).
    """

    kind: Literal["exact", "lines", "tokens", "unordered", "set", "program", "pending"] = "tokens"
    relative_tolerance: float | None = None
    absolute_tolerance: float | None = None
    case_sensitive: bool = False
    program: OutputChecker | None = None
    evidence: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Solution:
    """A program that somebody wrote for the problem.

    ``claimed`` is what the source says of it, ``local`` what our own judge found. ``language`` is a name such
    as ``python3``, ``cpp``, ``c``, ``java``. ``files`` maps names to texts; most have one.
    """

    name: str
    language: str
    files: dict[str, str]
    claimed: str = "accepted"
    local: str | None = None
    license: str | None = None
    url: str | None = None

    @property
    def code(self) -> str:
        """The text of a solution of one file."""
        (text,) = self.files.values()
        return text


@dataclass(frozen=True)
class Image:
    """A picture of the statement."""

    url: str
    alternative_text: str = ""


@dataclass(frozen=True)
class InputValidator:
    """A program that tells whether an input is legal: exit status 42 (Kattis), input on its stdin."""

    language: str
    files: dict[str, str]
    arguments: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    """A contest or interview problem as its source tells it, with nothing judged yet.

    ``problem_id`` is ``site:identifier`` and stays the same between retrievals. ``language`` is the ISO 639-1
    code of the statement's language. ``tests_dropped`` counts, by reason, the tests of the source that cannot
    be written as data and are not in ``tests``.
    """

    problem_id: str
    title: str
    source: Source
    rights: Rights
    mode: InputOutputMode
    statement_html: str = ""
    statement_markdown: str = ""
    sections: Sections = field(default_factory=Sections)
    language: str = "en"
    limits: ProblemLimits = field(default_factory=ProblemLimits)
    signature: Signature | None = None
    tests: list[ProblemTest] = field(default_factory=list)
    checker: AnswerChecker = field(default_factory=AnswerChecker)
    solutions: list[Solution] = field(default_factory=list)
    input_validators: list[InputValidator] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    difficulty: str | None = None
    published_at: str | None = None
    tests_dropped: dict[str, int] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def examples(self) -> list[ProblemTest]:
        """The tests that the statement shows."""
        return [test for test in self.tests if test.kind == "example"]

    def with_tests(self, tests: list[ProblemTest]) -> Problem:
        """This problem with other tests."""
        return replace(self, tests=tests)


@dataclass(frozen=True)
class ProblemRejection:
    """A problem, or what should have been one, that became no task: kept and counted, with its reason.

    ``stage`` is the step that lost it: ``read``, ``statement``, ``examples``, ``reference``, ``function``,
    ``checker`` or ``tests``. ``where`` is its file and line, or its URL.
    """

    problem_id: str
    where: str
    stage: str
    reason: str
    detail: str = ""


def rejected(problem: Problem, stage: str, reason: str, detail: str = "") -> ProblemRejection:
    """The rejection of a problem that could be read, with where it stands."""
    where = problem.source.file or problem.source.url or problem.problem_id
    return ProblemRejection(problem.problem_id, where, stage, reason, detail)
