"""The layouts that have a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from novelcraft.state.layout import Layout

LayoutName = Literal["standard", "small", "lean"]

STANDARD_LAYOUT = Layout(
    name="standard",
    system=150,
    world=400,
    summary=400,
    canon=200,
    tail=200,
    brief=250,
    cautions=300,
    scene_low=2_000,
    scene=2_450,
)
"""A row of it fills a window of 4,096, and more than 1.5 tokens of scene come on one of context."""

SMALL_LAYOUT = Layout(
    name="small",
    system=150,
    world=250,
    summary=200,
    canon=160,
    tail=120,
    brief=320,
    cautions=160,
    scene_low=520,
    scene=1_100,
)
"""For models of a few hundred million parameters: scenes of about 600 words."""

LEAN_LAYOUT = Layout(
    name="lean",
    system=150,
    world=400,
    summary=400,
    canon=0,
    tail=0,
    brief=50,
    cautions=150,
    scene_low=2_000,
    scene=3_000,
)
"""No canon notes, nothing of the scene before, briefs of a line or two: most to learn in a row."""

LAYOUTS: Mapping[LayoutName, Layout] = {
    "standard": STANDARD_LAYOUT,
    "small": SMALL_LAYOUT,
    "lean": LEAN_LAYOUT,
}
assert tuple(LAYOUTS) == get_args(LayoutName)


def known(layout: Layout) -> Layout:
    """The named layout that is equal to one; without any, that one as it is."""
    same = (named for named in LAYOUTS.values() if named.hash == layout.hash)
    return next(same, layout)
