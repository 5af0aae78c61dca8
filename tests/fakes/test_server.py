from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.fakes import script as s
from tests.fakes.process import fake_process
from tests.fakes.server import FakeServer

Serve = Callable[..., FakeServer]
BRIEF = "Point of view: Mara Voss, a keeper\nLength: about 120 words"
SCHEMA = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 20}}}


def body(text: str = BRIEF, **more: Any) -> dict[str, Any]:
    return {"model": "fake-model", "messages": [{"role": "user", "content": text}], **more}


def chat(server: FakeServer, **asked: Any) -> httpx.Response:
    return httpx.post(f"{server.base_url}/chat/completions", json=body(**asked), timeout=10)


def said(response: httpx.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def events(response: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


def streamed(response: httpx.Response) -> str:
    choices = [choice for event in events(response) for choice in event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def test_the_same_request_gets_the_same_answer_streamed_or_not(fake_server: FakeServer) -> None:
    plain = chat(fake_server, seed=1)
    assert (
        said(plain)
        == said(chat(fake_server, seed=1))
        == streamed(chat(fake_server, seed=1, stream=True))
    )
    assert said(plain) != said(chat(fake_server, seed=2))
    assert said(plain).startswith("Mara Voss ")
    assert plain.json()["choices"][0]["finish_reason"] == "stop"
    assert [r.seed for r in fake_server.requests] == [1, 1, 1, 2]


def test_a_stream_reports_usage_only_when_asked(fake_server: FakeServer) -> None:
    bare = events(chat(fake_server, stream=True))
    full = events(chat(fake_server, stream=True, stream_options={"include_usage": True}))
    assert all("usage" not in event for event in bare)
    assert full[-1]["choices"] == []
    assert full[-1]["usage"]["completion_tokens"] > 100


def test_a_stream_counts_as_it_goes_when_asked(serve: Serve) -> None:
    llama = events(chat(serve(), stream=True, timings_per_token=True))
    assert [e["timings"]["predicted_n"] for e in llama[1:4]] == [8, 16, 24]
    every = {"include_usage": True, "continuous_usage_stats": True}
    vllm = events(chat(serve(flavour="vllm"), stream=True, stream_options=every))
    assert [e["usage"]["completion_tokens"] for e in vllm[1:4]] == [8, 16, 24]
    assert vllm[-1]["usage"] == vllm[-2]["usage"]


def test_max_tokens_and_stops_end_an_answer(fake_server: FakeServer) -> None:
    cut = chat(fake_server, max_tokens=10).json()
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 10
    assert "\n\n" not in said(chat(fake_server, stop=["\n\n"]))


def test_a_schema_is_honoured(fake_server: FakeServer) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "Book", "schema": SCHEMA}}
    answer = json.loads(said(chat(fake_server, response_format=wanted)))
    assert set(answer) == {"title"}
    assert fake_server.requests[0].schema_name == "Book"


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm", "openai"])
def test_models_are_listed(serve: Serve, flavour: str) -> None:
    server = serve(flavour=flavour, models=["a", "b"], adapters=["voice"], context=4_096)
    data = httpx.get(f"{server.base_url}/models").json()["data"]
    context: Callable[[Any], Any] = {
        "llamacpp": lambda m: m["meta"]["n_ctx"],
        "vllm": lambda m: m["max_model_len"],
        "openai": lambda m: 4_096,
    }[flavour]
    assert [m["id"] for m in data][:2] == ["a", "b"]
    assert {m["owned_by"] for m in data} == {flavour}
    assert context(data[0]) == 4_096


def test_token_counts(serve: Serve) -> None:
    llama, vllm = serve(), serve(flavour="vllm")
    text = "Mara counted the steps."
    counted = httpx.post(f"http://127.0.0.1:{llama.port}/tokenize", json={"content": text}).json()
    other = httpx.post(
        f"http://127.0.0.1:{vllm.port}/tokenize", json={"model": "fake-model", "prompt": text}
    ).json()
    assert len(counted["tokens"]) == other["count"] == 5
    assert httpx.post(f"http://127.0.0.1:{serve(flavour='openai').port}/tokenize", json={}).is_error


@pytest.mark.parametrize(
    ("flavour", "asked", "marks"),
    [
        ("llamacpp", {"text": "word " * 300}, ["exceed_context_size_error", '"n_ctx": 256']),
        ("vllm", {"text": "word " * 300}, ["maximum context length is 256", '"input_tokens"']),
        ("vllm", {"max_tokens": 250}, ['"max_completion_tokens"']),
        ("openai", {"text": "word " * 300}, ["context_length_exceeded"]),
    ],
)
def test_overflow(serve: Serve, flavour: str, asked: dict[str, Any], marks: list[str]) -> None:
    response = chat(serve(flavour=flavour, context=256), **asked)
    assert response.status_code == 400
    assert all(mark in response.text for mark in marks)


def test_unknown_models(serve: Serve) -> None:
    asked = body() | {"model": "other"}
    status = {
        flavour: httpx.post(
            f"{serve(flavour=flavour).base_url}/chat/completions", json=asked
        ).status_code
        for flavour in ("llamacpp", "vllm", "openai")
    }
    assert status == {"llamacpp": 200, "vllm": 404, "openai": 404}


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm", "openai"])
def test_a_key_is_asked_for(serve: Serve, flavour: str) -> None:
    server = serve(flavour=flavour, api_key="secret")
    assert chat(server).status_code == 401
    assert httpx.get(f"{server.base_url}/models").status_code == 401
    right = {"Authorization": "Bearer secret"}
    assert httpx.get(f"{server.base_url}/models", headers=right).is_success
    assert server.requests == []


def test_a_prefill_is_carried_on_as_each_server_does(serve: Serve) -> None:
    opening = {"role": "assistant", "content": "Mara stood on the stair and"}
    asked = body() | {"messages": [*body()["messages"], opening]}
    url = f"{serve().base_url}/chat/completions"
    whole = said(httpx.post(url, json=asked))
    rest = streamed(httpx.post(url, json=asked | {"stream": True}))
    assert whole == opening["content"] + rest
    vllm = f"{serve(flavour='vllm').base_url}/chat/completions"
    more = {"continue_final_message": True, "add_generation_prompt": False}
    assert said(httpx.post(vllm, json=asked | more)).startswith(" ")
    assert said(httpx.post(vllm, json=asked)).startswith("Mara Voss ")


def test_a_dropped_connection(serve: Serve) -> None:
    script = s.Script()
    script.on(s.anything, s.drop(after=20))
    server = serve(script=script)
    for stream in (True, False):
        with pytest.raises(httpx.RemoteProtocolError):
            chat(server, stream=stream)
    assert [e.completed for e in server.exchanges] == [False, False]


def test_think_blocks(serve: Serve) -> None:
    script = s.Script()
    script.on(s.anything, s.think("Hm."), count=1)
    script.on(s.anything, s.think("Hm.", "reasoning_content"))
    server = serve(script=script)
    assert said(chat(server)).startswith("<think>\nHm.\n</think>\n\nMara")
    assert chat(server).json()["choices"][0]["message"]["reasoning_content"] == "Hm."
    deltas = [e["choices"][0]["delta"] for e in events(chat(server, stream=True))]
    assert {"reasoning_content": "Hm."} in deltas


def test_a_held_answer_waits_and_ends_with_the_server(serve: Serve) -> None:
    script, gate = s.Script(), threading.Event()
    script.on(s.anything, s.hold(gate), count=2)
    with FakeServer(script=script) as server:
        got: list[str] = []
        asking = threading.Thread(target=lambda: got.append(said(chat(server))))
        asking.start()
        assert said(chat_after(server, script))
        assert got == []
        gate.set()
        asking.join()
        assert got[0].startswith("Mara")
        assert server.most_at_once == 2


def chat_after(server: FakeServer, script: s.Script) -> httpx.Response:
    """A second request, sent once the first is held, and let through by a rule of its own."""
    while not script.rules[0].seen:
        threading.Event().wait(0.005)
    script.rules[0].count = 1
    return chat(server)


def test_connections_are_kept_open(fake_server: FakeServer) -> None:
    with httpx.Client() as client:
        for stream in (False, True, False):
            url = f"{fake_server.base_url}/chat/completions"
            assert client.post(url, json=body(stream=stream)).is_success
        pool = client._transport._pool.connections  # type: ignore[attr-defined]
        assert len(pool) == 1


def test_as_a_process(tmp_path: Path) -> None:
    record = tmp_path / "calls.jsonl"
    options = ["--flavour", "vllm", "--model", "fake-model", "--record", str(record)]
    options += ["--script", "tests.fakes.test_server:third_fails"]
    with fake_process(*options) as base_url:
        answers = [httpx.post(f"{base_url}/chat/completions", json=body()) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 500]
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["status"] for line in lines] == [200, 200, 500]
    assert lines[0]["answer"] == lines[1]["answer"]


def third_fails() -> s.Script:
    script = s.Script()
    script.on(s.anything, s.fail(500), after=2)
    return script
