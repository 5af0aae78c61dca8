"""What every scene of a probe is looked at for, whatever its script is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from novelcraft.config.presets import SMALL, STANDARD
from novelcraft.finetune.evaluation.probes.script import Habit, Place, found
from novelcraft.finetune.evaluation.probes.staging import Stage
from novelcraft.prompts.narrator import assemble
from novelcraft.state.evaluation import ProbeContext, ProbeFinding
from novelcraft.tools.checks.base import CheckInput, quote
from novelcraft.tools.checks.names import named
from novelcraft.tools.checks.scene import SCENE_CHECKS
from novelcraft.tools.metrics import longest_shared_run, spread, words

OPENING_WORDS = 150
"""Words by which a scene must have arrived where it is."""

TAIL_RUN = 10
"""Words in common with the end of the scene before that are repeated from there."""

_CHECKS = {check.name.removeprefix("prose."): check for check in SCENE_CHECKS}
_SOUND = ("leak", "assistant", "refusal", "thinking", "script", "duplicate", "loop", "monotone")
_VIEWPOINT = ("pov", "person", "tense")

_INNER = "thought|wondered|realised|realized|remembered|wished|hoped"
"""What only the point of view can be known to do."""
_SPEECH = "said|asked|replied|answered|whispered|called|cried|shouted|muttered|told"
_DEEDS = (
    f"{_SPEECH}|nodded|smiled|laughed|shrugged|sighed|frowned|turned|stepped|walked|ran|came|went|"
    "stood|sat|looked|leaned|reached|took|held|put|pulled|pushed|shook|raised|lifted|knelt|rose"
)
_NOT_HERE = re.compile(
    r"\b(?:had|would|once|if|remember\w*|thought of|dream\w*|ago|letter|where|when|wherever)\b",
    re.IGNORECASE,
)
"""Excuses a sentence in which somebody acts elsewhere: in memory, in fancy, by report."""


@dataclass(frozen=True)
class WrittenScene:
    """A scene of a probe as it was written, and what came before it."""

    stage: Stage
    number: int
    context: ProbeContext
    prose: str
    earlier: Sequence[str]
    """The scenes before, oldest first."""

    @cached_property
    def input(self) -> CheckInput:
        """The scene as the checks of a novel see it."""
        given = self.stage.given(self.number, self.context, self.before)
        return CheckInput(
            prose=self.prose,
            finish_reason="stop",
            brief=self.stage.plan.scenes[self.number - 1],
            plan=self.stage.plan,
            preset=SMALL,
            target_words=self.stage.script.target_words,
            # With no token counted, nothing is trimmed.
            prompt=assemble(given, STANDARD.layout, lambda _: 0).text,
            earlier=self.earlier,
        )

    @property
    def before(self) -> str:
        """The scene before; empty for the first."""
        return self.earlier[-1] if self.earlier else ""

    @cached_property
    def opening(self) -> str:
        """The first words of the scene."""
        count = len(self.input.text.words)
        return spread(self.prose, 0, min(count, OPENING_WORDS) - 1) if count else ""

    @property
    def place(self) -> Place:
        """Where it happens."""
        return self.stage.script.places[self.stage.scene(self.number).place]

    @property
    def old_place(self) -> Place | None:
        """Where the scene before happened; None where that was here too, or nowhere."""
        if self.number == 1:
            return None
        key = self.stage.scene(self.number - 1).place
        return self.stage.script.places[key] if key != self.stage.scene(self.number).place else None

    @property
    def here(self) -> list[str]:
        """Names of those who are present."""
        return list(self.stage.plan.names(self.stage.scene(self.number).present))

    @property
    def absent(self) -> list[str]:
        """Names of the cast who are not."""
        return [p.name for p in self.stage.script.cast if p.name not in self.here]

    def finding(self, check: str, message: str, text: str = "") -> ProbeFinding:
        """A finding in this scene."""
        return ProbeFinding(scene=self.number, check=check, message=message, quote=quote(text))


def applies(habit: Habit, scene: WrittenScene) -> bool:
    """Whether there is anything to look for in that scene."""
    match habit:
        case "arrival" | "departed":
            return scene.old_place is not None
        case "repeats":
            return bool(scene.earlier)
        case "absent":
            return bool(scene.absent)
    return True


def _checked(checks: Sequence[str], scene: WrittenScene) -> list[ProbeFinding]:
    results = (_CHECKS[name](scene.input) for name in checks)
    return [scene.finding(f.check, f.message, next(iter(f.evidence), "")) for f in results if f]


def _sound(scene: WrittenScene) -> list[ProbeFinding]:
    """Prose, and no loop, list, leaked prompt or remark."""
    return _checked(_SOUND, scene)


def _viewpoint(scene: WrittenScene) -> list[ProbeFinding]:
    """Told through the eyes of its brief, in the person and tense of the style."""
    own = scene.input.pov.name
    others = [person.name for person in scene.stage.script.cast if person.name != own]
    heads = [
        sentence
        for sentence in scene.input.text.narrated_sentences
        if any(re.search(rf"\b(?:{_ways(name)}) (?:{_INNER})\b", sentence) for name in others)
    ]
    return _checked(_VIEWPOINT, scene) + [
        scene.finding("probe.viewpoint", "The scene looks into another head.", sentence)
        for sentence in heads[:1]
    ]


def _repeats(scene: WrittenScene) -> list[ProbeFinding]:
    """Nothing comes again from the scenes before."""
    tail = words(scene.stage.given(scene.number, "bare", scene.before).tail)
    run = longest_shared_run(scene.input.text.words, tail)
    again = []
    if run.length >= TAIL_RUN:
        text = spread(scene.prose, run.start, run.start + run.length - 1)
        again = [scene.finding("probe.tail", "The end of the scene before comes again.", text)]
    return _checked(("copied",), scene) + again


def _arrival(scene: WrittenScene) -> list[ProbeFinding]:
    """Its beginning names the new place, or somebody who is there."""
    if _at(scene.place, scene.opening) or any(named(name, scene.opening) for name in scene.here):
        return []
    message = f"The beginning names neither {scene.place.name} nor anybody who is there."
    return [scene.finding("probe.arrival", message, scene.opening)]


def _departed(scene: WrittenScene) -> list[ProbeFinding]:
    """Its beginning is not in the old place."""
    old = scene.old_place
    if old is None or not _at(old, scene.opening) or _at(scene.place, scene.opening):
        return []
    message = f"The scene goes on in the place of the one before, {old.name}."
    return [scene.finding("probe.departed", message, _sentence_at(old, scene))]


def _place(scene: WrittenScene) -> list[ProbeFinding]:
    """It shows that it is where its brief says."""
    if _at(scene.place, scene.prose):
        return []
    return [scene.finding("probe.place", f"The scene never shows {scene.place.name}.", scene.prose)]


def _absent(scene: WrittenScene) -> list[ProbeFinding]:
    """Nobody acts who is not there."""
    acting = [
        (name, sentence)
        for sentence in scene.input.text.narrated_sentences
        for name in scene.absent
        if _acts(name, sentence)
    ]
    return [
        scene.finding("probe.absent", f"{name} is not there, and acts.", sentence)
        for name, sentence in acting[:1]
    ]


def _acts(name: str, sentence: str) -> bool:
    ways = _ways(name)
    does = rf"\b(?:{ways}) (?:\w+ly )?(?:{_DEEDS})\b|\b(?:{_SPEECH}) (?:{ways})(?!\w)"
    return bool(re.search(does, sentence)) and not _NOT_HERE.search(sentence)


def _ways(name: str) -> str:
    """A name as a pattern: whole, or its first part."""
    return "|".join(re.escape(way) for way in (name, name.split()[0]))


def _at(place: Place, text: str) -> bool:
    return any(found(pattern, text) for pattern in place.words)


def _sentence_at(place: Place, scene: WrittenScene) -> str:
    return next(s for s in scene.input.text.sentences if _at(place, s))


HABITS: dict[Habit, Callable[[WrittenScene], list[ProbeFinding]]] = {
    "sound": _sound,
    "viewpoint": _viewpoint,
    "repeats": _repeats,
    "arrival": _arrival,
    "departed": _departed,
    "place": _place,
    "absent": _absent,
}
