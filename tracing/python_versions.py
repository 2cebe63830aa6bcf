"""Versions of Python as CI configurations and classifiers write them."""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"\s*(?:[Pp]ython ?|cpython-?)?(3\.\d{1,2})(?:\.\d+|\.x)?(?:-dev|-?(?:alpha|beta|rc)\S*)?\s*"
)


def short_version(text: str) -> str | None:
    """``3.12`` of ``3.12``, ``3.12.1`` or ``3.12-dev``; None for another implementation or no version."""
    match = _VERSION.fullmatch(text)
    return match[1] if match else None


def version_order(version: str) -> tuple[int, ...]:
    """Sorts ``3.9`` before ``3.10``."""
    return tuple(map(int, version.split(".")))
