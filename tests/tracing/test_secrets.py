"""Planted secrets of every kind are found where recordings may hold them; ordinary values are kept."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from tasks.value_encoding import encode, to_text
from tests.tracing.planted_secrets import CREDENTIALS, PERSONAL
from tracing.recordings import read_recordings
from tracing.secrets import machine_in, secret_in, text_in_pickle, text_in_source

ORDINARY: list[Any] = [
    "The quick brown fox jumps over the lazy dog",
    "someone@example.com",
    "someone@mail.example.org and another@server.test",
    "https://example.org/users/7?page=2",
    "http://localhost:8080/path",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "d41d8cd98f00b204e9800998ecf8427e",
    "2026-01-02T03:04:05+00:00",
    "192.168.0.1",
    "def f(token):\n    return token.kind",
    "the password is secret",
    "/etc/passwd and /usr/share",
    "C:\\Windows\\system32",
    ["token", "position", "secret", "password"],
    {"tokens": [1, 2, 3], "secret": None, "password": ""},
    {"key": "value", "name": "api"},
    b"\x00\x01\x02binary\xff",
    12345678901234567890,
]


def pickled(value: Any, protocol: int = 4) -> str:
    return base64.b64encode(pickle.dumps(value, protocol)).decode()


def shapes(secret: str) -> list[Any]:
    """Values that hold a text in other ways."""
    return [
        secret,
        f"before {secret} behind",
        {"key": [(secret,)]},
        {secret: 1},
        secret.encode(),
        secret.encode("utf-16-le"),
        bytearray(secret.encode()),
        {7: secret},
    ]


@pytest.mark.parametrize(("kind", "secret"), CREDENTIALS.items(), ids=CREDENTIALS)
def test_credentials_are_found_in_every_shape(kind: str, secret: str) -> None:
    for value in shapes(secret):
        assert secret_in(to_text(encode([value]))) == "holds_secret", value
        for protocol in (2, 4, 5):
            assert secret_in(text_in_pickle(pickled(value, protocol))) == "holds_secret", value


@pytest.mark.parametrize(("kind", "text"), PERSONAL.items(), ids=PERSONAL)
def test_personal_data_is_found_in_every_shape(kind: str, text: str) -> None:
    for value in shapes(text):
        assert secret_in(to_text(encode([value]))) == "holds_personal_data", value
        assert secret_in(text_in_pickle(pickled(value))) == "holds_personal_data", value


@pytest.mark.parametrize("value", ORDINARY, ids=repr)
def test_ordinary_values_are_kept(value: Any) -> None:
    assert secret_in(to_text(encode(value))) is None
    assert secret_in(text_in_pickle(pickled(value))) is None


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter22"},
        {"user": "me", "api_key": "0123456789", "more": 1},
        {"hunter22": "hunter22", "passwd": "hunter22"},
        {"headers": {"Authorization": "Basic dXNlcjpodW50ZXI="}},
        {"Authorization": "Bearer abcdefgh"},
    ],
)
def test_keys_tell_of_secrets_that_look_like_nothing(value: Any) -> None:
    assert secret_in(to_text(encode(value))) == "holds_secret"
    for protocol in (4, 5):
        assert secret_in(text_in_pickle(pickled(value, protocol))) == "holds_secret"


@pytest.mark.parametrize("data", [b"", b"\x80", b"(((", b"u.", b"s.", b"\x94.", b"h\xff."])
def test_what_is_no_pickle_is_read_as_far_as_it_goes(data: bytes) -> None:
    text = base64.b64encode(data + b"ghp_" + b"a1B2" * 9).decode()
    assert secret_in(text_in_pickle(text)) == "holds_secret"


def test_what_is_no_base64_says_nothing() -> None:
    assert text_in_pickle("no base64!") == ""


@pytest.mark.parametrize(
    "source",
    [
        "password = 'hunter22'",
        "connect(user='me', password='hunter22')",
        "lambda: {'password': 'hunter22'}",
        "def f():\n    # password: hunter22\n    return 1",
        'def f():\n    return f"{x} ghp_' + "a1B2" * 9 + '"',
    ],
)
def test_source_is_read_by_its_literals_and_comments(source: str) -> None:
    assert secret_in(text_in_source(source)) == "holds_secret"


def test_code_that_deals_with_passwords_holds_none() -> None:
    source = "def f(password, token):\n    password = hashed(password)\n    return g(token=token.position)\n"
    assert secret_in(text_in_source(source)) is None


def test_places_in_the_sandbox_are_told_from_others() -> None:
    assert machine_in("at /project/data") == "environment_dependent"
    assert machine_in("at /tmp/pytest-0") == "environment_dependent"
    assert machine_in("at /usr/share") is None


def _recordings(folder: Path, *lines: dict[str, Any]) -> Any:
    function = {"function": 1, "file": "/project/m.py", "name": "f", "line": 1, "kind": "function"}
    (folder / "1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (function, *lines)))
    (read,) = read_recordings(folder).functions
    return read


def _call(arguments: list[Any], outcome: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"call": 1, "arguments": arguments, "keyword_arguments": {}, "outcome": outcome, **more}


def test_recordings_that_hold_any_are_dropped_and_counted(tmp_path: Path) -> None:
    planted = [*CREDENTIALS.values(), *PERSONAL.values()]
    returned = {"kind": "returned", "value": 1}
    lines = []
    for number, text in enumerate(planted):
        lines.append(_call([number, text], returned))
        lines.append({**_call([number], returned), "keyword_arguments": {"x": text}})
        lines.append(_call([number, "result"], {"kind": "returned", "value": [text]}))
        after = {"kind": "returned", "value": 1, "arguments_after": [text]}
        lines.append(_call([number, "after"], after))
        lines.append(_call([], returned, pickled=pickled(([number, text], {}))))
    function = _recordings(tmp_path, *lines, _call([1], returned))
    assert [case.arguments for case in function.cases.values()] == [[1]]
    assert function.dropped == {
        "holds_secret": 5 * len(CREDENTIALS),
        "holds_personal_data": 5 * len(PERSONAL),
    }


def test_the_particulars_of_a_loss_hold_none(tmp_path: Path) -> None:
    lines = [
        {"lost": 1, "part": "argument", "reason": "r", "detail": f"class {text}"}
        for text in (*CREDENTIALS.values(), *PERSONAL.values(), "m:Class")
    ]
    losses = _recordings(tmp_path, *lines).losses
    assert {loss.detail for loss in losses} == {"", "class m:Class"}
    assert len(losses) == len(lines)


def test_functions_pickled_by_value_show_their_constants() -> None:
    text = f"def f(x, password={'hunter22'!r}):\n    return x + {CREDENTIALS['GitHub token']!r}\n"
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(text, names)  # noqa: S102 - written here
    data = base64.b64encode(cloudpickle.dumps(names["f"], 4)).decode()
    assert secret_in(text_in_pickle(data)) == "holds_secret"
