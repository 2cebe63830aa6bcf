"""The image of workers on other machines: its recipe is clean, and has what the setup here installs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import apache_beam
import pytest

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
    version = re.search(r"ARG BEAM_VERSION=(\S+)", text)
    assert version is not None
    assert version[1] == apache_beam.__version__
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
