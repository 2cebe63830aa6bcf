"""Objects described by their structure, to be compared: what the two sides make of them is the same."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tasks.structural_encoding import StructuralRecordingEncoder, StructuralResultEncoder
from tasks.value_encoding import NotEncodable, encode, to_text
from tests.tasks.fixed_values import fixed_values
from tests.tasks.rebuilt_samples import Plain, Row, Slotted, Table, rebuilt_values, structured_values

ENCODERS = [StructuralRecordingEncoder, StructuralResultEncoder]
MODULE = "tests.tasks.rebuilt_samples"


@pytest.mark.parametrize("name", sorted(structured_values()))
def test_recording_and_result_agree(name: str) -> None:
    texts = {to_text(encoder().encode(structured_values()[name])) for encoder in ENCODERS}
    assert len(texts) == 1


def test_recording_and_result_agree_on_plain_data_and_on_calls() -> None:
    for value in fixed_values().values():
        assert [encoder().encode(value) for encoder in ENCODERS] == [encode(value)] * 2
    for value in rebuilt_values().values():
        try:
            recorded = StructuralRecordingEncoder().encode(value)
        except NotEncodable as error:
            assert error.reason == "iterator"
        else:
            assert StructuralResultEncoder().encode(value) == recorded


@pytest.mark.parametrize("name", sorted(structured_values()))
def test_what_is_described_here_has_no_plain_encoding(name: str) -> None:
    with pytest.raises(NotEncodable):
        encode(structured_values()[name])


def _description(value: Any) -> Any:
    return StructuralResultEncoder().encode(value)


def test_objects_are_described_as_they_reduce() -> None:
    assert _description(Slotted(1, [2])) == {
        "$reduced": [{"$ref": f"{MODULE}:Slotted"}, [1, [2]], None, [], []]
    }
    new_object = {"$ref": "copyreg:__newobj__"}
    assert _description(Row([1, 2])) == {
        "$reduced": [new_object, [{"$ref": f"{MODULE}:Row"}], None, [1, 2], []]
    }
    assert _description(Table({"a": 1}, note="n")) == {
        "$reduced": [new_object, [{"$ref": f"{MODULE}:Table"}], {"note": "n"}, [], [["a", 1]]]
    }


def test_what_is_met_again_inside_itself_is_named() -> None:
    knot: list[Any] = []
    knot.append(knot)
    assert _description(knot) == [{"$cycle": "builtins:list"}]
    looped = Plain(None)
    looped.value = looped
    assert _description(looped) == {"$object": [f"{MODULE}:Plain", {"value": {"$cycle": f"{MODULE}:Plain"}}]}
    row = Row()
    row.append(row)
    assert _description(row)["$reduced"][3] == [{"$cycle": f"{MODULE}:Row"}]


def test_what_occurs_twice_without_a_cycle_is_written_twice() -> None:
    row = Row([1])
    first, second = _description([row, row])
    assert first == second != {"$cycle": f"{MODULE}:Row"}


def test_different_states_are_different_descriptions() -> None:
    assert _description(Slotted(1, 2)) != _description(Slotted(1, 3))
    assert _description(Table({"a": 1}, note="n")) != _description(Table({"a": 1}, note="m"))
    assert _description(Row([1, 2])) != _description(Row([2, 1]))


def test_slots_without_a_reduce_of_their_own_are_state() -> None:
    class Local:
        __slots__ = ("value",)

        def __init__(self, value: int) -> None:
            self.value = value

    described = _description(Local(3))
    assert '"value":3' in to_text(described)
    assert described != _description(Local(4))


def _made_by_a_task(text: str) -> Any:
    module = types.ModuleType("task")
    exec(text, module.__dict__)  # noqa: S102 - written here
    return module.__dict__["made"]


@pytest.mark.parametrize(
    "text",
    [
        "made = lambda: 1",
        "def made(): pass",
        "def f():\n    class Local: pass\n    return Local\nmade = f()",
        "def f():\n    class Local: pass\n    return Local()\nmade = f()",
        "made = [{'key': lambda: 1}]",
    ],
)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_names_that_the_task_makes_say_nothing_and_are_refused(text: str, encoder: Any) -> None:
    with pytest.raises(NotEncodable) as error:
        encoder().encode(_made_by_a_task(text))
    assert error.value.reason == "not_importable"


class _Reducing:
    def __init__(self, described: Any) -> None:
        self.described = described

    def __reduce_ex__(self, protocol: Any) -> Any:
        if isinstance(self.described, Exception):
            raise self.described
        return self.described


def _failing() -> Iterator[int]:
    yield 1
    raise KeyError("of the traced program")


@pytest.mark.parametrize(
    "describe",
    [
        lambda: ValueError("not now"),
        lambda: 3,
        lambda: (),
        lambda: (list,),
        lambda: (list, 3),
        lambda: (list, (), None, 5),
        lambda: (list, (), None, _failing()),
        lambda: (dict, (), None, None, [1]),
        lambda: (dict, (), None, None, _failing()),
    ],
)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_objects_that_describe_themselves_wrongly_are_refused(
    describe: Callable[[], Any], encoder: Any
) -> None:
    with pytest.raises(NotEncodable) as error:
        encoder().encode([_Reducing(describe())])
    assert error.value.reason == "unsupported_type"


def test_what_is_too_large_stays_too_large() -> None:
    with pytest.raises(NotEncodable, match="too_large"):
        _description(Row(range(30_000)))
    with pytest.raises(NotEncodable, match="too_large"):
        _description(_Reducing((list, (), None, iter(int, 1))))


def test_iterators_are_read_from_results_alone() -> None:
    assert StructuralResultEncoder().encode([iter([Row([1])])])[0]["$iterator"][1] is True  # type: ignore[index]
    with pytest.raises(NotEncodable, match="iterator"):
        StructuralRecordingEncoder().encode([iter([1])])
