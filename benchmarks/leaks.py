"""Does a long run lose anything? Processes, descriptors and memory while many samples are judged.

python -m benchmarks.leaks --samples 100000 --picture leaks.svg
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sandbox.interpreter import find_interpreter
from sandbox.orphan_watch import watched
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import run_samples
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, Provenance, Task, TestCase
from tests.sandbox.runner import descendants

_PROGRAMS = (
    "def f(x): return x + 1",
    "def f(x): return x",
    "def f(x): raise ValueError(x)",
    "def f(x: return",
    "import threading\ndef f(x):\n    threading.Thread(target=print).start()\n    return x + 1",
    "def f(x): return 'x' * 5000",
    "import os\ndef f(x): os._exit(0)",
    "import ctypes\ndef f(x): ctypes.string_at(0)",
)
_BATCH = 500


def main() -> None:
    arguments = _arguments()
    case = TestCase([1], {}, Expected("returned", 2))
    task = Task("leaks", "", "f", "", [case], Provenance("task_file", "leaks"))
    limits = SampleLimits(cpu_seconds=2)
    settings = WorkerSettings(limits=limits)
    batch = [_PROGRAMS[number % len(_PROGRAMS)] for number in range(_BATCH)]
    step = max(_BATCH, arguments.samples // 20)
    rows = []
    watched()
    of_others = descendants(os.getpid())  # what watches this process
    print("| samples | processes | descriptors | our MiB | workers' MiB |\n|---:|---:|---:|---:|---:|")
    with WorkerPool(select_sandbox("samples", arguments.backend), find_interpreter()) as pool:
        for done in range(_BATCH, arguments.samples + 1, _BATCH):
            for _ in run_samples(pool, values_job(task, limits), batch, settings):
                pass
            if done % step == step // 2 // _BATCH * _BATCH:  # not where a worker is just replaced
                below = descendants(os.getpid()) - of_others
                workers = sum(map(_resident_mib, below))
                descriptors = len(list(Path("/proc/self/fd").iterdir()))
                rows.append((done, len(below), descriptors, _resident_mib(os.getpid()), workers))
                print("| {} | {} | {} | {:.1f} | {:.1f} |".format(*rows[-1]), flush=True)
    print(f"left afterwards: {len(descendants(os.getpid()) - of_others)} processes")
    if arguments.picture:
        _draw(rows, arguments.picture)


def _resident_mib(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _draw(rows: list[tuple[int, int, int, float, float]], path: Path) -> None:
    from matplotlib import pyplot

    samples, processes, descriptors, own, workers = zip(*rows, strict=True)
    figure, (memory, counts) = pyplot.subplots(2, 1, sharex=True, figsize=(7, 5))
    memory.plot(samples, own, label="our process")
    memory.plot(samples, workers, label="worker and its launchers")
    memory.set_ylabel("resident MiB")
    counts.plot(samples, processes, label="processes")
    counts.plot(samples, descriptors, label="descriptors")
    counts.set_xlabel("samples judged")
    for axes in (memory, counts):
        axes.set_ylim(bottom=0)
        axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--picture", type=Path, help="draw the curve (needs matplotlib)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
