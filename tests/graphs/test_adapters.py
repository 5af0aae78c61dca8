"""Adapters that failed the gate do not write, unless a person says so; unknown ones are told of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import AdapterRefusedError
from novelcraft.finetune.adapters.origin import GGUF_KEY, ORIGIN_FILE, MergedOrigin, origin_of
from novelcraft.finetune.registry.cards import register
from novelcraft.graphs.adapters import check_embedded
from novelcraft.graphs.agent_sessions import open_sessions
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.finetune.cards import RECITES, evaluation, trained
from tests.graphs.conftest import Desk, OpenDesk, settings

Serve = Callable[..., FakeServer]


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Adapters that failed, passed, and were not evaluated: `poe`, `austen`, `new`."""
    folder = tmp_path / "adapters"
    for name, recites in (("poe", True), ("austen", False), ("new", None)):
        adapter = trained(folder / name)
        found = None if recites is None else evaluation(adapter, recites=recites)
        register(adapter, evaluation=found)
    return folder


def desk_with(
    open_desk: OpenDesk, server: FakeServer, registry: Path, adapter: str, **write: Any
) -> Desk:
    role = {"model": "openai:fake-model", "base_url": server.base_url}
    given = {"registry": str(registry), **write}
    return open_desk(server, roles={"narrator": {**role, "adapter": adapter}}, write=given)


def told(desk: Desk) -> list[Any]:
    """What was said, but for the layout: the rows of these adapters have no manifest."""
    return [event for event in desk.of("notice") if "layout" not in event.text]


async def test_one_that_failed_is_refused_before_anything_is_asked(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    server = serve(flavour="vllm", adapters=["poe"])
    desk = desk_with(open_desk, server, registry, "poe")
    with pytest.raises(AdapterRefusedError) as caught:
        await desk.write(until=0)
    assert caught.value.exit_code == 68
    assert "poe failed the gate" in caught.value.message
    assert RECITES in caught.value.message
    assert "allow_failed_adapter = true" in caught.value.fix
    assert not server.requests
    assert [event.kind for event in desk.events] == ["run_started", "run_stopped"]


async def test_it_writes_when_a_person_says_so(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    server = serve(flavour="vllm", adapters=["poe"])
    desk = desk_with(open_desk, server, registry, "poe", allow_failed_adapter=True)
    await desk.write(until=1)
    (notice,) = told(desk)
    assert notice.text == "The adapter poe failed the gate, and is used all the same."
    assert [e.kind for e in desk.events[:2]] == ["run_started", "notice"]
    assert desk.chain()[0].provenance.adapter == "poe"


async def test_one_that_passed_writes_without_a_word(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    desk = desk_with(open_desk, serve(flavour="vllm", adapters=["austen"]), registry, "austen")
    await desk.write(until=0)
    assert not told(desk)


@pytest.mark.parametrize(
    ("adapter", "why"), [("new", "It was not evaluated."), ("other", "It is not registered here.")]
)
async def test_unknown_ones_write_with_a_notice(
    open_desk: OpenDesk, serve: Serve, registry: Path, adapter: str, why: str
) -> None:
    desk = desk_with(open_desk, serve(flavour="vllm", adapters=[adapter]), registry, adapter)
    await desk.write(until=0)
    (notice,) = told(desk)
    assert f"adapter {adapter} repeats" in notice.text
    assert notice.text.endswith(why)


async def test_other_weights_beside_a_card_are_unknown(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    file = registry / "austen" / "adapter" / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    desk = desk_with(open_desk, serve(flavour="vllm", adapters=["austen"]), registry, "austen")
    await desk.write(until=0)
    (notice,) = told(desk)
    assert "is not the file that its card was written for" in notice.text


async def test_what_the_server_says_counts_for_more_than_a_name(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    """llama.cpp lists a file of the adapter that failed, which is served under a passed name."""
    served = registry / "poe" / "adapter" / "austen"
    served.with_suffix(".gguf").write_bytes(b"GGUF")
    server = serve(adapters=[str(served)])
    for adapter in ("austen", str(registry / "poe"), str(served.with_suffix(".gguf"))):
        desk = desk_with(open_desk, server, registry, adapter, attempts=1)
        with pytest.raises(AdapterRefusedError, match=r"poe, .*failed the gate"):
            await desk.write(until=0)
        desk.novel.close()
        shutil.rmtree(desk.novel.folder)


@pytest.mark.parametrize("named", [True, False])
async def test_an_adapter_that_is_asked_for_as_a_model_is_held_to_the_gate(
    open_desk: OpenDesk, serve: Serve, registry: Path, named: bool
) -> None:
    """vLLM lists an adapter as a model; it is known by its name, or by its folder."""
    name = "poe" if named else "mine"
    roots = {} if named else {"mine": str(registry / "poe" / "adapter")}
    server = serve(flavour="vllm", adapters=[name], roots=roots)
    role = {"model": f"openai:{name}", "base_url": server.base_url}
    write = {"registry": str(registry)}
    desk = open_desk(server, roles={"narrator": role}, write=write)
    with pytest.raises(AdapterRefusedError, match="failed the"):
        await desk.write(until=0)
    assert not server.requests


async def test_an_unknown_adapter_that_is_asked_for_as_a_model_is_told_of(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    server = serve(flavour="vllm", adapters=["other"])
    role = {"model": "openai:other", "base_url": server.base_url}
    desk = open_desk(server, roles={"narrator": role}, write={"registry": str(registry)})
    await desk.write(until=0)
    (notice,) = told(desk)
    assert "adapter other repeats" in notice.text


async def test_a_copy_without_its_card_is_known_by_its_weights(
    open_desk: OpenDesk, serve: Serve, registry: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(registry / "poe" / "adapter", copy)
    (copy / "card.json").unlink()
    server = serve(flavour="vllm", adapters=["fine"], roots={"fine": str(copy)})
    desk = desk_with(open_desk, server, registry, "fine")
    with pytest.raises(AdapterRefusedError, match="failed the"):
        await desk.write(until=0)


@pytest.mark.parametrize("registered", [True, False])
async def test_a_model_with_a_failed_adapter_merged_into_it_is_refused(
    open_desk: OpenDesk, serve: Serve, registry: Path, tmp_path: Path, registered: bool
) -> None:
    adapter = registry / "poe" / "adapter"
    merged = tmp_path / "merged"
    merged.mkdir()
    weights = origin_of(adapter).adapter_sha256 if registered else "1" * 64
    origin = MergedOrigin(
        folder="elsewhere", adapter_sha256=weights, name="poe", verdict="failed", rows=("0" * 64,)
    )
    (merged / ORIGIN_FILE).write_text(origin.model_dump_json(), encoding="utf-8")
    server = serve(flavour="vllm", roots={"fake-model": str(merged)})
    role = {"model": "openai:fake-model", "base_url": server.base_url}
    desk = open_desk(server, roles={"narrator": role}, write={"registry": str(registry)})
    with pytest.raises(AdapterRefusedError, match="failed the"):
        await desk.write(until=0)


async def test_a_converted_adapter_answers_for_the_one_it_was_made_of(
    open_desk: OpenDesk, serve: Serve, registry: Path, tmp_path: Path
) -> None:
    original = registry / "poe" / "adapter"
    converted = tmp_path / "served"
    shutil.copytree(original, converted)
    (converted / "adapter_model.safetensors").write_bytes(b"other bytes")
    (converted / "card.json").unlink()
    origin = origin_of(original).model_dump_json()
    (converted / ORIGIN_FILE).write_text(origin, encoding="utf-8")
    # The adapter has moved since; it is found in the registry.
    (registry / "poe").rename(registry / "moved")
    desk = desk_with(open_desk, serve(adapters=[str(converted / "x")]), registry, str(converted))
    with pytest.raises(AdapterRefusedError, match="failed the gate"):
        await desk.write(until=0)


def test_the_embedded_engine_is_not_started_with_one_that_failed(
    fake_server: FakeServer, registry: Path
) -> None:
    def given(adapter: Path, **write: Any) -> Settings:
        role = {"model": "embedded:smollm2-135m", "adapter": str(adapter)}
        write = {"registry": str(registry), **write}
        return settings(fake_server, roles={"narrator": role}, write=write)

    for adapter in (registry / "poe", registry / "poe" / "adapter"):
        with pytest.raises(AdapterRefusedError, match="failed the gate"):
            check_embedded(given(adapter))
    (notice,) = check_embedded(given(registry / "poe", allow_failed_adapter=True))
    assert "used all the same" in notice
    assert check_embedded(given(registry / "austen")) == []


def test_a_file_counts_for_more_than_the_folder_that_it_lies_in(
    fake_server: FakeServer, registry: Path, tmp_path: Path
) -> None:
    """The adapter that failed, converted into a bare folder, and beside one that passed."""
    from gguf import GGUFWriter

    bare = tmp_path / "bare"
    bare.mkdir()
    for folder in (bare, registry / "austen" / "adapter"):
        file = folder / "adapter.gguf"
        made = GGUFWriter(file, "llama")
        made.add_string(GGUF_KEY, origin_of(registry / "poe" / "adapter").model_dump_json())
        made.write_header_to_file()
        made.write_kv_data_to_file()
        made.close()
        role = {"model": "embedded:smollm2-135m", "adapter": str(folder)}
        write = {"registry": str(registry)}
        with pytest.raises(AdapterRefusedError, match="failed the gate"):
            check_embedded(settings(fake_server, roles={"narrator": role}, write=write))


async def test_a_tool_of_ours_is_held_to_it_as_a_novel_is(serve: Serve, registry: Path) -> None:
    server = serve(flavour="vllm", adapters=["poe"])
    role = {"model": "openai:fake-model", "base_url": server.base_url, "adapter": "poe"}
    given = settings(server, roles={"narrator": role}, write={"registry": str(registry)})
    with pytest.raises(AdapterRefusedError, match="failed the"):
        async with open_sessions(given):
            pass
    assert not server.requests


def leaving(serve: Serve, registry: Path, **others: FakeServer) -> dict[str, dict[str, Any]]:
    """Settings of a narrator whose server fails once there is a plan, and goes on with others."""
    script = s.Script()
    script.on(s.prose, s.fail(500))
    elsewhere = [f"openai:{name} {other.base_url}" for name, other in others.items()]
    role = {"model": "openai:fake-model", "base_url": serve(script=script).base_url, "patience": 0}
    return {
        "roles": {"narrator": role | {"fallback": elsewhere}},
        "write": {"registry": str(registry)},
    }


async def test_a_model_to_go_on_with_is_held_to_the_gate_in_the_middle_of_a_run(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    poe, new = (serve(flavour="vllm", adapters=[name]) for name in ("poe", "new"))
    desk = open_desk(serve(), **leaving(serve, registry, poe=poe, new=new))
    await desk.write(until=1)
    assert not poe.requests
    assert new.requests
    notices = [event.text for event in told(desk)]
    assert any("poe failed the gate" in text and "goes on with new" in text for text in notices)
    assert any("adapter new repeats" in text for text in notices)


async def test_a_run_stops_where_there_is_none_to_go_on_with_but_one_that_failed(
    open_desk: OpenDesk, serve: Serve, registry: Path
) -> None:
    poe = serve(flavour="vllm", adapters=["poe"])
    given = leaving(serve, registry, poe=poe)
    with pytest.raises(AdapterRefusedError, match="poe failed the gate"):
        await open_desk(serve(), **given).write(until=1)
    assert not poe.requests
    given["write"]["allow_failed_adapter"] = True
    await open_desk(serve(), "allowed", **given).write(until=1)
    assert poe.requests
