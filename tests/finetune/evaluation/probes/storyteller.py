"""A narrator who knows the scripts by heart, and forgets what a test has it forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.evaluation.probes import PROBES, load_probe
from novelcraft.finetune.evaluation.probes.staging import Stage
from novelcraft.prompts.narrator import NarratorInput
from novelcraft.state.evaluation import ProbeName
from tests.fakes.prose import Novelist

Key = tuple[ProbeName, int]

SAID: dict[Key, str] = {
    ("transitions", 2): "Fog lay over the water that morning.",
    ("transitions", 3): "A single lamp burned against the night.",
    ("transitions", 4): "Dawn had barely touched the stones.",
    ("transitions", 5): "Outside, the ice was breaking up at last.",
    ("transitions", 6): "The midsummer heat hummed with bees.",
    ("character_change", 2): "Stone met wood, and his hand was crushed between them.",
    ("character_change", 4): "He leaned on the leather strap and rowed with his good hand.",
    ("character_change", 5): "He trusted his weight to his right hand alone.",
    ("character_change", 6): "Slowly he read the page, line by line, to its end.",
    ("character_change", 7): "He swung the lamp with his only hand.",
    ("character_change", 8): (
        "“A barge took it,” he said, and showed his empty sleeve. “I belong to the ferry people.”"
    ),
    ("character_change", 9): "He read the notice twice.",
    ("character_change", 10): "His one hand held the tiller against the sea.",
    ("foreshadowing", 1): (
        "The whistle was of green glass, chipped at the lip, and it gave two notes at once. “Deep "
        "water keeps no master,” Nerys said after her grandmother."
    ),
    ("foreshadowing", 7): (
        "The green whistle gave its two notes. “Deep water keeps no master,” Nerys told the dark."
    ),
}
"""What a scene says to be right, beyond being a scene in its place."""


class Storyteller:
    """Writes every scene of every probe.

    Args:
        words: Of a scene.
        forgets: What is said instead, by probe and scene.
        whole: What a scene is, whole, by probe and scene.
    """

    def __init__(
        self,
        words: int = 160,
        forgets: Mapping[Key, str] | None = None,
        whole: Mapping[Key, str] | None = None,
    ) -> None:
        self._words = words
        self._said = {**SAID, **(forgets or {})}
        self._whole = dict(whole or {})
        self._stages = {probe: Stage(load_probe(probe)) for probe in PROBES}
        self.calls: list[tuple[Side, list[tuple[Key, NarratorInput]]]] = []

    def __call__(self, asked: Sequence[NarratorInput], side: Side) -> list[str]:
        known = [(self._key(one), one) for one in asked]
        self.calls.append((side, known))
        return [self._write(key, side, number) for number, (key, _) in enumerate(known)]

    def _key(self, asked: NarratorInput) -> Key:
        return next(
            (probe, number)
            for probe, stage in self._stages.items()
            for number in range(1, len(stage.script.scenes) + 1)
            if tuple(stage.brief(number)) == asked.brief
        )

    def _write(self, key: Key, side: Side, place: int) -> str:
        if key in self._whole:
            return self._whole[key]
        stage = self._stages[key[0]]
        scene = stage.scene(key[1])
        pov = stage.plan.character(scene.pov).name
        first = f"{pov} had come to {stage.script.places[scene.place].name}."
        rest = Novelist(f"{key}/{side}/{place}", (pov,)).write(self._words)
        return f"{first} {self._said.get(key, '')}".strip() + f"\n\n{rest}"
