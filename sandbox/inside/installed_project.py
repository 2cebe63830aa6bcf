"""What a worker needs for tasks of an installed project: its packages, imported once for all samples.

The project is as little trusted as a sample is, so it is imported when the worker has given up its rights.
Whatever it does to this worker, it can only spoil the verdicts on its own tasks.
"""

from __future__ import annotations

import functools
import importlib
import sys
import types
from typing import Any, Callable

_MAX_LOOKED_AT = 200
_STAND_IN = "__codexsft_solution__"


def enter(home: str, packages: list[str], modules: list[str]) -> None:
    """Make packages importable and import some modules; what cannot be imported is left to its tasks."""
    sys.path.insert(0, home)
    for name in ("tasks.structural_encoding", "codexsft_cloudpickle"):
        importlib.import_module(name)
    sys.path.pop(0)
    sys.path.extend(packages)
    before = list(sys.path)
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException:  # the tasks that need it will fail, and say why
            continue
    sys.path += [folder for folder in before if folder not in sys.path]


def clear_place(name: str) -> Callable[[Callable[..., Any]], None]:
    """Take a project's function ``module:name``, or method, away before a sample can look at it.

    Gives what puts a solution in its place, wherever it is called: what decorators made of the function
    stays, and calls the solution.
    """
    module_name, _, qualified = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except BaseException:  # the program will import it too, or does not need it
        return _nowhere
    start: Any = module
    for part in qualified.split("."):
        start = vars(start).get(part) if isinstance(start, (type, types.ModuleType)) else None
    function = _find(start, qualified.rpartition(".")[2], getattr(module, "__file__", None))
    if function is None:
        return _nowhere
    stand_in = eval(f"lambda *arguments, **keywords: {_STAND_IN}(*arguments, **keywords)")  # noqa: S307
    function.__code__ = stand_in.__code__
    function.__defaults__ = function.__kwdefaults__ = None
    return functools.partial(function.__globals__.__setitem__, _STAND_IN)


def _nowhere(solution: Callable[..., Any]) -> None:
    """There is no such function to stand in for."""


def _find(start: object, name: str, file: str | None) -> types.FunctionType | None:
    """The function of that name in a file, behind what its decorators made of it."""
    todo: list[Any] = [start]
    seen = 0
    while todo and seen < _MAX_LOOKED_AT:
        found = todo.pop(0)
        seen += 1
        if isinstance(found, types.FunctionType):
            if (
                found.__code__.co_name == name
                and found.__code__.co_filename == file
                and not found.__closure__
            ):
                return found
            todo += [cell.cell_contents for cell in found.__closure__ or () if _is_full(cell)]
        elif type(found) in (list, tuple):
            todo += found
        elif type(found) is dict:
            todo += found.values()
        elif type(found) is property:
            todo.append(found.fget)
        elif type(found) in (staticmethod, classmethod):
            todo.append(found.__func__)
        else:
            todo += _in_slots(found)
        try:
            todo += vars(found).values()
        except Exception:  # it has no attributes of its own, or would rather not say
            continue
    return None


def _in_slots(found: object) -> list[object]:
    members = [member for base in type(found).__mro__ for member in vars(base).values()]
    values = []
    for member in members:
        if isinstance(member, types.MemberDescriptorType):
            try:
                values.append(member.__get__(found))
            except Exception:  # an empty one
                continue
    return values


def _is_full(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
