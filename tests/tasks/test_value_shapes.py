"""What is taken for an encoded value: all that is encoded, and nothing that only looks like it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given

from tasks.python_source import NotRenderable, SourceRenderer
from tasks.value_encoding import MAX_DEPTH, encode, to_text
from tasks.value_shapes import is_encoding
from tests.tasks.fixed_values import fixed_values
from tests.tasks.values import damaged_trees

_CODE = "__import__('os').system('id')"


@pytest.mark.parametrize("value", fixed_values().values(), ids=fixed_values().keys())
def test_every_encoding_has_its_shape(value: object) -> None:
    assert is_encoding(json.loads(to_text(encode(value))))


def test_the_deepest_encoding_has_its_shape() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = {(1,): value}
    assert is_encoding(json.loads(to_text(encode(value))))


@pytest.mark.parametrize(
    "tree",
    [
        *(
            {"$int": _CODE},
            {"$int": "1_0"},
            {"$int": "٣"},
            {"$int": "1\n"},
            {"$int": 1},
            {"$int": "9" * 9999},
        ),
        *({"$path": [f"{_CODE} or Path", "x"]}, {"$pattern": ["x", _CODE]}, {"$timedelta": [_CODE, 1, 1]}),
        *({"$datetime": ["2020-01-01", None, _CODE]}, {"$deque": [[], _CODE]}, {"$float": _CODE}),
        *({"$call": ["os:system", ["id"], {}]}, {"$call": [5, [], {}]}, {"$call": ["builtins:iter", [], []]}),
        *({"$ref": 5}, {"$enum": ["a:B"]}, {"$enum": ["a:B", 5]}, {"$namedtuple": ["a:B", None]}),
        *(
            {"$tuple": 5},
            {"$tuple": "text"},
            {"$set": None},
            {"$dict": [[1]]},
            {"$dict": [1]},
            {"$bytes": "Ω"},
        ),
        *({"$unknown": 1}, {"$int": "1", "$float": "nan"}, {"$int": "1", "other": 1}, {"$": 1}, 2**53 + 1),
        *({"$function": {}}, {"$function": {"file": 1}}, {"$object": "x"}, {"$range": [1, 2]}, {"$str": "é"}),
        *([[[{"$ref": None}]]], {"a": {"$complex": [_CODE, 1]}}, {"$fraction": [{"$int": _CODE}, 1]}),
    ],
    ids=str,
)
def test_what_only_looks_like_one_is_none_and_is_not_rendered(tree: Any) -> None:
    assert not is_encoding(tree)
    with pytest.raises(NotRenderable):
        SourceRenderer().render(tree)


def test_what_is_nested_too_deep_is_none() -> None:
    tree: Any = []
    for _ in range(100_000):
        tree = [tree]
    assert not is_encoding(tree)


@given(damaged_trees())
def test_damaged_trees_are_looked_at_and_rendered_without_a_fault(trees: tuple[Any, Any]) -> None:
    for tree in trees:
        is_encoding(tree)
        with contextlib.suppress(NotRenderable):
            SourceRenderer().render(tree)
