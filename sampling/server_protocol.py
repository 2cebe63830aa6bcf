"""What is said to a completions server, and what it says: ``/v1/completions`` as OpenAI has defined it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Annotated, Any

import msgspec

from sampling.engine import Completion, Parameters
from sampling.stops import first_stop, kept_tokens
from tasks.json_decoders import json_decoder


class Malformed(ValueError):
    """A server's answer is not what the protocol has."""


@dataclass(frozen=True)
class Abilities:
    """What a server takes: so many choices and stops in a request, seeds, log-probabilities."""

    choices: int = 128
    stops: int | None = None
    seed: bool = True
    logprobs: bool = True

    def without(self, complaint: str) -> Abilities | None:
        """What is left to try after a server refused a request with these words, None if that is nothing new.

        OpenAI's own takes four stops; some servers know no seed, no log-probabilities or one choice only.
        """
        words = complaint.lower()
        for wanted, less in (
            (r"\bstop", replace(self, stops=4)),
            (r"logprob", replace(self, logprobs=False)),
            (r"\bseed\b", replace(self, seed=False)),
            (r"\bchoices?\b|'n'|\"n\"|`n`|\bn\b\s*[=:>]|n_cmpl|best_of", replace(self, choices=1)),
        ):
            if re.search(wanted, words) and less != self:
                return less
        return None


def request_body(
    model: str, prompt: str, count: int, parameters: Parameters, seed: int, abilities: Abilities
) -> dict[str, Any]:
    """The body of a request for ``count`` choices."""
    body: dict[str, Any] = {
        "model": model,
        "prompt": prompt,
        "n": count,
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "max_tokens": parameters.max_tokens,
    }
    if parameters.stops:
        body["stop"] = list(parameters.stops[: abilities.stops])
    if abilities.seed:
        body["seed"] = seed
    if abilities.logprobs:
        body["logprobs"] = 1  # llama.cpp takes 0 for none
    return body


@dataclass(frozen=True)
class _Tokens:
    """OpenAI's form of log-probabilities, and the form of chats, which llama.cpp has for completions too."""

    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    text_offset: list[int] | None = None
    content: list[_Token] | None = None


@dataclass(frozen=True)
class _Token:
    token: str
    logprob: float


@dataclass(frozen=True)
class _Choice:
    text: str
    finish_reason: str | None = None
    logprobs: _Tokens | None = None
    stop_reason: str | int | msgspec.UnsetType | None = msgspec.UNSET


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


@dataclass(frozen=True)
class _Usage:
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0


@dataclass(frozen=True)
class ServerAnswer:
    """A server's answer, as far as it is of use."""

    choices: list[_Choice]
    usage: _Usage | None = None

    def completions(self, parameters: Parameters, first: int, seed: int | None) -> Iterator[Completion]:
        """The choices in order, cut at the stops, with the places from ``first`` on."""
        for index, choice in enumerate(self.choices, start=first):
            yield _completion(choice, parameters, index, seed)

    def tokens_used(self) -> tuple[int, int]:
        """Tokens read and written: those that the server counted, or the ones that it showed."""
        if self.usage is not None:
            return self.usage.prompt_tokens, self.usage.completion_tokens
        return 0, sum(len(_logprobs(choice)[0]) for choice in self.choices)


_ANSWER = json_decoder(ServerAnswer)


def read_answer(content: bytes) -> ServerAnswer:
    """Read the body of an answer; raises `Malformed`."""
    try:
        answer = _ANSWER.decode(content)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not answer.choices:
        raise Malformed("no choices")
    return answer


def read_complaint(content: bytes) -> str:
    """The words of a refusal, in whichever of the usual forms."""
    try:
        found = msgspec.json.decode(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")[:500]
    error = found.get("error", found) if isinstance(found, dict) else found
    if isinstance(error, dict):
        parts = [error.get("message") or error.get("detail"), error.get("param")]
        error = ", about ".join(str(part) for part in parts if part) or error
    return str(error)[:500]


@dataclass(frozen=True)
class ModelList:
    """What a server says of its models."""

    data: list[_Model] = field(default_factory=list)


@dataclass(frozen=True)
class _Model:
    id: str


def _completion(choice: _Choice, parameters: Parameters, index: int, seed: int | None) -> Completion:
    tokens, logprobs, offsets = _logprobs(choice)
    stop = first_stop(choice.text, parameters.stops)
    text = choice.text if stop is None else choice.text[:stop]
    kept = kept_tokens(offsets, len(text))
    known = bool(tokens) or not choice.text
    return Completion(
        index,
        text,
        "stop" if stop is not None else _finish_reason(choice),
        tuple(logprobs[:kept]) if known else None,
        tuple(tokens[:kept]) if known else None,
        seed,
    )


def _finish_reason(choice: _Choice) -> Any:
    if choice.finish_reason == "length":
        return "length"
    return "end" if choice.stop_reason is None else "stop"  # only vLLM tells; unset where none is told


def _logprobs(choice: _Choice) -> tuple[list[str], list[float], list[int]]:
    """Tokens, their log-probabilities and where each begins in the text."""
    told = choice.logprobs
    if told is None:
        return [], [], []
    if told.content is not None:
        tokens = [each.token for each in told.content]
        logprobs: list[float | None] = [each.logprob for each in told.content]
    else:
        tokens, logprobs = told.tokens or [], told.token_logprobs or []
    if len(tokens) != len(logprobs) or any(each is None for each in logprobs):
        return [], [], []
    offsets = told.text_offset
    if offsets is None or len(offsets) != len(tokens):
        offsets = [0, *accumulate(map(len, tokens))][: len(tokens)]
    start = offsets[0] if offsets else 0  # some count from the prompt's beginning
    return tokens, [each for each in logprobs if each is not None], [offset - start for offset in offsets]
