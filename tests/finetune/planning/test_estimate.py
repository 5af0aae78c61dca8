from __future__ import annotations

import pytest

from novelcraft.finetune.planning.estimate import (
    ADAPTER_BYTES,
    WEIGHT_BYTES,
    MemorySettings,
    estimate_memory,
    layer_width,
)
from novelcraft.finetune.shapes.bases import find_shape
from tests.finetune.vram_points import HELD_OUT, POINTS, Point

TOLERANCE = 0.15

LLAMA = find_shape("Llama-3.1-8B")
MOE = find_shape("Qwen3-30B-A3B")


def misses(points: tuple[Point, ...]) -> list[str]:
    return [
        f"{point.model} {point.tokens} {point.source}: {point.error():+.1%}"
        for point in points
        if abs(point.error()) > TOLERANCE
    ]


def test_the_published_points_are_met() -> None:
    assert len(POINTS) == 15
    assert len(misses(POINTS)) <= 2, misses(POINTS)


def test_most_points_that_were_looked_up_afterwards_are_met() -> None:
    assert len(misses(HELD_OUT)) <= 0.15 * len(HELD_OUT), misses(HELD_OUT)


def test_errors_lie_on_both_sides() -> None:
    errors = [point.error() for point in (*POINTS, *HELD_OUT)]
    assert abs(sum(errors) / len(errors)) < 0.05


@pytest.mark.parametrize("model", sorted({point.model for point in POINTS}))
def test_no_model_is_fitted_at_the_cost_of_others(model: str) -> None:
    others = tuple(point for point in POINTS if point.model != model)
    assert len(misses(others)) <= 2


def test_nf4_with_double_quantisation_takes_half_a_byte_and_its_scales() -> None:
    assert WEIGHT_BYTES["nf4"] == pytest.approx(0.516, abs=5e-4)
    assert [each.total for each in ADAPTER_BYTES.values()] == [6, 8, 10, 16]


def test_experts_are_in_four_bits_too_unless_loading_leaves_them_at_sixteen() -> None:
    packed = estimate_memory(MOE, MemorySettings(), 2048)
    silent = estimate_memory(MOE, MemorySettings(expert_weights="bf16"), 2048)
    assert silent.weights == pytest.approx(58.5, abs=0.5)
    assert packed.weights == pytest.approx(15.5, abs=0.3)
    assert packed.copies > silent.copies


def test_adapters_on_the_experts_are_of_one_fused_tensor_and_one_more() -> None:
    count = MOE.adapter_parameters(("q_proj", "k_proj", "v_proj", "o_proj"), 64, 64)
    assert count == pytest.approx(2.6e9, rel=0.02)
    assert MOE.adapter_parameters(("gate_proj",), 64, 0) == 0


def test_what_is_prepared_for_k_bit_training_is_wide() -> None:
    wide = estimate_memory(LLAMA, MemorySettings(wide=True), 4096)
    plain = estimate_memory(LLAMA, MemorySettings(), 4096)
    assert wide.embeddings == 2 * plain.embeddings
    assert wide.checkpoints == 2 * plain.checkpoints
    # The head is multiplied in 16 bits all the same.
    head = LLAMA.vocabulary * LLAMA.hidden * 2 / 1e9
    assert wide.copies - plain.copies == pytest.approx(head)


def test_a_chunk_of_scores_takes_the_place_of_a_layer_and_all_scores_do_not() -> None:
    none, chunked, full = (
        estimate_memory(LLAMA, MemorySettings(logits=kept), 4096)
        for kept in ("none", "chunked", "full")
    )
    assert none.peak == chunked.peak < full.peak
    assert full.logits == pytest.approx(4096 * LLAMA.vocabulary * 10 / 1e9)
    short = estimate_memory(LLAMA, MemorySettings(logits="chunked"), 64)
    assert short.layer == pytest.approx(64 * LLAMA.vocabulary * 10 / 1e9)


def test_without_checkpoints_all_layers_are_kept() -> None:
    kept = estimate_memory(LLAMA, MemorySettings(checkpointing=False), 4096)
    again = estimate_memory(LLAMA, MemorySettings(), 4096)
    assert kept.layer == pytest.approx(LLAMA.layers * again.layer)
    assert kept.checkpoints == 0
    away = estimate_memory(LLAMA, MemorySettings(offload=True), 4096)
    assert away.checkpoints == pytest.approx(again.checkpoints * 2 / LLAMA.layers)


def test_several_processes_exchange_a_copy_of_the_gradients() -> None:
    settings = MemorySettings(adapter="fp32")
    alone, several = (estimate_memory(LLAMA, settings, 512, processes=n) for n in (1, 4))
    assert several.peak - alone.peak == pytest.approx(4 * alone.trainable / 1e9)


def test_the_parts_are_the_peak() -> None:
    estimate = estimate_memory(MOE, MemorySettings(logits="full", wide=True), 2048)
    numbers = estimate.model_dump()
    assert numbers.pop("trainable") > 0
    assert sum(numbers.values()) == pytest.approx(estimate.peak)
    assert dict(estimate.parts)["overhead"] == estimate.overhead


def test_a_token_of_a_mixture_is_copied_for_each_of_its_experts() -> None:
    assert layer_width(LLAMA) == 8 * 4096 + 2 * (4096 + 1024) + 6 * 14336
    assert layer_width(MOE) == 8 * 2048 + 2 * (4096 + 512) + 8 * (6 * 768 + 2 * 2048)
