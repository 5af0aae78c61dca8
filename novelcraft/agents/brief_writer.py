"""The brief writer: the brief that a scene could have been written from.

It answers in the very schema in which the planner writes the briefs of new scenes.
"""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.config.presets import SizePreset
from novelcraft.prompts.loader import load_template
from novelcraft.state.books import SceneBriefText
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.schemas import bounded, scene_sketch, sketch_chars, tidy

_PLACE_CHARS = 60


async def infer_brief(
    caller: Caller,
    preset: SizePreset,
    *,
    step: str,
    prose: str,
    names: Sequence[str],
    words: int,
) -> SceneBriefText:
    """The brief of a scene that is written already.

    Args:
        caller: The models and the seed.
        preset: Bounds of the answer.
        step: Name of the step for the call log.
        prose: The scene.
        names: Who may be named in it, one or more.
        words: About how many words goal and outcome may have together.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    answer = await caller.ask(
        "cheap",
        "prep.brief",
        step,
        load_template("write_brief").render(scene=prose, names=names, words=words),
        scene_sketch(preset, names, bounded(_PLACE_CHARS)),
        max_tokens=preset.answer_tokens(sketch_chars(preset)),
    )
    said = answer.model_dump()
    return SceneBriefText(
        goal=tidy(said["goal"]),
        pov=said["pov"],
        place=tidy(said["place"]),
        time=tidy(said.get("time", "")),
        present=tuple(dict.fromkeys([said["pov"], *said["present"]])),
        beats=tuple(filter(None, map(tidy, said.get("beats", ())))),
        turn=tidy(said.get("turn", "")),
        outcome=tidy(said["outcome"]),
    )
