"""Folders for files that are not whole yet, beside those that are kept for later runs."""

from __future__ import annotations

import contextlib
import fcntl
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

_PREFIX = ".arriving-"


@contextlib.contextmanager
def arriving_folder(kept: Path) -> Iterator[Path]:
    """A new folder in ``kept``, until the block ends; what is whole is renamed out of it, or is the folder.

    Those of processes that were killed are removed: a file beside each is locked by who made it.
    """
    kept.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with (kept / ".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # nobody takes a file for left before it is locked
            for left in kept.glob(f"{_PREFIX}*.lock"):
                _remove_if_left(left)
            folder = kept / f"{_PREFIX}{secrets.token_hex(8)}"
            lock = folder.with_suffix(".lock")
            held = stack.enter_context(lock.open("w"))
            fcntl.flock(held, fcntl.LOCK_EX)
            stack.callback(lock.unlink, missing_ok=True)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        yield folder


def _remove_if_left(lock: Path) -> None:
    try:
        stream = lock.open("r+")
    except OSError:
        return  # its maker ended meanwhile
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # its maker is at work
        shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
        lock.unlink(missing_ok=True)
