"""The catalogue and the presets, and what a person writes over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import ConfigError
from novelcraft.tools.models.presets import family_of
from novelcraft.tools.serving.catalog import load_catalog
from tests.tools.serving.machines import CATALOG


def test_what_comes_along() -> None:
    assert set(CATALOG.presets) == {"rtx-5090", "gb10", "rtx-4090", "h200", "cpu"}
    for preset in CATALOG.presets.values():
        for role in (preset.reasoning, preset.narrator):
            assert role.model in CATALOG.models


def test_names_tell_the_family_that_a_model_is_asked_as() -> None:
    assert family_of("qwen3-30b-a3b-thinking-2507").thinking == "always"
    assert family_of("qwen3-30b-a3b-instruct-2507").thinking == "never"
    assert family_of("mag-mell-12b").name == "mistral-nemo"
    assert family_of("smollm2-135m-instruct").name == "smollm2"


def test_a_persons_own_file_is_merged_key_by_key(tmp_path: Path) -> None:
    own = tmp_path / "serving.toml"
    own.write_text(
        """
        [models.mine]
        hub = "me/mine"
        weights = 1_000
        config = { num_hidden_layers = 2, hidden_size = 64, num_attention_heads = 4 }
        [presets.rtx-5090.narrator]
        model = "mine"
        [presets.attic]
        memory_mib = 16_000
        reasoning = { model = "mine" }
        narrator = { model = "mine", context = 4096 }
        """
    )
    catalog = load_catalog(own)
    assert catalog.preset("rtx-5090").narrator.model == "mine"
    assert catalog.preset("rtx-5090").narrator.context == 8_192
    assert catalog.preset("rtx-5090").reasoning == CATALOG.preset("rtx-5090").reasoning
    assert catalog.preset("attic").narrator.context == 4_096
    assert catalog.model("me/mine") == catalog.model("mine")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[presets.cpu]\nmemory = 3", r"presets\.cpu\.memory"),
        ("[presets.cpu\n", "cannot be read"),
        ("[presets.cpu]\nusable = 1.5", r"presets\.cpu\.usable"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, told: str) -> None:
    own = tmp_path / "serving.toml"
    own.write_text(text)
    with pytest.raises(ConfigError, match=rf"(?s){own}.*{told}"):
        load_catalog(own)


@pytest.mark.parametrize(
    ("gpu", "preset"),
    [
        ("", "cpu"),
        ("NVIDIA GeForce RTX 5090", "rtx-5090"),
        ("NVIDIA GB10", "gb10"),
        ("NVIDIA H200", "h200"),
    ],
)
def test_the_preset_of_a_card(gpu: str, preset: str) -> None:
    assert CATALOG.preset_for(gpu).name == preset


def test_a_card_without_a_preset() -> None:
    with pytest.raises(ConfigError, match=r"(?s)no preset for Tesla T4.*--preset"):
        CATALOG.preset_for("Tesla T4")
    with pytest.raises(ConfigError, match=r"(?s)'rtx5090' is no preset.*rtx-5090"):
        CATALOG.preset("rtx5090")


def test_the_hub_names_a_model_too() -> None:
    assert CATALOG.model("Qwen/Qwen3-32B") is CATALOG.models["qwen3-32b"]
