"""Choosing a backend: one that is missing, fails or does not isolate is refused, and says why."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sandbox.selection
from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import Interpreter, find_interpreter
from sandbox.selection import Trial, select_sandbox, try_backends

_HELPERS = ("prlimit", "setpriv", "unshare", "env", "sh")

needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

# A `bwrap` that changes its options, then is the real one: {edit} sees `options`, a list.
_ALMOST_BUBBLEWRAP = """#!{python} -IS
import os, sys
cut = sys.argv.index("--")
options, command = sys.argv[1:cut], sys.argv[cut:]
while "--args" in options:
    place = options.index("--args")
    with open(int(options[place + 1]), "rb") as stream:
        options[place : place + 2] = os.fsdecode(stream.read()).rstrip("\\0").split("\\0")
{edit}
os.execv({bwrap!r}, ["bwrap", *options, *command])
"""


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, with everything that the backend needs but `bwrap`."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in _HELPERS:
        program = shutil.which(name)
        if program:
            (folder / name).symlink_to(program)
    find_interpreter()  # asks the interpreter while PATH is as it was
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def system_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the trial run on a Python that every user may run, so that it comes as far as it can."""
    program = Path("/usr/bin/python3")
    if not program.exists():
        pytest.skip(f"no {program}")
    found = find_interpreter(str(program))

    def find() -> Interpreter:
        return found

    monkeypatch.setattr(sandbox.selection, "find_interpreter", find)


@pytest.fixture
def almost_bubblewrap(programs: Path) -> Callable[[str], Trial]:
    """Tries a `bwrap` that edits its options before it is the real one."""
    bwrap = shutil.which("bwrap", path=os.defpath + ":/usr/bin:/usr/local/bin")

    def attempt(edit: str) -> Trial:
        text = _ALMOST_BUBBLEWRAP.format(python=sys.executable, bwrap=bwrap, edit=edit)
        _write_program(programs / "bwrap", text)
        (trial,) = try_backends()
        return trial

    return attempt


def _refused() -> str:
    """The explanation that is given for the refusal."""
    (trial,) = try_backends()
    assert trial.sandbox is None
    with pytest.raises(SandboxUnavailable) as caught:
        select_sandbox()
    assert f"tried bubblewrap: {trial.explanation}" in str(caught.value)
    return str(caught.value)


@needs_bubblewrap
def test_a_machine_that_has_everything_gets_a_sandbox() -> None:
    assert select_sandbox() == Bubblewrap.find()
    (trial,) = try_backends()
    assert trial.name == "bubblewrap"
    assert trial.sandbox is not None
    assert trial.explanation.startswith("works")


@pytest.mark.usefixtures("programs")
def test_without_bubblewrap_it_says_what_to_install() -> None:
    message = _refused()
    assert "`bwrap` is not installed" in message
    assert "apt-get install bubblewrap" in message
    assert "nothing was run" in message


@needs_bubblewrap
@pytest.mark.parametrize("program", ["setpriv", "prlimit"])
def test_without_its_helpers_it_says_what_to_install(programs: Path, program: str) -> None:
    (programs / "bwrap").symlink_to("/usr/bin/bwrap")
    (programs / program).unlink()
    message = _refused()
    assert f"`{program}` is not installed" in message
    assert "apt-get install util-linux" in message


def test_a_bubblewrap_that_fails_is_refused_with_its_own_words(programs: Path) -> None:
    words = "bwrap: No permissions to create new namespace"
    _write_program(programs / "bwrap", f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    message = _refused()
    assert words in message
    assert "does not start (exit status 1)" in message
    assert "unprivileged_userns" in message


def test_a_bubblewrap_that_succeeds_without_running_anything_is_refused(programs: Path) -> None:
    _write_program(programs / "bwrap", "#!/bin/sh\nexit 0\n")
    assert "tried bubblewrap" in _refused()


def test_a_bubblewrap_that_fails_is_refused_whatever_it_prints(programs: Path) -> None:
    _write_program(programs / "bwrap", "#!/bin/sh\necho 'escapes: none'\nexit 1\n")
    assert "does not start" in _refused()


def test_a_bubblewrap_that_cannot_be_executed_is_refused(programs: Path) -> None:
    _write_program(programs / "bwrap", "#!/no/such/interpreter\n")
    assert "tried bubblewrap" in _refused()


def test_a_bubblewrap_that_does_not_isolate_is_refused(programs: Path) -> None:
    _write_program(
        programs / "bwrap",
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n',
    )
    assert "tried bubblewrap" in _refused()


@pytest.mark.usefixtures("system_python")
def test_code_that_a_bubblewrap_let_out_tells_what_it_could_do(programs: Path) -> None:
    _write_program(
        programs / "bwrap",
        "#!/bin/sh\nexport PATH=/usr/bin:/bin SECRET=1\n"
        'while [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n',
    )
    message = _refused()
    for discovery in (
        "reaches the network",
        "sees processes of the host",
        "sees the environment of the host",
    ):
        assert discovery in message


@needs_bubblewrap
class TestAlmostIsolating:
    def test_the_real_one_works(self, almost_bubblewrap: Callable[[str], Trial]) -> None:
        assert almost_bubblewrap("").sandbox is not None

    @pytest.mark.parametrize(
        ("edit", "discovery"),
        [
            ("options.remove('--unshare-net')", "reaches the network"),
            ("options.remove('--unshare-pid')", "sees processes of the host"),
            (
                "while '--size' in options:\n"
                "    place = options.index('--size')\n"
                "    del options[place : place + 2]",
                "fills /tmp without limit",
            ),
            ("options += ['--ro-bind', '/tmp', '/tmp']", "reads a file of the host"),
        ],
        ids=["network", "processes", "size", "files"],
    )
    def test_one_that_leaves_something_out_is_refused(
        self, almost_bubblewrap: Callable[[str], Trial], edit: str, discovery: str
    ) -> None:
        trial = almost_bubblewrap(edit)
        assert trial.sandbox is None
        assert discovery in trial.explanation

    def test_limits_that_do_not_hold_are_noticed(self, almost_bubblewrap: Callable[[str], Trial]) -> None:
        # the explanation of a success says that limits hold
        edit = (
            "place = next(i for i, part in enumerate(command) if part.endswith('prlimit'))\n"
            "end = command.index('--', place)\n"
            "del command[place : end + 1]"
        )
        assert almost_bubblewrap(edit).sandbox is None
