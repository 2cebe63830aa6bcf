"""One recipe over real projects and all archives at hand, on several runners: is it the same set?

    python -m benchmarks.whole_build --output runs/whole --problems ../shared/data/problems

The builds are started at once, each with so many workers, and end on their own. Prints what the stages of
the first did, then whether the others' ``build.json`` are the same bytes; ends with 1 if they are not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pipelines.build_folder import BuildFolder, BuildManifest, StageTimes
from tasks.files import read_json, write_text

PROJECTS = (
    "pypi:toolz==1.2.0",
    "pypi:textdistance==4.6.3",
    "pypi:inflection==0.5.1",
    "pypi:tabulate==0.10.0",
    "pypi:python-slugify==9.2.0",
    "pypi:idna==3.20",
    "pypi:natsort==8.4.0",
    "pypi:isodate==0.7.2",
    "pypi:unidecode==1.4.0",
    "pypi:webcolors==25.10.0",
    "pypi:rfc3986==2.0.0",
    "pypi:simplejson==4.3.0",
    "pypi:intervaltree==3.2.1",
    "pypi:hyperlink==21.0.0",
    "pypi:jmespath==1.1.0",
    "pypi:ordered-set==4.1.0",
    "pypi:pluralizer==2.0.0",
    "pypi:semver==3.1.1",
    "pypi:xmltodict==1.0.4",
    "pypi:roman==5.2",
    "pypi:tinycss2==1.5.1",
    "pypi:pyphen==0.18.1",
    "pypi:webencodings==0.6.1",
)
"""Projects whose tests look neither at the clock nor at the system's randomness."""

ARCHIVES = (
    ("kattis:", "kattis_problemtools"),
    ("", "google_coding_competitions_38_packages.tar.gz"),
    ("", "exercism/exercism_python.jsonl.gz"),
    ("", "thealgorithms/functions_with_doctests.jsonl.gz"),
    ("competitive-companion:", "competitive_companion"),
    ("leetcode-graphql:", "recorded_pages/leetcode"),
)
"""Prefixes of ``codex-sft scrape`` and places below the folder of problems, of those that are there."""

EXPORTS = (
    *("humaneval", "evalplus", "lm-eval", "trl", "trl-conversational", "docstring"),
    *("rl", "rl-conversational", "verifiers", "datasets"),
)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--problems", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--runner", "runners", multiple=True, default=("fn-api", "portable"), show_default=True)
@click.option("--workers", default=1, show_default=True, help="Of each build.")
@click.option("--sandbox", default="auto", show_default=True)
@click.option("--search/--no-search", default=False, help="Search for stronger tests; it is bounded by time.")
def main(
    output: Path, problems: Path, runners: tuple[str, ...], workers: int, sandbox: str, search: bool
) -> None:
    """Build the same recipe on several runners, and compare."""
    recipe = output / "recipe.toml"
    write_text(recipe, recipe_text(problems.absolute(), sandbox, search))
    codex_sft = Path(sys.executable).with_name("codex-sft")
    builds = {}
    for runner in runners:
        where = ("--output", output / runner, "--runner", runner, "--workers", workers)
        command = [codex_sft, "build", recipe, *where]
        with (output / f"{runner}.log").open("wb") as log:
            builds[runner] = subprocess.Popen(
                [*map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
    for runner, build in builds.items():
        status = build.wait()
        # 1 also tells that some projects gave nothing, and is Python's own for a crash
        if status and not (status == 1 and _has_faults(BuildFolder(output / runner))):
            raise click.ClickException(f"the build on {runner} failed: {output / f'{runner}.log'}")
    for line in stage_table(BuildFolder(output / runners[0])):
        click.echo(line)
    manifests = {runner: BuildFolder(output / runner).manifest.read_bytes() for runner in runners}
    different = [runner for runner in runners if manifests[runner] != manifests[runners[0]]]
    for runner in runners:
        click.echo(f"{runner}: {'another' if runner in different else 'the same'} build.json")
    if different:
        sys.exit(1)


def _has_faults(build: BuildFolder) -> bool:
    if not build.manifest.exists():
        return False
    return any(stage.faults for stage in read_json(build.manifest, BuildManifest).stages)


def recipe_text(problems: Path, sandbox: str, search: bool) -> str:
    """The recipe over all projects and the archives that are below a folder.

    ``search`` is for tests that kill more: it ends when so much processor time is used up, which may be a
    case earlier or later each time.
    """
    sources = [f"{kind}{problems / place}" for kind, place in ARCHIVES if (problems / place).exists()]
    lines = [
        f"sandbox = {json.dumps(sandbox)}",
        "[trace]",
        f"projects = {json.dumps(PROJECTS)}",
        "[scrape]",
        f"sources = {json.dumps(sources)}",
        "test_seconds = 5",
        f"generate_tests = {json.dumps(search)}",
        "[filter]",
        f"strengthen = {json.dumps(search)}",
        *(f"[export.{name}]" for name in EXPORTS),
    ]
    return "\n".join(lines) + "\n"


def stage_table(build: BuildFolder) -> Iterator[str]:
    """Rows of Markdown: what came into each stage, what it kept, how long it took, and where faults were."""
    manifest = read_json(build.manifest, BuildManifest)
    times = read_json(build.times, dict[str, StageTimes])
    yield "| stage | came in | kept | minutes | inputs that gave nothing |"
    yield "|---|---:|---:|---:|---|"
    for stage in manifest.stages:
        faults = ", ".join(f"{fault.source} ({fault.reason})" for fault in stage.faults)
        minutes = times[stage.stage].seconds / 60
        yield f"| {stage.stage} | {stage.read:,} | {stage.kept:,} | {minutes:.1f} | {faults} |"


if __name__ == "__main__":
    main()
