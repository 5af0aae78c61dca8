"""A server that takes less than it said, or never said: the prompt gives way, and it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from novelcraft.errors import ContextOverflowError
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk

Serve = Callable[..., FakeServer]


def told(desk: Desk) -> list[str]:
    return [n.text for n in desk.of("notice") if "asked once more" in n.text]


def too_short(desk: Desk) -> int:
    """A context that the narrator's longest prompt does not fit."""
    return max(c.provenance.prompt_tokens for c in desk.chain()) - 20


async def test_a_context_that_is_told_only_by_a_refusal(open_desk: OpenDesk, serve: Serve) -> None:
    roomy = open_desk(serve(flavour="openai"), "roomy")
    await roomy.write(until=4)
    context = too_short(roomy)

    server = serve(flavour="openai", context=context)
    elsewhere = {"model": "openai:fake-model", "base_url": serve(flavour="openai").base_url}
    desk = open_desk(server, roles={"reasoning": elsewhere, "cheap": elsewhere})
    await desk.write(until=4)
    assert len(desk.chain()) == 4
    (notice,) = told(desk)  # it is known from then on
    assert f"{context} tokens" in notice
    assert "in tokens: canon" in notice or "in tokens: world" in notice or "summary" in notice
    assert all(e.answer.status == 200 for e in server.exchanges[-3:])


async def test_a_refusal_without_a_number_takes_a_quarter_off(
    open_desk: OpenDesk, serve: Serve
) -> None:
    script = s.Script()
    refusal = {"error": {"message": "Prompt exceeds the context window", "code": "exceed_context"}}
    script.on(s.prose, s.fail(400, refusal), after=1, count=1)
    desk = open_desk(serve(script=script))
    await desk.write(until=2)
    assert len(told(desk)) == 1
    sections = desk.chain()[1].provenance.sections
    assert any(section.trimmed for section in sections)


async def test_it_is_asked_once_more_and_no_more(open_desk: OpenDesk, serve: Serve) -> None:
    script = s.Script()
    refusal = {"error": {"message": "maximum context length exceeded", "code": "overflow"}}
    rule = script.on(s.prose, s.fail(400, refusal))
    desk = open_desk(serve(script=script))
    with pytest.raises(ContextOverflowError):
        await desk.write(until=1)
    assert rule.seen == 2
