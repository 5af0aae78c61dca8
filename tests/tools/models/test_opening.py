from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from novelcraft.config.settings import ROLES, RoleName
from novelcraft.errors import (
    AuthenticationError,
    ConfigError,
    ContextOverflowError,
    ModelNotServedError,
    ServerUnreachableError,
)
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.models.preflight import Need
from tests.fakes.server import FakeServer
from tests.tools.models.support import opened, settings_for

Serve = Callable[..., FakeServer]


def need(role: RoleName, tokens: int) -> Need:
    return Need(role, "scene.narrate", tokens - 1, 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("flavour", "context", "prefill"),
    [("llamacpp", 4_096, True), ("vllm", 4_096, True), ("openai", 0, False)],
)
async def test_a_server_is_known_by_its_list_of_models(
    serve: Serve, flavour: str, context: int, prefill: bool
) -> None:
    async with opened(serve(flavour=flavour, context=4_096)) as models:
        endpoint = models.endpoint("narrator")
        assert (endpoint.flavour, endpoint.context) == (flavour, context)
        assert endpoint.supports_prefill is prefill


async def test_roles_on_one_server_share_its_limit(serve: Serve) -> None:
    async with opened(serve()) as models:
        assert models.endpoint("narrator").server is models.endpoint("cheap").server


@pytest.mark.parametrize("given", ["http://127.0.0.1:{port}", "127.0.0.1:{port}/v1/"])
async def test_a_forgotten_v1_or_scheme_is_put_in(fake_server: FakeServer, given: str) -> None:
    async with opened(given.format(port=fake_server.port)) as models:
        assert models.endpoint("narrator").server.url == fake_server.base_url


async def test_nothing_answers() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ServerUnreachableError) as caught:
        async with opened(url):
            pass
    assert "role reasoning" in caught.value.message
    assert url in caught.value.message
    assert "vllm serve" in caught.value.fix
    assert "embedded:auto" in caught.value.fix


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm", "openai"])
async def test_a_wrong_key_and_none(serve: Serve, flavour: str) -> None:
    server = serve(flavour=flavour, api_key="right")
    with pytest.raises(AuthenticationError, match="refuses the key in SECRET"):
        async with opened(server, environ={"SECRET": "wrong"}, api_key_env="SECRET"):
            pass
    with pytest.raises(AuthenticationError, match="SECRET is not set"):
        async with opened(server, api_key_env="SECRET"):
            pass
    async with opened(server, environ={"SECRET": "right"}, api_key_env="SECRET") as models:
        assert models.endpoint("narrator").model == "fake-model"


async def test_a_model_that_is_not_served(serve: Serve) -> None:
    server = serve(models=["novelist", "critic"])
    with pytest.raises(ModelNotServedError, match="'fake-model'; it serves: critic, novelist"):
        async with opened(server):
            pass


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm"])
async def test_an_adapter_that_is_not_served(serve: Serve, flavour: str) -> None:
    server = serve(flavour=flavour, adapters=["austen"])
    with pytest.raises(ModelNotServedError, match=r"the adapter 'poe'; it serves:.*austen"):
        async with opened(server, adapter="poe"):
            pass


async def test_a_context_that_is_too_short(serve: Serve) -> None:
    async with opened(serve(context=2_048)) as models:
        await models.preflight([need("narrator", 2_048)])
        with pytest.raises(ContextOverflowError, match=r"cheap needs 2,049 .* context of 2,048"):
            await models.preflight([need("narrator", 10), need("cheap", 2_049), need("cheap", 9)])


async def test_the_settings_may_shorten_a_context_and_supply_an_untold_one(serve: Serve) -> None:
    async with opened(serve(context=4_096), context=3_000) as models:
        assert models.endpoint("narrator").context == 3_000
    async with opened(serve(context=4_096), context=9_000) as models:
        assert models.endpoint("narrator").context == 4_096
    async with opened(serve(flavour="openai"), context=9_000) as models:
        assert models.endpoint("narrator").context == 9_000


async def test_a_context_that_nobody_tells_is_not_checked(serve: Serve) -> None:
    async with opened(serve(flavour="openai")) as models:
        await models.preflight([need("narrator", 10**9)])
        assert models.endpoint("narrator").context == 0


async def test_something_that_is_no_model_server(serve: Serve) -> None:
    url = f"http://127.0.0.1:{serve().port}/elsewhere"
    async with opened(url) as models:
        with pytest.raises(ModelNotServedError, match="does not serve the model 'fake-model'"):
            await models.preflight([need("narrator", 100)])


async def test_a_misspelt_parameter_is_refused_before_the_run(fake_server: FakeServer) -> None:
    with pytest.raises(ConfigError, match="'temprature'"):
        async with opened(fake_server, sampling={"temprature": 1}):
            pass


async def test_sampling_that_vllm_would_ignore_is_refused(serve: Serve) -> None:
    with pytest.raises(ConfigError, match=r"roles\.\w+\] sampling has dry_multiplier") as caught:
        async with opened(serve(flavour="vllm"), sampling={"dry_multiplier": 0.8, "min_p": 0.1}):
            pass
    assert "min_p" not in caught.value.message
    async with opened(serve(flavour="llamacpp"), sampling={"dry_multiplier": 0.8}):
        pass


async def test_sampling_of_which_nobody_knows_is_named(serve: Serve) -> None:
    server, told = serve(flavour="openai"), list[str]()
    settings = settings_for(server, sampling={"min_p": 0.1, "top_p": 0.9})
    async with open_models(settings, MemoryLog(), environ={}, notify=told.append):
        pass
    assert len(told) == len(ROLES)
    assert "sampling has min_p. Whether" in told[0]
