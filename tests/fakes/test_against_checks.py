"""The fake's prose must pass the real checks, or no test of the loop could trust an acceptance."""

from __future__ import annotations

from novelcraft.config.presets import SMALL
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.narrator import NarratorInput, assemble
from novelcraft.prompts.world import render_world
from novelcraft.tools.checks import CheckInput, check_scene
from tests import factories
from tests.fakes import tokens
from tests.fakes.brain import find_names, plain_answer
from tests.fakes.chat import ChatRequest

WORDS = 600


def test_forty_scenes_pass_every_check() -> None:
    plan = factories.plan(chapters=10, scenes_each=4, words=WORDS)
    world = render_world(plan)
    earlier: list[str] = []
    found = {}
    for brief in plan.scenes:
        given = NarratorInput(
            world=world,
            summary="Elias Marrow has had an answer.",
            notes=(),
            tail="\n\n".join(earlier)[-500:],
            brief=tuple(render_brief(named(brief, plan), WORDS)),
        )
        prompt = assemble(given, SMALL.layout, tokens.count)
        messages = [message.model_dump() for message in prompt.messages]
        request = ChatRequest({"messages": messages, "seed": 1, "model": "fake-model"})
        prose = plain_answer(request, find_names, continues=False).text
        scene = CheckInput(
            prose=prose,
            finish_reason="stop",
            brief=brief,
            plan=plan,
            preset=SMALL,
            target_words=WORDS,
            prompt=prompt.text,
            earlier=tuple(earlier),
        )
        if findings := check_scene(scene):
            found[brief.id] = findings
        earlier.append(prose)
    assert found == {}
