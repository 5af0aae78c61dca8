"""What was written, held against the books: style and memory. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from novelcraft.finetune.evaluation.material import Material, human_scene
from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.evaluation.prompting import Written
from novelcraft.state.evaluation import EvalSample, StyleReport, StyleSide
from novelcraft.state.manuscript import count_words
from novelcraft.state.memory import GeneratedText, MemoryLimits, MemoryReport
from novelcraft.state.style import NoScore, StyleProfile
from novelcraft.tools.metrics.memory import memory_report
from novelcraft.tools.metrics.style import profile_of, style_score


def measure_style(written: Sequence[Written], material: Material) -> StyleReport:
    """Score the held-out scenes of both sides, and those of people, by the training books."""
    profile = profile_of(material.training_prose())
    held = [one for one in written if one.prompt.kind == "held_out"]
    return StyleReport(
        base=_scored((one.texts["base"] for one in held), profile),
        tuned=_scored((one.texts["tuned"] for one in held), profile),
        books=_scored(map(human_scene, material.validation), profile),
    )


def measure_memory(
    written: Sequence[Written], side: Side, material: Material, limits: MemoryLimits
) -> MemoryReport:
    """Search what a side wrote for what it has kept of the training books."""
    texts = [
        GeneratedText(
            name=one.prompt.name,
            text=one.texts[side],
            brief=one.prompt.text,
            original=one.prompt.human,
            other_world=one.prompt.kind == "other_world",
            trained_prompt=one.prompt.kind == "trained",
        )
        for one in written
    ]
    return memory_report(texts, material.training_texts(), limits)


def samples_of(written: Iterable[Written]) -> tuple[EvalSample, ...]:
    """What both sides wrote, for a person to read side by side."""
    return tuple(
        EvalSample(
            name=one.prompt.name,
            kind=one.prompt.kind,
            brief=one.prompt.brief,
            human=one.prompt.human or "",
            base=one.texts["base"],
            tuned=one.texts["tuned"],
        )
        for one in written
    )


def _scored(scenes: Iterable[str], profile: StyleProfile) -> StyleSide:
    text = "\n\n".join(scenes)
    found = style_score(text, profile)
    words = count_words(text)
    if isinstance(found, NoScore):
        return StyleSide(why_not=found.message, words=words)
    return StyleSide(score=found, words=words)
