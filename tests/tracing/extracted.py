"""Functions extracted from small projects that a test writes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracing.candidates import build_prompt
from tracing.dependencies import resolve_reference
from tracing.extraction import StandaloneFunction, extract, find_function
from tracing.project_modules import ProjectModules


def extract_from(
    folder: Path,
    files: Mapping[str, str],
    name: str,
    *needed: str,
    allow_third_party: bool = False,
    installed: Path | None = None,
) -> StandaloneFunction:
    """Write the files of a project and extract ``module.function`` from it."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    modules = ProjectModules(folder, installed)
    module_name, _, function = name.rpartition(".")
    module = modules.by_name(module_name)
    assert module is not None
    line = 1 + next(
        index
        for index, text in enumerate(module.text.split("\n"))
        if text.strip().startswith(f"def {function}(")
    )
    definitions = [resolve_reference(modules, reference) for reference in needed]
    return extract(
        modules,
        module,
        find_function(module, function, line),
        tuple(found for found in definitions if found),
        allow_third_party=allow_third_party,
    )


def program(function: StandaloneFunction) -> str:
    """The whole program: prompt and body."""
    return build_prompt(function) + function.text.body


def namespace(function: StandaloneFunction) -> dict[str, Any]:
    """What the program defines."""
    names: dict[str, Any] = {"__name__": "program"}
    exec(program(function), names)  # noqa: S102 - made by a test
    return names
