from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sft import segment_attention as attention_module  # noqa: E402
from sft.packed_layout import PackedLayout  # noqa: E402
from sft.rows import Row  # noqa: E402
from sft.segment_attention import SEGMENT_ATTENTION, register_segment_attention  # noqa: E402
from tests.sft.small_models import small_model, summed_loss  # noqa: E402

register_segment_attention()
_CAPACITY, _ITEMS = 64, 3


def _rows(count: int, seed: int = 1) -> list[Row]:
    chooser = random.Random(seed)
    sizes = [(chooser.randint(1, 30), chooser.randint(2, 25)) for _ in range(count)]
    return [
        Row(str(i), tuple(chooser.randint(1, 256) for _ in range(prompt + rest)), prompt)
        for i, (prompt, rest) in enumerate(sizes)
    ]


def _batches(layout: PackedLayout) -> list[dict[str, Any]]:
    """Batches of other rows each; the last has fewer packs."""
    packs = layout.arrange(_rows(40))
    return [layout.collate(packs[start : start + _ITEMS]) for start in range(0, len(packs), _ITEMS)]


def _shapes(batch: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(getattr(value, "shape", value) for value in batch.values())


def test_fixed_batches_have_one_shape_and_the_loss_of_those_that_vary() -> None:
    model = small_model("gpt2", SEGMENT_ATTENTION)
    free, fixed = _batches(PackedLayout(_CAPACITY)), _batches(PackedLayout(_CAPACITY, _ITEMS))
    assert len(fixed[-1]["input_ids"][0]) > len(free[-1]["input_ids"][0])
    assert len({_shapes(each) for each in free}) > 1
    assert len({_shapes(each) for each in fixed}) == 1
    for filled, other in zip(fixed, free, strict=True):
        padding = int(filled.pop("padding"))
        assert filled["input_ids"].shape == (1, _CAPACITY * _ITEMS)
        assert _CAPACITY * _ITEMS - padding == other["input_ids"].numel()
        assert int(filled["position_ids"].max()) < _CAPACITY == filled["max_length_q"]
        torch.testing.assert_close(summed_loss(model, filled), summed_loss(model, other), rtol=1e-5, atol=0.0)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A stand-in on the processor for torch's kernel, opaque to the compiler as that is; it counts calls."""
    calls: list[int] = []

    @torch.library.custom_op("codex_sft_tests::rows_attention", mutates_args={})
    def attend(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bounds: torch.Tensor
    ) -> torch.Tensor:
        calls.append(len(bounds))
        whole = [tensor.transpose(0, 1)[None] for tensor in (query, key, value)]
        return attention_module._by_rows(*whole, bounds, None, 0.0)[0]

    @attend.register_fake
    def _(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bounds: torch.Tensor) -> torch.Tensor:
        return torch.empty_like(query)

    def varlen_attn(
        query: Any,
        key: Any,
        value: Any,
        cu_q: Any,
        cu_k: Any,
        max_q: int,
        max_k: int,
        *,
        window_size: tuple[int, int] = (-1, -1),
        enable_gqa: bool = False,
    ) -> Any:
        assert window_size == (-1, 0)
        return attend(query, key, value, cu_q)

    import torch.nn.attention.varlen as varlen

    monkeypatch.setattr(varlen, "varlen_attn", varlen_attn)

    def autocast_type(query: Any) -> Any:
        return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else query.dtype

    monkeypatch.setattr(attention_module, "_kernel_type", autocast_type)
    torch._dynamo.reset()
    yield calls
    torch._dynamo.reset()


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_the_model_is_one_graph_for_all_batches(kind: str, kernel: list[int]) -> None:
    from torch._dynamo.testing import CompileCounter

    model = small_model(kind, SEGMENT_ATTENTION)
    batches = _batches(PackedLayout(_CAPACITY, _ITEMS))
    for batch in batches:
        del batch["padding"]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        expected = [summed_loss(model, batch) for batch in batches]
        counter = CompileCounter()
        model.base_model.compile(backend=counter, fullgraph=True)
        found = [summed_loss(model, batch) for batch in batches]
    assert (counter.frame_count, len(batches) > 3) == (1, True)
    assert len(kernel) == 2 * 2 * len(batches)
    torch.testing.assert_close(found, expected)
