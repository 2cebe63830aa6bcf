"""Which Beam runner runs the pipelines, by its name, and the flags that it gets.

Beam's own choice of a local runner tries to download another one and may wait for it for ever, so that a
runner is always named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from pipelines.user_error import UserError

RunnerName = Literal["fn-api", "multi-process", "portable", "dataflow", "flink", "spark"]
RUNNER_NAMES: tuple[RunnerName, ...] = get_args(RunnerName)

REFUSED = {
    "dask": "Beam's Dask runner loses data without saying so: of several outputs of a transform all arrive "
    "at each, of several sinks only the last is run, text files stay empty. Its state is DONE all the same",
    "direct": "Beam's DirectRunner is another runner on each machine, and tries to download one; fn-api is "
    "what it falls back to",
    "prism": "Prism is no part of Beam's Python package, which would download it; use fn-api",
}
"""Runners that are not taken, with the reason."""

_BEAM_NAMES = {"dataflow": "DataflowRunner", "flink": "PortableRunner", "spark": "PortableRunner"}
_DATAFLOW_NEEDS = ("project", "region", "temp_location", "sdk_container_image")


class DryRun(Exception):
    """The job that would do a stage's work was written to a file, and not run."""

    def __init__(self, template: Path) -> None:
        super().__init__(str(template))
        self.template = template


@dataclass(frozen=True)
class Runner:
    """A runner and what is said to it. ``options`` are Beam's own, by their names without dashes.

    ``fn-api``: threads of this process. ``multi-process``: workers that are processes of this machine.
    ``portable``: Beam's job service, its own or the one at ``job_endpoint``, with workers of this machine.
    ``dataflow``, ``flink``, ``spark``: machines that do not see this one's disk.
    """

    name: RunnerName = "fn-api"
    options: dict[str, str | list[str]] = field(default_factory=dict)

    @property
    def shares_disk(self) -> bool:
        """Whether workers read and write this machine's files."""
        return self.name in ("fn-api", "multi-process", "portable")

    def processes(self, workers: int) -> int:
        """How many workers Beam itself is asked for, of elements that `threads` work at."""
        return workers if self.name == "multi-process" else 1

    def threads(self, workers: int) -> int:
        """How many threads each process has for elements."""
        return 1 if self.name == "multi-process" else workers

    @property
    def has_own_job_service(self) -> bool:
        """Whether the job service and its workers are started here."""
        return self.name == "portable" and "job_endpoint" not in self.options


def choose_runner(name: str, options: dict[str, str | list[str]]) -> Runner:
    """A runner by its name; raises `UserError` for one that is not taken, or lacks what it needs."""
    if name in REFUSED:
        raise UserError(f"--runner {name}: {REFUSED[name]}")
    if name not in RUNNER_NAMES:
        raise UserError(f"--runner {name}: it is none of {', '.join(RUNNER_NAMES)}")
    found: RunnerName = next(each for each in RUNNER_NAMES if each == name)
    needed: tuple[str, ...] = ()
    if found == "dataflow":
        needed = _DATAFLOW_NEEDS
    elif found in ("flink", "spark"):
        needed = ("job_endpoint", "environment_config")
    missing = [each for each in needed if each not in options]
    if missing:
        raise UserError(
            f"--runner {name} needs {', '.join(missing)}; give --beam-option {missing[0]}=... or a file "
            "with --runner-options (docs/build.md)"
        )
    if "runner" in options:
        raise UserError("--beam-option runner: the runner is named by --runner")
    return Runner(found, options)


def beam_flags(runner: Runner, workers: int) -> list[str]:
    """The flags of Beam for a runner; ``workers`` are threads or processes of this machine."""
    given = {"save_main_session": "false"} if runner.name == "dataflow" else {}
    if runner.name == "fn-api":
        given = {"direct_running_mode": "multi_threading", "direct_num_workers": str(workers)}
    elif runner.name == "multi-process":
        given = {"direct_running_mode": "multi_processing", "direct_num_workers": str(workers)}
    elif runner.name in ("flink", "spark"):
        given = {"environment_type": "DOCKER", "sdk_worker_parallelism": str(workers)}
    if runner.name in _BEAM_NAMES:
        given = {"runner": _BEAM_NAMES[runner.name], **given}
    if runner.name == "dataflow" and "setup_file" not in runner.options:
        # the image has Beam, this package and all it needs: nothing is installed when a worker starts
        given |= {"sdk_location": "container"}
    flags: list[str] = []
    for option, value in {**given, **runner.options}.items():
        for each in value if isinstance(value, list) else [value]:
            if each.lower() == "true":
                flags.append(f"--{option}")
            elif each.lower() != "false":
                flags.append(f"--{option}={each}")
    return [*flags, "--no_save_main_session"]
