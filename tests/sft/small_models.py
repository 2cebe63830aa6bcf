"""Models of two layers and a tokenizer without merges, made on the spot: no download, random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sft.packed_layout import IGNORED

END_TOKEN = 0


def byte_tokenizer() -> Any:
    """One token for each byte, so that no text's beginning depends on what follows."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"<|end|>": END_TOKEN}
    for each in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary[each] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def small_model(kind: str, attention: str, context: int = 256) -> Any:
    """Two layers of 64, in evaluation mode: ``gpt2`` has learned positions, ``llama`` rotary ones and one key
    head for two."""
    import torch
    from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig

    size: dict[str, Any] = {
        "vocab_size": 257,
        "bos_token_id": None,
        "eos_token_id": END_TOKEN,
        "initializer_range": 0.2,
    }
    torch.manual_seed(0)
    if kind == "gpt2":
        config: Any = GPT2Config(n_positions=context, n_embd=64, n_layer=2, n_head=2, **size)
    else:
        config = LlamaConfig(
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=context,
            **size,
        )
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()


def save_small_model(folder: Path, kind: str = "llama") -> Path:
    """A folder with model and tokenizer, as base training leaves them."""
    small_model(kind, "sdpa").save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def summed_loss(model: Any, batch: dict[str, Any]) -> Any:
    """The sum over trained tokens of a batch, computed from the logits."""
    from torch.nn import functional

    labels = batch["labels"]
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    logits = model(**inputs, use_cache=False).logits
    return functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )
