"""What a build lacked, as its log tells: a stable reason, and words for people."""

from __future__ import annotations

import re
from pathlib import Path

_COMPILER = r"(?:[\w./-]*-)?(?:gcc|cc|clang|c\+\+|g\+\+)"
_PROGRAM = r"(?:pkg-config|cmake|ninja|swig|gfortran|\w+[-_]config|protoc|bison|flex|nasm|make|java|node|npm)"
_CAUSES = (
    (
        "missing_compiler",
        rf"No such file or directory: '{_COMPILER}'|unable to execute '{_COMPILER}'"
        rf"|command '{_COMPILER}' failed: No such file",
        "a C compiler",
    ),
    ("missing_compiler", r"can't find Rust compiler|cargo.{0,20}not (?:found|installed)", "a Rust compiler"),
    ("missing_header", r"fatal error: (\S+\.hp{0,2}): No such file", "the C header {0}"),
    (
        "needs_another_python",
        r"requires a different Python|not supported for Python|Requires-Python|requires Python"
        r"|requires-python|[Cc]annot install on Python version",
        "another Python",
    ),
    (
        "needs_network",
        r"Temporary failure in name resolution|Could not resolve host|Network is unreachable|ENOTFOUND"
        r"|Name or service not known|unable to access 'https?:|failed to lookup address|dns error",
        "a network beyond the package index",
    ),
    ("index_unreachable", r"the package index cannot be used|502 Bad Gateway", "the package index"),
    (
        "missing_system_package",
        rf"(?:\b|[`'\"])({_PROGRAM})[`'\"]?(?::? command not found|(?: executable)?:? not found| is required"
        rf"|.{{0,20}}No such file or directory)|No such file or directory: '({_PROGRAM})'",
        "the system's package with {0}",
    ),
    ("missing_system_package", r"cannot find -l(\w+)", "the system library lib{0}"),
    (
        "unknown_requirement",
        r"Because \S+ was not found in the package registry|No matching distribution found for \S+"
        r"|Because there are no versions of \S+|no version of \S+ (?:is|was) found",
        "a requirement that the package index does not have",
    ),
)
_LAST_BYTES = 100_000


def find_cause(log: Path, start: int = 0) -> tuple[str, str] | None:
    """The stable reason and what was lacking, from the log's part that begins at ``start``."""
    with log.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(start, size - _LAST_BYTES))
        text = stream.read().decode(errors="replace")
    for reason, pattern, cause in _CAUSES:
        match = re.search(pattern, text)
        if match:
            return reason, cause.format(*(group for group in match.groups() if group))
    return None
