"""What a person sees of the whole pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.present.pipeline import PipelineProgress
from novelcraft.state.prep import PrepStarted, StageDone
from novelcraft.state.train_events import (
    EvalFinished,
    EvalProgress,
    EvalStarted,
    TrainNotice,
    TrainStarted,
    TrainStep,
    TrainStopped,
)
from novelcraft.state.training import (
    AdapterJudged,
    AdapterRegistered,
    PipelineEvent,
    PipelinePlanned,
)

PLANNED = PipelinePlanned(
    model="Qwen3-8B", device="RTX 4090", verdict="fits", least=11.2, peak=12.34, available=25.8,
    rows=300, steps=114, hours=1.5, changes=(), notices=("2 rows lose context.",),
)  # fmt: skip
STARTED = TrainStarted(
    base_model="base", device="cuda", precision="bf16", steps=10, resumed_at=0, rows=30,
    validation_rows=3, batches=30, trainable=1_000_000, weights_bytes=0,
)  # fmt: skip
STEP = TrainStep(
    step=4, steps=10, loss=2.5, learning_rate=1e-4, gradient_norm=1.0, tokens_per_second=1_000.0,
    memory_bytes=5_000_000_000,
)  # fmt: skip
STOPPED = TrainStopped(
    reason="early", step=8, best_step=4, adapter="run/adapter", checkpoint="", seconds=9.0
)
EVALUATED = EvalFinished(
    path="", perplexity_base=30.0, perplexity_tuned=21.5, style_base=20.2, style_tuned=61.7,
    passed=True, seconds=60.0,
)  # fmt: skip


def after(*events: PipelineEvent) -> PipelineProgress:
    progress = PipelineProgress()
    for second, event in enumerate(events):
        progress.update(event, float(second))
    return progress


def test_each_part_of_the_pipeline_counts_by_itself() -> None:
    prep = (PrepStarted(books=2, until="rows"), StageDone(book_id="b", stage="convert", fresh=True))
    assert (after(*prep).done, after(*prep).total) == (1, 16)
    train = (*prep, PLANNED, STARTED, STEP)
    assert (after(*train).done, after(*train).total) == (4, 10)
    assert "step 4 of 10: loss 2.500" in after(*train).line(9.0)
    evaluate = (
        *train, STOPPED, EvalStarted(adapter="", base_model="base", device="cpu"),
        EvalProgress(part="writing", done=0, total=20),
        EvalProgress(part="writing", done=5, total=20),
    )  # fmt: skip
    assert (after(*evaluate).done, after(*evaluate).total) == (5, 20)
    assert after(*evaluate).line(8.0) == "writing scenes, 5 of 20 | under a minute left"
    parts = (*evaluate, EvalProgress(part="measuring", done=0, total=4))
    assert after(*parts).line(9.0) == "measuring, 0 of 4"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            PLANNED,
            "plan on RTX 4090: 300 rows, 114 steps, about 90 min; 11.2 to 12.3 of 25.8 GB: "
            "it fits. 2 rows lose context.",
        ),
        (
            PLANNED.model_copy(
                update={"device": "", "verdict": "unknown", "available": None, "hours": None}
            ),
            "plan: 300 rows, 114 steps; 11.2 to 12.3 GB. 2 rows lose context.",
        ),
        (
            STOPPED,
            "training stopped early, because validation no longer got better, after 8 steps.",
        ),
        (TrainNotice(text="Nothing to do."), "Nothing to do."),
        (AdapterJudged(verdict="failed", reasons=("A.", "B.")), "It did not pass the gate."),
        (AdapterRegistered(name="mine", adapter="a", report="r"), "registered as mine"),
        (STEP, None),
    ],
)
def test_what_stays_on_the_screen(event: Any, line: str | None) -> None:
    assert after(PLANNED).headline(event) == line


@pytest.mark.parametrize(
    ("styles", "end"),
    [((20.2, 61.7), "; style score 20 before, 62 tuned"), ((None, 61.7), "")],
)
def test_what_an_evaluation_found(styles: tuple[float | None, float], end: str) -> None:
    base, tuned = styles
    found = EVALUATED.model_copy(update={"style_base": base, "style_tuned": tuned})
    progress = after(EvalStarted(adapter="", base_model="base", device="cpu"))
    told = "evaluated: validation perplexity 30.00 before, 21.50 tuned"
    assert progress.headline(found) == told + end


def test_a_run_without_a_plan_is_seen_to_train() -> None:
    notice = TrainNotice(text="What training takes cannot be said beforehand: unknown.")
    prepared = after(PrepStarted(books=1, until="rows"), notice)
    assert prepared.headline(notice) == notice.text
    train = after(PrepStarted(books=1, until="rows"), notice, STARTED, STEP)
    assert "step 4 of 10" in train.line(9.0)
