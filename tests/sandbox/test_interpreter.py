"""Finding a Python interpreter: by default, by version, by path, and what is said when there is none."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.interface import Limits, Mount, SandboxedCommand, SandboxUnavailable
from sandbox.interpreter import Interpreter, NoInterpreter, find_interpreter
from sandbox.selection import BACKENDS
from tests.sandbox.runner import Runner


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    find_interpreter.cache_clear()
    yield
    find_interpreter.cache_clear()


def _program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _answering(path: Path, answer: object) -> str:
    """A program that answers what an interpreter is asked."""
    return _program(path, f"#!/bin/sh\ncat << 'END'\n{json.dumps(answer)}\nEND\n")


class TestFound:
    def test_by_default_it_is_the_base_of_the_running_one(self) -> None:
        found = find_interpreter()
        assert found.version == sys.version_info[:3]
        assert found.prefix == Path(os.path.realpath(sys.base_prefix))
        assert found.executable.resolve() == found.executable
        assert found.executable.is_file()
        assert not found.executable.is_relative_to(Path(sys.prefix).resolve() / "bin")

    def test_by_path(self) -> None:
        assert find_interpreter(sys.executable) == find_interpreter()

    def test_by_version(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        _program(tmp_path / "python9.8", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert find_interpreter("9.8") == find_interpreter()

    def test_by_a_relative_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "python").symlink_to(find_interpreter().executable)
        monkeypatch.chdir(tmp_path)
        assert find_interpreter("./python") == find_interpreter()

    def test_the_environment_does_not_mislead_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONSTARTUP", "/no/such/file")
        monkeypatch.setenv("PYTHONPATH", "/no/such/folder")
        monkeypatch.setenv("PYTHONHOME", "/no/such/home")
        assert find_interpreter().version == sys.version_info[:3]

    def test_the_oldest_that_is_accepted(self, tmp_path: Path) -> None:
        facts = {
            "executable": "/opt/python/bin/python3.8",
            "prefix": "/opt/python",
            "version": [3, 8, 0],
            "packages": [],
        }
        found = find_interpreter(_answering(tmp_path / "python", facts))
        assert (found.version_text, found.short_version) == ("3.8.0", "3.8")

    @pytest.mark.parametrize(
        ("prefix", "mounts"),
        [
            ("/usr", ()),
            ("/usr/local", ()),
            ("/opt/python", (Mount(Path("/opt/python"), "/opt/python"),)),
            ("/usr2", (Mount(Path("/usr2"), "/usr2"),)),
        ],
    )
    def test_the_sandbox_sees_its_prefix(self, prefix: str, mounts: tuple[Mount, ...]) -> None:
        found = Interpreter(Path(prefix, "bin/python3"), Path(prefix), (3, 11, 7))
        assert found.mounts == mounts

    @pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
    def test_it_runs_in_the_sandbox_as_the_same_version(self, caller: Runner) -> None:
        result = caller.script("import json, ssl, sqlite3, sys; print(list(sys.version_info[:3]))")
        assert json.loads(result.output) == list(find_interpreter().version)


class TestNotFound:
    @pytest.mark.parametrize("wanted", ["3.99", "nonsense", "", "-c", "3.11; true", "../python", " "])
    def test_nonsense(self, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NoInterpreter, match="give a version such as") as caught:
            find_interpreter(wanted)
        assert repr(wanted) in str(caught.value)

    def test_a_path_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(NoInterpreter, match="missing"):
            find_interpreter(str(tmp_path / "missing"))

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(NoInterpreter, match="or a path"):
            find_interpreter(str(tmp_path))

    def test_a_file_that_is_no_program(self, tmp_path: Path) -> None:
        file = tmp_path / "python"
        file.write_text("hello")
        with pytest.raises(NoInterpreter, match="does not answer as a Python interpreter"):
            find_interpreter(str(file))

    @pytest.mark.parametrize("program", ["true", "false", "echo", "cat", "ls"])
    def test_a_program_that_is_no_python(self, program: str) -> None:
        path = shutil.which(program)
        assert path is not None
        with pytest.raises(NoInterpreter, match="does not answer as a Python interpreter"):
            find_interpreter(path)

    @pytest.mark.parametrize("answer", [{}, [], 3, None, "text", {"version": None}, {"version": [3, 11]}])
    def test_a_program_that_answers_something_else(self, tmp_path: Path, answer: object) -> None:
        with pytest.raises(NoInterpreter, match="does not answer as a Python interpreter"):
            find_interpreter(_answering(tmp_path / "python", answer))

    @pytest.mark.parametrize("version", [[3, 7, 17], [2, 7, 18]])
    def test_a_python_that_is_too_old(self, tmp_path: Path, version: list[int]) -> None:
        facts = {
            "executable": "/opt/python/bin/python",
            "prefix": "/opt/python",
            "version": version,
            "packages": [],
        }
        with pytest.raises(NoInterpreter, match=r"is Python [23]\.7; 3\.8 is the oldest"):
            find_interpreter(_answering(tmp_path / "python", facts))

    def test_the_message_says_what_the_program_said_and_not_how_it_was_asked(self, tmp_path: Path) -> None:
        # as Python 2 does, and pyenv's programs for versions that are not installed
        text = "#!/bin/sh\necho 'Unknown option: -I' >&2\nexit 2\n"
        with pytest.raises(NoInterpreter) as caught:
            find_interpreter(_program(tmp_path / "python", text))
        assert "import json" not in str(caught.value)
        assert "Unknown option: -I" in str(caught.value)

    def test_what_was_not_there_is_looked_for_again(self, tmp_path: Path) -> None:
        path = tmp_path / "python"
        with pytest.raises(NoInterpreter):
            find_interpreter(str(path))
        path.symlink_to(find_interpreter().executable)
        assert find_interpreter(str(path)) == find_interpreter()


@pytest.fixture(scope="module")
def relocatable() -> Iterator[Path]:
    """A folder of a program that looks for its library by way of its own place, as those of uv and conda."""
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    with tempfile.TemporaryDirectory(prefix="codex-sft-test-") as name:
        prefix = Path(name)
        prefix.chmod(0o755)
        for folder in ("bin", "lib"):
            (prefix / folder).mkdir()
        (prefix / "beside.cc").write_text("int answer() { return 42; }\n")
        (prefix / "main.cc").write_text("int answer();\nint main() { return answer(); }\n")
        library, program = str(prefix / "lib" / "libbeside.so"), str(prefix / "bin" / "program")
        for command in (
            ["g++", "-shared", "-fPIC", "-Wl,-soname,libbeside.so", "-o", library, str(prefix / "beside.cc")],
            ["g++", "-o", program, str(prefix / "main.cc"), library, "-Wl,-rpath,$ORIGIN/../lib"],
        ):
            subprocess.run(command, check=True)
        yield prefix


@pytest.mark.parametrize("samples_only", [True, False])
@pytest.mark.parametrize("backend", ["gvisor", "bubblewrap", "landlock"])
def test_interpreters_with_libraries_beside_them_start(
    backend: str, samples_only: bool, relocatable: Path
) -> None:
    try:
        sandbox = dict(BACKENDS)[backend]()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    if backend == "landlock" and not samples_only:
        pytest.skip("Landlock is for samples")
    done = sandbox.run(
        SandboxedCommand(
            (str(relocatable / "bin" / "program"),),
            Limits(wall_seconds=20.0, cpu_seconds=5, memory_bytes=2**30, temporary_bytes=2**20),
            mounts=(Mount(relocatable, str(relocatable)),),
            samples_only=samples_only,
        )
    )
    assert done.exit_code == 42, done.output
