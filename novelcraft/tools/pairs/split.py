"""Which preferences are kept back for validation: whole chapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from novelcraft.state.preferences import PreferencePair
from novelcraft.tools.books.rows.split import choose_groups

SHARE = 0.1
"""Share that is held out."""
_SEED = 1


def held_out_groups(pairs: Sequence[PreferencePair], share: float = SHARE) -> set[str]:
    """The chapters to hold out, by lot; one of two or more chapters at least.

    What was made from training rows is not counted: the rows themselves say which of them are
    held out.
    """
    sizes = Counter(one.group for one in pairs if one.source != "human_vs_model")
    chosen = choose_groups(sizes, share, _SEED)
    if not chosen and len(sizes) > 1:
        chosen = {min(sizes, key=lambda group: (sizes[group], group))}
    return chosen


def hold_out(pairs: Sequence[PreferencePair], groups: set[str]) -> list[PreferencePair]:
    """The same, with what is of those chapters held out."""
    return [
        one
        if one.source == "human_vs_model"
        else one.model_copy(update={"held_out": one.group in groups})
        for one in pairs
    ]
