from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from novelcraft.finetune.planning.plan import TrainPlan
from novelcraft.finetune.planning.planner import TargetDevice, plan_rows, target_named
from novelcraft.finetune.planning.plantext import plan_text
from novelcraft.finetune.planning.speed import processor
from novelcraft.finetune.planning.workload import RowTokens
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import load_train_config, train_config, write_train_config

ROWS = [RowTokens(f"b/s{n}", 600 + n, 1_000 + 20 * n) for n in range(100)]
CARD = target_named("RTX 4090")
HEAVY: dict[str, Any] = {
    "load_in_4bit": False,
    "gradient_checkpointing": False,
    "per_device_batch_size": 4,
    "packing": False,
}
"""More than a card of 24 GB holds, in every way."""


def settings(base: str = "meta-llama/Llama-3.1-8B", **given: Any) -> TrainConfig:
    return train_config({"base_model": base, "data": "d", "output": "o", **given})


def planned(
    config: TrainConfig, target: TargetDevice = CARD, rows: Sequence[RowTokens] = ROWS
) -> TrainPlan:
    return plan_rows(config, target, rows)


def followed(config: TrainConfig, advice: Sequence[str], folder: Path) -> TrainConfig:
    """The settings with lines of advice written into their file."""
    file = folder / "run.yaml"
    write_train_config(config, file)
    text = file.read_text(encoding="utf-8")
    for key, value in re.findall(r"(\w+): (\[\]|\w+)", ", ".join(advice)):
        if key in TrainConfig.model_fields:
            text = re.sub(rf"(?m)^{key}: .*\n", "", text) + f"{key}: {value}\n"
    file.write_text(text, encoding="utf-8")
    return load_train_config(file)


def test_what_fits_needs_no_change() -> None:
    assert planned(settings()).changes.single == ()


def test_a_run_is_planned_for_the_steps_that_it_has() -> None:
    assert planned(settings(max_steps=5)).work.steps == 5


def test_changes_are_ordered_by_effect_and_each_can_be_followed(tmp_path: Path) -> None:
    config = settings(**HEAVY)
    before = planned(config)
    found = before.changes.single
    assert [change.peak for change in found] == sorted(change.peak for change in found)
    named = {change.what.partition(":")[0] for change in found}
    assert named == {
        "load_in_4bit", "optimizer", "lora_r", "gradient_checkpointing", "per_device_batch_size",
        "max_length",
    }  # fmt: skip
    for change in found:
        after = planned(followed(config, [change.what], tmp_path))
        assert after.memory.most.peak == pytest.approx(change.peak)
        assert after.memory.most.peak < before.memory.most.peak
        assert (after.verdict == "fits") == change.fits


def test_where_no_change_is_enough_some_may_be_together(tmp_path: Path) -> None:
    config = settings(**HEAVY)
    changes = planned(config).changes
    assert not any(change.fits for change in changes.single)
    assert len(changes.together) >= 2
    assert changes.together_peak is not None
    after = planned(followed(config, changes.together, tmp_path))
    assert after.memory.most.peak == pytest.approx(changes.together_peak)
    assert after.verdict == "fits"


def test_where_nothing_is_enough_that_is_said() -> None:
    plan = planned(settings("meta-llama/Llama-3.3-70B-Instruct"))
    assert plan.changes.together_peak is None
    assert plan.changes.together == ()
    assert "smaller base" in plan_text(plan)


def test_a_mixture_is_told_to_pack_its_experts_or_to_leave_them(tmp_path: Path) -> None:
    target = target_named("RTX 5090")
    config = settings("Qwen/Qwen3-30B-A3B", load_in_4bit=False)
    changes = planned(config, target).changes
    assert changes.single[0].what == "load_in_4bit: true: the base in NF4"
    assert changes.single[0].fits
    (alone,) = (c for c in changes.single if c.what.startswith("lora_target_parameters: []"))
    (smaller,) = (c for c in changes.single if c.what.startswith("lora_r: 8"))
    for change in (alone, smaller):
        after = planned(followed(config, [change.what], tmp_path), target)
        assert after.memory.most.peak == pytest.approx(change.peak)


def test_a_length_that_not_all_rows_have_leaves_some_out(tmp_path: Path) -> None:
    config, small = settings(), TargetDevice(CARD.device, 1.0)
    (shorter,) = (c for c in planned(config, small).changes.single if "max_length" in c.what)
    assert shorter.what == "max_length: 2048, over_long: drop: leaves out 78 of 100 rows"
    after = planned(followed(config, [shorter.what], tmp_path), small)
    assert (after.work.rows, len(after.work.over_long)) == (22, 78)
    assert "are left out" in plan_text(after)


def test_the_longest_length_that_fits_is_offered() -> None:
    config = settings(max_length=8192)
    fits = planned(settings(max_length=4096), rows=[]).memory.most.peak
    plan = planned(config, TargetDevice(CARD.device, fits), [])
    (shorter,) = (c for c in plan.changes.single if "max_length" in c.what)
    assert (shorter.what, shorter.fits) == ("max_length: 4096", True)


def test_a_length_that_leaves_too_few_rows_is_not_offered() -> None:
    rows = [RowTokens(f"b/s{n}", 600, 3_400) for n in range(20)]
    changes = planned(settings(), TargetDevice(CARD.device, 1.0), rows).changes
    assert changes.single
    assert not any("max_length" in change.what for change in changes.single)


def test_a_processor_stays_at_32_bits() -> None:
    config = settings(load_in_4bit=False, lora_r=64)
    plan = planned(config, TargetDevice(processor(8, 16.0), 16.0))
    assert plan.verdict == "does not fit"
    assert not any(
        word in change.what for change in plan.changes.single for word in ("4bit", "8bit")
    )


def test_nothing_is_offered_that_would_be_refused() -> None:
    experts = {"lora_target_modules": (), "lora_r": 8, "per_device_batch_size": 8}
    config = settings("Qwen/Qwen3-30B-A3B-Thinking-2507", **experts)
    offered = [change.what for change in planned(config).changes.single]
    # Without its experts there would be nothing to train.
    assert offered
    assert not any("lora_target_parameters" in what for what in offered)
