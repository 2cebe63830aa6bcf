from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from scraping.archives.formats import FORMATS, UnknownArchive, archive_of, read_archive, recognise
from scraping.archives.licences import copyright_holder, license_of_text, package_license, rights_of_license
from scraping.archives.reading import ArchiveFolder, UnusableProblem
from scraping.archives.unpacking import unpacked
from scraping.problem import ProblemRejection
from tasks.files import BadFile
from tests.scraping.archives.making import only, written

_PACKAGE = {
    "problem.yaml": "name: Sums\n",
    "problem_statement/problem.tex": "Add.",
    "data/secret/1.in": "1\n",
    "data/secret/1.ans": "1\n",
}


def _tar(path: Path, folder: Path, name: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, name)
    return path


def _zip(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def test_formats_are_recognised_by_what_is_there(tmp_path: Path) -> None:
    written(tmp_path / "a" / "sums", _PACKAGE)
    assert recognise(tmp_path / "a").name == "kattis"
    assert (
        recognise(written(tmp_path / "b", {"solution/0001.Two Sum/README_EN.md": "", "x.py": ""})).name
        == "doocs"
    )
    assert recognise(written(tmp_path / "c", {"exercises/practice/a/x": ""})).name == "exercism"
    assert recognise(written(tmp_path / "d", {"maths/a.py": "", "config.json": "{}"})).name == "doctest"


def test_a_google_package_is_told_from_others(tmp_path: Path) -> None:
    google = {"problem.yaml": "author: Google\n", "problem_statement/problem.html": ""}
    assert recognise(written(tmp_path / "g", google)).name == "google"
    assert recognise(written(tmp_path / "k", {**google, "problem.yaml": "author: Ann\n"})).name == "kattis"


@pytest.mark.parametrize(
    "files", [{}, {"a.txt": "x"}, {"a.json": "{}"}, {"a.jsonl": '{"x": 1}'}, {"a.json": "["}]
)
def test_what_is_no_archive_is_told_which_there_are(tmp_path: Path, files: dict[str, str]) -> None:
    written(tmp_path / "x", files)
    (tmp_path / "x").mkdir(exist_ok=True)
    with pytest.raises(UnknownArchive) as error:
        recognise(tmp_path / "x")
    assert all(f"  {name}: " in str(error.value) for name in FORMATS)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    for ask in (recognise, lambda path: list(read_archive(path))):
        with pytest.raises(UnknownArchive, match="no such file"):
            ask(tmp_path / "nothing")


def test_formats_that_are_named(tmp_path: Path) -> None:
    assert archive_of(f"kattis:{tmp_path}") == (FORMATS["kattis"], tmp_path)
    assert archive_of(str(tmp_path)) == (None, tmp_path)
    with pytest.raises(UnknownArchive, match="no format 'katis'"):
        archive_of(f"katis:{tmp_path}")
    written(tmp_path, {"kattis2:x": ""})
    assert archive_of(f"{tmp_path}/kattis2:x") == (None, tmp_path / "kattis2:x")


def test_packed_archives_are_read_like_folders(tmp_path: Path) -> None:
    folder = written(tmp_path / "sums", _PACKAGE)
    for path in (
        _tar(tmp_path / "a.tar.gz", folder, "sums"),
        _tar(tmp_path / "sums.tgz", folder, "."),
        _zip(tmp_path / "b.zip", folder),
    ):
        assert recognise(path).name == "kattis"
        assert only(read_archive(path)).problem_id == "package:sums"


def test_rejections_tell_where_in_the_packed_archive(tmp_path: Path) -> None:
    folder = written(tmp_path / "sums", {**_PACKAGE, "problem.yaml": "["})
    path = _tar(tmp_path / "a.tar.gz", folder, "all/sums")
    (rejection,) = read_archive(path)
    assert isinstance(rejection, ProblemRejection) and rejection.where == f"{path}/sums"


def _members(path: Path, *members: tuple[str, str, str]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            if kind == "file":
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content.encode()))
            else:
                member.type = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "fifo": tarfile.FIFOTYPE}[
                    kind
                ]
                member.linkname = content
                archive.addfile(member)
    return path


def test_members_that_lead_out_are_left_out(tmp_path: Path) -> None:
    path = _members(
        tmp_path / "evil.tar",
        ("../outside", "file", "x"),
        ("/tmp/absolute", "file", "x"),
        ("a/../../outside2", "file", "x"),
        ("away", "link", "/etc"),
        ("up", "link", "../.."),
        ("within", "link", "good/file"),
        ("good/file", "file", "fine"),
        ("within/file", "file", "through a link"),
        ("hard", "hard", "/etc/passwd"),
        ("pipe", "fifo", ""),
    )
    with unpacked(path) as folder:
        found = sorted(str(file.relative_to(folder)) for file in folder.rglob("*"))
        assert found == ["good", "good/file", "within"]
        assert (folder / "within").read_text() == "fine"
        parent = folder.parent
        assert sorted(file.name for file in parent.iterdir()) == ["evil"]
    assert not parent.exists()


def test_what_a_packed_archive_holds_is_limited(tmp_path: Path) -> None:
    path = _members(tmp_path / "big.tar", ("a", "file", "x" * 600), ("b", "file", "x" * 600))
    with pytest.raises(BadFile, match="more than 1000 bytes"), unpacked(path, max_bytes=1000):
        pass


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar"])
def test_damaged_archives_say_so(tmp_path: Path, name: str) -> None:
    written(tmp_path, {name: "no archive" * 100})
    with pytest.raises(BadFile, match="cannot be unpacked"):
        list(read_archive(tmp_path / name))


def test_reading_is_bounded_and_stays_inside(tmp_path: Path) -> None:
    folder = ArchiveFolder(written(tmp_path / "a", {"x": "12345", "latin": ""}))
    (tmp_path / "a/latin").write_bytes(b"caf\xe9")
    (tmp_path / "secret").write_text("s")
    (tmp_path / "a/out").symlink_to(tmp_path / "secret")
    assert folder.read_text(tmp_path / "a/x", 5) == "12345"
    for name, limit, reason in (
        ("x", 4, "file_too_large"),
        ("out", 9, "link_out_of_archive"),
        ("no", 9, "missing_file"),
        ("latin", 9, "not_utf8"),
    ):
        with pytest.raises(UnusableProblem, match=reason):
            folder.read_text(tmp_path / "a" / name, limit)
    assert not folder.exists(tmp_path / "a/out") and folder.exists(tmp_path / "a/x")


def test_licences() -> None:
    assert [
        package_license(name) for name in ("unknown", "cc by-sa", "CC0", "public domain", "rights reserved")
    ] == [
        None,
        "CC-BY-SA-4.0",
        "CC0-1.0",
        "CC-PDM-1.0",
        "LicenseRef-rights-reserved",
    ]
    assert rights_of_license("LicenseRef-Kattis-permission").training == "no"
    assert rights_of_license(None).redistribution == "unknown"
    assert rights_of_license("GPL-3.0-only").training == "unknown"
    assert license_of_text("Apache License\n   Version 2.0, January 2004") == "Apache-2.0"
    assert license_of_text("All rights reserved") is None
    assert copyright_holder("MIT\n\nCopyright (c) 2016-2022 Ann and Bo\n") == "Ann and Bo"
