"""What every template is given in the tests, and the prompts that are made of it.

`python -m tests.prompts.given` writes the golden files anew; read the difference before keeping it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from novelcraft.prompts.loader import load_template
from novelcraft.state.calls import Message

GOLDEN = Path(__file__).parent / "golden"

LOGLINE = {"logline": "A keeper wants an answer from the sea."}
ENDING = {**LOGLINE, "ending": "Elias lets her go."}
WORLD = {"text": "A rock off the coast, 1911."}
CAST = ["Elias Marrow: the keeper; wants an answer", "Anna Veil: the painter; wants to leave"]
PREMISE = "A lighthouse keeper finds that the sea answers letters."
WISH = "Let Anna come earlier."
SCENE = "Elias lit the lamp. “It is late,” said Anna. The letter lay open."
SUMMARY = "Elias wrote to the sea."
NAMES = ("Elias Marrow", "Anna Veil")
PINS = ("The letter is in Anna's hand.",)
AUTHORED = "Anna Veil: She paints the sea.\n\nThis must happen: the lamp goes out."
CHAPTER = {"title": "The Second Letter", "summary": "Elias writes again, and Anna sees it."}

FULL: Mapping[str, Mapping[str, Any]] = {
    "answer_question": {
        "facts": ("Anna: She knows.",),
        "sentences": ("1. Elias lit the lamp.", "2. The letter lay open."),
        "question": "Who lit the lamp?",
    },
    "continuity": {"scene": SCENE, "known": ("Elias: He has a letter.", "Anna: She knows.")},
    "extract_facts": {"scene": SCENE, "count": 8},
    "narrator": {
        "world": "<world>",
        "summary": "<summary>",
        "canon": "<canon>",
        "tail": "<tail>",
        "brief": "<brief>",
    },
    "plan_cast": {
        "premise": PREMISE,
        "core": LOGLINE,
        "world": WORLD,
        "earlier": CAST,
        "authored": AUTHORED,
        "count": 2,
        "wish": WISH,
    },
    "plan_core": {
        "premise": PREMISE,
        "style": "plain, past tense",
        "ending": "The lamp stays dark.",
        "authored": AUTHORED,
        "wish": WISH,
    },
    "plan_hooks": {
        "core": ENDING,
        "chapters": ["1. The Lamp: Elias writes.", "2. The Tide: It answers."],
        "count": 3,
    },
    "plan_outline": {
        "core": ENDING,
        "world": WORLD,
        "cast": CAST,
        "earlier": ["1. The Lamp: Elias writes."],
        "authored": AUTHORED,
        "wish": WISH,
        "total": 9,
        "act": 2,
        "task": "the confrontation",
        "first": 2,
        "last": 6,
        "end": 7,
    },
    "plan_people": {
        "premise": PREMISE,
        "core": LOGLINE,
        "world": WORLD,
        "authored": AUTHORED,
        "people": "Anna Veil: She paints the sea.\n\nTom Reed",
        "names": ("Anna Veil", "Tom Reed"),
        "wish": WISH,
    },
    "plan_scenes": {
        "core": LOGLINE,
        "cast": CAST,
        "places": ("the lamp room", "the shore"),
        "summary": SUMMARY,
        "before": "The Lamp: Elias writes.",
        "after": "The Tide: It answers.",
        "number": 2,
        "total": 9,
        "chapter": CHAPTER,
        "hooks": ["plant: The stamp is foreign."],
        "settled": ["scene 1: Anna finds the letter."],
        "wish": WISH,
        "earlier": ["Elias wants to post it. The post office is shut."],
        "count": 2,
        "scenes": 3,
        "beats": 5,
    },
    "plan_world": {
        "premise": PREMISE,
        "core": {**LOGLINE, "tone": "quiet"},
        "world": "A rock, 1911.",
        "authored": AUTHORED,
        "wish": WISH,
    },
    "roll_summary": {
        "scene": SCENE,
        "world": WORLD["text"],
        "summary": SUMMARY,
        "words": 90,
        "names": NAMES,
        "pins": PINS,
        "missing": ("Anna Veil",),
    },
    "split_scenes": {
        "blocks": "1. Elias lit the lamp.\n2. Morning came.",
        "first": 1,
        "second": 2,
        "last": 2,
    },
    "style": {
        "sentences": "Your sentences are short.",
        "paragraphs": "Your paragraphs, too.",
        "dialogue": "You have much dialogue.",
        "vocabulary": "Your words are plain.",
        "person": "You tell in the third person.",
        "words": 400,
    },
    "summarize": {"scene": SCENE, "summary": SUMMARY, "words": 90, "names": NAMES},
    "summarize_part": {"part": "act", "text": "Elias wrote.\nThe sea answered.", "words": 60},
    "world_constitution": {
        "title": "Letters",
        "notes": "A rock, 1911.",
        "names": NAMES,
        "count": 4,
    },
    "world_merge": {"notes": "A rock, 1911.\n\nA town, 1912."},
    "world_notes": {"title": "Letters", "number": 1, "total": 3, "part": SCENE},
    "write_brief": {"scene": SCENE, "names": NAMES, "words": 40},
}
"""Every variable of every template."""

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "answer_question": ("facts",),
    "narrator": ("world", "summary", "canon", "tail"),
    "plan_cast": ("earlier", "authored", "wish"),
    "plan_core": ("style", "ending", "authored", "wish"),
    "plan_outline": ("earlier", "authored", "wish"),
    "plan_people": ("authored", "wish"),
    "plan_scenes": ("summary", "before", "after", "hooks", "settled", "wish", "earlier", "beats"),
    "plan_world": ("world", "authored", "wish"),
    "roll_summary": ("world", "names", "pins", "missing"),
    "summarize": ("names",),
    "world_constitution": ("names",),
}
"""Those that may be empty: then the prompt says nothing of them."""


def bare(name: str) -> dict[str, Any]:
    """What a template is given where all that may be is empty."""
    return {**FULL[name], **dict.fromkeys(OPTIONAL[name], "")}


def as_text(messages: tuple[Message, ...]) -> str:
    """A prompt as golden files hold it."""
    return "".join(f"=== {m.role}\n{m.content}\n" for m in messages)


def rendered() -> dict[str, str]:
    """Every prompt by the name of its golden file."""
    made = {f"{name}.txt": load_template(name).render(**given) for name, given in FULL.items()}
    made |= {f"{name}.bare.txt": load_template(name).render(**bare(name)) for name in OPTIONAL}
    return {file: as_text(messages) for file, messages in made.items()}


if __name__ == "__main__":
    for file, text in rendered().items():
        (GOLDEN / file).write_text(text, encoding="utf-8")
