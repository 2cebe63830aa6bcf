"""Asks a judge of Google's coding competitions, in Python, and answers as a Kattis output validator does.

Such a judge has ``FindError(self, input, answer, output)``, which returns None or a text; or else a main
program that exits with status 1 for a wrong output. As it does so for an error of its own too, and its
way of saying why is Python 2's, it is run here so that an error is no refusal.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any

ACCEPT, REFUSE = 42, 43
_MESSAGE = "feedback/judgemessage.txt"


def main(arguments: list[str]) -> int:
    """``arguments``: the judge's file beside this one, then the paths of input, output and answer."""
    entry, given, written, answer = arguments[:4]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), entry)
    with open(path, encoding="utf-8") as file:
        code = compile(file.read(), path, "exec")
    namespace: dict[str, Any] = {"__name__": "judge", "__file__": path}
    exec(code, namespace)  # noqa: S102 - this is what the sandbox is for
    if "FindError" in namespace:
        error = namespace["FindError"](None, _read(given), _read(answer), _read(written))
    else:
        error = _run_main(code, path, [given, written, answer])
    if not error:
        return ACCEPT
    with open(_MESSAGE, "w", encoding="utf-8", errors="replace") as message:
        message.write(str(error))
    return REFUSE


def _run_main(code: Any, path: str, arguments: list[str]) -> str | None:
    """What it writes to its standard error before it exits with status 1, None where it does not."""
    said = io.StringIO()
    sys.argv = [path, *arguments]
    try:
        with contextlib.redirect_stderr(said):
            exec(code, {"__name__": "__main__", "__file__": path})  # noqa: S102
    except SystemExit as ending:
        if ending.code:
            return said.getvalue() or "wrong"
    return None


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except BaseException as error:
        with open(_MESSAGE, "w", encoding="utf-8", errors="replace") as told:
            told.write(f"{type(error).__name__}: {error}")
        status = 1
    sys.exit(status)
