"""A judge of others is asked only as far as a file allows it."""

from __future__ import annotations

import datetime
import sys
import textwrap
from pathlib import Path

import pytest

from scraping.judges.authorised_judge import (
    AuthorisedJudge,
    NotAuthorised,
    load_adapter,
    read_authorisation,
)
from scraping.judges.judge import JudgeVerdict, SubmissionRefused
from scraping.problem import Problem, Solution
from tests.scraping.test_local_judge import difference, python

_VALID = """\
judge: contest.example.org
allowed_by: Ada, administrator
problems: ["test:*"]
first_day: 2026-11-10
last_day: 2026-12-31
submissions_per_day: 2
"""
_DAY = datetime.date(2026, 11, 20)


class _Accepting:
    def __init__(self) -> None:
        self.asked = 0

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        self.asked += 1
        return JudgeVerdict("accepted")


def _file(folder: Path, text: str = _VALID) -> Path:
    path = folder / "allowed.yaml"
    path.write_text(text)
    return path


def _judge(folder: Path, day: datetime.date = _DAY, text: str = _VALID) -> tuple[AuthorisedJudge, _Accepting]:
    adapter = _Accepting()
    allowed = read_authorisation(_file(folder, text))
    return AuthorisedJudge(adapter, allowed, folder / "ledger.jsonl", lambda: day), adapter


def test_what_is_allowed_is_sent_and_noted(tmp_path: Path) -> None:
    judge, adapter = _judge(tmp_path)
    assert judge.submit(difference(), python("1")).budget_left == 1
    assert adapter.asked == 1
    assert '"problem": "test:difference"' in (tmp_path / "ledger.jsonl").read_text()


def test_a_days_number_holds_over_restarts_and_begins_anew_the_next_day(tmp_path: Path) -> None:
    for _ in range(2):
        _judge(tmp_path)[0].submit(difference(), python("1"))
    again, adapter = _judge(tmp_path)
    with pytest.raises(SubmissionRefused, match="all 2 submissions of 2026-11-20"):
        again.submit(difference(), python("1"))
    assert adapter.asked == 0
    tomorrow, _ = _judge(tmp_path, _DAY + datetime.timedelta(days=1))
    assert tomorrow.submit(difference(), python("1")).accepted


def test_an_unreadable_ledger_counts_against_the_number(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text("?\n?\n")
    with pytest.raises(SubmissionRefused, match="all 2"):
        _judge(tmp_path)[0].submit(difference(), python("1"))


@pytest.mark.parametrize("day", [datetime.date(2026, 11, 9), datetime.date(2027, 1, 1)])
def test_nothing_is_sent_before_and_after(tmp_path: Path, day: datetime.date) -> None:
    judge, adapter = _judge(tmp_path, day)
    with pytest.raises(SubmissionRefused, match="allowed from 2026-11-10 to 2026-12-31"):
        judge.submit(difference(), python("1"))
    assert adapter.asked == 0


def test_other_problems_are_refused(tmp_path: Path) -> None:
    judge, adapter = _judge(tmp_path, text=_VALID.replace("test:*", "other:*"))
    with pytest.raises(SubmissionRefused, match="not among the problems"):
        judge.submit(difference(), python("1"))
    assert adapter.asked == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("allowed_by: Ada, administrator\n", "", "allowed_by"),
        ("Ada, administrator", "''", "allowed_by is empty"),
        ('["test:*"]', "[]", "problems is empty"),
        ("2026-12-31", "2026-11-01", "before first_day"),
        ("2026-12-31", "some day", "last_day"),
        ("per_day: 2", "per_day: 0", "submissions_per_day is 0"),
        ("per_day: 2", "per_day: many", "submissions_per_day"),
        ("judge:", "juge:", "juge"),
        (_VALID, "[", "allowed.yaml"),
    ],
)
def test_an_invalid_file_allows_nothing(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(NotAuthorised, match=told):
        read_authorisation(_file(tmp_path, _VALID.replace(old, new)))


def test_without_a_file_nothing_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(NotAuthorised, match="needs a file that allows it"):
        AuthorisedJudge.load("json:JSONDecoder", tmp_path / "none.yaml")


def test_an_adapter_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_adapter.py").write_text(
        textwrap.dedent("""
        from scraping.judges.judge import JudgeVerdict

        class MyJudge:
            def submit(self, problem, solution):
                return JudgeVerdict("wrong_answer")
        """)
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    today = datetime.datetime.now(datetime.UTC).date()
    path = _file(tmp_path, _VALID.replace("2026-11-10", str(today)).replace("2026-12-31", str(today)))
    judge = AuthorisedJudge.load("my_adapter:MyJudge", path)
    assert judge.submit(difference(), python("1")).status == "wrong_answer"
    assert (tmp_path / "allowed.submissions.jsonl").exists()
    expired = _file(tmp_path, _VALID.replace("2026-11-10", "2020-01-01").replace("2026-12-31", "2020-02-01"))
    with pytest.raises(NotAuthorised, match="valid from 2020-01-01"):
        AuthorisedJudge.load("my_adapter:MyJudge", expired)
    sys.modules.pop("my_adapter")


@pytest.mark.parametrize(
    "name", ["nowhere:Judge", "json:NoSuchClass", "no_such_entry_point", "json:JSONDecoder"]
)
def test_what_is_no_adapter_is_told(name: str) -> None:
    with pytest.raises(NotAuthorised):
        load_adapter(name)
