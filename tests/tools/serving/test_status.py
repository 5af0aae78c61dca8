"""What servers say of themselves."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from novelcraft.tools.models.server import Server
from novelcraft.tools.serving.status import Load, ask_status, parse_load
from tests.fakes.server import FakeServer

Serve = Callable[..., FakeServer]

TWO_ENGINES = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a {braced} name"} 3.0
vllm:num_requests_running{engine="1",model_name="a {braced} name"} 2.0
vllm:num_requests_waiting{engine="0",model_name="m"} 1.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="capacity"} 9.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.5
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 2.0e+03
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 500.0
vllm:generation_tokens_total{engine="0",model_name="m"} 1.23456e+06
vllm:prompt_tokens_total{engine="0",model_name="m"} NaN
"""


def load(at: float, written: int) -> Load:
    return Load(at, None, None, None, written, None, None)


def test_counts_of_several_engines_are_added_and_shares_are_not() -> None:
    assert parse_load(TWO_ENGINES, 7.0) == Load(
        at=7.0,
        running=5,
        waiting=1,
        cache_use=0.625,
        written=1_234_560,
        read=None,
        prefix_hits=0.25,
    )


def test_a_page_that_is_none_says_nothing() -> None:
    page = parse_load("<html>vllm:num_requests_running 3</html>", 0.0)
    assert page == Load(0.0, None, None, None, None, None, None)


@pytest.mark.parametrize(("before", "speed"), [(40, 30.0), (160, 0.0)])
def test_a_speed_is_what_came_since_and_never_negative(before: int, speed: float) -> None:
    assert load(2.0, 100).written_since(load(0.0, before)) == speed


def test_without_time_between_there_is_no_speed() -> None:
    assert load(2.0, 100).written_since(load(2.0, 40)) is None


@pytest.mark.parametrize(("flavour", "cache"), [("vllm", 0.125), ("llamacpp", None)])
async def test_a_server_with_metrics(serve: Serve, flavour: str, cache: float | None) -> None:
    fake = serve(flavour=flavour, models=["novelist"], adapters=["brontë"], context=4_096)
    status = await ask_status(Server(fake.base_url, "", 1), "narrator")
    assert (status.problem, status.flavour, status.models) == ("", flavour, {"novelist": 4_096})
    assert [name.removesuffix(".gguf") for name in status.adapters] == ["brontë"]
    assert status.load is not None
    assert (status.load.running, status.load.written, status.load.cache_use) == (0, 0, cache)
    assert not fake.requests


async def test_a_server_without_metrics(serve: Serve) -> None:
    fake = serve(flavour="openai")
    status = await ask_status(Server(fake.base_url, "", 1), "narrator")
    assert (status.models, status.load) == ({"fake-model": 0}, None)
    assert "GET /metrics" not in fake.paths


async def test_a_key_that_is_refused_and_a_server_that_is_not_there(serve: Serve) -> None:
    fake = serve(api_key="sesame")
    status = await ask_status(Server(fake.base_url, "", 1), "cheap", "MY_KEY")
    assert "role cheap" in status.problem
    assert "wants a key, and MY_KEY is not set" in status.problem
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        status = await ask_status(
            Server(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", "", 1), "narrator"
        )
    assert "No server answers" in status.problem
