"""JSON lines files: typed, streamed, written whole or not at all."""

from __future__ import annotations

import gzip
import json
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.files import (
    BadFile,
    atomic_writer,
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
    write_text,
)
from tasks.record import Evidence, Expected, Provenance, Task, TestCase
from tasks.value_encoding import to_text
from tests.tasks.values import encode_without_limits, values

SUFFIXES = (".jsonl", ".jsonl.gz")


@dataclass
class Row:
    number: int
    text: str = ""


class Failure(Exception):
    pass


@pytest.fixture(params=SUFFIXES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"rows{request.param}"


def write_raw(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def read_raw(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def rows_of(path: Path) -> list[Row]:
    return list(read_json_lines(path, Row))


# --- round trips ----------------------------------------------------------------------------------


def test_rows_come_back_as_they_were(path: Path) -> None:
    rows = [Row(1, "a"), Row(-(2**53)), Row(3, 'line\nend\r\n\t\0 "quoted" \\ é 😀')]
    assert write_json_lines(path, rows) == 3
    assert rows_of(path) == rows


def test_line_separators_of_unicode_end_no_line(path: Path) -> None:
    rows = [Row(1, "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"), Row(2, "\u2028")]
    write_json_lines(path, rows)
    assert read_raw(path).count(b"\n") == 2
    assert rows_of(path) == rows


def test_line_separators_of_unicode_may_stand_in_foreign_files_as_they_are(path: Path) -> None:
    write_raw(path, '{"number":1,"text":"a\u2028b\x85"}\n{"number":2}\n'.encode())
    assert rows_of(path) == [Row(1, "a\u2028b\x85"), Row(2)]


def test_no_rows_make_an_empty_file(path: Path) -> None:
    assert write_json_lines(path, []) == 0
    assert read_raw(path) == b""
    assert rows_of(path) == []


def test_empty_lines_and_a_missing_last_line_end_are_accepted(path: Path) -> None:
    write_raw(path, b'\n{"number":1}\r\n  \n{"number":2}')
    assert rows_of(path) == [Row(1), Row(2)]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_json_lines(tmp_path / "a" / "b" / "rows.jsonl", [Row(1)])
    assert rows_of(tmp_path / "a" / "b" / "rows.jsonl") == [Row(1)]


def test_a_gzip_file_of_several_members_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"number":1}\n{"num') + gzip.compress(b'ber":2}\n'))
    assert rows_of(path) == [Row(1), Row(2)]


@settings(max_examples=100, deadline=None)
@given(st.lists(values, max_size=3))
def test_encoded_values_come_back_with_the_same_text(
    tmp_path_factory: pytest.TempPathFactory, content: list[Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "values.jsonl"
    trees = [encode_without_limits(value) for value in content]
    write_json_lines(path, trees)
    assert [to_text(tree) for tree in read_json_lines(path, object)] == [to_text(tree) for tree in trees]


def test_tasks_come_back_as_they_were(path: Path) -> None:
    expected = Expected("yielded", [{"$float": "nan"}], exhausted=False, arguments_after=[[1]])
    task = Task(
        task_id="a/1",
        prompt="def f():\n",
        entry_point="f",
        canonical_solution="    return 1\n",
        tests=[TestCase([[1]], {"class": {"$tuple": [1]}}, expected, origin="extracted")],
        provenance=Provenance("project", "a", line_start=1),
        test_helpers="x = 1\n",
        evidence=Evidence(cases_dropped={"too_large": 1}, reference_seconds=0.5),
    )
    write_json_lines(path, [task])
    assert list(read_json_lines(path, Task)) == [task]


def test_documents_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "row.json"
    write_json(path, Row(1, "é"))
    assert read_json(path, Row) == Row(1, "é")
    assert path.read_text(encoding="utf-8") == '{\n  "number": 1,\n  "text": "é"\n}\n'


def test_text_is_written_in_utf8_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "a\r\né\n")
    assert (tmp_path / "text").read_bytes() == b"a\r\n\xc3\xa9\n"


# --- equal content, equal bytes -------------------------------------------------------------------


def test_equal_content_gives_equal_compressed_bytes_under_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Row(number, "text") for number in range(1_000)]
    write_json_lines(tmp_path / "one.jsonl.gz", rows)
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_json_lines(tmp_path / "two.jsonl.gz", iter(rows))
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


# --- whole or not at all --------------------------------------------------------------------------


def failing_rows() -> Iterator[Row]:
    for number in range(10_000):
        yield Row(number, "some text")
    raise Failure


@pytest.mark.parametrize("before", [None, [Row(1, "old")]])
def test_a_failure_in_the_middle_leaves_everything_as_it_was(path: Path, before: list[Row] | None) -> None:
    if before is not None:
        write_json_lines(path, before)
    old = {file: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(Failure):
        write_json_lines(path, failing_rows())
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == old


def test_a_row_that_has_no_json_leaves_everything_as_it_was(path: Path) -> None:
    write_json_lines(path, [Row(1)])
    with pytest.raises(TypeError):
        write_json_lines(path, [Row(2), object()])
    assert rows_of(path) == [Row(1)]
    assert list(path.parent.iterdir()) == [path]


def test_an_interruption_leaves_everything_as_it_was(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_writer(path) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert list(path.parent.iterdir()) == []


def test_until_the_end_readers_see_the_old_file(path: Path) -> None:
    write_json_lines(path, [Row(1)])

    def rows() -> Iterator[Row]:
        for number in (2, 3):
            assert rows_of(path) == [Row(1)]
            yield Row(number)
        assert rows_of(path) == [Row(1)]

    write_json_lines(path, rows())
    assert rows_of(path) == [Row(2), Row(3)]
    assert list(path.parent.iterdir()) == [path]


def test_who_reads_the_old_file_reads_it_to_its_end(path: Path) -> None:
    write_json_lines(path, [Row(1)])
    old = path.read_bytes()
    with path.open("rb") as stream:
        write_json_lines(path, [Row(2)])
        assert stream.read() == old


def test_two_writers_do_not_meet(path: Path) -> None:
    with atomic_writer(path) as first, atomic_writer(path) as second:
        first.write(b'{"number":1}\n')
        second.write(b'{"number":2}\n')
    assert rows_of(path) == [Row(1)]  # the one that ended last, whole
    assert list(path.parent.iterdir()) == [path]


# --- streams --------------------------------------------------------------------------------------


def test_writing_does_not_keep_the_rows(path: Path) -> None:
    made: list[weakref.ref[Row]] = []
    alive: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(5):
            alive.append(sum(reference() is not None for reference in made))
            row = Row(number)
            made.append(weakref.ref(row))
            yield row
            del row

    assert write_json_lines(path, rows()) == 5
    assert max(alive) <= 1


def test_reading_goes_no_further_than_it_is_asked(path: Path) -> None:
    lines = b"".join(b'{"number":%d,"text":"%s"}\n' % (number, b"x" * 1000) for number in range(1_000))
    write_raw(path, lines + b"no json\n")
    rows = read_json_lines(path, Row)
    assert next(rows).number == 0
    for _ in range(999):
        last = next(rows)
    assert last.number == 999
    with pytest.raises(BadFile, match=r":1001: "):
        next(rows)


def test_a_missing_file_is_an_error_at_the_first_use_only(path: Path) -> None:
    rows = read_json_lines(path, Row)
    with pytest.raises(BadFile):
        next(rows)


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(b"{", "truncated", id="cut off"),
        pytest.param(b"no json", "malformed", id="no JSON"),
        pytest.param(b'{"number":1} x', "trailing", id="text behind"),
        pytest.param(b'{"number":"1"}', r"Expected `int`, got `str` - at `\$.number`", id="wrong type"),
        pytest.param(b'{"number":1.5}', r"Expected `int`", id="float for int"),
        pytest.param(b'{"text":"a"}', "missing required field `number`", id="missing field"),
        pytest.param(b"[1]", "Expected `object`, got `array`", id="no object"),
        pytest.param(b'{"number":1,"text":"\xff"}', "utf-8", id="no UTF-8"),
        pytest.param(b'{"unknown":' + b"[" * 100_000, "", id="nested without end"),
    ],
)
def test_a_bad_line_is_named(path: Path, line: bytes, message: str) -> None:
    write_raw(path, b'{"number":1}\n\n' + line + b'\n{"number":2}\n')
    rows = read_json_lines(path, Row)
    assert next(rows) == Row(1)
    with pytest.raises(BadFile, match=f"(?i){message}") as caught:
        next(rows)
    assert str(caught.value).startswith(f"{path}:3: ")


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(BadFile) as caught:
        rows_of(path)
    assert str(caught.value) == f"{path}: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="directory"):
        rows_of(tmp_path)


def test_what_is_not_gzip_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(b'{"number":1}\n')
    with pytest.raises(BadFile) as caught:
        rows_of(path)
    assert str(caught.value).startswith(f"{path}:1: the gzip stream is damaged or cut off")


def test_a_gzip_file_cut_off_anywhere_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    write_json_lines(path, [Row(1, "a"), Row(2, "b")])
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(BadFile, match="the gzip stream is damaged or cut off") as caught:
            rows_of(path)
        assert str(caught.value).startswith(f"{path}:"), length


def test_a_gzip_file_of_no_bytes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(b"")
    with pytest.raises(BadFile):
        rows_of(path)


def test_a_large_gzip_file_cut_off_gives_the_rows_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    texts = [format(number**50, "x") for number in range(3_000)]
    write_json_lines(path, [Row(number, text) for number, text in enumerate(texts)])
    path.write_bytes(path.read_bytes()[:-5_000])
    rows: list[Row] = []
    with pytest.raises(BadFile) as caught:
        for row in read_json_lines(path, Row):
            rows.append(row)
    assert 1_000 < len(rows) < 3_000
    assert rows == [Row(number, texts[number]) for number in range(len(rows))]
    assert str(caught.value).startswith(f"{path}:{len(rows) + 1}: the gzip stream is damaged or cut off")


def test_a_changed_byte_anywhere_in_a_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    write_json_lines(path, [Row(number, format(number**9, "x")) for number in range(20)])
    whole = path.read_bytes()
    for position in range(10, len(whole)):  # behind the header, whose dates and flags mean nothing
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with pytest.raises(BadFile):
            rows_of(path)


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"number":"1"}', b"", b"\xff", b'{"unknown":' + b"[" * 100_000],
    ids=lambda content: repr(content[:11]),
)
def test_a_bad_document_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "row.json"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        read_json(path, Row)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"row\.json: .*No such file"):
        read_json(tmp_path / "row.json", Row)


def test_rows_are_plain_json(path: Path) -> None:
    write_json_lines(path, [Row(1, "a"), {"b": [None, True, 1.5]}])
    lines = read_raw(path).decode().splitlines()
    assert [json.loads(line) for line in lines] == [{"number": 1, "text": "a"}, {"b": [None, True, 1.5]}]
