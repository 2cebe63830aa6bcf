"""A corpus as one long row of tokens on disk, cut into windows in an order that a seed decides."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from sft.corpus_folder import CorpusFolder, Split
from sft.tokenizer import plain_ids
from tasks.files import BadFile, atomic_writer, read_json, write_json

_TEXTS_AT_ONCE = 256


@dataclass(frozen=True)
class PackedFacts:
    """What a file of tokens holds, and the digest of its bytes."""

    documents: int
    characters: int
    tokens: int
    vocabulary: int
    sha256: str


class PackedTokens:
    """Documents one after another, each with the end token, in windows of ``context`` tokens.

    A window has one token more, for the last one's answer; that is the first of the next. As with GPT-3,
    attention is not kept from what stands before in a window (Brown et al. 2020, appendix B).
    """

    def __init__(self, file: Path, facts: PackedFacts, context: int, seed: int) -> None:
        self.facts = facts
        self.windows = (facts.tokens - 1) // context
        if self.windows < 1:
            raise BadFile(
                f"{file}: {facts.tokens} tokens do not fill one window of {context}; take more text"
            )
        self._tokens = numpy.memmap(file, dtype=_kind(facts.vocabulary), mode="r", shape=(facts.tokens,))
        self._context = context
        self._seed = seed
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    def window(self, number: int) -> Any:
        """The ``number``-th window of training, as an array: each comes once before any comes again."""
        epoch, place = divmod(number, self.windows)
        return self.in_place(int(self._order(epoch)[place]))

    def in_place(self, place: int) -> Any:
        """The window at a place of the file."""
        start = place * self._context
        return self._tokens[start : start + self._context + 1].astype(numpy.int64)

    def _shuffled(self, epoch: int) -> Any:
        return numpy.random.default_rng([self._seed, epoch]).permutation(self.windows)


def pack_split(corpus: CorpusFolder, split: Split, tokenizer: Any, file: Path) -> PackedFacts:
    """Write a split's tokens, unless the file is there with its facts; raises `BadFile`."""
    facts_file = file.with_suffix(".json")
    if not facts_file.exists():
        texts = (document.text for document in corpus.files(split))
        write_json(facts_file, _pack(texts, tokenizer, file))
    return read_json(facts_file, PackedFacts)


def _pack(texts: Iterable[str], tokenizer: Any, file: Path) -> PackedFacts:
    kind = _kind(len(tokenizer))
    digest = hashlib.sha256()
    documents = characters = tokens = 0
    remaining = iter(texts)
    with atomic_writer(file) as stream:
        while batch := list(itertools.islice(remaining, _TEXTS_AT_ONCE)):
            for text, ids in zip(batch, plain_ids(tokenizer, batch), strict=True):
                block = numpy.array([*ids, tokenizer.eos_token_id], dtype=kind).tobytes()
                stream.write(block)
                digest.update(block)
                documents += 1
                characters += len(text)
                tokens += len(ids) + 1
    return PackedFacts(documents, characters, tokens, len(tokenizer), digest.hexdigest())


def _kind(vocabulary: int) -> str:
    return "<u2" if vocabulary <= 2**16 else "<u4"
