"""An adapter is evaluated on the rows of its own run, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from novelcraft.errors import AdapterError, TrainingDataError
from novelcraft.finetune.evaluation.material import human_scene, load_material
from novelcraft.state.books import BookFile, BookMeta, BookScene
from novelcraft.tools.books.folder import PrepFolder, model_text
from novelcraft.tools.books.rows.chat_template import with_plan
from tests.finetune.evaluation.materials import base_folder, material, trained
from tests.finetune.rows import row, story, write_rows


def test_the_rows_are_read_in_text_and_tokens(tmp_path: Path) -> None:
    found = material(tmp_path)
    assert [one.row_id for one in found.train] == [one.row_id for one in found.data.train]
    assert [one.row_id for one in found.validation] == [one.row_id for one in found.data.validation]
    assert (len(found.train), len(found.validation)) == (12, 6)
    assert found.base_model == str(tmp_path / "base")
    assert found.layout.name == "standard"  # rows of another tool name none


def test_other_rows_than_those_of_the_run_are_refused(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    other = write_rows(tmp_path / "other", [row(k) for k in range(12)], [row(200), row(201)])
    with pytest.raises(TrainingDataError, match="perplexity and the gate would be") as caught:
        load_material(adapter, other)
    assert str(tmp_path / "data") in caught.value.fix


def test_too_few_validation_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="needs at least 2"):
        material(tmp_path, validation=[row(100)])


def test_an_adapter_that_does_not_say_what_it_was_trained_on_is_refused(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    (adapter / "training.json").unlink()
    with pytest.raises(AdapterError, match="does not say how the adapter was trained"):
        load_material(adapter, tmp_path / "data")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"config": {}}', '{"data_hash": 3}'])
def test_a_damaged_record_of_the_run_is_refused(tmp_path: Path, text: str) -> None:
    adapter = trained(tmp_path)
    (adapter / "training.json").write_text(text, encoding="utf-8")
    with pytest.raises(AdapterError, match=r"training\.json (does not say how|is damaged)"):
        load_material(adapter, tmp_path / "data")


def test_settings_of_no_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="no settings of a run"):
        material(tmp_path, config={"lora_r": "many", "data": "d"})


def test_a_base_with_other_tokens_is_refused(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    other = base_folder(tmp_path / "else")
    file = other / "tokenizer.json"
    made = json.loads(file.read_text(encoding="utf-8"))
    made["added_tokens"][0]["single_word"] = True
    file.write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(AdapterError, match="for another base"):
        load_material(adapter, tmp_path / "data", str(other))


def test_a_base_that_has_moved_can_be_named(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    (tmp_path / "base").rename(tmp_path / "moved")
    found = load_material(adapter, tmp_path / "data", str(tmp_path / "moved"))
    assert found.base_model == str(tmp_path / "moved")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(AdapterError, match="as a pickle"):
        load_material(adapter, tmp_path / "data")


def test_training_texts_are_whole_books_without_plans(tmp_path: Path) -> None:
    planned = row(2, text=with_plan("- a plan", story(2)))
    found = material(
        tmp_path, train=[row(0), row(1), planned, *(row(k, book="c") for k in range(9))]
    )
    texts = {text.name: text.text for text in found.training_texts()}
    assert list(texts) == ["b", "c"]
    assert texts["b"] == "\n\n".join(story(k) for k in range(3))
    assert human_scene(planned) == story(2)


def test_prose_comes_from_the_scenes_of_trained_chapters_where_they_are(tmp_path: Path) -> None:
    found = material(tmp_path, train=[*(row(k) for k in range(8)), row(0, book="c")])
    assert list(found.training_prose()) == [*(story(k) for k in range(8)), story(0)]
    scenes = tuple(
        BookScene(
            scene_id=f"ch{chapter:02}-s01",
            chapter_index=chapter,
            chapter_title="",
            text=f"Chapter {chapter}.",
            tokens=3,
            cut_by="mark",
        )
        for chapter in (1, 2, 26)
    )
    meta = BookMeta(book_id="b", title="B", author="", word_count=9, total_chapters=3)
    file = PrepFolder(tmp_path / "data").scenes("b")
    file.parent.mkdir()
    file.write_text(model_text(BookFile(meta=meta, scenes=scenes)), encoding="utf-8")
    again = load_material(tmp_path / "adapter", tmp_path / "data")
    assert list(again.training_prose()) == ["Chapter 1.", "Chapter 2.", story(0)]
