"""The engine of a Transformers model in this process, on CPU or GPU; it imports torch, so import it late."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from sampling.decoding import DrawnTokens, Row, draw_tokens
from sampling.engine import Answer, Completion, EngineError, Origin, Parameters, Request, Usage, seed_at
from sampling.stops import first_stop

_ROWS_ON_CPU = 64
_ROWS_ON_GPU = 256


class TransformersEngine:
    """Draws from a causal model and its tokenizer, ``rows`` completions at a time.

    Each completion has random numbers of its own, by the request's seed, the task and the place: it does not
    depend on what else is drawn with it, up to rounding. Log-probabilities are the model's own, at
    temperature 1 and before top-p.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str, rows: int | None = None) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._rows = rows or (_ROWS_ON_GPU if model.device.type == "cuda" else _ROWS_ON_CPU)
        self._context = getattr(model.config, "max_position_embeddings", None)
        self._end_ids = _end_ids(model, tokenizer)
        self._token_texts: dict[int, str] = {}
        self._lock = threading.Lock()
        self.origin = Origin("transformers", name)

    @classmethod
    def load(
        cls, path: str, device: str = "auto", rows: int | None = None, dtype: str = "auto"
    ) -> TransformersEngine:
        """Load a folder or a model of the hub; ``auto`` is a GPU with bfloat16 where there is one, else the
        CPU with float32. Raises `EngineError`.
        """
        return cls(*load_model(path, device, dtype), path, rows)

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """The answers to requests, in their order; see `sampling.engine.Engine`."""
        waiting = iter(requests)
        open_: list[_Open] = []
        ahead: list[_Place] = []
        while True:
            while len(ahead) < self._rows and (request := next(waiting, None)) is not None:
                drawing = self._opened(request)
                open_.append(drawing)
                ahead += drawing.places()
            if not open_:
                return
            if ahead:
                batch = _alike(ahead[: self._rows])
                del ahead[: len(batch)]
                with self._lock:
                    self._draw_batch(batch)
            while open_ and open_[0].complete:
                yield open_.pop(0).answer(self.origin)

    def close(self) -> None:
        """Nothing is held but memory."""

    def _opened(self, request: Request) -> _Open:
        ids: list[int] = self._tokenizer(request.prompt)["input_ids"]
        while ids and ids[-1] in self._end_ids:  # some tokenizers end every text
            ids.pop()
        if not ids:  # nothing to condition on: begin as the model's texts do
            ids = [next(iter(sorted(self._end_ids)), 0)]
        room = request.parameters.max_tokens
        if self._context is not None:
            room = min(room, self._context - len(ids))
        return _Open(request, ids, room)

    def _draw_batch(self, batch: list[_Place]) -> None:
        started = time.monotonic()
        parameters = batch[0].drawing.request.parameters
        prompts: dict[int, int] = {}
        for place in batch:
            prompts.setdefault(id(place.drawing), len(prompts))
        ids = {id(place.drawing): place.drawing.ids for place in batch}
        watches = [_Watch(self, place.drawing.ids, parameters) for place in batch]
        drawn = draw_tokens(
            self._model,
            [ids[key] for key in prompts],
            [Row(prompts[id(place.drawing)], place.seed, place.drawing.room) for place in batch],
            parameters.temperature,
            parameters.top_p,
            parameters.max_tokens,
            self._end_ids,
            lambda row, drawn_ids: watches[row].stopped(drawn_ids),
        )
        seconds = (time.monotonic() - started) / len(batch)
        for place, tokens in zip(batch, drawn, strict=True):
            completion = self._completion(place, tokens, parameters)
            place.drawing.add(completion, len(tokens.ids) + tokens.ended, seconds)

    def _completion(self, place: _Place, drawn: DrawnTokens, parameters: Parameters) -> Completion:
        prompt = place.drawing.ids
        whole = self.text_after(prompt, drawn.ids)
        stop = first_stop(whole, parameters.stops)
        text = whole if stop is None else whole[:stop]
        kept = bisect_left(
            range(len(drawn.ids)), len(text), key=lambda i: len(self.text_after(prompt, drawn.ids[:i]))
        )
        ended = "end" if drawn.ended else "length"
        return Completion(
            place.index,
            text,
            "stop" if stop is not None else ended,  # type: ignore[arg-type]
            tuple(drawn.logprobs[:kept]),
            tuple(self.token_text(token) for token in drawn.ids[:kept]),
            place.seed,
        )

    def text_after(self, prompt: list[int], ids: list[int]) -> str:
        """The text of tokens that follow a prompt. Some tokenizers drop a space where a text begins."""
        anchor = prompt[-1:]
        before, after = self._decoded(anchor), self._decoded([*anchor, *ids])
        return after[len(before) :] if after.startswith(before) else self._decoded(ids)

    def token_text(self, token: int) -> str:
        """The text of one token by itself."""
        if token not in self._token_texts:
            self._token_texts[token] = self._decoded([token])
        return self._token_texts[token]

    def _decoded(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text


def load_model(path: str, device: str = "auto", dtype: str = "auto") -> tuple[Any, Any]:
    """A causal model and its tokenizer; see `TransformersEngine.load`."""
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    kind = ("bfloat16" if place.startswith("cuda") else "float32") if dtype == "auto" else dtype
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, kind)).to(place)
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        what = "" if Path(path).exists() else " (no such folder)"
        raise EngineError(f"the model {path}{what} cannot be loaded: {error}") from error
    return model, tokenizer


class _Watch:
    """Whether a row has come to a stop, told from the texts of its last tokens, then from all of them."""

    def __init__(self, engine: TransformersEngine, prompt: list[int], parameters: Parameters) -> None:
        self._engine = engine
        self._prompt = prompt
        self._stops = parameters.stops
        self._longest = max(map(len, parameters.stops), default=0)
        self._tail = ""

    def stopped(self, ids: list[int]) -> bool:
        if not self._stops or not ids:
            return False
        self._tail += self._engine.token_text(ids[-1])
        found = first_stop(self._tail, self._stops) is not None
        self._tail = self._tail[-self._longest :]
        return found and first_stop(self._engine.text_after(self._prompt, ids), self._stops) is not None


@dataclass
class _Open:
    """A request that is being answered."""

    request: Request
    ids: list[int]
    room: int
    completions: list[Completion] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    @property
    def complete(self) -> bool:
        return self.room < 1 or len(self.completions) == self.request.count

    def places(self) -> list[_Place]:
        first, count = self.request.first, self.request.count
        if self.room < 1:
            return []
        return [_Place(self, index, seed_at(self.request, index)) for index in range(first, first + count)]

    def add(self, completion: Completion, tokens: int, seconds: float) -> None:
        self.completions.append(completion)
        read = len(self.ids) if len(self.completions) == 1 else 0
        self.usage += Usage(read, tokens, seconds)

    def answer(self, origin: Origin) -> Answer:
        refused = None
        if self.room < 1:
            refused = f"prompt_too_long: its {len(self.ids)} tokens fill the model's context"
        return Answer(
            self.request, tuple(self.completions), origin, self.request.parameters, self.usage, refused
        )


@dataclass(frozen=True)
class _Place:
    drawing: _Open
    index: int
    seed: int


def _alike(places: list[_Place]) -> list[_Place]:
    """The first places that are drawn with the same parameters."""
    parameters = places[0].drawing.request.parameters
    for end, place in enumerate(places):
        if place.drawing.request.parameters != parameters:
            return places[:end]
    return places


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    told = getattr(model.generation_config, "eos_token_id", None)
    ids = told if isinstance(told, list) else [told]
    return frozenset(each for each in [*ids, tokenizer.eos_token_id] if each is not None)
