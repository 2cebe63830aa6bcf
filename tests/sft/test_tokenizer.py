"""Tokenizers for code: runs of spaces, what they save and where they do not, the boundary of prompts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.commands import main
from sft.documented_functions import documented_functions
from tasks.files import read_json
from tests.sft.small_corpus import small_corpus, source_text

tokenizers = pytest.importorskip("tokenizers")
pytest.importorskip("transformers")

_TEXTS = [source_text(number) for number in range(60)]
_ROWS = [row for text in _TEXTS for row in documented_functions(text)]


def _gpt2_like(texts: list[str], vocabulary: int = 400) -> Any:
    """A BPE that cuts texts as GPT-2 does."""
    from transformers import PreTrainedTokenizerFast

    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<|end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>")


@pytest.fixture(scope="module")
def prose() -> Any:
    """One that has never seen an indentation."""
    return _gpt2_like([" ".join(text.split()) for text in _TEXTS])


@pytest.fixture(scope="module")
def code() -> Any:
    from sft.tokenizer import train_tokenizer

    return train_tokenizer(_TEXTS, 600)


def test_every_run_of_spaces_is_one_token(prose: Any, code: Any) -> None:
    from sft.tokenizer import add_whitespace_runs, plain_ids

    for tokenizer in (code, add_whitespace_runs(prose)):
        runs = plain_ids(tokenizer, [" " * length for length in range(1, 26)])
        assert [len(ids) for ids in runs] == [1] * 25
        assert len({ids[0] for ids in runs}) == 25
    assert max(len(ids) for ids in plain_ids(prose, [" " * length for length in range(1, 26)])) > 3


def test_texts_come_back_whole(prose: Any, code: Any) -> None:
    from sft.tokenizer import add_whitespace_runs, plain_ids

    odd = ["\t\tx\r\n  y\n\n\n", "naïve = 'π → 😀'", " " * 77 + "x", "a<|endoftext|>b", "é\n \n\t \n"]
    for tokenizer in (code, add_whitespace_runs(prose)):
        for text, ids in zip(odd, plain_ids(tokenizer, odd), strict=True):
            assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    assert code.eos_token_id not in plain_ids(code, odd)[3]


def test_added_runs_keep_the_numbers_of_all_other_tokens(prose: Any) -> None:
    from sft.tokenizer import add_whitespace_runs, plain_ids

    longer = add_whitespace_runs(prose)
    before, after = prose.get_vocab(), longer.get_vocab()
    assert before.items() <= after.items()
    assert sorted(after.values()) == list(range(len(before) + 24))
    assert longer.eos_token == prose.eos_token
    flat = [" ".join(text.split()) for text in _TEXTS]
    assert plain_ids(longer, flat) == plain_ids(prose, flat)
    assert add_whitespace_runs(longer).get_vocab() == after


def test_runs_save_tokens_on_code_after_prose_and_cost_none_after_code(prose: Any, code: Any) -> None:
    from sft.tokenizer import add_whitespace_runs, measure_tokens

    indented = _gpt2_like(_TEXTS)
    saved = measure_tokens([prose, add_whitespace_runs(prose)], _TEXTS)[1]
    assert 0.4 < saved.ratio < 0.85
    assert measure_tokens([indented, add_whitespace_runs(indented)], _TEXTS)[1].ratio <= 1.0
    assert measure_tokens([code, add_whitespace_runs(code)], _TEXTS)[1].ratio == 1.0


def test_measures_are_those_of_counting_by_hand(prose: Any, code: Any) -> None:
    from sft.tokenizer import measure_tokens, plain_ids

    texts = ["", *_TEXTS[:11]]
    first, second = measure_tokens([prose, code], texts, at_once=5)
    counts = [[len(ids) for ids in plain_ids(each, texts)] for each in (prose, code)]
    assert (first.tokens, second.tokens) == (sum(counts[0]), sum(counts[1]))
    assert (first.ratio, first.ratios) == (1.0, (1.0, 1.0, 1.0))
    ratios = sorted(ours / theirs for theirs, ours in zip(*counts, strict=True) if theirs)
    assert second.ratios == (ratios[1], ratios[5], ratios[9])
    assert second.characters == sum(map(len, texts))


def test_the_prompt_is_a_prefix_in_every_row_where_plain_bpe_breaks_it(code: Any) -> None:
    from sft.tokenizer import check_boundaries, plain_ids, prompt_length

    assert len(_ROWS) == 120
    assert any(solution.startswith("\n") for _, solution in _ROWS)  # an empty line after the docstring
    assert check_boundaries(code, _ROWS).broken == 0
    plain = check_boundaries(_gpt2_like(_TEXTS), _ROWS)
    assert plain.rows == 120
    assert plain.broken > 100
    assert len(plain.examples) == 3
    prompt, solution = _ROWS[0]
    length = prompt_length(code, prompt, solution)
    whole = plain_ids(code, [prompt + solution])[0]
    assert code.decode(whole[:length]) == prompt
    assert prompt_length(code, "retu", "rn\n") is None


def test_training_knows_no_chance_but_the_order_of_pieces() -> None:
    from sft.tokenizer import train_tokenizer

    shuffled = random.Random(1).sample(_TEXTS, len(_TEXTS))
    vocabularies = [train_tokenizer(texts, 500).get_vocab() for texts in (_TEXTS, _TEXTS, shuffled)]
    assert vocabularies[0] == vocabularies[1] == vocabularies[2]
    assert len(vocabularies[0]) <= 500


def test_what_is_no_byte_level_bpe_is_refused() -> None:
    from transformers import PreTrainedTokenizerFast

    from sft.tokenizer import BadTokenizer, add_whitespace_runs, train_tokenizer

    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "?": 1}, unk_token="?"))
    with pytest.raises(BadTokenizer, match="no byte-level BPE"):
        add_whitespace_runs(PreTrainedTokenizerFast(tokenizer_object=words))
    with pytest.raises(BadTokenizer, match="no room"):
        train_tokenizer(_TEXTS, 281)


def test_the_commands_make_and_measure_tokenizers(tmp_path: Path, prose: Any) -> None:
    corpus = small_corpus(tmp_path / "corpus").path
    prose.save_pretrained(tmp_path / "prose")

    def run(*arguments: object) -> str:
        result = CliRunner().invoke(main, ["tokenizer", *map(str, arguments)], catch_exceptions=False)
        return f"{result.exit_code} {result.output}"

    assert run("train", corpus, "-o", tmp_path / "code", "--vocabulary", 500).startswith("0 ")
    assert run("add-runs", tmp_path / "prose", "-o", tmp_path / "longer").startswith("0 424 tokens")
    file = tmp_path / "report.json"
    assert run("report", corpus, tmp_path / "prose", tmp_path / "code", "--json", file).startswith("0 ")
    numbers = read_json(file, list[dict[str, Any]])
    assert [entry["use"]["texts"] for entry in numbers] == [10] * 4
    assert numbers[1]["use"]["ratio"] < 0.85
    assert [entry["boundaries"]["rows"] for entry in numbers] == [20] * 4
    assert numbers[2]["boundaries"]["broken"] == 0
    assert "2 " in run("report", corpus, tmp_path / "missing")[:2]
    assert "no corpus (corpus.json is missing)" in run("train", tmp_path, "-o", tmp_path / "x")
