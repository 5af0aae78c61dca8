"""Where in a novel a tool reads: fields that the inputs of several tools share."""

from __future__ import annotations

from novelcraft.state.base import Frozen


class InNovel(Frozen):
    """Where in a novel a tool reads. Leave all of it out to give everything yourself."""

    novel: str = ""
    """Folder of the novel; empty for the one that the server was started with, or none."""
    branch: str = "main"


class BeforeScene(InNovel):
    """A novel as it stands before a scene."""

    scene: str = ""
    """The scene that this is about, by number or id; what came before it is known. Empty: the
    next one to be written."""


class AfterScene(InNovel):
    """A novel as it stands after a scene."""

    after: str = ""
    """The last scene that is known, by number or id. Empty: all of them."""
