"""What the commands of a CI script are for: installing, testing, or neither, by the programs they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

Purpose = Literal["install", "test", "state", "other", "left_out", "system_packages"]

_TEST_PROGRAMS = (
    *("pytest", "py.test", "nosetests", "nose", "nose2", "unittest", "unit2", "trial"),
    *("stestr", "testr", "green", "zope-testrunner", "ward", "doctest", "avocado"),
    *("twisted.trial", "testtools.run", "xdoctest"),
)
_OWN_PLANS = {"tox": "tox has a plan of its own", "nox": "nox has a plan of its own"}
_OTHER_INSTALLERS = frozenset(("poetry", "pdm", "pipenv", "hatch", "flit", "rye", "pixi", "pip-sync"))
_SYSTEM_INSTALLERS = frozenset(("apt-get", "apt", "yum", "dnf", "apk", "brew", "zypper", "pacman", "choco"))
_CHECKERS = (
    *("flake8", "black", "mypy", "ruff", "isort", "pylint", "pycodestyle", "pydocstyle"),
    *("pyright", "bandit", "pre-commit", "prek", "codespell", "yamllint", "doc8"),
    *("check-manifest", "vulture", "pyflakes", "safety", "sphinx-build", "mkdocs"),
    *("rst2html.py", "towncrier", "restructuredtext_lint", "interrogate", "ty"),
)
_PUBLISHERS = (
    *("twine", "codecov", "coveralls", "docker", "gh", "git", "curl", "wget", "bumpversion"),
    *("semantic-release", "aws", "gcloud", "ssh", "scp", "rsync"),
    *("codeclimate-test-reporter", "goveralls", "npm", "conda", "mamba"),
)
_PRINTERS = frozenset(("echo", "printf", "cat", "ls", "which", "lscpu", "pwd", "true", "uname", "date"))
_STATE = frozenset(("cd", "export", "set", "unset", "pushd", "popd", "ulimit", "umask", "shopt"))
_OWN_ENVIRONMENT = frozenset(("venv", "virtualenv", "source", ".", "pyenv", "deactivate", "activate", "pipx"))
_LAUNCHERS = frozenset(("time", "env", "xvfb-run", "nice", "command", "exec"))
_RUNNERS_WITH_RUN = frozenset(("poetry", "pdm", "pipenv", "uv", "hatch", "rye", "pipx"))
_RUN_FLAGS_WITH_VALUE = (
    *("--group", "--extra", "--with", "--python", "-p", "--only-group", "--no-group"),
    *("--package", "--directory", "--project", "--env-file", "--index", "--resolution"),
    *("--with-requirements"),
)
_PYTHON = re.compile(r"(?:\S*/)?(?:python|pypy)[\d.]*|py|\$\{?PYTHON\}?|coverage[\d.]*")
_TEST_FILE = re.compile(
    r"(?:.*/)?(?:run_?)?(?:all_?)?_?tests?(?:_?(?:all|suite|runner|[a-z0-9_]+))?\.py|(?:.*/)?runtests?\.(?:py|sh)|.*_tests?\.py"
)
_TEST_TARGET = re.compile(
    r"(?:run-?)?(?:unit-?)?(?:tests?(?!-?(?:pypi|release|publish|upload|deploy))[\w-]*|check|pytest|coverage|cov|ci)"
)
_INSTALL_TARGET = re.compile(
    r"install\S*|dev\S*|dep(?:s|endencies)\S*|init|bootstrap|setup|requirements\S*|build\S*"
)
_CONTROL = re.compile(
    r"^[ \t]*(?:if|for|while|until|case|function|select|\{|\(|\w+\s*\(\))(?:\s|$)|<<-?\s*['\"]?\w", re.M
)
_PRIVILEGED = re.compile(r"\b(?:sudo(?:\s+-[A-Za-z]+)*|travis_retry|travis_wait(?:\s+\d+)?)\s+")
_KEYWORDS = re.compile(r"^(?:(?:if|then|else|elif|while|until|do|!|\{|\()\s+)+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Command:
    """A command of a script and what it is for; ``detail`` says why it is left out, or names packages.
    ``rewritten`` ones are run without the program that the script runs them by."""

    text: str
    purpose: Purpose
    detail: str = ""
    rewritten: bool = False


def read_script(script: str) -> list[Command]:
    """The commands of a shell script. One with control flow stays one command, for what it does in all."""
    script = _PRIVILEGED.sub("", script)
    commands = [read_command(text) for text in _split(script)]
    if not _CONTROL.search(script):
        return commands
    purposes = {command.purpose for command in commands}
    own = [command.detail for command in commands if command.detail in _OWN_PLANS.values()]
    if "test" in purposes:
        return [Command(script, "test")]
    if own:
        return [Command(script, "left_out", own[0])]
    if purposes & {"left_out", "system_packages"}:
        return [command for command in commands if command.purpose in ("left_out", "system_packages")][:1]
    return [Command(script, "install" if "install" in purposes else "other")]


def _split(script: str) -> list[str]:
    """The script's lines, at ``&&`` and ``;`` too where these stand outside of quotes."""
    texts = []
    for line in re.sub(r"(?<![ \t])[ \t]*\\\r?\n\s*", " ", script).splitlines():
        start = 0
        for separator in _separators(line):
            texts.append(line[start : separator.start()])
            start = separator.end()
        texts.append(line[start:])
    return [text.strip() for text in texts if text.strip() and not text.strip().startswith("#")]


def _separators(line: str) -> list[re.Match[str]]:
    found = re.finditer(r"""(?P<quoted>'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|\\?$))|(?P<end>&&|\|\||;)""", line)
    return [match for match in found if match["end"]]


def read_command(text: str) -> Command:
    """What a single command is for."""
    try:
        words = shlex.split(_KEYWORDS.sub("", text), comments=True)
    except ValueError:
        return Command(text, "other")
    words = _skip_launchers(words)
    if not words:
        return Command(text, "state")
    if words[0] in _RUNNERS_WITH_RUN and "run" in words[1:2]:
        return _read_run(text, words)
    program, arguments = _program(words)
    purpose, detail = _purpose(program, arguments)
    return Command(text, purpose, detail)


def _skip_launchers(words: list[str]) -> list[str]:
    """The words from the program on: without variables set for it, and what starts programs."""
    while words:
        if _ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif words[0] in _LAUNCHERS:
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[1:]
        elif words[0] == "timeout" and len(words) > 2:
            words = words[2:]
        else:
            break
    return words


def _read_run(text: str, words: list[str]) -> Command:
    """``uv run pytest`` and the like: the environment is ours, so that only the last part is run."""
    rest = words[2:]
    while rest and rest[0].startswith("-"):
        if rest[0] in ("-m", "--module"):
            rest = ["python", *rest]
            break
        rest = rest[2:] if rest[0] in _RUN_FLAGS_WITH_VALUE else rest[1:]
    inner = " ".join(map(_quoted, rest))
    if not inner:
        return Command(text, "left_out", f"{words[0]} makes an environment of its own")
    found = read_command(inner)
    if words[0] == "hatch" and found.purpose == "other":
        return Command(text, "left_out", "hatch's scripts need its own environments")
    if PurePosixPath(rest[0]).name == "noxfile.py":
        return Command(text, "left_out", _OWN_PLANS["nox"])
    return replace(found, rewritten=True)


def _quoted(word: str) -> str:
    """A word for the shell, which may still expand variables in it."""
    return word if re.fullmatch(r"[\w@%+=:,./${}\[\]~-]+", word) else shlex.quote(word)


def _program(words: Sequence[str]) -> tuple[str, list[str]]:
    """The program that counts: of ``python -m pytest x`` it is pytest."""
    first, rest = words[0], list(words[1:])
    if _PYTHON.fullmatch(first):
        if first.startswith("coverage"):
            if rest[:1] != ["run"]:
                return "coverage report", rest
            rest = rest[1:]
        while rest and rest[0].startswith("-"):
            if rest[0] == "-m" and len(rest) > 1:
                if rest[1] == "coverage":
                    return _program(["coverage", *rest[2:]])
                return rest[1], rest[2:]
            if rest[0] == "-c":
                return "python -c", rest
            rest = rest[2:] if rest[0] in ("-W", "-X") else rest[1:]
        return ("python", rest)
    return PurePosixPath(first).name if not first.endswith((".py", ".sh")) else first, rest


def _purpose(program: str, arguments: list[str]) -> tuple[Purpose, str]:
    if program in _TEST_PROGRAMS:
        return "test", ""
    if program in _OWN_PLANS:
        return "left_out", _OWN_PLANS[program]
    if program in ("pip", "pip3") or re.fullmatch(r"pip3\.\d+", program):
        return _pip(arguments)
    if program == "uv":
        return _pip(arguments[1:]) if arguments[:1] == ["pip"] else _other_installer("uv", arguments)
    if program in _OTHER_INSTALLERS:
        return _other_installer(program, arguments)
    if program in _SYSTEM_INSTALLERS:
        return "system_packages", " ".join(_packages(arguments))
    if program in _CHECKERS or program == "coverage report":
        return "left_out", "it checks or reports, it does not test"
    if program in _PRINTERS:
        return "left_out", "it prints"
    if program in _PUBLISHERS:
        return "left_out", "it deploys, publishes or downloads"
    if program in _OWN_ENVIRONMENT:
        return "left_out", "the environment is made already"
    if program in _STATE:
        return "state", ""
    if program == "make":
        return _make(arguments)
    if program in ("python", "python -c") or program.endswith((".py", ".sh")):
        return _python([program, *arguments] if program.endswith((".py", ".sh")) else arguments)
    return "other", ""


def _pip(arguments: list[str]) -> tuple[Purpose, str]:
    verb = next((word for word in arguments if not word.startswith("-")), "")
    if verb in ("install", "wheel", "download"):
        return "install", ""
    return "left_out", "it installs nothing"


def _other_installer(program: str, arguments: list[str]) -> tuple[Purpose, str]:
    if arguments[:1] == ["test"]:
        return "left_out", f"{program} makes environments of its own"
    return "left_out", f"{program} is not run; the project's own test requirements are installed"


def _packages(arguments: list[str]) -> list[str]:
    words = [word for word in arguments if not word.startswith("-")]
    return words[1:] if words[:1] in (["install"], ["add"]) else []


def _make(arguments: list[str]) -> tuple[Purpose, str]:
    targets = [word for word in arguments if not word.startswith("-") and "=" not in word]
    if any(_TEST_TARGET.fullmatch(target) for target in targets):
        return "test", ""
    if any(_INSTALL_TARGET.fullmatch(target) for target in targets):
        return "install", ""
    return "left_out", "no target of its name tests"


def _python(arguments: list[str]) -> tuple[Purpose, str]:
    script = arguments[0] if arguments else ""
    verb = arguments[1] if len(arguments) > 1 else ""
    if script.endswith("setup.py"):
        if verb in ("test", "nosetests", "pytest", "check_tests", "trial"):
            return "test", ""
        if verb in ("install", "develop", "build", "build_ext", "egg_info"):
            return "install", ""
        return "left_out", f"setup.py {verb} does not test"
    if script.endswith("manage.py") and verb == "test":
        return "test", ""
    return ("test", "") if _TEST_FILE.fullmatch(script) else ("other", "")
