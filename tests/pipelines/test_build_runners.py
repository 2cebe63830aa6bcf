"""A recipe gives the same manifest on other runners; a Dataflow job is whole before it is sent anywhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from click.testing import CliRunner, Result

from pipelines.commands import main
from sandbox.interface import Sandbox
from tests.pipelines.build_recipes import FUNCTIONS, THRESHOLDS, write_tasks
from tests.pipelines.mapped_file_system import MappedFileSystem

_ROOT = Path(__file__).parents[2]
_DATAFLOW = """\
project = "some-project"
region = "us-central1"
temp_location = "gs://some-bucket/temporary"
sdk_container_image = "host/some-project/worker:1"
experiments = ["enable_prime"]
"""


def _build(recipe: Path, output: object, *rest: object) -> Result:
    return CliRunner().invoke(main, ["build", str(recipe), "-o", str(output), *map(str, rest)])


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "code").mkdir()
    (folder / "code" / "functions.py").write_text(FUNCTIONS)
    write_tasks(folder / "tasks.jsonl")
    file = folder / "recipe.toml"
    file.write_text(
        'sandbox = "bubblewrap"\n[scrape]\nsources = ["code"]\ntest_seconds = 3\n'
        f'[tasks]\nfiles = ["tasks.jsonl"]\n{THRESHOLDS}\n[export.humaneval]\n'
    )
    return file


@pytest.fixture(scope="module")
def manifest(recipe: Path) -> bytes:
    """What threads of this process make of the recipe."""
    done = _build(recipe, recipe.parent / "threads")
    assert done.exit_code == 0, done.output
    return (recipe.parent / "threads" / "build.json").read_bytes()


@pytest.mark.parametrize("runner", ["portable", "multi-process"])
def test_other_runners_give_the_same_manifest(
    recipe: Path, manifest: bytes, runner: str, tmp_path: Path
) -> None:
    done = _build(recipe, tmp_path / "out", "--runner", runner, "--workers", 2)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "build.json").read_bytes() == manifest


def test_workers_that_do_not_see_the_disk_give_the_same_manifest(
    recipe: Path, manifest: bytes, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    done = _build(recipe, tmp_path / "one", "--shared", shared)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "one" / "build.json").read_bytes() == manifest
    results = {file: file.stat().st_mtime_ns for file in shared.rglob("*.tar.gz")}
    assert {file.parent.name for file in results} == {"scrape", "filter"}
    # another machine takes over: what is done is there
    assert _build(recipe, tmp_path / "two", "--shared", shared).exit_code == 0
    assert (tmp_path / "two" / "build.json").read_bytes() == manifest
    assert {file: file.stat().st_mtime_ns for file in shared.rglob("*.tar.gz")} == results


def test_a_build_for_elsewhere_is_read_and_worked_on_there(
    recipe: Path, manifest: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MappedFileSystem, "root", tmp_path / "far", raising=False)
    url = "made://bucket/set"
    done = _build(recipe, url, "--work", tmp_path / "work", "--shared", "made://bucket/shared")
    assert done.exit_code == 0, done.output
    far = tmp_path / "far" / "bucket"
    assert (far / "set" / "build.json").read_bytes() == manifest
    for output in json.loads(manifest)["stages"][-1]["outputs"]:
        assert (far / "set" / output["path"]).read_bytes() == (
            tmp_path / "work" / output["path"]
        ).read_bytes()
    assert {file.parent.name for file in (far / "shared").rglob("*.tar.gz")} == {"scrape", "filter"}
    assert not list(far.rglob("*.tmp"))
    assert not (far / "set" / "stages" / "filter" / "shards").exists()
    told = CliRunner().invoke(main, ["status", url])
    assert told.exit_code == 0
    assert f"{url}: done" in told.output


def test_runners_that_do_not_see_the_disk_need_a_place_that_they_see(recipe: Path, tmp_path: Path) -> None:
    options = tmp_path / "options.toml"
    options.write_text(_DATAFLOW)
    lost = _build(recipe, tmp_path / "out", "--runner", "dataflow", "--runner-options", options)
    assert lost.exit_code == 2
    assert "give --shared" in lost.output
    dry = _build(recipe, tmp_path / "out", "--dry-run")
    assert dry.exit_code == 2
    assert "only a job of --runner dataflow" in dry.output


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the job that traces a project on Dataflow."""
    pytest.importorskip("google.cloud.storage", reason="needs the extra dataflow")
    folder = tmp_path_factory.mktemp("dataflow")
    (folder / "recipe.toml").write_text('[trace]\nprojects = ["pypi:inflection==0.5.1"]\n')
    (folder / "options.toml").write_text(_DATAFLOW)
    done = _build(
        folder / "recipe.toml",
        "gs://some-bucket/build",
        *("--work", folder / "work", "--runner", "dataflow", "--dry-run"),
        *("--runner-options", folder / "options.toml", "--beam-option", "machine_type=n2-standard-4"),
    )
    assert done.exit_code == 0, done.output
    assert "nothing was run" in done.output
    return folder / "work" / "jobs" / "trace"


def test_a_dataflow_job_is_built_without_credentials(job: Path) -> None:
    told = json.loads((job / "job.json").read_text())
    pool = told["environment"]["workerPools"][0]
    assert pool["machineType"] == "n2-standard-4"
    images = {image["containerImage"] for image in pool["sdkHarnessContainerImages"]}
    assert images == {"host/some-project/worker:1"}
    options = told["environment"]["sdkPipelineOptions"]["options"]
    assert options["region"] == "us-central1"
    assert "enable_prime" in options["experiments"]
    graph = beam_runner_api_pb2.Pipeline.FromString((job / "staged" / "pipeline.pb").read_bytes())
    named = {each.unique_name for each in graph.components.transforms.values()}
    assert {"Parts", "DoParts/Spread parts", "DoParts/Do part"} <= named
    assert {each.urn for each in graph.components.environments.values()} == {"beam:env:docker:v1"}
    # what the workers unpickle is there, and is ours
    read = beam.Pipeline.from_runner_api(graph, FnApiRunner(), PipelineOptions([]))
    functions = {
        type(transform.transform.fn).__name__
        for transform in _leaves(read)
        if isinstance(transform.transform, beam.ParDo)
    }
    assert "_DoPart" in functions
    # the image has the package: nothing is installed when a worker starts
    assert not list((job / "staged").glob("*.tar.gz"))
    assert not list((job / "staged").glob("*.whl"))


def _leaves(pipeline: beam.Pipeline) -> list[AppliedPTransform]:
    found: list[AppliedPTransform] = []

    class Visitor(PipelineVisitor):
        def visit_transform(self, node: AppliedPTransform) -> None:
            found.append(node)

    pipeline.visit(Visitor())
    return found


def test_the_package_can_be_staged_with_the_job(tmp_path: Path) -> None:
    pytest.importorskip("google.cloud.storage", reason="needs the extra dataflow")
    pytest.importorskip("build", reason="needs the extra dataflow")
    (tmp_path / "recipe.toml").write_text('[trace]\nprojects = ["pypi:inflection==0.5.1"]\n')
    (tmp_path / "options.toml").write_text(_DATAFLOW)
    done = _build(
        tmp_path / "recipe.toml",
        "gs://some-bucket/build",
        *("--work", tmp_path / "work", "--runner", "dataflow", "--dry-run"),
        *("--runner-options", tmp_path / "options.toml"),
        *("--beam-option", f"setup_file={_ROOT}/pyproject.toml"),
    )
    assert done.exit_code == 0, done.output
    staged = tmp_path / "work" / "jobs" / "trace" / "staged"
    names = subprocess.run(
        ["tar", "-tzf", str(staged / "workflow.tar.gz")], capture_output=True, text=True, check=True
    ).stdout
    assert "/pipelines/remote_pipeline.py" in names
    assert "/sandbox/inside/worker.py" in names
