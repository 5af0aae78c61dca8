"""A run that comes to its limit stops, and goes on with a larger one as if it had not."""

from __future__ import annotations

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import CostCapError
from novelcraft.graphs.novel import Novel
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk, settings


async def test_a_novel_stops_before_its_limit_and_goes_on_with_another(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    whole = open_desk(fake_server, "whole")
    await whole.write()
    took = whole.novel.store.call_totals()
    limit = (took.prompt_tokens + took.completion_tokens) // 2

    desk = open_desk(fake_server, "limited", write={"most_tokens": limit})
    for _ in range(2):  # the same limit stops it at the same place, and costs nothing
        with pytest.raises(CostCapError, match="limit of"):
            await desk.write()
        spent = desk.novel.store.call_totals()
        assert limit / 2 < spent.prompt_tokens + spent.completion_tokens <= limit
    assert 0 < len(desk.chain()) < len(whole.chain())
    assert desk.of("run_stopped")[-1].reason == "failed"

    folder = desk.novel.folder
    desk.novel.close()
    with Novel.open(folder, overrides=raised(fake_server), environ={}) as novel:
        await novel.write(on_event=desk.events.append)
        head = novel.store.branch("main").head
    assert head == whole.novel.store.branch("main").head


def raised(server: FakeServer) -> dict[str, dict[str, object]]:
    given: Settings = settings(server, write={"most_tokens": 0})
    return {"write": given.write.model_dump(), "roles": given.roles.model_dump()}
