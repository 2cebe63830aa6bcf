"""A completions server for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sampling.server_process import CompletionsServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CompletionsServer]:
    """A server that is not started yet, and ended with the test."""
    folder = tmp_path / "server"
    folder.mkdir()
    made = CompletionsServer(folder)
    yield made
    made.kill()
