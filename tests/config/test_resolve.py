"""Presets, and the numbers that are checked against each other."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.config.load import Settings
from novelcraft.config.presets import SMALL, STANDARD
from novelcraft.config.resolve import parameters, resolve
from novelcraft.errors import BudgetError, ConfigError


def made(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("smollm2-135m", 0.135),
        ("SmolLM2-1.7B-Instruct-Q4_K_M.gguf", 1.7),
        ("llama-3.2-3b-instruct", 3.0),
        ("/models/Qwen3_4B-Q4.gguf", 4.0),
        ("qwen3-30b-a3b", 30.0),
        ("mixtral-8x7b", 7.0),
        ("gemma-3n-e2b", 2.0),
        ("qwen2.5-7b-instruct-1m", 7.0),
        ("gpt-4o-mini", None),
        ("some-4bit-model", None),
    ],
)
def test_a_models_size_is_read_from_its_name(name: str, billions: float | None) -> None:
    assert parameters(name) == billions


def test_auto_takes_the_preset_by_size() -> None:
    assert resolve(made(), "smollm2-135m") == SMALL
    assert resolve(made(), "llama-3.2-3b") == SMALL
    assert resolve(made(), "qwen3-4b") == STANDARD
    assert resolve(made(), "a-name-without-size") == STANDARD


def test_a_preset_that_is_set_holds_for_any_model() -> None:
    assert resolve(made(write={"preset": "small"}), "llama-70b") == SMALL


def test_longer_scenes_get_more_room() -> None:
    preset = resolve(made(write={"scene_words": 1_200}), "smollm2-135m")
    assert (preset.scene_words, preset.layout.scene) == (1_200, 2_200)
    assert preset.layout.prompt == SMALL.layout.prompt


def test_budgets_that_are_set_replace_the_presets() -> None:
    preset = resolve(made(budget={"canon": 999}), "smollm2-135m")
    assert preset.layout.canon == 999
    assert preset.layout.world == SMALL.layout.world


def test_a_small_summary_budget_asks_for_a_short_summary() -> None:
    assert resolve(made(budget={"summary": 60}), "smollm2-135m").summary_words == 44


def test_a_scene_must_fit_its_budget() -> None:
    with pytest.raises(BudgetError, match=r"scene = 500 tokens: a scene of 600 words") as caught:
        resolve(made(budget={"scene": 500}), "smollm2-135m")
    assert "810" in caught.value.fix


def test_the_whole_must_fit_the_context() -> None:
    settings = made(roles={"narrator": {"context": 2_048}})
    with pytest.raises(BudgetError, match=r"may take 2300 tokens .*context is 2048"):
        resolve(settings, "smollm2-135m")


def test_chapters_must_not_be_paragraphs() -> None:
    with pytest.raises(ConfigError, match="5 words a chapter") as caught:
        resolve(made(novel={"pages": 1, "chapters": 50}), "smollm2-135m")
    assert "at most 2 chapters" in caught.value.fix
