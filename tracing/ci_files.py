"""Reading a project's YAML files: every scalar stays the text that was written (``on``, ``3.10``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tracing.project_metadata import read_small_file

_MAX_CHARACTERS = 200_000  # the parser takes seconds for them


class _Loader(yaml.BaseLoader):
    """Of the escapes in scalars, those that no command can hold are left out: NULs and lone surrogates."""

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        scalar = super().construct_scalar(node)
        return str(scalar).replace("\0", "").encode("utf-8", "ignore").decode()


def read_yaml(file: Path, folder: Path) -> dict[str, Any]:
    """The mapping of a file in a project's folder, with texts for scalars; empty if it cannot be read."""
    written = read_small_file(file, folder)
    if len(written) > _MAX_CHARACTERS:
        return {}
    try:
        content = yaml.load(written, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def mapping(value: object) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value if it is a list, else a list of it; nothing for nothing."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def text(value: object) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """The texts among the value or its elements."""
    return [item for item in sequence(value) if isinstance(item, str)]
