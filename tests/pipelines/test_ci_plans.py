"""Projects traced by the commands of their CI, from a projects file, with the Python that they name."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pipelines.checkpoint import Failure, trace_to_checkpoint
from pipelines.manifest import Manifest, ProjectEntry
from pipelines.run_folder import RunFolder
from sandbox.interface import Sandbox
from sandbox.interpreter import NoInterpreter, find_interpreter
from tasks.files import read_json, read_json_lines
from tasks.record import Task
from tests.conftest import ProjectMaker
from tests.pipelines.command import codex_sft
from tracing.project_spec import PackageSpec
from tracing.projects_file import ProjectRequest
from tracing.python_choice import VERSIONS, installed_interpreter
from tracing.trace_project import TraceOptions

_MODULE = '''
def double(x):
    """Return the double of a given number or text."""
    return x + x
'''
_TEST = "import {name}\ndef test_it():\n    assert {name}.double(4) == 8\n"
_FAILING = "def test_it():\n    assert False\n"

_TOX = """
    [tox]
    env_list = lint, py27, tests
    [testenv]
    deps = pytest
    set_env = VARIABLE = of tox
    commands_pre = python -c "open('made', 'w').write('before the tests')"
    commands =
        flake8
        python -m pytest {posargs:examples}
    [testenv:lint]
    commands = flake8
"""
_TOX_TEST = """
    import os
    import toxed

    def test_it():
        assert os.environ["VARIABLE"] == "of tox"
        assert os.environ["PYTHONHASHSEED"] == "0"  # tox draws another each time
        assert open("made").read() == "before the tests"
        assert toxed.double(4) == 8
"""
_WORKFLOW = """
    on: push
    jobs:
      test:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - run: |
              sudo apt-get install -y libsomething-dev
              pip install --no-deps pytest
          - run: pytest examples
            env: {VARIABLE: of the workflow}
          - run: twine upload dist/*
"""
_WORKFLOW_TEST = """
    import os
    import acted

    def test_it():
        assert os.environ["VARIABLE"] == "of the workflow"
        assert acted.double(4) == 8
"""
_NETWORK = """
    import socket, urllib.request
    import setuptools

    def refused(act):
        try:
            act()
        except OSError:
            return
        raise SystemExit("a build reached what it must not")

    for address in (("127.0.0.1", PORT), ("1.1.1.1", 443), ("pypi.org", 443)):
        refused(lambda: socket.create_connection(address, 5))
    for path in ("", "http://127.0.0.1:PORT/", "/files/" + "0" * 64 + "/x.whl", "/etc/passwd"):
        refused(lambda: urllib.request.urlopen("http://127.0.0.1:8017" + path, timeout=5))
    page = urllib.request.urlopen("http://127.0.0.1:8017/simple/setuptools/", timeout=60).read()
    assert b"setuptools" in page
    setuptools.setup(name="networked", version="1.0", py_modules=["networked"])
"""
_NETWORK_TEST = """
    import socket
    import networked
    import pytest

    def test_it():
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", 8017), 5)
        assert networked.double(4) == 8
"""
_SETUPTOOLS = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"


def _other_python() -> str | None:
    """A Python of this machine that is not the one that runs these tests."""
    for version in sorted(set(VERSIONS) - {find_interpreter().short_version}):
        try:
            return installed_interpreter(version).short_version
        except NoInterpreter:
            continue
    return None


_OTHER = _other_python()


@dataclass(frozen=True)
class Run:
    shown: subprocess.CompletedProcess[str]
    manifest: Manifest
    tasks: set[str]

    def entry(self, name: str) -> ProjectEntry:
        (entry,) = [entry for entry in self.manifest.projects if entry.label.partition("-")[0] == name]
        return entry


@pytest.fixture(scope="module")
def host_port() -> Iterator[int]:
    """A server of the host that nothing in a sandbox may reach."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def run(
    make_project: ProjectMaker,
    sandbox: Sandbox,
    host_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    projects = {
        "toxed": {"tox.ini": _TOX, "examples/test_it.py": _TOX_TEST},
        "acted": {".github/workflows/ci.yml": _WORKFLOW, "examples/test_it.py": _WORKFLOW_TEST},
        "falling": {
            ".travis.yml": f"python: {_OTHER or ''}\nscript: pytest broken\n",
            "broken/test_it.py": _FAILING,
        },
        "networked": {
            "tests/test_own.py": _NETWORK_TEST,
            "pyproject.toml": _SETUPTOOLS,
            "setup.py": _NETWORK.replace("PORT", str(host_port)),
        },
        "unbuilt": {"pyproject.toml": _SETUPTOOLS, "setup.py": "raise RuntimeError('broken')\n"},
        "given": {"tests/test_other.py": _FAILING},
    }
    listed = tmp_path_factory.mktemp("run") / "projects.tsv"
    lines = ["project\ttest_command"]
    for name, files in projects.items():
        own = {f"{name}.py": _MODULE, "tests/test_own.py": _TEST.format(name=name)}
        folder = make_project(name, {**own, **files})
        lines.append(f"{folder}\tpytest -k test_it tests/test_own.py" if name == "given" else str(folder))
    listed.write_text("\n".join(lines) + "\n")
    output = listed.parent / "out"
    shown = codex_sft("trace", "--projects", listed, "--output", output)
    tasks = {task.provenance.source for task in read_json_lines(output / "tasks.jsonl", Task)}
    return Run(shown, read_json(output / "manifest.json", Manifest), tasks)


def test_every_project_gives_its_task(run: Run) -> None:
    assert run.shown.returncode == 0, run.shown.stderr
    assert run.tasks == {"toxed", "acted", "falling", "networked", "unbuilt", "given"}


def test_the_tox_environment_that_tests_is_chosen_and_followed(run: Run) -> None:
    entry = run.entry("toxed")
    factor = "py" + "".join(entry.python_version.split(".")[:2])
    assert (entry.plan, entry.plan_reason) == ("tox", f"tox environment {factor}")
    assert "flake8: it checks or reports, it does not test" in entry.ci.left_out
    assert (entry.ci.tests_passed, entry.ci.tests_failed) == (1, 0)


def test_the_workflows_job_is_followed_and_what_is_left_out_recorded(run: Run) -> None:
    entry = run.entry("acted")
    assert (entry.plan, entry.plan_reason) == ("actions", ".github/workflows/ci.yml, job test")
    assert entry.ci.system_packages == ["libsomething-dev"]
    assert "twine upload dist/*: it deploys, publishes or downloads" in entry.ci.left_out


def test_a_plan_that_records_nothing_falls_through_to_the_next(run: Run) -> None:
    entry = run.entry("falling")
    first, second = entry.ci.tried
    assert (first.name, first.outcome) == (
        "travis",
        "exit status 1; 0 tests passed, 1 failed; 0 functions recorded",
    )
    assert second.name == entry.plan == "pytest"


@pytest.mark.skipif(_OTHER is None, reason="this machine has one Python only")
def test_the_python_that_the_ci_names_is_used_and_replays_use_it_too(run: Run) -> None:
    entry = run.entry("falling")
    assert entry.python_version.startswith(f"{_OTHER}.")
    assert entry.python_reason == f"{_OTHER} is the newest here that its CI names"


def test_a_given_command_stands_in_for_everything(run: Run) -> None:
    entry = run.entry("given")
    assert entry.plan == "given"
    assert [tried.name for tried in entry.ci.tried] == ["given"]
    assert (entry.ci.tests_passed, entry.ci.tests_failed) == (1, 0)


def test_a_build_reaches_the_package_index_and_nothing_else_and_tests_not_even_that(run: Run) -> None:
    assert run.entry("networked").ci.not_installed is None


def test_a_project_that_cannot_be_installed_is_tested_from_its_source(run: Run) -> None:
    reason = run.entry("unbuilt").ci.not_installed
    assert reason is not None
    assert reason.startswith("its environment cannot be built")


def test_options_of_a_project_belong_to_its_checkpoint(tmp_path: Path) -> None:
    options = [
        TraceOptions(),
        TraceOptions(test_command="pytest"),
        TraceOptions(test_command="pytest -x"),
        TraceOptions(python="3.8"),
        TraceOptions(disk_bytes=2**30),
    ]
    spec = PackageSpec("toolz", None)
    assert len({RunFolder(tmp_path).project(spec, chosen) for chosen in options}) == len(options)


def test_a_fault_of_ours_fails_one_project_and_not_the_run(
    tmp_path: Path, quick_backend: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr("pipelines.checkpoint.trace_project", fail)
    request = ProjectRequest("pypi:toolz")
    result = trace_to_checkpoint(request, tmp_path, quick_backend, TraceOptions())
    assert isinstance(result, Failure)
    assert result.reason == "unexpected"
    assert result.message == "something of it cannot be dealt with (ZeroDivisionError)"
    assert result.log is not None
    assert "in fail" in Path(result.log).read_text()


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("pypi:toolz\nnowhere\n", "projects.csv:2: "),
        ("project,pyton\npypi:toolz,3\n", "projects.csv:1: 'pyton' is no column"),
        ("project,python\npypi:toolz,9.9\n", "no Python '9.9'"),
    ],
)
def test_wrong_projects_files_end_with_status_2(tmp_path: Path, listed: str, message: str) -> None:
    (tmp_path / "projects.csv").write_text(listed)
    shown = codex_sft("trace", "--projects", tmp_path / "projects.csv", "-o", tmp_path / "run")
    assert shown.returncode == 2
    assert message in shown.stderr


def test_no_project_at_all_is_an_error(tmp_path: Path) -> None:
    shown = codex_sft("trace", "-o", tmp_path / "run")
    assert shown.returncode == 2
    assert "give some, or a file of them with --projects" in shown.stderr
