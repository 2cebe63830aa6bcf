"""The image of workers on other machines: its recipe is clean, and has what the setup here installs."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import apache_beam
import pytest
from setuptools import find_packages

from benchmarks.dockerfile_steps import (
    NotUnderstood,
    base_image,
    build_context,
    copied_files,
    read_steps,
    surroundings_before,
)
from pipelines.runner_choice import beam_flags, choose_runner

_ROOT = Path(__file__).parents[1]
_DOCKERFILE = _ROOT / "deploy" / "dataflow" / "Dockerfile"


def test_the_dockerfile_is_clean() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed")
    done = subprocess.run([str(hadolint), str(_DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_the_beam_that_jobs_are_made_with_and_the_system_packages_of_the_setup() -> None:
    text = _DOCKERFILE.read_text()
    steps = read_steps(_DOCKERFILE)
    assert base_image(steps) == f"apache/beam_python3.11_sdk:{apache_beam.__version__}"
    pinned = (_ROOT / "constraints.txt").read_text().splitlines()
    assert f"uv=={surroundings_before(steps, steps[-1]).arguments['UV_VERSION']}" in pinned
    setup = (_ROOT / "scripts" / "system-packages").read_text()
    needed = set(re.findall(r'missing="\$missing ([a-z0-9+.-]+)"', setup)) - {
        "python3-venv"
    }  # the image's own Python
    assert needed
    assert needed <= set(text.split())


def test_the_options_file_is_taken_as_it_is() -> None:
    options = tomllib.loads((_ROOT / "deploy" / "dataflow" / "options.toml").read_text())
    told = {
        name: [str(each) for each in value] if isinstance(value, list) else str(value)
        for name, value in options.items()
    }
    flags = beam_flags(choose_runner("dataflow", told), 2)
    assert "--experiments=no_use_multiple_sdk_containers" in flags
    assert "--runner=DataflowRunner" in flags


def test_steps_are_read_as_they_are_run(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(
        "# syntax=docker/dockerfile:1\nARG TAG=1.2\nFROM debian:${TAG}\n\n"
        'SHELL ["/bin/bash", "-c"]\nENV A=one \\\n    B="two ${A}"\nARG C=$A\n'
        '# first\nrun echo 1 \\\n    # between\n    && echo 2\nENTRYPOINT ["/boot"]\n'
    )
    steps = read_steps(file)
    assert [(step.name, step.line) for step in steps] == [
        *(("ARG", 2), ("FROM", 3), ("SHELL", 5), ("ENV", 6), ("ARG", 8), ("RUN", 10), ("ENTRYPOINT", 13))
    ]
    assert base_image(steps) == "debian:1.2"
    ran = steps[-2]
    assert ran.text == "echo 1 && echo 2"
    before = surroundings_before(steps, ran)
    assert before.shell == ["/bin/bash", "-c"]
    assert before.variables == {"A": "one", "B": "two one", "C": "one"}
    file.write_text("FROM debian\nRUN <<EOF\necho\nEOF\n")
    with pytest.raises(NotUnderstood, match=r"Dockerfile:2: here-documents"):
        read_steps(file)


def test_the_image_gets_all_packages_and_nothing_else(tmp_path: Path) -> None:
    steps = read_steps(_DOCKERFILE)
    context = build_context(_ROOT)
    for step in steps:
        if step.name == "COPY":
            for source, target in copied_files(step, context):
                place = tmp_path / target.relative_to("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(_ROOT / source, place)
    copied = tmp_path / "tmp" / "codex-sft"
    setup = configparser.ConfigParser()
    setup.read(_ROOT / "setup.cfg")
    included = setup["options.packages.find"]["include"].split()
    wanted = find_packages(str(_ROOT), include=included)
    assert find_packages(str(copied)) == wanted
    for package in wanted:
        folder = Path(*package.split("."))
        for file in (_ROOT / folder).iterdir():
            if file.is_file() and file.suffix != ".pyc":
                assert (copied / folder / file.name).read_bytes() == file.read_bytes()
    described = {"LICENSE", "README.md", "constraints.txt", "pyproject.toml", "setup.cfg"}
    tops = {package for package in wanted if "." not in package}
    assert {path.parts[0] for path in context} == described | tops
    assert not [path for path in context if "__pycache__" in path.parts]
