"""The statement of a problem package: TeX, Markdown or HTML, in English where there is a choice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from scraping.archives.kattis_settings import PackageSettings
from scraping.archives.reading import ArchiveFolder, UnusableProblem
from scraping.archives.tex_statement import tex_to_markdown
from scraping.problem import Image
from scraping.statements.markdown import html_to_markdown, statement_images

_FOLDERS = ("statement", "problem_statement")
_SUFFIXES = (".tex", ".md", ".html")
_NAME = re.compile(r"(?:problem|[\w-]+)(?:\.([a-z]{2,3}(?:-[A-Za-z]+)?))?\.(?:tex|md|html)")
_CONSTANT = re.compile(r"\{\{([A-Za-z_]\w*(?:\.\w+)?)\}\}")


@dataclass(frozen=True)
class PackageStatement:
    """The statement in one language. ``html`` is empty unless that is what it is written in."""

    markdown: str
    language: str
    title: str
    html: str = ""
    images: list[Image] = field(default_factory=list)


def read_statement(folder: ArchiveFolder, package: Path, settings: PackageSettings) -> PackageStatement:
    """Read the statement; raises `UnusableProblem`."""
    path, language = _chosen(package)
    source = folder.read_text(path)
    names = settings.names
    title = names.get(language) or names.get("") or next(iter(names.values()), "")
    if path.suffix == ".tex":
        tex = tex_to_markdown(source, settings.constants)
        return PackageStatement(tex.markdown, language, title or tex.title, images=tex.images)
    if path.suffix == ".html":
        return PackageStatement(html_to_markdown(source), language, title, source, statement_images(source))
    text = _CONSTANT.sub(lambda found: settings.constants.get(found[1], found[0]), source)
    text = re.sub(r"\{\{(?:nextsample|remainingsamples)\}\}", "", text)
    images = [Image(url, alternative) for alternative, url in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)", text)]
    return PackageStatement(text.strip(), language, title, images=images)


def _chosen(package: Path) -> tuple[Path, str]:
    """The file to read with its language; one whose name has no language is taken for English."""
    found: list[tuple[bool, int, str, Path]] = []
    for place in _FOLDERS:
        for path in sorted((package / place).glob("problem*")):
            named = _NAME.fullmatch(path.name)
            if named and path.suffix in _SUFFIXES:
                language = (named[1] or "en").partition("-")[0]
                found.append((language != "en", _SUFFIXES.index(path.suffix), language, path))
    if not found:
        raise UnusableProblem("no_statement", package.name, stage="statement")
    _, _, language, path = min(found)
    return path, language
