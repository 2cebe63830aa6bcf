"""The recipe of a fine-tuning: all its settings in one TOML file, with the paper's as defaults.

Chen et al. 2021, §3.2 and §4.4, tell the optimiser, the warm-up, the schedule and the tenth of the rate; the
floor of the cosine and the clipping are GPT-3's (Brown et al. 2020, table 2.1 and appendix B).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tasks.settings_file import read_settings

_Count = Annotated[int, Meta(ge=1)]
_Positive = Annotated[float, Meta(gt=0)]
_Share = Annotated[float, Meta(ge=0, lt=1)]


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table whose unknown keys are mistakes."""


class Data(_Settings, frozen=True):
    """``tasks`` and ``validation_tasks`` are files of tasks, named from the recipe's folder.

    Without ``validation_tasks`` about ``validation_share`` of the tasks are held out (`sft.row_split`).
    Rows of more than ``context`` tokens are left out and counted; by default it is the model's.
    """

    tasks: Annotated[list[str], Meta(min_length=1)]
    validation_tasks: list[str] = []
    validation_share: Annotated[float, Meta(gt=0, lt=1)] = 0.05
    context: Annotated[int, Meta(ge=2)] | None = None


class Rate(_Settings, frozen=True):
    """The learning rate: ``base``, at which the base model was trained, times ``ratio``. Models of
    ``codex-sft train base`` tell their ``base`` themselves.

    It rises over ``warm_up_steps``, of a short run over a tenth of the steps, then falls by a cosine to
    ``floor`` of its peak.
    """

    base: _Positive | None = None
    ratio: _Positive = 0.1
    warm_up_steps: Annotated[int, Meta(ge=0)] = 175
    floor: Annotated[float, Meta(ge=0, le=1)] = 0.1


class Adam(_Settings, frozen=True):
    """The optimiser, with decay apart from the gradient; gradients are clipped to the norm ``clip``."""

    beta1: _Share = 0.9
    beta2: _Share = 0.95
    epsilon: _Positive = 1e-8
    weight_decay: Annotated[float, Meta(ge=0)] = 0.1
    clip: _Positive = 1.0


class Budget(_Settings, frozen=True):
    """The end of the cosine and the most that is trained on: real ``tokens``, or ``passes`` over the data."""

    tokens: _Count | None = None
    passes: _Positive | None = None


class Batch(_Settings, frozen=True):
    """``items`` for each device at a time, ``accumulation`` times a step.

    An item of the layout ``packed`` is a pack of up to ``context`` tokens, of ``paper`` it is one row.
    """

    items: _Count = 8
    accumulation: _Count = 1
    layout: Literal["packed", "paper"] = "packed"
    positions: Literal["from_first_token", "by_column"] = "from_first_token"


class Plateau(_Settings, frozen=True):
    """Training stops when ``patience`` validations in a row, ``every`` so many steps, are none of them better
    by more than ``threshold`` (nats) than the best that was; the warm-up does not count."""

    every: _Count = 50
    patience: _Count = 3
    threshold: Annotated[float, Meta(ge=0)] = 1e-3


class Adapter(_Settings, frozen=True):
    """Low-rank adapters in place of full fine-tuning, for which the tenth of the rate was never meant."""

    rank: _Count = 16
    alpha: _Positive = 32.0
    dropout: _Share = 0.0
    modules: list[str] | Literal["all-linear"] = "all-linear"


class Machine(_Settings, frozen=True):
    """``auto`` is bf16 on a GPU that has it, else fp32. ``trackers`` are names that transformers knows.

    ``compile`` is for packed rows, whose batches then all have one shape; ``auto`` is on GPUs.
    """

    compile: Literal["auto"] | bool = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    activation_checkpointing: bool = False
    trackers: tuple[str, ...] = ("tensorboard",)
    log_every: _Count = 10


class Recipe(_Settings, frozen=True):
    """All settings of a run; ``model`` is a folder, named from the recipe's, or a model of the hub."""

    model: Annotated[str, Meta(min_length=1)]
    data: Data
    budget: Budget
    rate: Rate = Rate()
    batch: Batch = Batch()
    adam: Adam = Adam()
    plateau: Plateau = Plateau()
    machine: Machine = Machine()
    adapter: Adapter | None = None
    dropout: _Share = 0.0
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0


def read_recipe(path: Path) -> Recipe:
    """Read a recipe and make its paths absolute; raises `BadFile` with the line and the key.

    .. code-block:: toml

        model = "base"

        [data]
        tasks = ["kept/tasks.jsonl"]

        [rate]
        base = 6e-4

        [budget]
        passes = 10
    """
    settings = read_settings(path, Recipe)
    recipe = settings.content
    if (recipe.budget.tokens is None) == (recipe.budget.passes is None):
        raise settings.wrong("budget", "give either tokens or passes")
    if recipe.batch.positions != "from_first_token" and recipe.batch.layout != "paper":
        raise settings.wrong("batch.positions", "only the layout 'paper' has columns to count")
    if recipe.machine.compile is True and recipe.batch.layout != "packed":
        raise settings.wrong("machine.compile", "only the layout 'packed' has batches of one shape")
    return _with_paths(recipe, path.absolute().parent)


def _with_paths(recipe: Recipe, folder: Path) -> Recipe:
    data = msgspec.structs.replace(
        recipe.data,
        tasks=[str(folder / each) for each in recipe.data.tasks],
        validation_tasks=[str(folder / each) for each in recipe.data.validation_tasks],
    )
    model = folder / recipe.model
    return msgspec.structs.replace(recipe, data=data, model=str(model) if model.exists() else recipe.model)
