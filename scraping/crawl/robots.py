"""What a host's robots.txt says, read as RFC 9309 tells."""

from __future__ import annotations

from dataclasses import dataclass

from protego import Protego

MAX_AGE_SECONDS = 24 * 3600
"""How long a robots.txt may be used before it is asked for again (RFC 9309, §2.4)."""

_READ = 512_000  # at least 500 KiB have to be read (§2.5)


@dataclass(frozen=True)
class RobotsRules:
    """The rules for one crawler: by its product token, the part of the User-Agent before the slash."""

    rules: Protego
    token: str
    source: str

    @classmethod
    def read(cls, status: int, body: bytes, token: str) -> RobotsRules:
        """The rules of an answer; one that is no file (status 404, say) forbids nothing (§2.3.1.3)."""
        if status != 200:
            return cls(Protego.parse(""), token, f"no robots.txt (status {status})")
        text = body[:_READ].decode("utf-8-sig", "replace")
        return cls(Protego.parse(text), token, "allowed by robots.txt")

    def allows(self, url: str) -> bool:
        """Whether a page may be asked for."""
        return self.rules.can_fetch(url, self.token)

    @property
    def delay(self) -> float:
        """Seconds between requests by ``Crawl-delay`` and ``Request-rate``; 0 if neither is said."""
        rate = self.rules.request_rate(self.token)
        between = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(self.rules.crawl_delay(self.token) or 0.0, between)
