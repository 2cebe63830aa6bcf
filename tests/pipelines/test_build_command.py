"""``codex-sft build``: from a recipe to exports; what did not change is not done again; mistakes are told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.commands import main
from tasks.files import read_json_lines
from tasks.humaneval import HumanEvalRow
from tests.pipelines.build_recipes import FUNCTIONS, THRESHOLDS, leftovers, write_tasks


def _build(recipe: Path, output: Path, *rest: object) -> Result:
    return CliRunner().invoke(main, ["build", str(recipe), "-o", str(output), *map(str, rest)])


def _manifest(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "build.json").read_text())
    return found


def _stages(output: Path) -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in _manifest(output)["stages"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of an archive of functions and a file of tasks."""
    made = tmp_path_factory.mktemp("build")
    (made / "code").mkdir()
    (made / "code" / "functions.py").write_text(FUNCTIONS)
    write_tasks(made / "tasks.jsonl")
    (made / "recipe.toml").write_text(
        'sandbox = "bubblewrap"\n[scrape]\nsources = ["code"]\ntest_seconds = 3\n'
        f'[tasks]\nfiles = ["tasks.jsonl"]\n{THRESHOLDS}\n[export.humaneval]\n'
        '[export.sft]\nformat = "trl"\nheld_out = [0.0, 0.0]\n[export.hub]\nformat = "datasets"\n'
        '[export.many]\nformat = "rl"\nmin_tests = 1000\n'
    )
    return made


@pytest.fixture(scope="module")
def built(folder: Path, sandbox: object) -> Path:
    done = _build(folder / "recipe.toml", folder / "out")
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_the_manifest_tells_what_became_of_every_item(built: Path) -> None:
    stages = _stages(built)
    assert list(stages) == ["scrape", "gather", "filter", "export"]
    for stage in stages.values():
        assert stage["read"] == stage["kept"] + sum(loss["items"] for loss in stage["losses"])
    assert (stages["gather"]["read"], stages["gather"]["kept"]) == (4, 4)
    lost = {(loss["step"], loss["reason"]): loss["items"] for loss in stages["filter"]["losses"]}
    assert lost == {("duplicates", "duplicate"): 1, ("strength", "reference_fails"): 1}
    rows = list(read_json_lines(built / "exports" / "humaneval.jsonl", HumanEvalRow))
    assert {row.entry_point for row in rows} == {"shorten", "bend"}
    rows = {output["path"]: output["rows"] for output in stages["export"]["outputs"]}
    assert rows == {"exports/humaneval.jsonl": 2, "exports/sft": 2, "exports/hub": 2}
    assert stages["export"]["facts"]["sft"]["rows"] == {"trl/train": 2}
    lost = {source["source"]: source["losses"] for source in stages["export"]["sources"]}
    assert [(loss["reason"], loss["items"]) for loss in lost["many"]] == [("too_few_tests", 2)]
    assert not leftovers(built)
    times = json.loads((built / "times.json").read_text())
    assert set(times) == set(stages)
    assert times["filter"]["costs"]["cpu_seconds.strength"] > 0


def test_what_did_not_change_is_not_done_again(folder: Path, built: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    shutil.copytree(built, output)
    before = {file: file.stat().st_mtime_ns for file in output.rglob("*.json*") if file.name != "status.json"}
    done = _build(folder / "recipe.toml", output)
    assert done.exit_code == 0, done.output
    assert done.output.count("unchanged") == 4
    assert {file: file.stat().st_mtime_ns for file in before} == before

    recipe = folder / "other.toml"
    recipe.write_text((folder / "recipe.toml").read_text().replace("minimum = 0.3", "minimum = 0.4"))
    done = _build(recipe, output)
    assert done.exit_code == 0, done.output
    assert done.output.count("unchanged") == 3  # the tasks that are kept are the same, so the export is too
    (output / "exports" / "humaneval.jsonl").write_text("broken\n")
    done = _build(recipe, output)
    assert (done.exit_code, done.output.count("unchanged")) == (0, 3)
    assert (output / "exports" / "humaneval.jsonl").read_bytes() == (
        built / "exports" / "humaneval.jsonl"
    ).read_bytes()


def test_stages_run_one_by_one_give_the_same(folder: Path, built: Path, tmp_path: Path) -> None:
    recipe, output = folder / "recipe.toml", tmp_path / "out"
    too_early = _build(recipe, output, "--stage", "filter")
    assert too_early.exit_code == 2
    assert "--stage filter: scrape was not run with this recipe; give --stage scrape" in too_early.output
    assert _build(recipe, output, "--stage", "trace").exit_code == 2
    for stage in ("scrape", "gather", "filter", "export"):
        assert not (output / "build.json").exists()
        done = _build(recipe, output, "--stage", stage)
        assert done.exit_code == 0, done.output
    assert (output / "build.json").read_bytes() == (built / "build.json").read_bytes()


def test_the_status_tells_how_a_build_ended(built: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["status", str(built)])
    assert done.exit_code == 0
    assert ": done" in done.output
    assert "duplicates: duplicate" in done.output
    killed = tmp_path / "killed"
    killed.mkdir()
    (killed / ".lock").touch()
    status = (
        (built / "status.json")
        .read_text()
        .replace('"state": "done",\n  "stages"', '"state": "running",\n  "stages"')
    )
    (killed / "status.json").write_text(status)
    told = CliRunner().invoke(main, ["status", str(killed)])
    assert told.exit_code == 1
    assert "killed; the same command goes on from there" in " ".join(told.output.split())
    assert CliRunner().invoke(main, ["status", str(tmp_path)]).exit_code == 2


def test_inputs_that_give_nothing_are_told_and_tried_again(
    folder: Path, sandbox: object, tmp_path: Path
) -> None:
    (tmp_path / "missing").mkdir()
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'[trace]\nprojects = ["git+file://{tmp_path}/missing"]\n[tasks]\nfiles = ["{folder}/tasks.jsonl"]\n'
    )
    output = tmp_path / "out"
    for rest, runs in ((), 1), ((), 0), (("--retry-faults",), 1):
        done = _build(recipe, output, *rest)
        assert done.exit_code == 1, done.output
        assert "/missing: fetch: " in done.output
        assert done.output.count("[trace]") == runs
    assert [fault["step"] for fault in _stages(output)["trace"]["faults"]] == ["fetch"]
    assert _stages(output)["gather"]["kept"] == 3


_LEAST = '[tasks]\nfiles = ["tasks.jsonl"]\n[filter]\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "1: no source of tasks; give [trace], [scrape] or [tasks]"),
        ("[tasks]\nfiles = 3\n", "2: tasks.files: Expected `array`, got `int`"),
        ('[tasks]\nfiles = ["absent.jsonl"]\n', "absent.jsonl does not exist"),
        ('[trace]\nproject = ["pypi:x"]\n', "2: trace.project: no such setting; is projects meant?"),
        ('[trace]\nprojects = [\n  "pypi:x==1.0",\n  "pypi:y==!",\n]\n', "4: trace.projects: "),
        ('[trace]\nprojects = ["pypi:x"]\npython = "2.7"\n', "3: trace.python: "),
        ('[scrape]\nsources = ["kattis:nowhere"]\n', "2: scrape.sources: "),
        (_LEAST + "test_seconds = -1\n", "4: filter.test_seconds: Expected `float` >= 0.0"),
        (_LEAST + "[filter.thresholds.weak_tests]\nminimun = 1\n", "5: [weak_tests] "),
        (_LEAST + '[filter.benchmarks]\nmbpp = "absent.jsonl"\n', "5: filter.benchmarks.mbpp: "),
        (_LEAST + '[samples]\nengine = "oracle:x"\n', "5: samples.engine: 'oracle:x' is none of openai:URL"),
        (_LEAST + '[samples]\nengine = "openai:http://x"\ntop_p = 2.0\n', "4: samples: top-p 2.0"),
        (_LEAST + "[export.preferences]\n", "4: export.preferences: preferences needs samples; give files"),
        (_LEAST + "[export.rl]\nheld_out = [0.5, 0.5]\n", "5: export.rl.held_out: the shares 0.5 "),
        (_LEAST + "[export.paper]\n", "4: export.paper: 'paper' is none of humaneval"),
        (
            _LEAST + '[export.one]\nformat = "humaneval"\ncolour = 1\n',
            "6: export.one.colour: no such setting",
        ),
        (
            '[samples]\nengine = "openai:x"\n[tasks]\nfiles = ["tasks.jsonl"]\n',
            "1: samples: samples are drawn by",
        ),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    write_tasks(tmp_path / "tasks.jsonl")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(text)
    done = _build(recipe, tmp_path / "out")
    assert done.exit_code == 2
    assert f"{recipe}:" in done.output
    assert complaint in done.output
    assert not (tmp_path / "out").exists()
