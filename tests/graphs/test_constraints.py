"""What a redraft must heed, and what a person noted, is in the prompt that it is drawn from."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from novelcraft.state.acts import Act, EditBrief, EditWorld, PinFact, Redraw
from novelcraft.state.events import DraftChecked, WriteEvent
from novelcraft.state.findings import blocking
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Decision, Desk, GateRequest, OpenDesk

NOTE = "She must not see his face yet."


def faulty() -> s.Script:
    """A narrator of whom every draft but each third has a fault, now and then two of them."""
    script = s.Script()
    script.on(s.prose, s.edit(lambda text: f"Scene: {text}\n\n{text}"), after=1, count=1)
    for _ in range(200):
        script.on(s.prose, s.loop(), count=1)
        script.on(s.prose, s.refuse(), count=1)
        script.on(s.prose, s.edit(str), count=1)
    return script


class Redrafts:
    """Collects, while a novel is written, what each redraft is to heed."""

    def __init__(self, desk: Desk) -> None:
        self._store = desk.novel.store
        self.heed: dict[str, list[str]] = defaultdict(list)

    def __call__(self, event: WriteEvent) -> None:
        if isinstance(event, DraftChecked) and event.verdict == "redraft":
            head = (self._store.branch("main").head or "root")[:12]
            step = f"main/{head}/{event.scene_id}/0"
            draft = self._store.draft(f"{step}/{event.attempt}")
            assert draft is not None
            earlier = self.heed.get(f"{step}/{event.attempt}", [])
            found = [f.constraint for f in blocking(draft.all_findings)]
            self.heed[f"{step}/{event.attempt + 1}"] = [*earlier, *found]


@pytest.mark.parametrize("preset", ["small", "standard"])
async def test_every_redraft_is_asked_with_all_that_it_must_heed(
    serve: type[FakeServer], open_desk: OpenDesk, preset: str
) -> None:
    desk = open_desk(
        serve(script=faulty()),
        novel={"pages": 8},
        write={"preset": preset, "attempts": 4, "stop_after_capped": 0},
    )
    redrafts = Redrafts(desk)
    await desk.novel.write(on_event=redrafts)
    asked = {
        call.step.rpartition("/")[0]: call.messages[1].content
        for call in desk.novel.store.calls(purpose="scene.narrate")
    }
    assert len(redrafts.heed) > 20
    for step, constraints in redrafts.heed.items():
        assert constraints
        for constraint in constraints:
            assert f"Take care: {constraint}" in asked[step]
    others = [text for step, text in asked.items() if step not in redrafts.heed]
    assert not any("Take care" in text for text in others)


@pytest.mark.parametrize("preset", ["small", "standard"])
async def test_a_persons_note_is_in_the_prompt_of_every_draft(
    serve: type[FakeServer], open_desk: OpenDesk, preset: str
) -> None:
    script = s.Script()
    desk = open_desk(serve(script=script), write={"preset": preset, "attempts": 3})
    await desk.write(until=4)
    known = len(desk.novel.store.calls(purpose="scene.narrate"))
    script.on(s.prose, s.loop(), count=1)
    await desk.do(Redraw(scene="4", note=NOTE))
    drawn = desk.novel.store.calls(purpose="scene.narrate")[known:]
    assert len(drawn) > 1
    for call in drawn:
        assert f"Take care: {NOTE}" in call.messages[1].content
    prompt, made = desk.novel.prompt("4")
    assert NOTE in prompt[1].content
    part = next(p for p in made.sections if p.name == "cautions")
    assert part.tokens > 0
    assert part.trimmed == 0


async def test_a_note_that_is_too_long_is_refused_before_anything_is_drawn(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve())
    await desk.write(until=2)
    before = desk.chain(), desk.novel.store.branches(), len(desk.novel.store.calls())
    refused = await desk.do(Redraw(scene="2", note=NOTE * 100))
    assert re.match(r"Your note takes \d+ tokens, .* room for 160", refused.reason)
    assert before == (desk.chain(), desk.novel.store.branches(), len(desk.novel.store.calls()))


async def test_a_note_at_the_scenes_gate_that_is_too_long_is_asked_for_again(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve(), write={"attend": ("scene",)})
    asked: list[str] = []

    def decide(request: GateRequest) -> Decision:
        asked.append(request.text)
        if len(asked) > 2:
            return Decision(action="stop")
        return Decision(action="redraw", note=NOTE * (100 if len(asked) == 1 else 1))

    await desk.write(decide=decide)
    assert asked[1].startswith("Your note takes")
    last = desk.novel.store.calls(purpose="scene.narrate")[-1]
    assert f"Take care: {NOTE}" in last.messages[1].content


async def test_what_a_person_wrote_and_the_prompt_has_no_room_for_is_told(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve(), write={"preset": "small"})
    await desk.write(until=1)
    long = " ".join(f"Lamp {n} is lit by hand before the tide turns." for n in range(60))
    edits: list[Act] = [
        EditBrief(scene="2", changes={"beats": [f"{n}. {long[:200]}" for n in range(12)]}),
        EditWorld(changes={"text": f"It rains. {long}"}),
        *(PinFact(subject=f"Elias {n}", statement=long[:300]) for n in range(12)),
    ]
    for act in edits:
        await desk.novel.steer(act, on_event=desk.events.append)
    told = await notices(desk, 2)
    begins = r"The prompt of s002 has \d+ tokens for (.*), and left out: (.*)"
    parts = [re.fullmatch(begins, text) for text in told]
    assert [part and part[1] for part in parts] == [
        "the world that you edited",
        "your pinned facts",
        "your brief",
    ]
    cut = {part.name: part.cut for part in desk.chain()[1].provenance.sections}
    for name, part in zip(("world", "canon", "brief"), parts, strict=True):
        assert part
        assert part[2] == " / ".join(text.strip() for text in cut[name])
    (later,) = await notices(desk, 3)
    assert later.startswith("The prompt of s003")
    assert "your pinned facts" in later


async def test_what_fits_or_is_the_planners_own_is_not_told(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve(), write={"preset": "small"})
    await desk.write(until=1)
    await desk.novel.steer(
        PinFact(subject="Elias", statement="is left-handed"), on_event=desk.events.append
    )
    await desk.novel.steer(
        EditBrief(scene="2", changes={"goal": "Burn the pier."}), on_event=desk.events.append
    )
    assert await notices(desk, 2) == []


async def notices(desk: Desk, until: int) -> list[str]:
    """What is told while a novel is written on."""
    known = len(desk.of("notice"))
    await desk.write(until=until)
    return [event.text for event in desk.of("notice")[known:] if "left out" in event.text]
