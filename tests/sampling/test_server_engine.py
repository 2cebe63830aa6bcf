"""The engine of completions servers, against a real one that fails in every way that servers do."""

from __future__ import annotations

from typing import Any

import pytest

from sampling.engine import Answer, EngineError, EngineUnavailable, Parameters, Prices, Request
from sampling.server_engine import ServerEngine, ServerOptions
from tests.sampling.completions_server import logprob_of
from tests.sampling.server_process import CompletionsServer

_QUICK = ServerOptions(concurrency=4, timeout=20.0, patience=20.0, first_wait=0.001, longest_wait=0.05)


def _draw(server: CompletionsServer, *requests: Request, options: ServerOptions = _QUICK) -> list[Answer]:
    found = list(ServerEngine(server.url, options=options).draw(requests))
    return sorted(found, key=lambda answer: answer.request.task_id)


def test_a_completion_has_text_tokens_log_probabilities_and_cost(server: CompletionsServer) -> None:
    server.start(texts={"def f(x):\n": ["    return x\n\ndef g():\n    pass\n"]})
    prices = Prices(per_million_prompt_tokens=1e6, per_million_completion_tokens=2e6)
    options = ServerOptions(prices=prices)
    (answer,) = _draw(server, Request("t", "def f(x):\n", 3, first=5), options=options)
    assert answer.refused is None
    assert [each.index for each in answer.completions] == [5, 6, 7]
    for each in answer.completions:
        assert each.text == "    return x\n"
        assert each.finish_reason == "stop"
        assert each.tokens == ("    return", " x", "\n\ndef")
        assert each.token_logprobs == tuple(map(logprob_of, each.tokens))
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3, 9)
    assert answer.usage.cost == 3 * 1 + 9 * 2
    assert answer.usage.seconds > 0
    assert (answer.origin.engine, answer.origin.model) == ("openai", "echo-1")


def test_what_is_asked_for_is_sent(server: CompletionsServer) -> None:
    server.start()
    parameters = Parameters(0.3, 0.7, 17, ("\nclass", "\nprint"))
    engine = ServerEngine(f"http://127.0.0.1:{server.port}", "named", _QUICK, api_key="secret")
    list(engine.draw([Request("t", "p", 2, parameters=parameters)]))
    (asked,) = server.requests()
    assert asked["key"] == "Bearer secret"
    seed = asked["body"].pop("seed")
    assert 0 <= seed < 2**31
    assert asked["body"] == {
        "model": "named",
        "prompt": "p",
        "n": 2,
        "temperature": 0.3,
        "top_p": 0.7,
        "max_tokens": 17,
        "stop": ["\nclass", "\nprint"],
        "logprobs": 1,
    }
    assert "secret" not in repr(vars(engine)["origin"])


@pytest.mark.parametrize(
    "fault",
    [429, 500, 502, 503, "drop", "half", "garbage", "empty", [429, {"Retry-After": "0.01"}, {}]],
    ids=str,
)
def test_what_fails_is_asked_again_and_answered_once(server: CompletionsServer, fault: Any) -> None:
    server.start(faults=[fault, fault, None])
    (answer,) = _draw(server, Request("t", "p", 4))
    assert [each.index for each in answer.completions] == [0, 1, 2, 3]
    asked = [each["body"] for each in server.requests()]
    assert len(asked) == 3
    assert asked[0] == asked[1] == asked[2]


def test_a_server_that_hangs_is_asked_again(server: CompletionsServer) -> None:
    server.start(faults=["hang"])
    options = ServerOptions(timeout=0.3, first_wait=0.001)
    (answer,) = _draw(server, Request("t", "p", 2), options=options)
    assert len(answer.completions) == 2
    assert [each["fault"] for each in server.requests()][:2] == ["hang", None]


def test_a_short_answer_is_continued_with_other_seeds(server: CompletionsServer) -> None:
    server.start(faults=["short", "short"])
    (answer,) = _draw(server, Request("t", "p", 10))
    assert [each.index for each in answer.completions] == list(range(10))
    bodies = [each["body"] for each in server.requests()]
    assert [body["n"] for body in bodies] == [10, 5, 3]
    assert len({body["seed"] for body in bodies}) == 3


@pytest.mark.parametrize("patience", [0.0, 0.02])
def test_patience_ends_and_keeps_what_was_drawn(server: CompletionsServer, patience: float) -> None:
    server.start(faults=["short", *[503] * 500])
    options = ServerOptions(patience=patience, first_wait=0.001, longest_wait=0.002)
    drawn = ServerEngine(server.url, options=options).draw([Request("t", "p", 4)])
    part = next(drawn)
    assert [each.index for each in part.completions] == [0, 1]
    assert part.refused is not None
    assert part.refused.startswith("interrupted: ")
    with pytest.raises(EngineUnavailable, match="did not answer"):
        next(drawn)


def test_one_refused_request_is_told_and_the_others_go_on(server: CompletionsServer) -> None:
    words = {"error": {"message": "This model's maximum context length is 10 tokens"}}
    server.start(faults=[[400, {}, words], [422, {}, {"detail": "odd prompt"}]])
    options = ServerOptions(concurrency=1)
    answers = _draw(server, *(Request(name, "p", 1) for name in "abc"), options=options)
    refused = [answer.refused for answer in answers]
    assert refused[0] is not None
    assert refused[0].startswith("prompt_too_long: ")
    assert refused[1] is not None
    assert refused[1].startswith("request_refused: ")
    assert refused[2] is None
    assert [len(answer.completions) for answer in answers] == [0, 0, 1]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_repetition_mends_ends_at_once(server: CompletionsServer, status: int) -> None:
    server.start(faults=[status])
    with pytest.raises(EngineError, match=f"HTTP {status}"):
        _draw(server, Request("t", "p", 1))
    assert len(server.requests()) == 1


@pytest.mark.parametrize(
    ("complaint", "check"),
    [
        ("'stop' takes at most 4 sequences", lambda body: len(body["stop"]) == 4),
        ("logprobs are not supported", lambda body: "logprobs" not in body),
        ("unknown field: seed", lambda body: "seed" not in body),
        ("Only one completion choice is allowed", lambda body: body["n"] == 1),
    ],
)
def test_what_a_server_does_not_take_is_left_out(
    server: CompletionsServer, complaint: str, check: Any
) -> None:
    server.start(
        faults=[[400, {}, {"error": {"message": complaint}}]], texts={"p": ["    a\nprint(1)", "    b"]}
    )
    (answer,) = _draw(server, Request("t", "p", 3))
    assert [each.index for each in answer.completions] == [0, 1, 2]
    assert not any("print" in each.text for each in answer.completions)
    assert all(check(each["body"]) for each in server.requests()[1:])


def test_no_more_is_under_way_than_asked_for_and_requests_are_taken_as_there_is_room(
    server: CompletionsServer,
) -> None:
    server.start()
    taken = 0

    def requests() -> Any:
        nonlocal taken
        for number in range(40):
            taken += 1
            yield Request(str(number), "p", 1)

    ahead = [taken - done for done, _ in enumerate(ServerEngine(server.url, options=_QUICK).draw(requests()))]
    assert taken == 40
    assert max(ahead) <= 4
    assert max(each["most"] for each in server.requests()) <= 4


def test_all_requests_wait_when_the_server_asks_for_it(server: CompletionsServer) -> None:
    server.start(faults=[[429, {"Retry-After": "0.2"}, {}]])
    options = ServerOptions(concurrency=1, first_wait=0.001)
    answers = _draw(server, *(Request(str(number), "p", 1) for number in range(3)), options=options)
    assert all(len(answer.completions) == 1 for answer in answers)
    assert answers[0].usage.seconds >= 0.2


def test_the_same_seed_draws_the_same_and_another_draws_others(server: CompletionsServer) -> None:
    server.start()
    requests = [Request("t", "p", 20, seed=seed) for seed in (1, 1, 2)]
    texts = [[each.text for each in _draw(server, request)[0].completions] for request in requests]
    assert texts[0] == texts[1] != texts[2]


def test_a_server_killed_and_started_again_is_waited_for(server: CompletionsServer) -> None:
    server.start()
    drawn = ServerEngine(server.url, options=_QUICK).draw(
        Request(f"{number:02}", "p", 2) for number in range(30)
    )
    answers = [next(drawn) for _ in range(5)]
    server.kill()
    server.start()
    answers += drawn
    assert sorted(answer.request.task_id for answer in answers) == [f"{number:02}" for number in range(30)]
    assert all(len(answer.completions) == 2 for answer in answers)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://", "nothing"])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(EngineError, match="URL"):
        ServerEngine(url, "model")


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(EngineUnavailable, match="does not answer"):
        ServerEngine("http://127.0.0.1:1/v1")


@pytest.mark.parametrize("fault", ["endless", "bad gzip", "counts"])
def test_an_answer_that_is_meant_to_harm_is_asked_for_again(
    server: CompletionsServer, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("sampling.server_engine.MAX_ANSWER_BYTES", 2**20)
    server.start(faults=[fault])
    (answer,) = _draw(server, Request("t", "p", 2))
    assert len(answer.completions) == 2 and answer.usage.prompt_tokens < 100
    assert len(server.requests()) == 2


def test_a_refusal_that_is_nested_without_end_is_a_refusal(server: CompletionsServer) -> None:
    server.start(faults=["deep"])
    (answer,) = _draw(server, Request("t", "p", 2))
    assert answer.refused is not None and "HTTP 400" in answer.refused
