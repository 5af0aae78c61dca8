"""Rows in tokens: what is learnt, what is refused, and what a person is shown of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders

from novelcraft.errors import InputError, TrainingDataError
from novelcraft.finetune.data.packing import pack
from novelcraft.finetune.data.rows import IGNORED, LEAST_ROWS, encode_row, load_data, prompt_of
from novelcraft.finetune.preview import preview_row, preview_text
from novelcraft.finetune.rowfolder import rows_folder, rows_hash
from novelcraft.state.rows import ThinkNote
from novelcraft.tools.books.rows.chat_template import row_texts
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from tests.finetune.rows import config, row, story, write_rows
from tests.tools.books import bases
from tests.tools.books.bases import TEMPLATES
from tests.tools.books.cards import manifest


def base(name: str = "chatml") -> BaseTokenizer:
    """The small tokenizer, able to decode."""
    made = bases.base(name)
    tokenizer = Tokenizer.from_str(made.tokenizer.to_str())
    tokenizer.decoder = decoders.ByteLevel()
    return replace(made, tokenizer=tokenizer)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_prompt_is_given_and_the_completion_learnt(name: str) -> None:
    tokenizer = base(name)
    made = encode_row(row(3), tokenizer, "empty")
    prompt, completion = row_texts(tokenizer.template, row(3).messages, "empty")  # type: ignore[arg-type]
    learnt = [label for label in made.labels if label != IGNORED]
    assert prompt_of(made) == tuple(tokenizer.encode(prompt))
    assert learnt == tokenizer.encode(completion)
    assert list(made.tokens) == [*prompt_of(made), *learnt]
    assert len(made.tokens) == len(made.labels)
    assert made.learnt == len(learnt)
    assert made.chapter == "b/1"


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_preview_shows_as_learnt_what_the_labels_hold(name: str) -> None:
    tokenizer = base(name)
    made = encode_row(row(5), tokenizer, "beats")
    shown = preview_row(made, tokenizer)
    learnt = [label for label in made.labels if label != IGNORED]
    texts = [span.text for span in shown.spans if span.learnt]
    assert texts == [tokenizer.tokenizer.decode(learnt, skip_special_tokens=False)]
    assert story(5) in texts[0]
    assert story(5) not in "".join(span.text for span in shown.spans if not span.learnt)
    assert (shown.tokens, shown.learnt) == (len(made.tokens), made.learnt)


def test_the_preview_follows_the_labels_even_where_they_are_wrong() -> None:
    made = encode_row(row(1), base(), "empty")
    first = len(prompt_of(made))
    labels = (*made.labels[: first + 3], IGNORED, *made.labels[first + 4 :])
    spans = preview_row(type(made)("r", "c", made.tokens, labels), base()).spans
    assert [span.learnt for span in spans] == [False, True, False, True]
    assert spans[2].tokens == 1


def test_the_preview_colours_and_disarms() -> None:
    tokenizer = base()
    made = encode_row(row(1, text="The lamp \x1b[31mburned."), tokenizer, "empty")
    text = preview_text([preview_row(made, tokenizer)])
    assert "\x1b" not in text.plain
    assert "␛[31m" in text.plain
    green = [text.plain[span.start : span.end] for span in text.spans if "green" in str(span.style)]
    assert "".join(green) == "The lamp ␛[31mburned.<|im_end|>\n"


def test_a_data_folder_and_a_folder_of_rows_are_both_taken(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", [row(k) for k in range(9)])
    assert rows_folder(str(tmp_path)) == rows_folder(str(tmp_path / "rows"))
    with pytest.raises(TrainingDataError, match="has no rows"):
        rows_folder(str(tmp_path / "nothing"))


def test_both_files_are_read(tmp_path: Path) -> None:
    write_rows(tmp_path, [row(k) for k in range(9)], [row(k) for k in range(20, 23)])
    data = load_data(config(tmp_path), base())
    assert [len(data.train), len(data.validation)] == [9, 3]
    assert [one.chapter for one in data.validation] == ["b/6"] * 3
    assert "fewer than" not in " ".join(data.notices)


def test_rows_without_briefs_are_told(tmp_path: Path) -> None:
    rows = [row(k) for k in range(9)]
    bare = [
        one.model_copy(update={"messages": (*rows[0].messages[:2], one.messages[2])})
        for one in rows
    ]
    for ours, told in ((rows, False), (bare, True)):
        write_rows(tmp_path, ours)
        notices = load_data(config(tmp_path), base()).notices
        assert any("have the same prompt" in notice for notice in notices) is told


def test_a_changed_row_changes_the_hash(tmp_path: Path) -> None:
    hashes = set()
    for book in ("a", "b"):
        write_rows(tmp_path, [row(k, book=book) for k in range(9)])
        hashes.add(load_data(config(tmp_path), base()).data_hash)
    assert len(hashes) == 2


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    write_rows(tmp_path, [row(k) for k in range(9)])
    with (tmp_path / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"row_id": "half')
    with pytest.raises(InputError, match=r"Line 10 of .*train\.jsonl"):
        load_data(config(tmp_path), base())


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    write_rows(tmp_path, [])
    with pytest.raises(TrainingDataError, match=r"train\.jsonl is empty"):
        load_data(config(tmp_path), base())


def test_too_few_rows_say_the_least(tmp_path: Path) -> None:
    write_rows(tmp_path, [row(k) for k in range(LEAST_ROWS - 1)])
    with pytest.raises(TrainingDataError, match=f"has 7 rows .* at least {LEAST_ROWS}"):
        load_data(config(tmp_path), base())


def test_a_row_over_length_is_refused_by_name_and_never_cut(tmp_path: Path) -> None:
    write_rows(tmp_path, [*(row(k) for k in range(9)), row(40, sentences=60)])
    with pytest.raises(TrainingDataError, match=r"1 rows have more .* b/ch11-s00 \(\d+\)"):
        load_data(config(tmp_path, max_length=200), base())
    data = load_data(config(tmp_path, max_length=200, over_long="drop"), base())
    assert [long.row_id for long in data.dropped] == ["b/ch11-s00"]
    assert len(data.train) == 9


@given(st.lists(st.integers(1, 50), max_size=60))
def test_packs_hold_every_row_once_and_none_cut(lengths: list[int]) -> None:
    packs = pack(lengths, 50)
    assert sorted(number for one in packs for number in one) == list(range(len(lengths)))
    assert all(sum(lengths[number] for number in one) <= 50 for one in packs)
    # No two packs could have been one: the last row of each found no room before.
    half_empty = sum(sum(lengths[number] for number in one) <= 25 for one in packs)
    assert half_empty <= 1


def test_another_think_block_changes_the_hash(tmp_path: Path) -> None:
    folder = Path(write_rows(tmp_path, [row(1)]))
    bare = rows_hash(folder)

    def hash_with(content: str) -> str:
        think = ThinkNote.model_validate(
            {"block": "optional", "content": content, "narrator_think": None}
        )
        text = manifest(think=think).model_dump_json()
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        return rows_hash(folder)

    assert hash_with("empty") == bare
    assert len({hash_with("none"), hash_with("beats"), bare}) == 3


def test_validation_rows_that_are_trained_on_are_left_out_and_told(tmp_path: Path) -> None:
    rows = [row(k) for k in range(9)]
    write_rows(tmp_path, rows, rows[:2])
    data = load_data(config(tmp_path), base())
    assert data.validation == ()
    told = " ".join(data.notices)
    assert "Left out of validation" in told
    assert f"2 rows, {rows[0].row_id}, {rows[1].row_id}." in told
    assert "There are no validation rows" in told
    renamed = rows[0].model_copy(update={"row_id": "v/1"})
    write_rows(tmp_path, rows, [renamed, row(99, text="Nobody was there any more.")])
    data = load_data(config(tmp_path), base())
    assert [one.chapter for one in data.validation] == ["b/25"]
    assert "1 row, v/1." in " ".join(data.notices)


def test_a_control_token_in_a_scene_is_trained_as_text(tmp_path: Path) -> None:
    odd = row(9, text="“<|im_end|>,” he said, and went on.")
    write_rows(tmp_path, [*(row(k) for k in range(9)), odd])
    tokenizer = base()
    *_, learnt = load_data(config(tmp_path), tokenizer).train
    end = tokenizer.tokenizer.token_to_id("<|im_end|>")
    assert learnt.labels.count(end) == 1
    assert "“<|im_end|>,” he said" in tokenizer.tokenizer.decode(learnt.tokens)
