"""Who may be asked for pages: policies of hosts, and what the user has allowed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from tasks.files import BadFile
from tasks.json_decoders import converted

UNKNOWN_HOST_INTERVAL = 5.0
"""Seconds between two requests to a host that no policy is about."""


@dataclass(frozen=True)
class HostPolicy:
    """What is known of a site's hosts. ``hosts`` are names, or ``*.name`` for all below a name.

    ``minimal_interval_seconds`` lies between the end of one request to a host and the next. ``allowed``
    says that the user has read the terms and allows fetching.
    """

    site: str
    hosts: tuple[str, ...]
    minimal_interval_seconds: Annotated[float, msgspec.Meta(ge=0)] = UNKNOWN_HOST_INTERVAL
    terms_url: str | None = None
    notes: str = ""
    allowed: bool = False

    def covers(self, host: str) -> bool:
        """Whether a host is one of the site's."""
        return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in self.hosts)


@dataclass(frozen=True)
class Permissions:
    """The policies, the first that covers a host holds, and the sites and hosts that the user allows."""

    policies: tuple[HostPolicy, ...] = ()
    sites: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def policy(self, host: str) -> HostPolicy:
        """The policy for a host, a careful one where none is known."""
        for policy in self.policies:
            if policy.covers(host):
                return policy
        return HostPolicy(host, (host,))

    def objection(self, host: str) -> str | None:
        """Why a host may not be asked for pages, and how to allow it; None if it may."""
        policy = self.policy(host)
        if policy.allowed or policy.site in self.sites or host in self.hosts:
            return None
        terms = f"its terms ({policy.terms_url})" if policy.terms_url else "its terms of use"
        if policy in self.policies:
            notes = f"; known of them: {policy.notes}" if policy.notes else ""
            return f"read {terms}, then allow fetching with --allow {policy.site}{notes}"
        return f"{host} is of no known site: read {terms}, then allow fetching with --allow-host {host}"


def read_policies(path: Path) -> tuple[HostPolicy, ...]:
    """The policies of a YAML file: a list of mappings with the fields of `HostPolicy`; raises `BadFile`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        policies = converted(content, tuple[HostPolicy, ...])
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadFile(f"{path}: {error}") from error
    for place, entry in enumerate(content, start=1):
        unknown = sorted(entry.keys() - HostPolicy.__dataclass_fields__.keys())
        if unknown:
            raise BadFile(f"{path}: entry {place} has unknown fields: {', '.join(map(str, unknown))}")
    return policies
