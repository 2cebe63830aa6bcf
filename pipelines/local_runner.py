"""Pipelines on the runner that was chosen, by default threads of this process."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.portable_runner import PortableRunner

from pipelines.runner_choice import Runner, beam_flags
from sandbox.orphan_watch import children_watched

_SECONDS_TO_START = 60.0


def local_pipeline(workers: int) -> beam.Pipeline:
    """A pipeline that runs in so many threads of this process; the work is in processes of their own."""
    return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(beam_flags(Runner(), workers)))


@contextmanager
def pipeline_on(runner: Runner, workers: int) -> Iterator[beam.Pipeline]:
    """A pipeline that has run when the block ends; raises `RuntimeError` if the runner says it failed."""
    flags = beam_flags(runner, workers)
    # what Beam starts, and what that starts, would go on or wait for a minute if this process were killed
    with children_watched():
        if runner.has_own_job_service:
            with _worker_pool() as address:
                flags += [
                    "--job_endpoint=embed",
                    "--environment_type=EXTERNAL",
                    f"--environment_config={address}",
                ]
                with beam.Pipeline(runner=PortableRunner(), options=PipelineOptions(flags)) as pipeline:
                    yield pipeline
            return
        if runner.name in ("fn-api", "multi-process"):
            chosen: object = FnApiRunner()
        elif runner.name == "portable":
            chosen = PortableRunner()
        else:
            chosen = None  # by its name in the options
        with beam.Pipeline(runner=chosen, options=PipelineOptions(flags)) as pipeline:
            yield pipeline


@contextmanager
def _worker_pool() -> Iterator[str]:
    """A pool of worker processes of this machine, which ends with the block."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    with tempfile.TemporaryDirectory(prefix="codex-sft-pool-") as folder:
        # without one, workers are whatever `python` PATH has, and outlive the pool
        worker = Path(folder) / "worker"
        worker.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipelines.worker_process "$@"\n')
        worker.chmod(0o700)
        command.append(f"--container_executable={worker}")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as pool:
            try:
                _wait_for(port, pool)
                yield f"localhost:{port}"
            finally:
                pool.terminate()


def _wait_for(port: int, pool: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while pool.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("localhost", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("Beam's pool of workers did not start")
