"""What logs tell: causes of failed builds, missing test libraries, counts of tests; tools' requirements."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tracing.build_causes import find_cause
from tracing.missing_modules import missing_requirements
from tracing.test_counts import TestCounts, count_tests
from tracing.tool_requirements import read_tool_requirements
from tracing.wheel_repository import repository_addresses, tag_names


@pytest.mark.parametrize(
    ("log", "reason", "lacking"),
    [
        (
            "error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'",
            "missing_compiler",
            "a C compiler",
        ),
        ("error: command 'gcc' failed: No such file or directory", "missing_compiler", "a C compiler"),
        ("error: can't find Rust compiler", "missing_compiler", "a Rust compiler"),
        ("x.c:1:10: fatal error: ffi.h: No such file or directory", "missing_header", "the C header ffi.h"),
        ("ERROR: Package 'x' requires a different Python: 3.8", "needs_another_python", "another Python"),
        ("fatal: unable to access 'https://github.com/a/b/': x", "needs_network", "a network beyond"),
        (
            "socket.gaierror: [Errno -3] Temporary failure in name resolution",
            "needs_network",
            "a network beyond",
        ),
        ("HTTP 502 Bad Gateway: the package index cannot be used", "index_unreachable", "the package index"),
        ("Error: pg_config executable not found.", "missing_system_package", "package with pg_config"),
        ("/bin/sh: 1: mysql_config: not found", "missing_system_package", "package with mysql_config"),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'cmake'",
            "missing_system_package",
            "package with cmake",
        ),
        ("/usr/bin/ld: cannot find -lxml2", "missing_system_package", "library libxml2"),
        (
            "cause: Because x was not found in the package registry and",
            "unknown_requirement",
            "a requirement",
        ),
        ("RuntimeError: broken", "", ""),
    ],
)
def test_causes_of_failed_builds(tmp_path: Path, log: str, reason: str, lacking: str) -> None:
    file = tmp_path / "build.log"
    file.write_text(f"{log}\n")
    found = find_cause(file) or ("", "")
    assert found[0] == reason
    assert lacking in found[1]


def test_causes_are_looked_for_from_a_place_on(tmp_path: Path) -> None:
    file = tmp_path / "build.log"
    file.write_text("error: can't find Rust compiler\n")
    assert find_cause(file, file.stat().st_size) is None


def test_hooks_of_former_releases_of_pytest_ask_for_one_of_them() -> None:
    log = "pluggy._manager.PluginValidationError: Plugin 'conftest.py' for hook 'pytest_collect_file'"
    assert missing_requirements(log) == ["pytest<8"]


def test_well_known_test_libraries_are_missed_by_their_messages() -> None:
    log = """
    E   ModuleNotFoundError: No module named 'hypothesis.strategies'
    ImportError: No module named yaml
    E       fixture 'mocker' not found
    async def functions are not natively supported.
    ModuleNotFoundError: No module named 'of_the_project'
    """
    assert missing_requirements(log) == ["hypothesis", "PyYAML", "pytest-mock", "pytest-asyncio"]


@pytest.mark.parametrize(
    ("log", "passed", "failed"),
    [
        ("==== 3 failed, 120 passed, 2 skipped, 1 xfailed, 4 warnings in 1.20s ====", 121, 3),
        ("12 passed in 0.03s", 12, 0),
        ("\x1b[32m===== \x1b[1m7 passed\x1b[0m\x1b[32m in 61.00s (0:01:01) ====\x1b[0m", 7, 0),
        ("!!! Interrupted: 1 error during collection !!!\n1 error in 3.94s", 0, 1),
        ("Ran 12 tests in 0.010s\n\nOK", 12, 0),
        ("Ran 1 test in 0.010s\n\nOK (skipped=1)", 0, 0),
        ("Ran 12 tests in 0.010s\n\nFAILED (failures=1, errors=2, skipped=3)\n5 passed in 1.0s", 11, 3),
        ("Ran 197 tests in 0.436s\n\nOK (skipped=276)", 197, 0),
        ("no tests ran in 0.01s", 0, 0),
        ("", 0, 0),
    ],
)
def test_counts_of_tests(log: str, passed: int, failed: int) -> None:
    assert count_tests(log) == TestCounts(passed, failed)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "[hatch.envs.default]\ndependencies = ['pytest', 'mypy', 'freezegun>=1']",
            ("pytest", "freezegun>=1"),
        ),
        ("[pdm.dev-dependencies]\ntest = ['pytest-cov']\ndoc = ['sphinx']", ("pytest-cov",)),
        (
            "[poetry.dev-dependencies]\npython = '^3.8'\nblack = '*'\n"
            "[poetry.group.test.dependencies]\npytest = '^7.0'\nmine = {path = 'x'}\nx = {version = '1'}",
            ("pytest", "x"),
        ),
        ("[uv]\ndev-dependencies = ['pytest', 'sphinx-copybutton', '-e .']", ("pytest",)),
        ("[hatch]\nenvs = 3\n[pdm]\ndev-dependencies = ['x']", ()),
    ],
)
def test_requirements_in_the_tables_of_tools(table: str, expected: tuple[str, ...]) -> None:
    assert read_tool_requirements(tomllib.loads(table)) == expected


def test_repositories_in_metadata_the_likeliest_first() -> None:
    metadata = """Name: x
Home-page: https://example.org/x
Project-URL: Homepage, https://www.github.com/owner/site
Project-URL: Bug Tracker, https://github.com/owner/x/issues
Project-URL: Source Code, https://github.com/owner/x/tree/main
Project-URL: Mirror, https://example.org/x.git
"""
    assert repository_addresses(metadata) == [
        "https://github.com/owner/x",
        "https://github.com/owner/site",
        "https://example.org/x.git",
    ]
    assert tag_names("x", "1.2.0")[:3] == ["v1.2.0", "1.2.0", "x-1.2.0"]
    assert "v1.2" in tag_names("x", "1.2.0")
