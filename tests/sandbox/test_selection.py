"""Choosing a backend: one that is missing, fails or does not isolate is refused, and says why."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

import sandbox.selection
import sandbox.self_test
from sandbox.bubblewrap import Bubblewrap
from sandbox.gvisor import GVisor
from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter, find_interpreter
from sandbox.landlock import Landlock
from sandbox.selection import BACKENDS, Purpose, Trial, select_sandbox, try_backends
from sandbox.self_test import check_for_commands, check_for_samples
from sandbox.unsandboxed import Unsandboxed


class Attempt(Protocol):
    def __call__(self, edit: str, purpose: Purpose = "projects") -> Trial: ...


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
def system_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the trial run on a Python that every user may run, so that it comes as far as it can."""
    program = Path("/usr/bin/python3")
    if not program.exists():
        pytest.skip(f"no {program}")
    found = find_interpreter(str(program))

    def find() -> Interpreter:
        return found

    monkeypatch.setattr(sandbox.self_test, "find_interpreter", find)


_PURPOSES: tuple[Purpose, ...] = ("projects", "samples")


@pytest.fixture
def only_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing but bubblewrap be tried, and forget afterwards what was chosen."""
    monkeypatch.setattr(sandbox.selection, "BACKENDS", (("bubblewrap", Bubblewrap.find),))
    select_sandbox.cache_clear()
    yield
    select_sandbox.cache_clear()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only_bubblewrap: None) -> Path:
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
def almost_bubblewrap(programs: Path) -> Attempt:
    """Tries a `bwrap` that edits its options before it is the real one."""
    bwrap = shutil.which("bwrap", path=os.defpath + ":/usr/bin:/usr/local/bin")

    def attempt(edit: str, purpose: Purpose = "projects") -> Trial:
        text = _ALMOST_BUBBLEWRAP.format(python=sys.executable, bwrap=bwrap, edit=edit)
        _write_program(programs / "bwrap", text)
        (trial,) = try_backends(purpose)
        return trial

    return attempt


def _refused(purpose: Purpose = "projects") -> str:
    """The explanation that is given for the refusal of bubblewrap."""
    (trial,) = try_backends(purpose)
    assert trial.sandbox is None
    with pytest.raises(SandboxUnavailable) as caught:
        select_sandbox(purpose, "bubblewrap")
    assert f"tried bubblewrap: {trial.explanation}" in str(caught.value)
    return str(caught.value)


@needs_bubblewrap
@pytest.mark.usefixtures("only_bubblewrap")
@pytest.mark.parametrize("purpose", _PURPOSES)
def test_a_machine_that_has_everything_gets_a_sandbox(purpose: Purpose) -> None:
    assert select_sandbox(purpose) == select_sandbox(purpose, "bubblewrap") == Bubblewrap.find()
    (trial,) = try_backends(purpose)
    assert trial.name == "bubblewrap"
    assert trial.sandbox is not None
    assert trial.explanation.startswith("works")


class TestOrder:
    """Of the choice, with backends that are only said to work."""

    @pytest.fixture(autouse=True)
    def _nothing_is_remembered(self) -> Iterator[None]:
        select_sandbox.cache_clear()
        yield
        select_sandbox.cache_clear()

    def _let_work(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
        tried: list[str] = []

        def found(name: str) -> Callable[[], Sandbox]:
            def find() -> Sandbox:
                tried.append(name)
                if name not in names:
                    raise SandboxUnavailable(f"{name} is missing")
                backends: dict[str, Sandbox] = {
                    "gvisor": GVisor("runsc", "systrap"),
                    "bubblewrap": Bubblewrap("bwrap"),
                    "landlock": Landlock(),
                }
                return backends[name]

            return find

        monkeypatch.setattr(sandbox.selection, "BACKENDS", tuple((n, found(n)) for n, _ in BACKENDS))
        passing = dict.fromkeys(_PURPOSES, lambda backend: None)
        monkeypatch.setattr(sandbox.selection, "_CHECKS", passing)
        return tried

    def test_the_strongest_is_taken_and_no_weaker_one_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tried = self._let_work(monkeypatch, "gvisor", "bubblewrap", "landlock")
        assert select_sandbox("samples").name == "gvisor"
        assert tried == ["gvisor"]

    @pytest.mark.parametrize("working", ["bubblewrap", "landlock"])
    def test_a_weaker_one_is_taken_where_stronger_ones_are_missing(
        self, monkeypatch: pytest.MonkeyPatch, working: str
    ) -> None:
        self._let_work(monkeypatch, working)
        assert select_sandbox("samples").name == working

    def test_the_wanted_one_is_taken_or_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tried = self._let_work(monkeypatch, "gvisor", "bubblewrap")
        assert select_sandbox("samples", "bubblewrap").name == "bubblewrap"
        with pytest.raises(SandboxUnavailable, match="tried landlock: landlock is missing") as caught:
            select_sandbox("samples", "landlock")
        assert "gvisor" not in str(caught.value).partition("tried")[2]
        assert tried == ["bubblewrap", "landlock"]

    def test_a_refusal_names_every_backend_with_its_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._let_work(monkeypatch)
        with pytest.raises(SandboxUnavailable) as caught:
            select_sandbox("samples")
        for name, _ in BACKENDS:
            assert f"tried {name}: {name} is missing" in str(caught.value)

    def test_the_choice_for_samples_is_not_that_for_projects(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._let_work(monkeypatch, "gvisor", "bubblewrap")
        checks = {
            "projects": lambda backend: "no tools" if backend.name == "gvisor" else None,
            "samples": lambda backend: None,
        }
        monkeypatch.setattr(sandbox.selection, "_CHECKS", checks)
        assert select_sandbox("samples").name == "gvisor"
        assert select_sandbox("projects").name == "bubblewrap"

    def test_no_sandbox_at_all_is_never_chosen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._let_work(monkeypatch)
        with pytest.raises(SandboxUnavailable):
            select_sandbox("samples", "none")


def test_no_sandbox_does_not_pass_the_trial_for_samples() -> None:
    # the trial is worth something: without any sandbox it finds what gets out
    assert "a sample that" in str(check_for_samples(Unsandboxed()))


def test_what_confines_samples_only_is_refused_for_projects() -> None:
    for backend in (Unsandboxed(), Landlock()):
        with pytest.raises(SandboxUnavailable):
            check_for_commands(backend)


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


@pytest.mark.parametrize("purpose", _PURPOSES)
def test_a_bubblewrap_that_succeeds_without_running_anything_is_refused(
    programs: Path, purpose: Purpose
) -> None:
    _write_program(programs / "bwrap", "#!/bin/sh\nexit 0\n")
    assert "tried bubblewrap" in _refused(purpose)


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
    def test_the_real_one_works(self, almost_bubblewrap: Attempt) -> None:
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
        self, almost_bubblewrap: Attempt, edit: str, discovery: str
    ) -> None:
        trial = almost_bubblewrap(edit)
        assert trial.sandbox is None
        assert discovery in trial.explanation

    def test_limits_that_do_not_hold_are_noticed(self, almost_bubblewrap: Attempt) -> None:
        # the explanation of a success says that limits hold
        edit = (
            "place = next(i for i, part in enumerate(command) if part.endswith('prlimit'))\n"
            "end = command.index('--', place)\n"
            "del command[place : end + 1]"
        )
        assert almost_bubblewrap(edit).sandbox is None

    @pytest.mark.parametrize(
        ("edit", "discovery"),
        [
            ("options[:0] = ['--proc', '/proc']", "sees processes"),
            (
                "while '--size' in options:\n"
                "    place = options.index('--size')\n"
                "    del options[place : place + 2]",
                "fills its folder",
            ),
            ("options += ['--ro-bind', '/tmp', '/tmp']", "reads the host's files"),
        ],
        ids=["processes", "size", "files"],
    )
    def test_one_that_leaves_something_out_is_refused_for_samples(
        self, almost_bubblewrap: Attempt, edit: str, discovery: str
    ) -> None:
        trial = almost_bubblewrap(edit, "samples")
        assert trial.sandbox is None
        assert discovery in trial.explanation

    def test_the_system_call_filter_alone_keeps_samples_from_the_network(
        self, almost_bubblewrap: Attempt
    ) -> None:
        # so that it takes two faults to let a sample out
        assert almost_bubblewrap("options.remove('--unshare-net')", "samples").sandbox is not None
