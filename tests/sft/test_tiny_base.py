"""The shipped base model: that it is what its card says, and that it can be read and drawn from."""

from __future__ import annotations

import hashlib

import pytest

from sft.base_record import read_base_record
from sft.tiny_base import TINY_BASE, base_projects
from sft.tiny_base.card import BaseCard, file_digest
from tasks.files import read_json
from tests.sft.small_corpus import source_text

_LARGEST = 10_000_000


def test_the_card_is_of_these_weights_and_this_data() -> None:
    card = read_json(TINY_BASE / "card.json", BaseCard)
    assert card.weights_sha256 == file_digest(TINY_BASE / "model.safetensors")
    assert card.tokenizer_sha256 == file_digest(TINY_BASE / "tokenizer.json")
    assert card.projects == hashlib.sha256("\n".join(base_projects()).encode()).hexdigest()
    assert card.overlaps == 0
    told = (TINY_BASE / "README.md").read_text()
    assert card.weights_sha256 in told
    assert all(project.removeprefix("pypi:") in told for project in base_projects())
    assert sum(file.stat().st_size for file in TINY_BASE.iterdir()) < _LARGEST
    assert read_base_record(str(TINY_BASE)).learning_rate > 0


def test_its_tokenizer_gives_texts_back() -> None:
    pytest.importorskip("transformers")
    from sft.tokenizer import load_tokenizer, plain_ids, prompt_length

    tokenizer = load_tokenizer(TINY_BASE)
    for text in (source_text(3), "\tüber · 数\r\n  x = '🐍'\n\n", "<|endoftext|> is text"):
        assert tokenizer.decode(plain_ids(tokenizer, [text])[0]) == text
    prompt, _, solution = source_text(0).partition('"""\n')
    assert prompt_length(tokenizer, f'{prompt}"""\n', solution)


def test_it_draws_completions() -> None:
    pytest.importorskip("torch")
    from sampling.engine import Parameters, Request
    from sampling.transformers_engine import TransformersEngine

    engine = TransformersEngine.load(str(TINY_BASE), device="cpu")
    prompt = 'def convert(s: str) -> str:\n    """Make all letters small."""\n'
    (answer,) = engine.draw([Request("one", prompt, 8, parameters=Parameters(max_tokens=32))])
    # many of its snippets are wrong, so it is asked for the kind of answer only
    assert sum("return s" in each.text for each in answer.completions) >= 4
