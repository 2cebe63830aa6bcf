"""Names in an extracted program: one for each thing in it, where modules may have used one for two."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tasks.humaneval import RESERVED_NAMES
from tracing.dependencies import NotExtractable
from tracing.name_analysis import BUILTIN_NAMES
from tracing.references import Key, Reference


class Names:
    """Gives each thing one name: its own where that is free, else a name of its users', else a new one.

    A name is not free where it belongs to something else, or where a function that needs the thing
    has a variable of that name.
    """

    def __init__(self) -> None:
        self._names: dict[Key, str] = {}
        self._taken: dict[str, Key] = {name: ("reserved", name) for name in RESERVED_NAMES}

    def fix(self, key: Key, name: str) -> None:
        """Give a thing the one name that it has to have; raises `NotExtractable`."""
        if self._taken.setdefault(name, key) != key and name not in RESERVED_NAMES:
            raise NotExtractable("name_conflict", name)
        self._names[key] = name

    def leave(self, key: Key, name: str) -> None:
        """Note the name of a builtin that is read before the function of this name takes it."""
        self._names[key] = name

    def of(self, key: Key) -> str:
        """The name of a thing."""
        return self._names[key]

    def has(self, key: Key) -> bool:
        """Whether a thing is in the program."""
        return key in self._names

    def choose(self, key: Key, own: str, references: Iterable[Reference]) -> None:
        """Choose a name for a thing called ``own`` in its module, which stands in these places."""
        if key in self._names:
            return
        places = list(references)
        for name in _suggestions(key, own, places):
            if name not in self._taken and not any(_is_hidden(name, place) for place in places):
                self._taken[name] = key
                self._names[key] = name
                return


def _is_hidden(name: str, place: Reference) -> bool:
    return name != place.name and place.scope.owner(name) is not None


def _suggestions(key: Key, own: str, places: list[Reference]) -> Iterator[str]:
    yield own
    for place in places:
        if isinstance(place.node, ast.Name) and place.name not in BUILTIN_NAMES:
            yield place.name
    module = key[0].rpartition(".")[2].strip("_")
    if module:
        yield f"{'_' * own.startswith('_')}{module}_{own.lstrip('_')}"
    number = 2
    while True:
        yield f"{own}_{number}"
        number += 1
