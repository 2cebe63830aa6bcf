"""Test libraries that a test run missed, by the messages of Python and pytest: well-known ones only."""

from __future__ import annotations

import re

_MODULES = {
    **{
        name: name for name in ("hypothesis", "mock", "freezegun", "responses", "six", "parameterized", "ddt")
    },
    **{name: name for name in ("nose", "tox", "coverage", "pexpect", "psutil", "requests", "httpx", "trio")},
    **{
        name: name
        for name in ("numpy", "pandas", "simplejson", "ujson", "chardet", "pytz", "docutils", "lxml")
    },
    **{
        name: name
        for name in ("attrs", "pydantic", "jsonschema", "tomli", "tomlkit", "toml", "rich", "click")
    },
    **{
        name: name
        for name in ("jinja2", "packaging", "setuptools", "typing_extensions", "importlib_metadata")
    },
    **{
        name: name
        for name in ("pytest_mock", "pytest_asyncio", "pytest_benchmark", "pytest_subtests", "anyio")
    },
    **{name: name for name in ("requests_mock", "testfixtures", "assertpy", "faker", "vcr", "time_machine")},
    **{
        name: name
        for name in (
            "flaky",
            "sybil",
            "syrupy",
            "tempita",
            "virtualenv",
            "wheel",
            "build",
            "regex",
            "whatever",
        )
    },
    **{name: name for name in ("tabulate", "wcwidth", "colorama", "termcolor", "pygments", "cloudpickle")},
    "attr": "attrs",
    "yaml": "PyYAML",
    "dateutil": "python-dateutil",
    "bs4": "beautifulsoup4",
    "pkg_resources": "setuptools<80",
    "distutils": "setuptools",
    "markdown": "Markdown",
    "vcr": "vcrpy",
}
_FIXTURES = {
    "mocker": "pytest-mock",
    "benchmark": "pytest-benchmark",
    "subtests": "pytest-subtests",
    "requests_mock": "requests-mock",
    "freezer": "pytest-freezer",
    "snapshot": "syrupy",
    "data_regression": "pytest-regressions",
    "file_regression": "pytest-regressions",
    "httpbin": "pytest-httpbin",
    "faker": "Faker",
    "event_loop": "pytest-asyncio",
    "datadir": "pytest-datadir",
    "shared_datadir": "pytest-datadir",
}
_NO_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?([A-Za-z_]\w*)")
_NO_FIXTURE = re.compile(r"fixture '(\w+)' not found")
_OLD_HOOKS = re.compile(r"PluginValidationError|hookimpl definition: pytest_")
_NO_ASYNC = "async def functions are not natively supported"


def missing_requirements(log: str) -> list[str]:
    """The requirements that a test run's log asks for, of those that are well known."""
    found = [_MODULES.get(name.lower(), "") for name in _NO_MODULE.findall(log)]
    found += [_FIXTURES.get(name, "") for name in _NO_FIXTURE.findall(log)]
    if _NO_ASYNC in log:
        found.append("pytest-asyncio")
    if _OLD_HOOKS.search(log):
        found.append("pytest<8")  # the last that knows hooks of former releases
    return [requirement for requirement in dict.fromkeys(found) if requirement]
