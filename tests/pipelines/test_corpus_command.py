"""The ``codex-sft corpus`` command: what it keeps, that nothing is lost, that projects stay whole."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.corpus_command import corpus
from sft.corpus import RejectedFile
from sft.corpus_folder import CorpusFolder
from tasks.files import read_json_lines


def _run(*arguments: object) -> Result:
    level = logging.getLogger().level
    try:
        return CliRunner().invoke(corpus, [*map(str, arguments)], catch_exceptions=False)
    finally:
        logging.getLogger().setLevel(level)


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    """Thirty projects with a file of their own each, and one that all of them copied."""
    folder = tmp_path / "projects"
    for number in range(30):
        project = folder / f"project{number:02}"
        project.mkdir(parents=True)
        (project / "own.py").write_text(f"def number():\n    return {number}\n")
        (project / "copied.py").write_text("def copied():\n    return 'everywhere'\n")
        (project / "blank.py").write_text("\n")
    return folder


def test_every_file_is_kept_once_or_rejected_with_its_reason(projects: Path, tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    result = _run(projects, "-o", output, "--validation-share", 0.3, "--shards", 3, "--workers", 2)
    assert result.exit_code == 0, result.output
    folder = CorpusFolder(output)
    manifest = folder.manifest()
    assert (manifest.sources, manifest.files_read, manifest.files_kept) == (30, 90, 31)
    assert manifest.rejected == {"duplicate": 29, "empty": 30}
    rejected = list(read_json_lines(folder.rejected_file, RejectedFile))
    assert {(file.path, file.reason) for file in rejected} == {
        ("copied.py", "duplicate"),
        ("blank.py", "empty"),
    }
    assert "project00" not in [file.project for file in rejected if file.reason == "duplicate"]
    train, validation = list(folder.files("train")), list(folder.files("validation"))
    assert len(train) + len(validation) == 31
    of_train, of_validation = ({file.project for file in files} for files in (train, validation))
    assert not of_train & of_validation
    assert manifest.projects == {"train": len(of_train), "validation": len(of_validation)}
    assert len(of_validation) > 2
    assert manifest.characters("train") == sum(len(file.text) for file in train)
    assert not folder.work.exists()


def test_the_same_sources_give_the_same_bytes(projects: Path, tmp_path: Path) -> None:
    contents = []
    for name, workers in (("one", 1), ("two", 3)):
        assert _run(projects, "-o", tmp_path / name, "--shards", 2, "--workers", workers).exit_code == 0
        files = sorted(each for each in (tmp_path / name).iterdir() if each.name != ".lock")
        contents.append([(file.name, file.read_bytes()) for file in files])
    assert contents[0] == contents[1]


def test_a_damaged_archive_costs_itself_only(projects: Path, tmp_path: Path) -> None:
    (projects / "broken-1.0.tar.gz").write_bytes(b"no archive")
    output = tmp_path / "corpus"
    result = _run(projects, "-o", output)
    assert result.exit_code == 1
    assert "broken-1.0.tar.gz: the archive cannot be read" in result.output
    manifest = CorpusFolder(output).manifest()
    assert [source.project for source in manifest.unreadable] == ["broken"]
    assert manifest.files_kept == 31


def test_no_corpus_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "blank").mkdir()
    (tmp_path / "blank" / "a.py").write_text(" ")
    result = _run(tmp_path / "blank", "-o", tmp_path / "corpus")
    assert result.exit_code == 2
    assert "no file was kept" in result.output
