"""What `training_speed` compares: TRL's trainer as it comes, with its best flags, and `sft.codex_s`.

Each runs in a process of its own and stops at the end of every window until it is told to go on, so that
contestants take turns and each has its own peak of memory.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

from sft.codex_s import FineTuning
from sft.packed_layout import IGNORED
from sft.recipe import Adam, Batch, Budget, Data, Machine, Plateau, Rate, Recipe
from sft.row_texts import code_texts
from sft.rows import Row
from sft.training_data import read_training_data

_MATRIX = {"cuda": 8192, "cpu": 2048}
_MATRIX_SECONDS = 2.0


@dataclass(frozen=True)
class Job:
    """What all contestants share. ``rows_each`` is TRL's batch, ``packs`` ours, ``rows_per_pack`` what packs
    hold on average."""

    folder: Path
    context: int
    packs: int
    rows_each: int
    rows_per_pack: float
    windows: int
    rate: float
    threads: int | None

    @property
    def device(self) -> str:
        return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True)
class Window:
    """Real tokens and seconds, of the processor's time where there is no GPU."""

    tokens: int
    seconds: float


@dataclass(frozen=True)
class End:
    """After one pass over the rows: cells for each real token, bytes beyond those before training, and the
    loss of held-out rows, each alone and in single precision."""

    steps: int
    cells_per_token: float
    peak_bytes: int
    loss: float


class _Turns(TrainerCallback):
    """Measures windows of steps, and waits for its turn before each."""

    def __init__(self, job: Job, connection: Connection, seen_tokens: Callable[[], int]) -> None:
        self._job = job
        self._connection = connection
        self._seen_tokens = seen_tokens
        self._started = 0.0
        self._tokens = 0
        self.cells = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        count = min(self._job.windows, state.max_steps)
        self._ends = {state.max_steps * (window + 1) // count for window in range(count)}
        self._connection.send(count)

        def count_cells(module: Any, arguments: Any, named: Any) -> None:
            if module.training:
                self.cells += named["input_ids"].numel()

        others["model"].register_forward_pre_hook(count_cells, with_kwargs=True)
        if self._job.device == "cuda":
            torch.cuda.reset_peak_memory_stats()

    def on_step_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.global_step in {0, *self._ends}:
            self._connection.recv()
            self._tokens = self._seen_tokens()
            self._started = now(self._job.device)

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.global_step in self._ends:
            seconds = now(self._job.device) - self._started
            self._connection.send(Window(self._seen_tokens() - self._tokens, seconds))


def now(device: str) -> float:
    """Seconds: of real time when the GPU has done all, else of this process's processor time."""
    if device == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def run_arm(name: str, job: Job, connection: Connection) -> None:
    """A contestant's process, from its start to its end."""
    if job.threads:
        torch.set_num_threads(job.threads)
    if name == "matrix":
        _measure_matrix(job, connection)
    elif name == "ours":
        _run_ours(job, connection)
    else:
        _run_trl(job, connection, SETTINGS[name])


SETTINGS: dict[str, dict[str, Any]] = {
    "TRL, defaults": {},
    "TRL, no checkpointing, by length": {
        "gradient_checkpointing": False,
        "train_sampling_strategy": "group_by_length",
    },
    "TRL, no checkpointing, packed (bfd)": {
        "gradient_checkpointing": False,
        "packing": True,
        "packing_strategy": "bfd",
    },
}


def recipe(job: Job) -> Recipe:
    """The settings of ours; optimiser, schedule and precision are those of the others as well."""
    return Recipe(
        model=str(job.folder / "model"),
        data=Data(
            [str(job.folder / "tasks.jsonl")],
            [str(job.folder / "held_out.jsonl")],
            context=job.context,
        ),
        rate=Rate(base=job.rate, ratio=1.0),
        budget=Budget(passes=1),
        batch=Batch(items=job.packs),
        adam=Adam(),
        plateau=Plateau(every=10**9),
        machine=Machine(precision="bf16", trackers=()),
    )


def _run_ours(job: Job, connection: Connection) -> None:
    run = FineTuning(recipe(job), job.folder / "ours", code_texts)
    turns = _Turns(job, connection, lambda: run.seen_tokens)
    before = _resident()
    outcome = run.run([turns])
    peak = _peak(job.device, before)
    model = AutoModelForCausalLM.from_pretrained(run.folder.model, dtype=torch.float32)
    loss = _loss(model.to(job.device), run.data.validation)
    connection.send(End(outcome.steps, turns.cells / run.data.tokens, peak, loss))


def _run_trl(job: Job, connection: Connection, settings: dict[str, Any]) -> None:
    ours = recipe(job)
    tokenizer = AutoTokenizer.from_pretrained(ours.model)
    data = read_training_data(ours.data, code_texts, tokenizer, job.context, ours.seed)
    packed = settings.get("packing", False)
    # where TRL's batch is smaller than ours, it gets as much for a step by accumulating
    each = min(job.packs, 8) if packed else job.rows_each
    whole = job.packs if packed else job.packs * job.rows_per_pack
    accumulation = max(1, round(whole / each))
    items = len(data.training) / (job.rows_per_pack if packed else 1)
    steps = items / (each * accumulation)
    arguments = SFTConfig(
        output_dir=str(job.folder / "trl"),
        per_device_train_batch_size=each,
        gradient_accumulation_steps=accumulation,
        num_train_epochs=1,
        max_length=job.context,
        learning_rate=job.rate,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr_rate": ours.rate.floor},
        warmup_steps=min(ours.rate.warm_up_steps, int(steps) // 10),
        adam_beta1=ours.adam.beta1,
        adam_beta2=ours.adam.beta2,
        adam_epsilon=ours.adam.epsilon,
        weight_decay=ours.adam.weight_decay,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=job.device == "cpu",
        **settings,
    )
    rows = [
        {
            "input_ids": list(row.token_ids),
            "labels": [IGNORED] * row.prompt_tokens + list(row.token_ids[row.prompt_tokens :]),
        }
        for row in data.training
    ]
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(ours.model, dtype=torch.float32),
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    turns = _Turns(job, connection, lambda: int(trainer._total_train_tokens))
    trainer.add_callback(turns)
    before = _resident()
    trainer.train()
    peak = _peak(job.device, before)
    loss = _loss(trainer.model, data.validation)
    connection.send(End(trainer.state.global_step, turns.cells / data.tokens, peak, loss))


def _measure_matrix(job: Job, connection: Connection) -> None:
    """Multiply-adds of large bf16 matrices, twice as many operations, as a window's "tokens"."""
    size = _MATRIX[job.device]
    first, second = (torch.randn(size, size, device=job.device).bfloat16() for _ in range(2))
    connection.send(job.windows)
    for _ in range(job.windows):
        connection.recv()
        torch.mm(first, second)
        started, done = now(job.device), 0
        while now(job.device) - started < _MATRIX_SECONDS:
            torch.mm(first, second)
            done += 1
        connection.send(Window(2 * size**3 * done, now(job.device) - started))


def _loss(model: Any, rows: list[Row]) -> float:
    """The mean over the trained tokens, in nats."""
    model = model.float().eval()
    model.set_attn_implementation("sdpa")
    total = 0.0
    for row in rows:
        ids = torch.tensor([row.token_ids], device=model.device)
        with torch.no_grad():
            logits = model(input_ids=ids, use_cache=False).logits[0, row.prompt_tokens - 1 : -1].float()
        total += torch.nn.functional.cross_entropy(
            logits, ids[0, row.prompt_tokens :], reduction="sum"
        ).item()
    return total / sum(row.completion_tokens for row in rows)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _peak(device: str, before: int) -> int:
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
