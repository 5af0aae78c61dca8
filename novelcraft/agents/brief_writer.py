"""The brief writer: the brief that a scene could have been written from.

It answers in the very schema in which the planner writes the briefs of new scenes.
"""

from __future__ import annotations

from pydantic import Field

from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.books import SceneBriefText
from novelcraft.tools.models.schemas import bounded, scene_sketch, tidy

_PLACE_CHARS = 60


class BriefInput(Frozen):
    """A scene that is written already."""

    prose: str = Field(min_length=1)
    names: tuple[str, ...] = Field(min_length=1)
    """Who may be named in its brief."""
    words: int = Field(default=60, ge=1)
    """About how many words goal and outcome may have together."""


async def infer_brief(given: BriefInput, session: AgentSession) -> SceneBriefText:
    """The brief that the scene could have been written from.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    preset = session.preset
    answer = await session.ask(
        "cheap",
        "prep.brief",
        load_template("write_brief").render(
            scene=given.prose, names=given.names, words=given.words
        ),
        scene_sketch(preset, given.names, bounded(_PLACE_CHARS)),
    )
    fields = answer.model_dump()
    return SceneBriefText(
        goal=tidy(fields["goal"]),
        pov=fields["pov"],
        place=tidy(fields["place"]),
        time=tidy(fields.get("time", "")),
        present=tuple(dict.fromkeys([fields["pov"], *fields["present"]])),
        beats=tuple(filter(None, map(tidy, fields.get("beats", ())))),
        turn=tidy(fields.get("turn", "")),
        outcome=tidy(fields["outcome"]),
    )
