"""What recall brings to a scene: facts and passages of the scenes before it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from novelcraft.state.base import Frozen


class Passage(Frozen):
    """A few paragraphs of an accepted scene, as the index finds them."""

    id: str
    """`commit:number`, the number counted from 0 within the scene."""
    commit: str
    position: int = Field(ge=1)
    """Place of its scene in the chain, counted from 1."""
    text: str


class CanonNote(Frozen):
    """One thing a scene should know about what came before."""

    kind: Literal["fact", "passage"]
    text: str
    """As it goes into the prompt."""
    commit: str
    """The commit that it comes from."""
    position: int = Field(ge=1)
    """Place of that commit in the chain, counted from 1."""
