"""Supervised fine-tuning on correct functions by TRL, as Chen et al. 2021, §4.4, describe it.

Only completions are learnt, at a tenth of the base model's rate, by its schedule and optimiser, until the
validation loss is at its plateau. What TRL does otherwise by default is set here one by one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import msgspec
import torch
from accelerate import PartialState
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback
from trl import SFTConfig

from sft.base_record import read_base_record
from sft.layout import Layout, attention_of, choose_layout
from sft.plateau import PlateauStop
from sft.recipe import Recipe
from sft.row_texts import TextsOfTask, code_texts
from sft.rows import Row
from sft.segment_attention import register_segment_attention
from sft.token_weighted_trainer import TokenWeightedTrainer
from sft.trained_head import score_trained_tokens
from sft.training_data import TrainingData, read_training_data
from sft.training_folder import CurvesFile, TrainingFolder
from sft.tuning_outcome import TuningOutcome, read_outcome
from tasks.files import BadFile, write_json

_SHORT_RUN = 10
"""The warm-up is at most one in so many steps."""

ADAPTER_WARNING = (
    "adapters are trained at a tenth of the base model's rate, a rule that was made for full fine-tuning: "
    "they usually want a higher one (rate.ratio = 1 or more)"
)


@dataclass(frozen=True)
class Plan:
    """What a recipe comes to for its data; tokens are real ones, prompts included."""

    processes: int
    tokens_per_pass: int
    steps_per_pass: int
    steps: int
    warm_up_steps: int
    validate_every: int
    base_rate: float
    rate: float
    cells_per_token: float
    compiled: bool

    @property
    def tokens(self) -> int:
        """How many tokens all steps see, on average over the order of the data."""
        return round(self.tokens_per_pass * self.steps / self.steps_per_pass)


def is_compiled(recipe: Recipe) -> bool:
    """Whether the model is compiled on this machine."""
    if recipe.machine.compile == "auto":
        return recipe.batch.layout == "packed" and torch.cuda.is_available()
    return recipe.machine.compile


def plan_training(recipe: Recipe, data: TrainingData, layout: Layout, processes: int) -> Plan:
    """Steps for the budget, rounded down to whole validations, at least one; raises `BadFile` for a model
    whose rate neither it nor the recipe tells."""
    items = layout.arrange(data.training)
    batches = math.ceil(len(items) / (recipe.batch.items * processes))
    steps_per_pass = math.ceil(batches / recipe.batch.accumulation)
    passes = recipe.budget.passes or (recipe.budget.tokens or 0) / data.tokens
    steps = max(1, int(passes * steps_per_pass))
    every = min(recipe.plateau.every, steps)
    steps -= steps % every
    size = recipe.batch.items
    base_rate = recipe.rate.base or _recorded_rate(recipe.model)
    cells = sum(
        layout.collate(items[start : start + size])["input_ids"].numel()
        for start in range(0, len(items), size)
    )
    return Plan(
        processes=processes,
        tokens_per_pass=data.tokens,
        steps_per_pass=steps_per_pass,
        steps=steps,
        warm_up_steps=min(recipe.rate.warm_up_steps, steps // _SHORT_RUN),
        validate_every=every,
        base_rate=base_rate,
        rate=base_rate * recipe.rate.ratio,
        cells_per_token=round(cells / data.tokens, 4),
        compiled=is_compiled(recipe),
    )


class FineTuning:
    """A recipe's run in its folder: made ready by the constructor, run or resumed by `run`.

    The constructor raises `BadFile` where files, model or recipe do not do.
    """

    def __init__(self, recipe: Recipe, output: Path, texts_of: TextsOfTask = code_texts) -> None:
        # the trainers of TRL report their construction to the hub unless told not to
        huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
        register_segment_attention()
        # the first of its calls decides; launchers for processors do not tell it that there is no GPU
        self.processes = int(PartialState(cpu=not torch.cuda.is_available()).num_processes)
        self.recipe = recipe
        self.folder = TrainingFolder(output)
        self._tokenizer = _load(AutoTokenizer, recipe.model)
        if self._tokenizer.eos_token_id is None:
            raise BadFile(f"{recipe.model}: the tokenizer has no end token, so no solution could end")
        self._model = _load_model(recipe)
        context = _context(recipe, self._model.config)
        self.data = read_training_data(recipe.data, texts_of, self._tokenizer, context, recipe.seed)
        self._layout = choose_layout(
            recipe.batch.layout,
            context,
            self._tokenizer.eos_token_id,
            recipe.batch.positions,
            recipe.batch.items if is_compiled(recipe) else None,
        )
        self.plan = plan_training(recipe, self.data, self._layout, self.processes)
        self._running: TokenWeightedTrainer | None = None

    @property
    def seen_tokens(self) -> int:
        """Real tokens that a run which is under way has trained on, in all processes."""
        return self._running.seen_tokens if self._running else 0

    @property
    def is_first_process(self) -> bool:
        """Whether this process is the one that writes the run's record."""
        return bool(PartialState().is_main_process)

    def run(
        self,
        callbacks: Sequence[TrainerCallback] = (),
        tell: Callable[[dict[str, Any]], None] | None = None,
    ) -> TuningOutcome:
        """Train, from the last whole checkpoint if there is one; a finished run is only read.

        ``tell`` gets each entry of the log. Raises `BadFile` if the folder is that of another run.
        """
        with PartialState().main_process_first():
            if self.is_first_process:
                self.folder.begin(self._settings(), self.data.refused)
            checkpoint = self.folder.last_checkpoint(self.processes)
        if self.folder.outcome.exists():
            return read_outcome(self.folder.path)
        started = time.monotonic()
        callbacks = (CurvesFile(self.folder.curves, tell), *callbacks)
        trainer = self._running = self._trainer(resumed=checkpoint is not None, callbacks=callbacks)
        if checkpoint:
            trainer.count_tokens_from(checkpoint)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        trainer.save_model(str(self.folder.model))
        outcome = _outcome(trainer, self.plan, time.monotonic() - started)
        if self.is_first_process:
            write_json(self.folder.outcome, asdict(outcome))
        PartialState().wait_for_everyone()
        return outcome

    def _validation_items(self) -> list[list[Row]]:
        """Items for whole batches of all processes: incomplete ones would be filled with repeated items;
        those added here train nothing, so they weigh nothing."""
        items = self._layout.arrange(self.data.validation)
        row = self.data.validation[0]
        weightless = Row(row.task_id, row.token_ids, len(row.token_ids))
        missing = -len(items) % (self.recipe.batch.items * self.processes)
        return items + [[weightless]] * (missing if self.processes > 1 else 0)

    def _settings(self) -> dict[str, Any]:
        return {
            "recipe": msgspec.to_builtins(self.recipe),
            "data": self.data.facts,
            "plan": {**asdict(self.plan), "tokens": self.plan.tokens},
        }

    def _trainer(self, resumed: bool, callbacks: Sequence[TrainerCallback]) -> TokenWeightedTrainer:
        recipe, plan = self.recipe, self.plan
        arguments = SFTConfig(
            output_dir=str(self.folder.checkpoints),
            max_steps=plan.steps,
            per_device_train_batch_size=recipe.batch.items,
            per_device_eval_batch_size=recipe.batch.items,
            gradient_accumulation_steps=recipe.batch.accumulation,
            average_tokens_across_devices=True,
            ddp_find_unused_parameters=False,
            # the optimiser and its schedule
            optim="adamw_torch_fused" if torch.cuda.is_available() else "adamw_torch",
            learning_rate=plan.rate,
            adam_beta1=recipe.adam.beta1,
            adam_beta2=recipe.adam.beta2,
            adam_epsilon=recipe.adam.epsilon,
            weight_decay=recipe.adam.weight_decay,
            max_grad_norm=recipe.adam.clip,
            warmup_steps=plan.warm_up_steps,
            lr_scheduler_type="cosine_with_min_lr",
            lr_scheduler_kwargs={"min_lr_rate": recipe.rate.floor},
            # rows come ready: nothing is prepared, packed or cut by TRL
            dataset_kwargs={"skip_prepare_dataset": True},
            remove_unused_columns=False,
            max_length=None,
            packing=False,
            padding_free=False,
            loss_type="nll",
            # the best checkpoint, and all that a restart needs
            eval_strategy="steps",
            eval_steps=plan.validate_every,
            eval_on_start=not resumed,
            save_strategy="steps",
            save_steps=plan.validate_every,
            save_total_limit=2,
            save_only_model=False,
            load_best_model_at_end=True,
            metric_for_best_model="eval_loss",
            greater_is_better=False,
            restore_callback_states_from_checkpoint=True,
            # the machine
            use_cpu=not torch.cuda.is_available(),
            bf16=_precision(recipe) == "bf16",
            fp16=False,
            gradient_checkpointing=recipe.machine.activation_checkpointing,
            dataloader_pin_memory=torch.cuda.is_available(),
            seed=recipe.seed,
            data_seed=recipe.seed,
            logging_steps=recipe.machine.log_every,
            logging_first_step=True,
            report_to=list(recipe.machine.trackers) or "none",
            run_name=self.folder.path.name,
            disable_tqdm=True,
        )
        training = self._layout.arrange(self.data.training)
        items = training + self._validation_items()
        trainer = TokenWeightedTrainer(
            model=self._model,
            args=arguments,
            # TRL wants its own kind of data set: of places alone, so that no row is copied
            data_collator=lambda places: self._layout.collate([items[each["item"]] for each in places]),
            train_dataset=Dataset.from_dict({"item": range(len(training))}),
            eval_dataset=Dataset.from_dict({"item": range(len(training), len(items))}),
            processing_class=self._tokenizer,
            peft_config=_adapter(recipe),
            callbacks=[
                PlateauStop(recipe.plateau.patience, recipe.plateau.threshold, plan.warm_up_steps),
                *callbacks,
            ],
        )
        trainer.remove_callback(PrinterCallback)
        if not torch.cuda.is_available():
            score_trained_tokens(self._model)
        return trainer


def _load(kind: Any, model: str, **named: Any) -> Any:
    try:
        return kind.from_pretrained(model, **named)
    except (OSError, ValueError) as error:
        what = "" if Path(model).exists() else " (no such folder)"
        raise BadFile(f"the model {model}{what} cannot be loaded: {error}") from error


def _load_model(recipe: Recipe) -> Any:
    attention = attention_of(recipe.batch.layout)
    model = _load(AutoModelForCausalLM, recipe.model, dtype=torch.float32, attn_implementation=attention)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = recipe.dropout
    if is_compiled(recipe):
        # in place, without the head: TRL picks the trained places, as many as there are, before it
        model.base_model.compile()
    return model


def _recorded_rate(model: str) -> float:
    try:
        return read_base_record(model).learning_rate
    except BadFile as error:
        raise BadFile(f"{error}; set rate.base") from error


def _context(recipe: Recipe, config: Any) -> int:
    own: int | None = getattr(config, "max_position_embeddings", None)
    wanted = recipe.data.context
    if own is None and wanted is None:
        raise BadFile(f"{recipe.model} does not tell its context: set data.context")
    if own is not None and wanted is not None and wanted > own:
        raise BadFile(f"data.context is {wanted}, but {recipe.model} has a context of {own}")
    return wanted or own or 0


def _precision(recipe: Recipe) -> str:
    if recipe.machine.precision != "auto":
        return recipe.machine.precision
    return "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "fp32"


def _adapter(recipe: Recipe) -> Any:
    if recipe.adapter is None:
        return None
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM",
        r=recipe.adapter.rank,
        lora_alpha=recipe.adapter.alpha,
        lora_dropout=recipe.adapter.dropout,
        target_modules=recipe.adapter.modules,
    )


def _outcome(trainer: TokenWeightedTrainer, plan: Plan, seconds: float) -> TuningOutcome:
    state = trainer.state
    validations = [(entry["step"], entry["eval_loss"]) for entry in state.log_history if "eval_loss" in entry]
    step, loss = min(validations[1:], key=lambda each: each[1])
    return TuningOutcome(
        steps=state.global_step,
        stopped="budget" if state.global_step >= plan.steps else "plateau",
        first_loss=validations[0][1],
        best_loss=loss,
        best_step=step,
        tokens=trainer.seen_tokens,
        seconds=round(seconds, 2),
    )
