"""Real projects of every CI kind, traced unattended from a projects file, as a Markdown table.

The projects are pinned, so that two runs differ only by what this project does. Where the repositories'
host cannot be reached, ``--mirrors`` names a folder that holds them as ``OWNER/NAME``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.manifest import Manifest, ProjectEntry
from tasks.files import read_json

_HOST = "git+https://github.com/"


@dataclass(frozen=True)
class Pinned:
    """A project and the CI configurations that its files hold."""

    spec: str
    kinds: str


PROJECTS = (
    Pinned("pypi:attrs==26.1.0", "tox, actions"),
    Pinned("pypi:arrow==1.4.0", "tox, actions, make"),
    Pinned("pypi:cachetools==8.0.1", "tox"),
    Pinned("pypi:isodate==0.7.2", "tox, actions"),
    Pinned("pypi:unidecode==1.4.0", "tox"),
    Pinned("pypi:pathspec==1.1.1", "tox.toml"),
    Pinned("pypi:hyperlink==21.0.0", "tox"),
    Pinned("pypi:markdown2==2.5.5", "tox, make"),
    Pinned("pypi:intervaltree==3.2.1", "actions, make"),
    Pinned("pypi:webcolors==25.10.0", "nox, make"),
    Pinned("pypi:click==8.5.1", "[tool.tox]"),
    Pinned("pypi:simplejson==4.3.0", "none (unittest)"),
    Pinned("pypi:soupsieve==4.1.2", "none"),
    Pinned("pypi:validators==0.36.0", "[tool.tox]"),
    Pinned("pypi:mistune==3.4.0", "none"),
    Pinned("pypi:rfc3986==2.0.0", "none"),
    Pinned(f"{_HOST}okunishinishi/python-stringcase@57aae96649f5cf7fc98e50b1d62479456d492715", "travis"),
    Pinned(f"{_HOST}seatgeek/fuzzywuzzy@af443f918eebbccff840b86fa606ac150563f466", "tox, travis"),
    Pinned(f"{_HOST}docopt/docopt@8fea867d4220f1095dae9d6264ec5aa4031fb712", "tox, travis"),
    Pinned(f"{_HOST}codeinthehole/purl@2bd51cabecfd4dcd20544fba7092cfd98dc7dac0", "tox, travis"),
    Pinned(f"{_HOST}gruns/furl@7c233324610338414f77a37a2f1e1dc75b4bc9b0", "tox, actions, travis"),
    Pinned(f"{_HOST}davidaurelio/hashids-python@09f879a1967836f1e399c12b745c24291e3e73ad", "actions, travis"),
    Pinned(f"{_HOST}ahawker/ulid@06289583e9de4286b4d80b4ad000d137816502ca", "tox, travis, make"),
    Pinned(f"{_HOST}carpedm20/emoji@5c4b9153162f4a11fc339f69cf5c9b8a5182c9c5", "[tool.tox], actions"),
    Pinned(f"{_HOST}miso-belica/jusText@9fb3340ad2087110348de513e4a4b6fd4f3cc839", "actions"),
    Pinned(f"{_HOST}un33k/python-ipware@cab810ced72457abcc77ffd234be9cb0a75f7ec3", "actions"),
    Pinned(f"{_HOST}wimglenn/advent-of-code-data@1487c25f25db199b834b51cb93f4718d55bce890", "actions"),
    Pinned(
        f"{_HOST}luozhouyang/python-string-similarity@115acaacf926b41a15664bd34e763d074682bda3", "actions"
    ),
    Pinned(f"{_HOST}python-poetry/tomlkit@d8ed1e3cdb024dfc2c6f12b45a0dfd4d4d91f727", "tox, actions"),
    Pinned(f"{_HOST}savoirfairelinux/num2words@07814cb114157f582c40a00119c2e9faba8dcee2", "tox, actions"),
    Pinned(f"{_HOST}pypa/pyproject-metadata@a434728f7ea7306e66c79a8913c8fecfa8663dd4", "actions, nox"),
    Pinned(f"{_HOST}pypa/installer@625ddd19fde09c3fd5c2ce0094e0978325b0f8d1", "actions, nox"),
    Pinned(f"{_HOST}python-jsonschema/referencing@8ccb19f6c00e6313f35d24ef09f3b89a5529d183", "actions, nox"),
    Pinned(f"{_HOST}wntrblm/nox@a976d7ee04ab7a13634adc1016d4755a1348225f", "actions, nox"),
    Pinned(f"{_HOST}bear/parsedatetime@2a4b16901794f8dc71721d51aef6e1ecd643868b", "make"),
    Pinned(f"{_HOST}vinta/pangu.py@be761c8793ff9a584e3d30c00511b0b0a4ded66d", "actions, make"),
)


def projects_text(mirrors: Path | None) -> str:
    """The projects file: with ``mirrors``, repositories are taken from below that folder."""
    specs = [project.spec for project in PROJECTS]
    if mirrors is not None:
        specs = [spec.replace(_HOST, f"git+file://{mirrors.absolute()}/") for spec in specs]
    return "\n".join(specs) + "\n"


def markdown_table(manifest: Manifest, mirrors: Path | None) -> str:
    """A row for each project, then how many built, ran tests and gave a task."""
    asked = projects_text(mirrors).split()
    proven = {funnel.label: funnel.proven for funnel in manifest.funnels}
    traced = {entry.project: entry for entry in manifest.projects}
    failed = {failure.project: failure for failure in manifest.failures}
    lines = [
        "| project | CI | plan | Python | built | tests passed / failed | functions | tasks | what failed |",
        "|---|---|---|---|---|---:|---:|---:|---|",
    ]
    for spec, project in zip(asked, PROJECTS, strict=True):
        name = project.spec.removeprefix("pypi:").removeprefix(_HOST)
        owner, at, commit = name.partition("@")
        name = f"{owner}{at}{commit[:7]}"
        entry = traced.get(spec)
        if entry is not None:
            cells = [*_plan_cells(entry), str(proven[entry.label]), _failures(entry)]
        else:
            failure = failed[spec]
            built = "yes" if failure.stage == "test" else "no"
            cells = ["-", "-", built, "-", "0", "0", f"{failure.stage}: {failure.message}"]
        lines.append(f"| {name} | {project.kinds} | {' | '.join(cells)} |")
    ran = sum(map(_ran_tests, traced.values()))
    giving = sum(proven[entry.label] > 0 for entry in traced.values())
    count = len(PROJECTS)
    lines.append(
        f"\n{count} projects: {ran} ({ran / count:.0%}) built and ran tests, {giving} ({giving / count:.0%}) "
        f"gave a task, {sum(proven[entry.label] for entry in traced.values())} tasks in all."
    )
    return "\n".join(lines)


def _ran_tests(entry: ProjectEntry) -> bool:
    """Whether tests passed; a run that is stopped at its limit prints no summary."""
    return entry.ci.tests_passed > 0 or entry.test_ending.startswith("stopped at its time limit")


def _plan_cells(entry: ProjectEntry) -> list[str]:
    plan = entry.plan_reason if entry.plan in ("tox", "nox", "make") else entry.plan
    built = "from source" if entry.ci.not_installed else "yes"
    tests = f"{entry.ci.tests_passed} / {entry.ci.tests_failed}"
    if entry.test_ending.startswith("stopped"):
        tests = f"{tests}, stopped at the limit" if entry.ci.tests_passed else "stopped at the limit"
    version = entry.python_version.rpartition(".")[0]
    return [plan, version, built, tests, str(entry.functions_called)]


def _failures(entry: ProjectEntry) -> str:
    """What the plans before the chosen one came to."""
    before = []
    for tried in entry.ci.tried:
        if (tried.name, tried.reason) == (entry.plan, entry.plan_reason):
            break
        said = tried.reason if tried.outcome == "not run" else tried.outcome.partition(";")[0]
        before.append(f"{tried.name}: {said}")
    return "; ".join(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/ci-projects"), help="the run's folder")
    parser.add_argument("--mirrors", type=Path, help="a folder with the repositories as OWNER/NAME")
    parser.add_argument("--test-timeout", type=float, default=300.0, help="seconds for a project's tests")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    listed = arguments.output / "projects.txt"
    listed.write_text(projects_text(arguments.mirrors))
    command = [
        *(Path(sys.executable).with_name("codex-sft"), "trace", "--projects", listed),
        *("--output", arguments.output, "--test-timeout", str(arguments.test_timeout)),
    ]
    subprocess.run(command, check=False)  # it reports projects that fail by its exit status
    manifest = read_json(arguments.output / "manifest.json", Manifest)
    print(markdown_table(manifest, arguments.mirrors))


if __name__ == "__main__":
    main()
