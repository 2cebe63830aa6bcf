"""The engine of vLLM against a stand-in with the fields that vLLM documents; not against vLLM itself."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from sampling.engine import EngineError, Parameters, Request, seed_at


@dataclass
class _Logprob:
    logprob: float
    rank: int
    decoded_token: str


@dataclass
class _Output:
    text: str
    token_ids: list[int]
    logprobs: list[dict[int, _Logprob]]
    finish_reason: str
    stop_reason: str | None


@dataclass
class _RequestOutput:
    prompt_token_ids: list[int]
    outputs: list[_Output]


class _SamplingParams:
    def __init__(self, **settings: Any) -> None:
        self.settings = settings


@dataclass
class _LLM:
    model: str
    generation_config: str
    logprobs_mode: str
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def generate(self, prompts: list[str], parameters: list[Any], use_tqdm: bool) -> list[_RequestOutput]:
        if any(len(prompt) > 20 for prompt in prompts):
            raise ValueError("The decoder prompt is longer than the maximum model length of 20")
        self.asked += [(p, each.settings) for p, each in zip(prompts, parameters, strict=True)]
        return [self._answer(each.settings) for each in parameters]

    def _answer(self, settings: dict[str, Any]) -> _RequestOutput:
        words = ["    return", " x", "\n", "\n", "def"]
        steps = [{n: _Logprob(-n / 10, 1, word), 99: _Logprob(-0.01, 1, "?")} for n, word in enumerate(words)]
        stopped = "\ndef" in settings["stop"]
        text = "    return x\n" if stopped else "".join(words)
        stop = "\ndef" if stopped else None
        return _RequestOutput([1, 2], [_Output(text, list(range(5)), steps, "stop", stop)])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = types.ModuleType("vllm")
    module.LLM, module.SamplingParams = _LLM, _SamplingParams  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.delitem(sys.modules, "sampling.vllm_engine", raising=False)
    from sampling.vllm_engine import VllmEngine

    yield VllmEngine.load("model")
    del sys.modules["sampling.vllm_engine"]  # it holds the stand-in


def test_each_place_is_asked_for_with_its_own_seed_and_cut_at_its_stop(engine: Any) -> None:
    requests = [Request("a", "p", 2, first=3), Request("b", "q", 1, parameters=Parameters(stops=("never",)))]
    first, second = engine.draw(requests)
    assert [prompt for prompt, _ in engine._llm.asked] == ["p", "p", "q"]
    settings = engine._llm.asked[1][1]
    assert settings["seed"] == seed_at(requests[0], 4) == first.completions[1].seed
    assert [settings[name] for name in ("n", "temperature", "top_p", "logprobs")] == [1, 0.8, 0.95, 0]
    assert [each.index for each in first.completions] == [3, 4]
    completion = first.completions[0]
    assert (completion.text, completion.finish_reason) == ("    return x\n", "stop")
    assert completion.tokens == ("    return", " x", "\n")
    assert completion.token_logprobs == (0.0, -0.1, -0.2)
    assert second.completions[0].finish_reason == "end"
    assert (first.usage.prompt_tokens, first.usage.completion_tokens) == (2, 10)


def test_a_prompt_that_is_too_long_is_refused_alone(engine: Any) -> None:
    long, short = engine.draw([Request("a", "p" * 30, 1), Request("b", "q", 1)])
    assert long.refused.startswith("prompt_too_long: ")
    assert short.refused is None


def test_a_model_that_cannot_be_loaded_is_told(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from sampling import vllm_engine

    def refuse(**_: Any) -> None:
        raise ValueError("no such architecture")

    monkeypatch.setattr(vllm_engine, "LLM", refuse)
    with pytest.raises(EngineError, match="no such architecture"):
        vllm_engine.VllmEngine.load("model")
