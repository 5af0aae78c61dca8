"""`novelcraft write` as a program that can be killed, and what it leaves in its folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.names import variables
from novelcraft.errors import FlawedBookError
from novelcraft.state.calls import CallRecord
from novelcraft.tools.canon.store import ManuscriptStore
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"
FINISHED = FlawedBookError.exit_code
"""The book is whole; one of its scenes loops in every draft, and is kept at the cap."""

Call = tuple[tuple[tuple[str, str], ...], int | None]
"""What a call asked: its messages and seed."""


def some_loop(request: ChatRequest, plain: Answer) -> Answer:
    """A fifth of the narrations, always the same ones, so that there are redrafts too."""
    if s.prose(request) and int(request.key, 16) % 5 == 0:
        return s.loop()(request, plain)
    return plain


@dataclass
class Program:
    """`novelcraft write`, always the same command, on one folder."""

    folder: Path
    base_url: str
    home: Path
    """Holds the user's settings, which must be there, and the program's output."""
    pages: int = 4
    scene_words: int = 150
    embedding: str = "hash"

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if k not in variables()}
        for role in ("REASONING", "NARRATOR"):
            environment[role] = "openai:fake-model"
            environment[f"{role}_BASE_URL"] = self.base_url
        environment |= {
            "NOVELCRAFT_CONFIG": str(self.home / "config.toml"),
            "NOVELCRAFT_WRITE_PRESET": "small",
            "NOVELCRAFT_WRITE_SCENE_WORDS": str(self.scene_words),
            "NOVELCRAFT_WRITE_EMBEDDING": self.embedding,
        }
        command = [sys.executable, "-c", "from novelcraft.cli import main; main()"]
        command += ["write", PREMISE, "--pages", str(self.pages), "--out", str(self.folder), *more]
        log = (self.home / "program.log").open("ab")
        with log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    @property
    def log(self) -> str:
        return (self.home / "program.log").read_text(encoding="utf-8")


@dataclass
class Written:
    """What a novel's folder holds."""

    chain: list[str]
    """The ids of the scenes that were accepted, in their order."""
    records: list[CallRecord]
    """The calls that came back."""

    @classmethod
    def read(cls, folder: Path) -> Written:
        if not (folder / "novel.db").exists():
            return cls([], [])
        store = ManuscriptStore.open(folder / "novel.db")
        try:
            heads = {branch.name: branch.head for branch in store.branches()}
            records = [record for record in store.calls() if record.outcome == "ok"]
            return cls([commit.id for commit in store.chain(heads.get("main"))], records)
        finally:
            store.close()

    @property
    def ok_calls(self) -> list[Call]:
        return [call_of(record) for record in self.records]


def call_of(record: CallRecord) -> Call:
    return tuple((m.role, m.content) for m in record.messages), record.seed


def asked(server: FakeServer) -> list[Call]:
    return [
        (tuple((m["role"], m["content"]) for m in request.messages), request.seed)
        for request in server.requests
    ]
