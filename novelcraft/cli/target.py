"""What `write` is pointed at: a premise, a file with one, or a novel that is there already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from novelcraft.cli.common import say
from novelcraft.cli.premise import as_path, is_dir, is_file, read_premise
from novelcraft.config.load import Overrides, Settings, load_settings
from novelcraft.config.root import KeyPath
from novelcraft.config.template import update_toml
from novelcraft.config.user import find_user_file
from novelcraft.errors import InputError, PagesError, ProjectError
from novelcraft.graphs.folder import DATABASE, TOML, is_novel, make_folder, require_novel
from novelcraft.tools.authored import read_authored
from novelcraft.tools.storage.files import write_atomic
from novelcraft.tools.text import folder_name, quoted

Book = Mapping[str, Any]
"""Values for the `[novel]` table, from the command line."""


def prepare(target: str, out: Path | None, given: Overrides, branch: str) -> Path:
    """Find or make the folder that `write` works on, holding what was asked.

    Args:
        target: A premise, the path of a file with one, or a novel's folder.
        out: Where a new novel goes; None makes a name from the premise.
        given: What the command line says. What it says about the book goes into `novel.toml`.
        branch: The branch that is to be written.

    Raises:
        PremiseError: The premise is empty or unreadable, or a path that is not there.
        NotAProjectError: A folder that holds no novel.
        ProjectError: `out` holds another novel.
        PagesError: The branch cannot have that length any more.
        InputError: The novel was begun with other numbers, or a setting cannot be used.
    """
    book = given.get("novel", {})
    folder = _novel_folder(target)
    if folder is not None:
        if out is not None:
            raise InputError(
                f"{folder} is a novel already, so --out {out} has no meaning.",
                fix=f"Go on with it: novelcraft write {quoted(folder)}",
            )
        settle(folder, book, branch)
        return folder
    premise = read_premise(target)
    folder = out or Path(folder_name(premise))
    # Whatever is wrong with the settings is told before a folder is made.
    load_settings(None, environ=os.environ, user_file=find_user_file(os.environ), overrides=given)
    start(folder, {**book, "premise": premise}, branch)
    return folder


def start(folder: Path, book: Book, branch: str) -> None:
    """Make a novel's folder, or take up one that holds the same novel or what its author has.

    Only what the command line says goes into `novel.toml`, not what the environment says now.
    """
    if is_novel(folder):
        settle(folder, book, branch)
    else:
        read_authored(folder)  # refuses what cannot be used
        make_folder(folder, written_settings(None, book))


def settle(folder: Path, book: Book, branch: str) -> None:
    """Bring a novel's `novel.toml` and the command line into agreement.

    A novel that was not begun takes the new values; one that was keeps to its own, but for its
    length.
    """
    settings = written_settings(folder / TOML, {})
    _refuse_other_premise(folder, settings, book)
    now = settings.novel.model_dump()
    changed = {key: value for key, value in book.items() if _tidy(now[key]) != _tidy(value)}
    written_settings(folder / TOML, changed)  # refuses a value that is out of range
    if (folder / DATABASE).is_file() and (changed or "pages" in book):
        _hold_to_its_beginning(folder, now, book, changed, branch)
    if changed:
        text = (folder / TOML).read_text(encoding="utf-8-sig")
        values: dict[KeyPath, Any] = {("novel", key): value for key, value in changed.items()}
        write_atomic(folder / TOML, update_toml(text, values).encode("utf-8"))


def written_settings(novel_toml: Path | None, book: Book) -> Settings:
    """The settings of a `novel.toml` alone, with what the command line says."""
    return load_settings(novel_toml, environ={}, user_file=None, overrides={"novel": book})


def _novel_folder(target: str) -> Path | None:
    """The novel's folder that a target names; None when it names something else."""
    path = as_path(target)
    if path.name in (TOML, DATABASE) and is_file(path):
        path = path.parent
    if not target.strip() or not is_dir(path):
        return None
    require_novel(path)
    return path


def _refuse_other_premise(folder: Path, settings: Settings, book: Book) -> None:
    there, asked = settings.novel.premise, book.get("premise", "")
    if asked and there.strip() and _tidy(there) != _tidy(asked):
        raise ProjectError(
            f"{folder} holds another novel: “{_short(there)}”",
            fix=f"Choose another folder with --out, or go on with that novel: "
            f"novelcraft write {quoted(folder)}",
        )


def _hold_to_its_beginning(folder: Path, now: Book, book: Book, changed: Book, branch: str) -> None:
    """Refuse other numbers for a novel that was begun; give its branch another length."""
    import asyncio

    from novelcraft.graphs.novel import Novel

    with Novel.open(folder, overrides={"novel": book}) as novel:
        planned = novel.store.branch(branch).plan_version is not None
        if not (novel.store.call_totals().calls or novel.store.plans()):
            return
        for key, value in changed.items():
            if key != "pages" or not planned:
                raise (PagesError if key == "pages" else InputError)(
                    f"{folder} was begun with {key} = {now[key]}; it cannot go on with {value}.",
                    fix=f"Leave out --{key}, or start another novel with --out.",
                )
        if "pages" in book and asyncio.run(novel.change_length(branch)):
            say(
                f"Branch {branch} is planned for {book['pages']} pages from here on: the chapters "
                "to come make up the difference."
            )


def _tidy(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _short(text: str, longest: int = 80) -> str:
    tidy = _tidy(text)
    return tidy if len(tidy) <= longest else f"{tidy[:longest].rstrip()}…"
