"""A run in a process of its own, steered from others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from novelcraft.graphs.steering import waiting_at
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import ProjectLock
from tests.cli.conftest import Outcome, Run
from tests.cli.writing import PREMISE, Start
from tests.fakes.server import FakeServer


def acts(told: Outcome) -> list[dict[str, Any]]:
    assert told.code == 0, told.err
    return list(json.loads(told.out))


def steer(run: Run, *words: object) -> int:
    """Leave an act; gives its number."""
    (act,) = acts(run("steer", "n", "--json", *words))
    return int(act["id"])


def test_a_gate_is_answered_and_the_book_changed_from_another_process(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    writing = start("--attend", "plan,scene", "--wait")
    writing.waits("plan")
    first = writing.plan
    steer(run, "reject", "--note", "Let it be funny.")
    writing.until(lambda: writing.plan.hash != first.hash)
    writing.waits("plan")
    assert any("Let it be funny." in request.user for request in novelist.requests)
    goal = writing.settled(steer(run, "brief", "s001", "goal=Burn the pier."))
    assert (goal.status, goal.point, goal.plan_version) == ("applied", "gate", writing.plan.version)
    writing.waits("plan")
    pinned = steer(run, "pin", "Elias", "is left-handed")
    answer = steer(run, "approve")
    writing.until(lambda: writing.chain)
    assert writing.settled(answer).target == "plan"
    assert writing.settled(pinned).id < answer
    prompt = writing.store.calls(purpose="scene.narrate")[0].messages[1].content
    assert "Burn the pier." in prompt
    assert "Elias: is left-handed" in prompt
    writing.waits("scene")
    old = writing.chain[0]
    steer(run, "reject", "--note", "More rain.")
    writing.until(lambda: writing.chain and writing.chain[0].id != old.id)
    writing.until(lambda: waiting_at(writing.store, "main"))
    steer(run, "approve", "chapter", "1")
    ended = steer(run, "stop")
    scenes = len(writing.plan.scenes_of(writing.plan.chapters[0].id))
    writing.until(lambda: writing.store.act(ended).status == "applied")
    assert writing.process.wait(120) == 0
    assert 1 <= len(writing.chain) <= scenes
    asked = [e.event.model_dump()["about"] for e in writing.store.events("waiting")]
    assert asked[-2:] == ["scene 1", "scene 1"], "a permission for the chapter asks no more"


def test_a_run_is_paused_noted_and_stopped_at_its_safe_points(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    writing = start("--attend", "plan", "--wait")
    writing.waits("plan")
    steer(run, "approve")
    writing.until(lambda: writing.chain)
    assert writing.settled(steer(run, "pause")).status == "applied"
    written = len(writing.chain)
    waits = steer(run, "world", "text=It always rains.")
    here_and_now = steer(run, "note", "--scene", str(written + 1), "A dog barks.")
    assert writing.settled(here_and_now).status == "applied"
    time.sleep(0.5)
    assert len(writing.chain) == written
    steer(run, "resume")
    writing.until(lambda: len(writing.chain) > written)
    assert writing.settled(waits).point in ("brief", "draft")
    stop = steer(run, "stop")
    assert writing.process.wait(120) == 0
    assert writing.settled(stop).status == "applied"
    assert writing.plan.world.text == "It always rains."
    prompts = [c.messages[1].content for c in writing.store.calls(purpose="scene.narrate")]
    assert sum("A dog barks." in prompt for prompt in prompts) >= 1
    late = run("steer", "n", "pause")
    assert late.code == 10
    assert "No run is going on" in late.err


def test_what_waits_for_a_run_is_listed_and_can_be_taken_back(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    writing = start("--until", "1")
    assert writing.process.wait(120) == 0
    with ProjectLock(writing.folder, writes="main"):
        kept, undone = (steer(run, "note", text) for text in ("A dog barks.", "Never mind."))
        listed = run("steer", "n", "--list").out.splitlines()
        assert listed[0].endswith("waits, and is taken before the next draft")
        (taken_back,) = acts(run("steer", "n", "--json", "--undo", undone))
        assert taken_back["status"] == "undone"
    assert run("steer", "n", "apply").code == 0
    assert [act["status"] for act in acts(run("steer", "n", "--list", "--json"))] == [
        "applied",
        "undone",
    ]
    assert writing.settled(kept).target == "s002"
    again = run("steer", "n", "--undo", kept)
    assert (again.code, "applied already" in again.err) == (10, True)
    assert start("--until", "2").process.wait(60) == 0
    prompt = writing.store.calls(purpose="scene.narrate")[-1].messages[1].content
    assert "A dog barks." in prompt
    assert "Never mind." not in prompt


def test_what_waits_outlives_a_run_that_is_killed(
    run: Run, start: Start, novelist: FakeServer
) -> None:
    writing = start("--attend", "plan", "--wait")
    writing.waits("plan")
    steer(run, "approve")
    writing.until(lambda: writing.chain)
    writing.settled(steer(run, "pause"))
    left = [
        steer(run, "put", json.dumps(act))
        for act in (
            {"kind": "edit_world", "changes": {"text": "It rains."}},
            {"kind": "edit_world", "changes": {"text": "It rains no more."}},
            {"kind": "set_role", "role": "narrator", "changes": {"sampling": {"top_p": 0.5}}},
        )
    ]
    writing.process.send_signal(signal.SIGKILL)
    writing.process.wait()
    assert {writing.store.act(n).status for n in left} <= {"pending", "applied"}
    again = start("--attend", "plan", "--wait", "--until", "3")
    assert again.process.wait(60) == 0
    assert [again.store.act(n).status for n in left] == ["applied"] * 3
    assert again.plan.world.text == "It rains no more."
    assert len(again.chain) == 3
    assert again.chain[-1].provenance.sampling["top_p"] == 0.5
    assert "top_p" not in again.chain[0].provenance.sampling or (
        again.chain[0].provenance.sampling["top_p"] != 0.5
    )
    assert [c.position for c in again.chain] == [1, 2, 3]


def test_without_a_run_a_scene_is_made_again_at_once(
    run: Run, start: Start, novelist: FakeServer, here: Path
) -> None:
    writing = start("--until", "2")
    assert writing.process.wait(120) == 0
    old = writing.chain
    redrawn = writing.settled(steer(run, "redraw", 1, "--note", "More rain."))
    assert (redrawn.status, redrawn.point, redrawn.commit) == (
        "applied",
        "idle",
        writing.chain[0].id,
    )
    assert writing.chain[0].prose != old[0].prose
    assert writing.chain[1].prose == old[1].prose
    chosen = writing.settled(steer(run, "choose", 1, old[0].id))
    assert writing.chain[0].id == chosen.commit
    assert writing.chain[0].prose == old[0].prose
    assert writing.chain[0].provenance == old[0].provenance
    assert writing.chain[0].accepted_by == "person"
    (here / "mine.md").write_text("The lamp went out. Elias wept.\n", encoding="utf-8")
    steer(run, "edit", 1, "--file", here / "mine.md")
    assert writing.chain[0].prose == "The lamp went out. Elias wept."
    assert writing.chain[1].stale
    replayed = writing.settled(steer(run, "replay"))
    assert replayed.status == "applied"
    assert not any(commit.stale for commit in writing.chain)
    assert writing.chain[1].prose != old[1].prose
    none_left = run("steer", "n", "replay")
    assert none_left.code == 10
    assert "No scene is marked" in none_left.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Nothing was said"),
        (("put", "{"), "no JSON"),
        (("put", "[]"), "a JSON object"),
        (("put", '{"kind": "dance"}'), "does not match any of the expected tags"),
        (("put", '{"kind": "note"}'), "text"),
        (("note", " "), "text"),
        (("brief", "1", "goal"), "is not FIELD=VALUE"),
        (("approve", "gate"), "gate"),
        (("--undo", "9"), "no act 9"),
        (("--branch", "other", "pause"), "no branch 'other'"),
        (("edit", "1", "--file", "nothing.md"), "there is no such file"),
        (("redraw", "1"), "no scene '1'"),
    ],
)
def test_what_makes_no_sense_is_told(
    run: Run, novelist: FakeServer, here: Path, words: tuple[str, ...], message: str
) -> None:
    assert run("new", "n", "--premise", PREMISE).code == 0
    told = run("steer", "n", *words)
    assert told.code >= 10
    assert message in told.err
    assert "Traceback" not in told.err


def test_a_folder_without_a_novel_cannot_be_steered(run: Run, here: Path) -> None:
    assert run("steer", "nothing", "pause").code == 21


def test_a_full_disk_leaves_no_half_an_act(run: Run, novelist: FakeServer, here: Path) -> None:
    assert run("new", "n", "--premise", PREMISE).code == 0
    assert run("steer", "n", "pin", "Elias", "is left-handed").code == 0
    with closing(ManuscriptStore.open(here / "n" / "novel.db")) as store:
        before = store.acts()
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from novelcraft.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "steer", "n", "note", "x" * 20_000]
    full = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert full.returncode == 24, full.stderr
    assert "Traceback" not in full.stderr
    with closing(ManuscriptStore.open(here / "n" / "novel.db")) as store:
        assert store.acts() == before
