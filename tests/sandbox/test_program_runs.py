"""Programs of several languages: built once, run many times, and nothing of a run left for the next."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from sandbox.interface import Sandbox
from sandbox.interpreter import Interpreter
from sandbox.program_build import BuiltProgram, CannotBuild, DoesNotCompile, ProgramBuilder, ProgramSource
from sandbox.program_runs import ProgramLimits, ProgramResult, ProgramRun, run_program

needs_gpp = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
needs_java = pytest.mark.skipif(shutil.which("javac") is None, reason="javac is not installed")

_QUICK = ProgramLimits(cpu_seconds=1, memory_bytes=2**30, output_bytes=2**16)
_PYTHON = "a, b = map(int, open(0).read().split())\nprint(abs(a - b))\n"
_CPP = """
#include <cstdlib>
#include <iostream>
int main() { long a, b; std::cin >> a >> b; std::cout << labs(a - b); }
"""
_C = """
#include <stdio.h>
#include <stdlib.h>
int main(void) { long a, b; scanf("%ld %ld", &a, &b); printf("%ld", labs(a - b)); }
"""
_JAVA = """import java.util.Scanner;
public class Difference {
    public static void main(String[] arguments) {
        Scanner in = new Scanner(System.in);
        System.out.println(Math.abs(in.nextLong() - in.nextLong()));
    }
}
"""


@pytest.fixture(scope="module")
def builder(sandbox: Sandbox, interpreter: Interpreter) -> Iterator[ProgramBuilder]:
    made = ProgramBuilder(sandbox, interpreter)
    yield made
    made.close()


def _python(builder: ProgramBuilder, text: str) -> BuiltProgram:
    return builder.build(ProgramSource("python3", {"program.py": text}))


def _run(
    builder: ProgramBuilder, program: BuiltProgram, *runs: ProgramRun, until_failure: bool = False
) -> list[ProgramResult]:
    return list(
        run_program(builder.backend, builder.interpreter, program, runs, _QUICK, until_failure=until_failure)
    )


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("python3", "difference.py", _PYTHON),
        pytest.param("cpp", "difference.cc", _CPP, marks=needs_gpp),
        pytest.param("c", "difference.c", _C, marks=needs_gpp),
        pytest.param("java", "Difference.java", _JAVA, marks=needs_java),
    ],
)
def test_each_language_runs(builder: ProgramBuilder, language: str, name: str, text: str) -> None:
    program = builder.build(ProgramSource(language, {name: text}))
    results = _run(builder, program, ProgramRun(b"3 10\n"), ProgramRun(b"5 -5\n"))
    assert [(result.ok, result.output.strip()) for result in results] == [(True, b"7"), (True, b"10")]


@needs_gpp
def test_what_is_built_is_found_again(builder: ProgramBuilder) -> None:
    source = ProgramSource("cpp", {"a.cc": '#include "b.h"\nint main() { return B; }', "b.h": "#define B 3"})
    program = builder.build(source)
    changed = program.folder.stat().st_mtime_ns
    assert builder.build(source) == program
    assert program.folder.stat().st_mtime_ns == changed
    (result,) = _run(builder, program, ProgramRun())
    assert result.ending.code == 3


@needs_gpp
def test_what_does_not_compile_is_told_with_the_compilers_words(builder: ProgramBuilder) -> None:
    with pytest.raises(DoesNotCompile, match="nowhere"):
        builder.build(ProgramSource("cpp", {"a.cc": "int main() { return nowhere; }"}))


@needs_gpp
def test_a_source_cannot_include_files_of_the_host(builder: ProgramBuilder) -> None:
    with pytest.raises(DoesNotCompile, match="No such file"):
        builder.build(ProgramSource("cpp", {"a.cc": f'#include "{__file__}"\nint main() {{}}'}))


def test_unknown_languages_and_names_that_lead_elsewhere_are_refused(builder: ProgramBuilder) -> None:
    with pytest.raises(CannotBuild, match="cobol"):
        builder.build(ProgramSource("cobol", {"a.cob": ""}))
    with pytest.raises(DoesNotCompile, match="no name of a file"):
        builder.build(ProgramSource("python3", {"../a.py": ""}))


def test_a_missing_compiler_is_told_with_what_to_install(
    builder: ProgramBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.program_build._COMPILERS", "/nonexistent")
    with pytest.raises(CannotBuild, match=r"`g\+\+` is not installed .*apt-get install g\+\+"):
        builder.build(ProgramSource("cpp", {"a.cc": "int main() {}"}))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("while True: pass", "timeout"),
        ("while True: print('x' * 1000)", "output_limit"),
        ("raise SystemExit(7)", "exited"),
        ("x = bytearray(2**31)", "exited"),
        ("import os; os.abort()", "signalled"),
        ("import os; os.kill(os.getppid(), 9)", "signalled"),
        ("import os; os.kill(-1, 9)", "signalled"),
    ],
)
def test_bad_endings_and_a_next_run_as_if_nothing_were(builder: ProgramBuilder, text: str, kind: str) -> None:
    program = _python(builder, f"if input() == 'bad':\n    {text}\nprint('fine')")
    bad, good = _run(builder, program, ProgramRun(b"bad\n"), ProgramRun(b"good\n"))
    assert bad.ending.kind == kind, bad
    assert not bad.ok
    assert (good.ok, good.output) == (True, b"fine\n")


def test_after_a_bad_ending_no_further_run_if_so_wanted(builder: ProgramBuilder) -> None:
    program = _python(builder, "raise SystemExit(int(input()))")
    runs = [ProgramRun(b"0"), ProgramRun(b"1"), ProgramRun(b"0")]
    results = _run(builder, program, *runs, until_failure=True)
    assert [result.ending.code for result in results] == [0, 1]


def test_runs_find_nothing_of_one_another_nor_of_the_one_who_runs_them(builder: ProgramBuilder) -> None:
    look = """
import os, pathlib
for folder in ("/tmp", "/dev/shm", "."):
    try:
        pathlib.Path(folder, "left").write_text("here")
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    import time
    time.sleep(1000)
names = sorted(os.listdir("/tmp") + os.listdir("."))
print(names, os.path.exists("/proc/1"))
"""
    first, second = _run(builder, _python(builder, look), ProgramRun(), ProgramRun())
    assert first.ok, first
    assert first.output == second.output
    assert b"['left', 'left', 'run']" in first.output
    assert first.output.endswith(b" False\n")


def test_files_arguments_and_a_message(builder: ProgramBuilder) -> None:
    text = """
import sys, pathlib
pathlib.Path(sys.argv[2], "told").write_text("a\\tb" + sys.stdin.read())
print(open(sys.argv[1]).read())
"""
    run = ProgramRun(b"!", ("given", "notes"), {"given": b"content"}, ("notes",), "notes/told")
    (result,) = _run(builder, _python(builder, text), run)
    assert (result.output, result.message) == (b"content\n", "a\\tb!")


def test_many_runs_in_several_batches(builder: ProgramBuilder) -> None:
    program = _python(builder, "print(input())")
    results = _run(builder, program, *(ProgramRun(str(number).encode()) for number in range(70)))
    assert [int(result.output) for result in results] == list(range(70))
