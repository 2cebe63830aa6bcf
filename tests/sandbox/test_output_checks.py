"""Checkers of packages: their protocols, their faults, and verdicts of tasks that have one."""

from __future__ import annotations

import dataclasses
import shutil
import textwrap
from collections.abc import Iterator

import pytest

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.output_checks import CheckedOutput, CheckResult, OutputChecks
from sandbox.sample_jobs import values_job
from sandbox.samples import run_samples
from sandbox.verdicts import Judgement, Verdict, judge_task
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, OutputChecker, Task, TestCase
from tests.sandbox.samples import QUICK, make_task

needs_gpp = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

_ANY_PAIR = """
import sys
wanted = int(open(sys.argv[1]).read())
answer = open(sys.argv[2]).read()
def refuse(why):
    open(sys.argv[3] + "judgemessage.txt", "w").write(why)
    sys.exit(43)
found = sys.stdin.read().split()
if found == ["crash"]:
    1 / 0
if len(found) != 2 or not all(part.isdigit() for part in found):
    refuse("not two numbers")
if sum(map(int, found)) != wanted:
    refuse("wrong sum " + " ".join(sys.argv[4:]))
sys.exit(42)
"""
KATTIS = OutputChecker("python3", {"validate.py": _ANY_PAIR}, "validate.py", arguments=["strictly"])
_FIND_ERROR = """
def FindError(unused_self, input_file, output_file, attempt):
    if attempt == "crash":
        raise ValueError("cannot read it")
    if sorted(attempt.split()) != sorted(output_file.split()):
        return "not the same words as for " + input_file

if __name__ == "__main__":
    raise SystemExit("it is called as a function")
"""
_CPP = """
#include <fstream>
#include <iostream>
int main(int argc, char **argv) {
    std::ifstream in(argv[1]), answer(argv[2]);
    std::string expected, found, input;
    in >> input; answer >> expected; std::cin >> found;
    if (found == "crash") return *(volatile int *)0;
    std::ofstream(std::string(argv[3]) + "judgemessage.txt") << "input " << input;
    return found == expected ? 42 : 43;
}
"""


@pytest.fixture(scope="module")
def checks(sandbox: Sandbox, interpreter: Interpreter) -> Iterator[OutputChecks]:
    made = OutputChecks(lambda: sandbox, interpreter)
    yield made
    made.close()


def _asked(checks: OutputChecks, checker: OutputChecker, *outputs: bytes) -> list[CheckResult]:
    return checks.check(checker, [CheckedOutput("10", "3 7", output) for output in outputs])


def test_a_kattis_validator_in_python(checks: OutputChecks) -> None:
    outputs = (b"4 6", b"4 7", b"\xff", b"crash")
    right, wrong, malformed, crashing = _asked(checks, KATTIS, *outputs)
    assert right == CheckResult(True)
    assert wrong == CheckResult(False, "wrong sum strictly")
    assert malformed == CheckResult(False, "not two numbers")
    assert crashing.accepted is None
    assert "exit status 1" in crashing.detail


@needs_gpp
def test_a_kattis_validator_in_cpp(checks: OutputChecks) -> None:
    checker = OutputChecker("cpp", {"validate.cc": _CPP}, "validate.cc")
    right, wrong, crashing = _asked(checks, checker, b"3", b"4", b"crash")
    assert (right.accepted, right.detail) == (True, "input 10")
    assert wrong.accepted is False
    assert crashing.accepted is None
    assert "SIGSEGV" in crashing.detail


def test_a_judge_of_google(checks: OutputChecks) -> None:
    checker = OutputChecker("python3", {"custom_judge.py": _FIND_ERROR}, "custom_judge.py", "google")
    right, wrong, crashing = _asked(checks, checker, b"7 3", b"7 4", b"crash")
    assert right == CheckResult(True)
    assert wrong == CheckResult(False, "not the same words as for 10")
    assert crashing.accepted is None
    assert "cannot read it" in crashing.detail


@needs_gpp
def test_a_judge_of_google_in_cpp(checks: OutputChecks) -> None:
    text = """
    #include <fstream>
    #include <string>
    int main(int argc, char **argv) {
        if (argc != 5) return 1;
        std::ifstream output(argv[2]);
        std::ofstream message(argv[4]);
        std::string found;
        output >> found;
        if (found == "no") message << "status: INVALID\\nstatus_message: 'no'";
        if (found == "odd") message << "status: INVALID\\nstatus_message: 'JUDGE_ERROR! odd'";
        return found == "never" ? 1 : 0;
    }
    """
    checker = OutputChecker("cpp", {"custom_judge.cc": text}, "custom_judge.cc", "google")
    said = _asked(checks, checker, b"yes", b"no", b"never", b"odd")
    assert [result.accepted for result in said] == [True, False, False, None]


def test_a_judge_of_google_that_is_a_main_program(checks: OutputChecks) -> None:
    text = """
import sys
if __name__ == "__main__":
    if open(sys.argv[2]).read() == "crash":
        1 / 0
    if open(sys.argv[2]).read() != open(sys.argv[3]).read():
        print("not the same", file=sys.stderr)
        sys.exit(1)
"""
    checker = OutputChecker("python3", {"custom_judge.py": text}, "custom_judge.py", "google")
    right, wrong, crashing = _asked(checks, checker, b"3 7", b"3", b"crash")
    assert (right.accepted, wrong.accepted, crashing.accepted) == (True, False, None)
    assert wrong.detail.startswith("not the same")


def test_what_cannot_be_built_or_run_refuses_nothing(checks: OutputChecks) -> None:
    (broken,) = _asked(checks, OutputChecker("python3", {"a.py": "}"}, "a.py"), b"")
    (foreign,) = _asked(checks, OutputChecker("cobol", {"a.cob": ""}, "a.cob"), b"")

    def nothing() -> Sandbox:
        raise SandboxUnavailable("nothing works here")

    (nowhere,) = _asked(OutputChecks(nothing), KATTIS, b"")
    assert [result.accepted for result in (broken, foreign, nowhere)] == [None, None, None]
    assert "cobol" in foreign.detail
    assert nowhere.detail == "nothing works here"


class TestTasks:
    def _task(self, checker: OutputChecker = KATTIS) -> Task:
        cases = [
            TestCase(["10"], {}, Expected("returned", "5 5")),
            TestCase(["7"], {}, Expected("returned", "0 7")),
        ]
        return dataclasses.replace(make_task(cases), checker=checker)

    def _judge(self, pool: WorkerPool, checks: OutputChecks | None, program: str) -> Judgement:
        task = self._task()
        job = values_job(task, QUICK)
        (run,) = run_samples(pool, job, [textwrap.dedent(program)], WorkerSettings(limits=QUICK))
        return judge_task(task, run, job.mode, checks)

    @pytest.mark.parametrize(
        ("body", "verdict", "detail"),
        [
            ("f'{x} 0'", Verdict.PASSED, ""),
            ("'5 5' if x == '10' else '0 7'", Verdict.PASSED, ""),
            ("'5 5'", Verdict.FAILED, "case 1: the checker refuses it: wrong sum strictly"),
            ("5", Verdict.FAILED, "case 0"),
            ("[x, '0']", Verdict.FAILED, "case 0"),
            ("1 / 0", Verdict.ERROR, "case 0"),
            ("__import__('os')._exit(0)", Verdict.CRASHED, "not reached"),
            ("'crash'", Verdict.INFRASTRUCTURE, "case 0: the checker failed"),
            ("'crash' if x == '10' else '1 1'", Verdict.FAILED, "case 1: the checker refuses it"),
        ],
    )
    def test_verdicts(
        self, quick_pool: WorkerPool, checks: OutputChecks, body: str, verdict: Verdict, detail: str
    ) -> None:
        judgement = self._judge(quick_pool, checks, f"def f(x):\n    return {body}\n")
        assert judgement.verdict is verdict, judgement
        assert judgement.detail.startswith(detail), judgement

    def test_without_anything_that_runs_checkers_nothing_is_refused(self, quick_pool: WorkerPool) -> None:
        judgement = self._judge(quick_pool, None, "def f(x):\n    return f'{x} 0'\n")
        assert judgement.verdict is Verdict.INFRASTRUCTURE


@pytest.mark.parametrize(
    "files",
    [
        {"a": "", "a/b": ""},
        {"a/b": "", "a": ""},
        {"": ""},
        {".": ""},
        {"x" * 300: ""},
        {"a": "\ud800"},
    ],
    ids=range(6),
)
def test_checkers_whose_files_cannot_be_written_fail_themselves(
    checks: OutputChecks, files: dict[str, str]
) -> None:
    (result,) = _asked(checks, OutputChecker("python3", files, next(iter(files))), b"")
    assert result.accepted is None and "does not compile" in result.detail


def test_a_checker_that_does_not_name_its_program_fails_itself(checks: OutputChecks) -> None:
    checker = OutputChecker("cpp", {"a.py": ""}, "b", "google")
    assert _asked(checks, checker, b"")[0].accepted is None


@needs_gpp
def test_what_did_not_compile_is_not_compiled_again(
    checks: OutputChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker = OutputChecker("cpp", {"a.cpp": "int main( // never whole"}, "a.cpp")
    (first,) = _asked(checks, checker, b"")
    monkeypatch.setattr(type(checks.builder()), "_compile", None)
    assert _asked(checks, checker, b"") == [first]
