"""Real training of a small base, on a processor."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from novelcraft.errors import CheckpointError, ConfigError, ExportError
from novelcraft.finetune.data.rows import load_data
from novelcraft.finetune.training.metrics import METRICS_FILE, read_curve
from novelcraft.finetune.training.process import TrainingProcess
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.train_events import (
    CheckpointSaved,
    SampleWritten,
    TrainEvent,
    TrainFailed,
    TrainNotice,
    TrainStarted,
    TrainStep,
    TrainStopped,
)
from tests.finetune.limits import file_limit
from tests.finetune.marks import TRAINS
from tests.finetune.rows import row, write_rows
from tests.finetune.runs import losses, read, rows, settings, start, train, validated, written

pytestmark = TRAINS


@pytest.fixture(scope="module")
def reference(
    tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[TrainEvent]]:
    """A run that nothing disturbs, with samples."""
    folder = rows(tmp_path_factory.mktemp("reference"))
    config = settings(folder, tiny_base, sample_steps=12, sample_tokens=8)
    return folder, train(config)


def test_the_loss_falls_by_half(reference: tuple[Path, list[TrainEvent]]) -> None:
    _, told = reference
    found = losses(told)
    assert list(found) == list(range(1, 25))
    assert found[24] < found[1] / 2
    assert validated(told)[-1].loss < found[1] / 2


def test_what_a_run_tells(reference: tuple[Path, list[TrainEvent]]) -> None:
    folder, told = reference
    started, ended = told[0], told[-1]
    assert isinstance(started, TrainStarted)
    assert (started.rows, started.validation_rows, started.steps) == (48, 8, 24)
    assert (started.device, started.precision, started.resumed_at) == ("cpu", "fp32", 0)
    assert [event.step for event in validated(told)] == [6, 12, 18, 24]
    assert [c.chapter for c in validated(told)[0].chapters] == ["b/26", "b/27"]
    assert [c.tokens > 0 for c in validated(told)[0].chapters] == [True, True]
    assert isinstance(ended, TrainStopped)
    assert (ended.reason, ended.step) == ("finished", 24)
    adapter = {path.name for path in (folder / "run" / "adapter").iterdir()}
    files = {"adapter_model.safetensors", "adapter_config.json", "training.json", METRICS_FILE}
    assert adapter == files
    steps = [event for event in told if isinstance(event, TrainStep)]
    assert all(step.tokens_per_second > 0 and step.memory_bytes > 2**20 for step in steps)


def test_the_curve_is_kept_with_the_adapter(reference: tuple[Path, list[TrainEvent]]) -> None:
    folder, told = reference
    curve = read_curve(folder / "run" / "adapter")
    assert list(curve.steps) == [event for event in told if isinstance(event, TrainStep)]
    assert list(curve.validations) == validated(told)


def test_samples_stand_side_by_side(reference: tuple[Path, list[TrainEvent]]) -> None:
    folder, told = reference
    samples = [event for event in told if isinstance(event, SampleWritten)]
    assert [sample.step for sample in samples] == [0, 0, 12, 12, 24, 24]
    found = sorted(path.name for path in (folder / "run/samples/b--ch26-s00").iterdir())
    assert found == ["step-000000.txt", "step-000012.txt", "step-000024.txt"]
    assert Path(samples[0].path).read_text(encoding="utf-8").strip()


def test_no_file_of_a_run_is_a_pickle(reference: tuple[Path, list[TrainEvent]]) -> None:
    folder, _ = reference
    kinds = {path.suffix for path in (folder / "run").rglob("*") if path.is_file()}
    assert kinds == {".safetensors", ".json", ".jsonl", ".txt"}


def test_a_killed_run_goes_on_with_the_same_losses(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path, tmp_path: Path
) -> None:
    config = settings(rows(tmp_path), tiny_base)
    file = written(tmp_path, config)
    with start(file) as run:
        assert run.stdout is not None
        before = []
        for line in run.stdout:
            before.append(read(line))
            if isinstance(before[-1], TrainStep) and before[-1].step == 14:
                run.kill()
    after = train(config, resume=True)
    assert isinstance(after[0], TrainStarted)
    assert after[0].resumed_at in (12, 18)
    whole = losses(reference[1])
    assert losses(before) == {step: whole[step] for step in losses(before)}
    assert losses(after) == {step: whole[step] for step in range(after[0].resumed_at + 1, 25)}
    assert validated(after)[-1].loss == validated(reference[1])[-1].loss


def test_a_resumed_run_must_be_the_same(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path
) -> None:
    folder, _ = reference
    with pytest.raises(CheckpointError, match=r"learning_rate was 0\.005, and is 0\.001"):
        train(settings(folder, tiny_base, learning_rate=1e-3), resume=True)
    with pytest.raises(CheckpointError, match="holds the checkpoints of a run"):
        train(settings(folder, tiny_base))


def test_a_finished_run_is_not_trained_on(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path
) -> None:
    folder, told = reference
    config = settings(folder, tiny_base, sample_steps=12, sample_tokens=8)
    weights = folder / "run/adapter/adapter_model.safetensors"
    (folder / "run/adapter/evaluation.json").write_text("{}", encoding="utf-8")
    before = weights.read_bytes()
    (again,) = train(config, resume=True)
    (first,) = told[-1:]
    assert isinstance(again, TrainStopped)
    assert isinstance(first, TrainStopped)
    assert again.model_copy(update={"seconds": first.seconds, "detail": ""}) == first
    assert (folder / "run/adapter/evaluation.json").is_file()
    weights.unlink()
    (again,) = train(config, resume=True)
    assert weights.read_bytes() == before
    assert not (folder / "run/adapter/evaluation.json").exists()


def test_an_adapter_without_its_checkpoints_is_left_alone(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path, tmp_path: Path
) -> None:
    folder = rows(tmp_path)
    shutil.copytree(reference[0] / "run/adapter", folder / "run/adapter")
    with pytest.raises(CheckpointError, match="holds the adapter of a run"):
        train(settings(folder, tiny_base))


def test_nothing_to_resume_is_said(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint to go on from"):
        train(settings(rows(tmp_path), tiny_base), resume=True)


def test_a_run_stops_when_validation_turns_and_keeps_the_best(
    tiny_base: Path, tmp_path: Path
) -> None:
    # What is held back is told backwards, so that learning the others soon makes it worse.
    held = [row(k, text=" ".join(reversed(row(k).messages[2].content.split()))) for k in (100, 104)]
    config = settings(
        rows(tmp_path, validation=held),
        tiny_base,
        max_steps=60,
        eval_steps=2,
        save_steps=100,
        early_stopping=True,
        early_stopping_patience=2,
        keep_checkpoints=1,
    )
    told = train(config)
    ended = told[-1]
    assert isinstance(ended, TrainStopped)
    assert ended.reason == "early"
    assert ended.step < 60
    found = {event.step: event.loss for event in validated(told)}
    assert ended.best_step == min(found, key=lambda step: found[step])
    assert [event.best for event in validated(told)][-2:] == [False, False]
    saved = {event.step for event in told if isinstance(event, CheckpointSaved)}
    assert {ended.best_step, ended.step} <= saved
    kept = tmp_path / "run/checkpoints" / f"step-{ended.best_step:06}"
    name = "adapter_model.safetensors"
    assert (tmp_path / "run/adapter" / name).read_bytes() == (kept / name).read_bytes()
    (again,) = train(config, resume=True)
    assert again.model_copy(update={"seconds": ended.seconds, "detail": ""}) == ended


def test_a_run_that_is_told_to_stop_leaves_a_usable_checkpoint(
    tiny_base: Path, tmp_path: Path
) -> None:
    config = settings(rows(tmp_path), tiny_base, save_steps=1000, eval_steps=1000)
    with start(written(tmp_path, config)) as run:
        assert run.stdout is not None
        told = []
        for line in run.stdout:
            told.append(read(line))
            if isinstance(told[-1], TrainStep) and told[-1].step == 3:
                run.send_signal(signal.SIGINT)
    ended = told[-1]
    assert run.returncode == 0
    assert isinstance(ended, TrainStopped)
    assert ended.reason == "cancelled"
    assert 3 < ended.step < 24
    assert Path(ended.checkpoint).name == f"step-{ended.step:06}"
    after = train(config, resume=True)
    assert min(losses(after)) == ended.step + 1


def test_a_run_that_is_stopped_where_it_validates_misses_none(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.training.train import run_training

    config, stop = settings(rows(tmp_path), tiny_base), Stop()
    before: list[TrainEvent] = []

    def hear(event: TrainEvent) -> None:
        before.append(event)
        stop.asked = isinstance(event, TrainStep) and event.step == 5

    ended = run_training(config, hear, stop=stop)
    assert (ended.reason, ended.step) == ("cancelled", 6)
    assert validated(before) == validated(reference[1])[:1]
    assert validated(train(config, resume=True)) == validated(reference[1])[1:]


def test_a_second_signal_ends_a_run_at_once(tiny_base: Path, tmp_path: Path) -> None:
    # One step of many batches, so that there is a while between two looks at the signal.
    config = settings(
        rows(tmp_path, 600),
        tiny_base,
        per_device_batch_size=1,
        gradient_accumulation_steps=600,
    )
    with start(written(tmp_path, config)) as run:
        assert run.stdout is not None
        while not isinstance(read(run.stdout.readline()), TrainStarted):
            pass  # notices of its data
        # Two that come before the first was looked at are one to the system.
        while run.poll() is None:
            run.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        rest = run.stdout.read()
    assert run.returncode == 128 + signal.SIGTERM
    assert rest == ""


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_rows(
    tiny_base: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file
    from tokenizers import Tokenizer

    broken = tmp_path / "base"
    shutil.copytree(tiny_base, broken)
    weights = load_file(broken / "model.safetensors")
    tokens = Tokenizer.from_file(str(broken / "tokenizer.json")).encode("%").ids
    weights["model.embed_tokens.weight"][tokens] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    made = [row(k, book="plain") for k in range(12)] + [row(50, text="100 %", book="odd")]
    told = train(
        settings(
            write_rows(tmp_path, made), broken, per_device_batch_size=1, neftune_noise_alpha=0.0
        )
    )
    ended = told[-1]
    assert isinstance(ended, TrainStopped)
    assert ended.reason == "nan"
    assert "odd/ch13-s02" in ended.detail
    assert "plain" not in ended.detail
    assert f"After step {ended.step}" in ended.detail


def test_what_was_asked_and_cannot_be_is_told(tiny_base: Path, tmp_path: Path) -> None:
    stop = Stop()
    stop.asked = True
    config = settings(
        rows(tmp_path, validation=[]), tiny_base, precision="bf16", optimizer="adamw_8bit"
    )
    told = train(config, stop=stop)
    notices = [event.text for event in told if isinstance(event, TrainNotice)]
    assert any("fp32 is taken instead of bf16" in text for text in notices)
    assert any("instead of adamw_8bit" in text for text in notices)
    assert any("no validation rows" in text for text in notices)
    assert isinstance(told[-1], TrainStopped)
    assert (told[-1].reason, told[-1].step) == ("cancelled", 1)


def test_layers_that_a_base_does_not_have_are_named(tiny_base: Path, tmp_path: Path) -> None:
    config = settings(rows(tmp_path), tiny_base, lora_target_modules=["q_proj", "wq"])
    with pytest.raises(ConfigError, match="has no layers named wq"):
        train(config)


def test_a_run_that_cannot_start_says_so_in_an_event(tmp_path: Path, tiny_base: Path) -> None:
    config = settings(write_rows(tmp_path, [row(1)]), tiny_base)
    with start(written(tmp_path, config)) as run:
        assert run.stdout is not None
        told = [read(line) for line in run.stdout]
    assert run.returncode == 62
    assert isinstance(told[0], TrainFailed)
    assert "at least 8" in told[0].error


async def test_the_process_is_read_and_cancelled_from_outside(
    tiny_base: Path, tmp_path: Path
) -> None:
    config = settings(rows(tmp_path), tiny_base, eval_steps=1000)
    told: list[TrainEvent] = []
    async with TrainingProcess(written(tmp_path, config)) as run:
        async for event in run.events():
            told.append(event)
            if isinstance(event, TrainStep) and event.step == 2:
                run.cancel()
    assert isinstance(told[-1], TrainStopped)
    assert told[-1].reason == "cancelled"


def test_ways_of_computing_learn_the_same(tiny_base: Path, tmp_path: Path) -> None:
    plain = {"max_steps": 4, "neftune_noise_alpha": 0.0, "lora_dropout": 0.0, "packing": True}
    ways: dict[str, dict[str, object]] = {
        "plain": {},
        "recomputed": {"gradient_checkpointing": True},
        "eager": {"attention": "eager"},
    }
    found = {
        name: losses(train(settings(rows(tmp_path / name), tiny_base, **plain, **given)))
        for name, given in ways.items()
    }
    assert found["recomputed"] == pytest.approx(found["plain"], abs=2e-5)
    assert found["eager"] == pytest.approx(found["plain"], abs=2e-5)


def counted(run: Path) -> float:
    """Tokens of all steps of a run."""
    last = max((run / "checkpoints").iterdir())
    state = json.loads((last / "trainer_state.json").read_text(encoding="utf-8"))
    return sum(float(entry["step_tokens"]) for entry in state["log_history"] if "loss" in entry)


@pytest.mark.parametrize("packing", [False, True])
def test_each_token_of_a_pass_is_counted_once(
    packing: bool, tiny_base: Path, tmp_path: Path
) -> None:
    # Rows and packs of several lengths, so that there is padding.
    folder = write_rows(tmp_path, [row(k, sentences=2 + k % 5) for k in range(30)], [row(100)])
    given = {"max_steps": 0, "num_epochs": 1.0, "max_length": 256}
    config = settings(folder, tiny_base, packing=packing, **given)
    train(config)
    tokens = sum(len(one.tokens) for one in load_data(config).train)
    assert counted(tmp_path / "run") == tokens


def test_a_disk_that_takes_no_more_leaves_the_last_good_checkpoint(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.training.train import run_training

    config = settings(rows(tmp_path), tiny_base)
    told: list[TrainEvent] = []
    with ExitStack() as limits:

        def listen(event: TrainEvent) -> None:
            told.append(event)
            if isinstance(event, CheckpointSaved):
                limits.enter_context(file_limit(2**12))

        with pytest.raises(ExportError, match=r"step-000012 cannot be written: File too large"):
            run_training(config, listen)
    assert [path.name for path in (tmp_path / "run/checkpoints").iterdir()] == ["step-000006"]
    after = losses(train(config, resume=True))
    assert after == {step: losses(reference[1])[step] for step in range(7, 25)}


def test_two_processes_learn_what_one_does(tiny_base: Path, tmp_path: Path) -> None:
    plain = {"neftune_noise_alpha": 0.0, "lora_dropout": 0.0, "max_steps": 4, "eval_steps": 2}
    one = train(settings(rows(tmp_path / "one"), tiny_base, per_device_batch_size=4, **plain))
    config = settings(rows(tmp_path / "two"), tiny_base, per_device_batch_size=2, **plain)
    launch = ["-m", "torch.distributed.run", "--nproc_per_node", "2"]
    command = [*launch, "-m", "novelcraft.finetune.training.worker", str(written(tmp_path, config))]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    two = [read(line) for line in done.stdout.splitlines()]
    assert losses(two) == pytest.approx(losses(one), abs=1e-4)
    found = [[event.loss for event in validated(told)] for told in (one, two)]
    assert found[1] == pytest.approx(found[0], abs=1e-4)
    assert (tmp_path / "two/run/adapter/adapter_model.safetensors").is_file()
    assert counted(tmp_path / "two/run") == counted(tmp_path / "one/run")
