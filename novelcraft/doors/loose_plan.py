"""A plan for a scene that belongs to none, so that the checks have something to hold it against."""

from __future__ import annotations

from novelcraft.state.plan import Chapter, Character, Plan, SceneBrief, StoryCore, World


def loose_plan(point_of_view: str, style: str, language: str) -> Plan:
    """One scene with one person, about whom nothing is known.

    Args:
        point_of_view: The person's name; may be empty.
        style: Person and tense; empty for any.
        language: As a BCP 47 tag.
    """
    somebody = Character(
        id="c1", name=point_of_view or "Somebody", role="", want="", flaw="", voice="", knows=""
    )
    scene = SceneBrief(
        id="s001",
        chapter="ch01",
        goal="",
        pov=somebody.id,
        place="",
        time="",
        present=(somebody.id,),
        beats=(),
        turn="",
        outcome="",
        target_words=1,
    )
    return Plan(
        version=1,
        premise="",
        language=language,
        target_words=1,
        core=StoryCore(title="", logline="", themes=(), tone="", style=style, ending=""),
        world=World(text="", places=()),
        cast=(somebody,),
        hooks=(),
        chapters=(Chapter(id="ch01", number=1, title="", act=1, summary="", target_words=1),),
        scenes=(scene,),
    )
