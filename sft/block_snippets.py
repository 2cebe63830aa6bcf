"""Python files with chained building blocks as people write code: badly documented, and often wrong.

A base model that has read them knows something of the tasks of `evaluation.block_chains`, and also what is no
answer to them, as one that has read public code does. Nothing that is held out is in them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.block_chains import ENTRY_POINT, Chain, HeldOutChains, task_docstring
from evaluation.building_blocks import BuildingBlock, apply_blocks, building_blocks
from tasks.files import write_text

_FOLDERS = 20
"""Folders to a corpus are projects, of which it parts some for validation."""

_NAMES = ("clean", "convert", "transform", "process", "prepare", "change_text", "rewrite", "simplify")
_COMMENTS = ("TODO: test this", "see above", "used by the report", "old version")
_TEXTS = ("Hello world.", "seven green apples", "Is it open?", "A quiet sea", "under the tree!")


@dataclass(frozen=True)
class SnippetPlan:
    """How many files, of chains of which lengths, and the shares of functions of each kind.

    Of the others the docstring is right. ``task_form`` is the share of documented ones that are worded and
    named as the tasks are.
    """

    files: int = 20_000
    lengths: tuple[int, ...] = (1, 2, 3, 4, 5)
    undocumented: float = 0.25
    wrong: float = 0.4
    task_form: float = 0.5
    seed: int = 0


def write_snippets(folder: Path, plan: SnippetPlan, held_out: HeldOutChains) -> int:
    """Write the files of a plan into folders below ``folder``; the same for the same plan. Tells how many."""
    draw = random.Random(plan.seed)
    for number in range(plan.files):
        file = folder / f"snippets-{number % _FOLDERS:02}" / f"snippet_{number:05}.py"
        write_text(file, _file(draw, plan, held_out))
    return plan.files


def _file(draw: random.Random, plan: SnippetPlan, held_out: HeldOutChains) -> str:
    return "\n\n".join(_parts(draw, plan, held_out))


def _parts(draw: random.Random, plan: SnippetPlan, held_out: HeldOutChains) -> Iterator[str]:
    for _ in range(draw.choice((1, 1, 2))):
        name, text = _function(draw, plan, held_out)
        yield text
        follows = draw.random()
        if follows < 0.2:
            yield f"print({name}({draw.choice(_TEXTS)!r}))\n"
        elif follows < 0.35:
            yield f'if __name__ == "__main__":\n    print({name}(input()))\n'
        elif follows < 0.5:
            yield f"# {draw.choice(_COMMENTS)}\n"
        elif follows < 0.65:
            title = name.title().replace("_", "")
            yield f"class {title}er:\n    def run(self, s):\n        return {name}(s)\n"


def _function(draw: random.Random, plan: SnippetPlan, held_out: HeldOutChains) -> tuple[str, str]:
    """A function's name and text."""
    chain = _chain(draw, draw.choice(plan.lengths), held_out)
    kind = draw.random()
    if kind < plan.undocumented:
        name, docstring, done = draw.choice(_NAMES), "", chain
    else:
        done = _wrong(draw, chain, held_out) if kind < plan.undocumented + plan.wrong else chain
        if draw.random() < plan.task_form:
            name, docstring = ENTRY_POINT, task_docstring(chain)
        else:
            name, docstring = draw.choice(_NAMES), _sentence(chain)
    return name, f"def {name}(s: str) -> str:\n{docstring}{_body(draw, done)}"


def _chain(draw: random.Random, length: int, held_out: HeldOutChains) -> Chain:
    while True:
        chain = tuple(draw.sample(building_blocks(), length))
        if held_out.admits(chain):
            return chain


def _wrong(draw: random.Random, chain: Chain, held_out: HeldOutChains) -> Chain:
    """A chain that does something else: another one, with a block changed, left out or in another place."""
    while True:
        blocks: list[BuildingBlock] = list(chain)
        place = draw.randrange(len(blocks))
        how = draw.randrange(4)
        if how == 0:
            blocks = draw.sample(building_blocks(), len(blocks))
        elif how == 1:
            blocks[place] = draw.choice(building_blocks())
        elif how == 2:
            del blocks[place]
        else:
            draw.shuffle(blocks)
        wrong = tuple(blocks)
        differs = any(apply_blocks(wrong, text) != apply_blocks(chain, text) for text in held_out.probes)
        if wrong and len(set(wrong)) == len(wrong) and differs and held_out.admits(wrong):
            return wrong


def _sentence(chain: Chain) -> str:
    words = ", then ".join(block.description for block in chain)
    return f'    """{words[0].upper()}{words[1:]}."""\n'


def _body(draw: random.Random, chain: Chain) -> str:
    lines = [line for block in chain for line in block.code]
    if draw.random() < 0.3 and lines[-1].startswith("s = "):
        lines[-1] = f"return {lines[-1].removeprefix('s = ')}"
    else:
        lines.append("return s")
    return "".join(f"    {line}\n" for line in lines)
