"""Fill in what the settings leave to the preset, and check the numbers against each other."""

from __future__ import annotations

import dataclasses
import re

from novelcraft.config.presets import PRESETS, PromptBudget, SizePreset
from novelcraft.config.root import Settings
from novelcraft.config.settings import NovelSettings, WriteSettings
from novelcraft.errors import BudgetError, ConfigError

SMALL_UP_TO = 3.0
"""Billions of parameters up to which a model gets the small preset."""
TOKENS_PER_WORD = 1.35
"""Tokens of a word of English prose; the tokenizers of current models lie between 1.25 and 1.4."""
LEAST_CHAPTER_WORDS = 100

_SIZE = re.compile(r"(?<![a-z0-9.])(?:\d+x|[ae])?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")


def resolve(settings: Settings, narrator_model: str) -> SizePreset:
    """The preset a run works by, with everything the person set in its place.

    Args:
        settings: The loaded settings.
        narrator_model: Name of the narrator's model without its provider; for `embedded:auto`
            the name of the model that was taken.

    Returns:
        A copy of the preset with the settings' scene length and token budget.

    Raises:
        BudgetError: If a scene does not fit its budget, or the whole prompt the context.
        ConfigError: If there are so many chapters that each would be a paragraph.
    """
    _check_chapters(settings.novel)
    preset = pick_preset(settings.write, narrator_model)
    scene_words = settings.write.scene_words or preset.scene_words
    budget = _budget(settings, preset, scene_words)
    _check_scene(budget, scene_words, preset.length_high)
    _check_context(budget, settings.roles.narrator.context)
    return dataclasses.replace(
        preset,
        scene_words=scene_words,
        summary_words=min(preset.summary_words, int(budget.summary / TOKENS_PER_WORD)),
        budget=budget,
    )


def pick_preset(write: WriteSettings, narrator_model: str) -> SizePreset:
    """The preset that is set, or the one that fits the size in the model's name.

    A name that tells no size belongs to a model behind a server, and those are large.
    """
    if write.preset != "auto":
        return PRESETS[write.preset]
    size = parameters(narrator_model)
    return PRESETS["small" if size is not None and size <= SMALL_UP_TO else "standard"]


def parameters(model: str) -> float | None:
    """Billions of parameters, read from a model's name; None when it does not say.

    Of several numbers the largest counts: `qwen3-30b-a3b` has 30 billion, 3 of them active.
    """
    sizes = [
        float(number) / (1 if unit == "b" else 1_000)
        for number, unit in _SIZE.findall(model.lower().replace("_", "-"))
    ]
    return max(sizes, default=None)


def _budget(settings: Settings, preset: SizePreset, scene_words: int) -> PromptBudget:
    scene = round(preset.budget.scene * scene_words / preset.scene_words)
    filled = dataclasses.replace(preset.budget, scene=scene)
    given = {part: tokens for part, tokens in settings.budget.model_dump().items() if tokens}
    return dataclasses.replace(filled, **given)


def _check_scene(budget: PromptBudget, scene_words: int, length_high: float) -> None:
    needed = round(scene_words * length_high * TOKENS_PER_WORD)
    if budget.scene < needed:
        raise BudgetError(
            f"[budget] scene = {budget.scene} tokens: a scene of {scene_words} words takes up to "
            f"{needed}.",
            fix=f"Set [budget] scene to {needed} or more, or [write] scene_words lower.",
        )


def _check_context(budget: PromptBudget, context: int) -> None:
    if context and budget.total > context:
        parts = ", ".join(f"{name} {n}" for name, n in dataclasses.asdict(budget).items())
        raise BudgetError(
            f"The narrator's prompt and scene may take {budget.total} tokens ({parts}), and "
            f"[roles.narrator] context is {context}.",
            fix="Set smaller numbers under [budget], a smaller [write] scene_words, or serve the "
            "model with a longer context.",
        )


def _check_chapters(novel: NovelSettings) -> None:
    if novel.chapters and novel.target_words / novel.chapters < LEAST_CHAPTER_WORDS:
        words = novel.target_words // novel.chapters
        raise ConfigError(
            f"[novel] chapters = {novel.chapters}: at {novel.pages} pages that leaves {words} "
            "words a chapter.",
            fix=f"Set at most {max(1, novel.target_words // LEAST_CHAPTER_WORDS)} chapters, or "
            "more pages.",
        )
