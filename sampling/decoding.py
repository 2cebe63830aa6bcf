"""Drawing tokens from a loaded causal model: many rows at a time, each with random numbers of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from sampling.roomy_cache import make_roomy

_COMPACT_AT = 0.25
"""The share of finished rows at which the others are put together: copying their cache costs as well."""

_LIKELIEST = 64
"""Tokens among which a nucleus is looked for before all are sorted."""


@dataclass(frozen=True)
class Row:
    """One completion to draw: of which prompt, with which seed, for how many tokens there is room."""

    prompt: int
    seed: int
    max_tokens: int


@dataclass
class DrawnTokens:
    """The tokens of a row with the model's own log-probabilities; ``ended`` if the model ended it.

    The token that ends a row is not among them.
    """

    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ended: bool = False


def draw_tokens(
    model: Any,
    prompts: list[list[int]],
    rows: list[Row],
    temperature: float,
    top_p: float,
    max_tokens: int,
    end_ids: frozenset[int],
    stopped: Callable[[int, list[int]], bool],
) -> list[DrawnTokens]:
    """Draw rows side by side; ``stopped`` is asked after each token whether a row is complete.

    Prompts are padded on the left, read once each, and their cache is handed to each of their rows. A row's
    random numbers come from its own seed alone, so what it draws does not depend on the others, up
    to the rounding of the model itself.
    """
    with torch.inference_mode():
        return _drawn(model, prompts, rows, temperature, top_p, max_tokens, end_ids, stopped)


def _drawn(
    model: Any,
    prompts: list[list[int]],
    rows: list[Row],
    temperature: float,
    top_p: float,
    max_tokens: int,
    end_ids: frozenset[int],
    stopped: Callable[[int, list[int]], bool],
) -> list[DrawnTokens]:
    device = model.device
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    found = model(
        input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1
    )
    cache = found.past_key_values
    of_row = torch.tensor([row.prompt for row in rows], device=device)
    cache.batch_select_indices(of_row)
    make_roomy(cache)
    logits, mask = found.logits[of_row, -1], mask[of_row]
    randoms = torch.stack([_randoms(row, max_tokens) for row in rows]).to(device)
    drawn = [DrawnTokens() for _ in rows]
    alive = list(range(len(rows)))  # which row each line of the batch is
    done = [row.max_tokens < 1 for row in rows]
    for step in range(max(row.max_tokens for row in rows)):
        logprobs = torch.log_softmax(logits.float(), -1)
        tokens = choose(logprobs, temperature, top_p, randoms[:, step])
        chosen = logprobs.gather(-1, tokens[:, None])[:, 0].tolist()
        for line, (token, logprob) in enumerate(zip(tokens.tolist(), chosen, strict=True)):
            row = alive[line]
            if not done[row]:
                done[row] = _take(drawn[row], token, logprob, end_ids) or stopped(row, drawn[row].ids)
                done[row] = done[row] or len(drawn[row].ids) >= rows[row].max_tokens
        left = [line for line, row in enumerate(alive) if not done[row]]
        if not left:
            break
        if len(left) <= (1 - _COMPACT_AT) * len(alive):
            kept = torch.tensor(left, device=device)
            cache.batch_select_indices(kept)
            tokens, mask, randoms = tokens[kept], mask[kept], randoms[kept]
            alive = [alive[line] for line in left]
        mask = torch.cat([mask, mask.new_ones(len(alive), 1)], -1)
        found = model(
            input_ids=tokens[:, None],
            attention_mask=mask,
            position_ids=mask.sum(-1, keepdim=True) - 1,
            past_key_values=cache,
            use_cache=True,
        )
        cache, logits = found.past_key_values, found.logits[:, -1]
    return drawn


def choose(logprobs: torch.Tensor, temperature: float, top_p: float, randoms: torch.Tensor) -> torch.Tensor:
    """A token for each row of log-probabilities, by nucleus sampling with one random number each.

    The nucleus is the smallest set of the likeliest tokens whose probabilities, at this temperature, reach
    ``top_p`` (Holtzman et al. 2020). Temperature 0 takes the likeliest.
    """
    if temperature == 0:
        return logprobs.argmax(-1)
    ordered, tokens = _likeliest(torch.softmax(logprobs / temperature, -1), top_p)
    before = ordered.cumsum(-1) - ordered
    nucleus = torch.where((before < top_p) | (before <= 0), ordered, 0.0)
    reached = nucleus.cumsum(-1)
    # the first place where the sum goes beyond a random share of all; never beyond the nucleus
    places = (reached <= (randoms[:, None] * reached[:, -1:])).sum(-1)
    last = (nucleus > 0).sum(-1) - 1
    return tokens.gather(-1, torch.minimum(places, last)[:, None])[:, 0]


def _likeliest(probabilities: torch.Tensor, mass: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The likeliest tokens, in order, as many as hold a nucleus: to sort all costs as much as a model."""
    ordered, tokens = probabilities.topk(min(_LIKELIEST, probabilities.shape[-1]), dim=-1)
    if not bool((ordered.sum(-1) >= mass).all()):
        ordered, tokens = probabilities.sort(dim=-1, descending=True, stable=True)
    return ordered, tokens


def _take(drawn: DrawnTokens, token: int, logprob: float, end_ids: frozenset[int]) -> bool:
    if token in end_ids:
        drawn.ended = True
        return True
    drawn.ids.append(token)
    drawn.logprobs.append(logprob)
    return False


def _randoms(row: Row, count: int) -> torch.Tensor:
    """The same numbers on every device."""
    return torch.rand(count, generator=torch.Generator().manual_seed(row.seed))
