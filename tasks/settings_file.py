"""Settings in TOML files, as typed records: every mistake is told with its file, line and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

import msgspec

from tasks.files import BadFile
from tasks.json_decoders import converted

Kind = TypeVar("Kind", bound=msgspec.Struct)
Table = TypeVar("Table", bound=msgspec.Struct)

_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"^Object missing required field `([^`]*)`")


@dataclass(frozen=True)
class Settings(Generic[Kind]):
    """What a file says, with its text, by which later complaints find their lines."""

    path: Path
    text: str
    content: Kind

    def table(self, keys: str, found: dict[str, Any], kind: type[Table]) -> Table:
        """The content of a table that was left as it is, at a dotted key; raises `BadFile`."""
        try:
            return converted(found, kind)
        except msgspec.ValidationError as error:
            raise BadFile(_complaint(self.path, self.text, str(error), kind, _parts(keys))) from error

    def wrong(self, keys: str, message: str, value: str = "") -> BadFile:
        """An error of a dotted key, of which ``value`` is the part that is wrong, if one is given."""
        line = _line(self.text, _parts(keys))
        if value:
            lines = self.text.splitlines()
            line = next((each for each in range(line, len(lines) + 1) if value in lines[each - 1]), line)
        return BadFile(f"{self.path}:{line}: {keys}: {message}")


def read_settings(path: Path, kind: type[Kind]) -> Settings[Kind]:
    """Read a file as ``kind``, whose tables should forbid unknown fields; raises `BadFile`."""
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadFile(f"{path}: {error}") from error
    try:
        return Settings(path, text, converted(found, kind))
    except msgspec.ValidationError as error:
        raise BadFile(_complaint(path, text, str(error), kind)) from error


def _complaint(
    path: Path, text: str, error: str, kind: type[msgspec.Struct], around: tuple[str, ...] = ()
) -> str:
    place = _PLACE.search(error)
    keys = tuple(re.sub(r"\[.*?\]", "", place[1]).split(".")) if place and place[1] else ()
    words = _PLACE.sub("", error).replace(" | null", "")  # TOML has no null
    unknown, missing = _UNKNOWN.match(words), _MISSING.match(words)
    if unknown:
        near = difflib.get_close_matches(unknown[1], _known_keys(kind, keys), 1)
        keys = (*keys, unknown[1])
        words = "no such setting" + (f"; is {near[0]} meant?" if near else "")
    keys = (*around, *keys)
    line = _line(text, keys)
    if missing:
        keys = (*keys, missing[1])
        words = "this setting is needed"
    return f"{path}:{line}: {'.'.join(keys)}: {words}"


def _known_keys(kind: Any, table: tuple[str, ...]) -> list[str]:
    for name in table:
        of_name = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}[name]
        kinds = (of_name, *get_args(of_name))
        kind = next(each for each in kinds if isinstance(each, type) and issubclass(each, msgspec.Struct))
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _line(text: str, keys: tuple[str, ...]) -> int:
    """The line, from 1, of a key; of the longest table around it that has one; else the first."""
    best, line = 0, 1
    for number, found in _keys(text):
        if len(found) > best and found == keys[: len(found)]:
            best, line = len(found), number
    return line


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    for number, content in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w.\s\"'-]+?)\s*\]", content):
            table = _parts(header[1])
            yield number, table
        elif key := re.match(r"\s*([\w.\s\"'-]+?)\s*=", content):
            yield number, table + _parts(key[1])


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))
