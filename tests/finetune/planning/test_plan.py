from __future__ import annotations

import pytest

from novelcraft.finetune.planning.memory_settings import MemorySettings
from novelcraft.finetune.planning.plan import TrainPlan, make_plan, run_peak
from novelcraft.finetune.planning.planner import run_settings, target_named
from novelcraft.finetune.planning.plantext import duration, plan_text
from novelcraft.finetune.planning.speed import Device, find_device
from novelcraft.finetune.planning.workload import RowTokens, RunSettings
from novelcraft.finetune.settings.load import train_config
from novelcraft.finetune.shapes.bases import find_shape

LLAMA = find_shape("Llama-3.1-8B")
MOE = find_shape("Qwen3-30B-A3B")
SMALL = find_shape("SmolLM2-135M")

ROWS = [RowTokens(f"b/s{n}", 600 + n, 1_000 + 20 * n) for n in range(100)]


def card(name: str) -> Device:
    device = find_device(name)
    assert device is not None
    return device


def test_a_plan_adds_up() -> None:
    run = RunSettings(processes=2, epochs=2)
    plan = make_plan(LLAMA, run, ROWS, device=card("4090"))
    assert plan.verdict == "fits"
    assert plan.changes.single == ()
    assert plan.available == pytest.approx(25.8, abs=0.05)
    assert plan.memory.most.peak == pytest.approx(run_peak(LLAMA, run, ROWS))
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
    assert plan.memory == whole.memory
    assert plan.hours is None
    text = plan_text(plan)
    assert "do not say how many tokens" in text
    assert "padding" in text


def test_without_a_device_there_is_neither_a_speed_nor_a_verdict() -> None:
    unknown = make_plan(SMALL, RunSettings(), ROWS)
    assert (unknown.hours, unknown.tokens_per_second) == (None, None)
    assert (unknown.verdict, unknown.available) == ("unknown", None)
    assert "tokens a second" not in plan_text(unknown)


def test_the_verdict_is_of_both_ends_of_the_range() -> None:
    memory = make_plan(LLAMA, RunSettings(), ROWS).memory
    least, most = memory.least.peak, memory.most.peak
    assert least < most
    found = [
        make_plan(LLAMA, RunSettings(), ROWS, memory=gigabytes).verdict
        for gigabytes in (least - 0.01, least, (least + most) / 2, most - 0.01, most)
    ]
    assert found == ["does not fit", "may fit", "may fit", "may fit", "fits"]


def test_a_plan_says_what_it_takes_for_granted_and_promises_nothing_more() -> None:
    def text(**given: object) -> str:
        config = train_config({"base_model": "Qwen3-8B", "data": "d", "output": "o", **given})
        run = run_settings(config, target_named("RTX 4090"))
        plan = make_plan(find_shape("Qwen3-8B"), run, ROWS, device=card("4090"))
        return " ".join(plan_text(plan).split())

    assert "attention keeps no scores (SDPA); logits are kept for some tokens at a time" in text()
    assert "a score for each pair of tokens (eager)" in text(attention="eager")
    assert "all layers are kept" in text(gradient_checkpointing=False)
    assert "at least" in text()
    assert "%" not in text().partition("Memory of each device")[2].partition("Work")[0]


def test_the_preset_of_a_sparse_base_fits_a_card_of_thirty_two_gigabytes() -> None:
    base = "Qwen/Qwen3-30B-A3B-Thinking-2507"
    target = target_named("RTX 5090")
    given = {"base_model": base, "data": "d", "output": "o"}
    run = run_settings(train_config(given), target)
    # TRL takes adapters of 16 bits over a base in four.
    assert (run.memory.expert_format, run.memory.adapter) == ("nf4", "bf16")
    assert run.memory.expert_rank == 16
    plan = make_plan(MOE, run, ROWS, device=target.device, memory=target.memory)
    assert plan.verdict == "fits"
    assert plan.memory.least.weights == pytest.approx(15.5, abs=0.3)
    whole = run_settings(train_config({**given, "load_in_4bit": False}), target)
    assert (whole.memory.expert_format, whole.memory.adapter) == ("bf16", "fp32")


def test_the_text_has_every_part_and_the_sum() -> None:
    plan = make_plan(
        MOE, RunSettings(memory=MemorySettings(logits="full")), ROWS, device=card("H200")
    )
    text = plan_text(plan)
    assert all(name in text for name, part in plan.memory.most.parts if part)
    assert f"{plan.memory.least.peak:.2f}" in text
    assert f"{plan.memory.most.peak:.2f}" in text
    assert "It fits: H200, 151.4 GB." in text
    assert not text.endswith("\n")
    assert all(line == line.rstrip() for line in text.splitlines())


def test_rows_that_are_too_long_are_refused_or_left_out_as_the_settings_say() -> None:
    rows = [RowTokens(f"b/s{n}", 100, 900 + n) for n in range(10)]
    refusing = RunSettings(max_length=1005)
    text = plan_text(make_plan(LLAMA, refusing, rows, device=card("4090")))
    many = "4 rows have more than max_length = 1005 tokens, up to 1009"
    assert f"{many}: training will refuse them" in text
    dropping = refusing.model_copy(update={"over_long": "drop"})
    text = plan_text(make_plan(LLAMA, dropping, rows, device=card("4090")))
    assert f"{many}, and are left out." in text
    assert "refuse" not in text


def test_steps_that_are_limited_take_their_share_of_the_time() -> None:
    whole = make_plan(LLAMA, RunSettings(), ROWS, device=card("4090"))
    some = make_plan(LLAMA, RunSettings(max_steps=13), ROWS, device=card("4090"))
    assert (whole.work.steps, some.work.steps) == (39, 13)
    assert whole.hours is not None
    assert some.hours is not None
    assert some.hours == pytest.approx(whole.hours / 3)
    assert duration(some.hours) in plan_text(some)


def test_reading_for_a_reference_takes_its_time() -> None:
    plain = make_plan(LLAMA, RunSettings(epochs=3), ROWS, device=card("4090")).hours
    run = RunSettings(epochs=3, read_before=2)
    read = make_plan(LLAMA, run, ROWS, device=card("4090")).hours
    assert plain is not None
    assert read == pytest.approx(plain * (3 + 2 / 3) / 3)


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
