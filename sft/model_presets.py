"""Sizes of base models and the rates that they are trained with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Architecture = Literal["llama", "gpt2"]


@dataclass(frozen=True)
class ModelPreset:
    """A decoder's shape. ``learning_rate`` and ``batch_tokens`` are what it is trained with unless told.

    The name is the number of parameters without embeddings. Rates for 85M and 300M are those of GPT-3 125M
    and 350M (Brown et al. 2020, table 2.1); those for smaller models follow their trend. GPT-3's batches of
    half a million tokens are for hundreds of billions of them; here they are smaller, for more steps.
    """

    name: str
    layers: int
    width: int
    heads: int
    context: int
    learning_rate: float
    batch_tokens: int


PRESETS = {
    preset.name: preset
    for preset in (
        ModelPreset("0.1m", layers=2, width=64, heads=2, context=128, learning_rate=3e-3, batch_tokens=1024),
        ModelPreset("2m", layers=4, width=192, heads=3, context=512, learning_rate=3e-3, batch_tokens=8192),
        ModelPreset(
            "12m", layers=7, width=384, heads=6, context=1024, learning_rate=1e-3, batch_tokens=65536
        ),
        ModelPreset(
            "25m", layers=8, width=512, heads=8, context=1024, learning_rate=8e-4, batch_tokens=131072
        ),
        ModelPreset(
            "85m", layers=12, width=768, heads=12, context=1024, learning_rate=6e-4, batch_tokens=262144
        ),
        ModelPreset(
            "300m", layers=24, width=1024, heads=16, context=1024, learning_rate=3e-4, batch_tokens=524288
        ),
    )
}


def new_model(
    preset: ModelPreset, architecture: Architecture, vocabulary: int, end: int, pad: int | None
) -> Any:
    """An untrained Transformers model; its weights come from torch's random numbers.

    ``llama`` has rotary positions, ``gpt2`` learned ones as GPT-3. Both share the embeddings of input and
    output and have no dropout.
    """
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    tokens = {"vocab_size": vocabulary, "bos_token_id": end, "eos_token_id": end, "pad_token_id": pad}
    if architecture == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(
                n_positions=preset.context,
                n_embd=preset.width,
                n_layer=preset.layers,
                n_head=preset.heads,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                **tokens,
            )
        )
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=preset.width,
            # two thirds of four times the width, for there are three matrices in place of two
            intermediate_size=-(-preset.width * 8 // (3 * 64)) * 64,
            num_hidden_layers=preset.layers,
            num_attention_heads=preset.heads,
            max_position_embeddings=preset.context,
            tie_word_embeddings=True,
            **tokens,
        )
    )
