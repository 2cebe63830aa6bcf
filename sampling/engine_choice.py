"""Engines by name: ``openai:URL``, ``transformers:PATH``, ``vllm:MODEL``, ``recorded:FILE``."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sampling.engine import Engine, EngineError
from sampling.recorded import RecordedEngine
from sampling.sample_store import SampleStore
from sampling.server_engine import ServerEngine, ServerOptions

KINDS = ("openai:URL", "transformers:PATH", "vllm:MODEL", "recorded:FILE")
API_KEY = "CODEX_SFT_API_KEY"
"""The variable that has a server's key. OpenAI's own variable is used for OpenAI's own host alone."""


@dataclass(frozen=True)
class EngineOptions:
    """What engines are made with; each takes what concerns it."""

    model: str | None = None
    server: ServerOptions = field(default_factory=ServerOptions)
    device: str = "auto"
    rows: int | None = None


def open_engine(text: str, options: EngineOptions) -> Engine:
    """The engine that a text names. Raises `EngineError`, and `tasks.files.BadFile` for recordings."""
    kind, _, rest = text.partition(":")
    if kind not in {each.partition(":")[0] for each in KINDS} or not rest:
        raise EngineError(f"{text!r} names no engine; give one of {', '.join(KINDS)}")
    if kind == "openai":
        return ServerEngine(rest, options.model, options.server, _api_key(rest))
    if kind == "recorded":
        return RecordedEngine(SampleStore(Path(rest), writable=False))
    try:
        if kind == "vllm":
            from sampling.vllm_engine import VllmEngine

            return VllmEngine.load(rest)
        from sampling.transformers_engine import TransformersEngine

        return TransformersEngine.load(rest, options.device, options.rows)
    except ImportError as error:
        extra = "vllm" if kind == "vllm" else "models"
        raise EngineError(
            f"{kind}: needs {error.name or error}, which is not installed; install codex-sft[{extra}]"
        ) from error


def _api_key(url: str) -> str | None:
    key = os.environ.get(API_KEY)
    if key is None and urlsplit(url).hostname == "api.openai.com":
        key = os.environ.get("OPENAI_API_KEY")
    return key
