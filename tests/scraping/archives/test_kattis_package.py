from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scraping.archives.kattis_package import read_kattis_packages
from scraping.archives.kattis_settings import read_settings
from scraping.problem import Problem, ProblemRejection
from tests.scraping.archives.making import only, problems, reason, shared, written

_LEGACY = {
    "problem.yaml": "name: Sums\nauthor: Ann\nlicense: cc by-sa\nlimits: {memory: 512}\nkeywords: easy math",
    "problem_statement/problem.en.tex": "Add.\n\\section*{Input}\nTwo numbers.\n\\section*{Output}\nA sum.\n",
    "problem_statement/problem.sv.tex": "Addera.",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/small/02.in": "2 2\n",
    "data/secret/small/02.ans": "4\n",
    "data/secret/big/01.in": "5 5\n",
    "data/secret/big/01.ans": "10\n",
    "submissions/accepted/ok.py": "print(sum(map(int, input().split())))\n",
    "submissions/wrong_answer/no/main.cc": '#include "h.h"\nint main() {}\n',
    "submissions/wrong_answer/no/h.h": "",
    "submissions/stray.py": "print(0)\n",
    "input_validators/check.py": "import sys\nsys.exit(42)\n",
}

Package = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """Makes a package with other files than the usual ones; an empty text leaves a file out."""

    def make(changes: Mapping[str, str]) -> Path:
        files = {name: text for name, text in {**_LEGACY, **changes}.items() if text or name.endswith(".h")}
        return written(tmp_path / "sums", files)

    return make


def _read(path: Path) -> list[Problem | ProblemRejection]:
    return list(read_kattis_packages(path))


def test_a_legacy_package(package: Package) -> None:
    problem = only(read_kattis_packages(package({})))
    assert (problem.problem_id, problem.title, problem.language) == ("package:sums", "Sums", "en")
    assert problem.sections.input == "Two numbers." and problem.sections.legend == "Add."
    assert [(test.kind, test.name, test.input, test.output) for test in problem.tests] == [
        ("example", "sample/1", "1 2\n", "3\n"),
        ("secret", "secret/big/01", "5 5\n", "10\n"),
        ("secret", "secret/small/02", "2 2\n", "4\n"),
    ]
    assert [(s.name, s.language, s.claimed, list(s.files)) for s in problem.solutions] == [
        ("accepted/ok.py", "python3", "accepted", ["ok.py"]),
        ("wrong_answer/no", "cpp", "wrong_answer", ["main.cc", "h.h"]),
    ]
    assert problem.limits.memory_bytes == 512 * 2**20 and problem.limits.time_seconds is None
    assert problem.rights.license == "CC-BY-SA-4.0" and problem.rights.owner == "Ann"
    assert (problem.rights.redistribution, problem.rights.training) == ("yes", "unknown")
    assert problem.checker.kind == "tokens" and not problem.checker.case_sensitive
    assert [validator.arguments for validator in problem.input_validators] == [[]]
    assert problem.tags == ["easy", "math"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("float_tolerance 1e-4", (1e-4, 1e-4, "tokens", False)),
        ("float_relative_tolerance 1e-6 case_sensitive", (1e-6, None, "tokens", True)),
        ("float_absolute_tolerance 0.5 space_change_sensitive", (None, 0.5, "exact", False)),
    ],
)
def test_flags_of_the_default_validator(
    package: Package, flags: str, expected: tuple[float | None, float | None, str, bool]
) -> None:
    checker = only(
        read_kattis_packages(package({"problem.yaml": f"name: S\nvalidator_flags: {flags}\n"}))
    ).checker
    found = checker.relative_tolerance, checker.absolute_tolerance, checker.kind, checker.case_sensitive
    assert found == expected


def test_a_new_package_with_its_own_validator_and_groups(package: Package) -> None:
    problem = only(
        read_kattis_packages(
            package(
                {
                    "problem.yaml": "problem_format_version: 2025-09\nname: {sv: Summor, en: Sums}\n"
                    "license: cc0\ncredits: {authors: [Ann <a@b>, {name: Bo}]}\n"
                    "limits: {time_limit: 1.5}\nconstants: {k: 7}\n",
                    "problem_statement/problem.en.tex": "",
                    "problem_statement/problem.sv.tex": "",
                    "statement/problem.en.md": "At most {{k}}.\n\n## Output\n\nAny.\n\n{{nextsample}}\n",
                    "output_validator/check/main.cpp": "int main() { return 42; }\n",
                    "output_validator/check/part.cpp": "int f() { return 1; }\n",
                    "data/secret/test_group.yaml": "output_validator_args: [strict, '2']\n",
                    "data/secret/big/test_group.yaml": "input_validator_args: [n=9]\n",
                    "data/secret/small/02.yaml": "input_validator_args: [n=2]\nhint: small\n",
                    "submissions/submissions.yaml": "wrong_answer/no: {required: [TLE]}\n",
                }
            )
        )
    )
    assert (
        problem.statement_markdown.startswith("At most 7.") and "nextsample" not in problem.statement_markdown
    )
    assert problem.title == "Sums" and problem.limits.time_seconds == 1.5
    assert problem.rights.owner == "Ann, Bo" and problem.rights.training == "yes"
    program = problem.checker.program
    assert program is not None and problem.checker.kind == "program"
    assert (program.entry, program.language, program.protocol) == ("main.cpp", "cpp", "kattis")
    assert program.arguments == ["strict", "2"]
    assert sorted(validator.arguments for validator in problem.input_validators) == [["n=2"], ["n=9"]]
    assert problem.solutions[1].claimed == "time_limit_exceeded"


def test_interactive_packages_keep_their_mode(package: Package) -> None:
    changes = {
        "problem.yaml": "name: G\nvalidation: custom interactive\n",
        "output_validators/v.py": "import sys\n",
        "data/secret/big/01.ans": "",
    }
    assert only(read_kattis_packages(package(changes))).mode == "interactive"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"problem.yaml": "name: [\n"}, "malformed_yaml"),
        ({"problem.yaml": "- a\n"}, "malformed_yaml"),
        ({"problem.yaml": "problem_format_version: 2099-01\nname: S\n"}, "unknown_format_version"),
        ({"problem.yaml": "problem_format_version: 2025-09\nname: S\ntype: multi-pass\n"}, "multi_pass"),
        ({"problem.yaml": "name: S\nvalidation: custom score\n"}, "scored_by_validator"),
        ({"problem.yaml": "name: S\nvalidation: custom\n"}, "missing_output_validator"),
        ({"problem.yaml": "name: S\nvalidator_flags: lenient\n"}, "unknown_validator_argument"),
        ({"problem.yaml": "name: S\nvalidator_flags: float_tolerance much\n"}, "malformed"),
        ({"data/secret/big/02.files/x": "1"}, "tests_with_files"),
        ({"data/secret/big/01.yaml": "args: [x]\n"}, "program_arguments"),
        ({"problem_statement/problem.en.tex": "", "problem_statement/problem.sv.tex": ""}, "no_statement"),
        (
            {
                "data/secret/big/testdata.yaml": "output_validator_flags: float_tolerance 1\n",
                "data/secret/small/testdata.yaml": "output_validator_flags: float_tolerance 2\n",
            },
            "validator_arguments_differ",
        ),
        (
            {
                "problem.yaml": "name: S\nvalidation: custom\n",
                "output_validators/a.py": "1\n",
                "output_validators/b.py": "1\n",
            },
            "several_output_validators",
        ),
        (
            {"problem.yaml": "name: S\nvalidation: custom\n", "output_validators/a/build": "make\n"},
            "own_build_script",
        ),
    ],
)
def test_what_cannot_be_taken_is_rejected_with_its_reason(
    package: Package, changes: dict[str, str], expected: str
) -> None:
    assert reason(_read(package(changes))) == expected


def test_a_package_under_embargo_is_not_taken() -> None:
    content = {"name": "S", "embargo_until": datetime.date(2030, 1, 2)}
    with pytest.raises(ValueError, match="under_embargo"):
        read_settings(content, today=datetime.date(2030, 1, 1))
    assert read_settings(content, today=datetime.date(2030, 1, 2)).mode == "stdio"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data/secret/big/01.ans": ""}, "missing_answer"),
        ({"data/secret/big/01.in": ""}, "missing_input"),
        ({"data/secret/big/01.in": "x" * 1_000}, "too_large"),
    ],
)
def test_a_damaged_or_huge_test_is_dropped_and_counted_and_the_others_stay(
    package: Package, changes: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scraping.archives.kattis_tests.MAX_TEST_BYTES", 999)
    problem = only(read_kattis_packages(package(changes)))
    assert [test.name for test in problem.tests] == ["sample/1", "secret/small/02"]
    assert problem.tests_dropped == {reason: 1}


def test_tests_are_read_up_to_a_limit_for_the_problem(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scraping.archives.kattis_tests.MAX_PROBLEM_BYTES", 12)
    problem = only(read_kattis_packages(package({})))
    assert [test.name for test in problem.tests] == ["sample/1", "secret/small/02"]
    assert problem.tests_dropped == {"too_large": 1}


def test_links_that_came_as_texts_are_followed_inside_the_package(package: Package, tmp_path: Path) -> None:
    (tmp_path / "5.in").write_text("outside")
    texts = {
        "2": ("../small/02.in", "../small/02.ans"),  # as git writes links without support for them
        "3": ("2.in", "2.ans"),
        "4": ("4.in", "02.in"),  # itself; another suffix
        "5": ("../../../../5.in", "../small/02.ans\n"),
        "6": ("missing.in", ""),
    }
    path = package({})
    for name, (given, answer) in texts.items():
        (path / f"data/secret/big/{name}.in").write_text(given)
        (path / f"data/secret/big/{name}.ans").write_text(answer)
    tests = {test.name: (test.input, test.output) for test in only(read_kattis_packages(path)).tests}
    followed = ("2 2\n", "4\n")
    assert tests["secret/big/2"] == tests["secret/big/3"] == followed
    for name in "456":
        assert tests[f"secret/big/{name}"] == texts[name]


def test_links_lead_to_what_is_in_the_archive_only(package: Package, tmp_path: Path) -> None:
    path = package({})
    (path / "data/secret/big/03.in").symlink_to("01.in")
    (path / "data/secret/big/03.ans").symlink_to("01.ans")
    assert [test.name for test in only(read_kattis_packages(path)).tests].count("secret/big/03") == 1
    (tmp_path / "secret.txt").write_text("private")
    (path / "data/secret/big/04.in").symlink_to(tmp_path / "secret.txt")
    (path / "data/secret/big/04.ans").symlink_to(tmp_path / "secret.txt")
    assert reason(_read(path)) == "link_out_of_archive"


def test_a_damaged_package_does_not_end_the_import(package: Package, tmp_path: Path) -> None:
    package({})
    written(tmp_path / "broken", {"problem.yaml": "name: \x00\n"})
    found = _read(tmp_path)
    assert sorted(type(item).__name__ for item in found) == ["Problem", "ProblemRejection"]
    assert {item.problem_id for item in found} == {"package:sums", "package:broken"}


def test_real_packages() -> None:
    found = {
        problem.problem_id.rpartition("/")[2]: problem
        for problem in problems(_read(shared("kattis_problemtools")))
    }
    assert {name: len(problem.tests) for name, problem in found.items()} == {
        "different": 3,
        "guess": 10,
        "hello": 1,
        "oddecho": 18,
    }
    inputs = {test.name: test.input for test in found["oddecho"].tests}
    assert inputs["secret/subtask2/1"] == inputs["secret/subtask1/1"]
    assert found["guess"].mode == "interactive"
    assert found["different"].checker.program is not None
    assert found["different"].solutions and "10^{15}" in found["different"].statement_markdown
    assert found["hello"].rights.license == "CC-PDM-1.0" and found["hello"].rights.owner is None
