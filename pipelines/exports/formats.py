"""The formats by name: which rows they have, and how these are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.exports.dataset_repository import write_repository
from pipelines.exports.humaneval_rows import attributed_humaneval_rows, evalplus_rows, humaneval_rows
from pipelines.exports.judged_samples import RecordedSamples, preference_rows, sample_rows
from pipelines.exports.lm_eval_task import write_lm_eval_task
from pipelines.exports.options import ExportOptions
from pipelines.exports.selection import Right
from pipelines.exports.tables import Table, Write, write_lines, write_lines_by_split
from pipelines.exports.training_rows import (
    completion_rows,
    conversation_reward_rows,
    conversation_rows,
    docstring_rows,
    environment_rows,
    harness_rows,
    reward_rows,
)
from pipelines.exports.verifiers_package import write_verifiers_package

Tables = Callable[[RecordedSamples, ExportOptions], list[Table]]


@dataclass(frozen=True)
class Format:
    """A format that tasks are exported in.

    ``file``: it is one file, not a folder. ``by_split``: its files are train, validation and test. ``rights``
    are those that the terms of a task must not refuse. ``needs_samples``: there is nothing to write without.
    """

    summary: str
    tables: Tables
    write: Write
    file: bool = False
    by_split: bool = False
    rights: frozenset[Right] = frozenset()
    needs_samples: bool = False
    rejected: bool = False


def _one(table: Table) -> Tables:
    return lambda samples, options: [table]


_TRAINING: frozenset[Right] = frozenset({"training"})

FORMATS: dict[str, Format] = {
    "humaneval": Format(
        "JSON lines of openai/human-eval, each recorded call an assertion of check(candidate)",
        _one(Table("humaneval", humaneval_rows)),
        write_lines,
        file=True,
    ),
    "evalplus": Format(
        "JSON lines for HUMANEVAL_OVERRIDE_PATH of EvalPlus; inputs as JSON",
        _one(Table("evalplus", evalplus_rows)),
        write_lines,
        file=True,
    ),
    "lm-eval": Format(
        "a task folder of lm-evaluation-harness, graded in the sandbox",
        _one(Table("lm-eval", harness_rows)),
        write_lm_eval_task,
    ),
    "trl": Format(
        "prompt and completion for TRL's SFTTrainer",
        _one(Table("trl", completion_rows)),
        write_lines_by_split,
        by_split=True,
        rights=_TRAINING,
    ),
    "trl-conversational": Format(
        "the same as messages of a user and an assistant",
        _one(Table("trl-conversational", conversation_rows)),
        write_lines_by_split,
        by_split=True,
        rights=_TRAINING,
    ),
    "docstring": Format(
        "prompt and completion from code to docstring",
        _one(Table("docstring", docstring_rows)),
        write_lines_by_split,
        by_split=True,
        rights=_TRAINING,
    ),
    "preferences": Format(
        "prompt, chosen and rejected from recorded samples (--samples), for DPO and its kin",
        lambda samples, options: [
            Table("preferences", lambda task: preference_rows(task, samples, options.pairs))
        ],
        write_lines_by_split,
        by_split=True,
        rights=_TRAINING,
        needs_samples=True,
    ),
    "rl": Format(
        "prompt, tests and metadata; evaluation.reward grades completions by them",
        _one(Table("rl", reward_rows)),
        write_lines_by_split,
        by_split=True,
        rights=_TRAINING,
    ),
    "rl-conversational": Format(
        "the same with prompts as messages; answers in a code block are graded too",
        _one(Table("rl-conversational", conversation_reward_rows)),
        write_lines_by_split,
        by_split=True,
        rights=_TRAINING,
    ),
    "verifiers": Format(
        "a package that the verifiers library installs as an environment",
        _one(Table("verifiers", environment_rows)),
        write_verifiers_package,
        rights=_TRAINING,
    ),
    "datasets": Format(
        "a Hugging Face data set repository: Parquet, card, NOTICE; configs sft, humaneval, docstring, rl, "
        "samples, rejected",
        lambda samples, options: [
            Table("sft", completion_rows),
            Table("humaneval", attributed_humaneval_rows),
            Table("docstring", docstring_rows),
            Table("rl", reward_rows),
            *([Table("samples", lambda task: sample_rows(task, samples))] if options.samples else []),
        ],
        write_repository,
        by_split=True,
        rights=frozenset({"training", "redistribution"}),
        rejected=True,
    ),
}
