"""Changing scenes in a book's JSON while other stages change other parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from novelcraft.graphs.prep.context import PrepContext
from novelcraft.state.books import BookCharacter, BookFile, BookScene
from novelcraft.tools.books.folder import model_text, text_hash, write_text
from novelcraft.tools.books.scenes.names import frequent_names, named_in

NARRATOR = "the narrator"
"""Whom a scene follows in which nobody is named."""

_KEY = 16
_MOST_NAMES = 8


def scene_key(scene: BookScene) -> str:
    """Names a scene by its text, so that it keeps its name wherever the cuts before it fall."""
    return text_hash(scene.text)[:_KEY]


def people_of(prose: str, cast: Sequence[BookCharacter]) -> tuple[str, ...]:
    """Whom a scene may be told about: of the cast, or of whom it names itself; at least one."""
    named = named_in([member.name for member in cast], prose)
    return named or frequent_names(prose, _MOST_NAMES) or (NARRATOR,)


def update_scenes(
    context: PrepContext, book_id: str, changes: Mapping[str, dict[str, Any]]
) -> None:
    """Change fields of scenes, by their keys, and write the file. Takes no turn in between."""
    path = context.folder.scenes(book_id)
    book = context.folder.read_book(path)
    head = context.folder.read_book(context.folder.base(book_id)).meta
    scenes = tuple(_changed(scene, changes.get(scene_key(scene))) for scene in book.scenes)
    meta = head.model_copy(update={"total_scenes": len(scenes)})
    write_text(path, model_text(BookFile(meta=meta, scenes=scenes)))


def with_repairs(scene: BookScene, about: str, repairs: tuple[str, ...]) -> tuple[str, ...]:
    """A scene's repairs, with those about one thing in place of what was said about it before."""
    others = tuple(repair for repair in scene.repairs if not repair.startswith(f"{about}: "))
    return (*others, *(f"{about}: {repair}" for repair in repairs))


def _changed(scene: BookScene, change: dict[str, Any] | None) -> BookScene:
    if not change:
        return scene
    repairs = change.get("repairs")
    if repairs is not None:
        change = {**change, "repairs": with_repairs(scene, *repairs)}
    return scene.model_copy(update=change)
