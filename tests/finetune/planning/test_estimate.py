from __future__ import annotations

import statistics

import pytest

from benchmarks.memory_points import HELD_OUT, LATER, POINTS, Point
from benchmarks.published_memory import summary, table
from novelcraft.finetune.planning.estimate import estimate_memory
from novelcraft.finetune.planning.memory_settings import (
    ADAPTER_BYTES,
    WEIGHT_BYTES,
    MemorySettings,
)
from novelcraft.finetune.shapes.bases import find_shape

ALL = (*POINTS, *HELD_OUT, *LATER)
LLAMA = find_shape("Llama-3.1-8B")
MOE = find_shape("Qwen3-30B-A3B")


def met(points: tuple[Point, ...]) -> float:
    """The share of published figures that lie in their range."""
    return sum(point.off() == 0 for point in points) / len(points)


def test_published_figures_lie_in_their_ranges() -> None:
    off = {f"{p.model} {p.tokens} {p.source}": p.off() for p in ALL if p.off()}
    assert met(ALL) >= 0.8, off
    assert sum(abs(each) > 0.05 for each in off.values()) <= 0.1 * len(ALL), off


def test_a_range_says_something() -> None:
    # One from nothing to infinity would be met by everything.
    ranges = [point.estimate() for point in ALL]
    assert statistics.median(each.most.peak / each.least.peak for each in ranges) < 1.35
    known = [p.estimate() for p in ALL if p.logits != "full" and p.kernels]
    assert all(each.most.peak < 1.45 * each.least.peak for each in known)


@pytest.mark.parametrize("model", sorted({point.model for point in ALL}))
def test_no_model_is_met_at_the_cost_of_others(model: str) -> None:
    assert met(tuple(point for point in ALL if point.model != model)) >= 0.75


def test_the_table_of_published_figures_tells_misses_from_hits() -> None:
    lines = table(ALL)
    assert len(lines) == len(ALL) + 2
    assert sum("| met |" in line for line in lines) == sum(point.off() == 0 for point in ALL)
    assert f"of {len(ALL)} figures" in summary(ALL)


def test_every_published_figure_names_its_source() -> None:
    assert all(len(point.source) > 10 for point in ALL)


def test_nf4_with_double_quantisation_takes_half_a_byte_and_its_scales() -> None:
    assert WEIGHT_BYTES["nf4"] == pytest.approx(0.516, abs=5e-4)
    assert [each.total for each in ADAPTER_BYTES.values()] == [6, 8, 10, 16]


def test_experts_are_in_four_bits_too_unless_loading_leaves_them_at_sixteen() -> None:
    packed = estimate_memory(MOE, MemorySettings(), 2048).least
    silent = estimate_memory(MOE, MemorySettings(expert_weights="bf16"), 2048).least
    assert silent.weights == pytest.approx(58.5, abs=0.5)
    assert packed.weights == pytest.approx(15.5, abs=0.3)
    assert packed.copies > silent.copies


def test_adapters_on_the_experts_are_of_one_fused_tensor_and_one_more() -> None:
    count = MOE.adapter_parameters(("q_proj", "k_proj", "v_proj", "o_proj"), 64, 64)
    assert count == pytest.approx(2.6e9, rel=0.02)
    assert MOE.adapter_parameters(("gate_proj",), 64, 0) == 0


def test_what_is_prepared_for_k_bit_training_is_wide() -> None:
    wide = estimate_memory(LLAMA, MemorySettings(wide=True), 4096).least
    plain = estimate_memory(LLAMA, MemorySettings(), 4096).least
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
    assert none.most.peak == chunked.most.peak < full.least.peak
    # Three copies of 16 bits at the least, four of 32 at the most.
    assert full.least.logits == pytest.approx(4096 * LLAMA.vocabulary * 6 / 1e9)
    assert full.most.logits == pytest.approx(4096 * LLAMA.vocabulary * 16 / 1e9)
    short = estimate_memory(LLAMA, MemorySettings(logits="chunked"), 64)
    assert short.most.layer == pytest.approx(64 * LLAMA.vocabulary * 16 / 1e9)


def test_without_checkpoints_all_layers_are_kept() -> None:
    kept = estimate_memory(LLAMA, MemorySettings(checkpointing=False), 4096).least
    again = estimate_memory(LLAMA, MemorySettings(), 4096).least
    assert 0.5 * LLAMA.layers * again.layer < kept.layer < LLAMA.layers * again.layer
    assert kept.checkpoints == 0
    away = estimate_memory(LLAMA, MemorySettings(offload=True), 4096).least
    assert away.checkpoints == pytest.approx(again.checkpoints * 2 / LLAMA.layers)


def test_eager_attention_keeps_scores_that_grow_with_the_square_of_a_row() -> None:
    def scores(tokens: int, lines: int = 1) -> float:
        eager, fused = (
            estimate_memory(LLAMA, MemorySettings(attention=kind), tokens, lines=lines).least.peak
            for kind in ("eager", "fused")
        )
        return eager - fused

    assert scores(2048) > 0.5
    assert scores(4096) == pytest.approx(4 * scores(2048), rel=0.01)
    # Rows of a batch do not see each other.
    assert scores(4096, lines=2) == pytest.approx(2 * scores(2048), rel=0.01)


def test_fused_kernels_keep_less_and_what_is_not_known_widens_the_range() -> None:
    plain, fused, unknown = (
        estimate_memory(LLAMA, MemorySettings(kernels=kind), 8192)
        for kind in ("plain", "fused", None)
    )
    assert fused.most.peak < plain.most.peak <= unknown.most.peak
    assert unknown.least.peak == fused.least.peak < plain.least.peak


def test_adapters_of_another_type_or_with_dropout_keep_their_inputs() -> None:
    same, cast, dropped = (
        estimate_memory(LLAMA, MemorySettings(**given), 4096).least.layer
        for given in ({}, {"adapter": "fp32-8bit"}, {"dropout": True})
    )
    # The same two norms' outputs are kept once for all of the matrices that they go into.
    inputs = 5 * LLAMA.hidden + LLAMA.query + LLAMA.intermediate
    shared = 2 * LLAMA.hidden + LLAMA.intermediate
    assert cast - same == pytest.approx(4096 * (inputs - shared) * 2 / 1e9)
    # A byte more for each number: whether it was left out.
    assert dropped - cast == pytest.approx(4096 * inputs / 1e9)


def test_a_layer_keeps_what_autograd_was_seen_to_save() -> None:
    # SmolLM2-135M, with transformers 5.24 and PEFT 0.21: bytes of saved tensors, per token and
    # layer, in fp32, and in bf16 under autocast with adapters in fp32 of rank 16.
    shape = find_shape("SmolLM2-135M")

    def kept(**given: object) -> float:
        settings = MemorySettings.model_validate({"lora_rank": 16, **given})
        few, many = (
            estimate_memory(shape.model_copy(update={"layers": n}), settings, 100_000).least.layer
            for n in (30, 60)
        )
        return (many - few) * 1e9 / 30 / 100_000

    all_kept = {"checkpointing": False}
    fp32 = kept(weights="fp32", adapter="fp32", processor=True, **all_kept)
    assert fp32 == pytest.approx(40_445, rel=0.01)
    assert kept(weights="bf16", adapter="fp32", **all_kept) == pytest.approx(28_421, rel=0.05)


def test_several_processes_exchange_a_copy_of_the_gradients() -> None:
    settings = MemorySettings(adapter="fp32")
    alone, several = (estimate_memory(LLAMA, settings, 512, processes=n) for n in (1, 4))
    more = several.least.peak - alone.least.peak
    assert more == pytest.approx(4 * alone.trainable / 1e9)


def test_the_parts_are_the_peak() -> None:
    for estimate in (
        (found := estimate_memory(MOE, MemorySettings(logits="full", wide=True), 2048)).least,
        found.most,
    ):
        assert sum(estimate.model_dump().values()) == pytest.approx(estimate.peak)
        assert dict(estimate.parts)["driver and libraries"] == estimate.overhead
    assert found.holds((found.least.peak + found.most.peak) / 2)
    assert not found.holds(found.least.peak * 0.99)


def test_a_token_of_a_mixture_is_copied_for_each_of_its_experts() -> None:
    one = MOE.model_copy(update={"active_experts": 1})
    more = (
        estimate_memory(MOE, MemorySettings(), 4096).least.layer
        - estimate_memory(one, MemorySettings(), 4096).least.layer
    )
    each = (4 * 768 + 2 * 2048) * 2 + 3 * 768 * 2
    assert more == pytest.approx(7 * 4096 * each / 1e9)
