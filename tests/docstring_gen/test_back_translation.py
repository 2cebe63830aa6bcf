from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from docstring_gen.back_translation import BackTranslator, sample_texts  # noqa: E402
from sft.row_texts import CutProgram, RefusedRow, RowTexts, cut_docstring  # noqa: E402
from sft.rows import Row, prompt_tokenizer  # noqa: E402
from tests.sft.small_models import END_TOKEN, byte_tokenizer, small_model  # noqa: E402
from tests.sft.task_texts import spread_tasks, task  # noqa: E402

_SAMPLES = ("    return x\n", "    y = x + 1\n    return y * y\n", "    return (\n", "", "    pass\n" * 9)


def _rows(scorer: BackTranslator) -> list[Row]:
    found = []
    for one in spread_tasks(6):
        cut = cut_docstring(one)
        assert isinstance(cut, CutProgram)
        for sample in _SAMPLES:
            texts = sample_texts(one.task_id, cut, sample)
            assert isinstance(texts, RowTexts)
            row = scorer.row(texts)
            assert isinstance(row, Row)
            found.append(row)
    return found


def _plain_sum(model: Any, row: Row) -> float:
    """Token by token, each by a forward pass over what stands before it."""
    total = 0.0
    with torch.inference_mode():
        for place in range(row.prompt_tokens, len(row.token_ids) - 1):
            ids = torch.tensor([row.token_ids[:place]])
            logits = model(input_ids=ids, use_cache=False).logits[0, -1]
            total += torch.log_softmax(logits, -1)[row.token_ids[place]].item()
    return total


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("cells", [1, 700, 100_000])
def test_batched_scores_are_those_of_each_row_alone(kind: str, cells: int) -> None:
    model = small_model(kind, "sdpa")
    scorer = BackTranslator(model, prompt_tokenizer(byte_tokenizer()), END_TOKEN, cells)
    rows = _rows(scorer)
    found = dict(scorer.scores(rows))
    assert sorted(found) == list(range(len(rows)))
    for place in (0, 3, 4, 17, 29):
        assert found[place].logprob_sum == pytest.approx(_plain_sum(model, rows[place]), rel=1e-5)
        assert found[place].tokens == rows[place].completion_tokens - 1
        assert found[place].logprob_mean == found[place].logprob_sum / found[place].tokens


def test_a_sample_that_repeats_the_docstring_or_is_too_long_has_no_score() -> None:
    scorer = BackTranslator(small_model("llama", "sdpa", 64), prompt_tokenizer(byte_tokenizer()), END_TOKEN)
    one = task("f")
    cut = cut_docstring(one)
    assert isinstance(cut, CutProgram)
    copied = sample_texts("f", cut, "    # Return the number\n    # that was given.\n    return x\n")
    assert copied == RefusedRow("f", "docstring_in_code")
    long = sample_texts("f", cut, "    return x\n" * 9)
    assert isinstance(long, RowTexts)
    row = scorer.row(long)
    assert isinstance(row, RefusedRow)
    assert row.reason == "too_long"
    bare = sample_texts("f", CutProgram("def f(x):\n", "", ""), "    return x\n")
    assert bare == RefusedRow("f", "no_docstring")
