"""The tiny Codex-D, trained once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="package")
def codex_d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that knows `tests.docstring_gen.tiny_codex_d.family`."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.docstring_gen.tiny_codex_d import save_codex_d

    torch.set_num_threads(1)
    return save_codex_d(tmp_path_factory.mktemp("codex_d") / "model")
