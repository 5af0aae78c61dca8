"""Text of the machinery in the prose: template tokens, tags, role labels, headings, the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from novelcraft.prompts.loader import FENCE
from novelcraft.tools.checks.base import CheckInput, Flaw, evidence
from novelcraft.tools.metrics import shared_runs, words

ONLY_PROSE = "Write only the prose of the scene: no labels, headings, tags or notes."

_TEMPLATE = re.compile(
    r"""
    <\|[^|<>\n]{1,40}\|>                    # <|im_start|>
  | </?[A-Za-z][\w.:-]*(?:\s[^<>\n]*)?/?>   # <think>, </story_so_far>, <s>
  | \[/?INST\] | <</?SYS>>
  | \"{3} | `{3}                            # fences of data and code
  | ^[ \t]*[{\[]\s*\"\w+\"\s*[:,]          # JSON
    """,
    re.VERBOSE | re.MULTILINE,
)
_HEADING = re.compile(
    r"""
    ^[ ]{0,3}(?:\#{1,6}[ ]*[^\s\#].*|\#{2,6}[ ]*)$      # Markdown heading
  | ^\*\*[^*\n]{1,80}\*\*:?$                            # a bold line
  | ^(?:Chapter|CHAPTER|Scene|SCENE|Act|ACT)[ ]
    (?:\d+|[IVXLC]+|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)\b[^.!?\n]{0,60}$
    """,
    re.VERBOSE | re.MULTILINE,
)

_ROLES = ("Assistant", "User", "System", "ASSISTANT", "USER", "SYSTEM")
_LABELS = (
    "Scene", r"Scene \d+", "Scene brief", "Scene to write",
    "The next scene", "The following scene", r"Beats?(?: \d+)?", "Point of view",
    "Point of View", "POV", "Also present", "Setting", "Tone", "Style", "Word count", "Length",
    "Story so far", "The story so far", "Goal", "Outcome", "Turn", "Pay off", "Plant",
    "Take care", "Keep true", "Title", "Genre", "Characters", "Summary", "Note", "Author's note",
    "Prompt", "Instructions?", "Response",
    "(?:Original|Edited|Revised|Rewritten) (?:text|scene|version|story|draft)",
)  # fmt: skip
"""Labels of scene briefs and of chats, as regular expressions."""

_ANYWHERE = (
    "Tone", "Style", "Point of view", "Point of View", "POV", "Also present", "Scene brief",
    "Word count", r"Beat \d+", "Setting",
)  # fmt: skip
"""Labels that no sentence of a novel begins with, so that they count inside a line too."""

_PROMPT_LABEL = re.compile(r"^([A-Z][A-Za-z' ]{2,40}?)(?: \d+)?:(?:\s|$)", re.MULTILINE)

INSTRUCTION_RUN = 8
"""Words shared with the prompt's instructions that are taken from there."""

DATA_RUN = 15
"""Words shared with the prompt's data blocks (world, summary, brief) that are recited. Shorter
runs are how a scene does what its brief says."""


def leak(scene: CheckInput) -> Flaw | None:
    """Chat template tokens, tags, role and brief labels, headings, runs of the prompt's words."""
    found = evidence(_leaks(scene))
    if not found:
        return None
    return Flaw(
        message="Text of the prompt or of a template stands in the prose.",
        evidence=found,
        constraint=ONLY_PROSE,
    )


def template_text(text: str) -> Iterator[str]:
    """Template tokens, tags, headings and labels in a text, verbatim, whatever the prompt was."""
    for pattern in (_TEMPLATE, _HEADING, _label_pattern(())):
        yield from (m.group().strip() for m in pattern.finditer(text))


def _leaks(scene: CheckInput) -> Iterator[str]:
    yield from template_text(scene.prose)
    parts = scene.prompt.split(FENCE)
    instructions, data = "\n".join(parts[::2]), "\n".join(parts[1::2])
    labels = _prompt_labels(scene, instructions)
    if labels:
        yield from (m.group().strip() for m in _label_pattern(labels).finditer(scene.prose))
    brief = " ".join(words(_brief_text(scene)))
    for run in _shared(scene, instructions, INSTRUCTION_RUN):
        if " ".join(words(run)) not in brief:
            yield run
    narration = scene.text.narration
    for run in _shared(scene, f"{data}\n{_brief_text(scene)}", DATA_RUN):
        if any(run in piece for piece in narration):
            yield run


def _brief_text(scene: CheckInput) -> str:
    """What the scene is asked to tell: its words may well come in it, as the prompt's may not."""
    brief, plan = scene.brief, scene.plan
    hooks = [plan.hook(h).text for h in (*brief.plants, *brief.pays)]
    parts = (brief.goal, brief.place, brief.time, brief.turn, brief.outcome, *brief.beats, *hooks)
    return "\n".join(parts)


def _prompt_labels(scene: CheckInput, instructions: str) -> tuple[str, ...]:
    """Labels that begin lines of the instructions, but no words of the plan."""
    plan = scene.plan
    known = "\n".join((_brief_text(scene), *(c.name for c in plan.cast), *plan.world.places))
    found = {m[1] for m in _PROMPT_LABEL.finditer(instructions)}
    return tuple(sorted(re.escape(label) for label in found if label not in known))


@lru_cache(maxsize=64)
def _label_pattern(labels: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a label at a line's start, and the unmistakable ones at a sentence's, with the
    rest of their line."""
    lines = "|".join(labels or (*_ROLES, *_LABELS))
    inside = "|".join(_ANYWHERE)
    return re.compile(
        rf"^[ \t>*_\[(-]*(?:{lines})(?: \d+)?[*_]*:.*|(?<=[.!?\"”)]\s)(?:{inside}):.*",
        re.MULTILINE,
    )


def _shared(scene: CheckInput, source: str, least: int) -> Iterator[str]:
    """Runs of words that the prose shares with the source, and with no earlier scene.

    The prompt quotes earlier scenes; what comes from there is for another check.
    """
    for run in shared_runs(scene.text.words, words(source), least):
        text = scene.text.spread(run.start, run.start + run.length - 1)
        flat = " ".join(text.split())
        if not any(flat in line for line in scene.earlier_lines):
            yield text
