"""A key goes to its server and nowhere else."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.errors import AuthenticationError, ConfigError, ModelError, ServerFaultError
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.http import Address
from novelcraft.tools.models.secrets import HIDDEN, HiddenStream, Secrets, clean_key
from tests.fakes import script as s
from tests.fakes.handler import Staged
from tests.fakes.server import FakeServer
from tests.tools.models.support import Person, everything, opened, read_into, request

Serve = Callable[..., FakeServer]
KEY = "sk-canary-7f3a9b2c4d"
ENVIRON = {"OPENAI_API_KEY": KEY}


@pytest.mark.parametrize("around", ["\n", "\r\n", " ", "\t", "\ufeff "])
async def test_a_key_goes_out_without_what_copying_left_around_it(
    serve: Serve, around: str
) -> None:
    if around.strip(" ") == "\ufeff":
        with pytest.raises(AuthenticationError, match="character 1 of"):
            clean_key("K", f"{around}{KEY}")
        return
    server = serve(api_key=KEY)
    async with opened(server, environ={"OPENAI_API_KEY": f"{around}{KEY}{around}"}) as models:
        await models.stream(request(), everything)
    assert server.requests[0].authorization == f"Bearer {KEY}"


@pytest.mark.parametrize("inside", ["\n", " ", "ü", "\x00"])
async def test_a_key_that_no_header_can_carry_is_refused_unseen(
    fake_server: FakeServer, inside: str
) -> None:
    with pytest.raises(AuthenticationError, match="OPENAI_API_KEY cannot be sent") as caught:
        async with opened(fake_server, environ={"OPENAI_API_KEY": f"{KEY}{inside}{KEY}"}):
            pass
    assert KEY not in str(caught.value)
    assert fake_server.paths == []


@pytest.mark.parametrize("chunk", [1, 3, 1_000])
async def test_a_server_that_echoes_the_key_cannot_put_it_anywhere(
    serve: Serve, chunk: int
) -> None:
    script = s.Script()
    script.on(s.anything, s.echo_key(), count=2)
    script.on(s.anything, s.think(f"The key is {KEY}."), count=2)
    server = serve(script=script, chunk=chunk)
    log = MemoryLog()
    seen: list[str] = []
    async with opened(server, log, environ=ENVIRON) as models:
        answer = await models.stream(request(), read_into(seen))
        await models.ask(request(), Person)
        await models.stream(request(seed=8), everything)
    assert HIDDEN in answer.text
    assert HIDDEN in log.records[-1].thinking
    assert KEY not in f"{seen} {log.records}"


@pytest.mark.parametrize(
    "effect",
    [
        s.fail(400, {"error": {"message": f"Bad request with key {KEY}"}}),
        s.fail(500, {"error": {"message": f"Failed for {KEY}"}}),
        s.raw(f"<html>Authorization: Bearer {KEY}</html>", kind="text/html"),
        s.raw(f"{'x' * 190} {KEY}", kind="text/html"),
        s.events(f"{{{KEY}"),
    ],
)
async def test_no_error_shows_the_key(serve: Serve, effect: s.Effect) -> None:
    script = s.Script()
    script.on(s.anything, effect)
    log = MemoryLog()
    async with opened(serve(script=script), log, environ=ENVIRON) as models:
        with pytest.raises(ModelError) as caught:
            await models.stream(request(), everything)
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY[:12] not in shown + str(log.records)


async def test_no_list_of_models_shows_the_key(serve: Serve) -> None:
    for reply in ((200, {"data": [{"id": KEY}]}), (500, {"detail": KEY}), (200, KEY)):
        with pytest.raises(ModelError) as caught:
            async with opened(serve(staged={"/v1/models": [reply]}), environ=ENVIRON, patience=0):
                pass
        assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_user_password_and_query_of_a_url_are_sent_and_not_shown(serve: Serve) -> None:
    script = s.Script()
    script.on(s.anything, s.fail(400))
    server = serve(script=script)
    url = f"http://mara:{KEY}@127.0.0.1:{server.port}/v1?api_key={KEY}x&api-version=2"
    async with opened(url) as models:
        assert models.endpoint("narrator").server.url == server.base_url
        with pytest.raises(ServerFaultError) as caught:
            await models.stream(request(), everything)
    assert KEY not in str(caught.value)
    assert server.requests[0].authorization.startswith("Basic ")
    assert server.queries[-1] == f"api_key={KEY}x&api-version=2"


@pytest.mark.parametrize("given", ["http://[::1", "ftp://x/v1", "http://", f"http://a:{KEY}@:x/v1"])
def test_a_base_url_that_is_none_is_refused_unseen(given: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        Address.of(given)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_to_another_server_is_followed(serve: Serve, status: int) -> None:
    other = serve()
    script = s.Script()
    script.on(s.anything, s.redirect(f"{other.base_url}/chat/completions", status))
    async with opened(serve(script=script), environ=ENVIRON) as models:
        for asking in (models.stream(request(), everything), models.ask(request(), Person)):
            with pytest.raises(ServerFaultError, match="is not the one that answers") as caught:
                await asking
            assert "base_url" in caught.value.fix
            assert str(other.port) in caught.value.message
    away: Staged = (status, {}, [f"Location: {other.base_url}/models"])
    with pytest.raises(ServerFaultError, match="sends requests on to"):
        async with opened(serve(staged={"/v1/models": [away]}), environ=ENVIRON):
            pass
    assert other.paths == []


async def test_a_redirect_within_the_server_is_followed(serve: Serve) -> None:
    there: Staged = (307, {}, ["Location: /v1/models?again=1"])
    async with opened(serve(staged={"/v1/models": [there]})) as models:
        assert models.endpoint("narrator").model == "fake-model"


@given(text=st.text(st.sampled_from("sk-7ab "), max_size=60), data=st.data())
def test_hiding_piece_by_piece_is_hiding_the_whole(text: str, data: st.DataObject) -> None:
    secrets = Secrets(["sk-7ab-sk", "sk-7ab-sk-7", "ab ab ab"])
    stream = HiddenStream(secrets)
    shown = ""
    left = text
    while left:
        size = data.draw(st.integers(1, len(left)))
        shown += stream.add(left[:size])
        left = left[size:]
    shown += stream.finish()
    assert secrets.hide(shown) == shown
    if secrets.hide(text) == text:
        assert shown == text


def test_words_that_servers_take_for_keys_are_no_secrets() -> None:
    assert Secrets(["", "none", "EMPTY", "ollama"]).hide("none of them") == "none of them"
    assert Secrets(["p@ss/word!"]).hide(quote("p@ss/word!", safe="")) == HIDDEN
