"""Looking into encoded arguments and making others of the same kind, without decoding them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tasks.record import EncodedValue
from tasks.value_encoding import to_text

SEQUENCES = ("list", "$tuple", "$set", "$frozenset", "$deque")
MAPPINGS = ("dict", "$dict", "$ordereddict", "$counter", "$defaultdict")
_WITHOUT_ORDER = ("$set", "$frozenset")
_LARGEST_PLAIN = 2**53


def kind_of(tree: EncodedValue) -> str:
    """``none``, ``bool``, ``int``, ``float``, ``str``, ``list``, ``dict`` or the tag of all else."""
    if tree is None:
        return "none"
    if isinstance(tree, dict):
        if len(tree) == 1:
            (tag,) = tree
            if tag.startswith("$"):
                return "int" if tag == "$int" else tag
        return "dict"
    return type(tree).__name__


def integer_of(tree: EncodedValue) -> int:
    """The number that an encoded integer is."""
    return int(tree["$int"], 0) if isinstance(tree, dict) else int(tree)


def integer_tree(value: int) -> EncodedValue:
    """The encoding of an integer."""
    return value if abs(value) <= _LARGEST_PLAIN else {"$int": str(value)}


def items_of(tree: EncodedValue) -> list[EncodedValue]:
    """The items of a sequence or set."""
    if isinstance(tree, list):
        return tree
    ((tag, body),) = tree.items()
    return list(body[0] if tag == "$deque" else body)


def with_items(tree: EncodedValue, items: Sequence[EncodedValue]) -> EncodedValue:
    """A sequence or set of the same kind with other items."""
    if isinstance(tree, list):
        return list(items)
    ((tag, body),) = tree.items()
    if tag == "$deque":
        kept = list(items) if body[1] is None else list(items)[: body[1]]
        return {tag: [kept, body[1]]}
    if tag in _WITHOUT_ORDER:
        return {tag: [item for _, item in sorted({to_text(item): item for item in items}.items())]}
    return {tag: list(items)}


def pairs_of(tree: dict[str, Any]) -> list[tuple[EncodedValue, EncodedValue]]:
    """The keys and values of a mapping."""
    kind = kind_of(tree)
    if kind == "dict":
        return list(tree.items())
    pairs = tree[kind][1] if kind == "$defaultdict" else tree[kind]
    return [(key, value) for key, value in pairs]


def with_pairs(
    tree: dict[str, Any], pairs: Sequence[tuple[EncodedValue, EncodedValue]]
) -> dict[str, EncodedValue]:
    """A mapping of the same kind with other keys and values; of equal keys the last one counts."""
    kind = kind_of(tree)
    unique = [[key, value] for key, value in {to_text(key): (key, value) for key, value in pairs}.values()]
    if kind == "$defaultdict":
        return {kind: [tree[kind][0], unique]}
    if kind not in ("dict", "$dict"):
        return {kind: unique}
    # which of the two encodings a dictionary has, its keys decide
    if all(isinstance(key, str) and not key.startswith("$") for key, _ in unique):
        return {key: value for key, value in unique}
    return {"$dict": unique}


def length_of(tree: EncodedValue) -> int | None:
    """The length of a text, sequence, set or mapping, None of all else."""
    kind = kind_of(tree)
    if kind == "str":
        return len(tree)
    if kind in SEQUENCES:
        return len(items_of(tree))
    if kind in MAPPINGS:
        return len(pairs_of(tree))
    return None


def leaves(tree: EncodedValue) -> Iterator[EncodedValue]:
    """All that is neither sequence nor mapping inside a value, keys of mappings left out."""
    kind = kind_of(tree)
    if kind in SEQUENCES:
        for item in items_of(tree):
            yield from leaves(item)
    elif kind in MAPPINGS:
        for _, value in pairs_of(tree):
            yield from leaves(value)
    else:
        yield tree


def numbers_in(tree: EncodedValue) -> list[int | float]:
    """All plain numbers inside a value."""
    return [
        integer_of(leaf) if kind_of(leaf) == "int" else leaf
        for leaf in leaves(tree)
        if kind_of(leaf) in ("int", "float")
    ]
