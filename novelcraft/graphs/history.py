"""What of the story so far the narrator is given, by the context that it is served with.

A layout leaves the story so far a summary's room. Where the server has more context, what is left
of it beside layout and scene is given to the story: the whole, or its last chapters or scenes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from novelcraft.agents.planner.outline import ACT_SHARES
from novelcraft.config.presets import SizePreset
from novelcraft.config.resolve import require_taught
from novelcraft.config.root import Settings
from novelcraft.config.settings import HistoryName, NovelSettings, WriteSettings
from novelcraft.graphs.part_summaries import is_long, part_summaries
from novelcraft.prompts.fit import TokenCounter
from novelcraft.prompts.world import root_summary
from novelcraft.state.layout import TOKENS_PER_WORD, Layout
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.models.preflight import SPARE_TOKENS

PARTS_ONLY = "parts"
"""In the name of a layout that has room for acts and chapters in short, but for no scene."""

LEAST_SCENES, LAST_SCENES = 6, 10
"""Longest scenes that `summary` gives beside the summary: those that it wants room for, and those
that it takes where there is more."""

WINDOW_SCENES = 3
"""Those that `window` gives."""


class _Extra(NamedTuple):
    """Tokens that a history takes beside the layout."""

    scenes: int
    """At most."""
    least: int
    """What must be there for it to be taken unasked."""
    canon: int = 0


def with_history(
    preset: SizePreset, settings: Settings, context: int, taught: Layout | None
) -> SizePreset:
    """The preset with room in its layout for the history that the settings ask for.

    The room is the served context without the layout, its scene and what the template takes, so
    what fitted the context before fits it after. In a long book acts and chapters in short take
    some of it; where there is none, half of what the layout has for the rolling summary.

    Args:
        preset: With the layout to begin with.
        settings: Say which history, and how long the book is.
        context: Tokens that the narrator is served with; 0 where that is not known: then the
            layout is left as it is.
        taught: The layout that the narrator's adapter was trained on; None where none is known.

    Raises:
        BudgetError: An adapter was trained without the history that is asked for by name.
    """
    room = max(0, context - preset.layout.total - SPARE_TOKENS)
    if settings.write.history == "auto" and (
        settings.roles.narrator.adapter or preset.name == "small"
    ):
        # It was trained on the layout as it is, or copies what it is shown.
        room = 0
    parts = _parts_room(preset, settings.novel, room)
    if is_long(settings.novel) and not parts:
        rolling = int(preset.layout.summary / 2 / TOKENS_PER_WORD)
        preset = dataclasses.replace(preset, summary_words=min(preset.summary_words, rolling))
    extras = _extras(preset, settings.novel)
    history = _chosen(settings.write, room - parts, extras)
    extra = extras[history] if history else _Extra(0, 0)
    canon = min(extra.canon, room // 8)
    scenes = min(extra.scenes, room - parts - canon)
    layout = preset.layout.with_parts(
        summary=preset.layout.summary + parts + scenes, canon=preset.layout.canon + canon
    )
    if layout.hash == preset.layout.hash:
        return preset
    require_taught(layout, taught, settings.write)
    name = f"{preset.layout.name}+{history or PARTS_ONLY}"
    named = layout.model_copy(update={"name": name})
    return dataclasses.replace(preset, layout=named, history=history, history_tokens=scenes)


def _parts_room(preset: SizePreset, novel: NovelSettings, room: int) -> int:
    """Tokens for what a long book's acts and chapters tell; 0 where there is too little room."""
    if not is_long(novel):
        return 0
    each = preset.part_words * TOKENS_PER_WORD
    chapters = novel.chapters or novel.target_words / preset.chapter_words
    parts = min(round(chapters * each), room // 4)
    return parts if parts >= len(ACT_SHARES) * each else 0


def _chosen(
    write: WriteSettings, room: int, extras: Mapping[HistoryName, _Extra]
) -> HistoryName | None:
    if not room:
        return None
    if write.history != "auto":
        return write.history
    return next((name for name, extra in extras.items() if extra.least <= room), None)


def _extras(preset: SizePreset, novel: NovelSettings) -> dict[HistoryName, _Extra]:
    """What each history takes, the one that tells most first."""
    book = round(novel.target_words * TOKENS_PER_WORD)
    scene, canon = preset.layout.scene, preset.layout.canon
    window = WINDOW_SCENES * scene
    return {
        "full": _Extra(book, book),
        "summary": _Extra(min(LAST_SCENES * scene, book), min(LEAST_SCENES * scene, book)),
        "window": _Extra(window, window + canon, canon),
    }


def history_notice(write: WriteSettings, preset: SizePreset, context: int) -> list[str]:
    """What a person should know of the history that a run gives its narrator."""
    if preset.history:
        return [
            f"Of the story so far the narrator is given the history {preset.history}: up to "
            f"{preset.layout.summary:,} tokens of the {context:,} that it is served "
            "with."
        ]
    if write.history == "auto":
        return []
    why = (
        f"its context of {context:,} tokens has no room beside layout and scene"
        if context
        else "how much context it is served with is not known; [roles.narrator] context says it"
    )
    return [f"The narrator is given no history {write.history}, only the summary: {why}."]


class Story(NamedTuple):
    """The story so far, as the narrator's prompt takes it."""

    summary: str
    """The rolling summary."""
    past: tuple[str, ...] = ()
    """What the acts and chapters before tell."""
    recent: str = ""
    """The last scenes, whole."""


InShort = Callable[[int], Story]
"""What so many of the first scenes tell in short, without any of them whole."""


def in_short(
    novel: NovelSettings,
    store: ManuscriptStore,
    chain: Sequence[SceneCommit],
    plan: Plan,
    coming: str,
) -> InShort:
    """The rolling summary, and what ended chapters and acts tell, after any scene of a chain.

    Args:
        novel: Says how long the book is.
        store: Holds what chapters and acts tell.
        chain: The scenes before, in order.
        plan: Parts the book into chapters and acts.
        coming: Id of the scene that follows them.
    """

    def told(scenes: int) -> Story:
        if not scenes:
            return Story(root_summary(plan.cast))
        follows = coming if scenes == len(chain) else chain[scenes].scene_id
        past = part_summaries(novel, store, chain[:scenes], plan, follows)
        return Story(chain[scenes - 1].summary, past)

    return told


def story_of(
    told: InShort,
    chain: Sequence[SceneCommit],
    preset: SizePreset,
    count: TokenCounter,
    most: int | None = None,
) -> Story:
    """The story so far before the scene that follows a chain.

    Scenes that fit are given whole, all or the last ones, and what comes before the first of them
    is told in short. So nothing is told twice, and as long as the first of them stays the same, a
    prompt begins as the one before it did, which servers keep in their cache.

    Args:
        told: Tells in short.
        chain: The scenes before, in order.
        preset: With the layout that the narrator is asked in.
        count: Token counter of the narrator's model.
        most: Tokens that the prompt may have at most, where that is less than the layout has.
    """
    layout = preset.layout
    if preset.history is None or not chain:
        return told(len(chain))
    room = layout.summary - (0 if most is None else max(0, layout.prompt - most))
    # Of the first scene: what is estimated of the others must be the same with every scene.
    per_word = count(chain[0].prose) / max(1, chain[0].words)
    sizes = [commit.words * per_word for commit in chain]
    if sum(sizes) <= room and count(text := _joined(chain)) <= room:
        return Story("", recent=text)
    for start in range(first_whole(sizes, min(room, preset.history_tokens)), len(chain)):
        short, text = told(start), _joined(chain[start:])
        if count("\n".join((*short.past, short.summary, text))) <= room:
            return short._replace(recent=text)
    return told(len(chain))


def first_whole(sizes: Sequence[float], room: float) -> int:
    """Which of some scenes is the first of the last ones that are given whole.

    It stays the same from scene to scene until they have no room any more, and moves past two
    thirds of them then: what is kept is read anew, as what stands before it has changed. Moved by
    one scene each time, it would leave the cache nothing of any prompt.

    Args:
        sizes: Tokens of each scene, in story order.
        room: Tokens that those given whole may have together.

    Returns:
        Its place, from 0; the number of scenes where not even the last one fits.
    """
    start, taken = 0, 0.0
    for end, size in enumerate(sizes, 1):
        taken += size
        while taken > room and start < end:
            start = max(start + 1, (start + 2 * end) // 3)
            taken = sum(sizes[start:end])
    return start


def _joined(scenes: Sequence[SceneCommit]) -> str:
    return "\n\n".join(commit.prose for commit in scenes)
