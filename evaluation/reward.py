"""Rewards for reinforcement learning: completions graded in the sandbox, as `codex-sft evaluate` does.

.. code-block:: python

    from evaluation.reward import reward

    # rows of codex-sft export --format rl
    trainer = GRPOTrainer(model, reward_funcs=reward, train_dataset=dataset)
"""

from __future__ import annotations

import atexit
import functools
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from evaluation.graded_rows import Message, program_of, read_graded_text
from sandbox.interface import Sandbox
from sandbox.interpreter import find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.task_judging import JudgingOptions, PreparedTask, judge_programs, prepare_task
from sandbox.verdicts import Judgement, Verdict
from sandbox.worker_pool import WorkerPool

Completion = str | Sequence[Message]

_PREPARED = 256
"""Tasks whose reference's time is remembered."""


class SandboxReward:
    """Rewards by the tests that rows carry: 1 for a completion that passes all, 0 for others.

    None where the fault is not the completion's: trainers leave it out. It is what TRL calls a reward
    function. ``workers`` completions are judged at a time, by default one for each processor; ``options`` are
    those of `codex-sft evaluate`. Raises `SandboxUnavailable` where nothing could run them safely.
    """

    __name__ = "codex_sft_reward"
    """Under which trainers log it."""

    def __init__(
        self,
        backend: Sandbox | None = None,
        *,
        workers: int | None = None,
        options: JudgingOptions | None = None,
    ) -> None:
        interpreter = find_interpreter()
        checks = OutputChecks(lambda: select_sandbox("projects"), interpreter)
        self._pool = WorkerPool(backend or select_sandbox("samples"), interpreter, checks)
        self._workers = workers or os.cpu_count() or 1
        self._options = options or JudgingOptions()
        self._prepared: OrderedDict[str, PreparedTask] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> SandboxReward:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        self._pool.close()

    def __call__(
        self, completions: Sequence[Completion], tests: Sequence[str], **columns: Any
    ) -> list[float | None]:
        """The reward of each completion by the tests of its row; other columns make no difference.

        Raises `tasks.files.BadFile` where a row's tests are not those of an export.
        """
        return [_reward(judgement) for judgement in self.judge(completions, tests)]

    def judge(self, completions: Sequence[Completion], tests: Sequence[str]) -> list[Judgement]:
        """The verdict on each completion, with its reason."""
        distinct = list(dict.fromkeys(tests))
        with ThreadPoolExecutor(self._workers) as executor:
            prepared = dict(zip(distinct, executor.map(self._prepare, distinct), strict=True))
            return list(executor.map(self._judge, completions, [prepared[each] for each in tests]))

    def _judge(self, completion: Completion, prepared: PreparedTask) -> Judgement:
        program = program_of(prepared.task, completion)
        ((judgement, _),) = judge_programs(prepared, self._pool, [program])
        return judgement

    def _prepare(self, tests: str) -> PreparedTask:
        with self._lock:
            known = self._prepared.get(tests)
            if known:
                self._prepared.move_to_end(tests)
                return known
        prepared = prepare_task(read_graded_text(tests), self._pool, self._options)
        with self._lock:
            self._prepared[tests] = prepared
            while len(self._prepared) > _PREPARED:
                self._prepared.popitem(last=False)
        return prepared


def reward(completions: Sequence[Completion], tests: Sequence[str], **columns: Any) -> list[float | None]:
    """`SandboxReward` with its defaults, for trainers that take a function by its name."""
    return _of_process(os.getpid())(completions, tests, **columns)


@functools.lru_cache(maxsize=1)
def _of_process(process: int) -> SandboxReward:
    """One for each process: workers are not shared with those that are forked."""
    made = SandboxReward()
    atexit.register(made.close)
    return made


def _reward(judgement: Judgement) -> float | None:
    if judgement.verdict is Verdict.INFRASTRUCTURE:
        return None
    return float(judgement.verdict is Verdict.PASSED)
