"""What `prep` works on: the data folder, and the settings that lie in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import tomlkit
import typer

from novelcraft.cli.common import say
from novelcraft.config.load import load_settings
from novelcraft.config.root import KeyPath
from novelcraft.config.template import prep_toml, update_toml
from novelcraft.config.user import find_user_file
from novelcraft.errors import NotAProjectError
from novelcraft.graphs.prep.project import PrepProject
from novelcraft.state.prep import STAGES, Stage
from novelcraft.tools.books.folder import PrepFolder
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.storage.files import storage_errors, write_atomic
from novelcraft.tools.text import quoted

TOML = "prep.toml"


def stage_named(name: str, option: str) -> Stage:
    """The stage of that name.

    Raises:
        typer.BadParameter: There is none.
    """
    for stage in STAGES:
        if stage == name:
            return stage
    raise typer.BadParameter(
        f"{name!r} is no stage. Stages are {', '.join(STAGES)}.", param_hint=option
    )


def open_prep_project(folder: Path, given: Mapping[str, Any], *, empty: bool) -> PrepProject:
    """The project in a data folder, with what the command line says about it written down.

    Args:
        folder: The data folder; made when it is missing.
        given: Values for the `[prep]` table.
        empty: Whether no book was named, so that the folder must be there.

    Raises:
        NotAProjectError: The folder holds other files, or, where it must be there, is not.
        ConfigError, BudgetError: A setting cannot be used.
    """
    path = folder / TOML
    if path.is_file() and PrepFolder(folder).book_ids():
        _name_layout(path)
    if not path.is_file():
        _require_ours(folder, empty=empty and not given.get("samples"))
    there = path if path.is_file() else None
    settings = load_settings(
        there,
        environ=os.environ,
        user_file=find_user_file(os.environ),
        overrides={"prep": given} if given else None,
    )
    project = PrepProject(folder, settings, partial(open_models, notify=say), say)
    if given:
        project.check()
    if there is None:
        plain = load_settings(None, environ={}, user_file=None, overrides={"prep": given})
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, prep_toml(plain).encode("utf-8"))
    elif given:
        text = path.read_text(encoding="utf-8-sig")
        values: dict[KeyPath, Any] = {("prep", key): value for key, value in given.items()}
        write_atomic(path, update_toml(text, values).encode("utf-8"))
    return project


def _name_layout(path: Path) -> None:
    """Say in the settings of a folder of before there were layouts which one it has."""
    text = path.read_text(encoding="utf-8-sig")
    if "layout" not in tomlkit.parse(text).get("prep", {}):
        write_atomic(path, update_toml(text, {("prep", "layout"): "lean"}).encode("utf-8"))
        say(f"{path} names no layout: its rows have been `lean`, which is written there now.")


def _require_ours(folder: Path, *, empty: bool) -> None:
    with storage_errors(folder):
        other = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if other:
        raise NotAProjectError(
            f"{folder} holds files that are no data of ours: there is no {TOML} in it.",
            fix="Choose another folder with --out; nothing in this one was touched.",
        )
    if empty:
        raise NotAProjectError(
            f"{folder} holds no prepared books.",
            fix=f"Name some: novelcraft prep BOOK... --out {quoted(folder)}",
        )
