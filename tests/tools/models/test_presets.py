from __future__ import annotations

import pytest

from novelcraft.tools.models.presets import family_of


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("smollm2-135m", "smollm2"),
        ("HuggingFaceTB/SmolLM2-1.7B-Instruct", "smollm2"),
        ("Qwen/Qwen3-4B", "qwen3"),
        ("qwen3-30b-a3b-instruct-2507", "qwen3-instruct"),
        ("Qwen3-30B-A3B-Thinking-2507-FP8", "qwen3-thinking"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3"),
        ("mistral-nemo-12b", "mistral-nemo"),
        ("magmell-12b", "mistral-nemo"),
        ("MN-12B-Mag-Mell-R1", "mistral-nemo"),
        ("gpt-5-mini", "hosted"),
        ("o3", "hosted"),
        ("olmo-2", "default"),
    ],
)
def test_a_name_tells_the_family(model: str, family: str) -> None:
    assert family_of(model).name == family


def test_thinking_changes_the_sampling_of_models_that_may_think() -> None:
    qwen = family_of("qwen3-4b")
    assert qwen.sampling("structured", thinks=True)["top_p"] == 0.95
    assert qwen.sampling("structured", thinks=False)["top_p"] == 0.8
    assert qwen.sampling("prose", thinks=False)["presence_penalty"] > 0


def test_the_small_model_repeats_itself_without_a_sampler_against_it() -> None:
    small = family_of("smollm2-135m")
    assert small.sampling("prose", thinks=False)["dry_multiplier"] > 0
    assert "dry_multiplier" not in small.sampling("structured", thinks=False)


def test_a_preset_cannot_be_spoiled_by_its_reader() -> None:
    family_of("x").sampling("prose", thinks=False)["temperature"] = 9
    assert family_of("x").sampling("prose", thinks=False)["temperature"] < 1
