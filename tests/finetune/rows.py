"""Data sets of short rows, in the words of the small tokenizer of `tests.tools.books.bases`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import train_config
from novelcraft.state.calls import Message
from novelcraft.state.rows import TrainingRow

WHO = ("The keeper", "Anna", "Nobody in the village", "He", "The old pilot")
DID = ("climbed the stairs", "lit the lamp", "counted 12 boats", "found the door", "took the rest")
WHEN = ("before the storm came", "as the fog lifted", "upon the harbour wall", "again and again")


def story(number: int, sentences: int = 6) -> str:
    """A few sentences in one manner, different for every number."""
    return " ".join(
        f"{WHO[(number + k) % 5]} {DID[(number * 3 + k) % 5]} {WHEN[(number + 2 * k) % 4]}."
        for k in range(sentences)
    ).replace("12", f"{12 + number // 20}")


def row(
    number: int, *, sentences: int = 6, text: str | None = None, book: str = "b"
) -> TrainingRow:
    messages = (
        Message(role="system", content="You write a novel."),
        Message(role="user", content=f"Write scene {number} of the book."),
        Message(role="assistant", content=text if text is not None else story(number, sentences)),
    )
    return TrainingRow(
        row_id=f"{book}/ch{1 + number // 4:02}-s{number % 4:02}",
        kind="scene",
        book_id=book,
        chapter_index=1 + number // 4,
        scene_id=f"s{number}",
        messages=messages,
        prompt_tokens=0,
        completion_tokens=0,
        tokens=0,
        trimmed=0,
        prompt_hash="",
    )


def write_rows(
    folder: Path, train: Sequence[TrainingRow], validation: Sequence[TrainingRow] = ()
) -> Path:
    """A folder of rows without a manifest, as another tool might make it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("validation", validation)):
        lines = "".join(f"{one.model_dump_json()}\n" for one in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def config(data: Path, **given: object) -> TrainConfig:
    values = {"base_model": "base", "output": str(data / "out"), "load_in_4bit": False, **given}
    return train_config({"data": str(data), **values})
