from __future__ import annotations

import pytest

from novelcraft.finetune.load import train_config
from novelcraft.finetune.planning.bases import find_shape
from novelcraft.finetune.planning.changes import find_changes, run_peak
from novelcraft.finetune.planning.estimate import MemorySettings
from novelcraft.finetune.planning.plan import TrainPlan, make_plan
from novelcraft.finetune.planning.planner import run_settings, site_named
from novelcraft.finetune.planning.plantext import duration, plan_text
from novelcraft.finetune.planning.speed import Device, find_device, processor
from novelcraft.finetune.planning.workload import RowTokens, RunSettings

LLAMA = find_shape("Llama-3.1-8B")
MOE = find_shape("Qwen3-30B-A3B")
LARGE = find_shape("Llama-3.3-70B")
SMALL = find_shape("SmolLM2-135M")

ROWS = [RowTokens(f"b/s{n}", 600 + n, 1_000 + 20 * n) for n in range(100)]


def card(name: str) -> Device:
    device = find_device(name)
    assert device is not None
    return device


def heavy() -> RunSettings:
    """More than a card of 24 GB holds, in every way."""
    memory = MemorySettings(
        weights="bf16", adapter="fp32", wide=True, logits="full", checkpointing=False
    )
    return RunSettings(memory=memory, batch=4)


def test_a_plan_adds_up() -> None:
    run = RunSettings(processes=2, epochs=2)
    plan = make_plan(LLAMA, run, ROWS, device=card("4090"))
    assert plan.verdict == "fits"
    assert plan.changes.single == ()
    assert plan.available == pytest.approx(25.8, abs=0.05)
    assert plan.memory.peak == pytest.approx(run_peak(LLAMA, run, ROWS))
    assert plan.trainable == LLAMA.adapter_parameters(run.memory.lora_modules, 64, 0)
    assert plan.tokens_per_second is not None
    assert plan.hours == pytest.approx(2 * plan.work.padded / plan.tokens_per_second / 3600)
    alone = make_plan(LLAMA, RunSettings(epochs=2), ROWS, device=card("4090"))
    assert alone.tokens_per_second == pytest.approx(plan.tokens_per_second / 2)


@pytest.mark.parametrize("packing", [False, True])
def test_rows_without_numbers_of_tokens_are_planned_at_full_length(packing: bool) -> None:
    run = RunSettings(packing=packing)
    rows = [RowTokens(f"b/s{n}", 0, 0) for n in range(10)]
    plan = make_plan(LLAMA, run, rows, device=card("4090"))
    whole = make_plan(LLAMA, run, [], device=card("4090"))
    assert plan.memory.peak == whole.memory.peak
    assert plan.hours is None
    text = plan_text(plan)
    assert "do not say how many tokens" in text
    assert "padding" in text


def test_what_was_measured_is_taken_for_what_is_estimated() -> None:
    plan = make_plan(SMALL, RunSettings(), ROWS, measured=100.0)
    assert (plan.tokens_per_second, plan.measured) == (100.0, True)
    assert (plan.verdict, plan.available) == ("unknown", None)
    assert "measured" in plan_text(plan)
    unknown = make_plan(SMALL, RunSettings(), ROWS)
    assert (unknown.hours, unknown.tokens_per_second) == (None, None)
    assert "tokens a second" not in plan_text(unknown)


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.99, "does not fit"), (1.01, "tight"), (1.14, "tight"), (1.16, "fits")]
)
def test_what_leaves_less_room_than_the_estimate_is_exact_to_is_tight(
    share: float, verdict: str
) -> None:
    peak = run_peak(LLAMA, RunSettings(), ROWS)
    plan = make_plan(LLAMA, RunSettings(), ROWS, memory=peak * share)
    assert plan.verdict == verdict
    assert (plan.changes.single == ()) == (verdict == "fits")


def test_a_mixture_fits_with_its_experts_in_four_bits() -> None:
    device = card("RTX 5090")
    whole = RunSettings(memory=MemorySettings(weights="bf16", expert_rank=16))
    plan = make_plan(MOE, whole, ROWS, device=device)
    assert plan.verdict == "does not fit"
    best = plan.changes.single[0]
    assert "load_in_4bit: true" in best.what
    assert best.fits
    packed = RunSettings(memory=MemorySettings(weights="nf4", expert_rank=16))
    assert make_plan(MOE, packed, ROWS, device=device).memory.peak == pytest.approx(best.peak)


def test_the_preset_of_a_sparse_base_fits_a_card_of_thirty_two_gigabytes() -> None:
    base = "Qwen/Qwen3-30B-A3B-Thinking-2507"
    site = site_named("RTX 5090")
    given = {"base_model": base, "data": "d", "output": "o"}
    run = run_settings(train_config(given), site)
    # TRL takes adapters of 16 bits over a base in four.
    assert (run.memory.expert_format, run.memory.adapter) == ("nf4", "bf16")
    assert run.memory.expert_rank == 16
    plan = make_plan(MOE, run, ROWS, device=site.device, memory=site.memory)
    assert plan.verdict == "fits"
    assert plan.memory.weights == pytest.approx(15.5, abs=0.3)
    whole = run_settings(train_config({**given, "load_in_4bit": False}), site)
    assert (whole.memory.expert_format, whole.memory.adapter) == ("bf16", "fp32")


def test_changes_are_ordered_by_effect_and_each_is_what_it_says() -> None:
    peak = run_peak(LLAMA, heavy(), ROWS)
    changes = find_changes(LLAMA, heavy(), ROWS, 25.8, cpu=False)
    peaks = [change.peak for change in changes.single]
    assert peaks == sorted(peaks)
    assert all(each < peak for each in peaks)
    found = " | ".join(change.what for change in changes.single)
    for setting in (
        "load_in_4bit: true",
        "lora_r: 16",
        "max_length: 2048: trims",
        "gradient_checkpointing: true",
        "per_device_batch_size: 1, gradient_accumulation_steps: 32",
        "optimizer: adamw_8bit",
        "in chunks",
        "hidden states in 16 bits",
    ):
        assert setting in found
    four_bits = next(change for change in changes.single if "load_in_4bit" in change.what)
    memory = heavy().memory.model_copy(update={"weights": "nf4"})
    there = run_peak(LLAMA, heavy().model_copy(update={"memory": memory}), ROWS)
    assert four_bits.peak == pytest.approx(there)


def test_where_no_change_is_enough_some_may_be_together() -> None:
    changes = find_changes(LLAMA, heavy(), ROWS, 25.8, cpu=False)
    assert not any(change.fits for change in changes.single)
    assert len(changes.together) >= 2
    assert changes.together_peak is not None
    assert changes.together_peak <= 25.8


def test_where_nothing_is_enough_that_is_said() -> None:
    plan = make_plan(LARGE, RunSettings(), ROWS, device=card("4090"))
    assert plan.changes.together_peak is None
    assert plan.changes.together == ()
    assert "smaller base" in plan_text(plan)


def test_the_longest_length_that_fits_is_offered() -> None:
    run = RunSettings(max_length=8192, memory=MemorySettings(logits="full"))
    at_4096 = run_peak(LLAMA, run.model_copy(update={"max_length": 4096}), [])
    changes = find_changes(LLAMA, run, [], at_4096, cpu=False)
    assert next(c for c in changes.single if "max_length" in c.what).what == "max_length: 4096"


def test_a_length_that_leaves_no_row_is_not_offered() -> None:
    rows = [RowTokens("long", 600, 3_400)]
    changes = find_changes(LLAMA, RunSettings(), rows, 1.0, cpu=False)
    assert not any("max_length" in change.what for change in changes.single)


def test_a_processor_stays_at_32_bits() -> None:
    run = RunSettings(memory=MemorySettings(weights="fp32", adapter="fp32"))
    plan = make_plan(LLAMA, run, ROWS, device=processor(8, 16.0))
    assert plan.verdict == "does not fit"
    assert not any("NF4" in change.what for change in plan.changes.single)


def test_the_text_has_every_part_and_the_sum() -> None:
    plan = make_plan(
        MOE, RunSettings(memory=MemorySettings(logits="full")), ROWS, device=card("H200")
    )
    text = plan_text(plan)
    assert all(name in text for name, part in plan.memory.parts if part)
    assert f"{plan.memory.peak:.2f}" in text
    assert "It fits: H200, 151.4 GB." in text
    assert not text.endswith("\n")
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_text_names_rows_that_lose_context_or_are_left_out() -> None:
    trimming = RunSettings(max_length=2048)
    text = plan_text(make_plan(LLAMA, trimming, ROWS, device=card("4090")))
    assert "lose context, up to" in text
    assert "rows are left out: they need up to 3492 tokens, and a row may have 2048." in text
    dropping = trimming.model_copy(update={"trims": False})
    text = plan_text(make_plan(LLAMA, dropping, ROWS))
    assert "unless they are prepared again for that length" in text


def test_a_plan_can_be_written_and_read() -> None:
    plan = make_plan(MOE, RunSettings(), ROWS, device=card("4090"))
    assert TrainPlan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.001, "1 min"),
        (0.5, "30 min"),
        (1.0, "1 h 00 min"),
        (9.1, "9 h 06 min"),
        (49.5, "2 d 1 h"),
    ],
)
def test_spans_of_time_have_two_units(hours: float, text: str) -> None:
    assert duration(hours) == text
