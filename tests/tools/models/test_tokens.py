from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from novelcraft.errors import ServerUnreachableError
from novelcraft.tools.models.tokens import estimate_tokens
from tests.fakes import tokens
from tests.fakes.server import FakeServer
from tests.tools.models.support import opened

TEXT = "Mara counted the steps, and there was one too many."


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm"])
async def test_the_server_counts_once(serve: Callable[..., FakeServer], flavour: str) -> None:
    server = serve(flavour=flavour)
    async with opened(server) as models:
        count = models.token_counter("narrator")
        counted = await asyncio.gather(*(asyncio.to_thread(count, TEXT) for _ in range(8)))
        assert counted == [tokens.count(TEXT)] * 8
        assert count.exact
    assert server.paths.count("POST /tokenize") == 1


async def test_where_no_server_counts_the_estimate_is_no_less_than_the_truth(
    serve: Callable[..., FakeServer],
) -> None:
    async with opened(serve(flavour="openai")) as models:
        count = models.token_counter("narrator")
        assert not count.exact
        assert count(TEXT) == estimate_tokens(TEXT) >= tokens.count(TEXT)


async def test_a_server_that_has_gone_is_named(serve: Callable[..., FakeServer]) -> None:
    server = serve()
    async with opened(server) as models:
        server.close()
        with pytest.raises(ServerUnreachableError, match=f"narrator at {server.base_url}"):
            models.token_counter("narrator")(TEXT)


def test_the_estimate_counts_bytes() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a" * 35) == 10
    assert estimate_tokens("é" * 35) == 20
