"""GitHub Actions workflows and .travis.yml: which jobs and steps are taken, which are not, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tracing.ci_actions import actions_plans, actions_versions
from tracing.ci_plan import NoPlan, Plan, Step
from tracing.ci_travis import travis_plans, travis_versions

Writer = Callable[[Mapping[str, str]], Path]

_WORKFLOW = """
    name: CI
    on:
      push:
    env: {GLOBAL: "1"}
    jobs:
      lint:
        runs-on: ubuntu-latest
        steps: [{run: pytest --flake8}]
      windows:
        runs-on: windows-latest
        steps: [{run: pytest}]
      tests:
        runs-on: ${{ matrix.os }}
        defaults: {run: {working-directory: sub}}
        env: {JOB: "${{ matrix.python-version }}", UNKNOWN: "${{ github.run_id }}"}
        strategy:
          matrix:
            os: [macos-latest, ubuntu-22.04]
            python-version: [3.8, 3.10, "3.11", pypy-3.9]
            exclude: [{os: ubuntu-22.04, python-version: 3.8}]
            include: [{os: ubuntu-22.04, python-version: "3.13-dev", extra: x}]
        steps:
          - uses: actions/setup-python@v5
            with: {python-version: "${{ matrix.python-version }}"}
          - name: Install
            run: |
              sudo apt-get update
              sudo apt-get install -y libfoo-dev
              pip install -e .[test]
          - run: pytest -v --os=${{ matrix['os'] }}
            env: {STEP: "2"}
          - run: pytest --token ${{ secrets.TOKEN }}
          - if: failure()
            run: pytest --lf
          - if: runner.os == 'Windows'
            run: pytest --windows
          - {run: pytest --pwsh, shell: pwsh}
          - run: pytest ${{ steps.x.outputs.y }}
          - run: codecov
"""


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def written(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        return tmp_path

    return written


def _scripts(steps: tuple[Step, ...]) -> list[str]:
    return [step.arguments[-1] for step in steps]


def test_the_ubuntu_job_of_a_python_is_expanded(write: Writer) -> None:
    folder = write({".github/workflows/ci.yml": _WORKFLOW})
    plan, lint = actions_plans(folder, "3.10")
    assert isinstance(plan, Plan)
    assert plan.reason == ".github/workflows/ci.yml, job tests for Python 3.10"
    assert _scripts(plan.install) == ["pip install -e .[test]"]
    assert _scripts(plan.test) == ["pytest -v --os=ubuntu-22.04"]
    (step,) = plan.test
    assert step.folder == "/project/sub"
    assert step.environment == {"GLOBAL": "1", "JOB": "3.10", "STEP": "2"}
    assert plan.system_packages == ("libfoo-dev",)
    assert "job lint" in lint.reason  # last, for its name


def test_what_is_left_out_has_its_reason(write: Writer) -> None:
    plan, _ = actions_plans(write({".github/workflows/ci.yml": _WORKFLOW}), "3.10")
    assert isinstance(plan, Plan)
    assert plan.left_out == (
        "uses actions/setup-python@v5: actions are not run",
        "pytest --token ${{ secrets.TOKEN }}: it needs secrets",
        "pytest --lf: it runs only if failure()",
        "pytest --windows: it runs only if runner.os == 'Windows'",
        "pytest --pwsh: its shell is pwsh",
        "pytest ${{ steps.x.outputs.y }}: it needs steps.x.outputs.y",
        "codecov: it deploys, publishes or downloads",
    )


def test_versions_are_texts_and_other_implementations_none(write: Writer) -> None:
    folder = write({".github/workflows/ci.yml": _WORKFLOW})
    assert sorted(set(actions_versions(folder))) == ["3.10", "3.11", "3.13", "3.8"]
    plan, _ = actions_plans(folder, "3.13")
    assert plan.reason.endswith("for Python 3.13")


def test_jobs_that_only_run_tox_or_nox_are_left_to_those(write: Writer) -> None:
    workflow = "jobs: {test: {runs-on: ubuntu-latest, steps: [{run: tox -e py}, {run: nox}]}}"
    (found,) = actions_plans(write({".github/workflows/ci.yml": workflow}), "3.11")
    assert found == NoPlan(
        "actions", "no job of its workflows has steps that test (test: it runs nox and tox)"
    )


@pytest.mark.parametrize("text", ["[", "a: &a [*a]", "jobs: 3", "jobs: {a: {steps: 7}}", "- 1", "\0", ""])
def test_broken_files_give_no_plan(write: Writer, text: str) -> None:
    folder = write({".github/workflows/ci.yml": text, ".travis.yml": text})
    assert all(isinstance(found, NoPlan) for found in actions_plans(folder, "3.11"))
    assert all(isinstance(found, NoPlan) for found in travis_plans(folder, "3.11"))


def test_no_folder_no_word(tmp_path: Path) -> None:
    assert not [*actions_plans(tmp_path, "3.11"), *travis_plans(tmp_path, "3.11")]


def test_workflows_outside_of_the_project_are_not_read(write: Writer, tmp_path: Path) -> None:
    write({"elsewhere/workflows/ci.yml": _WORKFLOW})
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".github").symlink_to(tmp_path / "elsewhere")
    assert not actions_versions(tmp_path / "project")


def test_a_working_directory_outside_of_the_project_is_not_gone_to(write: Writer) -> None:
    workflow = "jobs: {test: {runs-on: ubuntu-latest, steps: [{run: pytest, working-directory: ../../etc}]}}"
    (plan,) = actions_plans(write({".github/workflows/ci.yml": workflow}), "3.11")
    assert isinstance(plan, Plan)
    assert plan.test[0].folder == "/project"


def test_what_a_file_holds_cannot_act_on_the_launcher(write: Writer) -> None:
    workflow = """
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - run: "pytest \\0--bind"
                working-directory: "a\\0--bind\\0/"
                env: {LD_PRELOAD: "x\\0--bind", ODD: "\\uD800", LONG: "%s"}
    """ % ("x" * 150_000)
    (plan,) = actions_plans(write({".github/workflows/ci.yml": workflow}), "3.11")
    assert isinstance(plan, Plan)
    (step,) = plan.test
    assert step.place == "/project/a--bind"
    assert step.command[:4] == ("/usr/bin/env", "--", "LD_PRELOAD=x--bind", "ODD=")
    assert step.command[-1] == "pytest --bind"
    assert all("\0" not in word and len(word) <= 100_000 for word in step.command)


_TRAVIS = """
    language: python
    python: ["2.7", 3.10, nightly]
    env:
      global:
        - SHARED=1
        - secure: abc=
      matrix:
        - SUITE="pytest tests" X=2
        - SUITE=flake8
    matrix:
      include:
        - {python: 3.12, os: osx}
    addons: {apt: {packages: [libev-dev]}}
    before_install: sudo apt-get install -y libfoo
    install:
      - travis_retry pip install -r requirements.txt
    before_script: mkdir out
    script:
      - $SUITE
    after_success: codecov
    deploy: {provider: pypi}
"""


def test_a_travis_job_with_its_variables_and_phases(write: Writer) -> None:
    folder = write({".travis.yml": _TRAVIS})
    (plan,) = travis_plans(folder, "3.10")
    assert isinstance(plan, Plan)
    assert plan.reason == ".travis.yml, job for Python 3.10"
    assert _scripts(plan.install) == ["pip install -r requirements.txt", "mkdir out"]
    assert _scripts(plan.test) == ["pytest tests"]
    assert plan.test[0].environment == {"SHARED": "1", "SUITE": "pytest tests", "X": "2"}
    assert plan.system_packages == ("libfoo", "libev-dev")
    assert plan.left_out == ("codecov: after_success is not run",)
    assert travis_versions(folder) == ["3.12", "3.10"]


def test_what_travis_installs_by_default(write: Writer) -> None:
    folder = write({".travis.yml": "language: python\nscript: pytest\n", "requirements.txt": "six\n"})
    (plan,) = travis_plans(folder, "3.11")
    assert isinstance(plan, Plan)
    assert _scripts(plan.install) == ["pip install -r requirements.txt"]


def test_a_travis_file_that_runs_tox_gives_no_plan(write: Writer) -> None:
    (found,) = travis_plans(write({".travis.yml": "install: pip install tox\nscript: tox\n"}), "3.11")
    assert found == NoPlan("travis", "its scripts have no command that tests: they run tox")
