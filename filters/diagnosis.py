"""Why no sample solves a task: it is ambiguous, too hard, its reference is wrong, or its prompt is broken.

A large part of the samples that agree with each other on every input, and not with the reference, have read
the prompt in one way that it allows (or that it even shows by its examples).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from filters.behaviour import Behaviour, Cluster, behaviour_of, common_errors, is_telling, same_outcome
from filters.docstring_examples import docstring_examples
from sandbox.endings import printable
from sandbox.installation import InstalledProject
from sandbox.samples import CallOutcome, SampleRun, run_samples
from sandbox.task_judging import JudgingOptions, PreparedTask, completed_program, prepare_task
from sandbox.verdicts import judge
from sandbox.worker_pool import WorkerPool
from tasks.record import EncodedValue, Task, TestCase
from tasks.value_encoding import to_text


@dataclass(frozen=True)
class DiagnosisThresholds:
    """When samples agree enough: a share of all of them, so many of them, so many different programs.
    ``broken_share`` fail before they do anything where a prompt is broken."""

    cluster_share: float = 0.3
    cluster_samples: int = 3
    cluster_programs: int = 2
    broken_share: float = 0.9


@dataclass(frozen=True)
class Witness:
    """An input on which a cluster and the reference differ, with what each does there, encoded."""

    arguments: list[EncodedValue]
    keyword_arguments: dict[str, EncodedValue]
    reference: str
    cluster: str


@dataclass(frozen=True)
class Diagnosis:
    """Why a task is not solved. ``clusters`` are the sizes of all clusters; ``cluster`` the places of the
    samples in the one that the label is about."""

    task_id: str
    label: Literal["ambiguous", "too_hard", "wrong_reference", "broken_prompt"]
    detail: str
    samples: int
    broken: int
    clusters: tuple[int, ...] = ()
    cluster: tuple[int, ...] = ()
    witness: Witness | None = None


def diagnose(
    task: Task,
    completions: list[str],
    pool: WorkerPool,
    options: JudgingOptions,
    installed: InstalledProject | None = None,
    thresholds: DiagnosisThresholds | None = None,
) -> Diagnosis:
    """Run the samples of a task that none of them solves, and see what they agree on.

    The inputs are the task's own cases; for tasks with ``check`` text, or whole programs, those of the
    docstring's examples, if it has any. Raises `sandbox.interface.SandboxUnavailable`.
    """
    limits = thresholds or DiagnosisThresholds()
    examples = docstring_examples(task) if not task.stdio_tests else []
    cases = task.tests or examples
    programs = [completed_program(task, completion) for completion in completions]
    if not cases:
        return _without_cases(task, programs, pool, options, installed, limits)
    observed = _with_cases(task, cases)
    prepared = prepare_task(observed, pool, options, installed)
    runs = _runs(prepared, pool, programs)
    (reference,) = _runs(prepared, pool, [task.program])
    behaviour = behaviour_of(cases, programs, runs)
    broken = _broken(task, behaviour, limits)
    if broken is not None:
        return broken
    agreed = _agreed(cases, behaviour, reference, limits)
    if agreed is None:
        return _diagnosis(task, behaviour, "too_hard", _too_hard(behaviour))
    cluster, witness = agreed
    detail = f"{len(cluster.samples)} of {behaviour.samples} samples agree on something else"
    label: Literal["ambiguous", "wrong_reference"] = "ambiguous"
    theirs = programs[cluster.samples[0]]
    if examples and _only_cluster_passes(task, examples, theirs, pool, options, installed):
        label, detail = "wrong_reference", f"{detail}, and with the docstring's examples"
    return _diagnosis(task, behaviour, label, detail, cluster, witness)


def _agreed(
    cases: list[TestCase], behaviour: Behaviour, reference: SampleRun, limits: DiagnosisThresholds
) -> tuple[Cluster, Witness] | None:
    """The first cluster that is large enough and means something, and where it leaves the reference."""
    for cluster in behaviour.clusters:
        enough = len(cluster.samples) >= max(limits.cluster_samples, limits.cluster_share * behaviour.samples)
        if not enough or cluster.programs < limits.cluster_programs:
            continue
        if not is_telling(cases, cluster, reference.outcomes):
            continue
        for case, there, here in zip(cases, reference.outcomes, cluster.outcomes, strict=False):
            if here.kind in ("returned", "yielded") and not same_outcome(case, there, here):
                witness = Witness(case.arguments, case.keyword_arguments, _shown(there), _shown(here))
                return cluster, witness
    return None


def _only_cluster_passes(
    task: Task,
    examples: list[TestCase],
    program: str,
    pool: WorkerPool,
    options: JudgingOptions,
    installed: InstalledProject | None,
) -> bool:
    prepared = prepare_task(_with_cases(task, examples), pool, options, installed)
    ours, reference = _runs(prepared, pool, [program, task.program])
    return not judge(examples, ours).detail and bool(judge(examples, reference).detail)


def _without_cases(
    task: Task,
    programs: list[str],
    pool: WorkerPool,
    options: JudgingOptions,
    installed: InstalledProject | None,
    limits: DiagnosisThresholds,
) -> Diagnosis:
    """Where outputs cannot be seen: only whether the programs can be loaded."""
    prepared = prepare_task(task, pool, options, installed)
    runs = _runs(prepared, pool, programs)
    errors = {place: run.program_error for place, run in enumerate(runs) if run.program_error}
    rest = tuple(place for place in range(len(runs)) if place not in errors)
    behaviour = Behaviour(errors, rest, ())
    broken = _broken(task, behaviour, limits)
    return broken or _diagnosis(task, behaviour, "too_hard", "what its samples return cannot be seen")


def _runs(prepared: PreparedTask, pool: WorkerPool, programs: list[str]) -> list[SampleRun]:
    """A run for each program, equal ones run once."""
    texts = list(dict.fromkeys(programs))
    of_text = dict(zip(texts, run_samples(pool, prepared.job, texts, prepared.settings), strict=True))
    return [of_text[program] for program in programs]


def _with_cases(task: Task, cases: list[TestCase]) -> Task:
    return replace(task, tests=cases, check=None)


def _broken(task: Task, behaviour: Behaviour, limits: DiagnosisThresholds) -> Diagnosis | None:
    count = len(behaviour.broken)
    if not count or count < limits.broken_share * behaviour.samples:
        return None
    detail = (
        f"{count} of {behaviour.samples} samples fail before they do anything: {common_errors(behaviour)}"
    )
    return _diagnosis(task, behaviour, "broken_prompt", detail)


def _too_hard(behaviour: Behaviour) -> str:
    largest = len(behaviour.clusters[0].samples) if behaviour.clusters else 0
    return (
        f"{len(behaviour.clusters)} ways of {behaviour.samples} samples, the largest of {largest}; "
        f"{len(behaviour.broken)} broken, {len(behaviour.unfinished)} without an end"
    )


def _diagnosis(
    task: Task,
    behaviour: Behaviour,
    label: Literal["ambiguous", "too_hard", "wrong_reference", "broken_prompt"],
    detail: str,
    cluster: Cluster | None = None,
    witness: Witness | None = None,
) -> Diagnosis:
    return Diagnosis(
        task.task_id,
        label,
        printable(detail),
        behaviour.samples,
        len(behaviour.broken),
        tuple(len(each.samples) for each in behaviour.clusters),
        cluster.samples if cluster else (),
        witness,
    )


def _shown(outcome: CallOutcome) -> str:
    if outcome.kind == "raised":
        return printable(f"raised {outcome.exception}")
    return printable(f"{outcome.kind} {to_text(outcome.value)}")
