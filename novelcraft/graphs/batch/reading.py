"""A novel of a shared batch, opened from any machine to be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.errors import InputError
from novelcraft.graphs.folder import DATABASE, make_folder
from novelcraft.graphs.novel import Novel
from novelcraft.tools.batch.shared import open_novel_store, open_shared

IDLE_SECONDS = 60.0


@contextmanager
def shared_novel(url: str, name: str, folder: Path) -> Iterator[Novel]:
    """Open a novel of a batch in PostgreSQL. It must only be read: no lease is taken.

    Args:
        url: The database's.
        name: The novel's in the batch.
        folder: Where its exports go. It is made when it is not there.

    Raises:
        UnknownTargetError: The batch has no novel of that name.
        InputError: The folder holds a novel with a database of its own, or the novel is not begun.
        DatabaseGoneError: The database cannot be reached.
    """
    with open_shared(url) as batch:
        number, entry = batch.entry(name)
    if entry.standing.status == "waiting" and not entry.standing.prompt_tokens:
        raise InputError(
            f"No worker has begun {name} yet.", fix="See: novelcraft batch --show --database …"
        )
    if (folder / DATABASE).exists():
        raise InputError(f"{folder} holds a novel of its own.", fix="Run it in another folder.")
    make_folder(folder, Settings.model_validate(entry.row.settings))
    with Novel.open(
        folder,
        overrides=entry.row.settings,
        open_store=lambda novel_id: open_novel_store(
            url, number, novel_id, guard=None, idle_seconds=IDLE_SECONDS
        ),
    ) as novel:
        yield novel
