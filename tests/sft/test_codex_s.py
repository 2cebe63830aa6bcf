from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from sft.base_record import BaseRecord, write_base_record  # noqa: E402
from sft.codex_s import FineTuning  # noqa: E402
from sft.recipe import Recipe, read_recipe  # noqa: E402
from sft.tuning_outcome import TuningOutcome  # noqa: E402
from tasks.files import BadFile, read_json_lines, write_json_lines  # noqa: E402
from tests.pipelines.command import COMMAND  # noqa: E402
from tests.sft.small_models import save_small_model, small_model, summed_loss  # noqa: E402
from tests.sft.task_texts import spread_tasks, task  # noqa: E402

_RECIPE = """\
model = "base"

[data]
tasks = ["tasks.jsonl"]
validation_tasks = ["held_out.jsonl"]
context = 192

[batch]
items = 2

[rate]
base = 0.02
warm_up_steps = 175

[plateau]
every = 2

[budget]
passes = 2

[machine]
trackers = []
log_every = 1
"""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model, tasks for training and for validation."""
    folder = tmp_path_factory.mktemp("material")
    save_small_model(folder / "base")
    tasks = spread_tasks(30)
    write_json_lines(folder / "tasks.jsonl", tasks[6:])
    too_long = task("long", "    return 1\n" * 30, project="p9")
    write_json_lines(folder / "held_out.jsonl", [*tasks[:6], too_long])
    return folder


def _recipe(material: Path, old: str = "", new: str = "", name: str = "recipe") -> Recipe:
    assert old in _RECIPE
    file = material / f"{name}.toml"
    file.write_text(_RECIPE.replace(old, new, 1) if old else _RECIPE)
    return read_recipe(file)


def _curves(folder: Path) -> list[dict[str, Any]]:
    return list(read_json_lines(folder / "curves.jsonl", dict[str, Any]))


def _series(folder: Path, name: str) -> dict[int, float]:
    return {entry["step"]: entry[name] for entry in _curves(folder) if name in entry}


@pytest.fixture(scope="module")
def whole(material: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[FineTuning, TuningOutcome, Path]:
    """An undisturbed run of the recipe."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run = FineTuning(_recipe(material), folder)
    return run, run.run(), folder


def test_training_learns_and_keeps_the_best(whole: tuple[FineTuning, TuningOutcome, Path]) -> None:
    run, outcome, folder = whole
    validations = _series(folder, "eval_loss")
    assert outcome.first_loss == validations.pop(0)
    assert outcome.best_loss == min(validations.values()) < outcome.first_loss - 0.1
    from transformers import AutoModelForCausalLM

    kept = AutoModelForCausalLM.from_pretrained(folder / "model").eval()
    assert _direct_loss(kept, run) == pytest.approx(outcome.best_loss, rel=1e-5)


def test_the_validation_loss_is_the_mean_over_trained_tokens_in_both_layouts(
    whole: tuple[FineTuning, TuningOutcome, Path], material: Path, tmp_path: Path
) -> None:
    run, outcome, _ = whole
    expected = _direct_loss(small_model("llama", "sdpa"), run)
    assert outcome.first_loss == pytest.approx(expected, rel=1e-5)
    recipe = _recipe(material, "items = 2", 'items = 4\nlayout = "paper"', "paper")
    assert FineTuning(recipe, tmp_path).run().first_loss == pytest.approx(expected, rel=1e-5)


def test_without_a_rate_a_tenth_of_what_the_model_records_is_taken(material: Path, tmp_path: Path) -> None:
    recipe = _recipe(material, "base = 0.02", "", "untold")
    with pytest.raises(BadFile, match=r"base_training\.json.*is missing; set rate\.base"):
        FineTuning(recipe, tmp_path)
    told = shutil.copytree(material / "base", tmp_path / "told")
    write_base_record(told, BaseRecord("0.1m", 0.04))
    plan = FineTuning(msgspec.structs.replace(recipe, model=str(told)), tmp_path / "run").plan
    assert (plan.base_rate, plan.rate) == (0.04, pytest.approx(0.004))


def _direct_loss(model: Any, run: FineTuning) -> float:
    rows = run.data.validation
    losses = []
    for row in rows:
        ids = torch.tensor([row.token_ids])
        labels = ids.clone()
        labels[0, : row.prompt_tokens] = -100
        with torch.no_grad():
            losses.append(summed_loss(model, {"input_ids": ids, "labels": labels}).item())
    return sum(losses) / sum(row.completion_tokens for row in rows)


def test_rate_and_optimiser_are_the_papers(
    whole: tuple[FineTuning, TuningOutcome, Path], material: Path
) -> None:
    run, _, folder = whole
    plan = run.plan
    assert (plan.rate, plan.warm_up_steps) == (pytest.approx(0.002), plan.steps // 10)
    rates = _series(folder, "learning_rate")
    # an entry tells the rate of the step after it, which the schedule has just been moved to
    assert max(rates.values()) == pytest.approx(0.002, rel=0.1)
    assert rates[plan.steps] == pytest.approx(0.0002, rel=0.2)
    saved = torch.load(
        folder / f"checkpoints/checkpoint-{plan.steps}/optimizer.pt", map_location="cpu", weights_only=True
    )
    groups = saved["param_groups"]
    assert {group["betas"] for group in groups} == {(0.9, 0.95)}
    assert {group["eps"] for group in groups} == {1e-8}
    assert sorted(group["weight_decay"] for group in groups) == [0.0, 0.1]


def test_refused_rows_are_written_and_counted(whole: tuple[FineTuning, TuningOutcome, Path]) -> None:
    run, _, folder = whole
    assert run.data.facts["validation_refused"] == {"too_long": 1}
    refused = list(read_json_lines(folder / "refused.jsonl", dict[str, str]))
    assert [(each["task_id"], each["reason"]) for each in refused] == [("p9/long", "too_long")]
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["settings"]["data"]["training"]["tokens"] == run.data.tokens
    assert {"python", "torch", "transformers", "trl"} <= settings["versions"].keys()


def test_nothing_is_reported_to_the_hub(whole: tuple[FineTuning, TuningOutcome, Path]) -> None:
    import huggingface_hub.constants

    assert huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY


_KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from transformers import TrainerCallback
from sft.codex_s import FineTuning
from sft.recipe import read_recipe

class Kill(TrainerCallback):
    def on_step_end(self, args, state, control, **others):
        if state.global_step == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
FineTuning(read_recipe(Path(sys.argv[1])), Path(sys.argv[2])).run([Kill()])
"""


def test_after_a_kill_the_losses_go_on_as_if_nothing_had_been(
    whole: tuple[FineTuning, TuningOutcome, Path], material: Path, tmp_path: Path
) -> None:
    _, outcome, undisturbed = whole
    recipe = _recipe(material)
    folder = tmp_path / "killed"
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, material / "recipe.toml", folder, "5"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert max(_series(folder, "loss")) == 4, "step 5 was not logged"
    # a checkpoint that was being written when the run was killed
    (folder / "checkpoints/checkpoint-6").mkdir()
    (folder / "checkpoints/checkpoint-6/trainer_state.json").write_text('{"log_hist')
    resumed = FineTuning(recipe, folder).run()
    for name in ("loss", "eval_loss", "learning_rate", "num_tokens"):
        assert _series(folder, name) == pytest.approx(_series(undisturbed, name), rel=1e-6), name
    assert (resumed.best_loss, resumed.best_step, resumed.tokens) == (
        pytest.approx(outcome.best_loss, rel=1e-6),
        outcome.best_step,
        outcome.tokens,
    )


def test_a_compiled_model_has_the_same_losses(
    whole: tuple[FineTuning, TuningOutcome, Path],
    material: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, outcome, undisturbed = whole
    # traced as ever; that the C++ compiler works need not cost a minute here
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    recipe = _recipe(material, "trackers = []", "trackers = []\ncompile = true", "compiled")
    compiled = FineTuning(recipe, tmp_path / "compiled")
    assert (run.plan.compiled, compiled.plan.compiled) == (False, True)
    assert compiled.plan.cells_per_token > run.plan.cells_per_token == 1
    found = compiled.run()
    for name in ("loss", "eval_loss"):
        assert _series(tmp_path / "compiled", name) == pytest.approx(_series(undisturbed, name), rel=1e-4)
    assert found.tokens == outcome.tokens, "padding is not counted"
    # the best model was saved under the names that it always has
    from safetensors import safe_open

    names = [
        set(safe_open(folder / "model/model.safetensors", "pt").keys())
        for folder in (tmp_path / "compiled", undisturbed)
    ]
    assert names[0] == names[1]


@pytest.fixture(scope="module")
def in_turns(material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one process, which does in two turns what two do at once."""
    recipe = _recipe(material, "passes = 2", "passes = 1", "two")
    batch = msgspec.structs.replace(recipe.batch, accumulation=2)
    folder = tmp_path_factory.mktemp("runs") / "one"
    alone = FineTuning(msgspec.structs.replace(recipe, batch=batch), folder)
    outcome = alone.run()
    assert outcome.steps == 4 <= alone.plan.steps_per_pass, "one pass: the same order"
    return folder


_LAUNCHERS = {
    "torchrun": ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--no-python"],
    "accelerate": [
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--no_python"),
    ],
}


@pytest.mark.parametrize("launcher", sorted(_LAUNCHERS))
def test_two_processes_do_what_one_does_in_two_turns(
    launcher: str, in_turns: Path, material: Path, tmp_path: Path
) -> None:
    command = [sys.executable, *_LAUNCHERS[launcher]]
    command += [str(COMMAND), "train", "codex-s", str(material / "two.toml"), "-o", str(tmp_path / "two")]
    launched = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert launched.returncode == 0, launched.stderr
    assert launched.stdout.count("validation loss") == len(_series(tmp_path / "two", "eval_loss")) + 1
    assert json.loads((tmp_path / "two/settings.json").read_text())["settings"]["plan"]["processes"] == 2
    for name in ("loss", "eval_loss", "learning_rate"):
        assert _series(tmp_path / "two", name) == pytest.approx(_series(in_turns, name), rel=1e-4)


def test_weights_and_biases_gets_the_curves_when_asked(material: Path, tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    _recipe(material, "trackers = []", 'trackers = ["wandb"]', "tracked")
    trained = subprocess.run(
        [COMMAND, "train", "codex-s", material / "tracked.toml", "-o", tmp_path / "tracked"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline", "WANDB_SILENT": "true"},
    )
    assert trained.returncode == 0, trained.stderr
    (recorded,) = (tmp_path / "tracked/wandb").glob("offline-run-*/*.wandb")
    content = recorded.read_bytes()
    assert b"train/loss" in content
    assert b"eval/loss" in content


def test_only_weights_that_a_checkpoint_lacks_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.nn.modules.module import _IncompatibleKeys
    from transformers import trainer as transformers_trainer

    from sft.token_weighted_trainer import TokenWeightedTrainer

    said: list[str] = []
    monkeypatch.setattr(transformers_trainer.logger, "warning", said.append)
    trainer = TokenWeightedTrainer.__new__(TokenWeightedTrainer)
    trainer.model = small_model("gpt2", "sdpa")
    trainer._issue_warnings_after_load(_IncompatibleKeys(["lm_head.weight"], []))
    assert not said, "it is the table of the embeddings"
    trainer._issue_warnings_after_load(_IncompatibleKeys(["lm_head.weight", "transformer.wpe.weight"], []))
    assert len(said) == 1
    assert "wpe" in said[0] and "lm_head" not in said[0]


def test_a_folder_of_another_run_is_refused_and_a_finished_one_is_read(
    whole: tuple[FineTuning, TuningOutcome, Path], material: Path
) -> None:
    _, outcome, folder = whole
    with pytest.raises(BadFile, match="a run with other plan, recipe"):
        FineTuning(_recipe(material, "base = 0.02", "base = 0.03", "faster"), folder).run()
    assert FineTuning(_recipe(material), folder).run() == outcome


def test_training_stops_at_the_plateau(material: Path, tmp_path: Path) -> None:
    still = _RECIPE.replace("base = 0.02", "base = 1e-9").replace("every = 2", "every = 1\npatience = 2")
    (material / "still.toml").write_text(still.replace("passes = 2", "passes = 4"))
    run = FineTuning(read_recipe(material / "still.toml"), tmp_path)
    outcome = run.run()
    assert (outcome.stopped, outcome.steps) == ("plateau", run.plan.warm_up_steps + 2)
    assert outcome.steps < run.plan.steps


def test_adapters_leave_the_model_as_it_is(material: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    recipe = _recipe(
        material, "[budget]\npasses = 2", "[adapter]\nrank = 2\n[budget]\ntokens = 1000", "adapter"
    )
    FineTuning(recipe, tmp_path).run()
    assert (tmp_path / "model/adapter_model.safetensors").exists()
    assert not (tmp_path / "model/model.safetensors").exists()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("context = 192", "context = 300", "data.context is 300"),
        ("context = 192", "context = 20", r"no row is left of 24 tasks \(24 too_long\)"),
        ('"base"', '"absent"', "the model absent .no such folder. cannot be loaded"),
        ('"tasks.jsonl"', '"absent.jsonl"', r"absent\.jsonl: No such file"),
        ('validation_tasks = ["held_out.jsonl"]', "validation_share = 0.2", ""),
    ],
)
def test_what_cannot_be_trained_is_told(
    material: Path, tmp_path: Path, old: str, new: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    recipe = _recipe(material, old, new, "bad")
    if complaint:
        with pytest.raises(BadFile, match=complaint):
            FineTuning(recipe, tmp_path)
    else:
        facts = FineTuning(recipe, tmp_path).data.facts
        assert facts["groups"] == {"training": 3, "validation": 1}
