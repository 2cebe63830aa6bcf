"""Training of base models with tiny ones: schedule, data order, that they learn, that killed runs go on."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sft.base_record import BaseRecord, read_base_record
from sft.corpus_folder import CorpusFolder
from tests.pipelines.command import COMMAND
from tests.sft.small_corpus import small_corpus, source_text

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("tokenizers")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of small matrices only wait for each other where the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> CorpusFolder:
    return small_corpus(tmp_path_factory.mktemp("data") / "corpus", 120)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sft.tokenizer import train_tokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer([source_text(number) for number in range(60)], 512).save_pretrained(folder)
    return folder


@pytest.fixture
def settings(corpus: CorpusFolder, tokenizer: Path) -> Any:
    from sft.base_training import BaseSettings

    return BaseSettings(
        corpus=str(corpus.path),
        tokenizer=str(tokenizer),
        preset="0.1m",
        architecture="llama",
        tokens=12 * 512,
        learning_rate=3e-3,
        batch_tokens=512,
        evaluate_every=6,
        checkpoint_every=5,
    )


def _log(folder: Path) -> list[dict[str, float]]:
    """The lines without what a clock says."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: number for name, number in line.items() if "second" not in name} for line in lines]


def test_the_rate_warms_up_and_falls_as_a_cosine() -> None:
    from sft.base_training import learning_rate_at

    rates = [learning_rate_at(step, 10_000, 1.0, 0.1) for step in range(1, 10_001)]
    assert rates[0] == pytest.approx(1 / 175)  # no step is made with a rate of 0
    assert rates[86] == pytest.approx(87 / 175)
    assert rates[174] == max(rates) == 1.0
    middle = 175 + (10_000 - 175) // 2
    assert rates[middle - 1] == pytest.approx(0.55, abs=1e-3)
    assert rates[-1] == pytest.approx(0.1)
    assert rates[174:] == sorted(rates[174:], reverse=True)
    short = [learning_rate_at(step, 20, 1.0, 0.1) for step in range(1, 21)]
    assert short[:3] == pytest.approx([0.5, 1.0, 0.9 * 0.5 * (1 + math.cos(math.pi / 18)) + 0.1])


def test_windows_cover_the_corpus_once_before_any_comes_again(
    corpus: CorpusFolder, tokenizer: Path, tmp_path: Path
) -> None:
    from sft.packed_tokens import PackedTokens, pack_split
    from sft.tokenizer import load_tokenizer, plain_ids

    loaded = load_tokenizer(tokenizer)
    facts = pack_split(corpus, "train", loaded, tmp_path / "train.bin")
    texts = [file.text for file in corpus.files("train")]
    whole = [token for ids in plain_ids(loaded, texts) for token in (*ids, loaded.eos_token_id)]
    assert (facts.documents, facts.tokens) == (len(texts), len(whole))
    packed = PackedTokens(tmp_path / "train.bin", facts, 100, seed=1)
    count = packed.windows
    assert count == (len(whole) - 1) // 100
    in_file = [packed.in_place(place).tolist() for place in range(count)]
    assert in_file == [whole[start : start + 101] for start in range(0, count * 100, 100)]
    epochs = [
        [packed.window(number).tolist() for number in range(start, start + count)] for start in (0, count)
    ]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(in_file)
    assert epochs[0] != epochs[1] != in_file
    again = PackedTokens(tmp_path / "train.bin", facts, 100, seed=1)
    assert again.window(count + 3).tolist() == epochs[1][3]
    other = PackedTokens(tmp_path / "train.bin", facts, 100, seed=2)
    assert [other.window(number).tolist() for number in range(count)] != epochs[0]


def test_matrices_decay_and_norms_do_not() -> None:
    from sft.base_training import _decay_groups
    from sft.model_presets import PRESETS, new_model

    for architecture in ("llama", "gpt2"):
        model = new_model(PRESETS["0.1m"], architecture, 300, 0, 1)  # type: ignore[arg-type]
        decayed, others = _decay_groups(model, 0.1)
        assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
        names = {id(weights): name for name, weights in model.named_parameters()}
        assert all(
            "norm" not in names[id(each)] and "ln_" not in names[id(each)] for each in decayed["params"]
        )
        assert all(
            "norm" in (name := names[id(each)]) or "ln_" in name or "bias" in name
            for each in others["params"]
        )
        assert len(decayed["params"]) + len(others["params"]) == len(names)


@pytest.mark.parametrize(
    ("name", "millions"), [("2m", 1.8), ("12m", 12.4), ("25m", 25.7), ("85m", 85), ("300m", 302)]
)
def test_presets_have_the_size_of_their_names(name: str, millions: float) -> None:
    from sft.model_presets import PRESETS, new_model

    with torch.device("meta"):
        model = new_model(PRESETS[name], "llama", 16_384, 0, 1)
    embeddings = model.get_input_embeddings().weight.numel()
    assert (model.num_parameters() - embeddings) / 1e6 == pytest.approx(millions, rel=0.03)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_model_learns_and_is_left_with_all_that_samplers_need(
    settings: Any, architecture: Any, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    from sampling.transformers_engine import TransformersEngine
    from sft.base_training import train_base

    result = train_base(replace(settings, architecture=architecture), tmp_path)
    lines = _log(tmp_path)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[0] == pytest.approx(math.log(512), rel=0.1)
    assert losses[-1] < losses[0] - 1
    assert [line["step"] for line in lines if "validation_loss" in line] == [6, 12]
    assert result.validation_loss == lines[-1]["validation_loss"] < losses[0] - 1
    assert (result.steps, result.tokens) == (12, 12 * 512)
    saved = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["model"]
    assert all(torch.equal(weights, kept[name]) for name, weights in saved.state_dict().items())
    assert TransformersEngine.load(str(tmp_path / "model"), device="cpu").origin.engine == "transformers"
    assert read_base_record(str(tmp_path / "model")) == BaseRecord("0.1m", 3e-3)
    assert "12 steps, 6,144 tokens" in (tmp_path / "model" / "README.md").read_text()


def test_a_killed_run_goes_on_with_the_same_losses(settings: Any, tmp_path: Path) -> None:
    from sft.base_training import train_base

    train_base(settings, tmp_path / "whole")
    killed = tmp_path / "killed"
    arguments = [settings.corpus, "--tokenizer", settings.tokenizer, "-o", killed, "--preset", "0.1m"]
    arguments += ["--tokens", settings.tokens, "--batch-tokens", 512, "--checkpoint-every", 5]
    arguments += ["--evaluate-every", 6, "--device", "cpu"]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [COMMAND, "train", "base", *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=one_thread
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step 8 "):
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "result.json").exists()
    assert max(line["step"] for line in _log(killed)) >= 8
    steps: list[int] = []
    train_base(settings, killed, on_step=lambda step, loss: steps.append(step))
    assert steps == list(range(6, 13))  # from the checkpoint of step 5
    assert _log(killed) == _log(tmp_path / "whole")
    done: list[int] = []
    train_base(settings, killed, on_step=lambda step, loss: done.append(step))
    assert not done


def test_a_step_in_parts_is_the_step_of_the_whole(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Gradients over micro-batches add up to those of all windows together."""
    from sft import base_training

    losses = []
    for micro in (1, 4):
        monkeypatch.setattr(base_training, "_MICRO_BATCH", {"cpu": micro})
        base_training.train_base(settings, tmp_path / str(micro))
        losses.append([line["loss"] for line in _log(tmp_path / str(micro)) if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_going_on_from_a_model_begins_at_its_loss(settings: Any, tmp_path: Path) -> None:
    from sft.base_training import TrainingRefused, train_base

    base = train_base(settings, tmp_path / "base")
    model = str(tmp_path / "base" / "model")
    control = replace(settings, start=model, tokenizer=model, learning_rate=3e-4, seed=1, tokens=3 * 512)
    train_base(control, tmp_path / "control")
    first = _log(tmp_path / "control")[0]["loss"]
    assert first == pytest.approx(base.training_loss, abs=0.5)
    with pytest.raises(TrainingRefused, match=r"a context of 128; take its own --preset"):
        train_base(replace(control, preset="2m"), tmp_path / "longer")


def test_a_folder_of_another_run_is_refused(settings: Any, tmp_path: Path) -> None:
    from sft.base_training import TrainingRefused, train_base

    short = replace(settings, tokens=512)
    train_base(short, tmp_path)
    with pytest.raises(TrainingRefused, match=r"seed was 0, is 1\); choose another --output"):
        train_base(replace(short, seed=1), tmp_path)
