"""What each reader of a draft is asked, and what its answer does to the draft."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from novelcraft.config.presets import SMALL
from novelcraft.state.acts import EditScene
from novelcraft.state.findings import Severity
from tests.fakes import script as s
from tests.fakes.chat import ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.conftest import CAST, Desk, OpenDesk

Serve = Callable[..., FakeServer]

PROBLEM = "Elias Marrow sold the boat, but here he rows it."
OWN = "Elias Marrow sold the boat that morning.\n\nHe did not look back."


def about_elias(text: str) -> str:
    """The planner's scenes, all of them Elias's alone."""
    scenes = json.loads(text)["scenes"]
    alone = [{**scene, "pov": "Elias Marrow", "present": ["Elias Marrow"]} for scene in scenes]
    return json.dumps({"scenes": alone})


def planned() -> s.Script:
    """A script for a book about Elias Marrow, who is alone in every scene."""
    script = s.Script()
    script.on(s.with_schema("CastAnswer"), s.say(json.dumps({"cast": CAST})))
    script.on(s.with_schema("ScenesAnswer"), s.edit(about_elias))
    return script


def facts(request: ChatRequest) -> str:
    """Of every scene a fact about Elias, one about Anna, and one about a man of his name."""
    said = request.key[:6]
    found = [
        {"about": "ELIAS MARROW", "fact": f"He has thing {said}.", "quote": "x"},
        {"about": "Anna Veil", "fact": f"She has thing {said}.", "quote": "x"},
        {"about": "Eliasson", "fact": f"He has no thing {said}.", "quote": "x"},
    ]
    return json.dumps({"facts": found})


def contradictory(count: int | None = None) -> s.Script:
    """A continuity agent that finds one contradiction, in the first words of the scene."""
    script = planned()
    script.on(s.with_schema("FactsAnswer"), s.say(facts))

    def found(request: ChatRequest) -> str:
        quote = scene_of(request)[:30]
        return json.dumps({"contradictions": [{"quote": quote, "problem": PROBLEM}]})

    script.on(s.with_schema("ContinuityAnswer"), s.say(found), count=count)
    return script


def scene_of(request: ChatRequest) -> str:
    return request.user.split('"""')[1].strip()


def summaries(*answers: str) -> s.Script:
    """An archivist that gives these summaries one after the other, then ones that are good."""
    script = planned()
    for answer in answers:
        script.on(s.with_schema("SummaryAnswer"), s.say(json.dumps({"summary": answer})), count=1)
    good = json.dumps({"summary": "Elias Marrow waits."})
    script.on(s.with_schema("SummaryAnswer"), s.say(good))
    return script


def asked(server: FakeServer, schema: str) -> list[ChatRequest]:
    return [r for r in server.requests if r.schema_name == schema]


def known(request: ChatRequest) -> list[str]:
    """What the continuity agent is told was true before."""
    block = request.user.split("What was true before this scene:")[1].split('"""')[1]
    return [line.removeprefix("- ") for line in block.strip().splitlines()]


async def written(
    serve: Serve, open_desk: OpenDesk, script: s.Script, scenes: int, **write: Any
) -> tuple[Desk, FakeServer]:
    server = serve(script=script)
    desk = open_desk(server, write=write)
    await desk.write(until=scenes)
    return desk, server


async def test_a_draft_is_held_against_what_is_known_of_those_present(
    serve: Serve, open_desk: OpenDesk
) -> None:
    script = planned()
    script.on(s.with_schema("FactsAnswer"), s.say(facts))
    desk, server = await written(serve, open_desk, script, 3)
    second, third = asked(server, "ContinuityAnswer")  # nothing is known before the first
    chain = desk.chain()
    elias = [f"ELIAS MARROW: {c.facts[0].statement}" for c in chain]
    assert known(second) == elias[:1]
    assert known(third) == elias[:2]
    assert [scene_of(r) for r in (second, third)] == [c.prose for c in chain[1:]]


async def test_of_many_known_facts_the_latest_twelve_are_held_against_it(
    serve: Serve, open_desk: OpenDesk
) -> None:
    script = planned()

    def three(request: ChatRequest) -> str:
        said = (f"He has thing {request.key[:6]}-{n}." for n in range(3))
        return json.dumps({"facts": [{"about": "Elias", "fact": f, "quote": "x"} for f in said]})

    script.on(s.with_schema("FactsAnswer"), s.say(three))
    desk, server = await written(serve, open_desk, script, 6)
    all_facts = [f"Elias: {f.statement}" for c in desk.chain()[:5] for f in c.facts]
    assert len(all_facts) == 15
    assert known(asked(server, "ContinuityAnswer")[-1]) == all_facts[-12:]


@pytest.mark.parametrize(("blocks", "severity"), [(False, "warn"), (True, "block")])
async def test_a_contradiction_counts_as_the_settings_say(
    serve: Serve, open_desk: OpenDesk, blocks: bool, severity: Severity
) -> None:
    desk, _ = await written(
        serve, open_desk, contradictory(), 2, attempts=1, continuity_blocks=blocks
    )
    commit = desk.chain()[1]
    (finding,) = [f for f in commit.findings if f.check == "continuity.contradiction"]
    assert finding.severity == severity
    assert finding.message == PROBLEM
    assert finding.evidence == (commit.prose[:30],)
    assert commit.accepted_by == ("cap" if blocks else "checks")


async def test_a_contradiction_that_blocks_sends_the_draft_back_with_what_to_heed(
    serve: Serve, open_desk: OpenDesk
) -> None:
    desk, server = await written(
        serve, open_desk, contradictory(count=1), 2, attempts=3, continuity_blocks=True
    )
    commit = desk.chain()[1]
    assert (commit.accepted_by, commit.provenance.attempt) == ("checks", 2)
    assert len(asked(server, "ContinuityAnswer")) == 2
    messages, _ = desk.novel.prompt("2")
    assert f"Take care: Do not contradict this: {PROBLEM}" in messages[1].content


async def test_a_contradiction_that_stays_is_kept_when_the_attempts_are_spent(
    serve: Serve, open_desk: OpenDesk
) -> None:
    desk, server = await written(
        serve, open_desk, contradictory(), 2, attempts=3, continuity_blocks=True
    )
    commit = desk.chain()[1]
    assert (commit.accepted_by, commit.provenance.attempt) == ("cap", 3)
    assert len(asked(server, "ContinuityAnswer")) == 3
    (committed,) = [e for e in desk.of("scene_committed") if e.position == 2]
    assert committed.attempts == 3


async def test_a_contradiction_that_warns_sends_nothing_back(
    serve: Serve, open_desk: OpenDesk
) -> None:
    desk, server = await written(serve, open_desk, contradictory(), 2, attempts=3)
    assert desk.chain()[1].provenance.attempt == 1
    assert len(asked(server, "ContinuityAnswer")) == 1


async def test_a_contradiction_that_a_person_means_counts_for_nothing(
    serve: Serve, open_desk: OpenDesk
) -> None:
    script = planned()
    script.on(s.with_schema("FactsAnswer"), s.say(facts))
    found = {"contradictions": [{"quote": "Elias stood up.", "problem": PROBLEM}]}
    script.on(s.with_schema("ContinuityAnswer"), s.say(json.dumps(found)))
    script.on(s.prose, s.edit(lambda text: f"Elias stood up. {text}"))
    desk, _ = await written(serve, open_desk, script, 2, attempts=3, continuity_blocks=True)
    commit = desk.chain()[1]
    (finding,) = [f for f in commit.findings if f.severity == "block"]
    desk.novel.exempt(finding.key, "He buys it back.")
    await desk.write(until=3)
    third = desk.chain()[2]
    assert (third.accepted_by, third.provenance.attempt) == ("checks", 1)
    assert not [f for f in third.findings if f.check == "continuity.contradiction"]


async def test_a_persons_own_words_are_read_and_never_sent_back(
    serve: Serve, open_desk: OpenDesk
) -> None:
    desk, server = await written(
        serve, open_desk, contradictory(), 2, attempts=3, continuity_blocks=True
    )
    before = len(asked(server, "ContinuityAnswer"))
    await desk.do(EditScene(scene="2", prose=OWN))
    commit = desk.chain()[1]
    assert (commit.prose, commit.accepted_by) == (OWN, "person")
    assert [f.severity for f in commit.findings if f.message == PROBLEM] == ["block"]
    assert len(asked(server, "ContinuityAnswer")) == before + 1


async def test_a_summary_is_rolled_on_from_the_one_before(
    serve: Serve, open_desk: OpenDesk
) -> None:
    desk, server = await written(serve, open_desk, summaries("Elias Marrow rows home."), 2)
    first, second = asked(server, "SummaryAnswer")
    assert "The story begins with Elias Marrow, the keeper of lamp Elias" in first.user
    assert "Elias Marrow rows home." in second.user
    assert "The story begins" not in second.user
    for request, commit in zip((first, second), desk.chain(), strict=True):
        assert scene_of(request) == commit.prose
        assert 'Keep these names:\n"""\nElias Marrow\n"""' in request.user
        assert f"in at most {SMALL.summary_words} words" in request.user
    assert [c.summary for c in desk.chain()] == ["Elias Marrow rows home.", "Elias Marrow waits."]


@pytest.mark.parametrize(
    ("answers", "tries", "kept"),
    [
        (["Elias Marrow rows home."], 1, "Elias Marrow rows home."),
        (["He rows home.", "Elias Marrow rows home."], 2, "Elias Marrow rows home."),
        # Two findings, then one; one, then two; the same: the first of the best is kept.
        (["Title: he rows.", "He rows home."], 2, "He rows home."),
        (["He rows home.", "Title: he rows."], 2, "He rows home."),
        (["He rows home.", "He comes home."], 2, "He rows home."),
    ],
)
async def test_a_summary_that_is_unfit_is_asked_for_once_more_and_the_best_is_kept(
    serve: Serve, open_desk: OpenDesk, answers: Sequence[str], tries: int, kept: str
) -> None:
    desk, server = await written(serve, open_desk, summaries(*answers), 1)
    assert len(asked(server, "SummaryAnswer")) == tries
    (commit,) = desk.chain()
    assert commit.summary == kept
    unfit = [f.check for f in commit.findings if f.check.startswith("summary.")]
    assert unfit == ([] if "Elias" in kept else ["summary.names"])


async def test_the_facts_of_a_scene_are_read_from_it_and_stand_in_its_commit(
    serve: Serve, open_desk: OpenDesk
) -> None:
    script = planned()
    script.on(s.with_schema("FactsAnswer"), s.say(facts))
    desk, server = await written(serve, open_desk, script, 2)
    for request, commit in zip(asked(server, "FactsAnswer"), desk.chain(), strict=True):
        assert scene_of(request) == commit.prose
        assert [f.subject for f in commit.facts] == ["ELIAS MARROW", "Anna Veil", "Eliasson"]
