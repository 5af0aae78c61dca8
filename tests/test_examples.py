"""What the examples hold can be used as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.cli import main
from novelcraft.config.load import load_settings
from novelcraft.tools.books.cleaning.chapters import split_chapters

EXAMPLES = Path(__file__).parent.parent / "examples"
PREMISES = sorted(EXAMPLES.glob("*.txt"))
HARDWARE = sorted(EXAMPLES.glob("hardware/*.toml"))


def test_there_are_premises_and_hardware_presets() -> None:
    assert len(PREMISES) >= 3
    assert len(HARDWARE) >= 3


@pytest.mark.parametrize("path", PREMISES, ids=lambda path: path.stem)
def test_a_premise_is_a_page_at_most(path: Path) -> None:
    assert 5 <= len(path.read_text(encoding="utf-8").split()) <= 275


@pytest.mark.parametrize("path", HARDWARE, ids=lambda path: path.stem)
def test_a_hardware_preset_is_valid(path: Path) -> None:
    settings = load_settings(path, environ={}, user_file=None)
    assert settings.roles.narrator.model
    for role in (settings.roles.narrator, settings.roles.reasoning, settings.roles.cheap):
        assert bool(role.base_url) == (role.provider == "openai")


def test_the_sample_book_is_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("NOVELCRAFT_CONFIG", str(tmp_path / "config.toml"))
    data = tmp_path / "data"
    with pytest.raises(SystemExit) as ended:
        main(["prep", str(EXAMPLES / "sample-book"), "--out", str(data), "--until", "clean"])
    assert not ended.value.code
    narrative = (data / "md_clean" / "the-salt-ledger.md").read_text(encoding="utf-8")
    reference = (data / "md_clean" / "the-salt-ledger.reference.md").read_text(encoding="utf-8")
    chapters = split_chapters(narrative)
    assert len(chapters) == 7
    assert narrative.startswith("# Chapter 1: The Weighing\n\nOn Thursdays the marsh came to town.")
    foreword, first_note, second_note = (
        "A reader who only wants the story should turn the page.",
        "It was divided into four pecks.",
        "Bittern does not dry.",
    )
    for words in (foreword, first_note, second_note):
        assert words in reference
        assert words not in narrative
    assert "[^" not in narrative + reference
