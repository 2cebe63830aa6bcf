"""Judges of others: through a user's own adapter, and only with a file that tells who allowed it.

None ships. An adapter is a class with the method of `scraping.judges.judge.Judge`, named as
``module:Class`` or by an entry point of the group ``codex_sft.judges``. The authorisation is a YAML file::

    judge: contest.example.org
    allowed_by: Ada Lovelace, contest administrator, by e-mail of 2026-11-02
    problems: ["2026/*"]
    first_day: 2026-11-10
    last_day: 2026-12-31
    submissions_per_day: 50

Every submission is noted beside it, before it is sent, so that no restart makes the day's number larger.
"""

from __future__ import annotations

import datetime
import fcntl
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from pathlib import Path

import msgspec
import yaml

from scraping.judges.judge import Judge, JudgeVerdict, SubmissionRefused
from scraping.problem import Problem, Solution
from tasks.json_decoders import converted

_GROUP = "codex_sft.judges"


class NotAuthorised(ValueError):
    """There is no valid permission to submit programs; the message says what is wrong with it."""


class Authorisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who allowed what: problems by patterns of their identifiers, days (both inclusive, UTC), and how many
    submissions on each."""

    judge: str
    allowed_by: str
    problems: list[str]
    first_day: datetime.date
    last_day: datetime.date
    submissions_per_day: int

    def objection(self, problem_id: str, day: datetime.date, sent: int) -> str | None:
        """Why a submission is not allowed, or None. ``sent`` is how many went out on that day."""
        if not self.first_day <= day <= self.last_day:
            return f"allowed from {self.first_day} to {self.last_day}, and today is {day}"
        if not any(fnmatchcase(problem_id, pattern) for pattern in self.problems):
            return f"{problem_id} is not among the problems that were allowed: {', '.join(self.problems)}"
        if sent >= self.submissions_per_day:
            return f"all {self.submissions_per_day} submissions of {day} are used"
        return None


def read_authorisation(path: Path) -> Authorisation:
    """Read the file; raises `NotAuthorised`."""
    try:
        found = converted(yaml.safe_load(path.read_text(encoding="utf-8")), Authorisation)
    except OSError as error:
        raise NotAuthorised(f"{path}: {error.strerror}: submitting needs a file that allows it") from error
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise NotAuthorised(f"{path}: {error}") from error
    for name in ("judge", "allowed_by"):
        if not getattr(found, name).strip():
            raise NotAuthorised(f"{path}: {name} is empty")
    if not found.problems:
        raise NotAuthorised(f"{path}: problems is empty, so none is allowed")
    if found.submissions_per_day < 1:
        raise NotAuthorised(f"{path}: submissions_per_day is {found.submissions_per_day}")
    if found.last_day < found.first_day:
        raise NotAuthorised(f"{path}: last_day {found.last_day} is before first_day {found.first_day}")
    return found


def load_adapter(name: str) -> Judge:
    """The user's adapter, made without arguments; raises `NotAuthorised` where there is none of that name."""
    try:
        if ":" in name:
            module, _, attribute = name.partition(":")
            adapter = getattr(importlib.import_module(module), attribute)
        else:
            (found,) = entry_points(group=_GROUP, name=name)
            adapter = found.load()
    except (ImportError, AttributeError, ValueError) as error:
        raise NotAuthorised(
            f"no judge adapter {name!r}: give module:Class, or an entry point of the group {_GROUP} ({error})"
        ) from error
    made = adapter()
    if not callable(getattr(made, "submit", None)):
        raise NotAuthorised(f"{name} has no method `submit`")
    judge: Judge = made
    return judge


@dataclass(frozen=True)
class AuthorisedJudge:
    """A judge of others behind its authorisation, which is looked at before every submission.

    ``ledger`` is the file of what was sent, one line each.
    """

    judge: Judge
    authorisation: Authorisation
    ledger: Path
    today: Callable[[], datetime.date] = lambda: datetime.datetime.now(datetime.UTC).date()

    @classmethod
    def load(cls, name: str, authorisation: Path) -> AuthorisedJudge:
        """Adapter and permission together; raises `NotAuthorised`, also where it is not valid today."""
        allowed = read_authorisation(authorisation)
        ledger = authorisation.with_name(f"{authorisation.stem}.submissions.jsonl")
        made = cls(load_adapter(name), allowed, ledger)
        day = made.today()
        if not allowed.first_day <= day <= allowed.last_day:
            raise NotAuthorised(f"{authorisation}: valid from {allowed.first_day} to {allowed.last_day}")
        return made

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        """Note the submission, then send it; raises `SubmissionRefused` where it is not allowed."""
        left = self._note(problem.problem_id, solution.name)
        verdict = self.judge.submit(problem, solution)
        theirs = verdict.budget_left
        return replace(verdict, budget_left=left if theirs is None else min(left, theirs))

    def _note(self, problem_id: str, submission: str) -> int:
        """Write it down, and return how many are left today."""
        with self.ledger.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            day = self.today()
            sent = sum(_day(line) in (str(day), None) for line in file)
            objection = self.authorisation.objection(problem_id, day, sent)
            if objection:
                raise SubmissionRefused(objection)
            entry = {"day": str(day), "problem": problem_id, "submission": submission}
            file.write(json.dumps(entry).encode() + b"\n")
        return self.authorisation.submissions_per_day - sent - 1


def _day(line: bytes) -> str | None:
    """The day of an entry; None, which counts for every day, where that cannot be read."""
    try:
        return str(json.loads(line)["day"])
    except (ValueError, KeyError, TypeError):
        return None
