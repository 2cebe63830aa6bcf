"""A sample's own process: everything that happens in it between the fork and its end.

Results are lines of JSON in a file that lies in memory and is new for each sample. What the
program does to that file, or to anything else here, can only make it fail: what is expected of it is
known outside alone.
"""

from __future__ import annotations

import io
import os
import sys
import types
from typing import Any, Callable

from sandbox.inside import installed_project
from sandbox.inside.calls import ClockWatch, describe, load_program, run_call
from tasks.rebuilt_values import ResultEncoder
from tasks.value_encoding import Encoder, class_name, to_text

RESULT = 3
"""The descriptor of the result file in every process that a worker makes."""


def report(message: dict[str, Any]) -> None:
    """Append one line to the results."""
    write_line(RESULT, message)


def write_line(descriptor: int, message: dict[str, Any]) -> None:
    """Write one line of JSON."""
    write_all(descriptor, (to_text(message) + "\n").encode("utf-8", "backslashreplace"))


def write_all(descriptor: int, data: bytes) -> None:
    """Write to a descriptor, however much it takes at a time."""
    while data:
        data = data[os.write(descriptor, data) :]


def run_values(job: dict[str, Any]) -> None:
    """Call the entry point with each case's arguments."""
    program: str = job["program"]
    put = installed_project.clear_place(job["replaces"]) if job["replaces"] else None
    function = _loaded(lambda: load_program(program, job["entry_point"], job["test_helpers"]))
    if function is None:
        return
    if put is not None:
        put(function)
    if job["check"]:
        report(_run_check(program, job["check"], job["entry_point"]))
    encoder = _encoder(job["structural"])
    watch = _watch(job)
    for call in job["calls"]:
        report(watch(lambda call=call: run_call(function, call, encoder)))  # type: ignore[misc]


def _watch(job: dict[str, Any]) -> Callable[[Callable[[], dict[str, Any]]], dict[str, Any]]:
    if job["watch_branches"] is not None:
        # not with what every worker holds: few samples are watched
        from sandbox.inside.branches import BranchWatch

        watch = BranchWatch(job["program"], job["watch_branches"])
        report({"branches": watch.total})
        return watch.run
    if job["watch_clock"]:
        return lambda action: ClockWatch().run(action)
    return lambda action: action()


def _encoder(structural: bool) -> Callable[[], Encoder]:
    if structural:
        # only where a project is installed, whose worker has imported it
        from tasks.structural_encoding import StructuralResultEncoder

        return StructuralResultEncoder
    return ResultEncoder


def run_in_process(job: dict[str, Any]) -> None:
    """Run the program and its check together. A hostile program can make this say what it likes."""
    report({"program_loaded": True})
    report(_run_check(job["program"], job["check"], job["entry_point"]))


def run_stdio(job: dict[str, Any]) -> None:
    """Run a whole program on its standard input; its standard output is the result file."""
    os.dup2(RESULT, 1)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8", newline=None)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8", "surrogateescape", newline="\n"
    )
    status = 0
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    try:
        exec(compile(job["program"], "main.py", "exec"), main.__dict__)  # noqa: S102
        _join_threads()
    except SystemExit as leaving:
        code = leaving.code
        status = 0 if code is None else code & 0xFF if type(code) is int else 1
    except MemoryError:
        status = OUT_OF_MEMORY
    except BaseException:
        status = RAISED
    try:
        sys.stdout.flush()
    except BaseException:
        status = status or RAISED
    os._exit(status)


RAISED = 1
OUT_OF_MEMORY = 97


def _join_threads() -> None:
    """A program's output is whole when its threads have ended, as at the end of a script."""
    threading = sys.modules.get("threading")
    if threading is not None:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()


def _loaded(load: Callable[[], Any]) -> Any:
    try:
        function = load()
    except BaseException as error:
        report({"program_failed": describe(error)})
        return None
    report({"program_loaded": True})
    return function


def _run_check(program: str, check: str, entry_point: str) -> dict[str, Any]:
    """Run a ``check`` text on the program as HumanEval's harness does: all in one namespace."""
    text = f"{program}\n{check}\ncheck({entry_point})"
    try:
        exec(compile(text, "check.py", "exec"), {})  # noqa: S102
    except BaseException as error:
        return {"kind": "check_failed", "detail": describe(error), "exception": class_name(type(error))}
    return {"kind": "check_passed"}
