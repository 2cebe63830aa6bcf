"""Reading a project's YAML files: every scalar stays the text that was written (``on``, ``3.10``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tracing.project_metadata import read_small_file


class _TextLoader(yaml.BaseLoader):
    """Makes texts only, of characters that can be written to a file and handed to a program."""

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        return str(super().construct_scalar(node)).replace("\0", "").encode(errors="replace").decode()


def read_yaml(file: Path) -> dict[str, Any]:
    """The file's mapping with texts for scalars; empty if there is none that can be read."""
    try:
        content = yaml.load(read_small_file(file), Loader=_TextLoader)
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
