"""Acts on a novel that nobody writes: done at once, each changing what it must and only that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from novelcraft.graphs import steering
from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.acts.registry import KINDS, needs_models
from novelcraft.present import views
from novelcraft.state import acts
from novelcraft.state.acts import ACT, Act, ActRecord
from novelcraft.state.events import SceneStarted, Waiting, WriteEvent
from novelcraft.state.plan import Plan
from novelcraft.tools.storage.lock import ProjectLock
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk

Put = Callable[[Act], ActRecord]


@pytest.fixture
async def desk(fake_server: FakeServer, open_desk: OpenDesk) -> Desk:
    """A novel with four of its nine scenes."""
    made = open_desk(fake_server)
    (made.novel.folder / "novel.toml").write_text("[novel]\npremise = 'The sea answers'\n")
    await made.write(until=4)
    return made


@pytest.fixture
def put(desk: Desk) -> Put:
    return lambda act: steering.put(desk.novel.folder, desk.novel.store, act, by="Ida")


def plan_of(desk: Desk, branch: str = "main") -> Plan:
    return desk.novel.store.plan(desk.novel.store.branch(branch).plan_version or 0)


def differing(before: Plan, after: Plan) -> dict[str, Any]:
    fields = Plan.model_fields
    return {f: getattr(after, f) for f in fields if getattr(before, f) != getattr(after, f)}


def test_every_kind_of_act_has_a_row() -> None:
    kinds = {
        schema["properties"]["kind"]["const"] for schema in ACT.json_schema()["$defs"].values()
    }
    assert {kind.model_fields["kind"].default for kind in KINDS} == kinds


async def test_a_brief_that_is_edited(desk: Desk, put: Put) -> None:
    before = plan_of(desk)
    old = before.scenes[5]
    done = put(acts.EditBrief(scene="6", changes={"goal": "Find the letter."}))
    after = plan_of(desk)
    assert (done.status, done.point, done.target, done.by) == ("applied", "idle", old.id, "Ida")
    assert done.plan_version == after.version
    changed = differing(before, after)
    assert set(changed) == {"version", "parent", "scenes", "by_author"}
    assert after.by_author == (*before.by_author, old.id)
    assert after.parent == before.version
    assert after.scenes[5] == old.model_copy(update={"goal": "Find the letter."})
    assert after.scenes[:5] + after.scenes[6:] == before.scenes[:5] + before.scenes[6:]
    assert len(desk.chain()) == 4


@pytest.mark.parametrize(
    ("act", "part", "value", "own"),
    [
        (acts.EditChapter(chapter="3", changes={"title": "Ashes"}), "chapters", "Ashes", "ch03"),
        (acts.EditCharacter(character="c2", changes={"want": "Peace"}), "cast", "Peace", "c2"),
        (acts.EditWorld(changes={"text": "It always rains."}), "world", "It always rains", "world"),
    ],
)
async def test_other_parts_of_the_plan(
    desk: Desk, put: Put, act: Act, part: str, value: str, own: str
) -> None:
    before = plan_of(desk)
    assert put(act).status == "applied"
    changed = differing(before, plan_of(desk))
    assert set(changed) == {"version", "parent", part, "by_author"}
    assert value in str(changed[part])
    # What a person edited is the author's own, and is shown as such.
    assert plan_of(desk).by_author == (*before.by_author, own)
    shown = views.plan(desk.novel, "main").split("\n\n")
    assert "[author]" in next(paragraph for paragraph in shown if value in paragraph)
    assert str(before).count(value) == 0


async def test_the_summary_that_the_next_scene_starts_from(desk: Desk, put: Put) -> None:
    before = desk.chain()
    done = put(acts.EditSummary(text="Elias has drowned."))
    after = desk.chain()
    assert after[:3] == before[:3]
    assert after[3].id == done.commit
    assert after[3].summary == "Elias has drowned."
    assert after[3].prose == before[3].prose
    kept = f"main@{before[3].id[:8]}"
    assert desk.novel.store.branch(kept).head == before[3].id
    await desk.write(until=5)
    prompt = desk.novel.prompt("5")[0]
    assert any("Elias has drowned." in message.content for message in prompt)


async def test_a_fact_that_is_put_right_marks_what_rests_on_it(desk: Desk, put: Put) -> None:
    before = desk.chain()
    place = next(n for n, c in enumerate(before) if c.facts)
    fact = before[place].facts[0]
    done = put(
        acts.EditFact(
            scene=str(place + 1),
            subject=fact.subject,
            statement=fact.statement,
            becomes="It was never there.",
        )
    )
    after = desk.chain()
    assert done.commit == after[place].id
    assert after[place].facts[0].statement == "It was never there."
    assert after[place].facts[1:] == before[place].facts[1:]
    assert [c.prose for c in after] == [c.prose for c in before]
    missing = put(acts.EditFact(scene="1", subject="Nobody", statement="was here"))
    assert missing.status == "refused"
    assert "does not state" in missing.reason


async def test_what_holds_from_here_on(desk: Desk, put: Put) -> None:
    put(acts.PinFact(subject="Anna", statement="is blind"))
    put(acts.PinFact(subject="Tom", statement="is dead"))
    put(acts.PinFact(subject="Tom", statement="is dead", pinned=False))
    noted = put(acts.Note(text="More rain."))
    put(acts.SetRole(role="narrator", changes={"sampling": {"temperature": 0.3}}))
    put(acts.Approve(gate="plan"))
    put(acts.Approve(gate="scene", target="6"))
    put(acts.Approve(gate="chapter", target="2"))
    plan, standing = plan_of(desk), ActsInForce(desk.novel.store, "main")
    assert standing.pinned == ["Anna: is blind"]
    assert noted.target == plan.scenes[4].id
    assert standing.notes(noted.target, 1) == ["More rain."]
    assert standing.roles == {"narrator": {"sampling": {"temperature": 0.3}}}
    assert standing.approved == {"plan", plan.scenes[5].id, plan.chapters[1].id}


async def test_a_note_for_a_scene_to_come_is_refused_where_none_is(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    novel = open_desk(fake_server, novel={"pages": 2}).novel
    left: list[ActRecord] = []

    def note_with_the_last_scene(event: WriteEvent) -> None:
        if isinstance(event, SceneStarted) and event.position == event.scenes and not left:
            left.append(novel.store.put_act(acts.Note(text="Rain."), branch="main", by="Ida"))

    await novel.write(on_event=note_with_the_last_scene)
    during = novel.store.act(left[0].id)
    after = steering.put(novel.folder, novel.store, acts.Note(text="More rain."), by="Ida")
    for record in (during, after):
        assert record.status == "refused"
        assert "No scene is to come" in record.reason


async def test_a_fork_and_an_exemption(desk: Desk, put: Put) -> None:
    assert put(acts.Fork(scene="2", name="other")).commit == desk.chain()[1].id
    assert desk.chain("other") == desk.chain()[:2]
    for wrong in (acts.Fork(scene="2", name="other/x"), acts.Exempt(key="no:such")):
        assert put(wrong).status == "refused"
    found = [f for c in desk.chain() for f in c.findings]
    for finding in found[:1]:
        assert put(acts.Exempt(key=finding.key)).status == "applied"
        assert finding.key in desk.novel.store.exemptions()


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (acts.Pause(), "No run"),
        (acts.Resume(), "No run"),
        (acts.Stop(), "No run"),
        (acts.Reject(), "no gate"),
        (acts.Approve(), "no gate"),
        (acts.Note(text="word " * 5_000), "room for"),
        (acts.Note(text="Rain", scene="2"), "written already"),
        (acts.EditBrief(scene="99", changes={"goal": "x"}), "no scene '99'"),
        (acts.EditBrief(scene="6", changes={"gaol": "x"}), "Did you mean 'goal'"),
        (acts.EditBrief(scene="6", changes={"id": "s001"}), "cannot be changed"),
        (acts.EditBrief(scene="6", changes={"beats": 3}), "cannot be 3"),
        (acts.EditBrief(scene="6", changes={"pov": "c99"}), "break its rules"),
        (acts.EditChapter(chapter="77", changes={"title": "x"}), "no chapter"),
        (acts.EditCharacter(character="Nobody", changes={"want": "x"}), "no 'Nobody'"),
        (acts.EditWorld(changes={"texts": "x"}), "Did you mean 'text'"),
        (acts.SetRole(role="narator", changes={"adapter": "x"}), "Did you mean 'narrator'"),
        (acts.SetRole(role="narrator", changes={"model": "x"}), "must be"),
        (acts.SetRole(role="narrator", changes={"temprature": 1}), "Extra inputs"),
        (acts.Approve(gate="scene", target="99"), "no scene"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_reason(
    desk: Desk, put: Put, act: Act, reason: str
) -> None:
    before, chain = desk.novel.store.branch("main"), desk.chain()
    refused = put(act)
    assert refused.status == "refused"
    assert reason in refused.reason
    assert desk.novel.store.branch("main") == before
    assert desk.chain() == chain


async def test_what_needs_a_model_waits_for_a_process(desk: Desk, put: Put) -> None:
    left = put(acts.Redraw(scene="2"))
    assert needs_models(left.act)
    assert steering.needs_process(desk.novel.folder, left)
    running = steering.takes_acts(desk.novel.folder, "main")
    assert steering.taken_at(desk.novel.store, left, running=running) == "when a run goes on"
    assert desk.novel.store.undo_act(left.id).status == "undone"


async def test_an_act_is_left_while_another_process_holds_the_novel(desk: Desk, put: Put) -> None:
    with ProjectLock(desk.novel.folder, writes="main"):
        left = put(acts.EditWorld(changes={"text": "It rains."}))
        assert left.status == "pending"
        running = steering.takes_acts(desk.novel.folder, "main")
        at = steering.taken_at(desk.novel.store, left, running=running)
        assert at == "before the next brief"
        assert not steering.needs_process(desk.novel.folder, left)
    later = put(acts.PinFact(subject="Anna", statement="is blind"))
    assert desk.novel.store.act(left.id).status == "applied"
    assert later.status == "applied"


async def test_what_comes_after_the_last_safe_point_is_named_and_done_by_the_next(
    desk: Desk, put: Put
) -> None:
    old = desk.chain()[1]

    def late(event: WriteEvent) -> None:
        desk.events.append(event)
        if event.kind == "scene_committed":
            desk.novel.store.put_act(acts.Redraw(scene="2"), branch="main", by="Ida")

    await desk.novel.write(on_event=late, until=5)
    (left,) = desk.novel.store.acts("main", "pending")
    told = desk.of("notice")[-1].text
    assert f"(act {left.id})" in told
    assert f"novelcraft steer {desk.novel.folder} apply" in told
    assert desk.chain()[1] == old
    await desk.write(until=6)
    assert desk.novel.store.act(left.id).status == "applied"
    assert desk.chain()[1].prose != old.prose
    assert [event.text for event in desk.of("notice")].count(told) == 1


async def test_what_is_left_while_an_act_is_done_is_done_after_it(desk: Desk) -> None:
    late: list[Act] = [acts.EditWorld(changes={"text": "It rains."}), acts.Redraw(scene="3")]
    old = desk.chain()

    def leave_more(event: WriteEvent) -> None:
        if event.kind == "act_settled" and late:
            while late:
                desk.novel.store.put_act(late.pop(0), branch="main", by="Ida")

    await desk.novel.steer(acts.Redraw(scene="2"), on_event=leave_more)
    assert {record.status for record in desk.novel.store.acts("main")} == {"applied"}
    assert [a.prose == b.prose for a, b in zip(old, desk.chain(), strict=True)] == [
        True,
        False,
        False,
        True,
    ]
    assert plan_of(desk).world.text == "It rains."


async def test_a_run_goes_on_with_what_was_changed_while_it_was_away(desk: Desk, put: Put) -> None:
    put(acts.EditBrief(scene="5", changes={"goal": "Burn the lighthouse."}))
    await desk.write(until=5)
    prompt = desk.novel.prompt("5")[0]
    assert any("Burn the lighthouse." in message.content for message in prompt)


def test_an_act_that_says_nothing_is_none() -> None:
    for wrong in ({"kind": "note", "text": " "}, {"kind": "dance"}, {"kind": "pause", "x": 1}):
        with pytest.raises(ValidationError):
            ACT.validate_python(wrong)


def test_steering_loads_nothing_heavy() -> None:
    heavy = "langgraph", "chromadb", "onnxruntime", "torch", "openai"
    code = (
        f"import sys, novelcraft.graphs.steering; print([m for m in {heavy} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


async def test_a_gate_is_still_waited_at_after_the_plan_was_edited_meanwhile(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("plan",)})
    novel = desk.novel
    (novel.folder / "novel.toml").write_text("[novel]\npremise = 'The sea answers'\n")
    assert await desk.write() is None
    steering.put(novel.folder, novel.store, acts.EditWorld(changes={"text": "It rains."}))
    assert await desk.write(until=1) is None
    assert [e.gate for e in desk.of("waiting")] == ["plan", "plan"]
    assert desk.chain() == []
    approved = steering.put(novel.folder, novel.store, acts.Approve())
    assert (approved.status, approved.target) == ("applied", "plan")
    await desk.write(until=1)
    assert len(desk.chain()) == 1
    assert plan_of(desk).world.text == "It rains."
    assert len(desk.of("waiting")) == 2


@pytest.mark.parametrize("branch", ["main", "other"])
async def test_a_replan_writes_over_no_brief_that_a_person_edited(
    fake_server: FakeServer, open_desk: OpenDesk, branch: str
) -> None:
    desk = open_desk(fake_server)
    novel = desk.novel
    (novel.folder / "novel.toml").write_text("[novel]\npremise = 'The sea answers'\n")
    await desk.write(until=1)
    first = plan_of(desk).scenes_of("ch02")[0]
    steering.put(
        novel.folder, novel.store, acts.EditBrief(scene=first.id, changes={"goal": "Burn it."})
    )
    await desk.write(until=2)
    if branch != "main":
        novel.fork("2", branch)
    await desk.write(until=len(plan_of(desk).scenes_of("ch01")) + 1, branch=branch)
    replans = [event for event in desk.of("plan_ready") if event.replan]
    assert replans
    assert plan_of(desk, branch).scene(first.id).goal == "Burn it."
    assert desk.chain(branch)[-1].scene_id == first.id


async def test_what_another_process_leaves_during_a_draft_waits_for_a_safe_point(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    store, left = desk.novel.store, list[int]()

    def leave(event: WriteEvent) -> None:
        desk.events.append(event)
        if isinstance(event, SceneStarted) and event.position == 1 and not left:
            wanted: list[Act] = [
                acts.EditBrief(scene="2", changes={"goal": "Burn the pier."}),
                acts.EditBrief(scene="2", changes={"goal": "Swim away."}),
                acts.EditBrief(scene="1", changes={"goal": "Too late."}),
                acts.Note(text="More rain."),
                acts.Redraw(scene="1", note="Darker."),
                acts.SetRole(role="narrator", changes={"sampling": {"top_p": 0.5}}),
            ]
            left.extend(store.put_act(act, branch="main", by="").id for act in wanted)

    await desk.novel.write(on_event=leave, until=2)
    records = [store.act(n) for n in left]
    assert [r.status for r in records] == ["applied", "applied", "refused", *["applied"] * 3]
    assert "written already" in records[2].reason
    told = desk.of("act_settled")
    assert [event.act for event in told] == left
    assert records[4].commit == desk.chain()[0].id
    first, second = desk.chain()
    assert plan_of(desk).scene("s002").goal == "Swim away."
    prompts = ["".join(m.content for m in desk.novel.prompt(n)[0]) for n in ("1", "2")]
    assert "Darker." in prompts[0]
    assert "More rain." in prompts[1]
    assert "Swim away." in prompts[1]
    assert second.provenance.sampling["top_p"] == 0.5
    assert first.provenance.sampling.get("top_p") != 0.5


async def test_a_scene_that_a_person_put_there_asks_for_no_answer(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("scene",)})
    store = desk.novel.store

    def write_it_oneself(event: WriteEvent) -> None:
        desk.events.append(event)
        if isinstance(event, Waiting) and event.about == "scene 1":
            act = acts.EditScene(scene="1", prose="The lamp went out. Elias wept.")
            store.put_act(act, branch="main", by="")
        elif isinstance(event, Waiting):
            store.put_act(acts.Stop(), branch="main", by="")

    await desk.novel.write(on_event=write_it_oneself, wait=True)
    assert desk.chain()[0].prose == "The lamp went out. Elias wept."
    assert [event.about for event in desk.of("waiting")] == ["scene 1", "scene 2"]
    assert len(desk.chain()) == 2
