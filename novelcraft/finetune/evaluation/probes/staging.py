"""What a narrator is given for a scene of a probe: the script as the plan of a novel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from novelcraft.finetune.evaluation.probes.script import ProbeScript, ScriptScene
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.narrator import NarratorInput, tail_of
from novelcraft.prompts.world import render_world, root_summary
from novelcraft.state.evaluation import ProbeContext
from novelcraft.state.layout import BriefForm
from novelcraft.state.plan import Chapter, Character, Hook, Plan, SceneBrief, StoryCore, World

_CHAPTER = "ch01"


@dataclass(frozen=True)
class Stage:
    """A script, ready to be given to a narrator scene by scene."""

    script: ProbeScript
    form: BriefForm = "lines"
    """The form of the briefs, as the rows have it."""

    @cached_property
    def plan(self) -> Plan:
        """The script as the plan of a short novel of one chapter. Scene 3 has the id `s003`."""
        return _plan(self.script)

    def scene(self, number: int) -> ScriptScene:
        """A scene of the script, by its number from 1."""
        return self.script.scenes[number - 1]

    def brief(self, number: int) -> list[str]:
        """The lines of a scene's brief."""
        brief = named(self.plan.scenes[number - 1], self.plan)
        return render_brief(brief, self.script.target_words, self.form)

    def given(self, number: int, context: ProbeContext, before: str) -> NarratorInput:
        """What the narrator may know about a scene.

        Args:
            number: Of the scene, from 1.
            context: `bare` leaves out the world and the story so far.
            before: The scene before as it was written; empty for the first.
        """
        full = context == "full"
        return NarratorInput(
            world=render_world(self.plan) if full else "",
            summary=(self.scene(number).summary or root_summary(self.plan.cast)) if full else "",
            notes=(),
            tail=tail_of(before) if before else "",
            brief=tuple(self.brief(number)),
        )


def _plan(script: ProbeScript) -> Plan:
    numbers = range(1, len(script.scenes) + 1)
    words = script.target_words * len(numbers)
    return Plan(
        version=1,
        premise=script.about,
        target_words=words,
        core=StoryCore(
            title=script.title,
            logline=script.about,
            themes=(),
            tone=script.tone,
            style=script.style,
            ending=script.scenes[-1].outcome,
        ),
        world=World(text=script.world, places=tuple(p.name for p in script.places.values())),
        cast=tuple(
            Character(**person.model_dump(), flaw="", voice="", knows="") for person in script.cast
        ),
        hooks=tuple(hook for number in numbers for hook in _hooks(script, number)),
        chapters=(
            Chapter(
                id=_CHAPTER,
                number=1,
                title=script.title,
                act=1,
                summary=script.about,
                target_words=words,
            ),
        ),
        scenes=tuple(_brief(script, number) for number in numbers),
    )


def _hooks(script: ProbeScript, number: int) -> list[Hook]:
    """What a scene plants, to be paid off in the last one."""
    return [
        Hook(
            id=f"h{number}-{place}",
            text=text,
            plant_scene=_id(number),
            payoff_scene=_id(len(script.scenes)),
        )
        for place, text in enumerate(script.scenes[number - 1].plants, start=1)
    ]


def _brief(script: ProbeScript, number: int) -> SceneBrief:
    scene = script.scenes[number - 1]
    return SceneBrief(
        id=_id(number),
        chapter=_CHAPTER,
        goal=scene.goal,
        pov=scene.pov,
        place=script.places[scene.place].name,
        time=scene.time,
        present=scene.present,
        beats=(),
        turn=scene.turn,
        outcome=scene.outcome,
        plants=tuple(hook.id for hook in _hooks(script, number)),
        target_words=script.target_words,
    )


def _id(number: int) -> str:
    return f"s{number:03}"
