"""Recorded values that must not leave the machine: credentials, personal data, traces of the machine."""

from __future__ import annotations

import base64
import functools
import importlib
import inspect
import pkgutil
import re

import detect_secrets.plugins
from detect_secrets.plugins.base import RegexBasedDetector

_HOMES = ("/home/", "/root/", "/Users/", "C:\\Users\\", "C:\\\\Users\\\\")
_SANDBOX = ("/project", "/environment", "/opt/codex-sft", "/tmp/", "/var/folders/")
_NOT_USED = frozenset({"IPPublicDetector"})  # addresses are the data of too many honest tests
_ASSIGNED = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|authorization)"
    r"[\\\"'\s]{0,3}[:=][\\\"'\s]{0,3}(?:bearer )?[^\s\\\"',;{}\[\]]{6,}"
)
_SIGNS = (
    *("://", "private key", "passw", "passphrase", "secret", "token", "authorization", "bearer"),
    *("api_key", "api-key", "apikey"),
)
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
_PREFIXES = ("gh", "gl", "sk", "pk", "rk", "xox", "npm", "pypi", "key", "sq", "sg")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@((?:[a-z0-9-]{1,63}\.)+[a-z]{2,24})\b", re.IGNORECASE)
_RESERVED = re.compile(
    r"(?:.*\.)?(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|local)", re.IGNORECASE
)
"""Domains that RFC 2606 sets aside for examples: nobody's address."""
_PRINTABLE = re.compile(rb"[\t\x20-\x7e]{8,}|(?:[\x20-\x7e]\x00){8,}")


def machine_in(*texts: str) -> str | None:
    """``environment_dependent`` where a text names a path of the sandbox, else None."""
    found = any(path in text for text in texts for path in _SANDBOX)
    return "environment_dependent" if found else None


def secret_in(*texts: str) -> str | None:
    """Why a recording has to be dropped, as a stable name, or None.

    ``holds_secret``: a credential; ``holds_personal_data``: an e-mail address or a path below a home.
    """
    for text in texts:
        if any(home in text for home in _HOMES) or ("@" in text and _holds_address(text)):
            return "holds_personal_data"
        if _may_hold_secret(text) and (
            _ASSIGNED.search(text) or any(any(detector.analyze_string(text)) for detector in _detectors())
        ):
            return "holds_secret"
    return None


def _may_hold_secret(text: str) -> bool:
    """Whether it is worth the two dozen patterns that follow: most recordings are not."""
    lowered = text.lower()
    if any(word in lowered for word in _SIGNS):
        return True
    return any(not run.islower() or run.startswith(_PREFIXES) for run in _LONG_RUN.findall(text))


def text_in_pickle(pickled: str) -> str:
    """What can be read in a pickle (base64) without opening it."""
    try:
        data = base64.b64decode(pickled, validate=True)
    except ValueError:
        return ""
    return "\n".join(run.replace(b"\0", b"").decode("ascii") for run in _PRINTABLE.findall(data))


def _holds_address(text: str) -> bool:
    return any(not _RESERVED.fullmatch(found.group(1)) for found in _ADDRESS.finditer(text))


@functools.lru_cache(maxsize=1)
def _detectors() -> list[RegexBasedDetector]:
    found = []
    for entry in pkgutil.iter_modules(detect_secrets.plugins.__path__):
        module = importlib.import_module(f"{detect_secrets.plugins.__name__}.{entry.name}")
        for name, value in vars(module).items():
            if (
                isinstance(value, type)
                and issubclass(value, RegexBasedDetector)
                and not inspect.isabstract(value)
                and value.__module__ == module.__name__
                and name not in _NOT_USED
            ):
                found.append(value())
    return found
