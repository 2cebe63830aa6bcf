"""Docstrings to grade, and ``codex-sft grade`` as users run it, spoken to as browsers do."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.pipelines.command import COMMAND

_ROOT = Path(__file__).parents[2]
CODE = "def double(x):\n    # twice\n    return 2 * x\n"


def line(sample_index: int = 0, **fields: Any) -> dict[str, Any]:
    """One line of a file of generated docstrings."""
    return {
        "task_id": "made/double",
        "sample_index": sample_index,
        "docstring": f"Docstring number {sample_index}.",
        "code": CODE,
        "examples": ["double(3)\n→ 6"],
        "original_docstring": "The very original.",
        **fields,
    }


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of generated docstrings."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class GradingSession:
    """A running command: its process, and the address that it printed."""

    process: subprocess.Popen[str]
    url: str

    @property
    def base(self) -> str:
        return self.url.partition("/?")[0]

    @property
    def token(self) -> str:
        return self.url.partition("token=")[2]

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def cookie(self) -> str:
        return f"codex_sft_grade_{urlsplit(self.url).port}={self.token}"

    def ask(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        method: str | None = None,
        **headers: str | None,
    ) -> Answer:
        """Send a request, by default as the page would; ``path`` goes as it is, None omits a header."""
        body = None if form is None else urlencode(form).encode()
        sent: dict[str, str | None] = {"Host": self.host, "Cookie": self.cookie}
        if body is not None:
            sent |= {
                "Origin": self.base,
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": str(len(body)),
            }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(http.client.HTTPConnection(self.host, timeout=60)) as connection:
            connection.putrequest(
                method or ("GET" if form is None else "POST"), path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())

    def grade(self, grader: str, category: str = "correct", note: str = "") -> Answer:
        """Grade the next docstring that has no grade of this grader."""
        place = self.ask(f"/grader/{grader}").headers["location"]
        return self.ask(place, {"category": category, "note": note})


WHOLE_COMMAND = (str(COMMAND), "grade")
# the other commands, which it leaves out, take most of the start
_COMMAND_ALONE = (sys.executable, "-c", "from pipelines.grade_command import grade; grade()")


@contextlib.contextmanager
def grading(
    file: Path, *arguments: object, command: Sequence[str] = _COMMAND_ALONE
) -> Iterator[GradingSession]:
    """``codex-sft grade FILE``, until the end of the block."""
    process = subprocess.Popen(
        [*command, str(file), *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=_ROOT
    )
    with process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield GradingSession(process, process.stdout.readline().strip())
        finally:
            process.terminate()
