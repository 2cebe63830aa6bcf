from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
utils = pytest.importorskip("trl.trainer.utils")

from sft import trained_head  # noqa: E402
from sft.packed_layout import IGNORED  # noqa: E402
from sft.trained_head import score_trained_tokens  # noqa: E402
from tests.sft.small_models import small_model  # noqa: E402

_OUTPUTS = ("log_probs", "entropy", "is_top1")


def _batch() -> dict[str, Any]:
    torch.manual_seed(1)
    ids = torch.randint(1, 257, (2, 20))
    labels = ids.clone()
    labels[0, :12] = IGNORED
    labels[1, 5:] = IGNORED
    return {"input_ids": ids, "labels": labels}


def _scored(model: Any, batch: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    model.zero_grad()
    found = model(**batch, fused_lm_head=True)
    (-found.log_probs.sum() / 7).backward()
    return found, {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_it_says_what_trls_says(kind: str) -> None:
    batch = _batch()
    theirs, ours = (small_model(kind, "sdpa") for _ in range(2))
    for model in (theirs, ours):
        utils.add_fused_lm_head(model, outputs=_OUTPUTS)
    score_trained_tokens(ours)
    seen: list[int] = []
    ours.get_output_embeddings().register_forward_hook(lambda layer, given, found: seen.append(len(given[0])))
    (expected, gradients), (found, found_gradients) = _scored(theirs, batch), _scored(ours, batch)
    assert seen == [int((batch["labels"][:, 1:] != IGNORED).sum())]
    for name in (*_OUTPUTS, "loss", "label_mask"):
        torch.testing.assert_close(
            getattr(found, name), getattr(expected, name), rtol=1e-5, atol=1e-6, check_dtype=False
        )
    torch.testing.assert_close(found_gradients, gradients, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(ours(**batch).loss, theirs(**batch).loss)


def test_without_a_trained_token_there_is_a_loss_of_zero_to_go_back_from() -> None:
    batch = _batch()
    batch["labels"] = torch.full_like(batch["labels"], IGNORED)
    model = small_model("llama", "sdpa")
    utils.add_fused_lm_head(model, outputs=_OUTPUTS)
    score_trained_tokens(model)
    found, gradients = _scored(model, batch)
    assert found.loss == 0
    assert not any(gradient.any() for gradient in gradients.values())


def test_what_is_not_its_case_is_left_to_trl(monkeypatch: pytest.MonkeyPatch) -> None:
    scaled = small_model("llama", "sdpa")
    utils.add_fused_lm_head(scaled, outputs=_OUTPUTS)
    scaled.config.logit_scale = 2.0
    before = scaled.forward
    score_trained_tokens(scaled)
    assert scaled.forward == before
    monkeypatch.setattr(trained_head, "_MOST_LOGITS", 5)
    large = small_model("llama", "sdpa")
    utils.add_fused_lm_head(large, outputs=_OUTPUTS)
    score_trained_tokens(large)
    seen: list[int] = []
    large.get_output_embeddings().register_forward_hook(lambda *told: seen.append(1))
    _scored(large, _batch())
    assert not seen, "by tiles, without the layer itself"
