"""A package that the `verifiers` library installs as an environment: a task set with its reward.

Its version 0.4 knows task sets (`verifiers.v1`): data, a reward on the trace of a conversation, and a check
of the reference solution, which `vf-validate` runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipelines import __version__
from pipelines.exports.tables import TableRow
from tasks.files import write_json_lines, write_text

_PROJECT = """\
[project]
name = "{distribution}"
version = "0.1.0"
description = "Executable Python tasks, made by codex-sft {version}"
requires-python = ">=3.11"
dependencies = ["codex-sft", "verifiers>=0.4"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["{name}"]
"""
_EXPORTS = """\
from {name}.taskset import PythonFunctions

__all__ = ["PythonFunctions"]
"""
_CODE = '''\
"""Python functions to write; completions are graded in the sandbox of codex-sft."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import verifiers.v1 as vf

from evaluation.reward import reward


class FunctionData(vf.TaskData):
    """One task. The model is shown `prompt` alone."""

    tests: str
    reference: str


class FunctionTask(vf.Task[FunctionData]):
    @property
    def key(self) -> str:
        return self.data.id

    @vf.reward(weight=1.0)
    async def passes_tests(self, trace: vf.Trace) -> float:
        """1 if the code of the last message passes all tests, else 0."""
        return await self._grade(trace.last_reply)

    async def validate(self, runtime: vf.Runtime) -> bool:
        """Whether the reference solution passes."""
        return await self._grade(self.data.reference) == 1.0

    async def _grade(self, answer: str) -> float:
        message = [{"role": "assistant", "content": answer}]
        (graded,) = await asyncio.to_thread(reward, [message], [self.data.tests])
        if graded is None:
            raise RuntimeError("the completion could not be judged; see codex-sft doctor")
        return graded


class PythonFunctions(vf.Taskset[FunctionTask, vf.TasksetConfig]):
    def load(self) -> Iterator[FunctionTask]:
        with Path(__file__).with_name("tasks.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield FunctionTask(FunctionData(**json.loads(line)), self.config.task)
'''
_README = """\
# {distribution}

Executable Python tasks as an environment for [verifiers](https://github.com/primeintellect-ai/verifiers).

```console
uv pip install codex-sft .
vf-validate {distribution} --runtime.type subprocess   # every reference passes, nothing else does
vf-eval {distribution} -n 5
```

Completions run in the sandbox of codex-sft, not in the environment's process. `codex-sft doctor` tells
whether it works on a machine.
"""


def write_verifiers_package(folder: Path, name: str, rows: Iterable[TableRow]) -> None:
    """Write the package, with its tasks as data."""
    distribution = name.replace("_", "-")
    write_json_lines(folder / name / "tasks.jsonl", _tasks(rows))
    write_text(folder / name / "taskset.py", _CODE)
    write_text(folder / name / "__init__.py", _EXPORTS.format(name=name))
    write_text(
        folder / "pyproject.toml",
        _PROJECT.format(name=name, distribution=distribution, version=__version__),
    )
    write_text(folder / "README.md", _README.format(distribution=distribution))


def _tasks(rows: Iterable[TableRow]) -> Iterator[dict[str, Any]]:
    for each in rows:
        row = each.row
        yield {
            "id": row["task_id"],
            "name": row["task_id"],
            "prompt": row["prompt"],
            "tests": row["tests"],
            "reference": row["reference"],
        }
