"""Comparing what a program wrote with what was expected. Neither text is executed or decoded further."""

from __future__ import annotations

from tasks.record import StdioTest
from tasks.text_comparison import TextComparison, text_difference

_TIMES_LONGER = 4
_BYTES_LONGER = 2**16


def output_difference(test: StdioTest, output: bytes) -> str | None:
    """The first difference, or None. Both are compared to their ends, whichever is longer.

    White space that does not count may make an output longer, but not without bounds.
    """
    if len(output) > _TIMES_LONGER * len(test.stdout) + _BYTES_LONGER:
        return f"the output is much too long ({len(output)} bytes)"
    try:
        actual = output.decode()
    except UnicodeDecodeError as error:
        return f"the output is not UTF-8 (byte {error.start})"
    comparison = TextComparison(
        test.comparison,
        test.relative_tolerance,
        test.absolute_tolerance,
        test.case_sensitive,
        test.space_sensitive,
    )
    return text_difference(comparison, test.stdout, actual)
