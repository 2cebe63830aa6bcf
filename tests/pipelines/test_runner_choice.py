"""Runners by name: what each is told, what it needs, and which are refused."""

from __future__ import annotations

import pytest
from apache_beam.options.pipeline_options import (
    DirectOptions,
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)

from pipelines.runner_choice import beam_flags, choose_runner
from pipelines.user_error import UserError

_DATAFLOW: dict[str, str | list[str]] = {
    "project": "p",
    "region": "europe-west4",
    "temp_location": "gs://bucket/temporary",
    "sdk_container_image": "host/image:1",
}
_CLUSTER: dict[str, str | list[str]] = {"job_endpoint": "host:8099", "environment_config": "host/image:1"}


def _options(name: str, options: dict[str, str | list[str]], workers: int = 3) -> PipelineOptions:
    return PipelineOptions(beam_flags(choose_runner(name, options), workers))


def test_local_runners_have_as_many_workers_as_they_are_told() -> None:
    for name, mode in ("fn-api", "multi_threading"), ("multi-process", "multi_processing"):
        told = _options(name, {}).view_as(DirectOptions)
        assert (told.direct_running_mode, told.direct_num_workers) == (mode, 3)


@pytest.mark.parametrize("name", ["flink", "spark"])
def test_clusters_are_reached_by_their_job_service_with_the_workers_image(name: str) -> None:
    options = _options(name, {**_CLUSTER, "environment_cache_millis": "60000"})
    assert options.view_as(StandardOptions).runner == "PortableRunner"
    told = options.view_as(PortableOptions)
    assert (told.job_endpoint, told.environment_type) == ("host:8099", "DOCKER")
    assert (told.environment_config, told.sdk_worker_parallelism) == ("host/image:1", "3")
    assert told.environment_cache_millis == "60000"
    own = _options(name, {**_CLUSTER, "environment_type": "EXTERNAL"})
    assert own.view_as(PortableOptions).environment_type == "EXTERNAL"


def test_dataflow_gets_the_image_and_installs_nothing_else() -> None:
    options = _options("dataflow", {**_DATAFLOW, "experiments": ["one", "two"], "no_auth": "false"})
    assert options.view_as(StandardOptions).runner == "DataflowRunner"
    cloud = options.view_as(GoogleCloudOptions)
    assert (cloud.project, cloud.region, cloud.temp_location) == (
        "p",
        "europe-west4",
        "gs://bucket/temporary",
    )
    assert cloud.no_auth is False
    assert options.view_as(WorkerOptions).sdk_container_image == "host/image:1"
    assert options.view_as(SetupOptions).sdk_location == "container"
    assert options.view_as(SetupOptions).save_main_session is False
    assert options.get_all_options()["experiments"][:2] == ["one", "two"]
    staged = _options("dataflow", {**_DATAFLOW, "setup_file": "./pyproject.toml"}).view_as(SetupOptions)
    assert (staged.setup_file, staged.sdk_location) == ("./pyproject.toml", "default")


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("dask", {}, "loses data"),
        ("direct", {}, "fn-api"),
        ("prism", {}, "download"),
        ("samza", {}, "none of fn-api, multi-process, portable, dataflow, flink, spark"),
        ("dataflow", {"project": "p"}, "needs region, temp_location, sdk_container_image"),
        ("flink", {"job_endpoint": "host:1"}, "needs environment_config"),
        ("portable", {"runner": "DirectRunner"}, "the runner is named by --runner"),
    ],
)
def test_what_is_not_taken_is_told_with_the_reason(
    name: str, options: dict[str, str | list[str]], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        choose_runner(name, options)
