"""The verbs that change a novel, while a run in another process writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.state.acts import ActRecord
from novelcraft.tools.storage.lock import ProjectLock
from tests.cli.conftest import Outcome, Run
from tests.cli.writing import Start, Writing
from tests.fakes.server import FakeServer

MINE = "The lamp went out. Elias wept."

Paused = Callable[[int], Writing]


@pytest.fixture
def paused(run: Run, start: Start, novelist: FakeServer) -> Paused:
    """Begins a run that waits after so many scenes."""

    def begin(scenes: int) -> Writing:
        writing = start("--attend", "plan", "--wait")
        writing.waits("plan")
        assert run("steer", "n", "approve").code == 0
        writing.until(lambda: len(writing.chain) >= scenes)
        assert run("steer", "n", "pause").code == 0
        writing.settled(writing.store.acts("main")[-1].id)
        return writing

    return begin


def left(told: Outcome, writing: Writing) -> ActRecord:
    assert told.code == 0, told.err
    act = writing.store.acts("main")[-1]
    assert told.out.startswith(f"{act.id:>4}  ")
    return act


def test_a_scene_is_redrawn_and_another_edited_by_the_run_that_writes(
    run: Run, paused: Paused, here: Path
) -> None:
    writing = paused(2)
    before = writing.chain
    (here / "mine.md").write_text(MINE, encoding="utf-8")
    told = run("redraw", "n", 1, "--note", "More rain, and a dog.")
    redrawn = left(told, writing)
    assert "is taken before the next" in told.out or redrawn.status == "applied"
    edited = left(run("edit", "n", 2, "--file", here / "mine.md"), writing)
    assert run("steer", "n", "resume").code == 0
    assert writing.settled(redrawn.id).status == "applied"
    assert writing.settled(edited.id).status == "applied"
    writing.until(lambda: len(writing.chain) > len(before))
    assert run("steer", "n", "stop").code == 0
    assert writing.process.wait(60) == 0
    after = writing.chain
    assert after[0].prose != before[0].prose
    assert after[1].prose == MINE
    assert [commit.position for commit in after] == list(range(1, len(after) + 1))
    assert after[2].parent == after[1].id
    asked = [call.messages for call in writing.store.calls(purpose="scene.narrate")]
    assert any("More rain, and a dog." in messages[1].content for messages in asked)
    kept = [writing.store.commit_ids(branch.head) for branch in writing.store.branches()]
    assert any(before[-1].id in ids for ids in kept)


def test_a_run_that_waits_at_a_gate_redraws_there(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    writing = start("--attend", "plan,scene", "--wait")
    writing.waits("plan")
    assert run("steer", "n", "approve").code == 0
    writing.waits("scene")
    (old,) = writing.chain
    act = left(run("redraw", "n", 1, "--note", "More rain."), writing)
    assert writing.settled(act.id).point == "gate"
    (new,) = writing.chain
    assert new.prose != old.prose
    writing.waits("scene")
    assert run("steer", "n", "stop").code == 0
    assert writing.process.wait(60) == 0
    assert writing.chain == [new]


def test_what_is_left_for_the_run_can_be_taken_back(run: Run, paused: Paused) -> None:
    writing = paused(1)
    before = writing.chain
    assert run("steer", "n", "stop").code == 0
    assert writing.process.wait(60) == 0
    written = writing.chain
    with ProjectLock(writing.folder, writes="main"):
        told = run("redraw", "n", 1)
        act = left(told, writing)
        assert "waits, and is taken before the next brief" in told.out
        assert f"novelcraft steer n --undo {act.id}" in told.out
        assert run("steer", "n", "--undo", act.id).code == 0
    assert run("steer", "n", "apply").code == 0
    assert writing.chain == written
    assert written[: len(before)] == before


def test_a_fork_and_an_exemption_wait_for_nobody(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    first = start("--until", "1")
    assert first.process.wait(60) == 0
    (first.folder / "words.md").write_text("The lamp was cold. She lit it again. " * 60, "utf-8")
    assert run("edit", "n", 1, "--file", first.folder / "words.md").code == 0
    listed = run("show", "n", "findings").out
    key = next(line.split()[1] for line in listed.splitlines() if line.strip().startswith("key "))
    writing = start()
    writing.until(lambda: len(writing.chain) >= 2)
    told = run("fork", "n", "--at", 1, "--name", "darker")
    assert told.code == 0, told.err
    assert "novelcraft write n --branch darker" in told.out
    assert run("exempt", "n", key, "--reason", "A refrain").code == 0
    assert writing.process.poll() is None
    assert f"key {key} (intended)" in run("show", "n", "findings").out
    assert writing.store.branch("darker").head == writing.chain[0].id
    writing.until(lambda: len(writing.chain) >= 3)
    assert run("steer", "n", "stop").code == 0
    assert writing.process.wait(60) == 0
    assert len(writing.store.commit_ids(writing.store.branch("darker").head)) == 1


def test_what_no_run_would_take_is_refused_and_nothing_is_left(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    """A run of another branch, or a command that takes no acts, would leave it lying."""
    writing = start("--until", "2")
    assert writing.process.wait(60) == 0
    assert run("fork", "n", "--at", 1, "--name", "darker").code == 0
    for holds, branch in (("main", "darker"), ("", "main")):
        with ProjectLock(writing.folder, writes=holds):
            told = run("redraw", "n", 1, "--branch", branch)
        assert told.code == 22
        assert "is in use by process" in told.err
    assert writing.store.acts("darker") == writing.store.acts("main") == []
