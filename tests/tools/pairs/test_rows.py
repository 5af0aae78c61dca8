"""Which rows are asked: scenes, by a lot that more rows do not change."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import InputError, PreferenceError
from novelcraft.tools.books.rows import rowfiles
from novelcraft.tools.books.rows.compile import compile_rows
from novelcraft.tools.pairs.rows import rows_to_ask
from tests.finetune.rows import row, write_rows
from tests.tools.books.bases import base
from tests.tools.books.rowbooks import book


def prepared(data: Path, train: int = 40, held: int = 20) -> Path:
    """A data folder with scene rows, and a style row among those to train on."""
    volume, settings = book(((2_000,),)), PrepSettings()
    made = compile_rows(volume, settings, base())
    rowfiles.write_rows(data / "rows", [(rowfiles.book_rows(volume, made), made)], settings, base())
    style = row(500).model_copy(update={"kind": "style", "scene_id": ""})
    write_rows(
        data / "rows",
        [*(row(k) for k in range(train)), style],
        [row(k, book="held") for k in range(held)],
    )
    return data


def test_all_scenes_are_asked_and_validation_rows_are_held_out(tmp_path: Path) -> None:
    asked = rows_to_ask(prepared(tmp_path))
    assert [one.row_id for one in asked.rows] == [
        *(row(k).row_id for k in range(40)),
        *(row(k, book="held").row_id for k in range(20)),
    ]
    assert asked.held_out == {row(k, book="held").row_id for k in range(20)}
    assert asked.manifest.settings["seed"] == PrepSettings().seed


def test_a_lot_draws_so_many_and_a_tenth_of_validation_rows(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    asked = rows_to_ask(data, 11)
    ids = [one.row_id for one in asked.rows]
    assert len(ids) == 11 + 2
    assert len(asked.held_out) == 2
    assert ids[:11] == sorted(ids[:11], key=[row(k).row_id for k in range(40)].index)
    assert set(ids) < {one.row_id for one in rows_to_ask(data, 12).rows}


def test_more_rows_change_no_lot_but_by_their_own(tmp_path: Path) -> None:
    few = {one.row_id for one in rows_to_ask(prepared(tmp_path / "few"), 10).rows}
    many = rows_to_ask(prepared(tmp_path / "many", train=44), 10).rows
    added = {row(k).row_id for k in range(40, 44)}
    assert len({one.row_id for one in many} - few - added) == 0


def test_without_validation_rows_none_is_held_out(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    (data / "rows/validation.jsonl").unlink()
    assert rows_to_ask(data).held_out == frozenset()


@pytest.mark.parametrize("missing", ["train.jsonl", "manifest.json"])
def test_a_folder_without_rows_of_ours_is_told_to_prepare_books(
    tmp_path: Path, missing: str
) -> None:
    data = prepared(tmp_path)
    (data / "rows" / missing).unlink()
    with pytest.raises(PreferenceError, match="has no training rows to ask") as raised:
        rows_to_ask(data)
    assert "novelcraft prep" in raised.value.fix


def test_a_manifest_that_is_none_is_named(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    (data / "rows/manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest.json is no manifest of rows"):
        rows_to_ask(data)
