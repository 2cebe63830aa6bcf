"""Rewards agree with `codex-sft evaluate` on samples of every verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.evaluate import EvaluationOptions, Journal, evaluate
from evaluation.evaluation_files import Sample
from evaluation.graded_rows import graded_text
from evaluation.reward import SandboxReward
from sandbox.interface import Sandbox
from sandbox.task_judging import JudgingOptions
from sandbox.worker_pool import WorkerPool
from tasks.record import Task
from tests.pipelines.exported_tasks import CLAMPED, HALVES, OPAQUE, PROGRAM, WORDS

_COMPLETIONS: list[tuple[Task, list[str]]] = [
    (
        CLAMPED,
        [
            CLAMPED.canonical_solution,
            "    return min(value, high)\n",
            "    return value\n",
            "    return float(min(max(value, low), high))\n",
            "    raise SystemExit(0)\n",
            "    return (\n",
            "    import os\n    os.abort()\n",
            "    while True:\n        pass\n",
            "    return bytearray(10**11)\n",
        ],
    ),
    (WORDS, [WORDS.canonical_solution, "    return text.split()[0]\n"]),
    (
        HALVES,
        [HALVES.canonical_solution, "    return [items[: len(items) // 2], items[len(items) // 2 :]]\n"],
    ),
    (
        OPAQUE,
        [
            "    return 3 * x\n",
            "    return x + 4\n",
            "    return x + 4\n\n\ndef check(candidate):\n    pass\n",
        ],
    ),
    (PROGRAM, [PROGRAM.canonical_solution, "print(3)\n", "print(sum(map(int, input().split())))\n"]),
]
_PAIRS = [(task, completion) for task, found in _COMPLETIONS for completion in found]


@pytest.fixture(scope="module")
def sandbox_reward(quick_backend: Sandbox) -> Iterator[SandboxReward]:
    with SandboxReward(quick_backend, workers=2, options=JudgingOptions(cpu_seconds=1.0)) as made:
        yield made


def _passed(task: Task, completion: str, place: int) -> Sample:
    program = completion if task.stdio_tests else task.prompt + completion
    return Sample(place, task.task_id, program, {})


def test_rewards_are_the_verdicts_of_evaluate(
    sandbox_reward: SandboxReward, quick_pool: WorkerPool, tmp_path: Path
) -> None:
    samples = [_passed(task, completion, place) for place, (task, completion) in enumerate(_PAIRS)]
    by_id = {task.task_id: task for task, _ in _COMPLETIONS}
    journal = Journal(tmp_path / "journal")
    evaluation = evaluate(by_id, samples, quick_pool, EvaluationOptions(cpu_seconds=1.0), journal)
    verdicts = [evaluation.results[place] for place in range(len(samples))]
    judged = sandbox_reward.judge([text for _, text in _PAIRS], [graded_text(task) for task, _ in _PAIRS])
    assert [str(each.verdict) for each in judged] == [each.verdict for each in verdicts]
    assert {"passed", "failed", "error", "crashed", "timeout", "out_of_memory"} <= {
        each.verdict for each in verdicts
    }


def test_trainers_call_it_with_columns(sandbox_reward: SandboxReward) -> None:
    pairs = [(task, text) for task, text in _PAIRS if task in (WORDS, HALVES)]
    rewards = sandbox_reward(
        prompts=[task.prompt for task, _ in pairs],
        completions=[text for _, text in pairs],
        tests=[graded_text(task) for task, _ in pairs],
        trainer_state=None,
    )
    assert rewards == [1.0, 0.0, 1.0, 0.0]
    assert sandbox_reward.__name__ == "codex_sft_reward"


def test_messages_are_graded_by_their_code(sandbox_reward: SandboxReward) -> None:
    answers = [
        f"```python\n{CLAMPED.program}```",
        "```python\ndef clamped(value, low, high):\n    return value\n```",
        "I cannot do that.",
    ]
    messages = [[{"role": "assistant", "content": answer}] for answer in answers]
    assert sandbox_reward(messages, [graded_text(CLAMPED)] * 3) == [1.0, 0.0, 0.0]


def test_what_cannot_be_judged_has_no_reward(sandbox_reward: SandboxReward) -> None:
    unusable = graded_text(OPAQUE).replace("assert candidate(2) == 6", "assert candidate(2) == = 6")
    assert sandbox_reward(["    return 3 * x\n"], [unusable]) == [None]
