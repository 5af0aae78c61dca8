"""The narrator: one scene of prose from the one narrator prompt.

The narrator's text is streamed, because its length is governed while it comes: a draft is
ended at a paragraph's end once it has the words its brief asks for, and a draft that stops too
early is carried on from the very same prompt with what is there as the completion so far. Both
leave the prompt that the model was trained on untouched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from novelcraft.config.presets import SizePreset
from novelcraft.prompts.narrator import STOPS, AssembledPrompt
from novelcraft.state.base import derive_seed
from novelcraft.state.manuscript import Provenance, count_words
from novelcraft.state.steps import call_step
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.chat import ModelAnswer, ModelRequest

MAX_SEGMENTS = 4
"""How often a draft that stops too early is carried on."""

HARD_STOP = 1.3
"""Share of the upper length at which a draft is ended at a sentence, paragraph or not."""

LENGTH_REACHED = "length_reached"
"""Finish reason of a draft that we ended, at a whole sentence, with the words it should have."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)*]*(?=\s|$)")


@dataclass(frozen=True)
class LengthRule:
    """When a draft is long enough, and when it is to be carried on. Counts are words."""

    low: int
    high: int

    @classmethod
    def of(cls, preset: SizePreset, target_words: int) -> LengthRule:
        """The preset's rule for a scene of that length."""
        return cls(
            round(target_words * preset.length_low), round(target_words * preset.length_high)
        )

    def cut(self, text: str) -> str | None:
        """The text up to where it should end, or None while it should go on.

        The end is the first paragraph's end at or above `high` words, or, in a paragraph that
        does not end, the last sentence's end once the text is past the hard stop.
        """
        if count_words(text) < self.high:
            return None
        at = self._paragraph_end(text)
        if at is not None:
            return text[:at].rstrip()
        if count_words(text) >= self.high * HARD_STOP:
            return cut_at_sentence(text) or None
        return None

    def _paragraph_end(self, text: str) -> int | None:
        for match in re.finditer(r"\n\s*", text):
            if count_words(text[: match.start()]) >= self.high and _ends_whole(
                text[: match.start()]
            ):
                return match.start()
        return None


def _ends_whole(text: str) -> bool:
    stripped = text.rstrip()
    matches = list(_SENTENCE_END.finditer(stripped[-8:]))
    return bool(matches) and matches[-1].end() == len(stripped[-8:])


def cut_at_sentence(text: str) -> str:
    """The text without a half sentence at its end; empty when it holds no whole one."""
    ends = [m.end() for m in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].rstrip() if ends else ""


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
    attempt: int
    step: str
    """Name of the step for the call log; another draw of the scene has another one."""
    preset: SizePreset
    can_continue: bool
    """Whether the server carries on a completion that is given to it."""
    opening: str = ""
    """First words of the scene, given to the narrator as the completion so far."""


async def narrate(task: NarrationTask, caller: Caller, on_text: Callable[[str], None]) -> Narration:
    """Narrate a scene.

    Args:
        task: What to narrate.
        caller: The models and the novel's seed.
        on_text: Gets the draft so far, at every blank. After a fault it begins anew.
    """
    rule = LengthRule.of(task.preset, task.target_words)
    answers: list[ModelAnswer] = []
    prose, finish = "", "stop"
    prefill = task.opening if task.can_continue else ""
    for segment in range(MAX_SEGMENTS if task.can_continue else 1):
        answer, prose, finish = await _segment(task, caller, rule, prefill, segment, on_text)
        answers.append(answer)
        if finish != "stop" or count_words(prose) >= rule.low or not answer.text.strip():
            break
        prefill = f"{cut_at_sentence(prose) or prose.rstrip()}\n\n"
    whole = cut_at_sentence(prose)
    if finish == "stop" and whole != prose and count_words(whole) >= rule.low:
        # The model meant to end, but left half a sentence behind the last whole one.
        prose, finish = whole, LENGTH_REACHED
    return Narration(prose, _provenance(task, caller, answers, finish))


async def _segment(
    task: NarrationTask,
    caller: Caller,
    rule: LengthRule,
    prefill: str,
    segment: int,
    on_text: Callable[[str], None],
) -> tuple[ModelAnswer, str, str]:
    ended: list[str] = []

    def watch(text: str) -> bool:
        whole = prefill + text
        on_text(whole)
        end = rule.cut(whole)
        if end is not None:
            ended.append(end)
        return end is None

    answer = await caller.models.stream(
        ModelRequest(
            role="narrator",
            purpose="scene.narrate",
            step=call_step(task.step, segment),
            messages=task.prompt.messages,
            max_tokens=task.preset.budget.scene,
            seed=derive_seed(caller.seed, "scene.narrate", task.step, segment),
            prefill=prefill,
            stop=STOPS,
        ),
        watch,
    )
    if ended:
        return answer, ended[-1], LENGTH_REACHED
    return answer, (prefill + answer.text).strip(), answer.finish_reason


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
    )
