"""The engine of models in this process, with tiny ones: exact stops, log-probabilities, independent rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.commands import main
from sampling.engine import Completion, EngineError, Parameters, Request
from tests.sampling.tiny_model import PROMPTS, tiny_model, tiny_tokenizer

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

_FREE = Parameters(temperature=1.0, top_p=0.95, max_tokens=24, stops=())


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of small matrices only wait for each other where the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def engine(kind: str, tokenizer: Any) -> Any:
    from sampling.transformers_engine import TransformersEngine

    return TransformersEngine(tiny_model(kind), tokenizer, "tiny", rows=16)


def _draw(engine: Any, *requests: Request) -> list[tuple[Completion, ...]]:
    return [answer.completions for answer in engine.draw(requests)]


def _same(left: Completion, right: Completion) -> bool:
    assert left.token_logprobs is not None
    assert right.token_logprobs is not None
    return replace(left, token_logprobs=None) == replace(
        right, token_logprobs=None
    ) and left.token_logprobs == pytest.approx(right.token_logprobs, abs=1e-4)


def test_what_is_drawn_does_not_depend_on_what_is_drawn_with_it(engine: Any) -> None:
    requests = [
        Request(f"t{number}", prompt, 3 + number, parameters=_FREE) for number, prompt in enumerate(PROMPTS)
    ]
    together = _draw(engine, *requests)
    apart = [
        [_draw(engine, replace(request, first=index, count=1))[0][0] for index in range(request.count)]
        for request in requests
    ]
    for side_by_side, alone in zip(together, apart, strict=True):
        assert len({each.text for each in alone}) > 1
        assert all(_same(left, right) for left, right in zip(side_by_side, alone, strict=True))


def test_log_probabilities_are_the_models_own(engine: Any, kind: str, tokenizer: Any) -> None:
    model = tiny_model(kind)
    for prompt in PROMPTS:
        ((completion, *_),) = _draw(engine, Request("t", prompt, 2, parameters=_FREE))
        text = prompt + "".join(completion.tokens or ())
        assert completion.text == text[len(prompt) :] or "\N{REPLACEMENT CHARACTER}" in text
        before = tokenizer(prompt)["input_ids"]
        drawn = _ids_of(engine, Request("t", prompt, 1, parameters=_FREE))
        with torch.inference_mode():
            logits = model(torch.tensor([before + drawn]), use_cache=False).logits[0]
        expected = torch.log_softmax(logits, -1)[len(before) - 1 : -1]
        expected = expected[range(len(drawn)), drawn].tolist()
        assert completion.token_logprobs == pytest.approx(
            expected[: len(completion.token_logprobs)], abs=1e-4
        )
        assert len(completion.token_logprobs) >= len(drawn) - 1


def _ids_of(engine: Any, request: Request) -> list[int]:
    """The drawn tokens themselves, as the decoding gives them."""
    from sampling.decoding import Row, draw_tokens
    from sampling.engine import seed_at

    prompt = engine._tokenizer(request.prompt)["input_ids"]
    parameters = request.parameters
    (drawn,) = draw_tokens(
        engine._model,
        [prompt],
        [Row(0, seed_at(request, 0), parameters.max_tokens)],
        parameters.temperature,
        parameters.top_p,
        parameters.max_tokens,
        frozenset({0}),
        lambda row, ids: False,
    )
    ids: list[int] = drawn.ids
    return ids


def test_the_text_is_cut_exactly_before_the_first_stop(engine: Any) -> None:
    free = _draw(engine, Request("t", PROMPTS[0], 8, parameters=_FREE))[0]
    tried = 0
    for completion in free:
        for start in (0, 3, 10):
            for length in (1, 2, 5):
                stop = completion.text[start : start + length]
                if len(stop) < length or "\N{REPLACEMENT CHARACTER}" in completion.text:
                    continue
                tried += 1
                parameters = replace(_FREE, stops=(stop, "never there"))
                request = Request("t", PROMPTS[0], 1, completion.index, parameters)
                ((cut,),) = _draw(engine, request)
                place = completion.text.find(stop)
                assert cut.text == completion.text[:place]
                assert cut.finish_reason == "stop"
                assert cut.token_logprobs == pytest.approx(
                    completion.token_logprobs[: len(cut.token_logprobs)], abs=1e-4
                )
                assert len("".join(cut.tokens[:-1])) < max(1, place) <= max(1, len("".join(cut.tokens)))
    assert tried > 5


def test_a_row_ends_where_the_model_ends_it_and_where_its_room_does(engine: Any, tokenizer: Any) -> None:
    from sampling.transformers_engine import TransformersEngine

    parameters = replace(_FREE, max_tokens=100)
    found = _draw(engine, Request("t", PROMPTS[0], 40, parameters=parameters))[0]
    assert {each.finish_reason for each in found} >= {"length"}
    model = tiny_model("llama")
    with torch.no_grad():
        model.lm_head.weight[0] = model.lm_head.weight[5] * 1.1  # the end is about as likely as a byte
    ended = _draw(TransformersEngine(model, tokenizer, "t"), Request("t", "x", 60, parameters=parameters))[0]
    assert {each.finish_reason for each in ended} == {"end", "length"}
    assert not any("<|end|>" in each.text for each in ended)


def test_prompts_that_leave_no_room_are_refused_and_tight_ones_get_what_is_left(
    kind: str, tokenizer: Any
) -> None:
    from sampling.transformers_engine import TransformersEngine

    engine = TransformersEngine(tiny_model(kind, context=32), tokenizer, "tiny", rows=4)
    long, tight, short = "~" * 40, "~" * 28, "x"
    answers = list(engine.draw(Request(p, p, 3, parameters=_FREE) for p in (long, tight, short)))
    assert answers[0].refused is not None
    assert answers[0].refused.startswith("prompt_too_long: ")
    assert answers[0].completions == ()
    assert all(len(each.token_logprobs or ()) <= 4 for each in answers[1].completions)
    assert [len(answer.completions) for answer in answers] == [0, 3, 3]


def test_temperature_zero_takes_the_likeliest_and_a_narrow_nucleus_as_well(engine: Any) -> None:
    greedy = replace(_FREE, temperature=0.0)
    narrow = replace(_FREE, top_p=1e-6)
    texts = [
        {each.text for each in _draw(engine, Request("t", PROMPTS[1], 5, parameters=parameters))[0]}
        for parameters in (greedy, narrow)
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 1


def test_tokens_are_drawn_from_the_nucleus_in_proportion() -> None:
    from sampling.decoding import choose

    probabilities = torch.tensor([0.05, 0.4, 0.15, 0.3, 0.1])
    randoms = (torch.arange(10_000) + 0.5) / 10_000
    logprobs = probabilities.log().expand(10_000, -1)
    drawn = choose(logprobs, 1.0, 0.8, randoms).bincount(minlength=5) / 10_000
    assert drawn.tolist() == pytest.approx([0, 0.4 / 0.85, 0.15 / 0.85, 0.3 / 0.85, 0], abs=2e-4)
    cold = choose(logprobs, 0.5, 1.0, randoms).bincount(minlength=5) / 10_000
    assert cold.tolist() == pytest.approx((probabilities**2 / (probabilities**2).sum()).tolist(), abs=2e-4)


def test_many_tokens_are_ordered_no_further_than_the_nucleus_goes() -> None:
    from sampling.decoding import choose

    torch.manual_seed(0)
    flat = torch.randn(40, 500).log_softmax(-1)  # no 64 tokens reach the share
    steep = (torch.randn(40, 500) * 6).log_softmax(-1)
    for logprobs in (flat, steep):
        randoms = torch.rand(40)
        ordered, tokens = logprobs.exp().sort(dim=-1, descending=True)
        nucleus = torch.where(ordered.cumsum(-1) - ordered < 0.9, ordered, 0.0)
        places = (nucleus.cumsum(-1) <= randoms[:, None] * nucleus.sum(-1, keepdim=True)).sum(-1)
        expected = tokens.gather(-1, places[:, None])[:, 0]
        assert choose(logprobs, 1.0, 0.9, randoms).tolist() == expected.tolist()


def test_a_cache_with_room_holds_what_one_without_does() -> None:
    from transformers import DynamicCache

    from sampling.roomy_cache import RoomyLayer, make_roomy

    plain, roomy = DynamicCache(), DynamicCache()

    def feed(rows: int, tokens: int) -> None:
        states = torch.randn(2, rows, 3, tokens, 4)
        results = [cache.update(*states, 0) for cache in (plain, roomy)]
        for ours, theirs in zip(*results, strict=True):
            assert torch.equal(ours, theirs)

    feed(5, 7)
    make_roomy(roomy)
    assert isinstance(roomy.layers[0], RoomyLayer)
    for _ in range(150):  # beyond the room, more than once
        feed(5, 1)
    for cache in (plain, roomy):
        cache.batch_select_indices(torch.tensor([4, 0, 2]))
    feed(3, 1)
    feed(3, 90)
    assert plain.get_seq_length() == roomy.get_seq_length() == 7 + 150 + 1 + 90


def test_a_saved_model_is_loaded_and_what_is_none_is_told(tmp_path: Path, tokenizer: Any) -> None:
    from sampling.transformers_engine import TransformersEngine

    tiny_model("llama").save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    engine = TransformersEngine.load(str(tmp_path / "model"), device="cpu")
    assert _draw(engine, Request("t", "x", 2, parameters=_FREE))[0][1].index == 1
    task = {"task_id": "t", "prompt": PROMPTS[0], "entry_point": "f", "canonical_solution": "", "test": "-"}
    (tmp_path / "tasks.jsonl").write_text(json.dumps(task))
    arguments = [
        "sample",
        "--tasks",
        tmp_path / "tasks.jsonl",
        "--engine",
        f"transformers:{tmp_path / 'model'}",
    ]
    arguments += ["-n", 3, "--max-tokens", 5, "--device", "cpu", "-o", tmp_path / "samples.jsonl"]
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert "3 samples drawn" in done.output
    rows = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert [(row["engine"], row["index"]) for row in rows] == [("transformers", n) for n in range(3)]
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError, match="cannot be loaded"):
        TransformersEngine.load(str(tmp_path / "empty"), device="cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_draws_as_the_cpu_does(kind: str, engine: Any, tokenizer: Any) -> None:
    from sampling.transformers_engine import TransformersEngine

    there = TransformersEngine(tiny_model(kind).to("cuda"), tokenizer, "tiny")
    request = Request("t", PROMPTS[1], 8, parameters=_FREE)
    here, elsewhere = _draw(engine, request)[0], _draw(there, request)[0]
    alike = [left.text == right.text for left, right in zip(here, elsewhere, strict=True)]
    assert sum(alike) >= 6  # rounding may tip a choice
