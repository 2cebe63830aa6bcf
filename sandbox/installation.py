"""Where a traced project is installed, for samples of tasks that need it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.interpreter import Interpreter

PROJECT_MEMORY_BYTES = 4 * 2**30
"""Address space of samples with a project: compiled packages reserve far more than they use."""


@dataclass(frozen=True)
class InstalledProject:
    """The interpreter and the folders of packages, and the modules to import beforehand."""

    interpreter: Interpreter
    packages: tuple[Path, ...]
    modules: tuple[str, ...]
