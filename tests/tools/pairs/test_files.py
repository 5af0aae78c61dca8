"""The files of preferences: what is written is read again, and a line that is none is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.errors import PreferenceError
from novelcraft.state.preferences import PreferencePair
from novelcraft.state.rows import SkippedRow
from novelcraft.tools.pairs.files import (
    data_hash,
    pairs_folder,
    read_pair_manifest,
    read_pairs,
    write_preferences,
)
from tests.finetune.data.pairs import pair, prompt

PAIRS = (*(pair(k) for k in range(5)), *(pair(k, source="checks", work="c") for k in (100, 101)))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    left_out = [SkippedRow(row_id="s009", reason="It has no text.")]
    manifest = write_preferences(tmp_path / "pairs", PAIRS, think="beats", left_out=left_out)
    assert read_pairs(tmp_path / "pairs") == PAIRS
    assert read_pair_manifest(tmp_path / "pairs") == manifest
    (file,) = manifest.files
    assert (file.lines, file.held_out, manifest.think) == (7, 2, "beats")
    assert [(c.source, c.work, c.pairs) for c in manifest.counts] == [
        ("person", "b", 5),
        ("checks", "c", 2),
    ]
    assert list(manifest.left_out) == left_out


def test_the_same_pairs_give_the_same_bytes_and_others_another_hash(tmp_path: Path) -> None:
    hashes = []
    for number, pairs in enumerate((PAIRS, PAIRS, PAIRS[:-1])):
        write_preferences(tmp_path / str(number), pairs, think="empty")
        hashes.append(data_hash(tmp_path / str(number)))
    first, second, third = hashes
    assert first == second != third
    for name in ("pairs.jsonl", "manifest.json"):
        assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "1" / name).read_bytes()


def test_a_data_set_that_is_there_is_replaced(tmp_path: Path) -> None:
    write_preferences(tmp_path, PAIRS, think="empty")
    write_preferences(tmp_path, PAIRS[:2], think="empty")
    assert read_pairs(tmp_path) == PAIRS[:2]


def test_pairs_lie_in_a_data_folder_or_apart(tmp_path: Path) -> None:
    write_preferences(tmp_path / "pairs", PAIRS, think="empty")
    assert pairs_folder(str(tmp_path)) == pairs_folder(str(tmp_path / "pairs"))
    assert pairs_folder(str(tmp_path)) == tmp_path / "pairs"
    with pytest.raises(PreferenceError, match=r"no preferences to learn from: .*pairs.jsonl"):
        pairs_folder(str(tmp_path / "empty"))


def test_a_folder_without_pairs_or_manifest_has_none(tmp_path: Path) -> None:
    assert read_pairs(tmp_path) == ()
    assert read_pair_manifest(tmp_path) is None
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(PreferenceError, match=r"manifest.json is no manifest of pairs"):
        read_pair_manifest(tmp_path)


def test_a_byte_order_mark_is_no_part_of_a_pair(tmp_path: Path) -> None:
    write_preferences(tmp_path, PAIRS, think="empty")
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_pairs(tmp_path) == PAIRS


def written(pairs: tuple[PreferencePair, ...], folder: Path) -> list[str]:
    write_preferences(folder, pairs, think="empty")
    return (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"rejected": " "}, "Line 5 of .*pairs.jsonl is no pair: the rejected scene is empty"),
        ({"chosen": ""}, "the chosen scene is empty"),
        ({"chosen": "The lamp\0 burned."}, "Line 5 .* the chosen scene has a NUL character"),
        ({"rejected": pair(4).chosen + "\n"}, "the chosen and the rejected scene are the same"),
        ({"pair_id": "b/s001"}, "Line 5 of .* has the pair_id of line 2: b/s001"),
        ({"messages": []}, "must be system and user"),
        (
            {"messages": [m.model_dump() for m in reversed(prompt(1))]},
            "must be system and user, not user, system",
        ),
        ({"colour": "red"}, "Line 5 .* colour: Extra inputs"),
    ],
)
def test_a_pair_that_is_none_is_named_by_file_and_line(
    tmp_path: Path, broken: dict[str, object], words: str
) -> None:
    lines = written(PAIRS, tmp_path)
    lines[4] = json.dumps({**json.loads(lines[4]), **broken})
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(PreferenceError, match=words) as raised:
        read_pairs(tmp_path)
    assert raised.value.fix


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda content: content + b"\n{oops\n", r"Line 9 of .*pairs.jsonl is no pair"),
        (lambda content: content.replace(b"keeper", b"keep\0er"), r"Line 1 of .* is no pair"),
        (
            lambda content: content.replace(b"keeper", b"caf\xe9"),
            r"pairs.jsonl: byte \d+ is not UTF-8",
        ),
    ],
)
def test_bytes_that_are_no_pairs_are_named(
    tmp_path: Path, spoil: Callable[[bytes], bytes], words: str
) -> None:
    write_preferences(tmp_path, PAIRS, think="empty")
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(PreferenceError, match=words):
        read_pairs(tmp_path)
