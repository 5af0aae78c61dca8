"""Score what was written to a probe: things looked for, things that were right, and findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.evaluation.probes.habits import HABITS, WrittenScene, applies
from novelcraft.finetune.evaluation.probes.script import Look
from novelcraft.finetune.evaluation.probes.staging import Stage
from novelcraft.state.evaluation import ProbeContext, ProbeFinding, ProbeRun, ProbeScene
from novelcraft.state.manuscript import count_words
from novelcraft.tools.checks.names import named

LEAST_WORDS = 100
"""Words below which a scene is not judged: who writes nothing makes no mistake. All that is looked
for in it counts as missed."""


@dataclass(frozen=True)
class Tally:
    """What was looked for in a scene."""

    expected: int
    met: int
    findings: tuple[ProbeFinding, ...]


def scored(stage: Stage, side: Side, context: ProbeContext, texts: Sequence[str]) -> ProbeRun:
    """A probe as one side wrote it in one context, with its score."""
    tallies = [
        tally(WrittenScene(stage, number, context, text, texts[: number - 1]))
        for number, text in enumerate(texts, start=1)
    ]
    counts = [count_words(text) for text in texts]
    span = stage.script.span
    return ProbeRun(
        probe=stage.script.probe,
        side=side,
        context=context,
        scenes=tuple(
            ProbeScene(brief="\n".join(stage.brief(number)), text=text)
            for number, text in enumerate(texts, start=1)
        ),
        words=sum(counts),
        expected=sum(t.expected for t in tallies),
        met=sum(t.met for t in tallies),
        findings=tuple(finding for t in tallies for finding in t.findings),
        span=sum(counts[span.from_scene : span.to_scene - 1]) if span else 0,
        span_wanted=span.words if span else 0,
    )


def tally(scene: WrittenScene) -> Tally:
    """Check a scene against all that is expected of it."""
    answers = list(_answers(scene))
    found = count_words(scene.prose)
    if found < LEAST_WORDS:
        message = f"The scene has {found} words, too few to judge: all of it counts as missed."
        short = scene.finding("probe.short", message, scene.prose)
        return Tally(expected=len(answers), met=0, findings=(short,))
    return Tally(
        expected=len(answers),
        met=sum(not findings for findings in answers),
        findings=tuple(finding for findings in answers for finding in findings),
    )


def _answers(scene: WrittenScene) -> Iterator[list[ProbeFinding]]:
    """The findings of each thing that is looked for; none where it is right."""
    script = scene.stage.script
    yield from (HABITS[habit](scene) for habit in script.habits if applies(habit, scene))
    yield from (_looked(scene, look) for look in script.looks if scene.number in look.scenes)


def _looked(scene: WrittenScene, look: Look) -> list[ProbeFinding]:
    script = scene.stage.script
    if look.expect:
        shown = script.shown(look, scene.prose)
        return [] if shown else [scene.finding(look.check, f"Not found: {look.about}.")]
    name = scene.input.pov.name
    if not named(name, scene.prose):
        # Who does not come in a scene makes no mistake in it either.
        return [scene.finding(look.check, f"Not to be judged: {name} is never named.")]
    slips = script.slips(look, scene.prose)
    return [scene.finding(look.check, f"Against it: {look.about}.", text) for text in slips[:1]]
