"""A display that runs beside the work, of what the work leaves in the run's folder for progress."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.run_folder import RunFolder


@contextmanager
def displayed(run: RunFolder, show: Callable[[threading.Event], None]) -> Iterator[None]:
    """Let ``show`` display progress until the block ends, when its event is set.

    What earlier runs left of theirs is removed before, and this run's own afterwards.
    """
    shutil.rmtree(run.progress, ignore_errors=True)
    stop = threading.Event()
    thread = threading.Thread(target=show, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        shutil.rmtree(run.progress, ignore_errors=True)
