"""DMOJ's judge as a separate process: its own sandbox, checkers and verdicts, on packages made into its form.

An optional extra (``pip install codex-sft[dmoj]``, or any other place that ``executable`` names): it is AGPL
and never imported here. It needs libseccomp and g++. It shows no cases, only their numbers.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from scraping.judges.judge import JudgeVerdict, Status, SubmissionRefused
from scraping.judges.submission_runs import judged_tests
from scraping.judges.time_limits import TimeLimits, package_limits
from scraping.problem import AnswerChecker, Problem, Solution

_PROGRAMS = {"python3": "python3", "g++17": "g++", "gcc11": "gcc", "gcc": "gcc"}
_EXECUTORS = {"python3": "PY3", "cpp": "CPP17", "c": "C11"}
_ENDINGS = {"python3": ".py", "cpp": ".cpp", "c": ".c"}
_STATUS: dict[str, Status] = {
    "AC": "accepted",
    "WA": "wrong_answer",
    "TLE": "time_limit_exceeded",
    "MLE": "memory_limit_exceeded",
    "OLE": "output_limit_exceeded",
    "RTE": "run_time_error",
    "IR": "run_time_error",
    "CE": "compile_error",
}
_CASE = re.compile(r"^(?:dmoj> )?Test case +(\d+) +([A-Z]+)\b(.*)$", re.MULTILINE)
_NOT_COMPILED = "Failed compiling submission!"
_MEMORY_BYTES = 2**30
_NAME = "problem"
_NOBODY = 65534
_START_SECONDS = 120.0


class DmojJudge:
    """Judges submissions in Python, C and C++ by ``dmoj-cli``, each in a process of its own.

    Started by root it runs as *nobody*, who must then be able to read its program. Problems whose
    checker is a program are refused: DMOJ would run a Python one inside itself.
    """

    def __init__(
        self,
        problems: Iterable[Problem],
        executable: str = "dmoj-cli",
        *,
        limits: dict[str, TimeLimits] | None = None,
    ) -> None:
        found = shutil.which(executable)
        if found is None:
            raise SubmissionRefused(
                f"{executable} is not installed: pip install codex-sft[dmoj] "
                "(Debian: apt-get install libseccomp-dev g++ first)"
            )
        self._executable = found
        self._problems = {problem.problem_id: problem for problem in problems}
        self._limits = limits or {}
        self.submissions = 0

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        """Judge one program; raises `SubmissionRefused` for what is not judged here."""
        own = self._problems.get(problem.problem_id)
        if own is None or own.mode != "stdio":
            raise SubmissionRefused(f"{problem.problem_id} is not judged here")
        if solution.language not in _EXECUTORS or len(solution.files) != 1:
            raise SubmissionRefused(f"{solution.name}: one file in Python, C or C++ is judged here")
        checker = dmoj_checker(own.checker)
        limits = self._limits.get(own.problem_id) or package_limits(own)
        self.submissions += 1
        with _folder() as folder:
            _write_problem(folder / "problems" / _NAME, own, checker)
            source = folder / f"submission{_ENDINGS[solution.language]}"
            source.write_text(solution.code, encoding="utf-8", errors="surrogateescape")
            said = self._run(folder, source, solution.language, own, limits.of(solution.language))
        return _verdict(said, len(judged_tests(own)))

    def _run(self, folder: Path, source: Path, language: str, problem: Problem, seconds: float) -> str:
        runtime = {name: path for name, each in _PROGRAMS.items() if (path := _system_program(each))}
        settings = {
            "problem_storage_globs": [str(folder / "problems" / "*")],
            "runtime": runtime,
            "tempdir": str(folder / "work"),
        }
        (folder / "config.yml").write_text(yaml.safe_dump(settings))
        (folder / "work").mkdir()
        executor = _EXECUTORS[language]
        memory = (problem.limits.memory_bytes or _MEMORY_BYTES) // 1024
        command = f"submit {_NAME} {executor} {source} -tl {seconds} -ml {memory}\nquit\n"
        _give_away(folder)
        arguments = [
            *(self._executable, "--no-ansi", "--skip-self-test", "--history", str(folder / "history")),
            *("-c", str(folder / "config.yml"), "-e", executor),
        ]
        longest = _START_SECONDS + len(problem.tests) * (5 * seconds + 1)
        try:
            done = subprocess.run(
                [*_as_nobody(), *arguments],
                input=command.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=longest,
                cwd=folder,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it did not end within {longest:.0f} s"
        return done.stdout.decode(errors="replace")


def dmoj_checker(checker: AnswerChecker) -> str | dict[str, object]:
    """The ``checker`` of an ``init.yml``; raises `SubmissionRefused` where DMOJ has none for it.

    Capitals count for its ``standard``, which is stricter than Kattis' default.
    """
    tolerances = {checker.relative_tolerance, checker.absolute_tolerance} - {None}
    if checker.kind in ("tokens", "lines") and len(tolerances) == 1:
        (tolerance,) = tolerances
        assert tolerance is not None
        precision = len(f"{tolerance:.15f}".rstrip("0")) - 2
        if tolerance == 10.0**-precision:
            name = "floats"
            if checker.absolute_tolerance is None:
                name = "floatsrel"
            elif checker.relative_tolerance is None:
                name = "floatsabs"
            return {"name": name, "args": {"precision": precision}}
    elif not tolerances:
        if checker.kind == "exact":
            return "identical"
        if checker.kind == "tokens":
            return "standard"
        if checker.kind == "lines" and checker.case_sensitive:
            return "rstripped"
        if checker.kind == "unordered" and checker.case_sensitive:
            return {"name": "sorted", "args": {"split_on": "lines"}}
    raise SubmissionRefused(f"DMOJ has no checker for {checker.kind} with these settings")


def _write_problem(folder: Path, problem: Problem, checker: str | dict[str, object]) -> None:
    """The problem in DMOJ's form: ``init.yml`` and the tests in files of their own."""
    folder.mkdir(parents=True)
    cases = []
    for number, test in enumerate(judged_tests(problem), start=1):
        names = {"in": f"{number}.in", "out": f"{number}.out"}
        for name, text in zip(names.values(), (test.input, test.output or ""), strict=True):
            (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
        cases.append({**names, "points": 1})
    (folder / "init.yml").write_text(yaml.safe_dump({"test_cases": cases, "checker": checker}))


def _verdict(said: str, total: int) -> JudgeVerdict:
    """What the lines say, of which there has to be exactly one for each test, in order."""
    if _NOT_COMPILED in said:
        return JudgeVerdict(
            "compile_error", total=total, detail=said.partition(_NOT_COMPILED)[2][:500].strip()
        )
    cases = _CASE.findall(said)
    if [int(number) for number, _, _ in cases] != list(range(1, total + 1)):
        return JudgeVerdict("judge_error", detail=said[-500:].strip())
    failed = next(((int(number), verdict, rest) for number, verdict, rest in cases if verdict != "AC"), None)
    if failed is None:
        return JudgeVerdict("accepted", passed=total, total=total)
    number, verdict, rest = failed
    passed = sum(each == "AC" for _, each, _ in cases)
    return JudgeVerdict(_STATUS.get(verdict, "judge_error"), number, passed, total, detail=rest.strip())


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="codex-sft-dmoj-") as name:
        yield Path(name)


def _give_away(folder: Path) -> None:
    """To *nobody*, where it is nobody who runs the judge."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--no-new-privs", "--"]


def _system_program(name: str) -> str | None:
    return shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
