"""``codex-sft grade`` as users run it, and as those do who should not: over real connections."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest
from click.testing import CliRunner

from docstring_gen.grading_items import read_grading_items
from docstring_gen.grading_store import GradeStore
from pipelines.grade_command import grade
from tests.docstring_gen.grading_session import WHOLE_COMMAND, GradingSession, grading, line, write_lines

_FORM = {"category": "correct", "note": ""}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradingSession]:
    """A page on which nothing is ever graded."""
    file = write_lines(tmp_path_factory.mktemp("grading") / "d.jsonl", [line(index) for index in range(3)])
    with grading(file, "--grader", "anna", "--grader", "berta") as session:
        yield session


def _kept(file: Path) -> list[tuple[str, int, str | None]]:
    store = GradeStore(file.with_name(f"{file.name}.grades"), read_grading_items(file))
    found = [
        (each.grader, store.items[each.item_id].key.sample_index, each.category)
        for each in store.all_standing()
    ]
    store.close()
    return found


def test_it_is_bound_to_loopback_and_prints_a_long_token(served: GradingSession) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", served.url)
    port = int(served.host.rpartition(":")[2])
    listening = [each.split() for each in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    bound = [each[1] for each in listening if each[3] == "0A" and int(each[1].partition(":")[2], 16) == port]
    assert bound == [f"0100007F:{port:04X}"], "127.0.0.1 and nothing else"


def test_the_token_becomes_a_cookie_that_other_sites_and_scripts_never_get(served: GradingSession) -> None:
    answer = served.ask(f"/?token={served.token}", Cookie=None)
    assert answer.status == 200
    assert answer.headers["set-cookie"] == f"{served.cookie}; HttpOnly; Path=/; SameSite=strict"
    assert served.token not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/results", "/grader/anna", "/grader/anna/1", "/grader/anna/finished"])
@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        "codex_sft_grade_{port}=",
        "codex_sft_grade_{port}={short}",
        "codex_sft_grade_{port}={forged}",
        "codex_sft_grade={token}",
        "codex_sft_grade_{port}={token}x",
        'codex_sft_grade_{port}="\\303\\266"',
    ],
)
def test_without_the_token_nothing_is_shown(served: GradingSession, path: str, cookie: str | None) -> None:
    values = {
        "port": served.host.rpartition(":")[2],
        "token": served.token,
        "short": served.token[:-1],
        "forged": served.token[::-1],
    }
    answer = served.ask(path, Cookie=cookie and cookie.format(**values))
    assert answer.status == 403
    assert "Docstring" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "%00", "%ff", "a" * 5000])
def test_a_forged_token_in_the_address_gives_no_cookie(served: GradingSession, token: str) -> None:
    answer = served.ask(f"/?token={token}", Cookie=None)
    assert (answer.status, answer.headers.get("set-cookie")) == (403, None)
    assert served.ask(f"/grader/anna/1?token={served.token}", Cookie=None).status == 403, "only at the start"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost@evil.example:{port}"}, 403),
        ({"Host": None}, 403),
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Cookie": None}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/json"}, 415),
        ({"Content_Length": None}, 411),
        ({"Content_Length": "70000"}, 413),
    ],
)
def test_grades_come_from_the_page_itself_or_not_at_all(
    served: GradingSession, headers: dict[str, str | None], status: int
) -> None:
    port = served.host.rpartition(":")[2]
    sent = {name: value and value.format(port=port) for name, value in headers.items()}
    answer = served.ask("/grader/anna/1", _FORM, **sent)
    # the server itself refuses a request that names no host
    assert answer.status == (400 if headers == {"Host": None} else status)
    assert "location" not in answer.headers
    assert "0 graded by anna" in served.ask("/grader/anna/1").text


def test_other_names_of_this_machine_do_if_they_are_consistent(served: GradingSession) -> None:
    port = served.host.rpartition(":")[2]
    for host in (f"localhost:{port}", f"[::1]:{port}", "localhost"):
        assert served.ask("/grader/anna/1", Host=host).status == 200
    # through a forwarded port, the form's origin has that port
    answer = served.ask("/grader/anna/1", {"category": "?"}, Host="localhost:9", Origin="http://localhost:9")
    assert answer.status == 422


@pytest.mark.parametrize(
    "path",
    [
        "/static/../grading_pages.py",
        "/static/../../setup.cfg",
        "/static/%2e%2e/grading_pages.py",
        "/static/..%2fgrading_pages.py",
        "/static/..%5cgrading_pages.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/grading.css%00.txt",
        "/static/",
        "/static/../results",
        "//etc/passwd",
        "/../../etc/passwd",
        "/grader/../results",
        "/grader/%2e%2e/1",
        "/grader/anna%2f..%2fberta/1",
        "/grader/anna/0",
        "/grader/anna/4",
        "/grader/anna/-1",
        "/grader/anna/1e0",
        "/grader/anna/99999999999999999999999999",
        "/grader/carla/1",
        "/grader/anna%20/1",
        "/grader/%3Cscript%3E/1",
        "/grader/anna%00/1",
        "/docs",
    ],
)
def test_path_tricks_lead_nowhere(served: GradingSession, path: str) -> None:
    answer = served.ask(path)
    assert answer.status in (400, 404)
    for secret in ("def ", "root:", "codex-sft\n", "<script>", "pass@1"):
        assert secret not in answer.text


def test_other_methods_and_wrong_forms_are_refused(served: GradingSession) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        assert served.ask("/grader/anna/1", method=method).status == 405
    for form in ({}, {"category": "perfect"}, {**_FORM, "note": "x" * 10_001}):
        answer = served.ask("/grader/anna/1", form)
        assert answer.status == 422
        assert "Nothing was kept" in answer.text
    many = {f"field{number}": "" for number in range(30)}
    assert served.ask("/grader/anna/1", {**_FORM, **many}).status == 400
    assert served.ask("/graders", {"name": "<b>"}).status == 422


def test_a_grader_sees_neither_model_nor_original_until_all_of_a_task_is_graded(tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "d.jsonl", [line(index, model=name) for index in range(2) for name in ("gpt-x", "gpt-y")]
    )
    with grading(file) as session:
        for done in range(4):
            pages = [session.ask(f"/grader/anna/{place}").text for place in range(1, 5)]
            assert not [page for page in pages if "gpt-" in page or "very original" in page], done
            assert session.grade("anna").status == 303
        assert "very original" in session.ask("/grader/anna/1").text
        assert "very original" not in session.ask("/grader/berta/1").text, "who has graded nothing"
        session.ask("/grader/anna/undo", {})
        assert "very original" not in session.ask("/grader/anna/1").text


def test_killed_between_any_two_grades_it_loses_none(tmp_path: Path) -> None:
    """Killed while grades arrive, at another moment each time: all that were answered are there."""
    file = write_lines(tmp_path / "d.jsonl", [line(index) for index in range(60)])
    answered = 0
    for until in (1, 7, 16):
        with grading(file) as session:
            enough = threading.Event()

            def kill(session: GradingSession = session, enough: threading.Event = enough) -> None:
                enough.wait(60)
                session.process.send_signal(signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            with pytest.raises((OSError, HTTPException)):
                for count in range(60):
                    if session.grade("anna", note=f"note {answered}").status == 303:
                        answered += 1
                    if count + 1 == until:
                        enough.set()
            killer.join()
        kept = _kept(file)
        # of the one whose answer never came nobody knows
        assert answered <= len(kept) <= answered + 1
        assert len({index for _, index, _ in kept}) == len(kept)
        answered = len(kept)
    assert answered >= 24


def test_exported_are_the_grades_with_their_results(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line(index, model="[red]m\x1b") for index in range(10)])
    with grading(file, "--grades", tmp_path / "kept.db") as session:
        for grader in ("anna", "berta"):
            for index in range(10):
                assert session.grade(grader, "correct" if index < 5 else "other").status == 303
    arguments = [str(file), "--grades", str(tmp_path / "kept.db"), "--export", str(tmp_path / "out.jsonl")]
    shown = CliRunner().invoke(grade, arguments, env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    rows = [json.loads(each) for each in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(rows) == 20
    assert {row["grader"] for row in rows} == {"anna", "berta"}
    assert re.search(
        r"\[red\]m\\x1b +│ anna +│ 10/10 +│ 5 +│ 0 +│.* 50\.0 \[50\.0, 50\.0\] │ 100\.0", shown.output
    )
    assert re.search(r"anna and berta │ 10 +│ \d+\.0 % │ -?[01]\.\d\d", shown.output)


def test_what_cannot_be_served_is_told(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line()])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for arguments, words in (
            ((tmp_path / "absent.jsonl",), "absent.jsonl: No such file"),
            ((file, "--tasks", tmp_path / "absent"), "absent"),
            ((file, "--grader", "a/b"), "no name for a grader"),
            ((file, "--port", taken.getsockname()[1]), "Address already in use; leave out --port"),
            ((file, "--grades", tmp_path), "choose another"),
            ((file, "--export", tmp_path / "d.jsonl/x"), "cannot be written"),
        ):
            shown = CliRunner().invoke(grade, [*map(str, arguments)])
            assert (shown.exit_code, words in shown.output) == (2, True), shown.output


def test_interrupted_it_says_what_is_kept(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line(index) for index in range(2)])
    with grading(file, command=WHOLE_COMMAND) as session:
        session.grade("anna")
        session.process.send_signal(signal.SIGINT)
        assert session.process.stdout is not None
        assert session.process.stdout.read() == "grades kept: 1; the same command goes on\n"
        assert session.process.wait(60) == 0
