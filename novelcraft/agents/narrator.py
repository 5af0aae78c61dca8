"""The narrator: one scene of prose from the one narrator prompt.

The narrator's text is streamed, because its length is governed while it comes: a draft is
ended at a paragraph's end once it has the words its brief asks for, and a draft that stops too
early is carried on from the very same prompt with what is there as the completion so far. Both
leave the prompt that the model was trained on untouched.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from novelcraft.agents.session import AgentSession
from novelcraft.prompts.narrator import STOPS, AssembledPrompt
from novelcraft.state.base import Frozen, derive_seed
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.state.manuscript import Provenance, count_words
from novelcraft.state.steps import call_step
from novelcraft.tools.metrics.draft_length import Cut, GrowingDraft, LengthRule, cut_at_sentence
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


class Narration(Frozen):
    """A draft as it came, before any check."""

    prose: str
    provenance: Provenance


class NarrationInput(Frozen):
    """A scene to narrate."""

    prompt: AssembledPrompt
    target_words: int = Field(ge=1)
    """Words that the scene should have."""
    asked_words: int = Field(ge=1)
    """Words that its prompt asks for."""
    tokens_per_word: float = Field(default=TOKENS_PER_WORD, gt=0)
    """Of the narrator's model, in the language of the book."""
    attempt: int = Field(default=1, ge=1)
    can_continue: bool = False
    """Whether the server carries on a completion that is given to it."""
    room: int = Field(default=0, ge=0)
    """Tokens that the server has for the scene; 0 where that is not known."""
    opening: str = ""
    """First words of the scene, given to the narrator as the completion so far."""


def nobody(_text: str) -> None:
    """A reader of a draft as it grows who needs none of it."""


async def narrate(
    given: NarrationInput, session: AgentSession, on_text: Callable[[str], None] = nobody
) -> Narration:
    """Narrate a scene.

    Args:
        given: What to narrate.
        session: The models; another draw of the scene has a step of another name.
        on_text: Gets the draft so far, at every blank. After a fault it begins anew.

    Returns:
        The draft. One that was cut off is cut back to its last sentence, where that leaves it
        its lower length; such a draft has `length_reached` as its finish reason.
    """
    rule = LengthRule.of(session.preset, given.target_words)
    answers: list[ModelAnswer] = []
    prose, finish = "", "stop"
    prefill = given.opening if given.can_continue else ""
    for segment in range(MAX_SEGMENTS if given.can_continue else 1):
        answer, prose, finish = await _segment(given, session, rule, prefill, segment, on_text)
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
    return Narration(prose=prose, provenance=_provenance(given, session, rule, answers, finish))


def _pace(given: NarrationInput, rule: LengthRule, first: ModelAnswer) -> float:
    """How much the narrator wrote at once of what it was asked for.

    0 where that is unknown, as the rule's own bound on tokens cut it off.
    """
    bound = _max_tokens(given.model_copy(update={"room": 0}), rule, given.opening)
    if first.finish_reason == "length" and first.usage.completion_tokens >= bound:
        return 0.0
    return round(count_words(first.text) / given.asked_words, 3)


def _half_at_end(finish: str, whole: str, prose: str) -> bool:
    """Whether a draft may end in the middle: cut off, or with half a sentence left behind."""
    return finish in ("length", TOO_LONG) or (finish == "stop" and whole != prose)


async def _segment(
    given: NarrationInput,
    session: AgentSession,
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

    answer = await session.caller.models.stream(
        ModelRequest(
            role="narrator",
            purpose="scene.narrate",
            step=call_step(session.step, segment),
            messages=given.prompt.messages,
            max_tokens=_max_tokens(given, rule, prefill),
            seed=derive_seed(session.caller.seed, "scene.narrate", session.step, segment),
            prefill=prefill,
            stop=STOPS,
        ),
        watch,
    )
    if cuts:
        return answer, cuts[-1].text, LENGTH_REACHED if cuts[-1].whole else TOO_LONG
    return answer, (prefill + answer.text).strip(), answer.finish_reason


def _max_tokens(given: NarrationInput, rule: LengthRule, prefill: str) -> int:
    """What the scene may take by its length rule and the server's room, without what is there."""
    most = rule.tokens(given.tokens_per_word)
    if given.room:
        most = min(most, given.room)
    return max(LEAST_TOKENS, most - round(count_words(prefill) * given.tokens_per_word))


def _provenance(
    given: NarrationInput,
    session: AgentSession,
    rule: LengthRule,
    answers: list[ModelAnswer],
    finish: str,
) -> Provenance:
    last = answers[-1]
    return Provenance(
        model=last.model,
        adapter=last.adapter,
        prompt_hash=given.prompt.hash,
        template_hash=given.prompt.template_hash,
        sampling=last.sampling,
        seed=derive_seed(session.caller.seed, "scene.narrate", session.step, 0),
        prompt_tokens=sum(a.usage.prompt_tokens for a in answers),
        completion_tokens=sum(a.usage.completion_tokens for a in answers),
        finish_reason=finish,
        attempt=given.attempt,
        calls=tuple(a.key for a in answers),
        sections=given.prompt.sections,
        pace=_pace(given, rule, answers[0]),
        layout=given.prompt.layout,
    )
