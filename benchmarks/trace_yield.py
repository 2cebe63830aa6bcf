"""Trace yield: how many proven tasks each reference project gives, as a Markdown table.

The projects are pinned, so that two runs differ only by what this project does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from pipelines.funnel import STAGES, Funnel
from pipelines.manifest import Manifest
from tasks.files import read_json

REFERENCE_PROJECTS = (
    "pypi:inflection==0.5.1",
    "pypi:python-slugify==9.2.0",
    "pypi:textdistance==4.6.3",
    "pypi:toolz==1.2.0",
    "pypi:more-itertools==11.2.1",
    "pypi:humanize==4.17.0",
    "pypi:tabulate==0.10.0",
    "pypi:parse==1.22.4",
    "pypi:jsonpatch==1.47",
)
_HEADINGS = (
    "called",
    "with I/O",
    "encodable",
    "extractable",
    "testable",
    "replay passes",
    "documented",
    "exported",
)


def markdown_table(funnels: list[Funnel]) -> str:
    """The funnels as rows of a table, with the count of tasks that have no docstring."""
    assert len(_HEADINGS) == len(STAGES) + 1
    lines = [f"| project | {' | '.join(_HEADINGS)} |", f"|---|{'---:|' * len(_HEADINGS)}"]
    for funnel in funnels:
        cells = " | ".join(map(str, (funnel.called, *funnel.left)))
        lines.append(f"| {funnel.label} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/yield"), help="the run's folder")
    arguments = parser.parse_args()
    command = Path(sys.executable).with_name("codex-sft")
    subprocess.run([command, "trace", *REFERENCE_PROJECTS, "--output", arguments.output], check=True)
    manifest = read_json(arguments.output / "manifest.json", Manifest)
    print(markdown_table(manifest.funnels))


if __name__ == "__main__":
    main()
