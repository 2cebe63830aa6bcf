"""Tasks and rejected items as a report shows them: shortened, and chosen by their names alone."""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tasks.python_source import NotRenderable, SourceRenderer
from tasks.record import Evidence, Expected, Provenance, StdioTest, Task, TestCase
from tasks.value_encoding import to_text

_LINES = 70
_CHARACTERS = 5_000
_CASES = 6
_CASE_CHARACTERS = 300

Item = TypeVar("Item")


@dataclass(frozen=True)
class TaskExample:
    """A task, as it is shown: ``cases`` are its first tests, ``evidence`` pairs of what and how much."""

    name: str
    code: str
    cases: list[str]
    more_cases: int
    evidence: list[tuple[str, str]]
    objections: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class LostExample:
    """An item that became no task: of it there is no more than where it stands, and the particulars."""

    name: str
    where: str
    detail: str


class Choice(Generic[Item]):
    """Of items that go by, keeps those whose names have the smallest digests: the same in every order."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[tuple[int, str, str, Item]] = []

    def wants(self, name: str) -> bool:
        """Whether an item of this name would be kept as things are."""
        return len(self._kept) < self._size or -_rank(name) > self._kept[0][0]

    def add(self, name: str, item: Item) -> None:
        """Keep an item, in the place of another if there are enough."""
        entry = (-_rank(name), name, repr(item), item)  # names may be the same, items have no order
        if len(self._kept) < self._size:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    @property
    def items(self) -> list[Item]:
        """What is kept, by name."""
        return [item for _, _, _, item in sorted(self._kept, key=lambda entry: entry[1:3])]


def _rank(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:8], "big")


def task_example(task: Task, objections: dict[str, str] | None = None) -> TaskExample:
    """A task as it is shown, with what is said against it."""
    cases = [_case(case, task.entry_point) for case in task.tests[:_CASES]]
    cases += [_stdio_case(test) for test in task.stdio_tests[: _CASES - len(cases)]]
    if not cases and task.check is not None:
        cases = [shortened(task.check.strip("\n"))]
        more = 0
    else:
        more = len(task.tests) + len(task.stdio_tests) - len(cases)
    return TaskExample(
        task.task_id,
        shortened(task.program.strip("\n")),
        cases,
        more,
        _evidence(task),
        sorted((objections or {}).items()),
    )


def shortened(text: str, lines: int = _LINES, characters: int = _CHARACTERS) -> str:
    """The beginning of a text, with how much is missing."""
    kept = "\n".join(text[:characters].split("\n")[:lines])
    left = text[len(kept) :]
    if not left:
        return text
    missing = left.count("\n")
    return f"{kept}\n... {f'{missing} more lines' if missing > 1 else f'{len(left):,} more characters'}"


def one_line(text: str, characters: int = _CASE_CHARACTERS) -> str:
    """A text without line ends, cut."""
    text = " ".join(text[: characters * 4].split())
    return text if len(text) <= characters else f"{text[:characters]}..."


def _cut(text: str) -> str:
    return text if len(text) <= _CASE_CHARACTERS else f"{text[:_CASE_CHARACTERS]}..."


def _case(case: TestCase, name: str) -> str:
    if case.pickled is not None:
        call = f"{name}(<pickled>)"
    else:
        arguments = [_expression(argument) for argument in case.arguments]
        arguments += [f"{key}={_expression(value)}" for key, value in case.keyword_arguments.items()]
        call = f"{name}({_cut(', '.join(arguments))})"
    return f"{call} {_outcome(case.expected)}"


def _outcome(expected: Expected) -> str:
    if expected.kind == "raised":
        return f"raises {(expected.exception or 'Exception').removeprefix('builtins:').replace(':', '.')}"
    changed = "" if expected.arguments_after is None else ", and changes its arguments"
    told = "== " if expected.kind == "returned" else "yields "
    return f"{told}{_cut(_expression(expected.value))}{changed}"


def _expression(tree: object) -> str:
    try:
        return SourceRenderer().render(tree)
    except (NotRenderable, RecursionError):
        return to_text(tree)


def _stdio_case(test: StdioTest) -> str:
    return f"{_cut(test.stdin)!r} -> {_cut(test.stdout)!r}"


def _evidence(task: Task) -> list[tuple[str, str]]:
    evidence = task.evidence
    rows = [
        ("from", _origin(task.provenance)),
        ("licence", "; ".join(filter(None, (task.provenance.license, task.provenance.copyright)))),
        ("needs", f"the project {task.environment}" if task.environment else ""),
        ("tests", _tests(task)),
        ("replays", _replays(evidence)),
        ("strength", _strength(evidence)),
        ("samples", _samples(evidence)),
        ("like", _alike(evidence)),
    ]
    return [(label, one_line(text)) for label, text in rows if text]


def _origin(provenance: Provenance) -> str:
    name = " ".join(filter(None, (provenance.source, provenance.version)))
    commit = f"commit {provenance.commit[:12]}" if provenance.commit else ""
    place = provenance.file or ""
    if place and provenance.line_start is not None:
        place += f":{provenance.line_start}-{provenance.line_end}"
    return ", ".join(filter(None, (name, commit, place, provenance.url)))


def _tests(task: Task) -> str:
    origins = dict.fromkeys(case.origin for case in task.tests)
    parts = [f"{sum(case.origin == origin for case in task.tests)} {origin}" for origin in origins]
    if task.stdio_tests:
        parts.append(f"{len(task.stdio_tests)} of whole programs")
    if task.check is not None:
        parts.append("a check text")
    if task.evidence.distinct_outcomes:
        parts.append(f"{task.evidence.distinct_outcomes} different outcomes")
    return ", ".join(parts)


def _replays(evidence: Evidence) -> str:
    if not evidence.replays:
        return ""
    installed = sum(replay.project_installed for replay in evidence.replays)
    zones = len({replay.time_zone for replay in evidence.replays})
    seeds = len({replay.hash_seed for replay in evidence.replays})
    return f"{len(evidence.replays)}, {installed} with the project; {seeds} hash seeds, {zones} time zones"


def _strength(evidence: Evidence) -> str:
    strength = evidence.strength
    if strength is None:
        return ""
    parts = [f"{strength.mutants_killed} of {strength.mutants} mutants killed"]
    if strength.branch_coverage is not None:
        parts.append(f"branch coverage {strength.branch_coverage:.0%}")
    if strength.trivial_passed:
        parts.append(f"trivial solutions pass: {', '.join(strength.trivial_passed)}")
    if strength.wrong:
        parts.append(f"{strength.wrong_passed} of {strength.wrong} wrong programs pass")
    return "; ".join(parts)


def _samples(evidence: Evidence) -> str:
    samples = evidence.samples
    if samples is None:
        return ""
    text = f"{samples.passed} of {samples.judged} judged passed, {samples.drawn} drawn from {samples.engine}"
    if samples.pass_rate is not None:
        text += f"; pass rate {samples.pass_rate:.2f}"
    return text + (f"; {samples.diagnosis}" if samples.diagnosis else "")


def _alike(evidence: Evidence) -> str:
    found = [f"{each.benchmark} {each.task_id} ({each.layer})" for each in evidence.contamination or ()]
    if evidence.duplicate:
        found.append(f"{evidence.duplicate.task_id} ({evidence.duplicate.kind} duplicate)")
    return ", ".join(found)
