"""Everything that a run needs, and a novel against what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import disk_usage
from sqlite3 import connect
from typing import Any

import pytest

from novelcraft.config.settings import ROLES
from novelcraft.finetune.registry.cards import register
from novelcraft.graphs.doctor import Examined, examine
from novelcraft.state.acts import EditScene
from novelcraft.tools.models.embedded.library import ModelLibrary
from novelcraft.tools.storage.lock import ProjectLock
from tests.fakes.server import FakeServer
from tests.finetune.cards import evaluation, trained
from tests.graphs.conftest import Desk, OpenDesk, settings

Serve = Callable[..., FakeServer]


async def looked_at(desk: Desk) -> dict[str, Examined]:
    found = [one async for one in examine(desk.novel.settings, desk.novel, environ={})]
    return {one.subject: one for one in found}


def unwell(found: dict[str, Examined]) -> dict[str, str]:
    return {name: one.health for name, one in found.items() if one.health != "ok" and name != "PDF"}


async def test_a_novel_that_is_being_written(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=2)
    asked = len(fake_server.requests)
    found = await looked_at(desk)
    assert unwell(found) == {}
    assert found["role narrator"].text.startswith(f"fake-model at {fake_server.base_url}")
    assert found["chain"].text == "2 scenes, all as they were stored"
    assert found["passage index"].text == "holds all scenes but the last of each branch"
    assert found["next write"].text == "goes on from the chain"
    assert len(fake_server.requests) == asked


async def test_a_finished_one(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    await desk.write()
    found = await looked_at(desk)
    assert unwell(found) == {}
    assert found["exports of main"].text == "of the finished book"


async def test_one_that_is_not_begun(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    found = await looked_at(desk)
    assert unwell(found) == {"passage index": "note"}
    free = float(found["disk"].text.removesuffix(" GB free").replace(",", ""))
    # Others write to it meanwhile.
    assert free == pytest.approx(disk_usage(desk.novel.folder).free / 1e9, rel=0.2)


async def test_what_follows_from_the_chain_and_does_not(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server)
    await desk.write()
    folder, first = desk.novel.folder, desk.chain()[0]
    await desk.do(EditScene(scene="1", prose=f"{first.prose} And so on."))
    (folder / "manuscript.md").write_text("mine\n")
    with closing(connect(next(folder.glob("canon/*/chroma.sqlite3")))) as database, database:
        database.execute("DELETE FROM embeddings_queue")
    found = await looked_at(desk)
    assert unwell(found) == {
        "manuscript.md": "note",
        "exports of main": "note",
        "passage index": "note",
    }
    assert "novelcraft export" in found["exports of main"].text


async def test_an_earlier_manuscript(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    early = (desk.novel.folder / "manuscript.md").read_bytes()
    await desk.write(until=2)
    (desk.novel.folder / "manuscript.md").write_bytes(early)
    assert "earlier scene" in (await looked_at(desk))["manuscript.md"].text
    (desk.novel.folder / "manuscript.md").unlink()
    assert "not there" in (await looked_at(desk))["manuscript.md"].text


async def test_a_scene_that_was_changed_in_the_database(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    with closing(connect(desk.novel.folder / "novel.db")) as database, database:
        database.execute("UPDATE commits SET summary = 'other'")
    found = await looked_at(desk)
    assert found["chain"].health == "fault"
    assert "novelcraft verify" in found["chain"].fix


async def test_a_novel_that_another_run_holds(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    with ProjectLock(desk.novel.folder):
        found = await looked_at(desk)
    assert unwell(found) == {"files": "note"}


async def test_servers_that_cannot_do_it(serve: Serve, tmp_path: Path) -> None:
    small, gone = serve(context=512), serve()
    gone.close()
    roles: dict[str, Any] = {
        "narrator": {"model": "openai:fake-model", "base_url": small.base_url},
        "reasoning": {"model": "openai:other", "base_url": serve(flavour="vllm").base_url},
        "cheap": {"model": "openai:fake-model", "base_url": gone.base_url},
    }
    found = {one.subject: one async for one in examine(settings(small, roles=roles), environ={})}
    faults = {name: one for name, one in found.items() if one.health == "fault"}
    assert set(faults) == {"role reasoning", "role cheap", "model of narrator"}
    assert "does not serve the model 'other'" in faults["role reasoning"].text
    assert "has a context of 512" in faults["model of narrator"].text
    assert all(one.fix for one in faults.values())


async def test_the_embedded_model_before_it_is_fetched(serve: Serve, tmp_path: Path) -> None:
    roles: dict[str, Any] = {role: {"model": "embedded:auto"} for role in ROLES}
    empty = ModelLibrary(tmp_path)
    given = settings(serve(), roles=roles)
    found = {one.subject: one async for one in examine(given, environ={}, library=empty)}
    assert found["role narrator"].health == "note"
    roles["cheap"] = {"model": "embedded:none-such"}
    given = settings(serve(), roles=roles)
    found = {one.subject: one async for one in examine(given, environ={}, library=empty)}
    assert found["role cheap"].health == "fault"
    assert "none-such" in found["role cheap"].text


async def test_models_to_go_on_with_are_looked_at_as_what_a_run_can_do_without(
    serve: Serve, tmp_path: Path
) -> None:
    registered = trained(tmp_path / "poe")
    register(registered, evaluation=evaluation(registered, recites=True))
    first, small, gone = serve(), serve(context=512), serve()
    refused = serve(flavour="vllm", adapters=["poe"])
    gone.close()
    fallback = [
        f"openai:fake-model {small.base_url}",
        f"openai:fake-model {gone.base_url}",
        f"openai:poe {refused.base_url}",
    ]
    narrator = {"model": "openai:fake-model", "base_url": first.base_url, "fallback": fallback}
    given = settings(first, roles={"narrator": narrator}, write={"registry": str(tmp_path)})
    found = {one.subject: one async for one in examine(given, environ={})}
    assert {name: one.health for name, one in found.items() if "fallback" in name} == {
        "role narrator, fallback 1": "ok",
        "role narrator, fallback 2": "note",
        "role narrator, fallback 3": "ok",
        "model of narrator, fallback 1": "note",
        "model of narrator, fallback 3": "note",
    }
    assert "No server answers" in found["role narrator, fallback 2"].text
    assert "poe failed the gate" in found["model of narrator, fallback 3"].text
    assert found["model of narrator, fallback 3"].fix
    assert found["role narrator"].health == "ok"
