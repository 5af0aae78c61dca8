"""Training runs of which nothing is trained: processes that tell what they are told to tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from novelcraft.errors import TrainingError
from novelcraft.finetune.planning.plan import TrainPlan
from novelcraft.finetune.planning.planner import TargetDevice, plan_training
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.graphs.training.context import Prepare, TrainingTools
from novelcraft.graphs.training.pipeline import PipelineOutcome, TrainingPipeline
from novelcraft.state.evaluation import AdapterCard, EvalSettings, GateResult
from novelcraft.state.train_events import (
    EvalFinished,
    EvalStarted,
    StopReason,
    TrainEvent,
    TrainStopped,
)
from novelcraft.state.training import PipelineEvent
from tests.finetune.rows import config, row, write_rows

SHAPE = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 700,
    "tie_word_embeddings": True,
}
SETTINGS = EvalSettings(words=100, probes=False)


def stopped(reason: StopReason = "finished", step: int = 12, **given: Any) -> TrainStopped:
    values: dict[str, Any] = {
        "best_step": step, "adapter": "run/adapter", "checkpoint": "", "seconds": 1.0, **given
    }  # fmt: skip
    return TrainStopped(reason=reason, step=step, **values)


def evaluated() -> list[TrainEvent]:
    return [
        EvalStarted(adapter="run/adapter", base_model="base", device="cpu"),
        EvalFinished(
            path="run/adapter/evaluation.json", perplexity_base=30.0, perplexity_tuned=20.0,
            style_base=None, style_tuned=None, passed=True, seconds=1.0,
        ),
    ]  # fmt: skip


@dataclass
class Actor:
    """A process that tells its lines, and then ends, dies, or waits to be stopped."""

    lines: list[TrainEvent] = field(default_factory=list)
    dies: bool = False
    waits: bool = False
    """Whether it goes on after its lines until it is cancelled."""
    last_words: list[TrainEvent] = field(default_factory=list)
    """What it tells when it is cancelled; without any it dies."""
    cancelled: int = 0
    left: bool = False

    async def __aenter__(self) -> Self:
        self._stop = asyncio.Event()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.left = True

    def cancel(self) -> None:
        self.cancelled += 1
        self._stop.set()

    async def events(self) -> AsyncIterator[TrainEvent]:
        for line in self.lines:
            yield line
        if self.waits:
            await self._stop.wait()
            for line in self.last_words:
                yield line
        if self.dies or (self.waits and not self.last_words):
            raise TrainingError("It ended without a word.")


@dataclass
class Bench:
    """A run's folder, what its processes are to tell, and what was asked of them."""

    config: TrainConfig
    memory: float = 100.0
    training: Actor = field(default_factory=lambda: Actor([stopped()]))
    evaluating: Actor = field(default_factory=lambda: Actor(evaluated()))
    unready: str = ""
    gate: GateResult = field(default_factory=lambda: GateResult(verdict="passed"))
    asked: list[Any] = field(default_factory=list)
    events: list[PipelineEvent] = field(default_factory=list)
    file: Path | None = None
    prepare: Prepare | None = None

    def pipeline(self) -> TrainingPipeline:
        tools = TrainingTools(
            plan=self._plan,
            train=self._train,
            unready=self._unready,
            evaluate=self._evaluate,
            judge=lambda _: self.gate,
            register=self._register,
            report=lambda adapter, _: adapter / "report.html",
        )
        return TrainingPipeline(
            self.config, self.file, prepare=self.prepare, evaluation=SETTINGS, tools=tools
        )

    async def run(
        self,
        pipeline: TrainingPipeline | None = None,
        react: Callable[[TrainingPipeline, PipelineEvent], None] = lambda *_: None,
        **given: bool,
    ) -> PipelineOutcome:
        self.events.clear()
        self.asked.clear()
        one = pipeline or self.pipeline()

        def note(event: PipelineEvent) -> None:
            self.events.append(event)
            react(one, event)

        return await one.run(on_event=note, **given)

    def _unready(self, adapter: Path, config: TrainConfig, settings: EvalSettings) -> str:
        # An earlier evaluation is held against the settings that a new one would have.
        assert settings is SETTINGS
        return self.unready

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    @property
    def steps(self) -> list[str]:
        return [asked[0] for asked in self.asked]

    def _plan(self, given: TrainConfig) -> TrainPlan:
        self.asked.append(("plan", given))
        return plan_training(given, TargetDevice(None, self.memory))

    def _train(self, file: Path, resume: bool) -> Actor:
        self.asked.append(("train", file, resume))
        return self.training

    def _evaluate(self, adapter: Path, data: Path, settings: EvalSettings) -> Actor:
        self.asked.append(("evaluate", adapter, data, settings))
        return self.evaluating

    def _register(self, adapter: Path, given: TrainConfig) -> AdapterCard:
        self.asked.append(("register", adapter))
        return AdapterCard(
            name="run", created="", base_model=given.base_model, adapter_sha256="", data_hash="",
            config={}, step=12, versions={}, gate=self.gate,
        )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A run on a dozen rows and a base without weights."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps(SHAPE), encoding="utf-8")
    data = write_rows(tmp_path / "data", [row(k) for k in range(12)], [row(20)])
    return Bench(config(data, base_model=str(base), output=str(tmp_path / "run")))
