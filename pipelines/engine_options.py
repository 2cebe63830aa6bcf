"""The options by which commands name an engine and say how it draws."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipelines.user_error import UserError
from sampling.engine import PAPER_STOPS, Engine, Parameters, Prices
from sampling.engine_choice import API_KEY, KINDS, EngineOptions, open_engine
from sampling.server_engine import ServerOptions
from tasks.record import Task

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r"}


@dataclass(frozen=True)
class ChosenEngine:
    """An engine that is not open yet, so that it can be opened where it is used."""

    text: str
    options: EngineOptions

    def open(self) -> Engine:
        """Open it; raises `EngineError`, `tasks.files.BadFile`."""
        return open_engine(self.text, self.options)

    @property
    def identity(self) -> str:
        """What tells it from engines that may draw something else, without opening it."""
        kind, _, place = self.text.partition(":")
        if kind == "recorded" and Path(place).exists():
            facts = Path(place).stat()
            return f"{self.text} {facts.st_size} {facts.st_mtime_ns}"
        return f"{self.text} {self.options.model}"


@dataclass(frozen=True)
class ChosenParameters:
    """How tasks are sampled: whole programs are not cut where functions are."""

    for_functions: Parameters
    for_programs: Parameters

    def of(self, task: Task) -> Parameters:
        """The parameters for a task."""
        return self.for_programs if task.stdio_tests else self.for_functions


_PAPER_STOPS_TOLD = (
    r"the paper's five, \nclass, \ndef, \n#, \nif, \nprint; none for tasks that ask for a whole program"
)


def engine_options(
    *, required: bool, stops: tuple[str, ...] = PAPER_STOPS, stops_told: str = _PAPER_STOPS_TOLD
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds the options; the command gets ``engine`` (None where none was given) and ``parameters``.

    ``stops`` are those that apply where none is given, ``stops_told`` says so.
    """
    return functools.partial(
        _with_engine_options, required=required, default_stops=stops, stops_told=stops_told
    )


def _with_engine_options(
    command: Callable[..., Any], required: bool, default_stops: tuple[str, ...], stops_told: str
) -> Callable[..., Any]:
    options = (
        click.option(
            "--engine",
            "engine_text",
            required=required,
            metavar="KIND:WHERE",
            help=f"What draws: {', '.join(KINDS)}. A server's key is taken from ${API_KEY}.",
        ),
        click.option("--model", help="The model of a server. [default: its only one]"),
        click.option("--temperature", default=0.8, show_default=True, type=float, help="0: the likeliest."),
        click.option("--top-p", default=0.95, show_default=True, type=float, help="Nucleus sampling."),
        click.option(
            "--max-tokens",
            default=512,
            show_default=True,
            type=click.IntRange(min=1),
            help="Of a completion.",
        ),
        click.option(
            "--stop",
            "stops",
            multiple=True,
            metavar="TEXT",
            help=r"Where a completion is cut; \n is a new line. May be repeated. " f"[default: {stops_told}]",
        ),
        click.option("--no-stops", is_flag=True, help="Cut nothing."),
        click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0)),
        click.option(
            "--concurrency",
            default=16,
            show_default=True,
            type=click.IntRange(min=1),
            help="Requests to a server at a time.",
        ),
        click.option(
            "--request-timeout",
            default=600.0,
            show_default=True,
            type=click.FloatRange(min=0.1),
            help="Seconds that a server may take for an answer.",
        ),
        click.option(
            "--patience",
            default=300.0,
            show_default=True,
            type=click.FloatRange(min=0),
            help="Seconds for which a server that fails is asked again.",
        ),
        click.option(
            "--price",
            nargs=2,
            type=click.FloatRange(min=0),
            default=(0.0, 0.0),
            metavar="READ WRITTEN",
            help="What a million tokens cost, read and written; the cost is told in the end.",
        ),
        click.option("--device", default="auto", show_default=True, help="Of transformers: cpu, cuda."),
        click.option(
            "--rows",
            type=click.IntRange(min=1),
            help="Completions at a time, of transformers. [default: 64, GPU 256]",
        ),
    )

    @functools.wraps(command)
    def with_engine(
        *,
        engine_text: str | None,
        model: str | None,
        temperature: float,
        top_p: float,
        max_tokens: int,
        stops: tuple[str, ...],
        no_stops: bool,
        concurrency: int,
        request_timeout: float,
        patience: float,
        price: tuple[float, float],
        device: str,
        rows: int | None,
        **rest: Any,
    ) -> Any:
        server = ServerOptions(concurrency, request_timeout, patience, prices=Prices(*price))
        given = tuple(map(_unescaped, stops))
        try:
            parameters = ChosenParameters(
                Parameters(temperature, top_p, max_tokens, () if no_stops else given or default_stops),
                Parameters(temperature, top_p, max_tokens, () if no_stops else given),
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        how = EngineOptions(model, server, device, rows)
        chosen = ChosenEngine(engine_text, how) if engine_text is not None else None
        return command(engine=chosen, parameters=parameters, **rest)

    decorated: Callable[..., Any] = with_engine
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def _unescaped(text: str) -> str:
    for escape, char in _ESCAPES.items():
        text = text.replace(escape, char)
    return text
