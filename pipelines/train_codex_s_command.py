"""The ``codex-sft train codex-s`` and ``codex-d`` commands: fine-tuning on tasks by a recipe."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from rich.console import Console
from rich.table import Table

from pipelines.curves_picture import draw_training_curves
from pipelines.user_error import UserError
from tasks.files import BadFile

if TYPE_CHECKING:
    from sft.codex_s import FineTuning
    from sft.tuning_outcome import TuningOutcome

_RECIPE = click.argument("recipe_file", metavar="RECIPE", type=click.Path(path_type=Path))
_OUTPUT = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The run's folder."
)


@click.command("codex-s")
@_RECIPE
@_OUTPUT
def train_codex_s(recipe_file: Path, output: Path) -> None:
    """Fine-tune a base model on tasks' reference solutions, after their prompts.

    \b
    RECIPE is a TOML file; paths in it go from its folder. The least that it says:
      model = "base"                  a folder with model and tokenizer
      [data]
      tasks = ["kept/tasks.jsonl"]    about a twentieth is held out, by project and program
      [budget]
      passes = 10                     or tokens: the end of the cosine
      [rate]
      base = 6e-4                     only for models that do not tell theirs; a tenth of it is taken

    Training stops at the plateau of the validation loss, and the best checkpoint is kept. Rows that are too
    long, or whose prompt has other tokens before its solution than alone, are left out and counted.

    \b
    The output folder gets
      model/         the best model       settings.json  recipe, data, plan, versions
      curves.jsonl   losses and rates     refused.jsonl  tasks that gave no row
      checkpoints/   to go on from        outcome.json   the end
      curves.png     with the extra report
    Interrupted, the same command goes on from its last checkpoint.

    \b
    On several devices, or in several processes without any; they share each step's rows:
      torchrun --nproc-per-node N --no-python codex-sft train codex-s ...
      accelerate launch --multi_gpu --num_processes N --no_python codex-sft train codex-s ...
    (--multi_gpu without GPUs too: with --cpu, accelerate starts one process unless it is given MPI.)

    \b
    Curves go to TensorBoard as well, and to Weights & Biases with
      [machine]
      trackers = ["tensorboard", "wandb"]   WANDB_MODE=offline keeps them in OUTPUT/wandb
    """
    _train(recipe_file, output, "code")


@click.command("codex-d")
@_RECIPE
@_OUTPUT
def train_codex_d(recipe_file: Path, output: Path) -> None:
    """Fine-tune a base model on tasks' docstrings, after signature and reference solution.

    The recipe and the output folder are those of codex-s.
    """
    _train(recipe_file, output, "docstring")


def _train(recipe_file: Path, output: Path, learnt: Literal["code", "docstring"]) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("WANDB_DIR", str(output.absolute()))
    os.environ.setdefault("WANDB_PROJECT", "codex-sft")
    # the name that all supported releases of transformers know
    warnings.filterwarnings("ignore", "`gradient_checkpointing` is deprecated", FutureWarning)
    try:
        from transformers.utils.logging import disable_progress_bar

        from sft.codex_s import ADAPTER_WARNING, FineTuning
        from sft.recipe import read_recipe
        from sft.row_texts import code_texts, docstring_texts
    except ImportError as error:
        raise UserError(f"{error}; training needs pip install 'codex-sft[sft]'") from error
    disable_progress_bar()
    console = Console()
    try:
        recipe = read_recipe(recipe_file)
        texts_of = code_texts if learnt == "code" else docstring_texts
        run = FineTuning(recipe, output.absolute(), texts_of)
        speaks = run.is_first_process
        if speaks:
            _show_plan(run, console)
            if recipe.adapter is not None:
                click.echo(f"WARNING: {ADAPTER_WARNING}", err=True)
        outcome = run.run(tell=lambda entry: _show_entry(entry, console))
        if speaks:
            draw_training_curves(run.folder.curves)
    except BadFile as error:
        raise UserError(str(error)) from error
    except ImportError as error:
        raise UserError(f"{error}; the recipe asks for it: machine.trackers, adapter") from error
    except KeyboardInterrupt:
        raise UserError("interrupted; the same command goes on from the last checkpoint") from None
    if speaks:
        _show_outcome(outcome, run, console)


def _show_plan(run: FineTuning, console: Console) -> None:
    table = Table("for", "rows", "tokens", "of them trained")
    for name in ("training", "validation"):
        facts = run.data.facts[name]
        table.add_row(name, *(f"{facts[column]:,}" for column in ("rows", "tokens", "trained_tokens")))
    console.print(table)
    for reason, count in Counter(each.reason for each in run.data.refused).items():
        console.print(f"left out: {count} tasks, {reason}", highlight=False)
    plan, batch = run.plan, run.recipe.batch
    console.print(
        f"learning rate: the base's {plan.base_rate:g} x {run.recipe.rate.ratio:g} = {plan.rate:g}, "
        f"warm-up {plan.warm_up_steps} steps, cosine to {run.recipe.rate.floor:g} of it\n"
        f"{plan.steps} steps of {plan.steps_per_pass} a pass, {plan.tokens:,} tokens; "
        f"layout {batch.layout}, {plan.cells_per_token:.3f} cells a token; {plan.processes} process(es)",
        highlight=False,
        soft_wrap=True,
    )


def _show_entry(entry: dict[str, Any], console: Console) -> None:
    if "eval_loss" in entry:
        console.print(f"step {entry['step']}: validation loss {entry['eval_loss']:.4f}", highlight=False)


def _show_outcome(outcome: TuningOutcome, run: FineTuning, console: Console) -> None:
    console.print(
        f"stopped by the {outcome.stopped} after {outcome.steps} steps and {outcome.tokens:,} tokens\n"
        f"validation loss {outcome.first_loss:.4f} -> {outcome.best_loss:.4f} at step {outcome.best_step}\n"
        f"the best model: {run.folder.model}",
        highlight=False,
        soft_wrap=True,
    )
