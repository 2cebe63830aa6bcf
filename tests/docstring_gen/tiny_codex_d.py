"""A Codex-D of two layers that is trained in seconds, and the family of small tasks that it knows."""

from __future__ import annotations

from pathlib import Path

from sft.row_texts import docstring_texts
from sft.rows import prompt_tokenizer, tokenized_tasks
from tasks.record import Expected, Provenance, Task, TestCase
from tests.sft.small_models import END_TOKEN, byte_tokenizer, small_model

_OPERATORS = {"+": "Add {} to x and return it.", "-": "Take {} from x and return it."}
_INPUTS = (0, 7, -4)


def family(*, documented: bool = True) -> list[Task]:
    """Functions ``f`` that add or take away a digit, with recorded calls."""
    made = []
    for sign, words in _OPERATORS.items():
        for number in range(1, 9):
            docstring = f'    """{words.format(number)}"""\n' if documented else ""
            cases = [
                TestCase([x], {}, Expected("returned", x + number if sign == "+" else x - number))
                for x in _INPUTS
            ]
            made.append(
                Task(
                    f"family/{'add' if sign == '+' else 'take'}_{number}",
                    f"def f(x):\n{docstring}",
                    "f",
                    body(sign, number),
                    cases,
                    Provenance("project", "family"),
                )
            )
    return made


def body(sign: str, number: int) -> str:
    """The solution of one of the family."""
    return f"    return x {sign} {number}\n"


def save_codex_d(folder: Path, steps: int = 120) -> Path:
    """Train on the family's docstrings after their code, by the loss of Codex-D, and save the model."""
    import torch
    from torch.nn import functional

    tokenizer = byte_tokenizer()
    rows = tokenized_tasks(family(), docstring_texts, prompt_tokenizer(tokenizer), END_TOKEN).rows
    longest = max(len(row.token_ids) for row in rows)
    ids = torch.tensor([[*row.token_ids, *[END_TOKEN] * (longest - len(row.token_ids))] for row in rows])
    labels = torch.full_like(ids, -100)
    for line, row in enumerate(rows):
        place = slice(row.prompt_tokens, len(row.token_ids))
        labels[line, place] = ids[line, place]
    model = small_model("llama", "sdpa").train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
        loss = functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
