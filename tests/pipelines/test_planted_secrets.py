"""A project whose tests pass secrets, traced as users do: nothing of them is in what is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.interface import Sandbox
from tasks.files import read_json_lines
from tasks.record import Rejection, Task
from tests.conftest import ProjectMaker
from tests.pipelines.command import codex_sft
from tests.tracing.planted_secrets import CREDENTIALS, PERSONAL

_SOURCE = '''
"""What deals with texts in several ways."""


class Account:
    """Has no encoding: it is pickled."""

    def __init__(self, login):
        self.login = login
        self.callback = lambda: login


def upper(text):
    """Return the text with all of its letters in upper case."""
    return text.upper()


def first_word(text, note=None):
    """Return the first of the words of the text, or an empty text."""
    return text.split()[0] if text.split() else ""


def login_of(account):
    """Return the login of the account, in lower case letters."""
    return account.login.lower()


def account_for(text):
    """Return an account whose login is the text from its end."""
    return Account(text[::-1])


def applied(function, number):
    """Return what the function gives for the number, as a text."""
    return str(function(number))


def remember(texts):
    """Add the length of each of the texts to their list."""
    texts.extend([str(len(text)) for text in list(texts)])


def fail_with(text):
    """Return the number in the text, where there is one."""
    return int(text)


def digits(texts):
    """Yield the digits of each of the texts, put together."""
    for text in texts:
        yield "".join(filter(str.isdigit, text))
'''
_TESTS = """
import contextlib
import kinds

SECRETS = {secrets!r}


def test_ordinary():
    for text in ("plain", "quite plain", "a b c"):
        kinds.upper(text), kinds.first_word(text, note=text), kinds.login_of(kinds.Account(text))
        kinds.remember([text]), list(kinds.digits([text, "12"]))
    kinds.account_for("nhoJ")
    kinds.applied(lambda number: number + 1, 3)
    kinds.fail_with("12")


def test_secret():
    for secret in SECRETS:
        kinds.upper(secret), kinds.first_word("a", note=secret), kinds.login_of(kinds.Account(secret))
        kinds.remember([secret]), list(kinds.digits([secret]))
        kinds.account_for(secret[::-1])  # only its result is one, and only the replay tells that
        kinds.applied(lambda number: secret, 3)
        with contextlib.suppress(ValueError):
            kinds.fail_with(secret)
    kinds.applied(lambda number: {secret!r} * number, 2)
    kinds.applied(from_outside, 4)


def from_outside(number):
    return {secret!r} + str(number)
"""


@pytest.fixture(scope="module")
def output(make_project: ProjectMaker, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    secrets = [*CREDENTIALS.values(), *PERSONAL.values()]
    tests = _TESTS.format(secrets=secrets, secret=CREDENTIALS["GitHub token"])
    project = make_project("kinds", {"kinds.py": _SOURCE, "tests/test_kinds.py": tests})
    folder = tmp_path_factory.mktemp("run")
    shown = codex_sft("trace", project, "--output", folder)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    return folder


def _forms(secret: str) -> Iterator[bytes]:
    """What of a secret would be enough to be one, as files may hold it."""
    for text in (secret, secret.upper(), secret.lower(), secret[5:] if len(secret) > 15 else secret):
        escaped = text.encode("unicode_escape").replace(b'"', b'\\"')
        yield from (text.encode(), escaped, escaped.replace(b"\\", b"\\\\"), text.encode("utf-16-le"))


def test_no_file_holds_anything_of_a_secret(output: Path) -> None:
    # the tests pass, so that pytest does not print their text: the logs are no exception here
    files = [file for file in output.rglob("*") if file.is_file()]
    for name in ("tasks.jsonl", "rejected.jsonl", "manifest.json", "traced.json", "test.log"):
        assert any(file.name == name for file in files), name
    planted = {form: kind for kind, text in {**CREDENTIALS, **PERSONAL}.items() for form in _forms(text)}
    for file in files:
        data = file.read_bytes()
        assert [kind for form, kind in planted.items() if form in data] == [], file


def test_the_ordinary_calls_are_kept_and_the_others_counted(output: Path) -> None:
    tasks = {task.entry_point: task for task in read_json_lines(output / "tasks.jsonl", Task)}
    rejected = {entry.function: entry for entry in read_json_lines(output / "rejected.jsonl", Rejection)}
    assert {"upper", "first_word", "remember", "digits"} <= tasks.keys(), rejected
    assert sorted(case.arguments[0] for case in tasks["upper"].tests) == ["a b c", "plain", "quite plain"]
    for name in ("upper", "first_word", "remember", "digits"):
        assert tasks[name].evidence.cases_dropped["holds_secret"] > 5, name
