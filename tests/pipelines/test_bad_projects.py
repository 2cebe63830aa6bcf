"""Projects that cannot be traced: one clear message each, and the others' results intact."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import git
import pytest

from pipelines.manifest import Manifest
from sandbox.interface import Sandbox
from tasks.files import read_json, read_json_lines
from tasks.record import Task
from tests.conftest import ProjectMaker
from tests.pipelines.command import codex_sft, sandboxed_processes

pytestmark = pytest.mark.alone

_MODULE = '''
def double(x):
    """Return the double of a given number or text."""
    return x + x
'''
_GOOD_TEST = "import {name}\ndef test_it():\n    assert {name}.double(4) == 8\n"

_SETUPTOOLS = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
_SOME_TEST = {"tests/test_it.py": "def test_it(): pass\n"}
_EXTENSION = "setuptools.Extension('ext', ['ext.c'])"
_FORK_BOMB = """
import os

def test_it():
    while True:
        try:
            os.fork()
        except OSError:
            pass
"""

_FLOOD = """
import os

def pytest_configure(config):
    config.pluginmanager.getplugin("capturemanager").suspend_global_capture()
    while True:
        os.write(1, b"x" * 65536)
"""

_HAS_COMPILER = any(map(shutil.which, ("gcc", "cc", "clang")))
_MISSING = "the C header no_such_header_anywhere.h" if _HAS_COMPILER else "a C compiler"

_BAD = {
    "hangs": {"tests/test_it.py": "import time\ndef test_it():\n    while True: time.sleep(1)\n"},
    "forks": {"tests/test_it.py": _FORK_BOMB},
    "floods": {"tests/conftest.py": _FLOOD, **_SOME_TEST},
    "killed": {
        "tests/conftest.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
        **_SOME_TEST,
    },
    "testless": {},
    "unbuildable": {
        "pyproject.toml": _SETUPTOOLS,
        "setup.py": "raise RuntimeError('broken')\n",
        **_SOME_TEST,
    },
    "needs-header": {
        "pyproject.toml": _SETUPTOOLS,
        "setup.py": f"import setuptools\nsetuptools.setup(name='needs-header', ext_modules=[{_EXTENSION}])\n",
        "ext.c": "#include <no_such_header_anywhere.h>\n",
        **_SOME_TEST,
    },
    "fills": {
        "pyproject.toml": _SETUPTOOLS,
        "setup.py": "import itertools\nfor number in itertools.count():\n"
        "    with open(f'file{number}', 'wb') as file:\n        file.write(bytes(2**25))\n",
        **_SOME_TEST,
    },
    "futuristic": {
        "pyproject.toml": "[project]\nname = 'futuristic'\nversion = '1'\nrequires-python = '>=3.99'\n",
        **_SOME_TEST,
    },
}

_NOTHING = "test: its test run called none of the project's functions"
_MESSAGES = {
    "hangs": f"{_NOTHING} (stopped at its time limit after 1",
    "forks": f"{_NOTHING} (stopped at its time limit after 1",
    "floods": f"{_NOTHING} (stopped because it wrote more output than allowed)",
    "killed": f"{_NOTHING} (killed by signal 9)",
    "testless": "test: it holds no test files",
    "unbuildable": "build: its environment cannot be built",
    "needs-header": f"it lacks {_MISSING}",
    "futuristic": "build: it requires Python >=3.99; here are 3.",
    "fills": "build: its environment cannot be built (stopped because it filled the disk)",
}


@dataclass(frozen=True)
class Run:
    folder: Path
    shown: subprocess.CompletedProcess[str]
    manifest: Manifest
    names: dict[str, str]


@pytest.fixture(scope="module")
def run(make_project: ProjectMaker, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folders = {}
    for name in ("good", "late"):
        tests = _GOOD_TEST.format(name=name)
        if name == "late":
            tests += "def test_that_hangs():\n    import time\n    while True: time.sleep(1)\n"
        folders[name] = make_project(name, {f"{name}.py": _MODULE, "tests/test_it.py": tests})
    for name, files in _BAD.items():
        module = name.replace("-", "_")
        folders[name] = make_project(name, {f"{module}.py": _MODULE, **files})
    output = tmp_path_factory.mktemp("run")
    shown = codex_sft(
        *("trace", *folders.values(), "--output", output),
        *("--test-timeout", "10", "--build-timeout", "120", "--disk-limit", "0.3"),
    )
    manifest = read_json(output / "manifest.json", Manifest)
    return Run(output, shown, manifest, {str(folder): name for name, folder in folders.items()})


def test_the_good_projects_results_are_intact(run: Run) -> None:
    tasks = {task.provenance.source for task in read_json_lines(run.folder / "tasks.jsonl", Task)}
    assert tasks == {"good", "late"}
    assert run.shown.returncode == 1


def test_what_was_recorded_before_a_hang_counts(run: Run) -> None:
    endings = {entry.label: entry.test_ending for entry in run.manifest.projects}
    assert endings["late-1.0"].startswith("stopped at its time limit after 1")


@pytest.mark.parametrize("name", sorted(_BAD))
def test_each_bad_project_gets_one_message_with_its_stage_and_log(run: Run, name: str) -> None:
    (failure,) = [failure for failure in run.manifest.failures if run.names[failure.project] == name]
    assert _MESSAGES[name] in f"{failure.stage}: {failure.message}"
    lines = [line for line in run.shown.stderr.splitlines() if line.startswith(f"{failure.project}: ")]
    assert lines == [f"{failure.project}: {failure.stage}: {failure.message}"]
    if name != "futuristic":
        assert failure.log is not None
        assert Path(failure.log).is_file()
        assert f"  log: {failure.log}" in run.shown.stderr


def test_nothing_of_the_projects_is_left_running(run: Run) -> None:
    assert not sandboxed_processes()


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("pypi:surely-no-such-project-42", "fetch: the package index has no project"),
        ("pypi:inflection==99.9", "fetch: inflection has no version 99.9; its newest are"),
        (
            "git+file:///no/such/repository@main",
            "fetch: file:///no/such/repository at main cannot be fetched",
        ),
    ],
)
def test_unknown_sources_end_with_status_2(
    project: str, message: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    shown = codex_sft("trace", project, "--output", tmp_path / "run")
    assert shown.returncode == 2
    assert f"{project}: {message}" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_git_repository_is_traced_at_a_tag_and_an_unknown_revision_is_named(
    make_project: ProjectMaker, sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = make_project(
        "tagged", {"tagged.py": _MODULE, "tests/test_it.py": _GOOD_TEST.format(name="tagged")}
    )
    repository = git.Repo.init(folder)
    repository.git.add(all=True)
    repository.git.execute(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"])
    repository.create_tag("v1")
    (folder / "tagged.py").write_text("raise SystemExit('not this commit')\n")
    repository.git.execute(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "second"])
    commit = repository.commit("v1").hexsha
    shown = codex_sft(
        "trace", f"git+file://{folder}@v1", f"git+file://{folder}@nowhere", "--output", tmp_path / "run"
    )
    assert shown.returncode == 1
    (task,) = read_json_lines(tmp_path / "run" / "tasks.jsonl", Task)
    assert task.provenance.commit == commit
    assert "at nowhere cannot be fetched" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("inflection",), "write pypi:inflection"),
        (("pypi:inflection", "--python", "9.9"), "no Python '9.9'"),
        (("pypi:inflection", "--python", "/bin/true"), "does not answer as a Python interpreter"),
    ],
)
def test_wrong_arguments_end_with_status_2(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    shown = codex_sft("trace", *arguments, "--output", tmp_path / "run")
    assert shown.returncode == 2
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr


def test_two_folders_of_one_name_and_version_are_refused(make_project: ProjectMaker, tmp_path: Path) -> None:
    first, second = make_project("twin", {}), make_project("twin", {})
    shown = codex_sft("trace", first, second, "--output", tmp_path)
    assert shown.returncode == 2
    assert f"{first} and {second} are both twin 1.0" in shown.stderr


def test_the_output_may_lie_inside_the_project_and_a_failed_run_keeps_what_was_there(
    make_project: ProjectMaker, sandbox: Sandbox
) -> None:
    files = {"inside.py": _MODULE, "tests/test_it.py": _GOOD_TEST.format(name="inside")}
    project = make_project("inside", files)
    for _ in range(2):
        shown = codex_sft("trace", project, "--output", project / "runs")
        assert shown.returncode == 0, shown.stderr
    assert read_json(project / "runs" / "manifest.json", Manifest).projects[0].reused
    shown = codex_sft("trace", make_project("testless2", {"m.py": ""}), "--output", project / "runs")
    assert shown.returncode == 2
    assert len(list(read_json_lines(project / "runs" / "tasks.jsonl", Task))) == 1


def test_an_unwritable_output_folder_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "file").write_text("")
    shown = codex_sft("trace", "pypi:inflection", "--output", tmp_path / "file" / "run")
    assert shown.returncode == 2
    assert f"{tmp_path}/file/run cannot be written to" in shown.stderr


def test_exporting_what_is_no_run_is_an_error(tmp_path: Path) -> None:
    shown = codex_sft("export", tmp_path, "--format", "humaneval")
    assert shown.returncode == 2
    assert f"{tmp_path}/tasks.jsonl" in shown.stderr
    (tmp_path / "tasks.jsonl").write_text('{"task_id": 1}\n')
    shown = codex_sft("export", tmp_path, "--format", "humaneval")
    assert f"{tmp_path}/tasks.jsonl:1: Expected `str`, got `int`" in shown.stderr
    assert not (tmp_path / "humaneval.jsonl").exists()


def test_without_a_sandbox_nothing_is_run(tmp_path: Path) -> None:
    shown = codex_sft(
        "trace", "pypi:inflection", "--output", tmp_path / "run", environment={"PATH": "/nowhere"}
    )
    assert shown.returncode == 2
    assert "apt-get install bubblewrap" in shown.stderr
    assert not list((tmp_path / "run").glob("projects/*"))
