"""Byte-level BPE tokenizers for code: trained from scratch, or an existing one with runs of spaces added.

Both kinds have one token for each run of 2 to 25 spaces, as the paper's has (Chen et al. 2021, §3.2). These
are merges after all others, so that they take what no earlier merge wants. The library's ``AddedToken`` would
take all spaces of an indentation first, also the one that belongs to the next word, and so costs tokens
wherever a vocabulary knows indentation already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

LONGEST_RUN = 25
"""Spaces of the longest run that has a token of its own."""

END = "<|endoftext|>"
PAD = "<|pad|>"

_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_NUMBER = r"\p{N}{1,3}"
_SIGNS = r" ?[^\s\p{L}\p{N}]+(?:\r?\n)?"
_LINE_ENDS = r"\s*[\r\n]+"
_SPACES = r"\s+(?!\S)|\s+"
SPLIT = "|".join((_WORD, _NUMBER, _SIGNS, _LINE_ENDS, _SPACES))
"""Where texts are cut before merges. Line ends and the indentation after them are never in one piece, and
signs take one line end at most, so the tokens of a prompt that ends with a docstring's line begin those of
prompt and solution, also where the solution begins with an empty line."""

_SPACE = "\u0120"  # how byte-level BPE writes a space
_EXAMPLES = 3


class BadTokenizer(ValueError):
    """A tokenizer that cannot be read or does not do; the message says why."""


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """A tokenizer of at most ``vocabulary`` tokens, as a ``PreTrainedTokenizerFast``.

    The same texts give the same tokenizer. Raises `BadTokenizer` for a vocabulary that has no room.
    """
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    room = vocabulary - (LONGEST_RUN - 1)
    if room < len(alphabet) + 2:
        raise BadTokenizer(f"a vocabulary of {vocabulary} has no room for bytes and runs: take 512 or more")
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=room,
        min_frequency=2,
        special_tokens=[END, PAD],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    trained.train_from_iterator(texts, trainer)
    return add_whitespace_runs(
        PreTrainedTokenizerFast(tokenizer_object=trained, eos_token=END, pad_token=PAD)
    )


def add_whitespace_runs(tokenizer: Any) -> Any:
    """The tokenizer with one token for each run of 2 to 25 spaces; those it has keep their numbers.

    New tokens are numbered after all others, so that a model's embeddings only have to be made longer. Raises
    `BadTokenizer` unless it is a byte-level BPE.
    """
    content = _content(tokenizer)
    model = content["model"]
    if model["type"] != "BPE" or _SPACE not in model["vocab"]:
        raise BadTokenizer(f"{tokenizer.name_or_path or 'the tokenizer'}: no byte-level BPE")
    vocabulary: dict[str, int] = model["vocab"]
    merges = [
        tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]
    ]
    listed = set(merges)
    next_number = 1 + max(*vocabulary.values(), *(token["id"] for token in content["added_tokens"]))
    for length in range(2, LONGEST_RUN + 1):
        if _SPACE * length not in vocabulary:
            vocabulary[_SPACE * length] = next_number
            next_number += 1
        # every way to part a run, since only pairs that are listed are merged
        for left in range(1, length):
            pair = (_SPACE * left, _SPACE * (length - left))
            if pair not in listed:
                listed.add(pair)
                merges.append(pair)
    model["merges"] = [list(merge) for merge in merges]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(content)),
        model_max_length=tokenizer.model_max_length,
        **tokenizer.special_tokens_map,
    )


def _content(tokenizer: Any) -> dict[str, Any]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise BadTokenizer(f"{tokenizer.name_or_path or 'the tokenizer'}: not one of the library tokenizers")
    content: dict[str, Any] = json.loads(backend.to_str())
    return content


def load_tokenizer(path: str | Path) -> Any:
    """A tokenizer of a folder or of the hub; raises `BadTokenizer`."""
    try:
        return AutoTokenizer.from_pretrained(str(path))
    except (OSError, ValueError, KeyError) as error:
        what = "" if Path(path).exists() else " (no such folder)"
        raise BadTokenizer(f"the tokenizer {path}{what} cannot be loaded: {error}") from error


def plain_ids(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """The tokens of texts and nothing else: what looks like a special token is text as well."""
    found: list[list[int]] = tokenizer(
        texts, add_special_tokens=False, split_special_tokens=True, return_attention_mask=False
    )["input_ids"]
    return found


def prompt_length(tokenizer: Any, prompt: str, solution: str) -> int | None:
    """How many of the tokens of ``prompt + solution`` are the prompt's; None if they do not begin with them.

    None means that a model trained on the whole would see other tokens before the solution than when it is
    asked: leave such a row out, and count it.
    """
    alone, whole = plain_ids(tokenizer, [prompt, prompt + solution])
    return len(alone) if whole[: len(alone)] == alone else None


@dataclass(frozen=True)
class BoundaryCheck:
    """In how many rows the prompt's tokens do not begin those of prompt and solution, with examples."""

    rows: int
    broken: int
    examples: tuple[str, ...]


def check_boundaries(tokenizer: Any, rows: Iterable[tuple[str, str]]) -> BoundaryCheck:
    """Look at every row of prompt and solution."""
    count = 0
    broken: list[str] = []
    total = 0
    for prompt, solution in rows:
        count += 1
        if prompt_length(tokenizer, prompt, solution) is None:
            total += 1
            if len(broken) < _EXAMPLES:
                broken.append(f"{prompt[-20:]!r} + {solution[:20]!r}")
    return BoundaryCheck(count, total, tuple(broken))


@dataclass(frozen=True)
class TokenUse:
    """What a tokenizer makes of texts, and how many tokens it takes for each that another one takes.

    ``ratio`` is of all texts together, ``ratios`` the 10th, 50th and 90th percentile of single texts.
    """

    vocabulary: int
    texts: int
    characters: int
    tokens: int
    ratio: float
    ratios: tuple[float, float, float]


def measure_tokens(tokenizers: list[Any], texts: Iterable[str], at_once: int = 256) -> list[TokenUse]:
    """The use of each tokenizer, with ratios to the first; texts without a token are left out."""
    counts: list[list[int]] = [[] for _ in tokenizers]
    characters = 0
    for batch in _batches(texts, at_once):
        characters += sum(map(len, batch))
        for count, tokenizer in zip(counts, tokenizers, strict=True):
            count += map(len, plain_ids(tokenizer, batch))
    if not counts or not sum(counts[0]):
        raise BadTokenizer("there is no text to measure on")
    uses = []
    for tokenizer, count in zip(tokenizers, counts, strict=True):
        single = sorted(ours / first for ours, first in zip(count, counts[0], strict=True) if first)
        ten, fifty, ninety = (single[round((len(single) - 1) * share)] for share in (0.1, 0.5, 0.9))
        uses.append(
            TokenUse(
                vocabulary=len(tokenizer),
                texts=len(count),
                characters=characters,
                tokens=sum(count),
                ratio=sum(count) / sum(counts[0]),
                ratios=(ten, fifty, ninety),
            )
        )
    return uses


def _batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
