"""A data card with something in every part of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from novelcraft.config.prep import PrepSettings
from novelcraft.state.books import BookScene, Drop
from novelcraft.state.calls import Message
from novelcraft.state.card import DataCard
from novelcraft.state.manuscript import Fact
from novelcraft.state.prep import Stage, StageRecord
from novelcraft.state.rows import (
    RowFile,
    RowManifest,
    SkippedRow,
    SplitNote,
    StrategyCost,
    ThinkNote,
    TokenizerNote,
    TrainingRow,
    Trim,
)
from novelcraft.tools.books.card.data_card import CorpusBook, data_card
from novelcraft.tools.books.rows.duplicates import duplicate_scenes
from novelcraft.tools.canon.calls import CallTotals
from tests.tools.books.small import book, scene, text

SETTINGS = PrepSettings(layout="lean")

NASTY = "</table><script>alert(1)</script> & {{ 7 * 7 }} \x00\x1b[31m"


def row(book_id: str, number: int, **changes: Any) -> TrainingRow:
    given: dict[str, Any] = {
        "row_id": f"{book_id}/ch01-s{number:02}",
        "kind": "scene",
        "book_id": book_id,
        "chapter_index": 1,
        "scene_id": f"ch01-s{number:02}",
        "messages": (Message(role="user", content="Write."),),
        "prompt_tokens": 1_000,
        "completion_tokens": 2_500,
        "tokens": 3_500,
        "trimmed": 0,
        "prompt_hash": "h" * 64,
    }
    return TrainingRow(**{**given, **changes})


def manifest(**changes: Any) -> RowManifest:
    given: dict[str, Any] = {
        "tokenizer": TokenizerNote(
            name="owner/base",
            exact=True,
            fingerprint="f" * 64,
            template="t" * 64,
            own_template=True,
        ),
        "think": ThinkNote(block="optional", content="beats", narrator_think=True),
        "prompt_template": "p" * 64,
        "settings": {},
        "split": SplitNote(
            by="chapter", share=0.1, seed=7, validation=("a/1",), validation_share=0.125
        ),
        "files": (RowFile(name="train.jsonl", rows=3, tokens=10_500, sha256="s" * 64),),
        "books": (),
        "costs": (
            cost("sequential", 0),
            cost("overlap50", 6_000),
        ),
        "trims": (
            Trim(row_id="a/ch01-s01", section="summary", tokens=30, because="section"),
            Trim(row_id="a/ch01-s01", section="summary", tokens=5, because="row"),
            Trim(row_id="a/ch01-s02", section="world", tokens=7, because="row"),
        ),
        "skipped": (SkippedRow(row_id="a/ch01-s03", reason="5,000 tokens are more than 4,096."),),
    }
    return RowManifest(**{**given, **changes})


def cost(strategy: str, duplicate: int) -> StrategyCost:
    return StrategyCost(
        strategy=strategy,
        rows=4,
        text_tokens=10_000 + duplicate,
        duplicate_tokens=duplicate,
        context_tokens=4_000,
        steps=1,
        rows_per_step=16,
    )


def scenes() -> Iterable[BookScene]:
    told = {"recursive_summary": "Before.", "instruction": "Do it."}
    fact = Fact(subject="Ada", statement="She has the key.", quote="")
    first: dict[str, Any] = {"instruction": "Begin.", "facts": (fact,)}
    yield scene(1, text(1), tokens=2_500, cuts=(700, 800, 1_000), **first)
    yield scene(2, text(2), tokens=2_999, cut_by="embedding", cuts=(900, 999, 1_100), **told)
    yield scene(3, text(3), tokens=300, cut_by="mark", remainder=True, cuts=(300,), **told)
    yield scene(4, text(4), tokens=1_900, chapter_index=2, repairs=("Asked again.",), **told)
    yield scene(5, text(5), tokens=2_000, chapter_index=2, cut_by="length")


def corpus(title: str = "The Light") -> list[CorpusBook]:
    light = book("a", list(scenes()), title=title)
    stages: dict[Stage, StageRecord] = {
        "clean": StageRecord(notices=("No chapters were found.",), seconds=1.5),
        "convert": StageRecord(seconds=0.5),
    }
    drops = [
        Drop(reason="contents", text="I II III"),
        Drop(reason="licence", text="This book is free. You may copy it."),
        Drop(reason="contents", text="IV"),
    ]
    return [
        CorpusBook(light, drops, stages),
        CorpusBook(book("b", [text(9), text(2)]), [], stages),
    ]


def full(title: str = "The Light", **changes: Any) -> DataCard:
    books = corpus(title)
    given: dict[str, Any] = {
        "rows": [row("a", 1), row("a", 2, trimmed=35, tokens=4_200), row("b", 1, kind="style")],
        "manifest": manifest(),
        "duplicates": duplicate_scenes(b.file for b in books),
        "calls": {"prep.split": CallTotals(4, 8_000, 1_000, 90, 120.0)},
        "models": ["small-model"],
    }
    return data_card(books, SETTINGS, **{**given, **changes})
