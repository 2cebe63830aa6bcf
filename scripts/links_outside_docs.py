"""A hook of mkdocs: links to files of the repository that are no pages become the files' names."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\[([^\]]*)\]\((\.\./[^)#]+)(?:#[^)]*)?\)")
_log = logging.getLogger("mkdocs.plugins.links_outside_docs")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A page's text; a link to a file that is not there is a warning, which ends a strict build."""

    def named(link: re.Match[str]) -> str:
        file = (_ROOT / "docs" / link[2]).resolve()
        if not file.is_relative_to(_ROOT) or not file.exists():
            _log.warning("%s: %s is not there", page.file.src_uri, link[2])
        return f"{link[1]} (`{link[2].removeprefix('../')}`)"

    return _LINK.sub(named, markdown)
