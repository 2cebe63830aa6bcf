"""Folders for what is not whole yet: of one process each, and none stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tasks.arriving import arriving_folder

_ROOT = Path(__file__).parents[2]
_WRITE = """
import sys
from pathlib import Path
from tasks.arriving import arriving_folder
with arriving_folder(Path(sys.argv[1])) as folder:
    (folder / "part").write_text("half")
    print(folder, flush=True)
    input()
"""


def _writing(kept: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITE, str(kept)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    process, left = _writing(tmp_path)
    with process:
        process.kill()
    assert (left / "part").exists()
    with arriving_folder(tmp_path) as folder:
        assert set(tmp_path.iterdir()) == {folder, folder.with_suffix(".lock"), tmp_path / ".lock"}


def test_what_others_write_stays(tmp_path: Path) -> None:
    process, theirs = _writing(tmp_path)
    with process:
        with arriving_folder(tmp_path):
            assert (theirs / "part").read_text() == "half"
        assert (theirs / "part").read_text() == "half"
        process.communicate("\n")
    assert list(tmp_path.iterdir()) == [tmp_path / ".lock"]


def test_the_folder_itself_may_be_what_is_kept(tmp_path: Path) -> None:
    with arriving_folder(tmp_path / "kept") as folder:
        (folder / "whole").write_text("all of it")
        folder.rename(tmp_path / "kept" / "one")
    assert (tmp_path / "kept" / "one" / "whole").read_text() == "all of it"
