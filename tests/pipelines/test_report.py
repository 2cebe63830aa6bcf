"""The report of a build: every count and reason is there, what is chosen and told does not hang on chance."""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner
from selectolax.lexbor import LexborHTMLParser

from pipelines.build_folder import BuildFolder, FinishedStage
from pipelines.commands import main
from pipelines.report.content import read_report_content
from pipelines.report.distributions import Bar, Histogram, Tally
from pipelines.report.examples import Choice, LostExample, shortened
from pipelines.report.page import report_page, write_report
from tasks.files import BadFile, read_json, read_json_lines, write_json, write_json_lines
from tasks.record import Task
from tests.pipelines.build_recipes import THRESHOLDS, write_tasks
from tests.pipelines.report_folder import made_task, write_build


def _text(folder: BuildFolder) -> str:
    """The words of a page, as they are read."""
    body = LexborHTMLParser(folder.report.read_text().replace("<wbr>", "")).body
    assert body is not None
    return " ".join(body.text(separator=" ").split())


def _built(path: Path) -> BuildFolder:
    kept = [made_task(f"one-1.0/m.f{index}") for index in range(14)] + [made_task("two-2.0/m.g", 10)]
    weak = [made_task(f"two-2.0/m.w{index}", 3, license=None) for index in range(5)]
    return write_build(path, kept, {"weak_tests": weak, "trivial_solution_passes": [made_task("three/t", 0)]})


def test_every_count_and_reason_is_told(tmp_path: Path) -> None:
    folder = _built(tmp_path / "out")
    done = CliRunner().invoke(main, ["report", str(folder.path)])
    assert (done.exit_code, done.output) == (0, f"report: {folder.report}\n")
    text = _text(folder)
    for told in (
        "23 in, 21 kept 91%",
        "21 in, 15 kept 71%",
        "strength weak_tests 5 24%",
        "strength trivial_solution_passes 1 5%",
        "arguments_and_result no_result 1 4%",
        "checker several_answers 1 100%",
        "1 input gave nothing pypi:broken: build: no_matching_distribution",
        "ambiguous 2",
        "5 tests added",
        "one-1.0 23 21",
        "tox, Python 3.11.7",
        "one-1.0 14 14 two-2.0 6 1 three 1 0",
        "MIT 15 1 not known 0 5",
        "0.9 to 1 14 0 1 1 0",
        "weak_tests is so and so",
        "m.py:9 case 3: expected 1",
        "https://site/p any order",
        "9 of 10 mutants killed",
        "90 of 100 judged passed, 100 drawn from recorded:s; pass rate 0.90",
        "one-1.0, a.py:3-5",
        "1 min 30 s 4.29 s fn-api processor seconds: strength 61.5",
        "exports/humaneval.jsonl 15 abababababababab",
        "The recipe [filter]",
    ):
        assert told in text, told
    assert "What changed" not in text
    codes = [code.text() for code in LexborHTMLParser(folder.report.read_text()).css("pre")]
    assert any(code.startswith("f(0) == 0\nf(1) == 1\n") for code in codes)
    assert 'def f(n):\n    """Return n."""\n    return n\n' in codes


def test_the_page_asks_for_nothing_and_admits_its_own_styles_alone(tmp_path: Path) -> None:
    tree = LexborHTMLParser(write_report(_built(tmp_path / "out")).read_text())
    policy = tree.css_first("meta[http-equiv=Content-Security-Policy]").attributes["content"] or ""
    (styles,) = tree.css("style")
    digest = base64.b64encode(hashlib.sha256(styles.text().encode()).digest()).decode()
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert not tree.css("script, link, img, iframe, object, embed, form, base, [src], [style], [onclick]")
    assert all((link.attributes["href"] or "").startswith("#") for link in tree.css("[href]"))
    assert "url(" not in styles.text()
    places = {node.attributes["id"] for node in tree.css("section")}
    assert {(link.attributes["href"] or "")[1:] for link in tree.css("nav a")} <= places


def test_what_projects_wrote_stays_text(tmp_path: Path) -> None:
    hostile = "</pre><script>hit()</script>{{ 7 * 7 }} \u202e&lt;b&gt;"
    tasks = [made_task("</style><img src=x>/f", docstring=hostile, license="<b>MIT</b>")]
    folder = write_build(tmp_path / "out", tasks, {"<i>r</i>": tasks}, recipe="</pre><script>recipe()")
    tree = LexborHTMLParser(write_report(folder).read_text())
    assert not tree.css("script, img, b:not(.flow b):not(.tiles b):not(.lost-items b), i")
    text = _text(folder)
    for told in ("<script>hit()</script>{{ 7 * 7 }} \\u202e&lt;b&gt;", "</style><img src=x>/f", "<b>MIT</b>"):
        assert told in text


def test_the_same_examples_are_chosen_in_every_order(tmp_path: Path) -> None:
    first, second = _built(tmp_path / "one"), _built(tmp_path / "two")
    tasks = list(read_json_lines(first.stage("filter").tasks, Task))
    write_json_lines(second.stage("filter").tasks, tasks[::-1])
    one, two = read_report_content(first), read_report_content(second)
    assert [example.name for example in one.kept] == [example.name for example in two.kept]
    assert (len(one.kept), [len(group.tasks) for group in one.rejected]) == (10, [0, 0, 0, 2, 1])
    assert report_page(one) == report_page(read_report_content(first))


def test_parts_that_are_missing_are_told_or_left_out(tmp_path: Path) -> None:
    folder = _built(tmp_path / "out")
    records = read_report_content(folder).stages
    folder.times.unlink()
    folder.stage("filter").rejected.unlink()
    text = _text(BuildFolder(write_report(folder).parent))
    assert "stages/filter/rejected.jsonl" in text
    assert "Costs" not in text

    unfinished = BuildFolder(tmp_path / "unfinished")
    for record in records[:3]:
        write_json(unfinished.finished(record.stage), FinishedStage("key", record))
    bare = Task("one-1.0/f", "def f():\n", "f", "    return 1\n", [], made_task("a").provenance, check="x")
    write_json_lines(unfinished.stage("gather").tasks, [bare])
    write_report(unfinished)
    text = _text(unfinished)
    assert "This build has not come to its end" in text
    assert "Mutation score" not in text
    assert "Pass rate" not in text
    assert "Tests per task" in text


@pytest.mark.parametrize("content", [None, "{}", '{"manifest_version": 1}'])
def test_a_folder_that_is_no_build_ends_with_status_2(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "build.json").write_text(content)
    done = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert done.exit_code == 2
    assert str(tmp_path) in done.output
    assert not (tmp_path / "report.html").exists()


def test_what_changed_since_the_build_before(tmp_path: Path) -> None:
    path, names = tmp_path / "out", [f"one-1.0/m.f{index}" for index in range(30)]
    folder = write_build(path, [made_task(name) for name in names], {"weak_tests": [made_task("one-1.0/w")]})
    write_report(folder)
    write_report(folder)
    assert read_report_content(folder).changes is None, "the same build is no change"

    kept = [made_task(name) for name in names[3:]] + [made_task("one-1.0/new"), made_task(names[0], 10)]
    write_build(path, kept, {"unstable": [made_task(names[1])]}, recipe="[filter]\ntest_seconds = 3\n")
    write_report(folder)
    changes = read_report_content(folder).changes
    assert changes is not None
    assert (changes.since, changes.recipe[-1]) == ("2026-01-05T00:00:00+00:00", "+test_seconds = 3")
    assert (changes.new.names, changes.changed.names) == (["one-1.0/new"], [names[0]])
    assert (changes.gone.number, changes.gone.names) == (2, names[1:3])
    assert {
        (row.stage, row.what): (row.before, row.now) for row in changes.counts if row.stage == "filter"
    } == {
        ("filter", "read"): (31, 30),
        ("filter", "strength: unstable"): (0, 1),
        ("filter", "strength: weak_tests"): (1, 0),
        ("filter", "kept"): (30, 29),
    }
    text = _text(folder)
    for told in (
        "1 new one-1.0/new",
        f"2 gone {names[1]} (unstable), {names[2]}",
        "+test_seconds = 3",
        "filter kept 30 29 -1",
    ):
        assert told in text, told


def test_a_report_that_was_killed_between_two_builds_still_compares_them(tmp_path: Path) -> None:
    path = tmp_path / "out"
    folder = write_build(path, [made_task("one-1.0/a")], {})
    write_report(folder)
    write_build(path, [made_task("one-1.0/b")], {})
    history = path / "history"
    (history / "current.jsonl.gz").replace(history / "previous.jsonl.gz")  # and here it was killed
    write_report(folder)
    changes = read_report_content(folder).changes
    assert changes is not None
    assert (changes.new.names, changes.gone.names) == (["one-1.0/b"], ["one-1.0/a"])

    (history / "previous.jsonl.gz").write_bytes(b"\x1f\x8bbroken")
    with pytest.raises(BadFile, match=r"previous\.jsonl\.gz: .* remove it"):
        read_report_content(folder)


def test_memory_does_not_grow_with_the_number_of_tasks(tmp_path: Path) -> None:
    peaks = []
    for number in (100, 1600):
        kept = [made_task(f"one-1.0/m.f{index}", docstring="word " * 100) for index in range(number)]
        folder = write_build(tmp_path / str(number), kept, {"weak_tests": kept})
        del kept
        read_report_content(folder)  # what is loaded once counts for neither
        tracemalloc.start()
        read_report_content(folder)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_histograms_put_values_where_they_belong() -> None:
    lengths = Histogram([0, 1, 2, 5, 100])
    for value in (0, 2, 4, 4, 100, 5000):
        lengths.add(value, kept=value != 4)
    lengths.add(None, kept=True)
    counted = lengths.counted("Length")
    assert counted.bars == [
        Bar("0", 1, 0),
        Bar("1", 0, 0),
        Bar("2 to 4", 1, 2),
        Bar("5 to 99", 0, 0),
        Bar("100 or more", 2, 0),
    ]
    assert (counted.unknown, counted.largest) == (1, 3)
    scores = Histogram([0, 0.5], whole=False, top=1)
    for score in (0.49, 0.5, 0.999, 1.0):
        scores.add(score, kept=True)
    assert scores.counted("Score").bars == [Bar("0 to 0.5", 1, 0), Bar("0.5 to 1", 2, 0), Bar("1", 1, 0)]


def test_of_very_many_names_the_rest_is_counted_together() -> None:
    tally = Tally(shown=2)
    for index in range(3000):
        tally.add(f"name {index}", kept=True)
        tally.add("common", kept=index % 2 == 0)
    bars = tally.counted("Licence").bars
    assert [bar.label for bar in bars] == ["common", "name 0", "all others"]
    assert sum(bar.total for bar in bars) == 6000


def test_long_texts_are_cut_with_what_is_missing() -> None:
    assert shortened("a\nb") == "a\nb"
    assert shortened("a\n" * 100, lines=3) == "a\na\na\n... 98 more lines"
    assert shortened("x" * 2000, characters=1000) == "x" * 1000 + "\n... 1,000 more characters"


def test_records_of_a_build_are_not_touched(tmp_path: Path) -> None:
    folder = _built(tmp_path / "out")
    before = {file: file.read_bytes() for file in folder.path.rglob("*") if file.is_file()}
    write_report(folder)
    assert {file: file.read_bytes() for file in before} == before
    added = {str(file.relative_to(folder.path)) for file in folder.path.rglob("*") if file.is_file()}
    assert added - {str(file.relative_to(folder.path)) for file in before} == {
        "report.html",
        "history/current.jsonl.gz",
    }
    assert not re.search(r"\.tmp\b", " ".join(added))
    assert read_json(folder.times, dict).keys() == {"trace", "scrape", "gather", "filter", "export"}


def test_a_build_ends_with_its_report(sandbox: object, tmp_path: Path) -> None:
    write_tasks(tmp_path / "tasks.jsonl")
    recipe, output = tmp_path / "recipe.toml", tmp_path / "out"
    text = f'sandbox = "bubblewrap"\n[tasks]\nfiles = ["tasks.jsonl"]\n{THRESHOLDS}\n[export.humaneval]\n'
    for maximum in ("", "\n[filter.thresholds.solution_too_long]\nmaximum = 0\n"):
        recipe.write_text(text + maximum)
        done = CliRunner().invoke(main, ["build", str(recipe), "-o", str(output)])
        assert f"report: {output / 'report.html'}" in done.output, done.output
    text = _text(BuildFolder(output))
    for told in (
        "1 gone made/bend (solution_too_long)",
        "filter kept 1 0 -1",
        "+maximum = 0",
        "bend(-5) == 40",
    ):
        assert told.replace(" ", "") in text.replace(" ", ""), told


def test_examples_of_one_name_are_chosen_in_the_same_way_in_every_order() -> None:
    lost = [LostExample("p/f", f"f.py:{line}", "") for line in range(5)] + [LostExample("p/g", "g.py:1", "")]
    chosen = []
    for order in (lost, lost[::-1]):
        choice: Choice[LostExample] = Choice(3)
        for example in order:
            choice.add(example.name, example)
        chosen.append(choice.items)
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 3
