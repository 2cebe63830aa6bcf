"""The record of a scrape: from which sources, with what, and how many tasks came of them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from pipelines.problem_funnel import ProblemFunnel


@dataclass(frozen=True)
class FailedSource:
    """A source that could not be read at all."""

    source: str
    message: str


@dataclass(frozen=True)
class ScrapeManifest:
    """A run's own record, written last: where it is, the rest is complete."""

    tool_version: str
    host_python: str
    sandbox: str
    finished_at: str
    sources: list[str]
    failures: list[FailedSource]
    funnels: list[ProblemFunnel]

    @classmethod
    def of(
        cls,
        *,
        tool_version: str,
        host_python: str,
        sandbox: str,
        sources: list[str],
        failures: list[FailedSource],
        funnels: list[ProblemFunnel],
    ) -> ScrapeManifest:
        """The manifest of a run that ends now."""
        finished = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return cls(tool_version, host_python, sandbox, finished, sources, failures, funnels)
