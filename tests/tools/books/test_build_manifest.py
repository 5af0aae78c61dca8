"""How targets stand to what was made before."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.tools.books.build_manifest import BuildManifest, Target


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build" / "book.json"


def recorded(path: Path) -> BuildManifest:
    manifest = BuildManifest(path)
    manifest.record("clean", {"a.md": Target("text-1", "made-1")})
    return manifest


@pytest.mark.parametrize(
    ("inputs", "present", "freshness"),
    [
        ("text-1", None, "missing"),
        ("text-1", "made-1", "fresh"),
        ("text-2", "made-1", "stale"),
        ("text-1", "by hand", "edited"),
        ("text-2", "by hand", "edited"),
    ],
)
def test_freshness(path: Path, inputs: str, present: str | None, freshness: str) -> None:
    recorded(path)
    assert BuildManifest(path).freshness("clean", "a.md", inputs, present) == freshness


def test_what_nobody_made_is_a_persons(path: Path) -> None:
    assert BuildManifest(path).freshness("clean", "a.md", "text", "there") == "edited"


def test_a_run_that_died_before_it_wrote(path: Path) -> None:
    recorded(path).record("clean", {"a.md": Target("text-2", "made-2")})
    assert BuildManifest(path).freshness("clean", "a.md", "text-2", "made-1") == "stale"
    assert BuildManifest(path).freshness("clean", "a.md", "text-2", "made-2") == "fresh"


def test_runs_that_die_again_and_again_before_they_write(path: Path) -> None:
    recorded(path).record("clean", {"a.md": Target("text-2", "made-2")})
    BuildManifest(path).record("clean", {"a.md": Target("text-2", "made-2")})
    BuildManifest(path).record("clean", {"a.md": Target("text-3", "made-3")})
    assert BuildManifest(path).freshness("clean", "a.md", "text-3", "made-1") == "stale"


def test_targets_go_unless_they_are_kept(path: Path) -> None:
    manifest = recorded(path)
    manifest.record("clean", {"b.md": Target("x", "y")}, keep=True)
    assert set(BuildManifest(path).of("clean").targets) == {"a.md", "b.md"}
    manifest.record("clean", {"b.md": Target("x", "y")})
    assert set(BuildManifest(path).of("clean").targets) == {"b.md"}


def test_a_forgotten_stage_is_stale_and_a_persons_work_stays(path: Path) -> None:
    recorded(path).forget("clean")
    BuildManifest(path).forget("world")
    assert BuildManifest(path).freshness("clean", "a.md", "text-1", "made-1") == "stale"
    assert BuildManifest(path).freshness("clean", "a.md", "text-1", "by hand") == "edited"


def test_a_broken_manifest_keeps_everything(path: Path) -> None:
    recorded(path)
    path.write_text("{", encoding="utf-8")
    assert BuildManifest(path).freshness("clean", "a.md", "text-1", "made-1") == "edited"
