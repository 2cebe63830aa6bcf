"""A model's output layer for trained tokens alone, on processors.

TRL's own leaves prompts out on GPUs only; elsewhere it scores every token, which was 45 % of a training step
of a model of 12 million parameters.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch.nn import functional
from trl.trainer.utils import FusedCausalLMOutput

from sft.packed_layout import IGNORED

_SCALED = (
    "final_logit_softcapping",
    "logit_scale",
    "logits_scaling",
    "output_multiplier",
    "lm_head_multiplier",
    "output_router_logits",
)
_MOST_LOGITS = 2**28
"""Logits that are kept at once; TRL's goes by tiles."""


def score_trained_tokens(model: Any) -> None:
    """Replace what TRL has made of the model's forward, in place, by one with the same loss and gradients.

    Models that do something else to their logits are left as they are.
    """
    config = model.config.get_text_config()
    if any(getattr(config, name, None) for name in _SCALED):
        return
    by_tiles = model.forward

    @functools.wraps(by_tiles)
    def forward(*arguments: Any, fused_lm_head: bool = False, labels: Any = None, **named: Any) -> Any:
        trained = None if labels is None else labels[:, 1:] != IGNORED
        if not fused_lm_head or trained is None or int(trained.sum()) * config.vocab_size > _MOST_LOGITS:
            return by_tiles(*arguments, fused_lm_head=fused_lm_head, labels=labels, **named)
        hidden = model.base_model(*arguments, **named).last_hidden_state[:, :-1]
        logits = model.get_output_embeddings()(hidden[trained]).float()
        wanted = labels[:, 1:][trained]
        scores = -functional.cross_entropy(logits, wanted, reduction="none")
        with torch.no_grad():
            logprobs = torch.log_softmax(logits, -1)
            entropy = -(logprobs.exp() * logprobs).sum(-1)
            right = (logits.argmax(-1) == wanted).to(scores.dtype)
        log_probs, entropy, right = (
            torch.zeros(trained.shape, dtype=each.dtype).masked_scatter(trained, each)
            for each in (scores, entropy, right)
        )
        return FusedCausalLMOutput(
            loss=-log_probs.sum() / trained.sum().clamp(min=1),
            log_probs=log_probs,
            entropy=entropy,
            is_top1=right,
            label_mask=trained,
        )

    model.forward = forward
