"""`novelcraft prep`: turn books into training rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import QuietOption
from novelcraft.tools.text import quoted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.graphs.prep.project import PrepOutcome, PrepProject
    from novelcraft.state.prep import PrepEvent, Stage

DATA = Path("data")
"""Where books are prepared when nothing else is said."""


def prep(
    books: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="BOOK...",
            help="Books, or folders of books: EPUB, DOCX, ODT, HTML, Markdown, text. Without any, "
            "those that are in the data folder already.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The data folder.")] = DATA,
    until: Annotated[
        str,
        typer.Option(
            metavar="STAGE",
            help="The last stage: convert, clean, base, world, scenes, facts, summaries, briefs, "
            "rows.",
        ),
    ] = "rows",
    redo: Annotated[
        str | None,
        typer.Option(metavar="STAGE", help="Do this stage again, for example for another model."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The model to be trained, for its tokenizer: a folder, or owner/name on the hub.",
        ),
    ] = None,
    models: Annotated[
        bool | None,
        typer.Option(
            "--models/--no-models",
            help="Whether models are asked. Without, scenes are cut by likeness alone.",
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="HOW", help="How rows are cut: sequential, overlap25, overlap50, long."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="BY", help="What is kept back for validation: chapter or book."),
    ] = None,
    think: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT", help="What a think block holds, if the model has one: empty or beats."
        ),
    ] = None,
    drop_duplicates: Annotated[
        bool | None,
        typer.Option(
            "--drop-duplicates/--keep-duplicates",
            help="Leave out scenes that an earlier book has too.",
        ),
    ] = None,
    style: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder of writing samples (.txt, .md): style rows."),
    ] = None,
    inspect: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Show the data card of a data folder; do nothing else."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Turn books into training rows, or show what a data folder holds.

    Every stage leaves its files in the data folder, to be read and corrected by hand. The same
    command again does only what is missing; what you changed is kept. What is chosen here is
    written to prep.toml in that folder, where everything else can be chosen too.

    Examples:

    - `novelcraft prep books/*.epub --out data/`

    - `novelcraft prep my-novel.docx --until clean`

    - `novelcraft prep --inspect data/`
    """
    if inspect is not None:
        _show_card(inspect)
        return
    from novelcraft.cli.prep_target import open_prep_project, stage_named

    stage = stage_named(until, "--until")
    again = stage_named(redo, "--redo") if redo else None
    given = {
        "base_model": base,
        "models": models,
        "strategy": strategy,
        "split": split,
        "think": think,
        "drop_duplicates": drop_duplicates,
        "samples": str(style.absolute()) if style is not None else None,
    }
    chosen = {key: value for key, value in given.items() if value is not None}
    project = open_prep_project(out, chosen, empty=not books)
    outcome = _run(project, books or [], stage, again, quiet)
    _report(project, outcome, stage)


def _run(
    project: PrepProject, books: list[Path], until: Stage, redo: Stage | None, quiet: bool
) -> PrepOutcome:
    from novelcraft.cli.common import watched
    from novelcraft.present.preparation import PrepProgress

    async def work(reader: Reader[PrepEvent]) -> PrepOutcome:
        return await project.prepare(books, until=until, redo=redo, on_event=reader.on_event)

    stage = "" if until == "rows" else f" --until {until}"
    command = f"novelcraft prep --out {quoted(project.folder.root)}{stage}"
    named = " ".join(quoted(book) for book in books)
    return watched(work, PrepProgress(), quiet=quiet, command=f"{command} {named}".rstrip())


def _report(project: PrepProject, outcome: PrepOutcome, until: Stage) -> None:
    """Say what came of it. The last line is the path of the training rows, once there are any.

    Raises:
        typer.Exit: Some books failed: with their exit code, or that of any fault of a book
            where they failed for different reasons.
    """
    from novelcraft.errors import BookError
    from novelcraft.tools.text import counted

    root = project.folder.root
    done = len(outcome.results) - len(outcome.failed)
    typer.echo(f"{counted(done, 'book')} prepared in {root}, as far as {until}.")
    for failed in outcome.failed:
        typer.echo(f"Left out: {failed['book_id']}: {failed['error']}", err=True)
    typer.echo(f"Look at it: novelcraft prep --inspect {quoted(root)}")
    if until == "rows" and outcome.rows:
        typer.echo(str(project.folder.rows / "train.jsonl"))
    codes = {failed["exit_code"] for failed in outcome.failed}
    if codes:
        raise typer.Exit(codes.pop() if len(codes) == 1 else BookError.exit_code)


def _show_card(folder: Path) -> None:
    from novelcraft.cli.prep_target import open_prep_project
    from novelcraft.tools.books.card.card_text import card_text

    project = open_prep_project(folder, {}, empty=True)
    typer.echo(card_text(project.write_card()))
    typer.echo(f"As a page: {project.folder.root / 'card.html'}")
