"""Tasks that chain building blocks, and sets of them that training has not seen (Chen et al. 2021, App. C).

How blocks are drawn, how many problems there are of each length, and which inputs test them, the paper does
not say. Here no block is twice in a chain, each block of a chain matters to its outcome, and no two chains of
all sets do the same to all probes.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from evaluation.building_blocks import BuildingBlock, apply_blocks, building_blocks
from tasks.record import Expected, Provenance, Task, TestCase
from tasks.value_encoding import encode

Chain = tuple[BuildingBlock, ...]

ENTRY_POINT = "string_manipulation"
_TESTS = 12
_PROBES = 60
_EDGES = ("", "e", "A!", "Hello world.")
_ATTEMPTS_FOR_EACH = 2000
_TASK_ID = re.compile(r"building-blocks/[^/]+/(\d+)/\d+")
_WORDS = (
    *("apple", "tree", "Every", "under", "IDEA", "seven", "green", "why", "rhythm", "Eve", "open", "sea"),
    *("lantern", "QUIET", "a", "the", "of", "I", "zebra", "42", "mixed-Up", "x", "hello", "Umbrella", "été"),
)
_MARKS = ("", "", "", "", ".", "!", "?", ",", "...", "?!")


@dataclass(frozen=True)
class ChainPlan:
    """Which sets of chains to make: ``count`` of each of ``lengths`` for each set.

    With ``held_out`` there are, besides the set ``train``, three that it knows nothing of, with so many
    chains of each length: ``unseen_chains`` (other chains of the same lengths), ``unseen_pairs`` (with one or
    more of ``held_out_pairs`` pairs of blocks that are never together in a chain of any other set) and
    ``longer`` (of ``longer_lengths``). Raises ``ValueError`` for what cannot be.
    """

    lengths: tuple[int, ...]
    count: int
    held_out: int = 0
    held_out_pairs: int = 13
    longer_lengths: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        blocks = len(building_blocks())
        for length in (*self.lengths, *self.longer_lengths):
            if not 1 <= length <= blocks:
                raise ValueError(f"a chain of {length} blocks: give lengths from 1 to {blocks}")
        if not self.lengths or self.count < 1:
            raise ValueError("give at least one length and a count from 1 on")
        if self.longer_lengths and min(self.longer_lengths) <= max(self.lengths):
            raise ValueError(f"longer chains must be longer than {max(self.lengths)}")
        pairs = blocks * (blocks - 1) // 2
        if not 0 <= self.held_out_pairs < pairs:
            raise ValueError(f"{self.held_out_pairs} pairs to hold out: give a number from 0 to {pairs - 1}")


@dataclass(frozen=True)
class HeldOutChains:
    """What nothing that a model is trained on may show: pairs of blocks, by name, and what chains do."""

    pairs: frozenset[frozenset[str]] = frozenset()
    probes: tuple[str, ...] = ()
    behaviours: frozenset[tuple[str, ...]] = frozenset()

    def admits(self, chain: Chain) -> bool:
        """Whether a chain may be shown: it has no such pair and does not the same as one held out."""
        if any(frozenset((a.name, b.name)) in self.pairs for a, b in combinations(chain, 2)):
            return False
        return tuple(apply_blocks(chain, probe) for probe in self.probes) not in self.behaviours


@dataclass(frozen=True)
class ChainSets:
    """The tasks of each set by its name, and what was drawn and not taken, by reason.

    ``redundant_block``: the chain does the same without one of its blocks. ``same_behaviour``: as a chain
    that was taken before. ``missing`` counts, for each set and length, the chains that were not to be had.
    """

    tasks: dict[str, list[Task]]
    rejected: dict[str, int]
    missing: dict[tuple[str, int], int]
    held_out: HeldOutChains = HeldOutChains()


def chain_length(task_id: str) -> int | None:
    """How many blocks the task of this id chains; None for other tasks."""
    found = _TASK_ID.fullmatch(task_id)
    return int(found[1]) if found else None


def make_chains(plan: ChainPlan, tool_version: str | None = None) -> ChainSets:
    """The sets of a plan; the same for the same plan."""
    maker = _Maker(plan, tool_version)
    if not plan.held_out:
        maker.fill("chains", plan.lengths, plan.count)
        return maker.made
    # those that are held out come first: of short chains there are few to choose from
    several = tuple(length for length in plan.lengths if length > 1)
    if plan.held_out_pairs:
        maker.fill("unseen_pairs", several, plan.held_out, with_held_pair=True)
    maker.fill("unseen_chains", several, plan.held_out, with_held_pair=False)
    maker.fill("longer", plan.longer_lengths, plan.held_out, with_held_pair=False)
    held_out = maker.held_out()
    maker.fill("train", plan.lengths, plan.count, with_held_pair=False)
    return replace(maker.made, held_out=held_out)


class _Maker:
    def __init__(self, plan: ChainPlan, tool_version: str | None) -> None:
        self._draw = random.Random(plan.seed)
        self._probes = [*_EDGES, *(_text(self._draw) for _ in range(_PROBES))]
        pairs = list(combinations([block.name for block in building_blocks()], 2))
        self._held = {frozenset(pair) for pair in self._draw.sample(pairs, plan.held_out_pairs)}
        self._seed = plan.seed
        self._tool_version = tool_version
        self._behaviours: set[tuple[str, ...]] = set()
        self._rejected: Counter[str] = Counter()
        self.made = ChainSets({}, self._rejected, {})

    def fill(self, name: str, lengths: Sequence[int], count: int, with_held_pair: bool | None = None) -> None:
        """Make a set; ``with_held_pair`` tells whether its chains have pairs that are held out."""
        tasks = self.made.tasks[name] = []
        for length in lengths:
            chains = list(self._chains(length, count, with_held_pair))
            tasks += [self._task(name, number, chain) for number, chain in enumerate(chains)]
            if len(chains) < count:
                self.made.missing[name, length] = count - len(chains)

    def held_out(self) -> HeldOutChains:
        """The pairs that are held out, and what was made so far."""
        return HeldOutChains(frozenset(self._held), tuple(self._probes), frozenset(self._behaviours))

    def _chains(self, length: int, count: int, with_held_pair: bool | None) -> Iterator[Chain]:
        seen: set[Chain] = set()
        taken = 0
        for _ in range(count * _ATTEMPTS_FOR_EACH):
            if taken == count:
                return
            chain = tuple(self._draw.sample(building_blocks(), length))
            if chain in seen or with_held_pair not in (None, self._has_held_pair(chain)):
                continue
            seen.add(chain)
            behaviour = self._behaviour(chain)
            if any(self._behaviour(rest) == behaviour for rest in _without_one(chain)):
                self._rejected["redundant_block"] += 1
            elif behaviour in self._behaviours:
                self._rejected["same_behaviour"] += 1
            else:
                self._behaviours.add(behaviour)
                taken += 1
                yield chain

    def _has_held_pair(self, chain: Chain) -> bool:
        return any(frozenset((a.name, b.name)) in self._held for a, b in combinations(chain, 2))

    def _behaviour(self, chain: Chain) -> tuple[str, ...]:
        return tuple(apply_blocks(chain, probe) for probe in self._probes)

    def _task(self, name: str, number: int, chain: Chain) -> Task:
        tests = [
            TestCase(
                [encode(text)],
                {},
                Expected("returned", encode(apply_blocks(chain, text))),
                origin="generated",
            )
            for text in self._inputs(chain)
        ]
        return Task(
            task_id=f"building-blocks/{name}/{len(chain)}/{number}",
            prompt=_prompt(chain),
            entry_point=ENTRY_POINT,
            canonical_solution=_solution(chain),
            tests=tests,
            provenance=Provenance(
                source_kind="generated",
                source=f"building blocks, seed {self._seed}: " + " > ".join(block.name for block in chain),
                license="Apache-2.0",
                tool_version=self._tool_version,
                redistribution="yes",
                training="yes",
            ),
        )

    def _inputs(self, chain: Chain) -> list[str]:
        """Probes that tell the chain from itself without any one of its blocks, and some more."""
        shuffled = self._draw.sample(self._probes, len(self._probes))
        chosen: dict[str, None] = {}
        for rest in _without_one(chain):
            telling = (text for text in shuffled if apply_blocks(chain, text) != apply_blocks(rest, text))
            chosen[next(telling)] = None
        for text in shuffled:
            if len(chosen) >= _TESTS:
                break
            chosen[text] = None
        return list(chosen)


def _without_one(chain: Chain) -> list[Chain]:
    return [chain[:place] + chain[place + 1 :] for place in range(len(chain))]


def task_docstring(chain: Chain) -> str:
    """The lines of the docstring of a chain's task, indented."""
    items = "".join(f"    - {block.description}\n" for block in chain)
    return (
        '    """Change the text s in these steps, one after another, and return what comes out:\n'
        f'{items}    """\n'
    )


def _prompt(chain: Chain) -> str:
    return f"def {ENTRY_POINT}(s: str) -> str:\n{task_docstring(chain)}"


def _solution(chain: Chain) -> str:
    lines = [line for block in chain for line in block.code]
    return "".join(f"    {line}\n" for line in [*lines, "return s"])


def _text(draw: random.Random) -> str:
    words = (draw.choice(_WORDS) + draw.choice(_MARKS) for _ in range(draw.randint(1, 7)))
    return draw.choice(("", "", "", " ")) + draw.choice((" ", " ", " ", "  ")).join(words)
