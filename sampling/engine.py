"""What every engine is: completions of prompts in, with their log-probabilities, cost and origin out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

PAPER_STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""Where the text of a function ends (Chen et al. 2021, §3.2)."""


class EngineError(Exception):
    """No completions can be had from this engine as it is; the message says why and what to do."""


class EngineUnavailable(EngineError):
    """An engine did not answer, however often it was asked. It may do so later."""


@dataclass(frozen=True)
class Parameters:
    """How completions are drawn: by default as in Chen et al. 2021 (§3.2, §4.3; `T` = 0.8 of figure 1).

    Temperature 0 takes the likeliest token. The text is cut before the first of ``stops``. Raises
    `ValueError` for what no engine could do.
    """

    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 512
    stops: tuple[str, ...] = PAPER_STOPS

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise ValueError(f"temperature {self.temperature}: give a number from 0 on")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top-p {self.top_p}: give a number above 0 and at most 1")
        if self.max_tokens < 1:
            raise ValueError(f"max tokens {self.max_tokens}: give a whole number from 1 on")
        if not all(self.stops):
            raise ValueError("an empty stop text would end every completion before it begins")


@dataclass(frozen=True)
class Request:
    """The completions ``first`` to ``first + count - 1`` of a task's prompt.

    A completion belongs to its place: drawn again with the same ``seed``, an engine in this process
    gives the same one there, however the places are divided into requests.
    """

    task_id: str
    prompt: str
    count: int
    first: int = 0
    parameters: Parameters = field(default_factory=Parameters)
    seed: int = 0


@dataclass(frozen=True)
class Completion:
    """One completion, cut before its first stop.

    ``token_logprobs`` are the model's own (at temperature 1, before top-p) for the tokens that the text
    is made of, without the token that ends a text; None where an engine tells none. ``tokens`` are
    their texts; ``logprob_sum`` and ``token_count`` are there where only these were recorded, too.
    ``finish_reason``: ``stop`` (at a stop, or at the text's end where an engine does not tell
    the two apart), ``end`` (the model ended it), ``length`` (it reached the bound of tokens). ``seed`` is
    the one it was drawn with.
    """

    index: int
    text: str
    finish_reason: Literal["stop", "end", "length"]
    token_logprobs: tuple[float, ...] | None = None
    tokens: tuple[str, ...] | None = None
    seed: int | None = None
    recorded_logprobs: tuple[float, int] | None = None

    @property
    def logprob_sum(self) -> float | None:
        """The sum of the tokens' log-probabilities."""
        if self.token_logprobs is not None:
            return sum(self.token_logprobs)
        return self.recorded_logprobs[0] if self.recorded_logprobs else None

    @property
    def token_count(self) -> int | None:
        """How many tokens the sum is of."""
        if self.token_logprobs is not None:
            return len(self.token_logprobs)
        return self.recorded_logprobs[1] if self.recorded_logprobs else None

    @property
    def logprob_mean(self) -> float | None:
        """Their mean, by which samples are ranked (Chen et al. 2021, §3.3); None for an empty text."""
        total, count = self.logprob_sum, self.token_count
        return None if total is None or not count else total / count


@dataclass(frozen=True)
class Usage:
    """What drawing cost: tokens read and written (those after a stop too), seconds of waiting, money."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.seconds + other.seconds,
            self.cost + other.cost,
        )


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, read and written, in whatever currency."""

    per_million_prompt_tokens: float = 0.0
    per_million_completion_tokens: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The cost of so many tokens."""
        return (
            prompt_tokens * self.per_million_prompt_tokens
            + completion_tokens * self.per_million_completion_tokens
        ) / 1e6


@dataclass(frozen=True)
class Origin:
    """What drew completions: the kind of engine and its model."""

    engine: str
    model: str


@dataclass(frozen=True)
class Answer:
    """What came of a request: all its completions, in order, or why there are none.

    ``refused`` is a stable reason with particulars after a colon: ``prompt_too_long`` (the prompt leaves no
    room in the model's context), ``request_refused`` (a server's words), ``exhausted`` (a recording
    does not go that far), ``interrupted`` (the engine fails, as the error that follows tells). What was
    drawn before is there in any case. ``parameters`` are those that the completions were drawn with.
    """

    request: Request
    completions: tuple[Completion, ...]
    origin: Origin
    parameters: Parameters
    usage: Usage = Usage()
    refused: str | None = None


class Engine(Protocol):
    """Draws completions. ``draw`` may be called from several threads at a time."""

    @property
    def origin(self) -> Origin: ...

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """An answer to each request, in any order, as they come.

        Requests are taken from the iterable as there is room for them, so it may be long. Raises
        `EngineError`; what was yielded before holds.
        """
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...


def seed_at(request: Request, index: int) -> int:
    """The seed for a place: 31 bits that depend on the request's seed, the task and the place."""
    digest = hashlib.sha256(f"{request.seed}\0{request.task_id}\0{index}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
