"""What a thousand tasks would cost on Dataflow: measured times of the stages, laid out on its machines.

Nothing is asked of Google. Times are those of this repository's benchmarks, which can be given anew; prices
are Google's list prices.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Prices:
    """US dollars, us-central1, batch: an hour of a vCPU, of a GB of memory and of a GB of standard disk."""

    processor: float = 0.056
    memory: float = 0.003557
    disk: float = 0.000054


@dataclass(frozen=True)
class Machines:
    """``startup`` is until a worker with its image takes work, in seconds."""

    workers: int
    processors: int = 4
    memory: float = 16.0
    disk: float = 100.0
    startup: float = 240.0

    def hourly(self, prices: Prices) -> float:
        """Dollars an hour for all of them."""
        one = self.processors * prices.processor + self.memory * prices.memory + self.disk * prices.disk
        return self.workers * one


@dataclass(frozen=True)
class Stage:
    """``mean`` seconds of a processor for an element; ``spread`` is of the logarithms of their times."""

    name: str
    elements: int
    mean: float
    spread: float


def finished_after(stage: Stage, machines: Machines, dice: random.Random) -> float:
    """Seconds until the last element is done, each taken by the next processor that is free."""
    centre = _log_mean(stage)
    free = [machines.startup] * (machines.workers * machines.processors)
    for _ in range(stage.elements):
        heapq.heapreplace(free, free[0] + dice.lognormvariate(centre, stage.spread))
    return max(free)


def _log_mean(stage: Stage) -> float:
    return math.log(stage.mean) - stage.spread**2 / 2


@click.command()
@click.option("--tasks", default=1000, show_default=True, help="Tasks that are proven.")
@click.option(
    "--tasks-per-project", default=12.3, show_default=True, help="442 of 36 projects of every CI kind."
)
@click.option("--project-seconds", default=100.0, show_default=True, help="Two processors, half an hour, 36.")
@click.option("--project-spread", default=1.0, show_default=True, help="Of the logarithm.")
@click.option("--filter-seconds", default=1.0, show_default=True, help="Of a processor, for a task.")
@click.option("--shards", default=16, show_default=True, help="Parts that the filter is in.")
@click.option("--workers", default="1,4,20", show_default=True)
@click.option("--rounds", default=200, show_default=True)
def main(
    tasks: int,
    tasks_per_project: float,
    project_seconds: float,
    project_spread: float,
    filter_seconds: float,
    shards: int,
    workers: str,
    rounds: int,
) -> None:
    """Time and money for a trace and a filter of so many tasks."""
    prices = Prices()
    stages = [
        Stage("trace", max(1, round(tasks / tasks_per_project)), project_seconds, project_spread),
        Stage("filter", shards, filter_seconds * tasks / shards, 0.3),
    ]
    click.echo("stage    workers   minutes   dollars   processors busy")
    for number in map(int, workers.split(",")):
        total = 0.0
        for stage in stages:
            machines = Machines(number)
            dice = random.Random(0)
            seconds = sum(finished_after(stage, machines, dice) for _ in range(rounds)) / rounds
            dollars = machines.hourly(prices) * seconds / 3600
            busy = stage.elements * stage.mean / (seconds * number * machines.processors)
            total += dollars
            click.echo(f"{stage.name:<8} {number:<9} {seconds / 60:<9.1f} {dollars:<9.2f} {busy:.0%}")
        click.echo(f"both     {number:<9} {'':<9} {total:.2f}")


if __name__ == "__main__":
    main()
