"""More inputs like the known ones: varied, crossed over, at their boundaries, and random within them.

The known calls are varied by the kinds of their parts (as AlphaCode did for CodeContests, Li et al. 2022,
§3.2.3, and EvalPlus, Liu et al. 2023, §2), with what fuzzers call a dictionary: the constants of the
reference solution. All is decided by the seed.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from filters.argument_trees import MAPPINGS, SEQUENCES, integer_of, integer_tree, kind_of
from filters.handled_inputs import handled_inputs
from filters.input_relations import Inputs, Relation, bound_relations, learnt_relations, mended
from filters.input_shapes import Shape, bound_shape, parts, refusal
from filters.reference_literals import read_reference
from filters.value_variation import ValueVariation
from tasks.input_bounds import InputBound
from tasks.record import Task, TestCase
from tasks.value_encoding import to_text

MAX_INPUT_CHARACTERS = 1_200
_TRIES = 6
_ORDINARY = string.ascii_letters + string.digits + " "
_VARIED_KINDS = frozenset({"none", "bool", "int", "float", "str", *SEQUENCES, *MAPPINGS})


@dataclass(frozen=True)
class Call:
    """The arguments of a call by parameter, with how many of them are given by position."""

    inputs: Inputs
    by_position: int

    @cached_property
    def text(self) -> str:
        """Tells calls apart."""
        return to_text(list(self.inputs.items()))

    def as_case(self, like: TestCase) -> TestCase:
        """A case with these arguments, its outcome still that of another."""
        named = list(self.inputs.items())
        arguments = [tree for _, tree in named[: self.by_position]]
        keywords = dict(named[self.by_position :])
        return replace(like, arguments=arguments, keyword_arguments=keywords, origin="generated")


@dataclass(frozen=True)
class InputSpace:
    """What is known of a task's legal inputs: its known calls, their shapes and relations."""

    calls: list[Call]
    shapes: dict[str, Shape]
    relations: list[Relation]
    literals: list[object] = field(default_factory=list)
    optional: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()

    def call_of(self, case: TestCase) -> Call:
        """The call that a case is."""
        return _call(case, self.positional)

    def refusal(self, call: Call) -> str | None:
        """Why a call is taken for illegal, or None."""
        for name, tree in call.inputs.items():
            shape = self.shapes.get(name)
            reason = refusal(shape, tree, name) if shape else f"{name}: no known call has it"
            if reason:
                return reason
        broken = next((each.name for each in self.relations if each.holds(call.inputs) is False), None)
        return f"breaks {broken}" if broken else None


def input_space(task: Task, bounds: Sequence[InputBound] = ()) -> InputSpace:
    """Learn from a task's cases, except generated ones, and from what its statement says of inputs."""
    reference = read_reference(task)
    cases = [case for case in task.tests if case.origin != "generated" and case.pickled is None]
    calls = [_call(case, reference.positional) for case in cases]
    shapes: dict[str, Shape] = {}
    for call in calls:
        for name, tree in call.inputs.items():
            shapes.setdefault(name, Shape()).learn(tree)
    # a default that no known call replaces is a known value as well
    optional = {name: value for name, value in reference.defaults.items() if name not in shapes}
    for name, value in optional.items():
        shapes[name] = Shape(closed=isinstance(value, str))
        shapes[name].learn(value)
    handled = handled_inputs(task)
    more = handled.characters
    if task.provenance.source_kind == "project":
        # an ordinary function of texts takes all of these; what a problem allows, its examples tell
        more = _ORDINARY + "".join(sorted({char for text in reference.texts for char in text}))
    for part in (part for shape in shapes.values() for part in parts(shape)):
        part.more_characters = more
        if part.is_choice and not part.closed:
            part.texts += [word for word in handled.words if word not in part.texts]
    for name, shape in shapes.items():
        shape.more_numbers = _around(handled.numbers.get(name, set()))
        if shape.item is not None:
            shape.item.more_numbers = _around(handled.items.get(name, set()))
        bound_shape(shape, [bound for bound in bounds if bound.name == name])
        if "str" in shape.kinds:
            shape.texts += [text for text in reference.compared.get(name, ()) if text not in shape.texts]
    known = [call.inputs for call in calls]
    relations = [*bound_relations(bounds), *learnt_relations(known, task.prompt)]
    # what a statement is known to be wrong about in its own examples, it does not say
    relations = [each for each in relations if not any(each.holds(inputs) is False for inputs in known)]
    return InputSpace(
        calls, shapes, relations, reference.literals, tuple(optional), tuple(reference.positional)
    )


def vary(space: InputSpace, seed: int, count: int, also: Sequence[Call] = ()) -> list[Call]:
    """Up to ``count`` legal calls that are neither known nor equal to each other.

    Every other one is made from ``also``, calls that were found worth going on from.
    """
    chance = random.Random(seed)
    seen = {call.text for call in space.calls}
    found: list[Call] = []
    fruitless = 0
    for call in _candidates(space, chance, also):
        if len(found) >= count or fruitless > _TRIES * count:
            break
        inputs = mended(space.relations, call.inputs)
        made = None if inputs is None else Call(inputs, call.by_position)
        if made is None or made.text in seen or len(made.text) > MAX_INPUT_CHARACTERS or space.refusal(made):
            fruitless += 1
            continue
        seen.add(made.text)
        found.append(made)
    return found


def _candidates(space: InputSpace, chance: random.Random, also: Sequence[Call]) -> Iterator[Call]:
    """Calls without end, not yet checked."""
    calls = [call for call in space.calls if len(call.text) <= MAX_INPUT_CHARACTERS]
    if not calls or not any(_can_vary(shape) for shape in space.shapes.values()):
        return
    variation = ValueVariation(chance, space.literals)
    boundary = list(_at_boundaries(space, calls, variation))
    chance.shuffle(boundary)
    while True:
        call = chance.choice(also if also and chance.random() < 0.5 else calls)
        inputs = dict(call.inputs)
        names = [name for name in inputs if _can_vary(space.shapes[name])]
        if not names:
            continue
        way = chance.random()
        if way < 0.25 and boundary:
            yield boundary.pop()
            continue
        if way < 0.4 and len(names) > 1:
            for name in names:
                other = chance.choice(calls)
                inputs[name] = other.inputs.get(name, inputs[name])
        elif way < 0.6:
            name = chance.choice(names)
            inputs[name] = variation.fresh(space.shapes[name])
        elif way < 0.65:
            for name in names:
                inputs[name] = variation.fresh(space.shapes[name])
        for _ in range(chance.choice((0, 1, 1, 2)) if way < 0.65 else chance.choice((1, 1, 2, 3))):
            name = chance.choice(names)
            inputs[name] = variation.varied(inputs[name], space.shapes[name])
        if chance.random() < 0.1:
            inputs = _tied(inputs, chance)
        if space.optional and chance.random() < 0.3:
            name = chance.choice(space.optional)
            inputs[name] = variation.varied(variation.fresh(space.shapes[name]), space.shapes[name])
        yield Call(inputs, call.by_position)


def _can_vary(shape: Shape) -> bool:
    return bool(shape.kinds & _VARIED_KINDS) or len(shape.atoms) > 1


def _at_boundaries(space: InputSpace, calls: list[Call], variation: ValueVariation) -> Iterator[Call]:
    for call in calls[:8]:
        for name, tree in call.inputs.items():
            for other in variation.boundaries(tree, space.shapes[name]):
                yield Call({**call.inputs, name: other}, call.by_position)


def _tied(inputs: dict[str, object], chance: random.Random) -> dict[str, object]:
    """Two numbers of a call made equal, or neighbours."""
    names = [name for name, tree in inputs.items() if kind_of(tree) == "int"]
    if len(names) < 2:
        return inputs
    left, right = chance.sample(names, 2)
    return {**inputs, left: integer_tree(integer_of(inputs[right]) + chance.choice((-1, 0, 0, 1)))}


def _around(numbers: set[int]) -> set[int]:
    return {number + step for number in numbers for step in (-1, 0, 1)}


def _call(case: TestCase, names: Sequence[str]) -> Call:
    given = [
        (names[index] if index < len(names) else f"#{index}", tree)
        for index, tree in enumerate(case.arguments)
    ]
    return Call(dict([*given, *case.keyword_arguments.items()]), len(given))
