"""The ``codex-sft train base`` command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.curves_picture import draw_training_curves
from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.user_error import UserError
from sft.model_presets import PRESETS, Architecture
from tasks.files import BadFile

if TYPE_CHECKING:
    from sft.base_training import Precision

_TOKENS_PER_PARAMETER = 20


@click.command("base")
@click.argument("corpus", metavar="CORPUS", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run's folder.")
@click.option("--tokenizer", metavar="TOKENIZER", help="A folder or name of the hub. [default: of --start]")
@click.option(
    "--preset",
    default="12m",
    type=click.Choice(list(PRESETS)),
    show_default=True,
    help="The model's size, in parameters without embeddings.",
)
@click.option(
    "--architecture",
    default="llama",
    type=click.Choice(["llama", "gpt2"]),
    show_default=True,
    help="Rotary positions, or learned ones as GPT-3 has.",
)
@click.option(
    "--start",
    metavar="MODEL",
    help="Go on from a model's weights. Its preset is still of use for the context and the batches.",
)
@click.option(
    "--tokens",
    type=click.IntRange(min=1),
    help="How many to train on in all, the corpus over again if need be. "
    f"[default: {_TOKENS_PER_PARAMETER} for each parameter of the preset's name]",
)
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True), help="[default: the preset's]")
@click.option("--batch-tokens", type=click.IntRange(min=1), help="Tokens of a step. [default: the preset's]")
@click.option("--seed", default=0, show_default=True, help="Of the weights and of the order of the data.")
@click.option(
    "--evaluate-every",
    default=100,
    type=click.IntRange(min=1),
    show_default=True,
    help="Steps between looks at the validation loss.",
)
@click.option(
    "--checkpoint-every",
    default=100,
    type=click.IntRange(min=1),
    show_default=True,
    help="Steps between checkpoints.",
)
@click.option(
    "--precision",
    default="auto",
    type=click.Choice(["auto", "fp32", "bf16"]),
    show_default=True,
    help="Of matrix products; auto is bf16 on GPUs, fp32 on CPUs.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1; auto takes a GPU.")
@click.option(
    "--compile/--no-compile", "compiled", default=None, help="torch.compile. [default: on GPUs only]"
)
def train_base(
    corpus: Path,
    output: Path,
    tokenizer: str | None,
    preset: str,
    architecture: Architecture,
    start: str | None,
    tokens: int | None,
    learning_rate: float | None,
    batch_tokens: int | None,
    seed: int,
    evaluate_every: int,
    checkpoint_every: int,
    precision: Precision,
    device: str,
    compiled: bool | None,
) -> None:
    """Train a base model on a corpus (of codex-sft corpus), by the paper's schedule and optimiser.

    Adam with betas 0.9 and 0.95, epsilon 1e-8 and weight decay 0.1; 175 steps of warm-up, at most a tenth of
    the run, then a cosine to a tenth of the rate; gradients clipped to a norm of 1. Stopped or killed, the
    same command goes on from the last checkpoint.

    With --start, training goes on from a model with a new schedule: for more tokens, or at a tenth of the
    rate on more of the base's data, as the control that Codex-S is compared with.

    \b
    The output folder gets
      model/       for Transformers, with tokenizer and model card   run.json     settings, versions, digests
      log.jsonl    a line for each step; TensorBoard if installed    result.json  what came of it
      curves.png   loss and rate, with the extra report
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from sft.base_training import BaseSettings, TrainingRefused
        from sft.base_training import train_base as train_base_model
        from sft.tokenizer import BadTokenizer
    except ImportError as error:
        raise UserError(f"{error.name} is missing; pip install 'codex-sft[models]'") from error
    if tokenizer is None and start is None:
        raise UserError("--tokenizer is missing; make one by codex-sft tokenizer train")
    chosen = PRESETS[preset]
    settings = BaseSettings(
        corpus=str(corpus.absolute()),
        tokenizer=_place(tokenizer or start),
        preset=preset,
        architecture=architecture,
        tokens=tokens or int(float(preset.removesuffix("m")) * 1e6) * _TOKENS_PER_PARAMETER,
        learning_rate=learning_rate or chosen.learning_rate,
        batch_tokens=batch_tokens or chosen.batch_tokens,
        start=None if start is None else _place(start),
        seed=seed,
        evaluate_every=evaluate_every,
        checkpoint_every=checkpoint_every,
        precision=precision,
    )
    click.echo(f"{settings.steps} steps of {settings.sequences} windows of {settings.context} tokens")
    run = RunFolder(output.absolute())
    try:
        with run.open():
            result = train_base_model(
                settings, run.path, device=device, compiled=compiled, on_step=_Progress(settings.steps)
            )
            draw_training_curves(run.path / "log.jsonl")
    except (BadFile, BadTokenizer, TrainingRefused, OutputUnusable) as error:
        raise UserError(str(error)) from error
    held_out = (
        "" if result.validation_loss is None else f", {result.validation_loss:.4f} on held-out projects"
    )
    click.echo(
        f"loss {result.training_loss:.4f}{held_out}; {result.parameters:,} parameters: {run.path}/model"
    )


def _place(path: Any) -> str:
    """Folders by their whole path, names of the hub as they are."""
    return str(Path(path).absolute()) if Path(path).exists() else str(path)


class _Progress:
    """A line now and then: for the first steps, then for each hundredth of the run."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def __call__(self, step: int, loss: float) -> None:
        if step <= 10 or step == self._steps or step % max(1, self._steps // 100) == 0:
            click.echo(f"step {step} of {self._steps}: loss {loss:.4f}")
