"""The engine of vLLM in this process; it imports vllm, so import it late."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from typing import Any

from vllm import LLM, SamplingParams

from sampling.engine import Answer, Completion, EngineError, Origin, Request, Usage, seed_at
from sampling.stops import first_stop, kept_tokens

_REQUESTS = 256


class VllmEngine:
    """Hands vLLM the completions of many requests at a time, each with a seed of its own.

    The prompt that they share is read once (prefix caching is vLLM's default). Log-probabilities are the
    model's own, vLLM's ``raw_logprobs``.
    """

    def __init__(self, llm: Any, name: str) -> None:
        self._llm = llm
        self._lock = threading.Lock()
        self.origin = Origin("vllm", name)

    @classmethod
    def load(cls, model: str, **settings: Any) -> VllmEngine:
        """Load a folder or a model of the hub, with settings of ``vllm.LLM``; raises `EngineError`."""
        try:
            llm = LLM(model=model, generation_config="vllm", logprobs_mode="raw_logprobs", **settings)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineError(f"vLLM cannot load {model}: {error}") from error
        return cls(llm, model)

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """The answers to requests, in their order; see `sampling.engine.Engine`."""
        waiting = iter(requests)
        while batch := list(islice(waiting, _REQUESTS)):
            yield from self._draw_batch(batch)

    def close(self) -> None:
        """vLLM gives back the device's memory when the process ends."""

    def _draw_batch(self, batch: list[Request]) -> list[Answer]:
        places = [
            (request, index)
            for request in batch
            for index in range(request.first, request.first + request.count)
        ]
        started = time.monotonic()
        with self._lock:
            try:
                outputs = self._llm.generate(
                    [request.prompt for request, _ in places],
                    [_parameters(request, index) for request, index in places],
                    use_tqdm=False,
                )
            except ValueError as error:
                if len(batch) == 1:
                    return [self._refused(batch[0], str(error))]
                outputs = None
        if outputs is None:  # one of them is too long: find out which
            return [answer for request in batch for answer in self._draw_batch([request])]
        seconds = (time.monotonic() - started) / len(places)
        found: dict[int, list[Any]] = {}
        for (request, index), output in zip(places, outputs, strict=True):
            found.setdefault(id(request), []).append((index, output))
        return [self._answer(request, found[id(request)], seconds) for request in batch]

    def _answer(self, request: Request, outputs: list[Any], seconds: float) -> Answer:
        completions = [_completion(request, index, output.outputs[0]) for index, output in outputs]
        read = len(outputs[0][1].prompt_token_ids or ())
        written = sum(len(output.outputs[0].token_ids) for _, output in outputs)
        usage = Usage(read, written, seconds * len(outputs))
        return Answer(request, tuple(completions), self.origin, request.parameters, usage)

    def _refused(self, request: Request, words: str) -> Answer:
        reason = "prompt_too_long" if "longer than" in words or "model length" in words else "request_refused"
        return Answer(request, (), self.origin, request.parameters, refused=f"{reason}: {words}")


def _parameters(request: Request, index: int) -> Any:
    drawn = request.parameters
    return SamplingParams(
        n=1,
        temperature=drawn.temperature,
        top_p=drawn.top_p,
        max_tokens=drawn.max_tokens,
        stop=list(drawn.stops) or None,
        seed=seed_at(request, index),
        logprobs=0,
    )


def _completion(request: Request, index: int, output: Any) -> Completion:
    told = [step[token] for token, step in zip(output.token_ids, output.logprobs or (), strict=False)]
    tokens = [each.decoded_token or "" for each in told]
    stop = first_stop(output.text, request.parameters.stops)
    text = output.text if stop is None else output.text[:stop]
    kept = kept_tokens([0, *accumulate(map(len, tokens))][: len(tokens)], len(text))
    at_stop = stop is not None or isinstance(output.stop_reason, str)
    reason = "stop" if at_stop else "length" if output.finish_reason == "length" else "end"
    return Completion(
        index,
        text,
        reason,  # type: ignore[arg-type]
        tuple(each.logprob for each in told[:kept]),
        tuple(tokens[:kept]),
        seed_at(request, index),
    )
