"""The documentation: what it names is there, its pages are linked, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
import yaml

from pipelines.commands import main

_ROOT = Path(__file__).parents[1]
_PAGES = sorted((_ROOT / "docs").glob("*.md"))
_README = _ROOT / "README.md"
_PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|html|toml|svg|csv))`")
_COMMAND = re.compile(r"(?:^|`|\$ )codex-sft ((?:[a-z]+(?:-[a-z]+)*)(?: [a-z]+(?:-[a-z]+)*)?)", re.MULTILINE)


def _named_paths(page: Path) -> list[str]:
    """Paths in folders of the project; ``runs`` are what commands make."""
    tops = ((path, path.partition("/")[0]) for path in _PATH.findall(page.read_text()))
    return [path for path, top in tops if top != "runs" and (_ROOT / top).is_dir()]


def test_every_row_of_the_paper_map_names_module_command_and_test() -> None:
    text = (_ROOT / "docs/paper-map.md").read_text().partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith(("| §", "| App"))]
    assert len(rows) >= 25
    for _, what, modules, command, tests in rows:
        assert _PATH.search(modules), what
        assert _COMMAND.search(command), what
        named = _PATH.findall(tests)
        assert named, what
        assert all(Path(test).name.startswith("test_") and test.startswith("tests/") for test in named), what


@pytest.mark.parametrize("page", [*_PAGES, _README], ids=lambda page: page.name)
def test_paths_that_a_page_names_are_there(page: Path) -> None:
    assert [path for path in _named_paths(page) if not (_ROOT / path).is_file()] == []


@pytest.mark.parametrize("page", [*_PAGES, _README], ids=lambda page: page.name)
def test_commands_that_a_page_names_are_there(page: Path) -> None:
    for words in _COMMAND.findall(page.read_text()):
        first, _, second = words.partition(" ")
        found = main.get_command(click.Context(main), first)
        assert found is not None, f"codex-sft {first}"
        if isinstance(found, click.Group) and second:
            assert second in found.commands, f"codex-sft {words}"


@pytest.mark.parametrize("page", [*_PAGES, _README], ids=lambda page: page.name)
def test_options_of_shown_commands_are_there(page: Path) -> None:
    for line in re.findall(
        r"^(?:\$ )?codex-sft ([a-z].+)$", page.read_text().replace("\\\n", " "), re.MULTILINE
    ):
        first, *words = line.partition(" # ")[0].split()
        command = main.get_command(click.Context(main), first)
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words[0])
        assert command is not None, line
        known = {option for given in command.params for option in (*given.opts, *given.secondary_opts)}
        assert [word for word in words if re.fullmatch("--?[a-z][a-z-]*", word) and word not in known] == []


def test_every_command_is_on_the_first_page() -> None:
    named = set(_COMMAND.findall((_ROOT / "docs/index.md").read_text()))
    assert [name for name in main.list_commands(click.Context(main)) if name not in named] == []


def test_every_page_is_in_the_navigation() -> None:
    settings = yaml.safe_load((_ROOT / "mkdocs.yml").read_text())
    assert set(_leaves(settings["nav"])) == {page.name for page in _PAGES}


def _leaves(entry: object) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    inner = entry.values() if isinstance(entry, dict) else entry
    return [leaf for each in inner for leaf in _leaves(each)]  # type: ignore[attr-defined]


def test_the_site_builds_without_a_warning_and_asks_for_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = pytest.importorskip("mkdocs.config", reason="mkdocs is not installed (the extra `docs`)")
    from mkdocs.commands.build import build

    with caplog.at_level(logging.WARNING, logger="mkdocs"):
        build(config.load_config(str(_ROOT / "mkdocs.yml"), site_dir=str(tmp_path / "site")))
    assert caplog.messages == []
    for page in (tmp_path / "site").glob("*.html"):
        fetched = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(https?:)?//', page.read_text())
        assert fetched == [], page.name


def test_a_link_to_a_file_that_is_not_there_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    place = importlib.util.spec_from_file_location("hook", _ROOT / "scripts" / "links_outside_docs.py")
    assert place is not None and place.loader is not None
    hook = importlib.util.module_from_spec(place)
    place.loader.exec_module(hook)
    page = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"))
    told = hook.on_page_markdown("[see](../README.md#use), [b](b.md)", page=page, config=None, files=None)
    assert (told, caplog.messages) == ("see (`README.md`), [b](b.md)", [])
    hook.on_page_markdown("[x](../missing.md) [y](../../outside)", page=page)
    assert caplog.messages == ["a.md: ../missing.md is not there", "a.md: ../../outside is not there"]
