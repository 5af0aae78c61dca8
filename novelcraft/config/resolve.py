"""Fill in what the settings leave to the preset, and check the numbers against each other."""

from __future__ import annotations

import dataclasses
import re

from novelcraft.config.layouts import LAYOUTS, known
from novelcraft.config.presets import PRESETS, SizePreset
from novelcraft.config.root import Settings
from novelcraft.config.settings import NovelSettings, WriteSettings
from novelcraft.errors import BudgetError, ConfigError
from novelcraft.state.layout import PARTS, TOKENS_PER_WORD, Layout

SMALL_UP_TO = 3.0
"""Billions of parameters up to which a model gets the small preset."""
LEAST_CHAPTER_WORDS = 100

_SIZE = re.compile(r"(?<![a-z0-9.])(?:\d+x|[ae])?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")


def resolve(settings: Settings, narrator_model: str, taught: Layout | None = None) -> SizePreset:
    """The preset a run works by, with everything the person set in its place.

    Args:
        settings: The loaded settings.
        narrator_model: Name of the narrator's model without its provider; for `embedded:auto`
            the name of the model that was taken.
        taught: The layout that the narrator's adapter was trained on; None where there is no
            adapter, or its layout is not known.

    Returns:
        A copy of the preset with the run's layout and scene length.

    Raises:
        BudgetError: A scene does not fit its budget, the whole prompt the context, or the
            settings ask for another layout than the adapter's.
        ConfigError: If there are so many chapters that each would be a paragraph.
    """
    _check_chapters(settings.novel)
    preset = pick_preset(settings.write, narrator_model)
    base = _base(settings, preset, taught)
    layout = _layout(settings, base)
    require_taught(layout, taught, settings.write)
    scene_words = settings.write.scene_words or base.scene_words
    _check_scene(layout, scene_words)
    _check_context(layout, settings.roles.narrator.context)
    most = round(layout.scene / (scene_words * TOKENS_PER_WORD), 2)
    return dataclasses.replace(
        preset,
        scene_words=scene_words,
        length_high=min(preset.length_high, most),
        summary_words=min(preset.summary_words, int(layout.summary / TOKENS_PER_WORD)),
        layout=layout,
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


def _base(settings: Settings, preset: SizePreset, taught: Layout | None) -> Layout:
    """The layout that the settings name, and by default the adapter's or the preset's."""
    named = settings.write.layout
    return (taught or preset.layout) if named == "auto" else LAYOUTS[named]


def _layout(settings: Settings, base: Layout) -> Layout:
    """The layout with what the settings change of it."""
    words = settings.write.scene_words
    given = settings.budget.model_dump(exclude_none=True)
    if words and not base.scene_low <= words * TOKENS_PER_WORD <= base.scene:
        scale = words / base.scene_words
        lengths = {"scene": round(base.scene * scale), "scene_low": round(base.scene_low * scale)}
        given = {**lengths, **given}
    return known(base.with_parts(**given)) if given else base


def layout_table(**layouts: Layout) -> str:
    """Layouts side by side, a line for each part."""
    heads = {column: layout.name for column, layout in layouts.items()}
    wide = max(len(text) for pair in heads.items() for text in pair) + 2
    rows = [("", *layouts), ("layout", *heads.values())]
    parts = (*PARTS, "cautions", "scene_low", "scene")
    rows += [(part, *(str(layout.of(part)) for layout in layouts.values())) for part in parts]
    return "\n".join(
        f"  {name:<10}" + "".join(f"{cell:>{wide}}" for cell in cells) for name, *cells in rows
    )


def require_taught(asked: Layout, taught: Layout | None, write: WriteSettings) -> None:
    """Hold a layout to the one that the narrator's adapter was trained on.

    Raises:
        BudgetError: It is another one, and that is not allowed.
    """
    if taught is None or asked.hash == taught.hash or write.allow_other_layout:
        return
    raise BudgetError(
        "The narrator's adapter was trained on another layout than the settings ask for, in "
        f"tokens:\n{layout_table(trained=taught, asked=asked)}",
        fix="Leave out [write] layout, scene_words and history, and [budget], and it is asked as "
        "it was trained; or set [write] allow_other_layout = true.",
    )


def _check_scene(layout: Layout, scene_words: int) -> None:
    needed = round(scene_words * TOKENS_PER_WORD)
    if layout.scene < needed:
        raise BudgetError(
            f"[budget] scene = {layout.scene} tokens: a scene of {scene_words} words takes about "
            f"{needed}.",
            fix=f"Set [budget] scene to {needed} or more, or [write] scene_words lower.",
        )


def _check_context(layout: Layout, context: int) -> None:
    if context and layout.total > context:
        parts = ", ".join(f"{name} {layout.of(name)}" for name in (*PARTS, "scene"))
        raise BudgetError(
            f"The narrator's prompt and scene may take {layout.total} tokens ({parts}), and "
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
