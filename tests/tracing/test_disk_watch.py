"""How much of a folder's content is too much, and that a run which makes more is ended."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from tracing.disk_watch import DiskLimits, DiskWatch, measure_excess


def test_what_is_within_the_limits_is_fine(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 4096)
    assert measure_excess(tmp_path, DiskLimits(bytes=2**20, files=2)) is None


def test_bytes_and_files_are_counted_holes_and_links_are_not(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"x" * 2**20)
    os.truncate(tmp_path / "sub" / "file", 2**40)
    (tmp_path / "link").symlink_to("/usr")
    assert measure_excess(tmp_path, DiskLimits(bytes=2**21, files=3)) is None
    assert (
        measure_excess(tmp_path, DiskLimits(bytes=2**19)) == "its files took more than 0.000488 GiB of disk"
    )
    assert measure_excess(tmp_path, DiskLimits(files=2)) == "it made more than 2 files"


def test_folders_too_deep_to_look_into_are_too_much(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    assert measure_excess(tmp_path, DiskLimits()) == "its folders lie deeper than the system can name"


def test_growth_beyond_the_limit_calls_back_once(tmp_path: Path) -> None:
    called = threading.Event()
    with DiskWatch(tmp_path, DiskLimits(bytes=2**20), called.set) as watch:
        (tmp_path / "file").write_bytes(b"x" * 2**21)
        assert called.wait(30)
    assert watch.excess == "its files took more than 0.000977 GiB of disk"


def test_a_disk_that_is_nearly_full_calls_back(tmp_path: Path) -> None:
    called = threading.Event()
    with DiskWatch(tmp_path, DiskLimits(reserve_bytes=2**62), called.set) as watch:
        assert called.wait(30)
    assert watch.excess is not None
    assert watch.excess.endswith(f"is left on the disk of {tmp_path}")


def test_a_folder_within_its_limits_is_left_alone(tmp_path: Path) -> None:
    called = threading.Event()
    with DiskWatch(tmp_path, DiskLimits(reserve_bytes=0), called.set) as watch:
        pass
    assert not called.is_set()
    assert watch.excess is None
