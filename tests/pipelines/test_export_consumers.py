"""Each export read by its consumer's own code, where that is installed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.reward import SandboxReward
from pipelines.export import export_tasks
from pipelines.exports.options import ExportOptions, Shares
from sandbox.interface import Sandbox
from tasks.files import read_json_lines, write_json_lines
from tests.pipelines.exported_tasks import (
    CLAMPED,
    COPYLEFT,
    HALVES,
    TASKS,
    UNLICENSED,
    WORDS,
    run_folder,
)
from tests.sft.small_models import byte_tokenizer, save_small_model, small_model

_ROOT = Path(__file__).parents[2]
_PEERS = _ROOT / ".venv" / "peers" / "bin" / "python"
_CONSUMERS = _ROOT / ".venv" / "consumers" / "bin" / "python"
_OPTIONS = ExportOptions(benchmarks={}, shares=Shares(0.2, 0.2), name="own_tasks")
_TRAINING = {
    "report_to": "none",
    "use_cpu": True,
    "max_steps": 1,
    "logging_steps": 1,
    "per_device_train_batch_size": 2,
    "save_strategy": "no",
    "disable_tqdm": True,
}
_CHAT = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
_LM_EVAL = """
import json, sys
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

class Recorded(LM):
    def generate_until(self, requests):
        return [sys.argv[2] or json.loads(each.doc["tests"])["canonical_solution"] for each in requests]
    def loglikelihood(self, requests):
        raise NotImplementedError
    def loglikelihood_rolling(self, requests):
        raise NotImplementedError

tasks = TaskManager(include_path=sys.argv[1], include_defaults=False)
found = simple_evaluate(Recorded(), tasks=["own_tasks"], task_manager=tasks, bootstrap_iters=0)
print("RESULT", json.dumps([found["results"]["own_tasks"]["pass@1,none"], found["n-samples"]["own_tasks"]]))
"""


def _needs(python: Path, module: str) -> None:
    asked = ["-c", f"import {module}"]
    if not python.exists() or subprocess.run([python, *asked], capture_output=True).returncode:
        pytest.skip(
            f"{module} is not in {python.parents[1]}: make {python.parents[1].relative_to(_ROOT)}/.installed"
        )


def _run(*command: object, **environment: object) -> str:
    texts = {name: str(value) for name, value in environment.items()}
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **offline, **texts},
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(tmp_path_factory.mktemp("run"))


def test_evalplus_passes_the_references_and_fails_what_its_own_inputs_tell(run: Path, tmp_path: Path) -> None:
    _needs(_PEERS, "evalplus")
    exported = tmp_path / "tasks.jsonl"
    export_tasks("evalplus", run, exported, _OPTIONS)
    rows = list(read_json_lines(exported, dict[str, Any]))
    names = {CLAMPED.task_id, WORDS.task_id, HALVES.task_id, COPYLEFT.task_id, UNLICENSED.task_id}
    assert {row["task_id"] for row in rows} == names
    forgets_the_lower_bound = "    return min(value, high)\n"
    statuses = []
    for number, for_clamped in enumerate((CLAMPED.canonical_solution, forgets_the_lower_bound)):
        samples = tmp_path / f"samples{number}.jsonl"
        write_json_lines(
            samples,
            (
                {
                    "task_id": row["task_id"],
                    "completion": for_clamped
                    if row["task_id"] == CLAMPED.task_id
                    else row["canonical_solution"],
                }
                for row in rows
            ),
        )
        _run(
            *(
                _PEERS,
                "-m",
                "evalplus.evaluate",
                "--dataset",
                "humaneval",
                "--samples",
                samples,
                "--parallel",
                "1",
            ),
            HUMANEVAL_OVERRIDE_PATH=exported,
            XDG_CACHE_HOME=tmp_path / "cache",
        )
        results = json.loads((tmp_path / f"samples{number}_eval_results.json").read_text())["eval"]
        statuses.append(
            {name: (each["base_status"], each["plus_status"]) for name, (each,) in results.items()}
        )
    assert statuses[0] == dict.fromkeys(names, ("pass", "pass"))
    assert statuses[1] == statuses[0] | {CLAMPED.task_id: ("pass", "fail")}


def test_lm_eval_loads_the_task_and_grades_in_the_sandbox(run: Path, tmp_path: Path) -> None:
    _needs(_CONSUMERS, "lm_eval")
    summary = export_tasks("lm-eval", run, tmp_path / "own_tasks", _OPTIONS)
    scores = []
    for completion in ("", "    return None\n"):
        told = _run(
            *(_CONSUMERS, "-c", _LM_EVAL, tmp_path / "own_tasks", completion),
            PYTHONPATH=_ROOT,
            HF_HOME=tmp_path / "home",
        )
        line = next(line for line in told.splitlines() if line.startswith("RESULT "))
        scores.append(json.loads(line.removeprefix("RESULT ")))
    (right, counts), (wrong, _) = scores
    assert (right, wrong) == (1.0, 0.0)
    assert counts["effective"] == summary.exported == 7


def test_verifiers_validates_every_reference_and_nothing_else(run: Path, tmp_path: Path) -> None:
    _needs(_CONSUMERS, "verifiers.v1")
    summary = export_tasks("verifiers", run, tmp_path / "package", _OPTIONS)
    command = _CONSUMERS.with_name("vf-validate")
    output = tmp_path / "validated"
    _run(
        *(command, "own-tasks", "--runtime.type", "subprocess", "-o", output),
        PYTHONPATH=f"{tmp_path / 'package'}:{_ROOT}",
    )
    (told,) = (json.loads(file.read_text()) for file in output.rglob("summary.json"))
    assert told["outcomes"]["valid"] == told["total"] == summary.exported == 8
    assert {check: found["valid"] for check, found in told["checks"].items()} == {"gold": 8, "noop": 8}


@pytest.fixture(scope="module")
def repository(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "own_tasks"
    samples = folder.parent / "samples.jsonl"
    write_json_lines(samples, [{"task_id": WORDS.task_id, "completion": "    return ''\n", "passed": False}])
    rejected = folder.parent / "rejected.jsonl"
    rejected.write_text('{"project": "p", "function": "f", "stage": "replay", "reason": "too_slow"}\n')
    options = ExportOptions(benchmarks={}, shares=Shares(0.2, 0.2), samples=(samples,), rejected=(rejected,))
    export_tasks("datasets", run, folder, options)
    return folder


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    found = pytest.importorskip("datasets", reason="the extra hub is not installed")
    monkeypatch.setattr(found.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    yield found


def test_datasets_loads_every_config(repository: Path, datasets: Any) -> None:
    assert datasets.get_dataset_config_names(str(repository)) == [
        *("sft", "humaneval", "docstring", "rl", "samples", "rejected")
    ]
    loaded = {
        name: datasets.load_dataset(str(repository), name)
        for name in datasets.get_dataset_config_names(str(repository))
    }
    by_default = datasets.load_dataset(str(repository))
    assert by_default["train"].column_names == loaded["sft"]["train"].column_names
    exported = [row for split in loaded["sft"].values() for row in split]
    assert len(exported) == 9 and set(loaded["sft"]) == {"train", "validation", "test"}
    licences = {row["task_id"]: row["license"] for row in exported}
    assert (licences[COPYLEFT.task_id], licences[UNLICENSED.task_id]) == ("GPL-3.0-only", None)
    assert [row["passed"] for split in loaded["samples"].values() for row in split] == [False]
    reasons = {row["reason"] for row in loaded["rejected"]["train"]}
    assert reasons == {"too_slow", "no_docstring", "redistribution_not_permitted"}
    split_of = {row["task_id"]: name for name, split in loaded["sft"].items() for row in split}
    for config in ("humaneval", "docstring", "rl", "samples"):
        for name, split in loaded[config].items():
            assert all(split_of[row["task_id"]] == name for row in split)
    assert set(next(iter(loaded["rl"].values())).features["metadata"]) == {
        *("tests", "mutation_score", "pass_rate", "reference_seconds")
    }


def test_the_card_and_the_notice_tell_the_terms(repository: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="the extra hub is not installed")
    card = hub.DatasetCard.load(repository / "README.md")
    assert card.data.license == "other"
    assert card.data.task_categories == ["text-generation"]
    assert card.data.configs[0]["config_name"] == "sft"
    notice = (repository / "NOTICE").read_text()
    for text in (
        "GPL-3.0-only",
        "MIT\n---",
        "Copyright (c) 2020 The alpha authors",
        "no licence known",
        "delta 1.0",
    ):
        assert text in notice
    assert "closed" not in notice


@pytest.mark.parametrize("format_", ["trl", "trl-conversational", "docstring"])
def test_trl_prepares_the_rows_and_masks_the_prompts(
    run: Path, tmp_path: Path, datasets: Any, format_: str
) -> None:
    trl = pytest.importorskip("trl", reason="the extra sft is not installed")
    export_tasks(format_, run, tmp_path / "set", _OPTIONS)
    rows = datasets.load_dataset(str(tmp_path / "set"))
    assert set(rows) == {"train", "validation", "test"}
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = _CHAT
    trainer = trl.SFTTrainer(
        model=small_model("llama", "sdpa", context=4_096),
        args=trl.SFTConfig(max_length=None, **_TRAINING, output_dir=str(tmp_path / "out")),
        train_dataset=rows["train"],
        processing_class=tokenizer,
    )
    prepared = list(trainer.train_dataset)
    assert len(prepared) == len(rows["train"])
    for row, original in zip(prepared, rows["train"], strict=True):
        assert row["labels"][0] == -100
        text = tokenizer.decode([token for token in row["labels"] if token != -100])
        text = text.replace(tokenizer.eos_token, "")
        completion = original["completion"]
        assert (
            text.strip() == (completion if isinstance(completion, str) else completion[0]["content"]).strip()
        )


def test_trl_prefers_and_rewards(run: Path, tmp_path: Path, datasets: Any) -> None:
    trl = pytest.importorskip("trl", reason="the extra sft is not installed")
    samples = tmp_path / "samples.jsonl"
    write_json_lines(
        samples,
        (
            {"task_id": each.task_id, "completion": text, "passed": passed}
            for each in TASKS
            for text, passed in ((each.canonical_solution, True), ("    return None\n", False))
        ),
    )
    options = ExportOptions(benchmarks={}, shares=Shares(0, 0), samples=(samples,))
    export_tasks("preferences", run, tmp_path / "preferences", options)
    rows = datasets.load_dataset(str(tmp_path / "preferences"), split="train")
    trainer = trl.DPOTrainer(
        model=str(save_small_model(tmp_path / "model")),
        args=trl.DPOConfig(max_length=None, **_TRAINING, output_dir=str(tmp_path / "out")),
        train_dataset=rows,
        processing_class=byte_tokenizer(),
    )
    trainer.train()
    assert len(trainer.train_dataset) == len(rows) == 9


@pytest.mark.parametrize("format_", ["rl", "rl-conversational"])
def test_trl_optimises_by_the_reward(
    run: Path, tmp_path: Path, datasets: Any, quick_backend: Sandbox, format_: str
) -> None:
    trl = pytest.importorskip("trl", reason="the extra sft is not installed")
    export_tasks(format_, run, tmp_path / "rl", ExportOptions(benchmarks={}, shares=Shares(0, 0)))
    rows = datasets.load_dataset(str(tmp_path / "rl"), split="train")
    assert len(rows) == 8
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = _CHAT
    with SandboxReward(quick_backend, workers=1) as reward:
        trainer = trl.GRPOTrainer(
            model=small_model("llama", "sdpa", context=4_096),
            reward_funcs=reward,
            args=trl.GRPOConfig(
                **_TRAINING,
                output_dir=str(tmp_path / "out"),
                num_generations=2,
                generation_batch_size=2,
                max_completion_length=4,
            ),
            train_dataset=rows,
            processing_class=tokenizer,
        )
        trainer.train()
    (logged,) = (each for each in trainer.state.log_history if "reward" in each)
    assert logged["rewards/codex_sft_reward/mean"] == 0.0
