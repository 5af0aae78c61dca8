"""`novelcraft pairs`: collect preferences to tune a narrator with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import QuietOption
from novelcraft.errors import InputError
from novelcraft.tools.text import quoted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.graphs.pairs.collecting import Collection, Harvest
    from novelcraft.state.preferences import PairEvent, PairManifest

SHOWN = 5
"""Scenes that became no pair and are told of one by one."""


def pairs(
    novels: Annotated[
        list[Path] | None,
        typer.Argument(metavar="NOVEL...", help="Folders of novels that you attended or revised."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A data folder: have the narrator write to the prompts of its rows."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the pairs go: DATA/pairs, or pairs, by default."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Ask for so many training rows only, drawn by lot."),
    ] = None,
    checks: Annotated[
        bool,
        typer.Option("--checks", help="Take drafts that the checks sent back as rejected, too."),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Collect pairs of scenes, of which one is the better, to tune a narrator with.

    From novels: a scene that you had drawn again, at its gate or with `redraw`, or edited, was
    rejected, and the one in its place is the better.

    From a data folder: the narrator writes to the prompts of its rows, and the human's scene is
    the better. Who the narrator is stands in your settings, or in DIR/prep.toml.

    The same command again asks only for what is missing. Pairs of other novels and books in the
    folder stay.

    Examples:

    - `novelcraft pairs my-novel another-novel --out pairs`

    - `novelcraft pairs --data data --count 200`
    """
    if not novels and data is None:
        raise InputError(
            "There is nothing to collect from.", fix="Name novels, or give --data DIR, or both."
        )
    if count is not None and data is None:
        raise InputError("--count has a meaning only with --data.", fix="Leave it out.")
    from novelcraft.graphs.pairs.collecting import Collection

    folder = out or (data / "pairs" if data is not None else Path("pairs"))
    collection = Collection(folder)
    found = [_from_novels(collection, novels, checks)] if novels else []
    if data is not None:
        again = [*map(quoted, novels or ()), *["--checks"] * checks]
        found.append(_from_rows(collection, data, count, quiet, again))
    _report(collection.write(found), folder)


def _from_novels(collection: Collection, folders: list[Path], checks: bool) -> Harvest:
    from contextlib import ExitStack

    from novelcraft.graphs.novel import Novel
    from novelcraft.graphs.pairs.collecting import refuse_evaluation

    with ExitStack() as opened:
        for folder in folders:
            refuse_evaluation(folder)
        novels = [opened.enter_context(Novel.open(folder)) for folder in folders]
        return collection.from_novels(novels, checks=checks)


def _from_rows(
    collection: Collection, data: Path, count: int | None, quiet: bool, again: list[str]
) -> Harvest:
    """Pairs of a data folder. `again` is what else the command was given, to go on with it."""
    import os

    from novelcraft.cli.common import watched
    from novelcraft.cli.prep_target import TOML
    from novelcraft.config.load import load_settings
    from novelcraft.config.user import find_user_file
    from novelcraft.present.pairs import PairsProgress
    from novelcraft.tools.pairs.rows import rows_to_ask

    toml = data / TOML
    settings = load_settings(
        toml if toml.is_file() else None, environ=os.environ, user_file=find_user_file(os.environ)
    )
    asked = rows_to_ask(data, count)

    async def work(reader: Reader[PairEvent]) -> Harvest:
        return await collection.from_rows(asked, settings, on_event=reader.on_event)

    some = [f"--count {count}"] if count is not None else []
    places = f"--data {quoted(data)} --out {quoted(collection.folder)}"
    command = " ".join(("novelcraft pairs", *again, places, *some))
    return watched(work, PairsProgress(), quiet=quiet, command=command)


def _report(manifest: PairManifest, folder: Path) -> None:
    """Say what was collected. The last line is the folder."""
    from novelcraft.tools.text import counted

    (file,) = manifest.files
    typer.echo(
        f"{counted(file.lines, 'pair')}; {file.held_out} of them are kept back for validation."
    )
    for one in manifest.counts:
        typer.echo(f"  {one.work} ({_SOURCES[one.source]}): {one.pairs}")
    for left in manifest.left_out[:SHOWN]:
        typer.echo(f"Left out: {left.row_id}: {left.reason}", err=True)
    if len(manifest.left_out) > SHOWN:
        typer.echo(f"Left out: {len(manifest.left_out) - SHOWN} more", err=True)
    typer.echo(str(folder))


_SOURCES = {
    "person": "by you",
    "human_vs_model": "a human's scene against the narrator's",
    "checks": "by the checks",
}
