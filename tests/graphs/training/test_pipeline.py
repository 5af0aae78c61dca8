"""The whole pipeline through the real graph, with processes that tell what they are told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.errors import CheckpointError, ProjectBusyError, TrainingDataError, TrainingError
from novelcraft.finetune.settings.load import load_train_config
from novelcraft.graphs.prep.project import PrepOutcome
from novelcraft.graphs.training.following import STOPPING
from novelcraft.graphs.training.pipeline import TrainingPipeline
from novelcraft.state.evaluation import GateResult
from novelcraft.state.prep import BookResult, PrepEvent, PrepStarted
from novelcraft.state.train_events import (
    CheckpointSaved,
    EvalStarted,
    TrainFailed,
    TrainNotice,
    TrainStopped,
)
from novelcraft.state.training import AdapterJudged, PipelineEvent, PipelinePlanned
from novelcraft.tools.storage.lock import ProjectLock
from tests.finetune.rows import config, row, write_rows
from tests.graphs.training.conftest import SETTINGS, Actor, Bench, evaluated, stopped

FAILED = TrainFailed(error="The model does not fit.", fix="Take a smaller one.", exit_code=66)


async def test_the_pipeline_from_rows_to_a_card(bench: Bench) -> None:
    ended = await bench.run()
    assert (ended.end, ended.exit_code, ended.verdict) == ("registered", 0, "passed")
    assert (ended.step, ended.best_step, ended.adapter) == (12, 12, "run/adapter")
    assert ended.report == "run/adapter/report.html"
    assert bench.kinds == [
        "pipeline_planned", "train_stopped", "eval_started", "eval_finished", "adapter_judged",
        "adapter_registered",
    ]  # fmt: skip
    assert bench.steps == ["plan", "train", "evaluate", "register"]
    data = Path(bench.config.data)
    assert bench.asked[2] == ("evaluate", Path("run/adapter"), data, SETTINGS)
    assert bench.training.left
    assert bench.evaluating.left


async def test_the_plan_is_told(bench: Bench) -> None:
    bench.config = bench.config.model_copy(update={"max_steps": 2})
    await bench.run()
    told = bench.events[0]
    assert isinstance(told, PipelinePlanned)
    assert (told.verdict, told.available, told.rows, told.steps) == ("fits", 100.0, 12, 2)
    assert 0 < told.peak < 100


async def test_what_does_not_fit_is_not_begun(bench: Bench) -> None:
    bench.memory = 0.3
    ended = await bench.run()
    assert (ended.end, ended.exit_code) == ("does not fit", 66)
    assert "does not fit: training takes" in ended.error
    assert "--anyway" in ended.fix
    # Nothing makes less of what is there before a tensor is.
    assert "Together" not in ended.fix
    assert bench.steps == ["plan"]
    ended = await bench.run(anyway=True)
    assert (ended.end, ended.exit_code) == ("registered", 0)


async def test_what_fits_together_is_told(bench: Bench) -> None:
    base, rows = "meta-llama/Llama-3.1-8B", [row(k) for k in range(12)]
    long = [
        one.model_copy(update={"prompt_tokens": 900, "completion_tokens": 3000}) for one in rows
    ]
    write_rows(Path(bench.config.data), long)
    given = {"base_model": base, "gradient_checkpointing": False, "per_device_batch_size": 4}
    bench.config, bench.memory = config(Path(bench.config.data), **given), 12.0
    ended = await bench.run()
    assert ended.end == "does not fit"
    lines = [line.strip() for line in ended.fix.splitlines()]
    single, together = lines.index("What would take less:"), lines.index("Together, these fit:")
    assert single < lines.index("load_in_4bit: true: the base in NF4") < together
    assert "load_in_4bit: true" in lines[together:]
    assert lines[-1].startswith("Give --anyway")


async def test_rows_that_will_be_refused_are_told_of(bench: Bench) -> None:
    data = Path(bench.config.data)
    write_rows(data, [row(k).model_copy(update={"completion_tokens": 5000}) for k in range(12)])
    await bench.run()
    (told,) = [event for event in bench.events if isinstance(event, PipelinePlanned)]
    assert any("training will refuse them" in notice for notice in told.notices)


async def test_a_base_of_unknown_size_is_trained_all_the_same(bench: Bench) -> None:
    bench.config = bench.config.model_copy(update={"base_model": "Nobody/Nothing"})
    ended = await bench.run()
    assert isinstance(bench.events[0], TrainNotice)
    assert "cannot be said beforehand" in bench.events[0].text
    assert ended.end == "registered"


async def test_without_rows_nothing_is_begun(bench: Bench, tmp_path: Path) -> None:
    bench.config = bench.config.model_copy(update={"data": str(tmp_path / "nowhere")})
    with pytest.raises(TrainingDataError, match="no rows to train on"):
        await bench.run()


def preparing(bench: Bench, *errors: str) -> list[str]:
    done: list[str] = []

    async def prepare(tell: Callable[[PrepEvent], None]) -> PrepOutcome:
        tell(PrepStarted(books=1, until="rows"))
        done.append("prepared")
        results = [BookResult(book_id="b", error=text, exit_code=52) for text in errors]
        return PrepOutcome(tuple(results), 12)

    bench.prepare = prepare
    return done


async def test_books_are_prepared_first(bench: Bench) -> None:
    done = preparing(bench)
    ended = await bench.run()
    assert done == ["prepared"]
    assert bench.kinds[:2] == ["prep_started", "pipeline_planned"]
    assert ended.end == "registered"


async def test_a_book_that_cannot_be_prepared_ends_the_pipeline(bench: Bench) -> None:
    preparing(bench, "It has no text.")
    ended = await bench.run()
    assert (ended.end, ended.exit_code) == ("books", 52)
    assert ended.error == "Some books could not be prepared: b: It has no text."
    assert bench.steps == []


async def test_a_failed_training_ends_the_pipeline(bench: Bench) -> None:
    bench.training = Actor([FAILED])
    ended = await bench.run()
    assert (ended.end, ended.exit_code) == ("failed", 66)
    assert (ended.error, ended.fix) == (FAILED.error, FAILED.fix)
    assert bench.steps == ["plan", "train"]


async def test_a_loss_that_is_no_number_ends_the_pipeline(bench: Bench) -> None:
    bench.training = Actor([stopped("nan", 7, detail="After step 7, the loss is nan.")])
    ended = await bench.run()
    assert (ended.end, ended.exit_code, ended.step) == ("lost", 64, 7)
    assert ended.error == "After step 7, the loss is nan."
    assert bench.steps == ["plan", "train"]


@pytest.mark.parametrize("which", ["training", "evaluating"])
async def test_a_process_that_dies_is_an_error(bench: Bench, which: str) -> None:
    setattr(bench, which, Actor(dies=True))
    with pytest.raises(TrainingError, match="without a word"):
        await bench.run()
    assert getattr(bench, which).left
    with ProjectLock(Path(bench.config.output)):
        pass


SAVED = CheckpointSaved(step=5, path="p")


async def test_training_that_is_stopped_saves_and_ends_the_pipeline(bench: Bench) -> None:
    bench.training = Actor([SAVED], waits=True, last_words=[stopped("cancelled", 5)])
    ended = await bench.run(react=stop_at(CheckpointSaved))
    assert (ended.end, ended.exit_code, ended.step) == ("cancelled", 130, 5)
    assert bench.training.cancelled == 1
    assert bench.steps == ["plan", "train"]
    # The answer comes at once, and not with the end of the step.
    assert bench.events[1:3] == [SAVED, TrainNotice(text=STOPPING)]


async def test_training_that_is_ended_at_once_is_no_error(bench: Bench) -> None:
    bench.training = Actor([SAVED], waits=True)
    ended = await bench.run(react=stop_at(CheckpointSaved, times=2))
    assert (ended.end, ended.exit_code, ended.error) == ("cancelled", 130, "")
    assert bench.training.cancelled == 2


async def test_a_stop_in_the_last_step_is_obeyed(bench: Bench) -> None:
    ended = await bench.run(react=stop_at(TrainStopped))
    assert (ended.end, ended.step, ended.adapter) == ("cancelled", 12, "run/adapter")
    assert bench.steps == ["plan", "train"]


@pytest.mark.parametrize("last_words", [[], [FAILED], evaluated()[1:]])
async def test_an_evaluation_is_stopped(bench: Bench, last_words: list[TrainFailed]) -> None:
    bench.evaluating = Actor(evaluated()[:1], waits=True, last_words=[*last_words])
    ended = await bench.run(react=stop_at(EvalStarted))
    assert (ended.end, ended.exit_code) == ("cancelled", 130)
    assert bench.steps == ["plan", "train", "evaluate"]


async def test_a_preparation_is_stopped(bench: Bench) -> None:
    async def prepare(tell: Callable[[PrepEvent], None]) -> PrepOutcome:
        tell(PrepStarted(books=1, until="rows"))
        await asyncio.Event().wait()
        raise AssertionError

    bench.prepare = prepare
    with pytest.raises(asyncio.CancelledError):
        await bench.run(react=stop_at(PrepStarted))
    with ProjectLock(Path(bench.config.output)):
        pass


def stop_at(kind: type, times: int = 1) -> Callable[[TrainingPipeline, PipelineEvent], None]:
    def react(pipeline: TrainingPipeline, event: PipelineEvent) -> None:
        if isinstance(event, kind):
            for _ in range(times):
                pipeline.cancel()

    return react


async def test_an_evaluation_that_is_not_wanted_is_not_made(bench: Bench) -> None:
    bench.config = bench.config.model_copy(update={"evaluate": False})
    bench.gate = GateResult(verdict="not_evaluated", reasons=("It was not evaluated.",))
    ended = await bench.run()
    assert (ended.verdict, ended.exit_code) == ("not_evaluated", 0)
    assert bench.steps == ["plan", "train", "register"]


async def test_an_evaluation_that_cannot_be_had_is_said(bench: Bench) -> None:
    bench.unready = "There are too few rows."
    ended = await bench.run()
    notices = [event.text for event in bench.events if isinstance(event, TrainNotice)]
    assert notices == ["There are too few rows."]
    assert bench.steps == ["plan", "train", "register"]
    assert ended.end == "registered"


async def test_a_failed_evaluation_ends_the_pipeline(bench: Bench) -> None:
    bench.evaluating = Actor([FAILED])
    ended = await bench.run()
    assert (ended.end, ended.exit_code, ended.adapter) == ("failed", 66, "run/adapter")
    assert "register" not in bench.steps


async def test_what_was_not_measured_is_to_be_measured_and_not_trained_again(bench: Bench) -> None:
    reasons = ("Not measured: no scene of another world was written.",)
    bench.gate = GateResult(verdict="failed", reasons=reasons)
    ended = await bench.run()
    assert ended.reasons == reasons
    assert "novelcraft adapter eval run/adapter --again --words 2000" in ended.fix
    assert "epochs" not in ended.fix


async def test_an_adapter_that_fails_the_gate_is_kept_and_registered(bench: Bench) -> None:
    bench.gate = GateResult(verdict="failed", reasons=("It repeats 31 words.",))
    ended = await bench.run()
    assert (ended.end, ended.exit_code, ended.verdict) == ("registered", 68, "failed")
    assert ended.reasons == ("It repeats 31 words.",)
    assert "fewer epochs" in ended.fix
    judged = [event for event in bench.events if isinstance(event, AdapterJudged)]
    assert judged == [AdapterJudged(verdict="failed", reasons=("It repeats 31 words.",))]
    assert bench.steps[-1] == "register"


def checkpoint(bench: Bench) -> Path:
    folder = Path(bench.config.output) / "checkpoints" / "step-000006"
    folder.mkdir(parents=True)
    started = json.dumps({"config": bench.config.model_dump(mode="json")})
    (folder.parents[1] / "run.json").write_text(started, encoding="utf-8")
    return folder


async def test_a_run_is_resumed_only_when_asked(bench: Bench) -> None:
    checkpoint(bench)
    with pytest.raises(CheckpointError, match="holds the checkpoints of a run"):
        await bench.run()
    assert bench.steps == []
    await bench.run(resume=True)
    assert bench.asked[1][2] is True


async def test_other_settings_do_not_write_over_those_of_a_run(
    bench: Bench, tmp_path: Path
) -> None:
    checkpoint(bench)
    await bench.run(resume=True)
    mine = bench.config
    bench.config = mine.model_copy(update={"learning_rate": 0.5})
    with pytest.raises(CheckpointError, match=r"learning_rate was .*, and is 0\.5"):
        await bench.run(resume=True)
    assert bench.steps == []
    assert load_train_config(tmp_path / "run" / "train.yaml") == mine
    # What nothing that is learnt depends on may change.
    bench.config = mine.model_copy(update={"save_steps": 7})
    await bench.run(resume=True)
    (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(CheckpointError, match=r"run\.json does not say"):
        await bench.run(resume=True)


async def test_a_run_without_a_checkpoint_begins_anew(bench: Bench) -> None:
    ended = await bench.run(resume=True)
    assert bench.asked[1][2] is False
    notices = [event.text for event in bench.events if isinstance(event, TrainNotice)]
    assert notices == ["There is no checkpoint to go on from: training begins."]
    assert ended.end == "registered"


@pytest.mark.parametrize("resume", [False, True])
async def test_an_adapter_without_checkpoints_is_not_written_over(
    bench: Bench, tmp_path: Path, resume: bool
) -> None:
    adapter = tmp_path / "run" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="holds the adapter of a run") as caught:
        await bench.run(resume=resume)
    assert str(adapter) in caught.value.fix
    assert bench.steps == []
    assert not (tmp_path / "run" / "train.yaml").exists()
    adapter.rename(tmp_path / "elsewhere")
    assert (await bench.run(resume=resume)).end == "registered"


async def test_a_process_of_an_earlier_run_is_waited_for(bench: Bench) -> None:
    earlier = ProjectLock(checkpoint(bench).parent)
    earlier.__enter__()

    def react(_: TrainingPipeline, event: PipelineEvent) -> None:
        if isinstance(event, TrainNotice):
            earlier.__exit__(None, None, None)

    await bench.run(resume=True, react=react)
    assert "Waiting for it to save and end" in str(bench.events[1])
    assert bench.kinds[1:3] == ["train_notice", "train_stopped"]


async def test_two_runs_in_one_folder_are_refused(bench: Bench) -> None:
    other = bench.pipeline()
    with ProjectLock(Path(bench.config.output)), pytest.raises(ProjectBusyError):
        await other.run(on_event=bench.events.append)
    assert bench.events == []


async def test_settings_of_no_file_are_written_down(bench: Bench, tmp_path: Path) -> None:
    await bench.run()
    file = tmp_path / "run" / "train.yaml"
    assert bench.asked[1] == ("train", file, False)
    assert load_train_config(file) == bench.config


async def test_a_file_of_settings_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    bench.file = tmp_path / "mine.yaml"
    await bench.run()
    assert bench.asked[1] == ("train", bench.file, False)
    assert not (tmp_path / "run" / "train.yaml").exists()
