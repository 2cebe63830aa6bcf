"""Scrapes archives of problems one by one, and counts what became of their problems, by reason.

    python -m benchmarks.problem_archives NAME=SOURCE... --output runs/archives [--test-seconds 3]

Each archive is a run of ``codex-sft scrape`` in a folder of its own: run again, finished problems are taken
from there. Prints the table of `benchmarks/README.md`. Ends with 1 if a rejection is ``unexpected``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from pipelines.scrape_manifest import ScrapeManifest
from tasks.files import read_json

_COMMAND = Path(sys.executable).with_name("codex-sft")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("archives", nargs="+", metavar="NAME=SOURCE")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--test-seconds", default="3")
    arguments = parser.parse_args()
    print("| archive | problems | tasks | lost, and why |\n|---|---:|---:|---|")
    unexpected = 0
    for archive in arguments.archives:
        name, separator, source = archive.partition("=")
        if not separator:
            parser.error(f"{archive}: give a name and a source, such as kattis=PATH")
        folder = arguments.output / name
        command = [_COMMAND, "scrape", source, "--output", folder, "--test-seconds", arguments.test_seconds]
        subprocess.run([*map(str, command)], stdout=sys.stderr, check=True)
        (funnel,) = read_json(folder / "manifest.json", ScrapeManifest).funnels
        reasons = {loss.partition(": ")[2]: count for loss, count in funnel.losses.items()}
        unexpected += reasons.get("unexpected", 0)
        lost = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        print(f"| {name} | {funnel.found} | {funnel.tasks} | {lost} |", flush=True)
    if unexpected:
        sys.exit(1)


if __name__ == "__main__":
    main()
