"""What the ledger says of what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.tools.books.ledger import Ledger, Unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger" / "book.json"


def recorded(path: Path) -> Ledger:
    ledger = Ledger(path)
    ledger.record("clean", {"a.md": Unit("text-1", "made-1")})
    return ledger


@pytest.mark.parametrize(
    ("inputs", "found", "verdict"),
    [
        ("text-1", None, "missing"),
        ("text-1", "made-1", "fresh"),
        ("text-2", "made-1", "stale"),
        ("text-1", "by hand", "edited"),
        ("text-2", "by hand", "edited"),
    ],
)
def test_verdicts(path: Path, inputs: str, found: str | None, verdict: str) -> None:
    recorded(path)
    assert Ledger(path).verdict("clean", "a.md", inputs, found) == verdict


def test_what_nobody_made_is_a_persons(path: Path) -> None:
    assert Ledger(path).verdict("clean", "a.md", "text", "there") == "edited"


def test_a_run_that_died_before_it_wrote(path: Path) -> None:
    recorded(path).record("clean", {"a.md": Unit("text-2", "made-2")})
    assert Ledger(path).verdict("clean", "a.md", "text-2", "made-1") == "stale"
    assert Ledger(path).verdict("clean", "a.md", "text-2", "made-2") == "fresh"


def test_runs_that_die_again_and_again_before_they_write(path: Path) -> None:
    recorded(path).record("clean", {"a.md": Unit("text-2", "made-2")})
    Ledger(path).record("clean", {"a.md": Unit("text-2", "made-2")})
    Ledger(path).record("clean", {"a.md": Unit("text-3", "made-3")})
    assert Ledger(path).verdict("clean", "a.md", "text-3", "made-1") == "stale"


def test_units_go_unless_they_are_kept(path: Path) -> None:
    ledger = recorded(path)
    ledger.record("clean", {"b.md": Unit("x", "y")}, keep=True)
    assert set(Ledger(path).of("clean").units) == {"a.md", "b.md"}
    ledger.record("clean", {"b.md": Unit("x", "y")})
    assert set(Ledger(path).of("clean").units) == {"b.md"}


def test_a_forgotten_stage_is_stale_and_a_persons_work_stays(path: Path) -> None:
    recorded(path).forget(("clean",))
    assert Ledger(path).verdict("clean", "a.md", "text-1", "made-1") == "stale"
    assert Ledger(path).verdict("clean", "a.md", "text-1", "by hand") == "edited"


def test_a_broken_ledger_keeps_everything(path: Path) -> None:
    recorded(path)
    path.write_text("{", encoding="utf-8")
    assert Ledger(path).verdict("clean", "a.md", "text-1", "made-1") == "edited"
