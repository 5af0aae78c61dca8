"""A project of small books on a fake server, prepared in seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.graphs.prep.project import PrepOutcome, PrepProject
from novelcraft.state.books import BookFile
from novelcraft.state.prep import PrepEvent, Stage
from tests.fakes.prose import Novelist
from tests.fakes.server import FakeServer
from tests.tools.books.bases import CHATML, tokenizer

CAST = ("Ada Brandt", "Jonas Vehl", "Mira Holt")
CHAPTER_WORDS = 1_100


def novel(seed: str, chapters: int = 3, words: int = CHAPTER_WORDS) -> str:
    """A book as a writer keeps it: Markdown, a heading for each chapter."""
    parts = []
    for number in range(1, chapters + 1):
        prose = Novelist(f"{seed}/{number}", CAST).write(words)
        parts.append(f"# Chapter {number}: Tide {number}\n\n{prose}")
    return "\n\n".join(parts) + "\n"


def settings(base: Path, server: FakeServer | None, **prep: Any) -> Settings:
    """Scenes of 1,000 to 1,500 tokens, three to a word, all agents on one server."""
    given: dict[str, Any] = {
        "prep": {
            "base_model": str(base),
            "embedding": "hash",
            "layout": "lean",
            "scene_low": 1_000,
            "scene_high": 1_500,
            "max_row_tokens": 2_100,
            "budget": {"system": 150, "world": 150, "summary": 150, "brief": 80, "spare": 60},
            "models": server is not None,
            **prep,
        },
        "write": {"preset": "small"},
    }
    if server is not None:
        role = {"model": "openai:fake-model", "base_url": server.base_url}
        given["roles"] = {"reasoning": role, "narrator": role, "cheap": role}
    return Settings.model_validate(given)


@dataclass
class Bench:
    """A data folder, the books beside it, and the events of its runs."""

    project: PrepProject
    books: list[Path]
    events: list[PrepEvent] = field(default_factory=list)

    async def prepare(
        self, until: Stage = "rows", *, redo: Stage | None = None, books: list[Path] | None = None
    ) -> PrepOutcome:
        self.events.clear()
        return await self.project.prepare(
            self.books if books is None else books,
            until=until,
            redo=redo,
            on_event=self.events.append,
        )

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.kind == kind]

    def scenes(self, book_id: str) -> BookFile:
        return self.project.folder.read_book(self.project.folder.scenes(book_id))

    def files(self) -> dict[str, bytes]:
        """Every product in the data folder, by its name."""
        root = self.project.folder.root
        folders = ("md_raw", "md_clean", "json_base", "json_scenes", "rows")
        found = (p for name in folders for p in sorted((root / name).glob("*")))
        return {str(p.relative_to(root)): p.read_bytes() for p in found}


OpenBench = Callable[..., Bench]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a base model without weights."""
    folder = tmp_path_factory.mktemp("base")
    tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    return folder


@pytest.fixture
def open_bench(tmp_path: Path, base: Path) -> OpenBench:
    """Opens data folders with books of their own beside them."""

    def make(server: FakeServer | None, folder: str = "data", books: int = 2, **prep: Any) -> Bench:
        files = []
        for number in range(1, books + 1):
            path = tmp_path / f"Book {number}.md"
            path.write_text(novel(f"book {number}"), encoding="utf-8")
            files.append(path)
        return Bench(PrepProject(tmp_path / folder, settings(base, server, **prep)), files)

    return make
