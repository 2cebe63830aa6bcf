"""The sample filter: a task that a model never solves is ambiguous or too hard (Chen et al. 2021, §4.3).

The paper draws 100 samples for every problem. Whether any of them passes is known as soon as one does, so
samples are drawn in growing portions, and what is drawn is the beginning of the same 100.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType
from typing import Literal

from filters.pass_rate import wilson_interval
from filters.sample_verdicts import KnownVerdicts, ProgramVerdict, VerdictKeys
from sampling.engine import Answer, Completion, Engine, Parameters, Request, Usage
from sandbox.installation import InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.task_judging import (
    JudgingOptions,
    PreparedTask,
    completed_program,
    judge_programs,
    prepare_task,
)
from sandbox.verdicts import Judgement, Verdict
from sandbox.worker_pool import WorkerPool
from tasks.record import Task

PORTIONS = (1, 3, 6, 10, 20, 60)
"""Samples drawn at a time: together the paper's 100."""

_WAITING = 256
"""Answers that may wait to be judged."""

Decision = Literal["kept", "dropped", "undecided"]


@dataclass(frozen=True)
class SampleFilterOptions:
    """``limit`` samples at most. ``exhaustive`` draws them all; else a task's first pass ends its drawing,
    or, with ``half_width``, that of the 95 % interval of its pass rate (`wilson_interval`) being no more.
    ``workers`` programs are judged at a time.
    """

    limit: int = 100
    exhaustive: bool = False
    half_width: float | None = None
    seed: int = 0
    judging: JudgingOptions = field(default_factory=JudgingOptions)
    workers: int = 1

    @property
    def portions(self) -> list[tuple[int, int]]:
        """First place and count of what is drawn in turn."""
        if self.exhaustive:
            return [(0, self.limit)]
        ends = [end for end in accumulate(PORTIONS) if end < self.limit] + [self.limit]
        while ends[-1] - (ends[-2] if len(ends) > 1 else 0) > PORTIONS[-1]:  # beyond the paper's 100
            ends.insert(-1, (ends[-2] if len(ends) > 1 else 0) + PORTIONS[-1])
        starts = [0, *ends[:-1]]
        return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class JudgedSample:
    """A sample with its verdict and what the model thought of it."""

    task_id: str
    index: int
    completion: str
    verdict: ProgramVerdict
    finish_reason: str
    logprob_sum: float | None = None
    logprob_mean: float | None = None
    tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class SampledTask:
    """What the samples say of a task.

    ``reason``: ``sample_passes`` (kept); ``no_sample_passes``, ``reference_fails`` (dropped); or why it is
    undecided: ``infrastructure`` (samples that could not be judged might have passed), ``exhausted``
    (fewer samples are recorded than were to be drawn), ``prompt_too_long``, ``request_refused``,
    ``interrupted``. ``pass_rate`` with its interval is None where drawing ended at a pass, which would
    make it too high.
    """

    task_id: str
    decision: Decision
    reason: str
    detail: str = ""
    samples: tuple[JudgedSample, ...] = ()
    pass_rate: float | None = None
    pass_rate_interval: tuple[float, float] | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def passed(self) -> int:
        """How many samples passed."""
        return sum(sample.verdict.passed is True for sample in self.samples)

    @property
    def first_pass(self) -> int | None:
        """The place of the first sample that passed."""
        return next((sample.index for sample in self.samples if sample.verdict.passed), None)

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the samples that were run."""
        return sum(sample.verdict.cpu_seconds for sample in self.samples)


def filter_by_samples(
    tasks: Iterable[Task],
    engine: Engine,
    pool: WorkerPool,
    options: SampleFilterOptions,
    parameters_for: Callable[[Task], Parameters] = lambda task: Parameters(),
    verdicts: KnownVerdicts | None = None,
    environments: Mapping[str, InstalledProject] = MappingProxyType({}),
    on_sample: Callable[[JudgedSample], None] = lambda sample: None,
) -> Iterator[SampledTask]:
    """Decide tasks by samples of an engine: each once, in portions of all that are undecided still.

    Samples are judged while others are drawn. What is decided does not depend on ``options.workers``. The
    reference solution goes first: a task whose own does not pass costs no sample. Raises
    `sampling.engine.EngineError`; verdicts until then are in ``verdicts``. ``environments`` are by
    the names that tasks have for them; that of a task which stands alone, if any, by its own.
    """
    known = verdicts or KnownVerdicts()
    with ThreadPoolExecutor(options.workers) as executor:
        judge = _Judge(pool, options.judging, known, environments)
        states = [_State(task, parameters_for(task)) for task in tasks]
        for state, prepared in zip(states, executor.map(judge.prepare, states), strict=True):
            state.prepared = prepared
        yield from _settled(states, None)
        for first, count in options.portions:
            open_ = [state for state in states if state.prepared is not None and not state.done]
            if not open_:
                return
            _one_portion(open_, engine, executor, judge, first, count, options.seed, on_sample)
            last = first + count >= options.limit
            for state in open_:
                state.done = last or state.refused is not None or _enough(state, options)
                if state.done and not state.passed and state.unjudged:
                    judge.again(state)
            yield from _settled(open_, options)


def _one_portion(
    states: list[_State],
    engine: Engine,
    executor: ThreadPoolExecutor,
    judge: _Judge,
    first: int,
    count: int,
    seed: int,
    on_sample: Callable[[JudgedSample], None],
) -> None:
    of_task = {state.task.task_id: state for state in states}
    requests = (
        Request(state.task.task_id, state.task.prompt, count, first, state.parameters, seed)
        for state in states
    )
    judging: deque[Future[None]] = deque()
    for answer in engine.draw(requests):
        judging.append(executor.submit(_take, judge, of_task[answer.request.task_id], answer, on_sample))
        while len(judging) > _WAITING:  # else a fast engine would fill the memory
            judging.popleft().result()
    for future in judging:
        future.result()


def _take(judge: _Judge, state: _State, answer: Answer, on_sample: Callable[[JudgedSample], None]) -> None:
    state.usage += answer.usage
    state.refused = answer.refused
    for sample in judge.judged(state, answer.completions):
        state.samples[sample.index] = sample
        on_sample(sample)
    for completion in answer.completions:
        if state.samples[completion.index].verdict.passed is None:
            state.unjudged[completion.index] = completion


@dataclass
class _State:
    task: Task
    parameters: Parameters
    prepared: PreparedTask | _Unfit | None = None
    samples: dict[int, JudgedSample] = field(default_factory=dict)
    unjudged: dict[int, Completion] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    refused: str | None = None
    done: bool = False

    @property
    def passed(self) -> int:
        return sum(sample.verdict.passed is True for sample in self.samples.values())

    @property
    def judged(self) -> int:
        return sum(sample.verdict.passed is not None for sample in self.samples.values())


@dataclass(frozen=True)
class _Unfit:
    """A task that no sample need be drawn for."""

    decision: Decision
    reason: str
    detail: str


class _Judge:
    """Judges samples of tasks, each program once."""

    def __init__(
        self,
        pool: WorkerPool,
        options: JudgingOptions,
        known: KnownVerdicts,
        environments: Mapping[str, InstalledProject],
    ) -> None:
        self._pool = pool
        self._options = options
        self._known = known
        self._environments = environments

    def prepare(self, state: _State) -> PreparedTask | _Unfit:
        task = state.task
        installed = self._environments.get(task.environment or task.task_id)
        if task.environment and installed is None:
            return _Unfit("undecided", "environment_missing", task.environment)
        try:
            prepared = prepare_task(task, self._pool, self._options, installed)
        except SandboxUnavailable as error:
            if task.environment is None:
                raise
            return _Unfit("undecided", "environment_unusable", str(error))
        reference = prepared.reference
        if reference is None or reference.verdict is Verdict.PASSED:
            return prepared
        if reference.verdict is Verdict.INFRASTRUCTURE:
            return _Unfit("undecided", "infrastructure", reference.detail)
        return _Unfit("dropped", "reference_fails", f"{reference.verdict}: {reference.detail}")

    def judged(self, state: _State, completions: Iterable[Completion]) -> Iterator[JudgedSample]:
        assert isinstance(state.prepared, PreparedTask)
        keys = VerdictKeys(state.task, self._options)
        programs = {each.index: completed_program(state.task, each.text) for each in completions}
        of_key = {keys.key(program): program for program in programs.values()}
        unjudged: dict[str, ProgramVerdict] = {}
        to_judge = {key: program for key, program in of_key.items() if self._known.find(key) is None}
        found = judge_programs(state.prepared, self._pool, list(to_judge.values()))
        for key, (judgement, run) in zip(to_judge, found, strict=True):
            verdict = _verdict(judgement, run.ending.cpu_seconds)
            if verdict.passed is None:
                unjudged[key] = verdict
            else:
                self._known.add(key, verdict)
        for completion in completions:
            key = keys.key(programs[completion.index])
            yield _judged(state.task, completion, self._known.find(key) or unjudged[key])

    def again(self, state: _State) -> None:
        """Once more what the sandbox failed to judge, before a task is decided without it."""
        for sample in self.judged(state, list(state.unjudged.values())):
            state.samples[sample.index] = sample
            if sample.verdict.passed is not None:
                del state.unjudged[sample.index]


def _enough(state: _State, options: SampleFilterOptions) -> bool:
    if not state.passed:
        return False
    if options.half_width is None:
        return True
    low, high = wilson_interval(state.passed, state.judged)
    return (high - low) / 2 <= options.half_width


def _settled(states: list[_State], options: SampleFilterOptions | None) -> Iterator[SampledTask]:
    for state in states:
        if isinstance(state.prepared, _Unfit):
            unfit, state.prepared = state.prepared, None
            yield SampledTask(state.task.task_id, unfit.decision, unfit.reason, unfit.detail)
        elif state.done and options is not None:
            yield _sampled(state, options)


def _sampled(state: _State, options: SampleFilterOptions) -> SampledTask:
    decision, reason, detail = _decision(state)
    rated = state.judged > 0 and (options.exhaustive or options.half_width is not None or not state.passed)
    return SampledTask(
        state.task.task_id,
        decision,
        reason,
        detail,
        tuple(state.samples[index] for index in sorted(state.samples)),
        state.passed / state.judged if rated else None,
        wilson_interval(state.passed, state.judged) if rated else None,
        state.usage,
    )


def _decision(state: _State) -> tuple[Decision, str, str]:
    if state.passed:
        return "kept", "sample_passes", ""
    if state.refused is not None:
        reason, _, detail = state.refused.partition(": ")
        return "undecided", reason, detail
    if state.unjudged:
        first = state.samples[min(state.unjudged)]
        return "undecided", "infrastructure", first.verdict.detail
    return "dropped", "no_sample_passes", ""


def _verdict(judgement: Judgement, cpu_seconds: float) -> ProgramVerdict:
    unjudged = judgement.verdict is Verdict.INFRASTRUCTURE
    return ProgramVerdict(
        str(judgement.verdict),
        None if unjudged else judgement.verdict is Verdict.PASSED,
        judgement.detail,
        round(cpu_seconds, 4),
        judgement.integrity,
    )


def _judged(task: Task, completion: Completion, verdict: ProgramVerdict) -> JudgedSample:
    return JudgedSample(
        task.task_id,
        completion.index,
        completion.text,
        verdict,
        completion.finish_reason,
        completion.logprob_sum,
        completion.logprob_mean,
        completion.token_count,
        completion.seed,
    )
