"""The repository of a package that has wheels only: where its metadata says that it lies, at its tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import HeaderParser
from urllib.parse import urlsplit

_FORGES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht")
_SCHEMES = ("https",)
_LABELS = ("source", "repository", "code", "github", "gitlab", "homepage", "")


def repository_addresses(metadata: str) -> list[str]:
    """The addresses of repositories that a package's core metadata name, the likeliest first."""
    headers = HeaderParser().parsestr(metadata)
    named = [_parted(text) for text in headers.get_all("Project-URL", ())]
    named.append(("homepage", headers.get("Home-page") or ""))
    ranked = sorted(named, key=lambda entry: _rank(entry[0]))
    return list(dict.fromkeys(filter(None, (_repository(url.strip()) for _, url in ranked))))


def _parted(text: str) -> tuple[str, str]:
    label, _, url = text.partition(",")
    return label.strip().lower(), url.strip()


def _rank(label: str) -> int:
    return next(number for number, part in enumerate(_LABELS) if part in label)


def _repository(url: str) -> str | None:
    """The repository that an address leads into: of a page below it, too. Who wrote the metadata chose the
    address, so it must be one that anybody may ask."""
    parts = urlsplit(url)
    if url.endswith(".git") and parts.scheme in _SCHEMES and "@" not in parts.netloc:
        return url
    host = (parts.hostname or "").removeprefix("www.")
    folders = [part for part in parts.path.split("/") if part]
    if parts.scheme in ("https", "http") and host in _FORGES and len(folders) >= 2:
        return f"https://{host}/{folders[0]}/{folders[1]}"
    return None


def tag_names(name: str, version: str) -> list[str]:
    """The tags that projects usually give a version."""
    return list(_tags(name, version))


def _tags(name: str, version: str) -> Iterator[str]:
    for form in dict.fromkeys((version, re.sub(r"\.0$", "", version))):
        yield from (f"v{form}", form, f"{name}-{form}", f"{name}-v{form}", f"release-{form}", f"rel-{form}")
        yield from (f"release/{form}", f"{name}_{form}", f"V{form}", form.replace(".", "_"))
