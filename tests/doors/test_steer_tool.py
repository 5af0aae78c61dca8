"""The tool that changes a novel: by acts, and only where it was let."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from novelcraft.doors.desk import Desk, open_desk
from novelcraft.doors.langchain import langchain
from novelcraft.doors.mcp import make_server
from novelcraft.doors.python import call_tool
from novelcraft.errors import InputError, NotAProjectError, UnknownTargetError
from novelcraft.tools.storage.lock import ProjectLock
from tests.doors.conftest import environ_of
from tests.doors.test_shell import shell
from tests.fakes.server import FakeServer

NOTE = {"act": {"kind": "note", "text": "Let it rain."}}


@pytest.fixture
async def writing(fake_server: FakeServer, folder: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk that lets tools change its novel."""
    environ = environ_of(fake_server, tmp_path)
    async with open_desk(str(folder), environ, write=True) as opened:
        yield opened


async def steer(desk: Desk, **act: Any) -> Any:
    return await call_tool("steer", {"act": act}, desk)


async def test_an_act_is_done_and_bears_a_name(writing: Desk) -> None:
    done = await steer(writing, kind="edit_brief", scene="4", changes={"place": "the ice house"})
    assert (done.status, done.taken) == ("applied", "")
    view = writing.require_view()
    assert view.plan.version == done.plan_version
    assert view.plan.scenes[3].place == "the ice house"
    (left,) = view.novel.store.acts()
    assert (left.by, left.id, left.target) == ("tool", done.number, done.target)


async def test_a_scene_is_narrated_again(writing: Desk) -> None:
    before = writing.require_view().chain
    done = await steer(writing, kind="redraw", scene="2", note="Let it rain.")
    after = writing.require_view().chain
    assert after[1].id == done.commit != before[1].id
    assert len(after) == len(before)


async def test_a_run_takes_it_at_its_next_safe_point(writing: Desk, folder: Path) -> None:
    with ProjectLock(folder, writes="main"):
        done = await steer(writing, kind="redraw", scene="2")
    assert (done.status, done.commit) == ("pending", None)
    assert done.taken == "before the next brief"


async def test_what_cannot_be_done_is_an_error(writing: Desk) -> None:
    with pytest.raises(InputError, match=r"Act 1 was refused.*99"):
        await steer(writing, kind="edit_brief", scene="99", changes={"goal": "x"})
    with pytest.raises(InputError, match="kind"):
        await steer(writing, kind="burn")
    with pytest.raises(UnknownTargetError, match="nowhere"):
        await call_tool("steer", {**NOTE, "branch": "nowhere"}, writing)


async def test_it_asks_for_a_novel(tmp_path: Path) -> None:
    async with open_desk("", {}, write=True) as desk:
        with pytest.raises(NotAProjectError, match="No novel is named"):
            await call_tool("steer", NOTE, desk)
        with pytest.raises(NotAProjectError, match="holds no novel"):
            await call_tool("steer", {**NOTE, "novel": str(tmp_path)}, desk)


async def test_nothing_is_changed_unless_it_was_let(
    desk: Desk, fake_server: FakeServer, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="--write"):
        await call_tool("steer", NOTE, desk)
    assert "steer" not in {tool.name for tool in langchain(desk)}
    async with Client(make_server(desk)) as client:
        assert "steer" not in {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("steer", NOTE)
    assert result.is_error
    environ = environ_of(fake_server, tmp_path)
    ended = shell("agent", "steer", "--novel", str(folder), given=json.dumps(NOTE), **environ)
    assert ended.returncode == InputError.exit_code
    assert "--write" in ended.stderr
    assert desk.require_view().novel.store.acts() == []


async def test_a_client_is_told_that_it_writes_and_reads_what_was_left(writing: Desk) -> None:
    async with Client(make_server(writing)) as client:
        listed = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
        writers = {name for name, hints in listed.items() if hints and not hints.read_only_hint}
        assert writers == {"steer"}
        await client.call_tool("steer", NOTE)
        (acts,) = (await client.read_resource("novel://novel/acts")).contents
    assert "Let it rain." in acts.text  # type: ignore[union-attr]
    assert "applied at once" in acts.text  # type: ignore[union-attr]
