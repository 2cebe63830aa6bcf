"""Runners that start processes leave none of them when the process that runs the pipeline is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.sandbox.runner import PATIENCE_SECONDS, descendants, eventually

_ROOT = Path(__file__).parents[2]
_NEVER_ENDING = """
import apache_beam as beam
from pipelines.local_runner import pipeline_on
from pipelines.runner_choice import Runner
with pipeline_on(Runner("multi-process"), 1) as pipeline:
    pipeline | beam.Create([1]) | beam.Map(lambda x: __import__("time").sleep(300))
"""


def _words(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_workers_that_are_just_starting_end_with_who_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _NEVER_ENDING], cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as made:
        assert eventually(lambda: any(b"sdk_worker_main" in _words(each) for each in descendants(made.pid)))
        below = {each: _words(each) for each in descendants(made.pid)}
        made.kill()
        made.wait(PATIENCE_SECONDS)
        # after a minute Beam's own ends too: nothing is there to talk to
        assert eventually(lambda: not any(words and _words(each) == words for each, words in below.items()))
