"""Duplicates: which of several like tasks is kept, and what counts as like."""

from __future__ import annotations

import random

from datasketch import MinHash, MinHashLSH

from filters.duplicates import NEAR, PERMUTATIONS, find_duplicates
from filters.sketch_index import SketchIndex
from tasks.record import Duplicate, Provenance, Task

_BODY = """    found = {}
    for number, line in enumerate(lines, start=1):
        key, separator, value = line.partition("=")
        if not separator:
            raise ValueError(f"line {number} has no value: {line!r}")
        found[key.strip().lower()] = value.strip()
    for name, default in (("host", "localhost"), ("port", "8080"), ("user", "nobody")):
        found.setdefault(name, default)
    return dict(sorted(found.items()))
"""


def _task(task_id: str, body: str = _BODY, head: str = "def settings(lines):\n") -> Task:
    return Task(task_id, head, "settings", body, [], Provenance("project", "p"))


def test_the_first_of_equal_tasks_is_kept_and_each_kind_is_told() -> None:
    near = _BODY.replace('"nobody"', '"guest"')
    found = find_duplicates(
        [
            _task("a/1"),
            _task("b/1"),
            _task("c/1", _BODY.replace("found", "result")),
            _task("d/1", near),
            _task("e/1", "    return [line[::-1] for line in lines if line]\n"),
        ]
    )
    assert found.keys() == {"b/1", "c/1", "d/1"}
    assert found["b/1"] == Duplicate("a/1", "exact")
    assert found["c/1"] == Duplicate("a/1", "tree")
    assert (found["d/1"].task_id, found["d/1"].kind) == ("a/1", "near")
    assert 0.85 <= found["d/1"].similarity < 1


def test_short_solutions_are_no_near_copies_of_each_other() -> None:
    assert not find_duplicates([_task("a/1", "    return lines[0]\n"), _task("b/1", "    return lines[1]\n")])


def test_programs_that_cannot_be_parsed_are_compared_as_text() -> None:
    found = find_duplicates([_task("a/1", "    return (\n"), _task("b/1", "    return (\n")])
    assert found == {"b/1": Duplicate("a/1", "exact")}


def test_the_index_finds_what_datasketch_finds() -> None:
    dice = random.Random(1)
    words = [str(number) for number in range(60)]
    index, known = SketchIndex(NEAR, PERMUTATIONS), MinHashLSH(threshold=NEAR, num_perm=PERMUTATIONS)
    sketches: dict[str, MinHash] = {}
    near = 0
    for number in range(300):
        text = list(words)
        for place in dice.sample(range(60), dice.randrange(12)):
            text[place] = f"other {dice.randrange(5)}"
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([word.encode() for word in text])
        alike = [(sketch.jaccard(sketches[name]), name) for name in known.query(sketch)]
        alike = [entry for entry in alike if entry[0] >= NEAR]
        wanted = min(alike, key=lambda entry: (-entry[0], entry[1]), default=None)
        assert index.nearest(sketch) == wanted
        near += wanted is not None
        name = f"task {number}"
        sketches[name] = sketch
        known.insert(name, sketch)
        index.add(name, sketch)
    assert 50 < near < 300
