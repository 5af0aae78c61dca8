"""Everything that a run needs, and a novel against what follows from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import disk_usage, which
from sqlite3 import connect
from typing import Any

import pytest

from novelcraft.config.resolve import resolve
from novelcraft.config.settings import ROLES
from novelcraft.errors import ModelError
from novelcraft.finetune.registry.cards import register
from novelcraft.graphs.doctor import Examined, examine, known_preset
from novelcraft.graphs.novel import Novel
from novelcraft.state.acts import EditScene
from novelcraft.tools.export.pdf import PDF_ENGINES
from novelcraft.tools.models.embedded.cache import CACHE_VARIABLE
from novelcraft.tools.models.embedded.library import ModelLibrary
from novelcraft.tools.storage.lock import ProjectLock
from tests.fakes import script as s
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
    exports, pdf, disk = (found.pop(name) for name in ("export", "PDF", "disk"))
    model = f"fake-model at {fake_server.base_url}, context 8,192"
    layout = resolve(desk.novel.settings, "fake-model").layout.note
    assert list(found.values()) == [
        *(Examined(f"role {role}", "ok", model) for role in ROLES),
        Examined("layout", "ok", f"{layout}, scenes of 120 words"),
        Examined("passage search", "ok", "by hash"),
        Examined("chain", "ok", "2 scenes, all as they were stored"),
        Examined("manuscript.md", "ok", "is the chain's text"),
        Examined("passage index", "ok", "holds all scenes but the last of each branch"),
        Examined("next write", "ok", "goes on from the chain"),
    ]
    assert (exports.health, disk.health) == ("ok", "ok")
    assert re.fullmatch(r"pandoc \d[\d.]*", exports.text)
    there = [engine for engine in PDF_ENGINES if which(engine)]
    none = f"no engine, so no PDF; any of {', '.join(PDF_ENGINES)} will do"
    assert pdf == (Examined("PDF", "ok", there[0]) if there else Examined("PDF", "note", none))
    assert len(fake_server.requests) == asked


async def test_a_finished_one(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    await desk.write()
    found = await looked_at(desk)
    assert unwell(found) == {}
    assert found["exports of main"] == Examined("exports of main", "ok", "of the finished book")


async def test_one_that_is_not_begun(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    found = await looked_at(desk)
    assert unwell(found) == {"passage index": "note"}
    assert found["passage index"].text == "none yet; it is made with the first scene"
    assert "manuscript.md" not in found
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
    again = f"of another state; novelcraft export {folder}"
    assert found["exports of main"].text == again
    # The chain as it was before has a branch of its own.
    missing = 2 * (len(desk.chain()) - 1)
    assert found["passage index"].text == f"{missing} scenes missing; the next write brings them in"


async def test_an_earlier_manuscript(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    early = (desk.novel.folder / "manuscript.md").read_bytes()
    await desk.write(until=2)
    (desk.novel.folder / "manuscript.md").write_bytes(early)
    assert "earlier scene" in (await looked_at(desk))["manuscript.md"].text
    (desk.novel.folder / "manuscript.md").unlink()
    assert "not there" in (await looked_at(desk))["manuscript.md"].text


async def test_every_branch_is_looked_at_that_somebody_writes(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=2)
    desk.novel.fork("1", "darker")
    found = await looked_at(desk)
    assert "manuscript-darker.md" not in found
    assert found["chain"].text == "3 scenes, all as they were stored"
    await desk.write(until=2, branch="darker")
    desk.novel.export(("epub",), branch="darker")
    for kept in ("notes.txt", "book.html"):
        (desk.novel.folder / "exports" / kept).write_text("mine")
    found = await looked_at(desk)
    assert found["manuscript-darker.md"].text == "is the chain's text"
    assert found["exports of darker"] == Examined(
        "exports of darker",
        "note",
        f"of another state; novelcraft export {desk.novel.folder} --branch darker",
    )
    assert "exports of main" not in found


async def test_what_a_run_that_died_goes_on_with(open_desk: OpenDesk, serve: Serve) -> None:
    script = s.Script()
    script.on(s.prose, s.fail(400), after=1)
    desk = open_desk(serve(script=script))
    with pytest.raises(ModelError):
        await desk.write()
    found = await looked_at(desk)
    assert found["next write"] == Examined(
        "next write", "ok", "goes on with the step in flight: main"
    )


async def test_weights_that_are_not_fetched_yet(
    serve: Serve, open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minilm, other = (
        open_desk(serve(), name, write={"embedding": name}) for name in ("minilm", "hash")
    )
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "empty"))
    found = await looked_at(minilm)
    assert found["passage search"] == Examined(
        "passage search", "note", "its weights are fetched at the first write"
    )
    assert found["passage index"] == Examined(
        "passage index", "note", "it cannot be read before its weights are fetched"
    )
    found = await looked_at(other)
    assert found["passage search"].health == "ok"
    assert found["passage index"].text == "none yet; it is made with the first scene"


async def test_a_disk_that_is_nearly_full(small_disk: Path, serve: Serve) -> None:
    given = settings(serve())
    with Novel.create(small_disk / "novel", given) as novel:
        found = {one.subject: one async for one in examine(given, novel, environ={})}
    assert found["disk"].health == "fault"
    assert re.fullmatch(r"[0-3] MB free", found["disk"].text)
    assert found["disk"].fix == "Free some space."


async def test_adapters_of_which_nothing_is_known_are_told_of(serve: Serve, tmp_path: Path) -> None:
    server, gone = serve(flavour="vllm", adapters=["poe"]), serve()
    gone.close()
    roles: dict[str, Any] = {
        "reasoning": {"model": "openai:fake-model", "base_url": gone.base_url},
        "narrator": {"model": "openai:fake-model", "base_url": server.base_url, "adapter": "poe"},
        "cheap": {"model": "embedded:auto"},
    }
    given = settings(server, roles=roles, write={"registry": str(tmp_path)})
    empty = ModelLibrary(tmp_path / "none")
    found = [one async for one in examine(given, environ={}, library=empty)]
    names = [one.subject for one in found]
    assert names[:5] == [*(f"role {role}" for role in ROLES), "adapters", "layout"]
    assert found[1].text == f"fake-model with poe at {server.base_url}, context 8,192"
    assert found[3].health == "note"
    assert "adapter poe repeats" in found[3].text
    # One that failed is a fault, and then nothing of the narrator's prompt is looked at.
    register(
        trained(tmp_path / "poe"), evaluation=evaluation(tmp_path / "poe" / "adapter", recites=True)
    )
    found = [one async for one in examine(given, environ={}, library=empty)]
    refused = next(one for one in found if one.subject == "narrator")
    assert refused.health == "fault"
    assert "poe failed the gate" in refused.text
    assert refused.fix
    assert "layout" not in {one.subject for one in found}


async def test_an_embedded_model_that_is_there(serve: Serve, tmp_path: Path) -> None:
    library = ModelLibrary(tmp_path)
    library.folder.mkdir(parents=True)
    for name, size in (("mag-mell-12b", 1_260_000_000), ("tiny-135m", 10)):
        with (library.folder / f"{name}.gguf").open("wb") as file:
            file.truncate(size)
    roles: dict[str, Any] = {role: {"model": "embedded:auto"} for role in ROLES}
    write = {"preset": "auto", "scene_words": 0}
    given = settings(serve(), roles=roles, write=write)
    found = {one.subject: one async for one in examine(given, environ={}, library=library)}
    told = "mag-mell-12b on this machine, 1.3 GB"
    assert found["role cheap"] == Examined("role cheap", "ok", told)
    assert known_preset(given, None, library)[0].name == "standard"
    roles["narrator"] = {"model": "embedded:tiny-135m"}
    given = settings(serve(), roles=roles, write=write)
    assert known_preset(given, None, library)[0].name == "small"


async def test_a_scene_that_was_changed_in_the_database(
    open_desk: OpenDesk, fake_server: FakeServer
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    with closing(connect(desk.novel.folder / "novel.db")) as database, database:
        database.execute("UPDATE commits SET summary = 'other'")
    found = await looked_at(desk)
    assert found["chain"] == Examined(
        "chain",
        "fault",
        "1 thing in novel.db cannot be as it was stored",
        f"See what, and bring it back: novelcraft verify {desk.novel.folder}",
    )


async def test_a_novel_that_another_run_holds(open_desk: OpenDesk, fake_server: FakeServer) -> None:
    desk = open_desk(fake_server)
    with ProjectLock(desk.novel.folder):
        found = await looked_at(desk)
    assert unwell(found) == {"files": "note"}
    assert found["files"].text.endswith(" They were not looked at.")
    assert found["chain"].health == "ok"


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
    assert found["role narrator"] == Examined(
        "role narrator", "note", "the small embedded model is fetched at the first write"
    )
    preset, layout = known_preset(given, None, empty)
    assert (preset.name, layout) == ("small", None)
    assert found["layout"].text == f"{preset.layout.note}, scenes of 120 words"
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
