"""The ``codex-sft`` command."""

from __future__ import annotations

import click

from pipelines import __version__
from pipelines.lazy_group import CommandPlace, LazyGroup

COMMANDS = {
    "back-translate": CommandPlace(
        "pipelines.back_translate_command:back_translate",
        "Score samples by the probability of their task's docstring after them",
    ),
    "build": CommandPlace(
        "pipelines.build_command:build",
        "Build a set of tasks by a recipe: trace, scrape, gather, filter, export.",
    ),
    "building-blocks": CommandPlace(
        "pipelines.building_blocks_command:building_blocks",
        "Make tasks that chain simple manipulations of a text",
    ),
    "compare": CommandPlace(
        "pipelines.compare_command:compare",
        "Compare runs by the result files of `codex-sft evaluate`, with intervals and figures.",
    ),
    "corpus": CommandPlace(
        "pipelines.corpus_command:corpus", "Gather Python files that a base model can be trained on."
    ),
    "crawl": CommandPlace(
        "pipelines.crawl_command:crawl",
        "Fetch pages into a store, from hosts that you allow, as slowly as they wish.",
    ),
    "describe": CommandPlace(
        "pipelines.describe_command:describe",
        "Write docstrings for tasks' code by a model (Codex-D), and check them automatically.",
    ),
    "doctor": CommandPlace(
        "pipelines.doctor_command:doctor",
        "Show which sandboxes work on this machine, and which Python runs the projects.",
    ),
    "evaluate": CommandPlace(
        "pipelines.evaluate_command:evaluate",
        "Run samples against their tasks' tests: a verdict for each, and pass@k.",
    ),
    "export": CommandPlace(
        "pipelines.export_command:export", "Write a run's tasks as a task set that other tools read."
    ),
    "filter": CommandPlace(
        "pipelines.filter_command:filter_tasks",
        "Keep the tasks that are well-posed, stable, strong and clean, and tell why the others are not.",
    ),
    "grade": CommandPlace(
        "pipelines.grade_command:grade",
        "Grade generated docstrings by hand, by the paper's rules, on a page in the browser.",
    ),
    "loop": CommandPlace(
        "pipelines.loop_command:loop",
        "Run the whole loop on a CPU, from tasks to the table that tells whether Codex-S is better.",
    ),
    "replay": CommandPlace(
        "pipelines.replay_command:replay",
        "Replay the reference solutions of a run's tasks, under every condition of their proof.",
    ),
    "report": CommandPlace(
        "pipelines.report_command:report",
        "Draw the report of a build anew",
    ),
    "reveal": CommandPlace(
        "pipelines.reveal_command:reveal",
        "Find the hidden tests of problems by programs that fail on purpose",
    ),
    "sample": CommandPlace(
        "pipelines.sample_command:sample", "Draw completions of tasks' prompts from a model."
    ),
    "scrape": CommandPlace(
        "pipelines.scrape_command:scrape",
        "Turn contest and interview problems into function tasks with strong tests.",
    ),
    "status": CommandPlace(
        "pipelines.status_command:status",
        "Show how far a build is, with its funnel so far.",
    ),
    "tokenizer": CommandPlace(
        "pipelines.tokenizer_command:tokenizer", "Make tokenizers for code, and measure what they save."
    ),
    "trace": CommandPlace(
        "pipelines.trace_command:trace",
        "Run projects' tests under the tracer and turn their functions into proven tasks.",
    ),
    "train": CommandPlace(
        "pipelines.train_command:train",
        "Train models: a base model from a corpus, and from it Codex-S or Codex-D.",
    ),
}
"""All commands; a summary begins the help of its command."""


@click.group(cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="codex-sft")
def main() -> None:
    """Build executable, verified training tasks for code models.

    \b
    A first run:
      codex-sft doctor                                    what this machine can do
      codex-sft trace pypi:inflection==0.5.1 -o runs/one  a project's tests into tasks
      codex-sft scrape ARCHIVE -o runs/problems           contest problems into tasks
      codex-sft export runs/one --format humaneval        a set for harnesses; other formats for trainers
      codex-sft evaluate --tasks FILE --samples FILE      verdicts and pass@k of a model's samples
      codex-sft compare base=FILE tuned=FILE -o report    results side by side, with intervals and figures
      codex-sft replay runs/one                           do the tasks still hold?
      codex-sft sample --tasks FILE --engine openai:URL -o samples.jsonl   a model's completions
      codex-sft filter --tasks runs/one -o runs/kept      what is well-posed, stable, strong and clean
      codex-sft grade FILE --tasks runs/one               generated docstrings, graded by hand
    """
