"""The engine of OpenAI-compatible completions servers: vLLM, SGLang, llama.cpp, OpenAI itself."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import httpx
import msgspec
import tenacity

from sampling.engine import (
    Answer,
    Completion,
    EngineError,
    EngineUnavailable,
    Origin,
    Prices,
    Request,
    Usage,
    seed_at,
)
from sampling.server_protocol import (
    Abilities,
    Malformed,
    ModelList,
    ServerAnswer,
    read_answer,
    read_complaint,
    request_body,
)
from tasks.json_decoders import json_decoder

MAX_ANSWER_BYTES = 256 * 2**20
"""Of an answer's content: 128 choices of 4,096 tokens, each with what a server tells of it, have a third."""

_FATAL = frozenset({401, 403, 404, 405})
_TRANSIENT = frozenset({408, 409, 425, 429})
_TOO_LONG = ("context length", "context size", "maximum context", "too long", "exceeds the available context")


@dataclass(frozen=True)
class ServerOptions:
    """How a server is asked.

    ``concurrency`` requests are under way at a time. ``patience`` is for how many seconds a request is
    repeated that is refused for now (429), fails (5xx), is not answered in ``timeout`` seconds, or
    whose connection breaks; the first repetition comes after about ``first_wait`` seconds, later ones after
    longer ones, up to ``longest_wait``, which bounds what a server may ask for by ``Retry-After`` too.
    """

    concurrency: int = 16
    timeout: float = 600.0
    patience: float = 300.0
    first_wait: float = 0.5
    longest_wait: float = 60.0
    prices: Prices = field(default_factory=Prices)


class _Transient(Exception):
    """A request that may succeed when it is repeated, after so many seconds if the server said."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class _Refused(Exception):
    """A request that will never succeed, with the server's words."""


class _Interrupted(Exception):
    """A request that was not answered to its end, with what there is."""

    def __init__(self, answer: Answer, cause: EngineError) -> None:
        super().__init__(str(cause))
        self.answer = answer
        self.cause = cause


class ServerEngine:
    """Asks a server for completions, several requests at a time, and again what was not answered.

    A request that the server answers with fewer choices than asked for is continued with the rest.
    What a server does not take (more than four stops, seeds, log-probabilities, several choices) is
    left out after its first complaint; stops are cut here in any case.

    ``url`` is the one before ``/completions``; the model is the server's only one if none is named.
    Raises `EngineError` where the server is not what it should be, `EngineUnavailable` if it does not
    answer.
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        options: ServerOptions = ServerOptions(),
        api_key: str | None = None,
    ) -> None:
        self._url = _base_url(url)
        self._options = options
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._abilities = Abilities()
        self._not_before = 0.0
        self.origin = Origin("openai", model or self._only_model())

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """The answers to requests, as they come; see `sampling.engine.Engine`."""
        with asyncio.Runner() as runner:
            client = runner.run(self._open_client())
            waiting = iter(requests)
            running: set[asyncio.Task[Answer]] = set()
            failure: EngineError | None = None
            try:
                while True:
                    while failure is None and len(running) < self._options.concurrency:
                        following = next(waiting, None)
                        if following is None:
                            break
                        running.add(runner.get_loop().create_task(self._answer(client, following)))
                    if not running:
                        break
                    done, running = runner.run(_any_of(running))
                    for task in done:
                        try:
                            yield task.result()
                        except _Interrupted as interrupted:
                            failure = failure or interrupted.cause
                            yield interrupted.answer
                    if failure is not None:
                        finished, running = runner.run(_cancel(running)), set()
                        yield from finished
            finally:
                runner.run(_cancel(running))
                runner.run(client.aclose())
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Nothing is held between draws."""

    async def _open_client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=self._options.concurrency)
        timeout = httpx.Timeout(self._options.timeout, connect=min(30.0, self._options.timeout))
        return httpx.AsyncClient(headers=self._headers, timeout=timeout, limits=limits)

    async def _answer(self, client: httpx.AsyncClient, request: Request) -> Answer:
        """The answer to a request; raises `_Interrupted` with what there is of it."""
        completions: list[Completion] = []
        usage = Usage()
        refused = None
        while len(completions) < request.count and refused is None:
            started = time.monotonic()
            first = request.first + len(completions)
            wanted = min(request.count - len(completions), self._abilities.choices)
            seed = seed_at(request, first)
            try:
                told = await self._ask(client, request, wanted, seed)
            except _Refused as refusal:
                refused = _reason(str(refusal))
                break
            except (EngineError, asyncio.CancelledError) as error:
                why = f"interrupted: {error}"
                part = Answer(request, tuple(completions), self.origin, request.parameters, usage, why)
                cause = error if isinstance(error, EngineError) else EngineError("cancelled")
                raise _Interrupted(part, cause) from error
            used_seed = seed if self._abilities.seed else None
            completions += list(told.completions(request.parameters, first, used_seed))[:wanted]
            tokens = told.tokens_used()
            usage += Usage(*tokens, time.monotonic() - started, self._options.prices.of(*tokens))
        return Answer(request, tuple(completions), self.origin, request.parameters, usage, refused)

    async def _ask(self, client: httpx.AsyncClient, request: Request, count: int, seed: int) -> ServerAnswer:
        """One exchange, repeated while there is patience; raises `_Refused` or `EngineError`."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_Transient),
            wait=self._wait,
            stop=tenacity.stop_after_delay(self._options.patience),
            reraise=True,
        )
        while True:
            abilities = self._abilities
            body = request_body(
                self.origin.model,
                request.prompt,
                min(count, abilities.choices),
                request.parameters,
                seed,
                abilities,
            )
            try:
                return await retrying(self._exchange, client, body)
            except _Transient as last:
                raise EngineUnavailable(
                    f"{self._url} did not answer for {self._options.patience:.0f} s: {last}"
                ) from last
            except _Refused as refusal:
                less = abilities.without(str(refusal))
                if less is None:
                    raise
                self._abilities = less

    async def _exchange(self, client: httpx.AsyncClient, body: dict[str, object]) -> ServerAnswer:
        while (pause := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(self._options.timeout):
                response = await _whole(client, f"{self._url}/completions", body)
        except (httpx.RequestError, TimeoutError) as error:
            raise _Transient(f"{type(error).__name__} {error}".strip()) from error
        try:
            self._check(response)
            return read_answer(response.content)
        except Malformed as error:
            raise _Transient(f"its answer is malformed: {error}") from error
        except _Transient as error:
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS and error.after:
                # all requests wait, else the others would only be refused in their turn
                self._not_before = time.monotonic() + min(error.after, self._options.longest_wait)
            raise

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        words = f"HTTP {status}: {read_complaint(response.content)}"
        if status in _TRANSIENT or status >= 500:
            raise _Transient(words, _retry_after(response))
        if status in _FATAL:
            raise EngineError(f"{self._url}/completions: {words}; check the URL, the model and the API key")
        raise _Refused(words)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Transient) and error.after is not None:
            return min(error.after, self._options.longest_wait)
        growing = tenacity.wait_random_exponential(self._options.first_wait, self._options.longest_wait)
        return growing(state)

    def _only_model(self) -> str:
        try:
            response = httpx.get(f"{self._url}/models", headers=self._headers, timeout=30.0)
        except httpx.RequestError as error:
            raise EngineUnavailable(f"{self._url} does not answer: {error}; check the URL") from error
        models: list[str] = []
        if response.status_code == httpx.codes.OK:
            with contextlib.suppress(msgspec.DecodeError, RecursionError):
                listed = json_decoder(ModelList).decode(response.content)
                models = [each.id for each in listed.data]
        if len(models) != 1:
            known = (
                f"it has {', '.join(models)}" if models else f"it names none (HTTP {response.status_code})"
            )
            raise EngineError(f"{self._url}: the model has to be named; {known}")
        return models[0]


async def _whole(client: httpx.AsyncClient, url: str, body: dict[str, object]) -> httpx.Response:
    """The answer to a request with all its content; raises `_Transient` for one without end."""
    async with client.stream("POST", url, json=body) as response:
        content = bytearray()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MAX_ANSWER_BYTES:
                raise _Transient(f"its answer has more than {MAX_ANSWER_BYTES} bytes")
    headers = {name: value for name, value in response.headers.items() if name == "retry-after"}
    return httpx.Response(response.status_code, headers=headers, content=bytes(content))


async def _any_of(
    running: set[asyncio.Task[Answer]],
) -> tuple[set[asyncio.Task[Answer]], set[asyncio.Task[Answer]]]:
    return await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)


async def _cancel(running: set[asyncio.Task[Answer]]) -> list[Answer]:
    """End what is under way; what had come in by then is kept."""
    for task in running:
        task.cancel()
    found = await asyncio.gather(*running, return_exceptions=True)
    answers = [each.answer if isinstance(each, _Interrupted) else each for each in found]
    return [each for each in answers if isinstance(each, Answer)]


def _base_url(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise EngineError(f"{url!r} is no URL: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise EngineError(f"{url!r} is no URL of a server, such as http://localhost:8000/v1")
    text = str(parsed).rstrip("/").removesuffix("/completions")
    return text if parsed.path.strip("/") else f"{text}/v1"


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds that a server asks for, as a number or as a date."""
    told = response.headers.get("Retry-After", "")
    with contextlib.suppress(ValueError):
        return max(0.0, float(told))
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    return None


def _reason(words: str) -> str:
    too_long = any(each in words.lower() for each in _TOO_LONG)
    return f"{'prompt_too_long' if too_long else 'request_refused'}: {words}"
