"""Servers with little room: a novel is written, or refused before anything is asked of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from novelcraft.errors import ContextOverflowError
from tests.fakes import script as s
from tests.fakes.chat import ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk

Serve = Callable[..., FakeServer]
AT_MOST = "max_tokens is too large: {asked}. This model supports at most {limit} completion tokens"


def talkative(*, most: int = 0) -> s.Script:
    """Structured answers as long as their schema allows, and of no more tokens than the most."""
    script = s.Script()
    if most:
        script.on(lambda request: (request.max_tokens or 0) > most, s.most_tokens(most, AT_MOST))
    script.on(s.structured, s.at_its_bounds())
    return script


def asked(server: FakeServer) -> list[ChatRequest]:
    """What a server was asked for that is paid for."""
    return [request for request in server.requests if not s.trial(request)]


def faults(server: FakeServer) -> list[str]:
    """Calls that were refused, or whose answer did not fit."""
    return [
        f"{e.request.schema_name}: {e.answer.status} {e.finish_reason}"
        for e in server.exchanges
        if not s.trial(e.request)
        and (e.answer.status != 200 or (e.request.schema and e.finish_reason != "stop"))
    ]


@pytest.mark.parametrize(
    ("flavour", "context", "pages", "until"),
    [("vllm", 6_000, 20, None), ("llamacpp", 8_192, 20, None), ("vllm", 16_384, 2_000, 1)],
)
async def test_a_novel_is_written_with_a_short_context(
    serve: Serve, open_desk: OpenDesk, flavour: str, context: int, pages: int, until: int | None
) -> None:
    server = serve(flavour=flavour, context=context, script=talkative())
    desk = open_desk(server, novel={"pages": pages}, write={"preset": "standard", "scene_words": 0})
    await desk.write(until=until)
    assert len(desk.chain()) == (until or 3)
    assert faults(server) == []


@pytest.mark.parametrize(("pages", "until"), [(20, None), (2_000, 1)])
async def test_a_novel_is_written_with_a_model_of_short_answers(
    serve: Serve, open_desk: OpenDesk, pages: int, until: int | None
) -> None:
    server = serve(flavour="openai", context=128_000, script=talkative(most=4_096))
    desk = open_desk(server, novel={"pages": pages}, write={"preset": "standard", "scene_words": 0})
    await desk.write(until=until)
    assert len(desk.chain()) == (until or 3)
    assert faults(server) == []
    assert max(request.max_tokens or 0 for request in asked(server)) == 4_096
    assert "gives at most 4,096 tokens" in " ".join(notice.text for notice in desk.of("notice"))


@pytest.mark.parametrize(
    ("context", "novel", "write", "needs", "helps"),
    [
        (
            2_048,
            {"pages": 20},
            {"preset": "standard"},
            "4,114 tokens for scene.narrate",
            "[budget]",
        ),
        (
            4_096,
            {"pages": 20},
            {"preset": "standard"},
            "4,114 tokens for scene.narrate",
            "[budget]",
        ),
        (2_400, {"pages": 2_000}, {"preset": "small"}, "for plan.outline", "fewer pages"),
        (6_000, {"premise": "The sea. " * 4_000}, {"preset": "small"}, "for plan.", "premise"),
    ],
)
async def test_a_novel_that_cannot_be_written_is_refused_before_anything_is_asked(
    serve: Serve,
    open_desk: OpenDesk,
    context: int,
    novel: dict[str, object],
    write: dict[str, object],
    needs: str,
    helps: str,
) -> None:
    server = serve(flavour="vllm", context=context)
    desk = open_desk(server, novel=novel, write={"scene_words": 0, **write})
    with pytest.raises(ContextOverflowError) as refused:
        await desk.write()
    assert needs in refused.value.message
    assert f"has a context of {context:,}" in refused.value.message
    assert helps in refused.value.fix
    assert server.requests == []


async def test_a_model_whose_answers_are_too_short_is_refused_before_anything_is_asked(
    serve: Serve, open_desk: OpenDesk
) -> None:
    server = serve(flavour="openai", context=128_000, script=talkative(most=500))
    desk = open_desk(server, write={"preset": "standard", "scene_words": 0})
    with pytest.raises(
        ContextOverflowError, match=r"for an answer to .*gives 500 at most"
    ) as refused:
        await desk.write()
    assert "a smaller [write] scene_words" in refused.value.fix
    assert asked(server) == []


async def test_a_scene_is_no_longer_than_its_readers_can_read(
    serve: Serve, open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.paced(3.0))
    narrator = serve(flavour="vllm", context=32_000, script=script)
    reader = serve(flavour="vllm", context=4_000, script=talkative())
    desk = open_desk(
        narrator,
        novel={"pages": 20},
        write={"preset": "standard", "scene_words": 0},
        roles={"cheap": {"model": "openai:fake-model", "base_url": reader.base_url}},
    )
    await desk.write(until=1)
    assert faults(reader) == []
    (longest,) = {r.max_tokens or 0 for r in narrator.requests if s.prose(r)}
    assert 2_450 < longest < 4_000
