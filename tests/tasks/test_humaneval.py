"""The HumanEval format: rendered checks, run as openai/human-eval runs them, and the importer."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.equality import EXACT, FLOAT_TOLERANCE, Comparator, equal
from tasks.files import BadFile, write_json_lines
from tasks.humaneval import HumanEvalRow, read_humaneval, render_check, to_row
from tasks.python_source import NotRenderable, SourceRenderer
from tasks.record import Expected, Provenance, Task, TestCase
from tasks.value_encoding import encode, to_text
from tests.tasks.fixed_values import Pair, Simple, fixed_values, float_from_bits
from tests.tasks.values import encode_without_limits, holds_nan, value_of, values

HUMAN_EVAL = Path(__file__).parents[3] / "shared" / "data" / "HumanEval.jsonl.gz"

DECODING = """
import json as _json
from tasks.value_decoding import decode as _decode
from tasks.value_encoding import resolve_import as _resolve
import tests.tasks.fixed_values
"""


ENCODING = """
from tasks.value_encoding import Encoder, to_text

def f(value):
    return to_text(Encoder(max_nodes=10**9, max_characters=10**9).encode(value))
"""


def encoded(value: object) -> Any:
    return encode(value)


def failure(program: str, check: str, entry_point: str = "f") -> BaseException | None:
    """What openai/human-eval 1.0.3 sees (``human_eval.execution.unsafe_execute``)."""
    try:
        exec(f"{program}\n{check}\ncheck({entry_point})", {})  # noqa: S102 - made by this test
    except BaseException as error:
        return error
    return None


def passes(program: str, *cases: TestCase, helpers: str = "") -> bool:
    """Whether a program passes; an error that is no ``AssertionError`` of the check is shown."""
    error = failure(program, render_check(list(cases), helpers))
    if error is not None and not isinstance(error, AssertionError):
        raise error
    return error is None


def call(
    *arguments: object,
    returned: object = None,
    comparator: Comparator = EXACT,
    after: list[object] | None = None,
    **keywords: object,
) -> TestCase:
    """A case of a call with these arguments that returns a value."""
    expected = Expected(
        "returned", encode(returned), arguments_after=None if after is None else encoded(after)
    )
    return TestCase(
        [*map(encode, arguments)], {k: encode(v) for k, v in keywords.items()}, expected, comparator
    )


def raising(*arguments: object, exception: str | None, after: list[object] | None = None) -> TestCase:
    expected = Expected(
        "raised", exception=exception, arguments_after=None if after is None else encoded(after)
    )
    return TestCase([*map(encode, arguments)], {}, expected)


def yielding(*arguments: object, values: list[object], exhausted: bool = True, **parts: Any) -> TestCase:
    expected = Expected("yielded", encode(values), exhausted=exhausted)
    return TestCase([*map(encode, arguments)], {}, expected, **parts)


def returning(tree: object) -> str:
    """A program whose function returns a fresh value of that encoding."""
    return f"{DECODING}\ndef f():\n    return _decode(_json.loads({to_text(tree)!r}), _resolve)\n"


def returned_case(tree: object, comparator: Comparator = EXACT) -> TestCase:
    return TestCase([], {}, Expected("returned", tree), comparator)


def is_renderable(tree: object) -> bool:
    try:
        SourceRenderer().render(tree)
    except NotRenderable:
        return False
    return True


# --- every kind of value --------------------------------------------------------------------------

RENDERABLE = [name for name, value in fixed_values().items() if is_renderable(encode(value))]
SELF_EQUAL = [name for name in RENDERABLE if not holds_nan(fixed_values()[name])]


def test_all_but_instances_and_nans_have_an_expression() -> None:
    missing = {
        name for name in fixed_values().keys() - set(RENDERABLE) if not holds_nan(fixed_values()[name])
    }
    assert missing
    assert all("$object" in to_text(encode(fixed_values()[name])) for name in missing)


@pytest.mark.parametrize("name", SELF_EQUAL)
@pytest.mark.parametrize("comparator", [EXACT, FLOAT_TOLERANCE], ids=["exact", "tolerance"])
def test_each_kind_of_value_passes_as_itself_only(name: str, comparator: Comparator) -> None:
    tree = encode(fixed_values()[name])
    case = returned_case(tree, comparator)
    assert passes(returning(tree), case)
    assert not passes("def f():\n    return object()\n", case)
    assert not passes("def f():\n    return 'another'\n", case)
    assert not passes("def f():\n    return None\n", case) or tree is None


@pytest.mark.parametrize("name", RENDERABLE)
def test_each_kind_of_value_arrives_as_an_argument(name: str) -> None:
    tree = encode(fixed_values()[name])
    assert passes(ENCODING, TestCase([tree], {}, Expected("returned", encode(to_text(tree)))))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="nan"),
        pytest.param([1, (math.nan,)], id="nested nan"),
        pytest.param(complex(math.nan, 1), id="complex nan"),
        pytest.param({math.nan}, id="nan in a set"),
        pytest.param({math.nan: 1}, id="nan as a key"),
        pytest.param(collections.deque([math.nan]), id="nan in a deque"),
        pytest.param(collections.OrderedDict(a=math.nan), id="nan in an ordered dict"),
        pytest.param(fixed_values()["decimal nan"], id="decimal nan"),
        pytest.param(fixed_values()["decimal signaling nan"], id="signaling nan"),
    ],
)
@pytest.mark.parametrize("comparator", [EXACT, FLOAT_TOLERANCE], ids=["exact", "tolerance"])
def test_nan_passes_or_is_not_renderable(value: object, comparator: Comparator) -> None:
    """The trusted comparison holds every NaN equal; a check that says otherwise loses its task."""
    tree = encode(value)
    try:
        render_check([returned_case(tree, comparator)])
    except NotRenderable:
        return
    assert failure(returning(tree), render_check([returned_case(tree, comparator)])) is None


@pytest.mark.parametrize("value", [Simple(a=1), [{"a": (Simple(),)}], float_from_bits(0x7FF8000000000001)])
def test_values_without_an_expression_are_not_renderable(value: object) -> None:
    with pytest.raises(NotRenderable):
        render_check([call(value)])
    with pytest.raises(NotRenderable):
        render_check([call(returned=value)])
    with pytest.raises(NotRenderable):
        render_check([call(after=[value])])
    with pytest.raises(NotRenderable):
        render_check([yielding(values=[value])])


@pytest.mark.parametrize(
    "name", ["task:f.<locals>.Error", "task:<lambda>", "builtins:", "task:a b", "task:class", "os:x;y"]
)
def test_names_that_are_no_names_are_not_renderable(name: str) -> None:
    with pytest.raises(NotRenderable):
        render_check([raising(exception=name)])
    with pytest.raises(NotRenderable):
        SourceRenderer().render({"$ref": name})


def test_the_deepest_values_stay_within_what_python_parses() -> None:
    wraps: list[Callable[[Any], Any]] = [
        lambda inner: [inner],
        lambda inner: (inner,),
        lambda inner: {"a": inner},
        lambda inner: collections.OrderedDict([(1, inner)]),
        lambda inner: collections.deque([inner]),
        lambda inner: collections.defaultdict(None, {1: inner}),
        lambda inner: frozenset([inner]),
    ]
    for wrap in wraps:
        value: Any = 0
        for _ in range(60):
            value = wrap(value)
        tree = encode(value)
        try:
            check = render_check([returned_case(tree)])
        except NotRenderable:
            continue
        assert failure(returning(tree), check) is None, type(value)


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(values.filter(lambda value: not holds_nan(value)), st.sampled_from([EXACT, FLOAT_TOLERANCE]))
def test_a_function_that_returns_the_value_passes(value: Any, comparator: Comparator) -> None:
    tree = encode_without_limits(value)
    if is_renderable(tree):
        assert passes(returning(tree), returned_case(tree, comparator))


@settings(max_examples=300, deadline=None)
@given(values)
def test_an_argument_has_the_encoding_that_it_was_rendered_from(value: Any) -> None:
    tree = encode_without_limits(value)
    if is_renderable(tree):
        assert passes(
            ENCODING, TestCase([tree], {}, Expected("returned", encode_without_limits(to_text(tree))))
        )


def other_types(value: Any) -> list[Any]:
    """Values that look like ``value`` and are of another type."""
    others: list[Any] = [[value], (value,), str(value), {"value": value}, None, True, ...]
    if isinstance(value, (int, float)) and abs(value) < 2**53:
        others += [float(value), complex(value), bool(value)]
    if isinstance(value, str):
        others += [value.encode("utf-8", "surrogatepass"), list(value)]
    if isinstance(value, (bytes, bytearray)):
        others += [bytes(value), bytearray(value), list(value)]
    if isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        others += [list(value), tuple(value), collections.deque(value), dict.fromkeys(range(len(value)))]
    if isinstance(value, dict):
        others += [dict(value), collections.OrderedDict(value), list(value.items())]
    return others


@settings(max_examples=200, deadline=None)
@given(values.filter(lambda value: not holds_nan(value)), st.data())
def test_a_function_that_returns_another_value_fails_where_python_says_so(
    value: Any, data: st.DataObject
) -> None:
    tree = encode_without_limits(value)
    if not is_renderable(tree):
        return
    other = data.draw(st.sampled_from(other_types(value)) | values)
    other_tree = encode_without_limits(other)
    if value is None or value is True or value is False:
        same = other is value  # rendered with ``is``, as a person would write it
    else:
        same = bool(value_of(to_text(other_tree)) == value)
    assert passes(returning(other_tree), returned_case(tree)) is same


_numbers = st.one_of(
    st.floats(-2, 2).map(lambda number: round(number, 7)),
    st.sampled_from(
        [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, 1.0 + 5e-7, 1.0 + 5e-6, 5e-9, 1e9, 1e9 + 1]
    ),
    st.integers(-1, 1),
    st.booleans(),
    st.none(),
    st.sampled_from(["", "a"]),
)
_tolerant_values = st.recursive(
    _numbers
    | st.builds(complex, st.sampled_from([0.0, 1.0, 1.0 + 5e-7, math.nan]), st.sampled_from([0.0, 1e-9])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.lists(inner, max_size=2).map(tuple),
        st.dictionaries(st.sampled_from(["a", "b", 1]), inner, max_size=2),
    ),
    max_leaves=3,
)


def nudged(draw: st.DrawFn, value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(nudged(draw, item) for item in value)
    if type(value) is dict:
        return {key: nudged(draw, item) for key, item in reversed(value.items())}
    if type(value) is float:
        return value * draw(st.sampled_from([1.0, 1 + 5e-7, 1 + 5e-6])) + draw(
            st.sampled_from([0.0, 5e-9, 5e-8])
        )
    return value


@st.composite
def close_pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    value = draw(_tolerant_values)
    return value, nudged(draw, value)


@settings(max_examples=400, deadline=None)
@given(close_pairs() | st.tuples(_tolerant_values, _tolerant_values))
def test_with_a_tolerance_check_and_trusted_comparison_agree(pair: tuple[Any, Any]) -> None:
    expected, actual = map(encode, pair)
    assert passes(returning(actual), returned_case(expected, FLOAT_TOLERANCE)) is equal(
        expected, actual, FLOAT_TOLERANCE
    )


# --- float tolerance ------------------------------------------------------------------------------

NEAR, FAR = 1.0 + 5e-7, 1.0 + 5e-6


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda number: number, id="alone"),
        pytest.param(lambda number: [1, (number,)], id="list"),
        pytest.param(lambda number: {"a": {1: number}}, id="dict"),
        pytest.param(lambda number: complex(0, number), id="complex"),
        pytest.param(lambda number: collections.OrderedDict(a=number), id="ordered dict"),
        pytest.param(lambda number: collections.defaultdict(None, {"a": number}), id="defaultdict"),
        pytest.param(lambda number: collections.Counter({"a": number}), id="counter"),
        pytest.param(lambda number: Pair(number, 0), id="namedtuple"),
        pytest.param(lambda number: collections.deque([number]), id="deque"),
        pytest.param(lambda number: {number}, id="set"),
        pytest.param(lambda number: [{10 * number, 5.0}], id="set whose items' texts change places"),
    ],
)
def test_tolerance_holds_at_every_place(wrap: Callable[[float], Any]) -> None:
    case = returned_case(encode(wrap(1.0)), FLOAT_TOLERANCE)
    for number, close in ((1.0, True), (NEAR, True), (2 - NEAR, True), (FAR, False), (2 - FAR, False)):
        actual = encode(wrap(number))
        assert equal(case.expected.value, actual, FLOAT_TOLERANCE) is close
        assert passes(returning(actual), case) is close


def test_each_item_of_a_set_counts_once() -> None:
    case = returned_case(encode({1.0, 1.0 + 1e-7}), FLOAT_TOLERANCE)
    assert passes(returning(encode({1.0, 1.0 + 2e-7})), case)
    assert not passes(returning(encode({1.0, 5.0})), case)


def test_each_case_has_its_own_tolerance() -> None:
    program = "def f(wide):\n    return 110.0 if wide else 1.0\n"
    wide = call(True, returned=100.0, comparator=Comparator("float_tolerance", rtol=0.5))
    narrow = call(False, returned=1.1, comparator=Comparator("float_tolerance", rtol=1e-9))
    exact = call(False, returned=1.1)
    assert passes(program, wide)
    assert not passes(program, narrow)
    assert not passes(program, wide, narrow)
    assert not passes(program, narrow, wide)
    assert not passes(program, wide, exact)


def test_with_a_tolerance_types_and_order_stay_strict() -> None:
    tolerant: Any = {"comparator": FLOAT_TOLERANCE}
    assert not passes("def f():\n    return 1\n", call(returned=1.0, **tolerant))
    assert not passes("def f():\n    return [1.0]\n", call(returned=(1.0,), **tolerant))
    assert not passes("def f():\n    return [1.0, 1.0]\n", call(returned=[1.0], **tolerant))
    assert not passes("def f():\n    return True\n", call(returned=1, **tolerant))
    program = "import collections\ndef f():\n    return collections.OrderedDict(b=2.0, a=1.0)\n"
    assert passes(program, call(returned=collections.OrderedDict(b=2.0, a=1.0), **tolerant))
    assert not passes(program, call(returned=collections.OrderedDict(a=1.0, b=2.0), **tolerant))


def test_nan_and_infinities_pass_as_themselves() -> None:
    for number in (math.nan, math.inf, -math.inf):
        for other in (math.nan, math.inf, -math.inf, 0.0, 1e308):
            case = returned_case(encode([number, (number,)]), FLOAT_TOLERANCE)
            same = number == other or (number != number and other != other)
            assert passes(returning(encode([other, (other,)])), case) is same


# --- outcomes -------------------------------------------------------------------------------------


def test_the_returned_value_is_compared_for_every_case() -> None:
    cases = [call(1, 2, returned=3), call(0, -1, returned=-1), call([], [1], returned=[1])]
    assert passes("def f(a, b):\n    return a + b\n", *cases)
    for case in cases:
        wrong = f"def f(a, b):\n    return object() if b == {case.arguments[1]!r} else a + b\n"
        assert not passes(wrong, *cases)


@pytest.mark.parametrize(("value", "other"), [(None, False), (True, 1), (False, 0), (True, [1])])
def test_none_and_booleans_are_themselves_only(value: Any, other: Any) -> None:
    assert passes(f"def f():\n    return {value!r}\n", call(returned=value))
    assert not passes(f"def f():\n    return {other!r}\n", call(returned=value))


def test_no_cases_pass_everything() -> None:
    assert failure("def f():\n    return 1\n", render_check([])) is None


def test_all_values_of_an_exhausted_generator_are_compared() -> None:
    case = yielding(3, values=[0, 1, 2])
    assert passes("def f(n):\n    yield from range(n)\n", case)
    assert not passes("def f(n):\n    yield from range(n + 1)\n", case)
    assert not passes("def f(n):\n    yield from range(n - 1)\n", case)
    assert not passes("def f(n):\n    yield from reversed(range(n))\n", case)
    assert not passes("import itertools\ndef f(n):\n    return itertools.count()\n", case)
    assert passes("def f(n):\n    return\n    yield\n", yielding(3, values=[]))
    assert not passes("def f(n):\n    yield\n", yielding(3, values=[]))


def test_only_the_first_values_of_a_partial_generator_are_compared() -> None:
    case = yielding(values=[0, 1, 2], exhausted=False)
    assert passes("import itertools\ndef f():\n    yield from itertools.count()\n", case)
    assert passes("def f():\n    yield from range(3)\n    raise ValueError\n", case)
    assert not passes("def f():\n    yield from range(2)\n", case)
    assert not passes("import itertools\ndef f():\n    yield from itertools.count(1)\n", case)


def test_yielded_floats_have_a_tolerance() -> None:
    case = yielding(values=[1.0, [2.0]], comparator=FLOAT_TOLERANCE)
    assert passes("def f():\n    yield 1.0000005\n    yield [2.0000005]\n", case)
    assert not passes("def f():\n    yield 1.0000005\n    yield [2.00005]\n", case)


def test_the_type_of_the_raised_exception_counts() -> None:
    case = raising(0, exception="builtins:ZeroDivisionError")
    assert passes("def f(n):\n    return 1 / n\n", case)
    assert not passes("def f(n):\n    return n\n", case)
    assert isinstance(failure("def f(n):\n    raise KeyError\n", render_check([case])), KeyError)


def test_an_expected_assertion_error_is_told_from_a_failed_check() -> None:
    case = raising(exception="builtins:AssertionError")
    assert passes("def f():\n    assert False\n", case)
    assert not passes("def f():\n    pass\n", case)


@pytest.mark.parametrize(
    ("exception", "raising_line"),
    [
        ("builtins:SystemExit", "raise SystemExit(1)"),
        ("builtins:KeyboardInterrupt", "raise KeyboardInterrupt"),
        ("json.decoder:JSONDecodeError", "import json; json.loads('{')"),
        ("task:Wrong", "raise Wrong"),
        ("task:Outer.Inner", "raise Outer.Inner"),
        (None, "raise ValueError"),
    ],
)
def test_exceptions_are_found_where_they_are_defined(exception: str | None, raising_line: str) -> None:
    definitions = (
        "class Wrong(Exception):\n    pass\nclass Outer:\n    class Inner(Exception):\n        pass\n"
    )
    case = raising(exception=exception)
    assert passes(f"{definitions}def f():\n    {raising_line}\n", case)
    assert not passes(f"{definitions}def f():\n    pass\n", case)


def test_changed_arguments_are_compared() -> None:
    case = call([2, 1], "x", returned=None, after=[[1, 2], "x"])
    assert passes("def f(items, x):\n    items.sort()\n", case)
    assert not passes("def f(items, x):\n    pass\n", case)
    assert not passes("def f(items, x):\n    items = sorted(items)\n", case)
    assert not passes("def f(items, x):\n    items.sort()\n    return items\n", case)


def test_changed_arguments_beside_keywords_are_compared() -> None:
    case = call([1], returned=1, after=[[1, 2]], value=2)
    assert passes("def f(items, value):\n    items.append(value)\n    return 1\n", case)
    assert not passes("def f(items, value):\n    items.append(1)\n    return 1\n", case)


def test_arguments_changed_by_a_generator_are_compared_after_its_end() -> None:
    expected = Expected("yielded", encode([1, 2]), arguments_after=encoded([[]]))
    case = TestCase([[1, 2]], {}, expected)
    assert passes("def f(items):\n    while items:\n        yield items.pop(0)\n", case)
    assert not passes("def f(items):\n    yield from items\n", case)


def test_arguments_changed_before_an_exception_are_compared() -> None:
    case = raising([1], exception="builtins:ValueError", after=[[]])
    assert passes("def f(items):\n    items.clear()\n    raise ValueError\n", case)
    assert not passes("def f(items):\n    raise ValueError\n", case)


def test_changed_floats_have_a_tolerance() -> None:
    case = call([1.0], after=[[3.0]], comparator=FLOAT_TOLERANCE)
    assert passes("def f(items):\n    items[0] = 3.0000005\n", case)
    assert not passes("def f(items):\n    items[0] = 3.00005\n", case)


def test_one_case_does_not_see_the_changes_of_another() -> None:
    case = call([1], returned=2, after=[[1, 2]])
    assert passes("def f(items):\n    items.append(2)\n    return len(items)\n", case, case)


@pytest.mark.parametrize(
    "name",
    [
        *("class", "def", "None", "True", "lambda", "__debug__", "not a name", "", "$tuple", "$", "self"),
        *("match", "candidate", "arguments", "\ufb01"),
    ],
)
def test_any_text_may_be_a_keyword(name: str) -> None:
    """Where a function takes ``**keywords``; U+FB01 is another name once Python has normalised it."""
    program = "def f(**keywords):\n    return keywords\n"
    for keywords in ({name: [1]}, {name: 1, "other": (2,)}):
        case = TestCase(
            [], {k: encode(v) for k, v in keywords.items()}, Expected("returned", encode(keywords))
        )
        assert passes(program, case)
        assert not passes("def f(**keywords):\n    return {}\n", case)


def test_keywords_are_passed_beside_arguments() -> None:
    case = call(1, returned=[1, 2, 3], b=2, c=3)
    assert passes("def f(a, /, b, *, c):\n    return [a, b, c]\n", case)
    assert not passes("def f(a, /, b, *, c):\n    return [a, c, b]\n", case)


# --- names ----------------------------------------------------------------------------------------


def test_imports_of_the_check_leave_the_names_of_the_program_alone() -> None:
    program = (
        "from datetime import datetime\nimport decimal as math\nfrom fractions import Fraction as fractions\n"
        "collections = itertools = 'mine'\n"
        "def f(day):\n"
        "    assert collections == itertools == 'mine' and fractions(1, 2) and math.Decimal(1)\n"
        "    yield datetime.fromisoformat(day).date()\n"
    )
    day = datetime.date(2024, 1, 31)
    cases = [
        yielding("2024-01-31", values=[day], comparator=FLOAT_TOLERANCE),
        yielding("2024-01-31", values=[day]),
    ]
    assert passes(program, *cases)
    wrong = [yielding("2024-01-30", values=[day])]
    assert not passes(program, *wrong)


def test_the_check_defines_nothing_but_itself() -> None:
    check = render_check([call(returned=value) for value in map(fixed_values().get, SELF_EQUAL)], "x = 1\n")
    namespace: dict[str, Any] = {}
    exec(check, namespace)  # noqa: S102 - made by this test
    assert namespace.keys() - {"__builtins__"} == {"check"}


def test_values_name_what_the_program_defines() -> None:
    program = (
        "import enum, typing\n"
        "class Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
        "class Point(typing.NamedTuple):\n    x: int\n    y: Color\n"
        "def twice(n):\n    return 2 * n\n"
        "def f(point, function):\n    return Point(function(point.x), Color.BLUE)\n"
    )
    red, blue = {"$enum": ["task:Color", "RED"]}, {"$enum": ["task:Color", "BLUE"]}
    arguments = [{"$namedtuple": ["task:Point", [1, red]]}, {"$ref": "task:twice"}]
    for expected, result in ((blue, True), (red, False)):
        value = {"$namedtuple": ["task:Point", [2, expected]]}
        assert passes(program, TestCase(arguments, {}, Expected("returned", value))) is result


HELPERS = """\
from enum import Enum

class Color(Enum):
    RED = 1

class Wrong(Exception):
    pass
"""


def test_helpers_define_what_values_name() -> None:
    case = TestCase(
        [{"$enum": ["task:Color", "RED"]}], {}, Expected("returned", [{"$enum": ["task:Color", "RED"]}])
    )
    assert passes("def f(color):\n    return [color]\n", case, helpers=HELPERS)
    assert not passes("def f(color):\n    return color\n", case, helpers=HELPERS)


def test_helpers_stay_out_of_the_program() -> None:
    program = "Color = 'mine'\ndef f(_):\n    return Color\n"
    case = TestCase([{"$enum": ["task:Color", "RED"]}], {}, Expected("returned", "mine"))
    assert passes(program, case, helpers=HELPERS)


def test_helpers_may_use_each_other_and_the_program() -> None:
    helpers = "def first():\n    return BASE\n\ndef second(n):\n    return first() + n\n"
    program = "BASE = 10\ndef f(function):\n    return function(1)\n"
    case = TestCase([{"$ref": "task:second"}], {}, Expected("returned", 11))
    assert passes(program, case, helpers=helpers)


# --- rows -----------------------------------------------------------------------------------------


def make_task(**parts: Any) -> Task:
    standard: dict[str, Any] = {
        "task_id": "sum/1",
        "prompt": 'def add(a, b):\n    """Add."""\n',
        "entry_point": "add",
        "canonical_solution": "    return a + b\n",
        "tests": [call(1, 2, returned=3)],
        "provenance": Provenance("project", "sum"),
    }
    return Task(**{**standard, **parts})


def test_a_row_runs_in_the_harness_and_tells_right_from_wrong() -> None:
    row = to_row(make_task())
    assert failure(row.prompt + row.canonical_solution, row.test, row.entry_point) is None
    assert isinstance(failure(row.prompt + "    return a - b\n", row.test, "add"), AssertionError)


def test_an_imported_check_is_kept_as_it_is() -> None:
    assert to_row(make_task(check="def check(c): pass\n")).test == "def check(c): pass\n"
    assert to_row(make_task(check="")).test == ""


def test_recorded_cases_and_helpers_are_rendered() -> None:
    task = make_task(test_helpers="x = 1\n")
    assert to_row(task).test == render_check(task.tests, "x = 1\n")


def test_the_text_of_a_check_stays_as_it_is() -> None:
    cases = [
        call(1, returned=[2.5], b="x"),
        raising(exception="builtins:ValueError"),
    ]
    assert render_check(cases) == (
        "\n\ndef check(candidate):\n"
        "    assert candidate(1, b='x') == [2.5]\n"
        "    try:\n"
        "        candidate()\n"
        "    except ValueError:\n"
        "        pass\n"
        "    else:\n"
        "        raise AssertionError('expected ValueError')\n"
    )


@pytest.mark.skipif(not HUMAN_EVAL.exists(), reason="HumanEval is not on this machine")
def test_human_eval_is_read_and_written_back_as_it_is() -> None:
    rows = [json.loads(line) for line in gzip.decompress(HUMAN_EVAL.read_bytes()).splitlines()]
    tasks = list(read_humaneval(HUMAN_EVAL))
    assert len(tasks) == 164
    assert [dataclasses.asdict(to_row(task)) for task in tasks] == rows
    assert {task.provenance.source for task in tasks} == {"HumanEval.jsonl.gz"}
    assert all(task.tests == [] for task in tasks)


@pytest.mark.skipif(not HUMAN_EVAL.exists(), reason="HumanEval is not on this machine")
def test_references_of_human_eval_pass_their_own_checks() -> None:
    tasks = [task for task in read_humaneval(HUMAN_EVAL) if task.task_id in ("HumanEval/0", "HumanEval/163")]
    assert len(tasks) == 2
    for task in tasks:
        assert failure(task.program, to_row(task).test, task.entry_point) is None
        assert failure(task.prompt + "    return 1\n", to_row(task).test, task.entry_point) is not None


def test_rows_written_by_hand_are_read_with_their_place_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    row = HumanEvalRow("a", "def f():\n", "f", "    return '\u2028'\n", "def check(c): pass\n")
    write_json_lines(path, [row])
    assert [to_row(task) for task in read_humaneval(path)] == [row]
    write_json_lines(path, [row, {"task_id": "b"}])
    with pytest.raises(BadFile, match=r"tasks\.jsonl:2: .*missing required field"):
        list(read_humaneval(path))
