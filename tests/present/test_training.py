"""What a person sees of a training run: above all, how long it will still take."""

from __future__ import annotations

from novelcraft.present.training import TrainProgress
from novelcraft.state.train_events import (
    SampleWritten,
    TrainEvent,
    TrainPaused,
    TrainStarted,
    TrainStep,
    Validated,
)

VALIDATING, SAMPLING = TrainPaused(doing="validating"), TrainPaused(doing="sampling")


def started(**given: int) -> TrainStarted:
    values = {"steps": 40, "resumed_at": 0, "rows": 30, "validation_rows": 3, "batches": 30}
    return TrainStarted(
        base_model="base", device="cpu", precision="fp32", trainable=1_000_000, weights_bytes=0,
        **values | given,
    )  # fmt: skip


def step(number: int, steps: int = 40) -> TrainStep:
    return TrainStep(
        step=number, steps=steps, loss=2.5, learning_rate=1e-4, gradient_norm=1.0,
        tokens_per_second=1_000.0, memory_bytes=5_000_000_000,
    )  # fmt: skip


def validated(number: int) -> Validated:
    return Validated(step=number, loss=3.0, perplexity=20.0, train_loss=2.9, best=True, chapters=())


def sample(number: int) -> SampleWritten:
    return SampleWritten(step=number, row_id="b/s1", path="s.txt")


def after(*events: tuple[float, TrainEvent]) -> TrainProgress:
    progress = TrainProgress()
    for second, event in events:
        progress.update(event, second)
    return progress


def left(progress: TrainProgress, now: float) -> str:
    return progress.line(now).rpartition(" | ")[2]


def test_steps_alone_take_their_time() -> None:
    progress = after((0, started()), (60, step(1)))
    assert left(progress, 60) == "about 39 min left"
    assert left(progress, 90) == "about 38 min left"
    # A step that takes longer than those before it does not bring the end nearer.
    assert left(progress, 600) == "about 38 min left"


def test_the_time_left_is_right_while_validating() -> None:
    first: list[tuple[float, TrainEvent]] = [
        (0, started(eval_steps=10)),
        *((60 * n, step(n)) for n in range(1, 11)),
    ]
    progress = after(*first, (600, VALIDATING))
    assert "validating" in progress.line(600)
    # Nobody knows yet how long a validation takes: while the first one lasts, nothing falls.
    assert left(progress, 600) == left(progress, 840) == "at least about 30 min left"
    progress.update(validated(10), 840)
    assert left(progress, 840) == "about 42 min left"
    for n in range(11, 21):
        progress.update(step(n), 840 + 60 * (n - 10))
    assert left(progress, 1440) == "about 32 min left"
    progress.update(VALIDATING, 1440)
    assert left(progress, 1440) == "about 32 min left"
    assert left(progress, 1560) == "about 30 min left"
    assert left(progress, 9999) == "about 28 min left"


def test_samples_are_no_part_of_a_step() -> None:
    progress = after(
        (0, started(sample_steps=20, samples=2, steps=20)),
        (0, SAMPLING), (300, sample(0)), (300, SAMPLING), (600, sample(0)),
        (660, step(1, 20)),
    )  # fmt: skip
    assert left(progress, 660) == "about 29 min left"
    for n in range(2, 20):
        progress.update(step(n, 20), 600 + 60 * n)
    # The samples of the last step come before it is told.
    progress.update(SAMPLING, 1800)
    progress.update(sample(20), 2100)
    assert left(progress, 2100) == "about 6 min left"


def test_a_resumed_run_counts_what_is_left_of_it() -> None:
    resumed = started(resumed_at=30, eval_steps=20, sample_steps=20, samples=1)
    progress = after((0, resumed), (60, step(31)))
    assert left(progress, 60) == "at least about 9 min left"


def test_the_planned_time_is_measured_on_the_first_steps() -> None:
    progress = after((0, started()), (20, step(1)), (40, step(2)))
    assert progress.headline(step(2)) is None
    progress.update(step(3), 60)
    assert progress.headline(step(3)) == "measured on 3 steps: 20.0 s a step, about 12 min left"
    progress.update(step(4), 80)
    assert progress.headline(step(4)) is None
