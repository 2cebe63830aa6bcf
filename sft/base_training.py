"""Training a base model on a corpus, from top to bottom: data, model, optimiser, schedule, loop, checkpoint.

What the paper says of it is in §3.2 of Chen et al. 2021: a linear warm-up of 175 steps, a cosine, Adam with
betas 0.9 and 0.95, epsilon 1e-8, weight decay 0.1. What it leaves to GPT-3 is from Brown et al. 2020,
appendix B: down to a tenth of the rate, gradients clipped to a norm of 1, full windows of packed documents.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from torch.nn import functional
from transformers import AutoModelForCausalLM

from sft.base_record import BaseRecord, write_base_record
from sft.corpus_folder import CorpusFolder
from sft.model_presets import PRESETS, Architecture, new_model
from sft.packed_tokens import PackedFacts, PackedTokens, pack_split
from sft.tokenizer import load_tokenizer
from sft.training_log import TrainingLog
from tasks.files import atomic_writer, read_json, write_json, write_text

Precision = Literal["auto", "fp32", "bf16"]

_WARMUP_STEPS = 175
_MICRO_BATCH = {"cuda": 16, "cpu": 4}


@dataclass(frozen=True)
class BaseSettings:
    """All that a run depends on. ``start`` is a model to go on from, in place of new weights.

    ``tokens`` is how many are trained on in all, ``validation_windows`` how many windows of held-out
    projects are looked at every ``evaluate_every`` steps. ``precision`` is that of matrix products, by
    default bfloat16 on GPUs and float32 on CPUs; weights are float32 in any case.
    """

    corpus: str
    tokenizer: str
    preset: str
    architecture: Architecture
    tokens: int
    learning_rate: float
    batch_tokens: int
    start: str | None = None
    seed: int = 0
    minimal_rate: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = 1e-8
    weight_decay: float = 0.1
    clip: float = 1.0
    evaluate_every: int = 100
    validation_windows: int = 64
    checkpoint_every: int = 100
    precision: Precision = "auto"

    @property
    def context(self) -> int:
        return PRESETS[self.preset].context

    @property
    def sequences(self) -> int:
        """Windows of a step."""
        return max(1, self.batch_tokens // self.context)

    @property
    def steps(self) -> int:
        return max(1, self.tokens // (self.sequences * self.context))


@dataclass(frozen=True)
class BaseRun:
    """What a run's folder says of it, so that nothing else is continued in its place."""

    settings: BaseSettings
    steps: int
    device: str
    versions: dict[str, str]
    corpus_sha256: str
    tokenizer_sha256: str


@dataclass(frozen=True)
class BaseResult:
    """What came of a run. Losses are in nats for each token; ``seconds`` are of the last process alone."""

    steps: int
    tokens: int
    parameters: int
    training_loss: float
    validation_loss: float | None
    seconds: float
    train: PackedFacts
    validation: PackedFacts


class TrainingRefused(ValueError):
    """A run that cannot be begun or go on; the message says why."""


def train_base(
    settings: BaseSettings,
    folder: Path,
    *,
    device: str = "auto",
    compiled: bool | None = None,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> BaseResult:
    """Train a model into ``folder/model``; run again after a kill, it goes on from the last checkpoint.

    On CPUs a run that was killed has the same losses as one that was not. On GPUs it is bfloat16 with weights
    in float32, and equal up to what the kernels leave open. Raises `BadFile`, `TrainingRefused` and
    `sft.tokenizer.BadTokenizer`.
    """
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    kind = torch.device(place).type
    half = settings.precision == "bf16" or (settings.precision == "auto" and kind == "cuda")
    result_file = folder / "result.json"

    # data: each split is one file of tokens, made once
    corpus = CorpusFolder(Path(settings.corpus))
    tokenizer = load_tokenizer(settings.tokenizer)
    _claim_folder(folder, BaseRun(settings, settings.steps, *_circumstances(place, corpus, tokenizer)))
    if result_file.exists():
        return read_json(result_file, BaseResult)
    data = folder / "data"
    facts = pack_split(corpus, "train", tokenizer, data / "train.bin")
    train = PackedTokens(data / "train.bin", facts, settings.context, settings.seed)
    held_out = pack_split(corpus, "validation", tokenizer, data / "validation.bin")
    validation = None
    if held_out.tokens > settings.context:
        validation = PackedTokens(data / "validation.bin", held_out, settings.context, settings.seed)

    # model: weights in float32 everywhere
    torch.manual_seed(settings.seed)
    if settings.start is not None:
        model = AutoModelForCausalLM.from_pretrained(settings.start, dtype=torch.float32)
        if model.config.vocab_size < len(tokenizer):
            raise TrainingRefused(f"{settings.start}: has fewer tokens than {settings.tokenizer}")
        if model.config.max_position_embeddings < settings.context:
            context = model.config.max_position_embeddings
            raise TrainingRefused(f"{settings.start}: has a context of {context}; take its own --preset")
    else:
        model = new_model(
            PRESETS[settings.preset],
            settings.architecture,
            len(tokenizer),
            tokenizer.eos_token_id,
            tokenizer.pad_token_id,
        )
    model.to(place).train()
    parameters = sum(weights.numel() for weights in model.parameters())

    # optimiser: matrices decay, norms and biases do not
    optimizer = torch.optim.AdamW(
        _decay_groups(model, settings.weight_decay),
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.epsilon,
        fused=kind == "cuda",
    )
    done = _resume(folder / "checkpoint.pt", model, optimizer, place)
    forward = torch.compile(model) if (kind == "cuda" if compiled is None else compiled) else model
    if kind == "cuda":
        torch.set_float32_matmul_precision("high")

    # loop: step and seed alone decide what is read, so a step is the same whenever it is made
    micro = _divisor(settings.sequences, _MICRO_BATCH.get(kind, 4))
    log = TrainingLog(folder, first_step=done + 1)
    loss = validation_loss = math.nan
    started = time.monotonic()
    for step in range(done + 1, settings.steps + 1):
        begun = time.monotonic()
        rate = learning_rate_at(step, settings.steps, settings.learning_rate, settings.minimal_rate)
        for group in optimizer.param_groups:
            group["lr"] = rate
        first = (step - 1) * settings.sequences
        total = torch.zeros((), device=place)
        for start in range(first, first + settings.sequences, micro):
            windows = [train.window(number) for number in range(start, start + micro)]
            part = _loss(forward, windows, place, half) * (micro / settings.sequences)
            part.backward()
            total += part.detach()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss = total.item()
        if not math.isfinite(loss):
            raise TrainingRefused(f"the loss of step {step} is {loss}; take a lower --learning-rate")
        per_second = settings.sequences * settings.context / (time.monotonic() - begun)
        numbers = {"loss": loss, "learning_rate": rate, "gradient_norm": norm.item()}
        log.write(step, **numbers, tokens_per_second=round(per_second, 1))
        last = step == settings.steps
        if validation is not None and (last or step % settings.evaluate_every == 0):
            validation_loss = _validation_loss(
                forward, validation, settings.validation_windows, micro, place, half
            )
            log.write(step, validation_loss=validation_loss)
        if last or step % settings.checkpoint_every == 0:
            _save(folder / "checkpoint.pt", model, optimizer, step, loss, validation_loss)
        on_step(step, loss)
    log.close()

    # what is left: the model as Transformers reads it, and the result, which is written last
    if done == settings.steps:  # killed after its last checkpoint
        kept = torch.load(folder / "checkpoint.pt", weights_only=True, map_location="cpu")
        loss, validation_loss = kept["loss"], kept["validation_loss"]
    result = BaseResult(
        steps=settings.steps,
        tokens=settings.steps * settings.sequences * settings.context,
        parameters=parameters,
        training_loss=loss,
        validation_loss=None if math.isnan(validation_loss) else validation_loss,
        seconds=round(time.monotonic() - started, 1),
        train=facts,
        validation=held_out,
    )
    _save_model(folder / "model", model, tokenizer, settings, result)
    write_json(result_file, result)
    return result


def learning_rate_at(step: int, steps: int, peak: float, minimal: float) -> float:
    """The rate of a step, counted from 1: linear warm-up, then a cosine down to ``minimal`` of the peak.

    The warm-up of 175 steps is at most a tenth of a short run.
    """
    warmup = min(_WARMUP_STEPS, max(1, steps // 10))
    if step <= warmup:
        return peak * step / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return peak * (minimal + (1 - minimal) * 0.5 * (1 + math.cos(math.pi * progress)))


def _decay_groups(model: Any, decay: float) -> list[dict[str, Any]]:
    weights = [each for each in model.parameters() if each.requires_grad]
    return [
        {"params": [each for each in weights if each.dim() >= 2], "weight_decay": decay},
        {"params": [each for each in weights if each.dim() < 2], "weight_decay": 0.0},
    ]


def _loss(model: Any, windows: list[Any], place: str, half: bool) -> torch.Tensor:
    ids = torch.stack([torch.from_numpy(window) for window in windows]).to(place)
    mixed = torch.autocast(ids.device.type, torch.bfloat16) if half else contextlib.nullcontext()
    with mixed:
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return functional.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())


def _validation_loss(
    model: Any, tokens: PackedTokens, most: int, micro: int, place: str, half: bool
) -> float:
    count = min(most, tokens.windows)
    total = 0.0
    with torch.no_grad():
        for start in range(0, count, micro):
            windows = [tokens.in_place(number) for number in range(start, min(start + micro, count))]
            total += _loss(model, windows, place, half).item() * len(windows)
    return total / count


def _divisor(number: int, most: int) -> int:
    return next(divisor for divisor in range(min(number, most), 0, -1) if number % divisor == 0)


def _save(path: Path, model: Any, optimizer: Any, step: int, loss: float, validation_loss: float) -> None:
    numbers = {"step": step, "loss": loss, "validation_loss": validation_loss}
    with atomic_writer(path) as stream:
        torch.save({**numbers, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, stream)


def _resume(path: Path, model: Any, optimizer: Any, place: str) -> int:
    """The step that was done last; 0 where there is no checkpoint."""
    if not path.exists():
        return 0
    kept = torch.load(path, weights_only=True, map_location=place)
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    return int(kept["step"])


def _circumstances(place: str, corpus: CorpusFolder, tokenizer: Any) -> tuple[str, dict[str, str], str, str]:
    corpus.manifest()  # tells what is wrong with it, if anything
    on = torch.cuda.get_device_name(place) if place.startswith("cuda") else "cpu"
    versions = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "transformers": transformers.__version__,
    }
    shards = [shard.read_bytes() for shard in sorted(corpus.path.glob("*-*.jsonl.gz"))]
    digests = [hashlib.sha256(shard).hexdigest() for shard in shards]
    of_corpus = hashlib.sha256("".join(digests).encode()).hexdigest()
    of_tokenizer = hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()
    return on, versions, of_corpus, of_tokenizer


def _claim_folder(folder: Path, run: BaseRun) -> None:
    """Write what the run is, or compare it with what is there; versions and device may differ."""
    file = folder / "run.json"
    if not file.exists():
        write_json(file, run)
        return
    before = read_json(file, BaseRun)
    old, new = (
        {
            **asdict(each.settings),
            "content of the corpus": each.corpus_sha256,
            "content of the tokenizer": each.tokenizer_sha256,
        }
        for each in (before, run)
    )
    changed = [f"{name} was {old[name]}, is {new[name]}" for name in old if old[name] != new[name]]
    if changed:
        raise TrainingRefused(f"{folder} holds another run ({'; '.join(changed)}); choose another --output")


def _save_model(folder: Path, model: Any, tokenizer: Any, settings: BaseSettings, result: BaseResult) -> None:
    partial = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    write_base_record(partial, BaseRecord(settings.preset, settings.learning_rate))
    held_out = "none" if result.validation_loss is None else f"{result.validation_loss:.4f} nats a token"
    write_text(
        partial / "README.md",
        f"# Base model {settings.preset} ({settings.architecture})\n\n"
        f"- {result.parameters:,} parameters, a context of {settings.context} tokens\n"
        f"- trained {'on from ' + settings.start if settings.start else 'from scratch'}: {result.steps} "
        f"steps, {result.tokens:,} tokens, peak rate {settings.learning_rate:g}, seed {settings.seed}\n"
        f"- corpus: {result.train.documents:,} Python files, {result.train.tokens:,} tokens "
        f"(SHA-256 {result.train.sha256})\n"
        f"- loss on held-out projects: {held_out}\n"
        "- it writes code that nobody checked, and may repeat what it was trained on\n",
    )
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
