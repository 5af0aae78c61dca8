"""Clean scenes broken on purpose, one fault at a time, each with what the check must quote."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from novelcraft.tools.checks import CheckInput
from novelcraft.tools.metrics import sentences

_QUOTED = re.compile('[“”"]')

Break = Callable[[CheckInput, random.Random], "Broken | None"]


@dataclass(frozen=True)
class Broken:
    """What a fault changes."""

    planted: str
    """Text at the fault: the evidence must overlap it. Empty where there is nothing to quote."""
    changes: dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A way to break a scene, and the check that must find it."""

    name: str
    check: str
    make: Break
    also: frozenset[str] = field(default_factory=frozenset)
    """Checks that this fault truly breaks too."""
    unseen_in: frozenset[str] = field(default_factory=frozenset)
    """The scenes in which it cannot be told from good prose: a speech without its closing mark,
    before another speech, may be one that runs on."""

    def seed(self, scene: CheckInput, rng: random.Random) -> tuple[CheckInput, str] | None:
        """The broken scene and the text planted; None where the scene offers no place for it."""
        broken = self.make(scene, rng)
        if broken is None:
            return None
        return dataclasses.replace(scene, **broken.changes), broken.planted


def overlaps(evidence: tuple[str, ...], planted: str) -> bool:
    """Whether a quote lies in the planted text, or the other way round."""
    return not planted or any(e in planted or planted in e for e in evidence)


def _paragraphs(scene: CheckInput) -> list[str]:
    return scene.prose.split("\n\n")


def _with(scene: CheckInput, number: int, paragraph: str) -> str:
    parts = _paragraphs(scene)
    parts[number] = paragraph
    return "\n\n".join(parts)


def _insert(scene: CheckInput, rng: random.Random, paragraph: str) -> str | None:
    """The scene with one more paragraph, not first or last, nor inside a running speech."""
    parts = _paragraphs(scene)
    places = [n for n in range(1, len(parts)) if _closed(parts[n - 1])]
    if not places:
        return None
    parts.insert(rng.choice(places), paragraph)
    return "\n\n".join(parts)


def _closed(paragraph: str) -> bool:
    return paragraph.count("“") == paragraph.count("”") and paragraph.count('"') % 2 == 0


def _line(text: str) -> Break:
    """Plants a paragraph of its own."""

    def make(scene: CheckInput, rng: random.Random) -> Broken | None:
        prose = _insert(scene, rng, text)
        return None if prose is None else Broken(text, {"prose": prose})

    return make


def _first(text: str) -> Break:
    """Plants a paragraph before all others."""
    return lambda scene, rng: Broken(text, {"prose": f"{text}\n\n{scene.prose}"})


_CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувшхыз")


def _in_cyrillic(scene: CheckInput, rng: random.Random) -> Broken:
    small = scene.prose.translate(_CYRILLIC)
    return Broken("", {"prose": small.translate({k - 32: v - 32 for k, v in _CYRILLIC.items()})})


def _after_sentence(text: str) -> Break:
    """Plants a sentence at the end of a paragraph that ends without a quotation mark."""

    def make(scene: CheckInput, rng: random.Random) -> Broken | None:
        places = [
            n for n, p in enumerate(_paragraphs(scene)) if p.endswith(".") and not _QUOTED.search(p)
        ]
        if not places:
            return None
        number = rng.choice(places)
        paragraph = f"{_paragraphs(scene)[number]} {text}"
        return Broken(text, {"prose": _with(scene, number, paragraph)})

    return make


def _substitute(pattern: str, new: Callable[[re.Match[str]], str]) -> Break:
    """Changes one match of a pattern, drawn by chance."""

    def make(scene: CheckInput, rng: random.Random) -> Broken | None:
        matches = list(re.finditer(pattern, scene.prose))
        if not matches:
            return None
        match = rng.choice(matches)
        prose = scene.prose[: match.start()] + new(match) + scene.prose[match.end() :]
        at = prose.rfind("\n", 0, match.start()) + 1
        end = prose.find("\n", match.start() + 1)
        return Broken(prose[at : end if end >= 0 else None], {"prose": prose})

    return make


def _cut(scene: CheckInput, rng: random.Random) -> Broken:
    words = re.sub(r"[^\w]+$", "", scene.prose[: len(scene.prose) * 4 // 5].rsplit(" ", 1)[0])
    return Broken(words[-20:], {"prose": words})


def _repeat_sentence(scene: CheckInput, rng: random.Random) -> Broken | None:
    long = [s for p in _paragraphs(scene) for s in sentences(p) if len(s.split()) >= 12]
    plain = [s for s in long if s.endswith(".") and not re.search('[“”"]', s)]
    if not plain:
        return None
    return _after_sentence(rng.choice(plain))(scene, rng)


def _repeat_paragraph(scene: CheckInput, rng: random.Random) -> Broken | None:
    long = [p for p in _paragraphs(scene) if len(p.split()) >= 12]
    return _line(rng.choice(long))(scene, rng) if long else None


def _from_earlier(scene: CheckInput, rng: random.Random) -> Broken | None:
    broken = _repeat_sentence(scene, rng)
    if broken is None:
        return None
    earlier = [*scene.earlier, f"It was late. {broken.planted} Then it was early."]
    return Broken(broken.planted, {"earlier": earlier})


def _instruction(scene: CheckInput, rng: random.Random) -> Broken | None:
    text = scene.prompt.splitlines()[0][:110].rsplit(" ", 1)[0] + "."
    return _after_sentence(text)(scene, rng) or _line(text)(scene, rng)


def _nobody(scene: CheckInput, rng: random.Random) -> Broken | None:
    if scene.plan.core.style.startswith("first"):
        return None
    return Broken(
        "",
        {"prose": re.sub(rf"\b(?:{scene.pov.name.replace(' ', '|')})\b", "somebody", scene.prose)},
    )


def _loop(phrase: str, times: int) -> Break:
    return _line(" ".join([phrase] * times))


def _circling(scene: CheckInput, rng: random.Random) -> Broken | None:
    """No sentence is the same, but all are made of the same few phrases."""
    people = ("She", "He", "The man", "The woman", "They all", "Nobody")
    ends = ("the old lighthouse", "the grey sea", "the wet rocks", "the long stair")
    lines = [f"{rng.choice(people)} walked back to {rng.choice(ends)} again." for _ in range(30)]
    return _line(" ".join(lines))(scene, rng)


def _monotone(scene: CheckInput, rng: random.Random) -> Broken | None:
    verbs = ["walked", "rowed", "slept", "read", "wrote", "ate", "drank", "sang", "stood"]
    things = ["home", "early", "alone", "twice", "outside", "again", "badly", "below"]
    lines = [f"He {rng.choice(verbs)} {rng.choice(things)} {n} times." for n in range(30)]
    return _line(" ".join(lines))(scene, rng)


def _someone_elses(pronouns: str, by: str) -> Break:
    def make(scene: CheckInput, rng: random.Random) -> Broken | None:
        if scene.plan.core.style.startswith("first"):
            return None
        return Broken("", {"prose": re.sub(pronouns, by, scene.prose)})

    return make


def _present_tense(scene: CheckInput, rng: random.Random) -> Broken:
    swaps = {"was": "is", "were": "are", "had": "has", "said": "says", "came": "comes"}
    swaps |= {"went": "goes", "could": "can", "did": "does", "felt": "feels", "saw": "sees"}
    pattern = re.compile(rf"\b({'|'.join(swaps)})\b")
    return Broken("", {"prose": pattern.sub(lambda m: swaps[m[1]], scene.prose)})


FAULTS: tuple[Fault, ...] = (
    Fault("nothing", "prose.empty", lambda s, r: Broken("", {"prose": " \n\n"})),
    Fault("mid-sentence", "prose.cut_off", _cut, frozenset({"prose.quotes"})),
    Fault("token limit", "prose.cut_off", lambda s, r: Broken("", {"finish_reason": "length"})),
    Fault(
        "too short",
        "prose.short",
        lambda s, r: Broken("", {"target_words": s.target_words * 3}),
    ),
    Fault(
        "too long",
        "prose.length",
        lambda s, r: Broken("", {"target_words": s.target_words // 2}),
    ),
    Fault(
        "lost closing mark",
        "prose.quotes",
        _substitute('”|(?<=\\S)"', lambda m: ""),
        unseen_in=frozenset({"curly", "straight"}),
    ),
    Fault(
        "lost opening mark",
        "prose.quotes",
        _substitute('“|"(?=\\w)', lambda m: ""),
        unseen_in=frozenset({"straight"}),
    ),
    Fault("end.The", "prose.fused", _substitute(r"(?<=[a-z]{2}\.) (?=[A-Z][a-z])", lambda m: "")),
    Fault("one,two", "prose.fused", _substitute(r"(?<=[a-z]{2},) (?=[a-z]{2})", lambda m: "")),
    Fault(
        "quote fused", "prose.fused", _substitute('(?<=[a-z][.,!?][”"]) (?=[a-z])', lambda m: "")
    ),
    Fault(
        "endThe",
        "prose.fused",
        _substitute(r"(?<=[a-z]{3})\. (?=[A-Z][a-z]{2})", lambda m: ""),
        unseen_in=frozenset({"straight"}),
    ),
    Fault(
        "thelighthouse",
        "prose.fused",
        _substitute(r"\b(the) (?=([a-z]{5,})\b(?=[\s\S]*\b\2\b))", lambda m: m[1]),
    ),
    Fault("sentence twice", "prose.duplicate", _repeat_sentence, frozenset({"prose.loop"})),
    Fault(
        "paragraph twice",
        "prose.duplicate",
        _repeat_paragraph,
        frozenset({"prose.loop", "prose.quotes"}),
    ),
    Fault("from an earlier scene", "prose.copied", _from_earlier, frozenset({"prose.duplicate"})),
    Fault("chat token", "prose.leak", _after_sentence("<|im_end|>"), frozenset({"prose.cut_off"})),
    Fault(
        "think block",
        "prose.thinking",
        _line("<think>The keeper should find it now.</think>"),
        frozenset({"prose.leak"}),
    ),
    Fault(
        "think block without end",
        "prose.thinking",
        _first("<think>\nThe keeper should find it now."),
        frozenset({"prose.leak"}),
    ),
    Fault("thinking aloud", "prose.thinking", _first("Okay, the user wants a scene at sea.")),
    Fault(
        "planning aloud", "prose.thinking", _first("Let me plan a short scene about the sea first.")
    ),
    Fault(
        "content filter",
        "prose.filtered",
        lambda s, r: Broken("", {"finish_reason": "content_filter"}),
    ),
    Fault("another script", "prose.language", _in_cyrillic, frozenset({"prose.pov"})),
    Fault("closing tag", "prose.leak", _line("</story_so_far>")),
    Fault("role label", "prose.leak", _line("Assistant: The sea was quiet that night.")),
    Fault("brief label", "prose.leak", _line("Point of view: the keeper of the light.")),
    Fault("label in a line", "prose.leak", _after_sentence("Tone: tense, melancholic.")),
    Fault("Markdown heading", "prose.leak", _line("## The Keeper's Secret")),
    Fault("chapter heading", "prose.leak", _line("Chapter 3: The Letter")),
    Fault("bold heading", "prose.leak", _line("**The Letter**")),
    Fault("JSON", "prose.leak", _line('{"scene": "The sea was quiet."}')),
    Fault("instruction", "prose.leak", _instruction),
    Fault(
        "refusal",
        "prose.refusal",
        _line("I’m sorry, but I can’t help with writing this scene."),
        frozenset({"prose.assistant"}),
    ),
    Fault(
        "refusal at the beginning",
        "prose.refusal",
        _first("I can't write this scene, as it would break my content guidelines."),
        frozenset({"prose.assistant"}),
    ),
    Fault("as an AI", "prose.refusal", _line("As an AI language model, I have no feelings.")),
    Fault("offer", "prose.assistant", _line("Let me know if you would like any changes.")),
    Fault("announcement", "prose.assistant", _line("Here is the revised scene:")),
    Fault("hope", "prose.assistant", _line("I hope this meets your expectations!")),
    Fault("ends here", "prose.assistant", _after_sentence("The story ends here.")),
    Fault("ends how", "prose.assistant", _line("The story ends with her father waking up.")),
    Fault("lesson", "prose.assistant", _line("Write the scene in three short sentences.")),
    Fault("wish", "prose.assistant", _line("If you want to continue the story, please edit it.")),
    Fault("order", "prose.assistant", _line("Make your version shorter and more realistic.")),
    Fault("paragraphs", "prose.assistant", _line("Each paragraph should contain a new idea.")),
    Fault(
        "how to go on", "prose.assistant", _line("Here's how you can continue: tell of a storm.")
    ),
    Fault("above", "prose.assistant", _line("In the story above, we have a keeper who is afraid.")),
    Fault("advice", "prose.assistant", _line("You could start the next scene by naming the fog.")),
    Fault("craft", "prose.assistant", _line("This is a technique called pacing.")),
    Fault("exercise", "prose.assistant", _line("This sentence continues the story. It ends:")),
    Fault(
        "question",
        "prose.assistant",
        _line("Which sentence best describes the main character's personality?"),
    ),
    Fault("order of parts", "prose.assistant", _line("This is the story after the previous one.")),
    Fault(
        "comprehension",
        "prose.assistant",
        _line("What did he write down in the beginning of the story?"),
    ),
    Fault(
        "to be ensured",
        "prose.assistant",
        _line("You want to ensure that the scene stays true to your narrative."),
    ),
    Fault("original text", "prose.leak", _line("Original scene: The sea was quiet.")),
    Fault("example", "prose.assistant", _after_sentence("This is an example of a scene.")),
    Fault("what it shows", "prose.assistant", _line("This scene shows how lonely he is.")),
    Fault("The End", "prose.assistant", _line("The End")),
    Fault(
        "script",
        "prose.script",
        lambda s, r: Broken(
            "Lena: What is that ship?",
            {"prose": s.prose + "\n\nLena: What is that ship?\n\nElias: Hers." * 20},
        ),
        frozenset({"prose.loop", "prose.length", "prose.tense", "prose.duplicate"}),
    ),
    Fault(
        "one phrase",
        "prose.loop",
        _loop("It was just one moment.", 40),
        frozenset({"prose.length", "prose.monotone"}),
    ),
    Fault("circling", "prose.loop", _circling, frozenset({"prose.duplicate", "prose.length"})),
    Fault("He. He. He.", "prose.monotone", _monotone, frozenset({"prose.loop", "prose.length"})),
    Fault(
        "list",
        "prose.script",
        _line("- The lamp is out.\n- The sea is near.\n" * 20),
        frozenset({"prose.loop", "prose.length", "prose.tense", "prose.monotone"}),
    ),
    Fault("nobody's eyes", "prose.pov", _nobody),
    Fault("told by I", "prose.person", _someone_elses(r"\b[Hh]e\b|\b[Ss]he\b|\b[Tt]hey\b", "I")),
    Fault(
        "told to you", "prose.person", _someone_elses(r"\b[Hh]e\b|\b[Ss]he\b|\b[Tt]hey\b", "you")
    ),
    Fault("present tense", "prose.tense", _present_tense),
)
