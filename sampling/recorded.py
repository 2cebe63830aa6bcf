"""Samples that were drawn before: an engine that reads them, and one that keeps what another draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from sampling.engine import Answer, Completion, Engine, EngineError, Origin, Request
from sampling.sample_store import SampleStore, prompt_digest, records_of

_CHANGED = "{path} has samples of {task_id} that were drawn {how}; choose another file"


class RecordedEngine:
    """Answers from a file of samples; nothing is drawn.

    The parameters of a request are not looked at: the samples have their own, which the answer names. A
    request for more than was recorded is answered with what there is and refused as ``exhausted``.
    Raises `EngineError` where a task's prompt is not the one that was sampled.
    """

    def __init__(self, store: SampleStore) -> None:
        self._store = store
        origins = store.origins
        self.origin = origins.pop() if len(origins) == 1 else Origin("recorded", str(store.path))

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """The recorded answers to requests, in their order; see `sampling.engine.Engine`."""
        for request in requests:
            settings = self._store.settings(request.task_id)
            if settings is None:
                why = f"exhausted: {self._store.path} has no sample of {request.task_id}"
                yield Answer(request, (), self.origin, request.parameters, refused=why)
                continue
            origin, parameters, digest = settings
            _same_prompt(self._store, request, digest)
            completions = _stored(self._store, request)
            asked = f"{request.first} to {request.first + request.count - 1}"
            missing = request.count - len(completions)
            why = f"exhausted: {self._store.path} lacks {missing} of the samples {asked} of {request.task_id}"
            yield Answer(
                request,
                completions,
                origin,
                parameters or request.parameters,
                refused=why if missing else None,
            )

    def close(self) -> None:
        """Close the file."""
        self._store.close()


class RecordingEngine:
    """Draws from another engine only what a file does not hold yet, and keeps it there.

    Each answer is in the file before it is handed on, so nothing that was seen is ever drawn again.
    Raises `EngineError` where the file holds samples of a task from another model, prompt or with other
    parameters.
    """

    def __init__(self, engine: Engine, store: SampleStore, *, every_token: bool = False) -> None:
        self._engine = engine
        self._store = store
        self._every_token = every_token

    @property
    def origin(self) -> Origin:
        """What draws the missing samples."""
        return self._engine.origin

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """One answer to each request, joined from what was there and what was drawn."""
        parts: dict[int, _Joined] = {}
        whole: list[Answer] = []

        def missing() -> Iterator[Request]:
            for request in requests:
                self._check(request)
                joined = _Joined(request, list(_stored(self._store, request)), self.origin)
                lacking = _ranges(request, {each.index for each in joined.completions})
                if not lacking:
                    whole.append(joined.answer())
                joined.open = len(lacking)
                for part in lacking:
                    parts[id(part)] = joined
                    joined.requests.append(part)  # keeps the part alive, and so its id its own
                    yield part

        for answer in self._engine.draw(missing()):
            yield from _taken(whole)
            self._store.append(records_of(answer, every_token=self._every_token))
            joined = parts.pop(id(answer.request))
            joined.add(answer)
            if not joined.open:
                yield joined.answer()
        yield from _taken(whole)

    def close(self) -> None:
        """Close the engine and the file."""
        self._engine.close()
        self._store.close()

    def _check(self, request: Request) -> None:
        settings = self._store.settings(request.task_id)
        if settings is None:
            return
        origin, parameters, digest = settings
        _same_prompt(self._store, request, digest)
        if origin != self.origin:
            how = f"by {origin.engine} {origin.model}, not {self.origin.engine} {self.origin.model}"
        elif parameters != request.parameters:
            how = f"with {parameters}, not {request.parameters}"
        else:
            return
        raise EngineError(_CHANGED.format(path=self._store.path, task_id=request.task_id, how=how))


class _Joined:
    """An answer that is being put together."""

    def __init__(self, request: Request, completions: list[Completion], origin: Origin) -> None:
        self.requests = [request]
        self.completions = completions
        self.open = 0
        self._answer = Answer(request, (), origin, request.parameters)

    def add(self, answer: Answer) -> None:
        self.open -= 1
        self.completions += answer.completions
        self._answer = replace(
            self._answer,
            usage=self._answer.usage + answer.usage,
            refused=self._answer.refused or answer.refused,
        )

    def answer(self) -> Answer:
        in_order = sorted(self.completions, key=lambda each: each.index)
        return replace(self._answer, completions=tuple(in_order))


def _stored(store: SampleStore, request: Request) -> tuple[Completion, ...]:
    wanted = range(request.first, request.first + request.count)
    there = sorted(store.indices(request.task_id).intersection(wanted))
    return tuple(store.read(request.task_id, index).as_completion(index) for index in there)


def _ranges(request: Request, there: set[int]) -> list[Request]:
    """Requests for the places that are not there, as few as possible."""
    lacking = [i for i in range(request.first, request.first + request.count) if i not in there]
    runs = [list(run) for _, run in groupby(enumerate(lacking), key=lambda pair: pair[1] - pair[0])]
    return [replace(request, first=run[0][1], count=len(run)) for run in runs]


def _same_prompt(store: SampleStore, request: Request, digest: str | None) -> None:
    if digest is not None and digest != prompt_digest(request.prompt):
        how = "from another prompt"
        raise EngineError(_CHANGED.format(path=store.path, task_id=request.task_id, how=how))


def _taken(whole: list[Answer]) -> Iterator[Answer]:
    while whole:
        yield whole.pop(0)
