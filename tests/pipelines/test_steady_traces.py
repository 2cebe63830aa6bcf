"""A project that is traced twice gives the same tasks, though its tests draw numbers and use addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.content_digest import file_digest
from sandbox.interface import Sandbox
from tasks.files import read_json_lines
from tasks.record import Task
from tests.conftest import ProjectMaker
from tests.pipelines.command import codex_sft

_FILES = {
    "steady/__init__.py": """
    from steady.parts import MISSING


    def described(thing, other):
        return str(thing) + "/" + str(other)


    def parity(number):
        return number % 2


    def shifted(number):
        return number + MISSING
    """,
    "steady/parts.py": """
    import sys

    if "pytest" in sys.modules:
        MISSING = 3
    """,
    "tests/test_steady.py": """
    import random
    import steady


    class Thing:
        pass


    def test_it():
        steady.shifted(1)
        steady.parity(id(Thing()))
        steady.parity(hash(object()))
        steady.described(random.random(), random.choice("abc"))
        steady.described({"a", "b", "c"}, Thing)
    """,
}


def test_two_traces_give_the_same_tasks_and_rejections(
    make_project: ProjectMaker, sandbox: Sandbox, tmp_path: Path
) -> None:
    if sandbox.name == "gvisor":
        pytest.skip("gVisor gives objects other addresses each time")
    project = make_project("steady", _FILES)
    digests = []
    for run in (tmp_path / "one", tmp_path / "another folder"):
        done = codex_sft("trace", str(project), "--output", str(run), "--sandbox", sandbox.name)
        assert done.returncode == 0, done.stderr
        digests.append([file_digest(run / name) for name in ("tasks.jsonl", "rejected.jsonl")])
        rejected = (run / "rejected.jsonl").read_text()
        assert "(packages/steady/parts.py)" in rejected and str(run) not in rejected
    assert digests[0] == digests[1]
    (parity,) = [task for task in read_json_lines(run / "tasks.jsonl", Task) if task.entry_point == "parity"]
    assert len(parity.tests) == 2
