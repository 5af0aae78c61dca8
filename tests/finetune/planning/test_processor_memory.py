"""What a run on a processor takes, beside its plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from novelcraft.finetune.data.rows import load_data
from novelcraft.finetune.planning.planner import TargetDevice, plan_rows
from novelcraft.finetune.planning.speed import processor
from novelcraft.finetune.planning.workload import RowTokens
from novelcraft.state.train_events import TrainStep
from tests.finetune.marks import TRAINS
from tests.finetune.rows import row, write_rows
from tests.finetune.runs import read, settings, start, written
from tests.finetune.tiny import make_base

pytestmark = TRAINS

MEMORY = 100.0
SIZES: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_hidden_layers": 8,
    "head_dim": 32,
}
"""Of a base whose activations take more than everything else."""


@pytest.mark.parametrize("checkpointing", [False, True])
def test_the_peak_of_a_run_lies_in_the_range_of_its_plan(
    tmp_path: Path, checkpointing: bool
) -> None:
    base = make_base(tmp_path / "base", steps=0, **SIZES)
    data = write_rows(tmp_path / "data", [row(k, sentences=32) for k in range(16)])
    config = settings(
        data,
        base,
        max_steps=1,
        per_device_batch_size=8,
        gradient_checkpointing=checkpointing,
        lora_dropout=0.0,
    )
    rows = load_data(config).train
    plan = plan_rows(
        config,
        TargetDevice(processor(1, MEMORY), MEMORY),
        [RowTokens(one.row_id, 0, len(one.tokens)) for one in rows],
    )
    with start(written(tmp_path, config)) as run:
        assert run.stdout is not None
        events = [read(line) for line in run.stdout]
    peak = max(event.memory_bytes for event in events if isinstance(event, TrainStep)) / 1e9
    assert plan.memory.holds(peak), (plan.memory.least.peak, peak, plan.memory.most.peak)
    if not checkpointing:
        assert plan.memory.least.layer > plan.memory.least.overhead / 2
