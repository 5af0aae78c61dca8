"""What goes wrong around a run: each fault has its message and its exit code, and the novel
stays usable afterwards."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.tools.storage.lock import ProjectLock
from tests.cli.conftest import Run
from tests.disk import fill
from tests.fakes.server import FakeServer

LONG = "a" * 300
PREMISE = "A baker finds that bread remembers"

Served = Callable[..., FakeServer]


def start(run: Run, folder: Path, *more: str) -> object:
    return run("write", PREMISE, "--pages", 6, "--out", folder, "--until", 1, "--quiet", *more)


@pytest.fixture
def begun(run: Run, served: Served, here: Path) -> Path:
    """A novel with one scene, on a server that works."""
    served()
    assert run("write", PREMISE, "--pages", 6, "--out", "book", "--until", 1, "--quiet").code == 0
    return here / "book"


def goes_on(run: Run, folder: Path) -> bool:
    return run("write", folder, "--until", 2, "--quiet").code == 0


def test_a_wrong_key(run: Run, served: Served, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(api_key="right")
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    outcome = run("write", PREMISE, "--pages", 6, "--out", "book", "--quiet")
    assert outcome.code == 32
    assert "OPENAI_API_KEY" in outcome.err


def test_a_model_that_is_not_served(
    run: Run, served: Served, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(models=["fake-model", "another-model"])
    monkeypatch.setenv("NARRATOR", "openai:no-such-model")
    outcome = run("write", PREMISE, "--pages", 6, "--out", "book", "--quiet")
    assert outcome.code == 33
    assert "no-such-model" in outcome.err
    assert "another-model" in outcome.err


def test_a_context_that_is_too_short(run: Run, served: Served, here: Path) -> None:
    served(context=1_024)
    outcome = run("write", PREMISE, "--pages", 6, "--out", "book", "--quiet")
    assert outcome.code == 34
    assert "1,024" in outcome.err or "1024" in outcome.err


def test_a_folder_in_use(run: Run, begun: Path) -> None:
    with ProjectLock(begun):
        outcome = run("write", begun, "--quiet")
    assert outcome.code == 22
    assert str(os.getpid()) in outcome.err
    assert goes_on(run, begun)


def test_a_database_of_a_newer_version(run: Run, begun: Path) -> None:
    with sqlite3.connect(begun / "novel.db") as database:
        kept = database.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    outcome = run("write", begun, "--quiet")
    assert outcome.code == 25
    with sqlite3.connect(begun / "novel.db") as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (kept,))
    database.close()
    assert goes_on(run, begun)


def test_a_file_that_is_no_database(run: Run, begun: Path) -> None:
    path = begun / "novel.db"
    kept = path.read_bytes()
    path.write_bytes(b"not a database at all, only text " * 100)
    assert run("write", begun, "--quiet").code == 26
    path.write_bytes(kept)
    assert goes_on(run, begun)


def test_a_broken_novel_toml(run: Run, begun: Path) -> None:
    path = begun / "novel.toml"
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept + "\n[novel\npages = = 3\n", encoding="utf-8")
    outcome = run("write", begun, "--quiet")
    assert outcome.code == 11
    assert "novel.toml" in outcome.err
    path.write_text(kept, encoding="utf-8")
    assert goes_on(run, begun)


def test_a_server_that_goes_away_in_the_middle(
    run: Run, begun: Path, serve: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("REASONING", "NARRATOR"):
        monkeypatch.setenv(f"{role}_BASE_URL", "http://127.0.0.1:9/v1")
    outcome = run("write", begun, "--quiet")
    assert outcome.code == 31
    assert "http://127.0.0.1:9/v1" in outcome.err
    server = serve()
    for role in ("REASONING", "NARRATOR"):
        monkeypatch.setenv(f"{role}_BASE_URL", server.base_url)
    assert goes_on(run, begun)


def test_a_full_disk(run: Run, served: Served, here: Path, small_disk: Path) -> None:
    served()
    folder = small_disk / "book"
    assert start(run, folder).code == 0  # type: ignore[attr-defined]
    ballast = fill(small_disk)
    outcome = run("write", folder, "--quiet")
    assert outcome.code == 24, outcome.err
    ballast.unlink()
    assert goes_on(run, folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(run: Run, begun: Path) -> None:
    begun.chmod(0o500)
    outcome = run("write", begun, "--quiet")
    begun.chmod(0o700)
    assert outcome.code == 23
    assert goes_on(run, begun)


@pytest.mark.parametrize(
    "command",
    [
        ["write", "A lighthouse keeper finds a letter", "--out", LONG],
        ["new", LONG],
        ["show", LONG],
        ["prep", "book.md", "--out", LONG],
        ["prep", LONG],
        ["pairs", "--data", LONG],
        ["train", "--data", LONG, "--base", LONG],
        ["adapter", "list", LONG],
        ["edit", "n", "1", "--file", LONG],
        ["model", "pull", LONG],
    ],
    ids=lambda command: " ".join(part for part in command if part != LONG),
)
def test_a_name_that_is_too_long_is_refused(run: Run, here: Path, command: list[str]) -> None:
    run("new", "n")
    (here / "book.md").write_text("# One\n\nA lamp was lit.\n", encoding="utf-8")
    told = run(*command)
    assert 10 <= told.code < 90, told.err
    assert told.err.startswith("Error: ")
