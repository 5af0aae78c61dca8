"""Which folders a novel or a batch may be made in, and that nothing of others' is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.config.load import load_settings
from novelcraft.config.root import Settings
from novelcraft.errors import NotAProjectError
from novelcraft.graphs.folder import is_novel, make_folder, make_shelf, require_novel

SETTINGS = Settings.model_validate({"novel": {"premise": "The sea answers.", "pages": 4}})


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b", SETTINGS)
        make_shelf(tmp_path / "c" / "d")
    assert is_novel(tmp_path / "a" / "b")
    require_novel(tmp_path / "a" / "b")
    assert [*(tmp_path / "c" / "d").iterdir()] == []
    toml = tmp_path / "a" / "b" / "novel.toml"
    made = load_settings(toml, environ={}, user_file=None)
    assert (made.novel.premise, made.novel.pages) == ("The sea answers.", 4)


def test_a_novel_s_settings_are_kept_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "novel.toml").write_text("# mine\n")
    (tmp_path / "notes.txt").write_text("mine too")
    make_folder(tmp_path, SETTINGS)
    assert (tmp_path / "novel.toml").read_text() == "# mine\n"


@pytest.mark.parametrize("name", ["cast.md", "world.md", "outline.md", "novel.db"])
def test_what_an_author_has_and_a_database_may_be_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    make_folder(tmp_path, SETTINGS)
    assert is_novel(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cast.md").write_text("mine")
    (tmp_path / "taxes.txt").write_text("mine")
    with pytest.raises(NotAProjectError, match="files that are no novel of ours"):
        make_folder(tmp_path, SETTINGS)
    assert len([*tmp_path.iterdir()]) == 2


def test_a_shelf_may_hold_authors_folders_or_a_batch_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "cast.md").write_text("mine")
    make_shelf(tmp_path)
    (tmp_path / "first" / "taxes.txt").write_text("mine")
    with pytest.raises(NotAProjectError, match="holds files, and no batch"):
        make_shelf(tmp_path)
    (tmp_path / "batch.db").touch()
    make_shelf(tmp_path)


def test_a_folder_without_a_novel_says_what_is_gone_or_was_never_there(tmp_path: Path) -> None:
    with pytest.raises(NotAProjectError, match=r"holds no novel: there is no novel\.toml in it"):
        require_novel(tmp_path)
    (tmp_path / "novel.db").touch()
    with pytest.raises(NotAProjectError, match=r"holds a novel, but its novel\.toml is gone"):
        require_novel(tmp_path)
