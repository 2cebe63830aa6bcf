"""Asks a judge of Google's coding competitions, in Python, and answers as a Kattis output validator does.

Such a judge has ``FindError(self, input, answer, output)``, which returns None or a text. Its own main
program ends with status 1 for a wrong output and for an error of its own alike; here only the former is a
refusal.
"""

from __future__ import annotations

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
    error = namespace["FindError"](None, _read(given), _read(answer), _read(written))
    if error is None:
        return ACCEPT
    with open(_MESSAGE, "w", encoding="utf-8", errors="replace") as message:
        message.write(str(error))
    return REFUSE


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
