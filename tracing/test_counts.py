"""How many tests a run says it ran, by the summaries of pytest and unittest; it proves nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PYTEST = re.compile(r"^(?:=+ )?((?:\d{1,9} [a-z]+(?:, )?)+) in [\d.]+s", re.MULTILINE)
_PART = re.compile(r"(\d{1,9}) (passed|failed|errors?|xfailed|xpassed|skipped)")
_UNITTEST = re.compile(
    r"^Ran (\d{1,9}) tests? in [\d.]+s\s+(?:OK|FAILED|NO TESTS RAN)?(?: \(([^)]*)\))?", re.MULTILINE
)
_BAD = re.compile(r"(?:failures|errors)=(\d{1,9})\b")
_NOT_RUN = re.compile(r"skipped=(\d{1,9})\b")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class TestCounts:
    """Tests that passed, and tests that failed or could not be collected."""

    __test__ = False  # pytest: this is no test class

    passed: int = 0
    failed: int = 0

    @property
    def mostly_passed(self) -> bool:
        return self.passed > self.failed


def count_tests(log: str) -> TestCounts:
    """Add up the summaries of every test run in a log."""
    text = _COLOR.sub("", log)
    passed = failed = 0
    for summary in _PYTEST.findall(text):
        for count, kind in _PART.findall(summary):
            passed += int(count) if kind in ("passed", "xfailed", "xpassed") else 0
            failed += int(count) if kind in ("failed", "error", "errors") else 0
    for count, detail in _UNITTEST.findall(text):
        bad = sum(map(int, _BAD.findall(detail)))
        failed += bad
        good = max(0, int(count) - bad)
        skipped = sum(map(int, _NOT_RUN.findall(detail)))
        passed += good - skipped if skipped <= good else good  # parts of tests can be skipped, too
    return TestCounts(passed, failed)
