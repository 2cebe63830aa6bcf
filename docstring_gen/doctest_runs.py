"""Interactive examples of generated docstrings, run on the reference in the sandbox.

What an example prints is told from inside; whether that is what the docstring says is decided here.
"""

from __future__ import annotations

import doctest
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from sandbox.endings import Ending, printable
from sandbox.installation import InstalledProject
from sandbox.sample_jobs import SampleLimits, stdio_job
from sandbox.samples import SampleRun, run_samples
from sandbox.task_judging import JudgingOptions, worker_settings
from sandbox.worker_pool import WorkerPool
from tasks.json_decoders import json_decoder
from tasks.record import StdioTest, Task

MOST_EXAMPLES = 40
"""Examples of a docstring that are run; a model may write the same one until it has no more room."""

_SHOWN = 200
_RUN = """
import contextlib, io, json, sys, traceback, types

answers, out = [], sys.stdout
module = types.ModuleType("task")
sys.modules["task"] = module
exec(compile(PROGRAM, "task.py", "exec"), module.__dict__)
for source in SOURCES:
    printed, raised = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(source, "example.py", "single"), module.__dict__)
        except BaseException as error:
            raised = "".join(traceback.format_exception_only(type(error), error))
    answers.append({"printed": printed.getvalue(), "raised": raised})
out.write(json.dumps(answers))
"""


@dataclass(frozen=True)
class Doctests:
    """What came of a docstring's examples on the reference: how many hold, how many it contradicts.

    ``not_run`` came to no answer, nor did those beyond `MOST_EXAMPLES`. ``first`` is the first contradiction.
    """

    held: int = 0
    contradicted: int = 0
    not_run: int = 0
    first: str = ""


class _Answer(msgspec.Struct):
    printed: str
    raised: str | None


def run_doctests(
    task: Task,
    docstrings: Sequence[Sequence[doctest.Example]],
    pool: WorkerPool,
    options: JudgingOptions,
    installed: InstalledProject | None = None,
) -> list[Doctests]:
    """Run the examples of each docstring of a task in a process of its own, on the reference solution."""
    limits = SampleLimits(
        cpu_seconds=max(1, math.ceil(options.cpu_seconds)), wall_seconds=options.wall_seconds or 30.0
    )
    whole = replace(task, stdio_tests=[StdioTest("", "")])
    asked = [list(examples)[:MOST_EXAMPLES] for examples in docstrings]
    programs = [_program(task, examples) for examples in asked if examples]
    runs = run_samples(pool, stdio_job(whole, limits), programs, worker_settings(options, installed))
    found = []
    for all_of_it, examples in zip(docstrings, asked, strict=True):
        told = _compared(examples, _answers(next(runs))) if examples else Doctests()
        found.append(replace(told, not_run=told.not_run + len(all_of_it) - len(examples)))
    return found


def _program(task: Task, examples: Sequence[doctest.Example]) -> str:
    sources = [example.source for example in examples]
    return f"PROGRAM = {task.program!r}\nSOURCES = {sources!r}\n{_RUN}"


def _answers(run: SampleRun) -> list[_Answer]:
    ending, output = run.outputs[0] if run.outputs else (Ending("infrastructure"), b"")
    if ending.kind != "exited" or ending.code:
        return []
    try:
        return json_decoder(list[_Answer]).decode(output)
    except (ValueError, RecursionError):
        return []


def _compared(examples: Sequence[doctest.Example], answers: Sequence[_Answer]) -> Doctests:
    checker = doctest.OutputChecker()
    held, differences = 0, []
    for example, answer in zip(examples, answers, strict=False):
        got, wanted = answer.printed, example.want
        if example.exc_msg is not None:
            got, wanted = answer.raised or answer.printed, example.exc_msg
        elif answer.raised is not None:
            got = answer.raised
        flags = sum(flag for flag, on in example.options.items() if on) | doctest.NORMALIZE_WHITESPACE
        same = checker.check_output(wanted, got, flags) and (answer.raised is None) == (
            example.exc_msg is None
        )
        if same:
            held += 1
        else:
            differences.append(f"{_short(example.source)}: says {_short(wanted)}, gives {_short(got)}")
    not_run = max(len(examples) - len(answers), 0)
    return Doctests(held, len(differences), not_run, differences[0] if differences else "")


def _short(text: str) -> str:
    told = json.dumps(text.strip(), ensure_ascii=False)[1:-1] or "nothing"
    return printable(told[:_SHOWN])
