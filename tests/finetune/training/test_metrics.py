from __future__ import annotations

from pathlib import Path

from novelcraft.finetune.training.metrics import METRICS_FILE, Curve, curve_of, keeping, read_curve
from novelcraft.state.train_events import (
    TrainEvent,
    TrainNotice,
    TrainStarted,
    TrainStep,
    Validated,
)


def started(resumed_at: int = 0) -> TrainStarted:
    return TrainStarted(
        base_model="base", device="cpu", precision="fp32", steps=8, resumed_at=resumed_at, rows=4,
        validation_rows=1, batches=4, trainable=10, weights_bytes=100,
    )  # fmt: skip


def step(number: int, loss: float = 2.0) -> TrainStep:
    return TrainStep(
        step=number, steps=8, loss=loss, learning_rate=1e-3, gradient_norm=1.0,
        tokens_per_second=9.0, memory_bytes=1,
    )  # fmt: skip


def validated(number: int, train_loss: float = 2.0) -> Validated:
    return Validated(
        step=number, loss=3.0, perplexity=20.1, train_loss=train_loss, best=True, chapters=()
    )


def told(folder: Path, *events: TrainEvent) -> list[TrainEvent]:
    heard: list[TrainEvent] = []
    emit = keeping(heard.append, folder / METRICS_FILE)
    for event in events:
        emit(event)
    return heard


def test_steps_and_validations_are_kept_and_all_events_go_on(tmp_path: Path) -> None:
    events = (started(), TrainNotice(text="so"), step(1), step(2), validated(2), step(3))
    assert told(tmp_path, *events) == list(events)
    curve = read_curve(tmp_path)
    assert [one.step for one in curve.steps] == [1, 2, 3]
    assert curve.validations == (validated(2),)


def test_a_run_that_goes_on_drops_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    told(tmp_path, started(), step(1), step(2), validated(2), step(3, 9.0), step(4, 9.0))
    told(tmp_path, started(resumed_at=2), step(3, 1.5))
    curve = read_curve(tmp_path)
    assert [(one.step, one.loss) for one in curve.steps] == [(1, 2.0), (2, 2.0), (3, 1.5)]
    assert [one.step for one in curve.validations] == [2]


def test_a_new_run_begins_anew(tmp_path: Path) -> None:
    told(tmp_path, started(), step(1), step(2))
    told(tmp_path, started(), step(1, 5.0))
    assert [one.loss for one in read_curve(tmp_path).steps] == [5.0]


def test_a_line_that_is_broken_off_is_left_out(tmp_path: Path) -> None:
    told(tmp_path, started(), step(1))
    with (tmp_path / METRICS_FILE).open("a", encoding="utf-8") as file:
        file.write('{"kind": "train_st')
    assert read_curve(tmp_path) == Curve((step(1),))
    assert read_curve(tmp_path / "nowhere") == Curve()


def test_what_is_no_number_can_be_read_again(tmp_path: Path) -> None:
    told(tmp_path, started(), step(1, float("inf")), validated(1, train_loss=float("nan")))
    curve = read_curve(tmp_path)
    assert curve.steps[0].loss == float("inf")
    assert curve.validations[0].train_loss != curve.validations[0].train_loss


def test_what_cannot_be_written_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / METRICS_FILE).mkdir()
    assert len(told(tmp_path, started(), step(1))) == 2


def test_the_run_knows_more_than_the_copy_beside_an_adapter(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    told(adapter, started(), step(1))
    assert len(curve_of(adapter).steps) == 1
    told(tmp_path, started(), step(1), step(2))
    assert len(curve_of(adapter).steps) == 2
