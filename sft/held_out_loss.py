"""What a model's texts of held-out tasks cost: the loss that training lowers, on tasks that it never saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM

from sft.row_texts import TextsOfTask
from sft.rows import Row, prompt_tokenizer, tokenized_tasks
from sft.tokenizer import load_tokenizer
from tasks.record import Task


@dataclass(frozen=True)
class HeldOutLoss:
    """``loss`` is in nats for each token of the completions, ``of_task`` the mean of each task by itself.

    ``refused`` counts the tasks that gave no row, by reason.
    """

    loss: float | None
    tokens: int
    of_task: dict[str, float]
    refused: dict[str, int]


def held_out_loss(model: str, tasks: Iterable[Task], texts_of: TextsOfTask) -> HeldOutLoss:
    """The loss of a model of a folder or the hub on the rows of tasks, one by one, in float32."""
    tokenizer = load_tokenizer(model)
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    context = getattr(network.config, "max_position_embeddings", None)
    found = tokenized_tasks(tasks, texts_of, prompt_tokenizer(tokenizer), tokenizer.eos_token_id, context)
    of_task: dict[str, float] = {}
    total, tokens = 0.0, 0
    with torch.inference_mode():
        for row in found.rows:
            summed = _summed(network, row)
            of_task[row.task_id] = summed / row.completion_tokens
            total += summed
            tokens += row.completion_tokens
    return HeldOutLoss(total / tokens if tokens else None, tokens, of_task, found.refusals)


def _summed(network: torch.nn.Module, row: Row) -> float:
    ids = torch.tensor(row.token_ids)
    logits = network(input_ids=ids[None, :-1], use_cache=False).logits[0, row.prompt_tokens - 1 :]
    return float(functional.cross_entropy(logits, ids[row.prompt_tokens :], reduction="sum"))
