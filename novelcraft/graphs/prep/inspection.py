"""The data card of a folder: counted from its files, and written beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import DataFileError
from novelcraft.graphs.prep.rows import whole_books
from novelcraft.state.card import DataCard
from novelcraft.state.rows import TrainingRow
from novelcraft.tools.books.card.card_page import card_html
from novelcraft.tools.books.card.data_card import CorpusBook, data_card
from novelcraft.tools.books.folder import PrepFolder, model_text, write_text
from novelcraft.tools.books.rows.duplicates import duplicate_scenes
from novelcraft.tools.books.rows.row_reader import read_row_manifest, read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.canon.call_store import CallStore

CARD_JSON = "card.json"
CARD_HTML = "card.html"


def corpus_card(folder: PrepFolder, settings: PrepSettings) -> DataCard:
    """The data card of what is in a folder now, whatever stage it is at."""
    with CallStore(folder.database) as log:
        calls, models = log.call_totals_by_purpose(), log.models_called()
    return data_card(
        _books(folder),
        settings,
        rows=_rows(folder),
        manifest=read_row_manifest(folder.rows),
        duplicates=duplicate_scenes(whole_books(folder)),
        calls=calls,
        models=models,
    )


def write_card(folder: PrepFolder, settings: PrepSettings) -> DataCard:
    """Count the folder, and write its card for programs and for people."""
    card = corpus_card(folder, settings)
    write_text(folder.root / CARD_JSON, model_text(card))
    write_text(folder.root / CARD_HTML, card_html(card))
    return card


def _books(folder: PrepFolder) -> Iterator[CorpusBook]:
    for book_id in folder.book_ids():
        path = folder.scenes(book_id)
        path = path if path.is_file() else folder.base(book_id)
        if not path.is_file():
            continue
        with suppress(DataFileError):
            book = folder.read_book(path)
            yield CorpusBook(
                book, folder.read_drops(book_id), folder.build_manifest(book_id).stages
            )


def _rows(folder: PrepFolder) -> Iterator[TrainingRow]:
    for name in (TRAIN_FILE, VALIDATION_FILE):
        if (folder.rows / name).is_file():
            yield from read_rows(folder.rows / name)
