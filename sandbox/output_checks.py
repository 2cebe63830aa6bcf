"""Checkers of problems, run in a sandbox: programs that tell whether an output is right where several are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.inside import google_judge
from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter, find_interpreter
from sandbox.program_build import CannotBuild, DoesNotCompile, ProgramBuilder, ProgramSource
from sandbox.program_runs import ProgramLimits, ProgramResult, ProgramRun, run_program
from tasks.record import OutputChecker

ACCEPT, REFUSE = 42, 43
"""Exit statuses of a Kattis output validator; all others say that it failed itself."""

_LIMITS = ProgramLimits(cpu_seconds=60.0, memory_bytes=2 * 2**30, output_bytes=2**20)
_INPUT, _ANSWER, _OUTPUT, _FEEDBACK = "input", "answer", "output", "feedback"
_MESSAGE = f"{_FEEDBACK}/judgemessage.txt"
_INVALID, _JUDGE_ERROR = "status: INVALID", "JUDGE_ERROR"
"""What those of Google's judges write that end with status 0 in any case."""
_GOOGLE_DRIVER = "codexsft_google_judge.py"


@dataclass(frozen=True)
class CheckedOutput:
    """What a checker is asked: the test's input, its own answer, and the output that a program gave."""

    input: str
    answer: str
    output: bytes


@dataclass(frozen=True)
class CheckResult:
    """What it said; ``accepted`` is None where it failed itself, and ``detail`` is its message, or why."""

    accepted: bool | None
    detail: str = ""


@dataclass
class OutputChecks:
    """Runs checkers, each built once, all outputs of one program in a sandbox of their own.

    So what an output does to a checker that is written carelessly spoils verdicts on the same program only.
    ``find_backend`` gives one that runs whole commands; it is called at the first use, for few tasks have a
    checker. ``cache`` keeps what was built.
    """

    find_backend: Callable[[], Sandbox]
    interpreter: Interpreter | None = None
    cache: Path | None = None
    _builder: ProgramBuilder | None = None
    _refusal: SandboxUnavailable | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Remove what was built, unless it is kept."""
        if self._builder:
            self._builder.close()

    def check(self, checker: OutputChecker, outputs: Sequence[CheckedOutput]) -> list[CheckResult]:
        """What the checker says of each output. Faults of the checker or the machine are results too."""
        if not outputs:
            return []
        try:
            builder = self.builder()
            program = builder.build(_source(checker))
        except (SandboxUnavailable, CannotBuild) as error:
            return [CheckResult(None, str(error))] * len(outputs)
        except DoesNotCompile as error:
            return [CheckResult(None, f"the checker does not compile: {error}")] * len(outputs)
        runs = [_run(checker, output) for output in outputs]
        results = run_program(builder.backend, builder.interpreter, program, runs, _LIMITS)
        return [_read(checker, result) for result in results]

    def builder(self) -> ProgramBuilder:
        """What builds the checkers, for other programs too; raises `SandboxUnavailable`."""
        with self._lock:
            if self._refusal:
                raise self._refusal
            if self._builder is None:
                interpreter = self.interpreter or find_interpreter()
                try:
                    self._builder = ProgramBuilder(self.find_backend(), interpreter, self.cache)
                except SandboxUnavailable as error:
                    self._refusal = error  # to try them all takes seconds
                    raise
            return self._builder


def _source(checker: OutputChecker) -> ProgramSource:
    if not _asked_in_python(checker):
        return ProgramSource(checker.language, checker.files, checker.entry)
    driver = Path(google_judge.__file__).read_text(encoding="utf-8")
    return ProgramSource("python3", {**checker.files, _GOOGLE_DRIVER: driver}, _GOOGLE_DRIVER)


def _asked_in_python(checker: OutputChecker) -> bool:
    """Whether the checker is called as a function, for its exit status does not tell errors of its own."""
    return checker.protocol == "google" and checker.language == "python3"


def _run(checker: OutputChecker, output: CheckedOutput) -> ProgramRun:
    files = {_INPUT: output.input.encode(), _ANSWER: output.answer.encode()}
    if checker.protocol == "kattis":
        arguments = (_INPUT, _ANSWER, f"{_FEEDBACK}/", *checker.arguments)
        return ProgramRun(output.output, arguments, files, (_FEEDBACK,), _MESSAGE)
    arguments = (_INPUT, _OUTPUT, _ANSWER, *checker.arguments)
    if _asked_in_python(checker):
        arguments = (checker.entry, *arguments)
    elif "argv[4]" in checker.files.get(checker.entry, ""):
        arguments += (_MESSAGE,)  # some want a file for their message, and refuse all without one
    return ProgramRun(b"", arguments, {**files, _OUTPUT: output.output}, (_FEEDBACK,), _MESSAGE)


def _read(checker: OutputChecker, result: ProgramResult) -> CheckResult:
    by_zero = checker.protocol == "google" and not _asked_in_python(checker)
    accept, refuse = (0, 1) if by_zero else (ACCEPT, REFUSE)
    if by_zero and result.message.startswith(_INVALID) and _JUDGE_ERROR not in result.message:
        return CheckResult(False, result.message)
    if by_zero and _JUDGE_ERROR in result.message:
        return CheckResult(None, f"the checker failed: {result.message}")
    if result.ending.kind == "exited" and result.ending.code in (accept, refuse):
        return CheckResult(result.ending.code == accept, result.message)
    said = f": {result.message}" if result.message else ""
    return CheckResult(None, f"the checker failed: {result.ending.describe()}{said}")
