from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sft.layout import attention_of, choose_layout  # noqa: E402
from sft.packed_layout import IGNORED, best_fit  # noqa: E402
from sft.rows import Row  # noqa: E402
from sft.segment_attention import (  # noqa: E402
    SEGMENT_ATTENTION,
    kernel_attention,
    register_segment_attention,
    segment_attention,
)
from tests.sft.small_models import END_TOKEN, small_model, summed_loss  # noqa: E402

register_segment_attention()


def _rows(count: int = 7) -> list[Row]:
    chooser = random.Random(5)
    sizes = [(chooser.randint(1, 30), chooser.randint(2, 25)) for _ in range(count)]
    return [
        Row(str(i), tuple(chooser.randint(1, 256) for _ in range(prompt + rest)), prompt)
        for i, (prompt, rest) in enumerate(sizes)
    ]


def _unpadded(model: Any, rows: list[Row]) -> Any:
    return sum(
        summed_loss(
            model,
            {
                "input_ids": torch.tensor([row.token_ids]),
                "labels": torch.tensor(
                    [[IGNORED] * row.prompt_tokens + [*row.token_ids[row.prompt_tokens :]]]
                ),
            },
        )
        for row in rows
    )


def _gradients(model: Any, loss: Any) -> dict[str, Any]:
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


def _batch(name: str, rows: list[Row], **more: Any) -> dict[str, Any]:
    layout = choose_layout(name, 64, END_TOKEN, more.get("positions", "from_first_token"))  # type: ignore[arg-type]
    return layout.collate(layout.arrange(rows))


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("name", ["packed", "paper"])
def test_loss_and_gradients_are_those_of_unpadded_rows(kind: str, name: Any) -> None:
    rows = _rows()
    alone = small_model(kind, "sdpa")
    expected = _unpadded(alone, rows)
    expected_gradients = _gradients(alone, expected)
    model = small_model(kind, attention_of(name))
    loss = summed_loss(model, _batch(name, rows))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for parameter, gradient in _gradients(model, loss).items():
        scale = expected_gradients[parameter].abs().max().item()
        torch.testing.assert_close(gradient, expected_gradients[parameter], rtol=1e-4, atol=1e-5 * scale)


def test_rows_that_saw_each_other_would_be_noticed() -> None:
    rows = _rows()
    model = small_model("llama", SEGMENT_ATTENTION)
    batch = _batch("packed", rows)
    right = summed_loss(model, batch).item()
    ends = batch["cu_seq_lens_q"][[0, -1]]
    merged = {**batch, "cu_seq_lens_q": ends, "cu_seq_lens_k": ends, "max_length_q": int(ends[-1])}
    assert abs(summed_loss(model, merged).item() - right) / right > 1e-3


@pytest.mark.parametrize(("kind", "differs"), [("gpt2", True), ("llama", False)])
def test_positions_by_column_change_learned_positions_only(kind: str, differs: bool) -> None:
    rows = _rows()
    model = small_model(kind, "sdpa")
    expected = _unpadded(model, rows).item()
    loss = summed_loss(model, _batch("paper", rows, positions="by_column")).item()
    assert (abs(loss - expected) / expected > 1e-3) == differs


def test_solutions_line_up_in_the_papers_layout() -> None:
    rows = _rows()
    batch = _batch("paper", rows)
    firsts = {int((line != IGNORED).nonzero()[0]) for line in batch["labels"]}
    assert firsts == {max(row.prompt_tokens for row in rows)}
    for row, ids, mask, positions in zip(
        rows, batch["input_ids"], batch["attention_mask"], batch["position_ids"], strict=True
    ):
        assert tuple(ids[mask.bool()].tolist()) == row.token_ids
        assert positions[mask.bool()].tolist() == list(range(len(row.token_ids)))


@pytest.mark.parametrize("name", ["packed", "paper"])
def test_completions_alone_are_trained(name: str) -> None:
    rows = _rows()
    batch = _batch(name, rows)
    trained = sorted(batch["labels"][batch["labels"] != IGNORED].tolist())
    assert trained == sorted(token for row in rows for token in row.token_ids[row.prompt_tokens :])


@given(st.lists(st.integers(1, 50), max_size=60))
def test_packs_hold_each_row_once_and_no_two_could_be_one(lengths: list[int]) -> None:
    packs = best_fit(lengths, 50)
    assert sorted(place for pack in packs for place in pack) == list(range(len(lengths)))
    filled = sorted(sum(lengths[place] for place in pack) for pack in packs)
    assert all(each <= 50 for each in filled)
    assert len(filled) < 2 or filled[0] + filled[1] > 50


def test_a_row_longer_than_a_pack_is_an_error() -> None:
    with pytest.raises(ValueError, match="51 tokens"):
        best_fit([3, 51], 50)


def test_what_packed_attention_cannot_do_is_refused() -> None:
    tensors = [torch.zeros(1, 2, 4, 8) for _ in range(3)]
    bounds: dict[str, Any] = {"cu_seq_lens_q": torch.tensor([0, 4]), "max_length_q": 4}
    segment_attention(None, *tensors, None, **bounds)
    segment_attention(None, *tensors, None, **bounds, sliding_window=4)
    with pytest.raises(ValueError, match="bounds of its rows"):
        segment_attention(None, *tensors, None)
    with pytest.raises(ValueError, match="bounds of its rows"):
        segment_attention(None, *tensors, torch.ones(1, 1, 4, 4), **bounds)
    for asked in ({"sliding_window": 3}, {"softcap": 30.0}, {"s_aux": torch.zeros(2)}):
        with pytest.raises(ValueError, match="the layout 'paper'"):
            segment_attention(None, *tensors, None, **bounds, **asked)


def _reference_kernel(flat: tuple[Any, ...], bounds: Any, scale: float | None, shared: bool) -> Any:
    parts = [tensor.transpose(0, 1).split(bounds.diff().tolist(), dim=1) for tensor in flat]
    mixed = [
        torch.nn.functional.scaled_dot_product_attention(
            *each, is_causal=True, scale=scale, enable_gqa=shared
        )
        for each in zip(*parts, strict=True)
    ]
    return torch.cat(mixed, dim=1).transpose(0, 1)


def _kernel_of_2_10(
    query: Any, key: Any, value: Any, cu_q: Any, cu_k: Any, max_q: int, max_k: int, is_causal: bool = False
) -> Any:
    assert is_causal
    return _reference_kernel((query, key, value), cu_q, None, False)


def _kernel_of_2_11(
    query: Any,
    key: Any,
    value: Any,
    cu_q: Any,
    cu_k: Any,
    max_q: int,
    max_k: int,
    *,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
) -> Any:
    assert window_size == (-1, 0)
    return _reference_kernel((query, key, value), cu_q, scale, False)


def _kernel_of_2_12(
    query: Any,
    key: Any,
    value: Any,
    cu_q: Any,
    cu_k: Any,
    max_q: int,
    max_k: int,
    *,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
) -> Any:
    assert window_size == (-1, 0)
    return _reference_kernel((query, key, value), cu_q, scale, enable_gqa)


@pytest.mark.parametrize("kernel", [_kernel_of_2_10, _kernel_of_2_11, _kernel_of_2_12])
@pytest.mark.parametrize("key_heads", [1, 2, 4])
def test_every_known_kernel_does_what_rows_alone_do(
    kernel: Callable[..., Any], key_heads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    varlen = pytest.importorskip("torch.nn.attention.varlen")
    monkeypatch.setattr(varlen, "varlen_attn", kernel)
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, heads, 11, 8) for heads in (4, key_heads, key_heads))
    bounds = torch.tensor([0, 3, 4, 11], dtype=torch.int32)
    expected, _ = segment_attention(
        None, query, key, value, None, scaling=0.2, cu_seq_lens_q=bounds, max_length_q=7
    )
    found = kernel_attention(query, key, value, torch.float32, bounds, 7, 0.2)
    torch.testing.assert_close(found, expected)


def test_the_installed_kernel_is_one_of_the_known() -> None:
    varlen = pytest.importorskip("torch.nn.attention.varlen")
    known = inspect.signature(varlen.varlen_attn).parameters
    assert {"is_causal", "window_size"} & known.keys()
    assert list(known)[:7] == ["query", "key", "value", "cu_seq_q", "cu_seq_k", "max_q", "max_k"]
