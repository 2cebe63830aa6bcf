"""Corpus, tokenizer and training of code models, as the paper's base models and Codex-S were made."""
