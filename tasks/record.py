"""The canonical record: a task, its test cases, where it came from and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.equality import EXACT, Comparator
from tasks.text_comparison import TextKind

SCHEMA_VERSION = 1

EncodedValue = Any
"""What `tasks.value_encoding.encode` returns: the JSON form of one Python value."""


@dataclass(frozen=True)
class Expected:
    """The outcome of a call: what it returned, yielded or raised.

    ``value`` is the encoded return value, or the list of encoded yielded values. ``exhausted``
    tells, for a generator, whether the values are all that it yields or only the first ones.
    ``exception`` is ``module:qualified.name`` of the raised class. ``arguments_after`` holds the
    positional arguments as the call left them, where it changed any. ``source`` tells whether the traced
    program showed the outcome or, where it could not be recorded, the reference solution's first replay;
    ``pending`` is one that no replay has told yet.
    """

    kind: Literal["returned", "yielded", "raised"]
    value: EncodedValue = None
    exhausted: bool = True
    exception: str | None = None
    arguments_after: list[EncodedValue] | None = None
    source: Literal["recorded", "replayed", "pending"] = "recorded"


@dataclass(frozen=True)
class TestCase:
    """One call with its expected outcome. Tests are data, not code.

    ``pickled`` (base64) takes the place of both kinds of arguments where these have no encoding. It was
    made in the traced program and is opened in a sandbox where the project is installed, nowhere else.
    """

    __test__ = False  # pytest: this is no test class

    arguments: list[EncodedValue]
    keyword_arguments: dict[str, EncodedValue]
    expected: Expected
    comparator: Comparator = EXACT
    origin: Literal["traced", "example", "extracted", "generated"] = "traced"
    pickled: str | None = None


@dataclass(frozen=True)
class OutputChecker:
    """A program that tells whether an output is right, where several are. It runs in a sandbox only.

    ``files`` maps names to texts, ``entry`` is the one that is run or compiled. ``protocol``: ``kattis`` gets
    the paths of input, answer and a folder as arguments and the output on its stdin, and exits with 42
    to accept and 43 to refuse; ``google`` gets the paths of input, output and answer, and exits with 0
    to accept. ``arguments`` follow those of the protocol.
    """

    language: str
    files: dict[str, str]
    entry: str
    protocol: Literal["kattis", "google"] = "kattis"
    arguments: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class StdioTest:
    """One run of a whole program: its standard input and the standard output that is expected.

    The outputs are compared as `tasks.text_comparison.TextComparison` tells, by whose names the fields go.
    """

    stdin: str
    stdout: str
    comparison: TextKind = "tokens"
    relative_tolerance: float | None = None
    absolute_tolerance: float | None = None
    case_sensitive: bool = True
    space_sensitive: bool = False


@dataclass(frozen=True)
class GeneratedDocstring:
    """That a model wrote a task's docstring: which one, and of its texts for this task which.

    ``template`` is of the prompt that it went on from. ``solved`` of ``solvers`` samples that ``solver`` drew
    from the docstring pass the task's tests.
    """

    engine: str
    model: str
    template: str
    index: int
    solver: str
    solvers: int
    solved: int


@dataclass(frozen=True)
class Provenance:
    """Where a task came from, completely enough to find it again and to know its terms.

    ``generated_docstring`` is there where the function had none and a model wrote the one in the prompt.
    """

    source_kind: Literal["project", "problem", "task_file", "generated"]
    source: str
    version: str | None = None
    url: str | None = None
    commit: str | None = None
    file: str | None = None
    line_start: int | None = None
    line_end: int | None = None
    license: str | None = None
    copyright: str | None = None
    python_version: str | None = None
    tool_version: str | None = None
    retrieved_at: str | None = None
    redistribution: Literal["yes", "no", "unknown"] = "unknown"
    training: Literal["yes", "no", "unknown"] = "unknown"
    generated_docstring: GeneratedDocstring | None = None


@dataclass(frozen=True)
class Replay:
    """One run of the reference solution in a fresh process, and what was different in it.

    ``verdicts`` has a character for each case that the task had then: ``p`` for passed, ``f`` for
    failed, in the order of the task's cases. ``clock_shift`` is in seconds.
    """

    hash_seed: int
    time_zone: str
    locale: str
    clock_shift: int
    folder: str
    umask: int
    order: Literal["given", "reversed", "shuffled"]
    project_installed: bool
    verdicts: str


@dataclass(frozen=True)
class TestStrength:
    """How much a task's tests tell, measured.

    ``mutants_killed`` of ``mutants`` variants of the reference that differ in one place fail;
    ``mutants_killed_by_examples`` by the statement's examples alone, and ``mutants_killable`` on some input
    ever tried: of the others nobody knows whether they are wrong at all. ``trivial_passed`` names the trivial
    solutions (a constant, an argument, the examples by heart) that pass. ``wrong_passed`` of ``wrong``
    programs that are known to be wrong pass, ``right_failed`` of ``right`` trusted ones fail. ``cases``
    counts the tests by origin.
    """

    __test__ = False  # pytest: this is no test class

    mutants: int = 0
    mutants_killed: int = 0
    mutants_killed_by_examples: int = 0
    mutants_killable: int | None = None
    trivial_passed: list[str] = field(default_factory=list)
    wrong: int = 0
    wrong_passed: int = 0
    right: int = 0
    right_failed: int = 0
    branch_coverage: float | None = None
    cases: dict[str, int] = field(default_factory=dict)

    @property
    def mutation_score(self) -> float | None:
        """The share of mutants that the tests kill, None where there are none."""
        return self.mutants_killed / self.mutants if self.mutants else None


@dataclass(frozen=True)
class Contamination:
    """A task of a public benchmark that this one is like, and by which layer that was seen.

    ``text``: a run of words stands in both statements; ``tree``: the same program but for its names;
    ``behaviour``: the reference answers the benchmark's own tests.
    """

    benchmark: str
    task_id: str
    layer: Literal["text", "tree", "behaviour"]
    detail: str = ""


@dataclass(frozen=True)
class Duplicate:
    """The task that this one repeats. ``similarity`` is the estimated Jaccard index of their tokens."""

    task_id: str
    kind: Literal["exact", "tree", "near"]
    similarity: float = 1.0


@dataclass(frozen=True)
class Samples:
    """What a model made of a task: ``passed`` of ``judged`` samples of ``drawn``, by ``engine``.

    ``pass_rate`` and its 95 % interval are None where drawing ended at a pass, which would make it too high.
    ``unstable`` names what the outcomes of passing samples depend on besides their arguments.
    ``diagnosis`` says why none passed.
    """

    engine: str
    drawn: int
    judged: int
    passed: int
    pass_rate: float | None = None
    pass_rate_interval: tuple[float, float] | None = None
    unstable: list[str] = field(default_factory=list)
    diagnosis: str | None = None


@dataclass(frozen=True)
class Size:
    """How much there is to read and to write, in characters and lines; ``decisions`` counts branches."""

    prompt_characters: int
    solution_characters: int
    solution_lines: int
    decisions: int
    test_characters: int


@dataclass(frozen=True)
class Evidence:
    """What was measured about a task: columns to select by, never a reason to delete silently.

    None in a column means that nobody has looked. ``unstable`` has the cases that depend on something
    besides their arguments, by what that is (`filters.stability`).
    """

    documented: bool = False
    replays: list[Replay] = field(default_factory=list)
    obstacles: dict[str, str] = field(default_factory=dict)
    dropped_decorators: list[str] = field(default_factory=list)
    cases_recorded: int = 0
    cases_dropped: dict[str, int] = field(default_factory=dict)
    distinct_outcomes: int = 0
    reference_seconds: float | None = None
    strength: TestStrength | None = None
    docstring_faults: list[str] | None = None
    contamination: list[Contamination] | None = None
    duplicate: Duplicate | None = None
    size: Size | None = None
    unstable: dict[str, list[int]] | None = None
    samples: Samples | None = None
    sandbox: str | None = None


@dataclass(frozen=True)
class Task:
    """A function to write, from its prompt, so that its tests pass.

    ``prompt`` holds imports, helpers, signature and docstring; ``canonical_solution`` the body;
    their concatenation is a module that defines ``entry_point``. ``tests`` are recorded cases;
    ``check`` is the text of an opaque ``check(candidate)`` of an imported task, else None. A task with
    ``stdio_tests`` asks for a whole program and has no entry point.
    ``test_helpers`` is source that the tests' values refer to and the program does not define.
    ``original_docstring`` keeps what the prompt's docstring had before examples were taken out.
    ``environment`` names the traced project that has to be installed for the task, with its
    ``requirements`` as installers read them; without one the task stands alone. There the solution takes
    the place of the project's own function ``replaces`` (``module:name``), wherever that is called.
    With a ``checker`` the entry point takes an input text and returns an output text, of which the
    checker says whether it is right.
    """

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    tests: list[TestCase]
    provenance: Provenance
    check: str | None = None
    stdio_tests: list[StdioTest] = field(default_factory=list)
    test_helpers: str = ""
    original_docstring: str | None = None
    environment: str | None = None
    replaces: str | None = None
    requirements: list[str] = field(default_factory=list)
    checker: OutputChecker | None = None
    evidence: Evidence = field(default_factory=Evidence)
    schema_version: int = SCHEMA_VERSION

    @property
    def program(self) -> str:
        """The reference program: prompt and canonical solution."""
        return self.prompt + self.canonical_solution


@dataclass(frozen=True)
class Rejection:
    """A candidate that became no task. It is data too: kept, counted, with its reason.

    ``stage`` is the step that lost it; ``reason`` a stable name; ``detail`` the particulars. Of a function
    that was tried both alone and with its project, ``also`` tells why it cannot stand alone.
    """

    project: str
    function: str
    file: str
    line: int
    stage: str
    reason: str
    detail: str = ""
    also: str = ""
