"""Preparation and training, followed from their folders while they go on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import DataTable, Log, Sparkline, Static
from typer.testing import CliRunner

from novelcraft.cli.app import program
from novelcraft.state.evaluation import GateResult
from novelcraft.state.train_events import (
    SampleWritten,
    TrainEvent,
    TrainStarted,
    TrainStep,
    Validated,
)
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.screens.work import WorkScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.prose import ProseView
from tests.cli.conftest import point_roles_at
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import novel
from tests.graphs.training.conftest import Actor, Bench, bench, stopped
from tests.tools.books.bases import CHATML, tokenizer
from tests.tui.conftest import until

Serve = Callable[..., FakeServer]
__all__ = ["bench"]

SETTINGS = """
[prep]
base_model = "{base}"
embedding = "hash"
layout = "lean"
scene_low = 1000
scene_high = 1500
max_row_tokens = 2100
[prep.budget]
system = 150
world = 150
summary = 150
brief = 80
spare = 60
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a book that is cleaned."""
    base = tmp_path / "base"
    base.mkdir()
    tokenizer().save(str(base / "tokenizer.json"))
    (base / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    (tmp_path / "night.md").write_text(novel("night"), encoding="utf-8")
    settings = tmp_path / "config.toml"
    settings.write_text(SETTINGS.format(base=base), encoding="utf-8")
    monkeypatch.setenv("NOVELCRAFT_CONFIG", str(settings))
    folder = tmp_path / "shelf" / "data"
    made = CliRunner().invoke(
        program(), ["prep", str(tmp_path / "night.md"), "--out", str(folder), "--until", "clean"]
    )
    assert made.exit_code == 0, made.output
    return folder


def shown(app: NovelcraftApp, name: str) -> str:
    return str(app.screen.query_one(f"#{name}", Static).render())


def cell(app: NovelcraftApp, stage: str) -> str:
    table = app.screen.query_one("#stages", DataTable)
    columns = [str(column.label) for column in table.columns.values()]
    return str(table.get_row_at(0)[columns.index(stage)]) if table.row_count else ""


async def test_books_are_followed_cancelled_and_gone_on_with(
    serve: Serve, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, script = threading.Event(), s.Script()
    script.on(s.structured, s.hold(go_on), after=3, count=1)
    point_roles_at(serve(script=script), monkeypatch)
    app = NovelcraftApp(FolderShelf(data.parent))
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("2")
        works = app.screen.query_one("#works", DataTable)
        await until(pilot, lambda: works.row_count == 1 and app.focused is works)
        assert works.get_row_at(0) == ["data", "books", "", "1 book"]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WorkScreen) and cell(app, "clean") == "✓")
        assert cell(app, "rows") == "·"
        await pilot.press("w")
        await until(pilot, lambda: "process" in shown(app, "title"))
        await until(pilot, lambda: "night" in shown(app, "line"))
        await until(pilot, lambda: cell(app, "base") == "✓")
        await pilot.press("c")
        assert holder(data) is not None
        await pilot.press("c")
        await until(pilot, lambda: holder(data) is None)
        go_on.set()
        assert cell(app, "rows") == "·"
        await pilot.press("w")
        await until(pilot, lambda: cell(app, "rows") == "12", 120)
        await until(pilot, lambda: holder(data) is None)
        await until(pilot, lambda: "Preparation is done: 1 book" in shown(app, "line"))
        await pilot.press("4")
        await until(pilot, lambda: "Data card: 1 book" in shown(app, "data-card"))
        await pilot.press("escape")
        await until(pilot, lambda: "rows" in str(works.get_row_at(0)[3]))


def told(folder: Path) -> list[TrainEvent]:
    """What a training of eight steps tells, with two rounds of a sample."""
    start = TrainStarted(
        base_model="base", device="cpu", precision="fp32", steps=8, resumed_at=0, rows=12,
        validation_rows=2, batches=4, trainable=1000, weights_bytes=4000,
    )  # fmt: skip
    events: list[TrainEvent] = [start]
    for step in range(1, 9):
        events.append(
            TrainStep(
                step=step, steps=8, loss=4.0 / step, learning_rate=1e-3, gradient_norm=1.0,
                tokens_per_second=1234.0, memory_bytes=5_600_000_000,
            )
        )  # fmt: skip
        if step % 4 == 0:
            events.append(
                Validated(
                    step=step, loss=3.0 / step, perplexity=40.0 / step, train_loss=2.0, best=True,
                    chapters=(),
                )
            )  # fmt: skip
            path = folder / "samples" / "night--1" / f"step-{step:06}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"The voice after {step} steps.", encoding="utf-8")
            events.append(SampleWritten(step=step, row_id="night/1", path=str(path)))
    return events


async def test_training_is_followed_to_the_gates_verdict(
    bench: Bench,
    tmp_path: Path,
) -> None:
    folder = bench.pipeline().folder
    bench.training = Actor([*told(folder), stopped(step=8)])
    bench.gate = GateResult(verdict="failed", reasons=("It repeats 31 words.",))
    folder.mkdir(exist_ok=True)
    (folder / "train.yaml").write_text("{}", encoding="utf-8")
    app = NovelcraftApp(FolderShelf(tmp_path), folder)
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WorkScreen))
        await until(pilot, lambda: shown(app, "figures") == "No step was done yet.")
        (folder / "train.yaml").unlink()
        running = asyncio.create_task(bench.run())
        await until(pilot, lambda: "It repeats 31 words." in shown(app, "figures"))
        await running
        figures = shown(app, "figures")
        assert "Step 8 of 8: loss 0.500" in figures
        assert "Memory 5.6 GB at the most, 1,234 tokens a second" in figures
        assert "perplexity 5.00" in figures
        assert "Perplexity 30.00 before, 20.00 after." in figures
        assert app.screen.query_one("#loss", Sparkline).data == [4.0 / n for n in range(1, 9)]
        assert app.screen.query_one("#validation", Sparkline).data == [0.75, 0.375]
        await pilot.press("3")
        await until(pilot, lambda: len(app.screen.query("Columns ProseView")) == 2)
        texts = [view.text for view in app.screen.query("Columns ProseView").results(ProseView)]
        assert texts == ["The voice after 4 steps.", "The voice after 8 steps."]
        await pilot.press("5")
        log = app.screen.query_one("#headlines", Log)
        await until(pilot, lambda: any("did not pass the gate" in line for line in log.lines))
