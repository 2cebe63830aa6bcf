"""What a worker is asked to do with sample programs: one job for all samples of a task."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tasks.record import Expected, Task

Mode = Literal["values", "stdio", "proxy", "in_process"]


@dataclass(frozen=True)
class SampleLimits:
    """Bounds of one sample.

    ``cpu_seconds`` (whole seconds) decides; it does not depend on what else the machine does.
    ``wall_seconds`` ends a sample that waits. ``memory_bytes`` bounds its address space,
    ``result_bytes`` what it may answer.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory_bytes: int = 2**30
    file_bytes: int = 16 * 2**20
    open_files: int = 64
    threads: int = 64
    result_bytes: int = 8 * 2**20
    private_bytes: int = 16 * 2**20


@dataclass(frozen=True)
class SampleJob:
    """One mode of running a task's samples.

    ``request`` goes into the sample's process, with the program; it holds no expected outcome.
    ``judge`` goes into another process that never meets the program.

    ``values``: call the entry point, answer with encoded outcomes. ``stdio``: run whole programs, each
    input in a process of its own. ``proxy``: run ``check`` text in a process that never holds the
    sample. ``in_process``: run ``check`` text beside the sample, which can then forge its verdict.
    """

    mode: Mode
    cpu_seconds: int
    wall_seconds: float
    request: dict[str, Any] = field(default_factory=dict)

    judge: dict[str, Any] | None = None

    @property
    def inputs(self) -> list[str] | None:
        """The inputs of a ``stdio`` job, each of which is one run of every program."""
        return self.request.get("inputs")


def values_job(
    task: Task,
    limits: SampleLimits,
    *,
    watch_clock: bool = False,
    watch_branches: int | None = None,
    check: str | None = None,
) -> SampleJob:
    """Call a task's entry point with the arguments of its cases. The expected outcomes stay here.

    ``watch_clock`` notes which calls read the clock; ``watch_branches``, instead, which branches they take
    from that line of the program on, which is slow. With ``check``, that rendered text is run on the
    program too, in the same process and therefore only of worth for programs that are not hostile.
    """
    return _job(
        "values",
        limits,
        entry_point=task.entry_point,
        test_helpers=task.test_helpers,
        watch_clock=watch_clock,
        watch_branches=watch_branches,
        check=check,
        structural=task.environment is not None,
        replaces=task.replaces,
        calls=[
            {
                "arguments": case.arguments,
                "keyword_arguments": case.keyword_arguments,
                "pickled": case.pickled,
                "iterate": _iterate(case.expected),
            }
            for case in task.tests
        ],
    )


def _iterate(expected: Expected) -> Literal["always", "if_iterator"] | None:
    if expected.source == "pending":
        return "if_iterator"
    return "always" if expected.kind == "yielded" else None


def proxy_job(task: Task, limits: SampleLimits) -> SampleJob:
    """Judge by a task's ``check`` text, in a process that holds the task and never the sample."""
    judge = {
        "entry_point": task.entry_point,
        "prompt": task.prompt,
        "canonical_solution": task.canonical_solution,
        "check": task.check or "",
    }
    return replace(_job("proxy", limits, entry_point=task.entry_point), judge=judge)


def in_process_job(task: Task, limits: SampleLimits) -> SampleJob:
    """Judge by a task's ``check`` text in the sample's own process: of low integrity."""
    return _job("in_process", limits, entry_point=task.entry_point, check=task.check or "")


def stdio_job(task: Task, limits: SampleLimits) -> SampleJob:
    """Run whole programs on each of a task's inputs."""
    return _job("stdio", limits, inputs=[case.stdin for case in task.stdio_tests])


def _job(mode: Mode, limits: SampleLimits, **request: Any) -> SampleJob:
    return SampleJob(mode, limits.cpu_seconds, limits.wall_seconds, request)
