"""Generated inputs: what is learnt from known ones, what is refused, and that chance is told by the seed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from filters.input_relations import learnt_relations
from filters.input_shapes import Shape, refusal
from filters.input_variation import Call, InputSpace, input_space, vary
from filters.inputs_beyond import calls_beyond
from tasks.input_bounds import InputBound
from tasks.record import Task
from tasks.value_encoding import encode
from tasks.value_shapes import is_encoding
from tests.filters.strength_tasks import CLAMP, Known, make_task


def _space(
    *known: tuple[Any, ...], bounds: tuple[InputBound, ...] = (), source: str = "problem"
) -> InputSpace:
    return input_space(_task(*known, source=source), bounds)


def _task(*known: tuple[Any, ...], statement: str = "", source: str = "problem") -> Task:
    names = ", ".join("abcd"[: len(known[0])])
    cases: list[Known] = [(arguments, None) for arguments in known]
    return make_task(f'def f({names}):\n    """{statement}"""\n', "    return None\n", *cases, source=source)


def _shape(*values: Any) -> Shape:
    shape = Shape()
    for value in values:
        shape.learn(encode(value))
    return shape


@pytest.mark.parametrize(
    ("known", "fits", "does_not"),
    [
        ([1, 5], [1, 10**6], [0, -1, 1.0, True, "a", None, [1]]),
        ([0, 5], [0, 7], [-1]),
        ([-2], [-9, 0, 9], [0.5]),
        ([1.5], [1.0, 100.25], [-0.5, 1]),
        ([True], [False], [1]),
        ([1, None], [None, 3], ["a"]),
        (["ab"], ["", "cd", "zebra"], ["A", "a1", "a b"]),
        (["x-1"], ["-x1", "1-1"], ["y", "2"]),
        ([[1, 2]], [[], [7], [1, 2, 3]], [[0], ["a"], (1, 2), [[1]]]),
        ([[[1], [2]]], [[[3]], []], [[1]]),
        ([(1, "a")], [(2, "a")], [(1,), ("a", 1), (1, "a", 2)]),
        ([(1,), (1, 2)], [(4, 5, 6)], [("a",)]),
        ([{"a": 1, "b": "x"}], [{"a": 2, "b": "x"}], [{"a": 1}, {"a": "x", "b": "x"}]),
        ([{"ab": 1}, {"cd": 2}], [{"xy": 3}, {}], [{"ab": "x"}, {"A": 1}]),
        ([{1: "a"}, {2: "a"}], [{3: "a"}], [{"x": "a"}, {1: 1}]),
        ([{1, 2}], [{3}, set()], [{"a"}, [1]]),
        ([b"ab"], [b"ab"], [b"cd"]),
    ],
)
def test_what_no_known_value_shows_is_refused(known: list[Any], fits: list[Any], does_not: list[Any]) -> None:
    shape = _shape(*known)
    assert [value for value in (*known, *fits) if refusal(shape, encode(value))] == []
    assert [value for value in does_not if refusal(shape, encode(value)) is None] == []


def test_texts_that_look_like_a_choice_are_one() -> None:
    shape = _shape(["up", "down", "up", "up"], ["down", "up"])
    assert refusal(shape, encode(["down"])) is None
    assert refusal(shape, encode(["upp"])) == "input[0]: not one of the words that known inputs have"


@pytest.mark.parametrize(
    ("known", "relation", "breaking"),
    [
        ([([4, 5], 2), ([7], 1)], "b == len(a)", ([4], 2)),
        ([([4, 5], "xy"), ([7], "z")], "len(a) == len(b)", ([4], "xy")),
        ([([1, 4, 9],), ([2, 2],), ([0, 5],)], "a ascends", ([2, 1],)),
        ([([9, 4],), ([2, 1],), ([5, 0],)], "a descends", ([1, 2],)),
        ([([1, 9, 4],), ([7, 3, 5],), ([8, 2, 6],)], "a has distinct items", ([1, 1, 4],)),
        ([([[1, 2], [3, 4]],)], "a has rows of one length", ([[1, 2], [3]],)),
        ([([[1, 2], [3, 4]],), ([[1]],)], "a is square", ([[1, 2]],)),
        ([([[0, 1], [2, 0]], 3), ([[1, 0]], 2)], "items of a up to b", ([[0, 7]], 3)),
        ([([3, 1], 1), ([8, 9], 8), ([5, 6], 6)], "b in a", ([3, 1], 2)),
        ([(1, 2), (3, 9), (2, 2), (5, 8), (7, 8)], "a <= b", (3, 2)),
    ],
)
def test_relations_are_learnt_and_told_when_broken(
    known: list[tuple[Any, ...]], relation: str, breaking: tuple[Any, ...]
) -> None:
    inputs = [{name: encode(value) for name, value in zip("ab", each, strict=False)} for each in known]
    found = {each.name: each for each in learnt_relations(inputs)}
    assert relation in found
    broken = {name: encode(value) for name, value in zip("ab", breaking, strict=False)}
    assert found[relation].holds(broken) is False


def test_one_call_that_says_so_by_chance_makes_no_relation() -> None:
    known = [{"a": [1, 2], "b": 2, "c": "xy"}]
    assert learnt_relations(known) == []
    assert [each.name for each in learnt_relations(known, "The list is sorted.")] == ["a ascends"]


def test_relations_hold_in_all_that_is_made() -> None:
    space = _space(([4, 5, 1], 3), ([7], 1), ([2, 2], 2))
    made = vary(space, 3, 200)
    assert len(made) > 50
    assert all(len(call.inputs["a"]) == call.inputs["b"] for call in made)
    assert len({call.inputs["b"] for call in made}) > 3


def test_bounds_are_kept_and_reached() -> None:
    bounds = (
        InputBound("a", "value", 2, 50),
        InputBound("b", "length", 1, 4),
        InputBound("b", "item", -5, 5),
    )
    space = _space((7, [1, 2]), (9, [3]), bounds=bounds)
    made = vary(space, 1, 400)
    numbers = {call.inputs["a"] for call in made}
    items = {item for call in made for item in call.inputs["b"]}
    assert (min(numbers), max(numbers), min(items), max(items)) == (2, 50, -5, 5)
    assert {len(call.inputs["b"]) for call in made} == {1, 2, 3, 4}


def test_a_bound_by_the_name_of_another_argument_is_kept() -> None:
    bounds = (InputBound("b", "value", 1, maximum_name="len(a)"), InputBound("c", maximum_name="b"))
    made = vary(_space(([5, 6, 7], 2, 1), ([1], 1, 0), bounds=bounds), 1, 100)
    assert made
    assert all(call.inputs["c"] <= call.inputs["b"] <= len(call.inputs["a"]) for call in made)


def test_rows_come_empty_single_long_equal_sorted_and_reversed() -> None:
    made = [call.inputs["a"] for call in vary(_space(([3, 1, 2],), ([5, 4, 9, 1],)), 1, 300)]
    assert {len(row) for row in made} >= {0, 1, 2, 3, 4, 5, 6}
    assert [2, 1, 3] in made
    assert [1, 2, 3] in made
    assert [3, 2, 1] in made
    assert any(len(row) > 2 and len(set(row)) == 1 for row in made)


def test_all_that_is_made_is_new_legal_and_told_by_the_seed() -> None:
    space = _space((["ab", "c"], {"k": 1.5}, (1, None)), ([], {"k": -2.0}, (5, "x")))
    made = vary(space, 5, 150)
    assert len({call.text for call in made}) == len(made) == 150
    assert not {call.text for call in made} & {call.text for call in space.calls}
    assert [call for call in made if space.refusal(call)] == []
    assert made == vary(space, 5, 150)
    assert made != vary(space, 6, 150)


def test_every_kind_of_value_can_be_varied() -> None:
    values = (3, 2.5, "ab", True, [1], (1, 2), {1}, {"a": 1}, {1: 2}, None, range(3), b"x")
    space = input_space(
        make_task("def f(*a):\n", "    return None\n", (values, None), (values[::-1], None), source="project")
    )
    made = vary(space, 1, 300)
    assert len(made) == 300
    assert [call for call in made if space.refusal(call)] == []
    assert all(is_encoding(tree) for call in made for tree in call.inputs.values())


def test_dictionaries_keep_the_encoding_that_their_keys_decide() -> None:
    space = _space(({"a": 1},), ({1: 2, "b": 3},), ({},), ({(1, 2): 5},))
    made = [call.inputs["a"] for call in vary(space, 1, 300)]
    assert [tree for tree in made if not is_encoding(tree)] == []
    kinds = {str(next(iter(tree)) if tree else "") for tree in made}
    assert "$dict" in kinds
    assert len(kinds) > 2
    assert all(isinstance(key, str) for tree in made for key in tree)


def test_constants_of_the_reference_are_tried() -> None:
    task = make_task("def f(a):\n", "    return a == 7321\n", ((4,), False))
    assert 7321 in {call.inputs["a"] for call in vary(input_space(task), 1, 60)}


def test_defaults_that_no_call_replaced_are_varied_within_what_they_are_compared_with() -> None:
    task = make_task(
        "def f(a, kind='x', *, loud=False):\n", "    return a if kind in ('x', 'y') else loud\n", ((4,), 4)
    )
    made = vary(input_space(task), 1, 200)
    assert {call.inputs.get("kind") for call in made} == {None, "x", "y"}
    assert {call.inputs.get("loud") for call in made} == {None, True, False}
    case = next(call for call in made if "kind" in call.inputs).as_case(task.tests[0])
    assert case.arguments == [case.arguments[0]]
    assert "kind" in case.keyword_arguments
    assert case.origin == "generated"


def test_functions_of_projects_get_more_characters_than_problems() -> None:
    problem, project = (_space(("ab",), ("ba",), source=source) for source in ("problem", "project"))
    call = Call({"a": "A1"}, 1)
    assert problem.refusal(call) is not None
    assert project.refusal(call) is None


@pytest.mark.parametrize(
    ("statement", "solution", "legal"),
    [
        ("Count the stars, `*`.", "    return a.count('*')\n", True),
        ("Count them.", "    return a.count('*')\n", False),
        ("Stars are shown as `*`.", "    return '*' + a\n", False),
    ],
)
def test_a_character_is_legal_that_the_solution_asks_for_and_the_statement_has(
    statement: str, solution: str, legal: bool
) -> None:
    task = make_task(f'def f(a):\n    """{statement}"""\n', solution, (("ab",), None), (("ba",), None))
    space = input_space(task)
    assert (space.refusal(Call({"a": "a*b"}, 1)) is None) is legal
    assert any("*" in call.inputs["a"] for call in vary(space, 1, 200)) is legal


def test_numbers_that_the_solution_asks_about_are_legal_and_those_of_loops_are_not() -> None:
    asking = "    if a == 0:\n        return None\n    return [x for x in b if x > -4]\n"
    looping = "    while a > 0:\n        a -= 1\n    return b\n"
    spaces = [
        input_space(make_task("def f(a, b):\n", solution, ((5, [2, 3]), None)))
        for solution in (asking, looping)
    ]
    calls = [Call({"a": a, "b": b}, 2) for a, b in ((0, [2]), (5, [-5]), (-7, [2]), (5, [-9]))]
    assert [[space.refusal(call) is None for call in calls] for space in spaces] == [
        [True, True, False, False],
        [False] * 4,
    ]


def test_bounds_that_known_calls_contradict_are_not_believed() -> None:
    bounds = (InputBound("a", "value", 1, 5), InputBound("b", "length", 3, 9))
    space = _space((7, [4]), bounds=bounds)
    assert space.refusal(Call({"a": 30, "b": [4, 4]}, 2)) is None


def test_lines_of_a_grid_keep_one_length_and_are_no_choice_of_words() -> None:
    space = _space((["  #", "# #", "  #", "  #", "  #", "  #"],), (["  #", "  #"],))
    made = vary(space, 2, 150)
    assert all(len({len(line) for line in call.inputs["a"]}) <= 1 for call in made)
    lines = {line for call in made for line in call.inputs["a"]}
    assert len(lines) > 10
    assert len({len(line) for line in lines}) > 1


def test_words_and_numbers_within_texts_are_varied() -> None:
    made = [call.inputs["a"] for call in vary(_space(("move 7 left",), ("halt 10",)), 1, 400)]
    assert any(re.fullmatch(r"move \d+ left", text) for text in made)
    assert any(text.split().count("left") == 2 for text in made)
    assert any("left" not in text and text.startswith("move") for text in made)


def test_calls_beyond_the_known_ones_break_what_was_learnt_from_them() -> None:
    space = _space(("abc", "xyz", 4), ("ab", "yx", 9))
    made = calls_beyond(space, 1, 60)
    assert [call for call in made if space.refusal(call) is None] == []
    assert made == calls_beyond(space, 1, 60)
    assert {0, -1} <= {call.inputs["c"] for call in made}
    assert any(len(call.inputs["a"]) != len(call.inputs["b"]) for call in made)


def test_every_other_call_is_made_from_those_worth_going_on_from() -> None:
    space = _space((5, "abc"), (9, "cab"))
    far = Call({"a": 10**9, "b": "ccccaaaabbbb" * 3}, 2)
    made = vary(space, 1, 100, [far])
    near = [call for call in made if call.inputs["a"] == 10**9 or len(call.inputs["b"]) > 20]
    assert 20 < len(near) < 80


def test_generated_cases_teach_nothing() -> None:
    task = make_task("def f(a):\n", "    return a\n", ((-4,), -4), origin="generated")
    assert input_space(task).calls == []
    assert vary(input_space(task), 1, 10) == []


def test_what_has_nothing_to_vary_ends() -> None:
    assert vary(_space((b"x",)), 1, 10) == []
    assert len(vary(_space((True,), (False,)), 1, 10)) == 0
    assert vary(input_space(CLAMP), 1, 0) == []
