"""A tiny model and tokenizer, made from a configuration: no download, random weights."""

from __future__ import annotations

from typing import Any

VOCABULARY = 140
PROMPTS = ("def f(x):\n", "import math\n\n\ndef area(radius):\n    '''The area of a circle.'''\n", "x")


def tiny_tokenizer() -> Any:
    """A byte-level BPE for ASCII and the two bytes of é, trained on a few lines."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    every = sorted(pre_tokenizers.ByteLevel.alphabet())
    alphabet = [each for each in every if each.isascii()] + list("ĠĊÃ©")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<|end|>"], initial_alphabet=alphabet, min_frequency=1
    )
    lines = [*PROMPTS, "    return x + 1\n\nclass A:\n", "    if x:\n        print(x)\n\ndef g():\n"]
    tokenizer.train_from_iterator(lines * 5, trainer)
    assert tokenizer.get_vocab_size() == VOCABULARY
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def tiny_model(kind: str, context: int = 128) -> Any:
    """Two layers of 32, positions rotary (llama) or learned (gpt2)."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    size = {"vocab_size": VOCABULARY, "bos_token_id": None, "eos_token_id": 0, "initializer_range": 0.5}
    if kind == "gpt2":
        return GPT2LMHeadModel(GPT2Config(n_positions=context, n_embd=32, n_layer=2, n_head=2, **size)).eval()
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=context,
            **size,
        )
    ).eval()
