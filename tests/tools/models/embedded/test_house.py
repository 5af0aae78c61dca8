"""The house narrator: who gets it, and what is shipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import AdapterRefusedError
from novelcraft.finetune.adapters.origin import read_origin
from novelcraft.finetune.registry.cards import layout_of_card, read_card
from novelcraft.finetune.registry.lookup import find_at
from novelcraft.graphs.adapters import check_embedded
from novelcraft.graphs.doctor import examine, known_preset
from novelcraft.tools.models.adapters import GGUF_FILE, HOUSE, HOUSE_FOLDER
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.embedded.house import with_house_narrator
from novelcraft.tools.models.embedded.library import ModelLibrary
from novelcraft.tools.models.opening import open_models

MEGABYTE = 1_000_000


def library(folder: Path, *names: str) -> ModelLibrary:
    models = ModelLibrary(folder)
    models.folder.mkdir(parents=True)
    for size, name in enumerate(names):
        (models.folder / f"{name}.gguf").write_bytes(b"GGUF" + b"." * size)
    return models


def given(**narrator: Any) -> Settings:
    return Settings.model_validate({"roles": {"narrator": narrator}})


@pytest.mark.parametrize(
    ("narrator", "installed", "taken"),
    [
        ({}, (), HOUSE),
        ({}, ("smollm2-135m",), HOUSE),
        ({"model": "embedded:smollm2-135m"}, ("qwen3-4b",), HOUSE),
        ({}, ("smollm2-135m", "qwen3-4b"), ""),
        ({"model": "embedded:qwen3-4b"}, ("smollm2-135m",), ""),
        ({"model": "openai:smollm2-135m", "base_url": "http://127.0.0.1:1/v1"}, (), ""),
        ({"adapter": "none"}, ("smollm2-135m",), ""),
        ({"adapter": "none", "model": "embedded:qwen3-4b"}, (), ""),
        ({"adapter": "adapters/mine"}, ("smollm2-135m",), "adapters/mine"),
    ],
)
def test_the_small_embedded_model_narrates_with_it_unless_told_otherwise(
    tmp_path: Path, narrator: dict[str, Any], installed: tuple[str, ...], taken: str
) -> None:
    roles = with_house_narrator(given(**narrator), library(tmp_path, *installed)).roles
    assert roles.narrator.adapter == taken
    assert roles.reasoning.adapter == roles.cheap.adapter == ""


@pytest.mark.parametrize(
    "section",
    [
        {"write": {"scene_words": 120}},
        {"write": {"layout": "lean"}},
        {"write": {"preset": "standard"}},
        {"budget": {"tail": 0}},
    ],
)
def test_another_layout_is_for_the_bare_model(tmp_path: Path, section: dict[str, Any]) -> None:
    settings, models = Settings.model_validate(section), library(tmp_path, "smollm2-135m")
    assert with_house_narrator(settings, models).roles.narrator.adapter == ""
    known_preset(settings, None, models)


def test_a_scene_length_of_its_layout_leaves_it(tmp_path: Path) -> None:
    settings = Settings.model_validate({"write": {"scene_words": 500}})
    taken = with_house_narrator(settings, library(tmp_path, "smollm2-135m"))
    assert taken.roles.narrator.adapter == HOUSE


def test_it_is_small_public_and_says_nothing_of_where_it_was_made() -> None:
    card = read_card(HOUSE_FOLDER)
    origin = read_origin(HOUSE_FOLDER / GGUF_FILE)
    assert card is not None
    assert origin is not None
    assert origin.adapter_sha256 == card.adapter_sha256
    assert (HOUSE_FOLDER / GGUF_FILE).stat().st_size < 12 * MEGABYTE
    assert (card.base_licence, card.books_licence) == ("Apache-2.0", "public domain")
    listed = json.loads((HOUSE_FOLDER / "books.json").read_text(encoding="utf-8"))
    assert len(listed) == len(card.books)
    assert {book["licence"] for book in listed} == {"public domain"}
    assert not Path(origin.folder).is_absolute()
    assert not any(Path(str(value)).is_absolute() for value in card.config.values())


def test_it_passed_the_gate_and_brings_its_layout(tmp_path: Path) -> None:
    known = find_at(HOUSE_FOLDER / GGUF_FILE, tmp_path)
    assert known is not None
    assert (known.name, known.verdict) == (HOUSE, "passed")
    assert known.card is not None
    models = library(tmp_path, "smollm2-135m")
    taught = layout_of_card(known.card)
    assert taught is not None
    assert known_preset(given(), None, models)[0].layout.hash == taught.hash
    assert check_embedded(with_house_narrator(given(), models)) == []


def test_it_would_be_refused_like_any_other(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(HOUSE_FOLDER, copy)
    card = json.loads((copy / "card.json").read_text())
    card["gate"] |= {"verdict": "failed", "reasons": ["It recites."]}
    (copy / "card.json").write_text(json.dumps(card))
    with pytest.raises(AdapterRefusedError, match="It recites"):
        check_embedded(given(adapter=str(copy)))


async def test_doctor_names_a_layout_with_it(tmp_path: Path) -> None:
    models = library(tmp_path, "smollm2-135m")
    found = {one.subject: one async for one in examine(given(), library=models)}
    assert found["layout"].health == "ok"
    assert "small" in found["layout"].text


@pytest.mark.engine
async def test_the_engine_writes_with_it_and_reads_without() -> None:
    settings = with_house_narrator(given(model="embedded:smollm2-135m"), ModelLibrary())
    async with open_models(settings, MemoryLog()) as models:
        narrator, reader = models.endpoint("narrator"), models.endpoint("cheap")
        assert (narrator.adapter, reader.adapter) == (HOUSE, "")
        assert narrator.adapter_fields() == {"lora": [{"id": 0, "scale": 1.0}]}
        assert reader.adapter_fields() in ({}, {"lora": [{"id": 0, "scale": 0.0}]})
