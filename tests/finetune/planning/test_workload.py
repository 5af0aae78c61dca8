from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from novelcraft.finetune.data.packing import pack
from novelcraft.finetune.planning.planner import plan_training, target_named
from novelcraft.finetune.planning.workload import (
    RowTokens,
    RunSettings,
    measure_workload,
)
from tests.finetune.rows import config, row, write_rows


def rows(*lengths: tuple[int, int]) -> list[RowTokens]:
    return [RowTokens(f"r{number}", *each) for number, each in enumerate(lengths)]


def test_the_lengths_of_rows_are_those_that_preparation_counted(tmp_path: Path) -> None:
    counted = {"prompt_tokens": 700, "completion_tokens": 2_300, "tokens": 3_000}
    write_rows(tmp_path, [row(k).model_copy(update=counted) for k in range(9)])
    plan = plan_training(config(tmp_path, base_model="Qwen/Qwen3-8B"), target_named("RTX 4090"))
    assert (plan.work.rows, plan.work.tokens) == (9, 27_000)


def test_rows_that_are_too_long_are_none_of_the_work() -> None:
    work = measure_workload(RunSettings(max_length=1000), rows((100, 800), (500, 800), (100, 900)))
    assert [(row.row_id, row.tokens) for row in work.over_long] == [("r1", 1300)]
    assert (work.rows, work.tokens) == (2, 1900)


def packed(lengths: list[int], room: int) -> list[int]:
    """Tokens of each pack."""
    return [sum(lengths[number] for number in one) for one in pack(lengths, room)]


@given(some.lists(some.integers(1, 100), max_size=40))
def test_packs_hold_every_row_and_no_two_could_be_one(lengths: list[int]) -> None:
    packs = packed(lengths, 100)
    assert sum(packs) == sum(lengths)
    assert all(0 < each <= 100 for each in packs)
    assert all(one + other > 100 for one, other in itertools.combinations(packs, 2))


def test_a_row_goes_into_the_fullest_pack_with_room() -> None:
    assert sorted(packed([70, 60, 30, 40], 100)) == [100, 100]
    assert packed([], 100) == []


@given(
    some.lists(some.integers(1, 500), min_size=1, max_size=6),
    some.integers(1, 3),
)
def test_padding_is_the_mean_over_all_draws(lengths: list[int], batch: int) -> None:
    run = RunSettings(max_length=500, batch=batch)
    work = measure_workload(run, rows(*((0, length) for length in lengths)))
    draws = list(itertools.product(lengths, repeat=batch))
    mean = sum(max(draw) for draw in draws) / len(draws)
    assert work.padded == pytest.approx(mean * len(lengths), abs=0.51)


def test_packs_have_no_padding_and_one_row_at_a_time_neither() -> None:
    lengths = rows((10, 90), (10, 40), (10, 30))
    one = measure_workload(RunSettings(max_length=100), lengths)
    full = measure_workload(RunSettings(max_length=100, packing=True, batch=2), lengths)
    assert one.padded == one.tokens == full.padded == 190
    assert (one.packs, full.packs) == (3, 2)
    assert (one.micro_tokens, full.micro_tokens) == (100, 200)


@pytest.mark.parametrize(
    ("processes", "batch", "accumulation", "epochs", "steps"),
    [
        (1, 1, 8, 3.0, 39),
        (1, 2, 8, 3.0, 21),
        (4, 1, 8, 3.0, 12),
        (4, 2, 4, 2.5, 10),
        (1, 1, 1, 1.0, 100),
    ],
)
def test_steps_are_counted_as_the_trainer_counts_them(
    processes: int, batch: int, accumulation: int, epochs: float, steps: int
) -> None:
    run = RunSettings(processes=processes, batch=batch, accumulation=accumulation, epochs=epochs)
    work = measure_workload(run, rows(*[(100, 900)] * 100))
    assert work.steps == steps
    assert work.steps == math.ceil(work.steps_per_epoch * epochs)


@pytest.mark.parametrize(("most", "steps", "passes"), [(0, 39, 3.0), (5, 5, 5 / 13), (52, 52, 4.0)])
def test_a_run_of_so_many_steps_has_those_whatever_the_passes(
    most: int, steps: int, passes: float
) -> None:
    work = measure_workload(RunSettings(max_steps=most), rows(*[(100, 900)] * 100))
    assert work.steps == steps
    assert work.passes == pytest.approx(passes)


def test_without_rows_a_run_is_of_full_length() -> None:
    work = measure_workload(RunSettings(max_length=2048, batch=3), [])
    assert work.micro_tokens == 3 * 2048
    assert (work.rows, work.steps, work.tokens, work.length) == (0, 0, 0, 2048)


def test_the_mean_length_is_the_one_that_a_token_sees() -> None:
    work = measure_workload(RunSettings(), rows((0, 100), (0, 300)))
    assert work.length == pytest.approx((100**2 + 300**2) / 400)
