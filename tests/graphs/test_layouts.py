"""A narrator is asked as it was trained: the layout of its card, unless a person says otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.prep import PrepSettings
from novelcraft.errors import BudgetError
from novelcraft.finetune.registry.cards import CARD_FILE, read_card, register
from novelcraft.finetune.rowfolder import rows_hash
from novelcraft.state.layout import Layout
from tests.fakes.server import FakeServer
from tests.finetune.cards import trained
from tests.graphs.conftest import Desk, OpenDesk
from tests.tools.books.cards import manifest

TAUGHT = LAYOUTS["small"].with_parts(scene_low=120, scene=220, canon=100)


def adapter(registry: Path, layout: Layout | None, **settings: Any) -> Path:
    """A registered adapter whose rows have a manifest; with None one of before layouts."""
    folder = trained(registry / "mine")
    rows = manifest().model_dump(mode="json")
    rows["layout"] = layout.model_dump(mode="json") if layout else None
    rows["settings"] = settings
    data = registry / "mine" / "data"
    (data / "manifest.json").write_text(json.dumps(rows), encoding="utf-8")
    training = json.loads((folder / "training.json").read_text("utf-8"))
    training["data_hash"] = rows_hash(data)
    (folder / "training.json").write_text(json.dumps(training), encoding="utf-8")
    register(folder)
    return folder


def desk_of(open_desk: OpenDesk, server: FakeServer, registry: Path, **write: Any) -> Desk:
    role = {"model": "openai:fake-model", "base_url": server.base_url, "adapter": "mine"}
    given = {"registry": str(registry), "scene_words": 0, "preset": "small", **write}
    return open_desk(server, roles={"narrator": role}, write=given)


async def test_a_novel_is_written_in_the_layout_of_the_adapters_card(
    serve: type[FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    adapter(tmp_path / "adapters", TAUGHT)
    desk = desk_of(open_desk, serve(flavour="vllm", adapters=["mine"]), tmp_path / "adapters")
    await desk.write(until=2)
    told = [event.text for event in desk.of("notice")]
    assert f"The narrator is asked as mine was trained: in the layout {TAUGHT.note}." in told
    for commit in desk.chain():
        assert commit.provenance.layout == TAUGHT.note
        budgets = {part.name: part.budget for part in commit.provenance.sections}
        assert budgets == {name: TAUGHT.of(name) for name in budgets}


async def test_another_layout_is_refused_with_both_beside_each_other_unless_asked_for(
    serve: type[FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    adapter(tmp_path / "adapters", TAUGHT)
    server = serve(flavour="vllm", adapters=["mine"])
    other = {"layout": "small", "scene_words": 120}
    desk = desk_of(open_desk, server, tmp_path / "adapters", **other)
    with pytest.raises(BudgetError, match=r"(?s)trained on another layout.*canon +100 +160") as no:
        await desk.write(until=1)
    assert "allow_other_layout = true" in no.value.fix
    assert not server.requests
    allowed = {**other, "allow_other_layout": True}
    desk.novel.close()
    again = open_desk(
        server,
        "again",
        **{
            "roles": {"narrator": desk.novel.settings.roles.narrator.model_dump()},
            "write": {**allowed, "registry": str(tmp_path / "adapters"), "preset": "small"},
        },
    )
    await again.write(until=1)
    assert any("another layout than it was" in event.text for event in again.of("notice"))
    layout = again.chain()[0].provenance.layout
    assert layout is not None
    assert layout != TAUGHT.note


def test_an_adapter_of_before_layouts_has_that_of_the_numbers_of_its_rows(tmp_path: Path) -> None:
    parts = {"system": 150, "world": 400, "summary": 400, "canon": 0, "tail": 0, "brief": 50}
    folder = adapter(
        tmp_path, None, budget={**parts, "spare": 50}, scene_low=2_000, scene_high=3_000
    )
    card = read_card(folder)
    assert card is not None
    assert card.layout == LAYOUTS["lean"]


def test_a_card_of_before_layouts_can_be_read(tmp_path: Path) -> None:
    folder = adapter(tmp_path, TAUGHT)
    file = folder / CARD_FILE
    card = json.loads(file.read_text("utf-8"))
    del card["layout"]
    file.write_text(json.dumps(card), encoding="utf-8")
    found = read_card(folder)
    assert found is not None
    assert found.layout is None


def test_the_card_names_the_layout_of_the_default_rows(tmp_path: Path) -> None:
    card = read_card(adapter(tmp_path, PrepSettings().row_layout))
    assert card is not None
    assert card.layout is not None
    assert card.layout.name == "standard"
