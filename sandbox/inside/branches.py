"""Which branches of a program its calls take, told by the bytecode that runs.

A branch is one outcome of a condition: of an ``if``, a loop, an operand of ``and`` and ``or``, a filter in a
comprehension. Conditions that the compiler makes two of (a ``while`` is tested at both ends) count once.
Not counted: failing assertions, exceptions that no clause matches, and what runs at import.
"""

from __future__ import annotations

import dis
import sys
import types
from typing import Any, Callable, Iterator, NamedTuple

_OPTIMIZED = 0x1  # a function's code, not a class body's or a module's
_MATCHES = ("CHECK_EXC_MATCH", "CHECK_EG_MATCH", "WITH_EXCEPT_START", "JUMP_IF_NOT_EXC_MATCH")
_BETWEEN = ("EXTENDED_ARG", "TO_BOOL", "COPY", "UNARY_NOT", "NOT_TAKEN", "CACHE")
_AFTER_LOOP = ("END_FOR", "POP_TOP", "POP_ITER")


class _Condition(NamedTuple):
    """Where execution goes on after a conditional jump, and the branches that these are."""

    straight: int
    jumped: set[int]
    if_straight: int
    if_jumped: int


class BranchWatch:
    """Tells the branches taken below ``first_line`` of a program that is loaded as ``task.py``."""

    def __init__(self, program: str, first_line: int) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._conditions: dict[types.CodeType, dict[int, _Condition]] = {}
        # as the program itself is compiled (also with this module's __future__), so that code is equal
        for code in _functions(compile(program, "task.py", "exec")):
            found = dict(self._find(code, first_line))
            if found:
                self._conditions[code] = found
        self._waiting: dict[int, _Condition] = {}
        self._taken: set[int] = set()

    @property
    def total(self) -> int:
        """How many branches there are."""
        return len(self._numbers)

    def run(self, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The outcome that an action gives, with the numbers of the branches it took."""
        self._taken = set()
        self._waiting = {}
        watched = self._watched_by_tracing if sys.version_info < (3, 12) else self._watched_by_monitoring
        outcome = watched(action)
        return {**outcome, "branches": sorted(self._taken)}

    def _watched_by_monitoring(self, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        monitoring: Any = getattr(sys, "monitoring")  # noqa: B009
        names = ("BRANCH", "BRANCH_LEFT", "BRANCH_RIGHT")
        events = [getattr(monitoring.events, name) for name in names if hasattr(monitoring.events, name)]
        if len(events) == len(names):
            events = events[1:]  # the first is what the other two were before
        monitoring.use_tool_id(monitoring.COVERAGE_ID, "branches")
        for event in events:
            monitoring.register_callback(monitoring.COVERAGE_ID, event, self._branch)
        monitoring.set_events(monitoring.COVERAGE_ID, sum(events))
        try:
            return action()
        finally:
            monitoring.set_events(monitoring.COVERAGE_ID, 0)
            monitoring.free_tool_id(monitoring.COVERAGE_ID)

    def _branch(self, code: types.CodeType, offset: int, destination: int) -> None:
        condition = self._conditions.get(code, {}).get(offset)
        if condition is not None:
            self._went(condition, destination)

    def _went(self, condition: _Condition, here: int) -> None:
        if here == condition.straight:
            self._taken.add(condition.if_straight)
        elif here in condition.jumped:
            self._taken.add(condition.if_jumped)

    def _watched_by_tracing(self, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        sys.settrace(self._enter)
        try:
            return action()
        finally:
            sys.settrace(None)

    def _enter(self, frame: types.FrameType, event: str, _: Any) -> Any:
        conditions = self._conditions.get(frame.f_code)
        if conditions is None:
            return None
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        key = id(frame)  # a reference to the frame would keep its values alive

        def follow(frame: types.FrameType, event: str, _: Any) -> Any:
            if event == "opcode":
                here = frame.f_lasti
                condition = self._waiting.pop(key, None)
                following = conditions.get(here)
                if condition is not None and condition is not following:
                    self._went(condition, here)
                if following is not None:
                    self._waiting[key] = following
            elif event == "return":
                self._waiting.pop(key, None)
            return follow

        return follow

    def _find(self, code: types.CodeType, first_line: int) -> Iterator[tuple[int, _Condition]]:
        instructions = list(dis.get_instructions(code))
        lines = dict(dis.findlinestarts(code))
        places = {instruction.offset: index for index, instruction in enumerate(instructions)}
        line = 0
        for index, jump in enumerate(instructions[:-1]):
            line = lines.get(jump.offset) or line
            name = jump.opname
            if line < first_line or not (name == "FOR_ITER" or ("JUMP" in name and "_IF_" in name)):
                continue
            straight = instructions[index + 1]
            before = instructions[max(0, index - 1)].opname
            if name in _MATCHES or before in _MATCHES or straight.opname == "LOAD_ASSERTION_ERROR":
                continue
            landing = places.get(jump.argval)
            if landing is None or instructions[landing].opname == "LOAD_ASSERTION_ERROR":
                continue
            jumped = {instructions[landing].offset}
            while name == "FOR_ITER" and instructions[landing].opname in _AFTER_LOOP:
                landing += 1
                jumped.add(instructions[landing].offset)
            place = (code, name == "FOR_ITER", _place_of_test(instructions, index))
            if_jumped = "TRUE" in name or "NOT_NONE" in name
            condition = _Condition(
                straight.offset,
                jumped,
                self._number((place, not if_jumped)),
                self._number((place, if_jumped)),
            )
            yield jump.offset, condition
            extended = index - 1
            while extended >= 0 and instructions[extended].opname == "EXTENDED_ARG":
                yield instructions[extended].offset, condition
                extended -= 1

    def _number(self, branch: tuple[Any, ...]) -> int:
        return self._numbers.setdefault(branch, len(self._numbers))


def _place_of_test(instructions: list[dis.Instruction], index: int) -> Any:
    """Where in the source that stands which the jump asks for; without columns, where in the code."""
    positions = None
    for before in reversed(instructions[:index]):
        if before.opname not in _BETWEEN:
            positions = getattr(before, "positions", None)
            break
    return positions or instructions[index].offset


def _functions(code: types.CodeType) -> list[types.CodeType]:
    found = [code] if code.co_flags & _OPTIMIZED else []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += _functions(constant)
    return found
