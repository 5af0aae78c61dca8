"""The narrator: one scene of prose from the one narrator prompt.

The narrator's text is streamed, because its length is governed while it comes: a draft is
ended at a paragraph's end once it has the words its brief asks for, and a draft that stops too
early is carried on from the very same prompt with what is there as the completion so far. Both
leave the prompt that the model was trained on untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from novelcraft.config.presets import SizePreset
from novelcraft.prompts.narrator import STOPS, AssembledPrompt
from novelcraft.state.base import derive_seed
from novelcraft.state.manuscript import Provenance, count_words
from novelcraft.state.steps import call_step
from novelcraft.tools.metrics.draft_length import Cut, GrowingDraft, LengthRule, cut_at_sentence
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.chat import ModelAnswer, ModelRequest

MAX_SEGMENTS = 4
"""How often a draft that stops too early is carried on."""

LEAST_TOKENS = 64
"""What a narrator is given at least, to bring to an end what it was given."""

LENGTH_REACHED = "length_reached"
"""Finish reason of a draft that we ended, at a whole sentence, with the words it should have."""

TOO_LONG = "too_long"
"""Finish reason of a draft that we ended in the middle, because it did not come to an end."""

CUT_SHORT = ("stop", "length")
"""Reasons to stop after which a draft can be carried on."""


@dataclass(frozen=True)
class Narration:
    """A draft as it came, before any check."""

    prose: str
    provenance: Provenance


@dataclass(frozen=True)
class NarrationTask:
    """A scene to narrate."""

    prompt: AssembledPrompt
    target_words: int
    """Words that the scene should have."""
    asked_words: int
    """Words that its prompt asks for."""
    tokens_per_word: float
    """Of the narrator's model, in the language of the book."""
    attempt: int
    step: str
    """Name of the step for the call log; another draw of the scene has another one."""
    preset: SizePreset
    can_continue: bool
    """Whether the server carries on a completion that is given to it."""
    room: int = 0
    """Tokens that the server has for the scene; 0 where that is not known."""
    opening: str = ""
    """First words of the scene, given to the narrator as the completion so far."""


async def narrate(task: NarrationTask, caller: Caller, on_text: Callable[[str], None]) -> Narration:
    """Narrate a scene.

    Args:
        task: What to narrate.
        caller: The models and the novel's seed.
        on_text: Gets the draft so far, at every blank. After a fault it begins anew.

    Returns:
        The draft. One that was cut off is cut back to its last sentence, where that leaves it
        its lower length; such a draft has `length_reached` as its finish reason.
    """
    rule = LengthRule.of(task.preset, task.target_words)
    answers: list[ModelAnswer] = []
    prose, finish = "", "stop"
    prefill = task.opening if task.can_continue else ""
    for segment in range(MAX_SEGMENTS if task.can_continue else 1):
        answer, prose, finish = await _segment(task, caller, rule, prefill, segment, on_text)
        answers.append(answer)
        short = count_words(prose) < rule.low
        if finish not in CUT_SHORT or not short or not answer.text.strip():
            break
        prefill = f"{cut_at_sentence(prose) or prose.rstrip()}\n\n"
    if not any(a.text.strip() for a in answers):
        prose = ""  # an opening alone is nothing that the narrator said
    whole = cut_at_sentence(prose)
    if _half_at_end(finish, whole, prose) and count_words(whole) >= rule.least:
        prose, finish = whole, LENGTH_REACHED
    return Narration(prose, _provenance(task, caller, answers, finish))


def _pace(task: NarrationTask, first: ModelAnswer) -> float:
    """How much the narrator wrote at once of what it was asked for."""
    return round(count_words(first.text) / task.asked_words, 3)


def _half_at_end(finish: str, whole: str, prose: str) -> bool:
    """Whether a draft may end in the middle: cut off, or with half a sentence left behind."""
    return finish in ("length", TOO_LONG) or (finish == "stop" and whole != prose)


async def _segment(
    task: NarrationTask,
    caller: Caller,
    rule: LengthRule,
    prefill: str,
    segment: int,
    on_text: Callable[[str], None],
) -> tuple[ModelAnswer, str, str]:
    draft = GrowingDraft(rule)
    cuts: list[Cut] = []

    def watch(text: str) -> bool:
        whole = prefill + text
        on_text(whole)
        cut = draft.read(whole)
        if cut is not None:
            cuts.append(cut)
        return cut is None

    answer = await caller.models.stream(
        ModelRequest(
            role="narrator",
            purpose="scene.narrate",
            step=call_step(task.step, segment),
            messages=task.prompt.messages,
            max_tokens=_max_tokens(task, rule, prefill),
            seed=derive_seed(caller.seed, "scene.narrate", task.step, segment),
            prefill=prefill,
            stop=STOPS,
        ),
        watch,
    )
    if cuts:
        return answer, cuts[-1].text, LENGTH_REACHED if cuts[-1].whole else TOO_LONG
    return answer, (prefill + answer.text).strip(), answer.finish_reason


def _max_tokens(task: NarrationTask, rule: LengthRule, prefill: str) -> int:
    """What the scene may take by its length rule and the server's room, without what is there."""
    most = rule.tokens(task.tokens_per_word)
    if task.room:
        most = min(most, task.room)
    return max(LEAST_TOKENS, most - round(count_words(prefill) * task.tokens_per_word))


def _provenance(
    task: NarrationTask, caller: Caller, answers: list[ModelAnswer], finish: str
) -> Provenance:
    last = answers[-1]
    return Provenance(
        model=last.model,
        adapter=last.adapter,
        prompt_hash=task.prompt.hash,
        template_hash=task.prompt.template_hash,
        sampling=last.sampling,
        seed=derive_seed(caller.seed, "scene.narrate", task.step, 0),
        prompt_tokens=sum(a.usage.prompt_tokens for a in answers),
        completion_tokens=sum(a.usage.completion_tokens for a in answers),
        finish_reason=finish,
        attempt=task.attempt,
        calls=tuple(a.key for a in answers),
        sections=task.prompt.sections,
        pace=_pace(task, answers[0]),
    )
