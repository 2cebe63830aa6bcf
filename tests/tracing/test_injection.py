"""The tracer reaches every Python process that a test run starts, by whatever runner and in whatever way."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from tests.tracing.traced_script import VERSIONS, interpreters
from tracing.failures import ProjectFailure
from tracing.injection import check_tracer_starts, tracer_mounts
from tracing.recordings import read_recordings
from tracing.workspace import PYTHON, UV, Workspace

# each function of `reached` is called in another kind of process
_FILES = {
    "pyproject.toml": """
        [project]
        name = "reached"
        version = "1.0"
        scripts = {reached-script = "reached:console_script"}
        [build-system]
        requires = ["setuptools>=64"]
        build-backend = "setuptools.build_meta"
        [tool.setuptools]
        py-modules = ["reached"]
        """,
    "reached.py": """
        import os, signal
        def in_process(x=1): return x
        def thread(x=1): return x
        def forked(x=1): return x
        def subprocess_(x=1): return x
        def empty_environment(x=1): return x
        def isolated(x=1): return x
        def executed(x=1): return x
        def process_fork(x): return x
        def process_spawn(x): return x
        def process_forkserver(x): return x
        def pool(x): return x
        def left(x=1): return x
        def killed(x=1): return x
        def console_script(x=1): return x
        """,
    "everything.py": """
        import multiprocessing, os, shutil, signal, subprocess, sys, threading
        import reached

        def run(function, *options, environment=None, then=""):
            code = "import os, signal, sys, reached; reached." + function + "(1)" + then
            subprocess.run([sys.executable, *options, "-c", code], env=environment, check=not then)

        def everything():
            reached.in_process(1)
            thread = threading.Thread(target=reached.thread, args=(1,))
            thread.start(); thread.join()
            child = os.fork()
            if not child:
                reached.forked(1); os._exit(0)
            os.waitpid(child, 0)
            run("subprocess_")
            run("empty_environment", environment={})
            run("isolated", "-I")
            run("left", then="; os._exit(1)")
            run("killed", then="; os.kill(os.getpid(), signal.SIGKILL)")
            run("in_process", then="; os.execv(sys.executable,"
                " [sys.executable, '-c', 'import reached; reached.executed(1)'])")
            for method in ("fork", "spawn", "forkserver"):
                target = getattr(reached, "process_" + method)
                process = multiprocessing.get_context(method).Process(target=target, args=(1,))
                process.start(); process.join()
            with multiprocessing.get_context("fork").Pool(2) as pool:
                assert pool.map(reached.pool, [1, 2]) == [1, 2]
            script = os.path.join(os.path.dirname(sys.executable), "reached-script")
            subprocess.run([sys.executable, script], check=False)

        if __name__ == "__main__":
            everything()
        """,
    "test_everything.py": """
        import unittest
        from everything import everything
        class Everything(unittest.TestCase):
            def test_everything(self): everything()
            def test_more(self): pass
        """,
    "tox.ini": """
        [tox]
        env_list = reach
        [testenv]
        commands = python everything.py
        """,
    "noxfile.py": """
        import nox
        @nox.session
        def reach(session):
            session.install(".")
            session.run("python", "everything.py")
        """,
}
_NAMES = {
    *("in_process", "thread", "forked", "subprocess_", "empty_environment", "isolated", "executed", "left"),
    *("process_fork", "process_spawn", "process_forkserver", "pool", "killed", "console_script"),
}
_RUNNERS = {
    "script": (PYTHON, "everything.py"),
    "pytest": (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
    "unittest": (PYTHON, "-m", "unittest"),
    "xdist": (PYTHON, "-m", "pytest", "-q", "-n2", "-p", "no:cacheprovider"),
    "coverage": (PYTHON, "-m", "coverage", "run", "everything.py"),
    "tox": (PYTHON, "-m", "tox", "run", "-e", "reach", "--skip-pkg-install"),
    "nox": (PYTHON, "-m", "nox", "-R", "-s", "reach"),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """An environment with every runner, and tox's and nox's own, built as before a test run."""
    try:
        sandbox = select_sandbox("projects", "bubblewrap")
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("reached")
    made = Workspace(root / "workspace", sandbox, find_interpreter(), root / "logs")
    made.prepare()
    folder = tmp_path_factory.mktemp("source") / "project"
    folder.mkdir()
    for name, text in _FILES.items():
        (folder / name).write_text(textwrap.dedent(text))
    made.take_in(folder)
    interpreter = str(made.interpreter.executable)
    for command in (
        (UV, "venv", "--no-project", "--clear", "--python", interpreter, "/environment"),
        (UV, "pip", "install", "--python", PYTHON, ".", "pytest", "pytest-xdist", "coverage", "tox", "nox"),
        (PYTHON, "-m", "tox", "run", "-e", "reach", "--notest"),
        (PYTHON, "-m", "nox", "-s", "reach", "--install-only"),
    ):
        assert made.run("build", *command, index=True).ok, made.log("build").read_text()
    return made


@pytest.mark.parametrize("runner", _RUNNERS)
def test_every_process_of_every_runner_is_reached(workspace: Workspace, runner: str) -> None:
    mounts = tracer_mounts(workspace)
    workspace.clear(workspace.records)
    result = workspace.run("test", *_RUNNERS[runner], mounts=mounts)
    assert result.ok, workspace.log("test").read_text()
    recordings = read_recordings(workspace.records)
    assert {function.name for function in recordings.functions if function.cases} >= _NAMES
    assert not recordings.faults


def test_what_is_missing_or_there_to_customize_a_site_stays_so(workspace: Workspace) -> None:
    script = "import sys; print(sys.modules.get('sitecustomize'), 'Tracer' in str(sys.meta_path))"
    mounts = tracer_mounts(workspace)
    plain = workspace.run("plain", PYTHON, "-c", script)
    traced = workspace.run("traced", PYTHON, "-c", script, mounts=mounts)
    assert plain.ok and traced.ok
    assert _last_output(workspace, "plain") == _last_output(workspace, "traced") == "None False"
    own = workspace.site_packages / "sitecustomize.py"
    own.write_text("import sys; sys.own_site = True")
    try:
        script = "import sys; print(sys.own_site, 'codexsft_tracer' in sys.modules)"
        assert workspace.run("traced", PYTHON, "-c", script, mounts=mounts).ok
        assert _last_output(workspace, "traced") == "True True"
    finally:
        own.unlink()


def test_environments_can_be_made_under_the_tracer(workspace: Workspace, tmp_path: Path) -> None:
    mounts = tracer_mounts(workspace)
    script = "import subprocess; subprocess.run(['/tmp/new/bin/python', '-c', 'import sys; sys.exit("
    script += '"codexsft_tracer" not in sys.modules)\'], check=True)'
    for command in (
        f"{PYTHON} -m venv /tmp/new",
        f"{UV} venv --no-project --python {workspace.interpreter.executable} /tmp/new",
        f"{PYTHON} -m virtualenv --no-download /tmp/new",
    ):
        result = workspace.run("test", "sh", "-c", f'{command} && {PYTHON} -c "$0"', script, mounts=mounts)
        assert result.ok, workspace.log("test").read_text()


def test_an_environment_that_does_not_start_the_tracer_is_told_of(workspace: Workspace) -> None:
    check_tracer_starts(workspace, tracer_mounts(workspace))
    with pytest.raises(ProjectFailure, match="does not start the tracer"):
        check_tracer_starts(workspace, ())


def _last_output(workspace: Workspace, stage: str) -> str:
    lines = workspace.log(stage).read_text().splitlines()
    return next(line for line in reversed(lines) if not line.startswith(("[exit", "$")))


@pytest.mark.parametrize("version", [*VERSIONS, "system"])
def test_every_python_starts_the_tracer(tmp_path: Path, version: str) -> None:
    program = "/usr/bin/python3" if version == "system" else interpreters().get(version)
    if program is None or not Path(program).exists():
        pytest.skip(f"no Python {version} on this machine")
    try:
        sandbox = select_sandbox("projects", "bubblewrap")
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    made = Workspace(tmp_path / "workspace", sandbox, find_interpreter(program), tmp_path / "logs")
    made.prepare()
    command = (UV, "venv", "--no-project", "--clear", "--python", str(made.interpreter.executable))
    assert made.run("build", *command, "/environment").ok
    mounts = tracer_mounts(made)
    check_tracer_starts(made, mounts)
    assert len(mounts) == 3, "it is compiled once, and not by each process"
    for file in mounts[0].source.rglob("*.py"):
        assert list((file.parent / "__pycache__").glob(f"{file.stem}.*.pyc")), f"{file} is compiled by each"
