"""Reading the file of a batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from novelcraft.errors import AuthorsFileError, InputError, NovelcraftError, PagesError
from novelcraft.tools.batch.rows import read_rows, with_authored

PREMISE = "A lighthouse keeper finds that the sea answers letters"


def rows_file(folder: Path, *lines: object) -> Path:
    path = folder / "rows.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_keys_of_the_novel_stand_beside_tables(tmp_path: Path) -> None:
    narrator = {"model": "openai:big", "base_url": "http://127.0.0.1:8000/v1"}
    path = rows_file(
        tmp_path,
        {"premise": PREMISE, "pages": 12, "seed": 3, "cap": 2.5},
        "",
        {"name": "b", "novel": {"premise": "Bees"}, "roles": {"narrator": narrator}},
    )
    first, second = read_rows(path)
    assert first.name == "a-lighthouse-keeper-finds-that-the-sea"
    assert first.settings == {"novel": {"premise": PREMISE, "pages": 12, "seed": 3}}
    assert first.cap == 2.5
    assert (second.name, second.cap) == ("b", None)
    assert second.settings == {"novel": {"premise": "Bees"}, "roles": {"narrator": narrator}}


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("{", InputError, "is not JSON"),
        ("[" * 100_000, InputError, "is not JSON"),
        ('{"premise": ' + "9" * 5000 + "}", InputError, "is not JSON"),
        ("[1]", InputError, "is no object but list"),
        ({"premise": "  "}, InputError, "there is no premise"),
        ({"pages": 3}, InputError, "there is no premise"),
        ({"premise": "x", "pagse": 3}, InputError, "Did you mean 'pages'?"),
        ({"premise": "x", "pages": 0}, PagesError, "[novel] pages = 0"),
        ({"premise": "x", "write": {"attempts": "many"}}, NovelcraftError, "[write] attempts"),
        ({"premise": "x", "write": 3}, InputError, "'write' must be an object"),
        ({"premise": "x", "name": "../x"}, InputError, "cannot be a novel's name"),
        ({"premise": "x", "name": ".."}, InputError, "cannot be a novel's name"),
        ({"premise": "x", "cap": "much"}, InputError, "is no amount"),
        ({"premise": "x", "cap": True}, InputError, "is no amount"),
        ('{"premise": "x", "cap": NaN}', InputError, "is no amount"),
        ('{"premise": "\\ud800"}', InputError, "half a character"),
        ({"premise": "x" * 1_000_001}, InputError, "bytes"),
    ],
)
def test_a_broken_line_is_named(
    tmp_path: Path, line: object, kind: type[Exception], words: str
) -> None:
    path = rows_file(tmp_path, {"premise": "Bees"}, line)
    with pytest.raises(kind) as raised:
        read_rows(path)
    assert f"{path}, line 2" in str(raised.value)
    assert words in str(raised.value)


def test_two_rows_of_one_name(tmp_path: Path) -> None:
    path = rows_file(tmp_path, {"premise": "x", "name": "A"}, {"premise": "y", "name": "a"})
    with pytest.raises(InputError, match="line 2: the name 'a' is taken by line 1"):
        read_rows(path)


def test_a_file_that_holds_no_rows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no novel"):
        read_rows(rows_file(tmp_path, "", "  "))
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"premise": "\xe9"}')
    with pytest.raises(InputError, match="line 1: byte 13 is not UTF-8"):
        read_rows(tmp_path / "latin.jsonl")


def test_a_mark_at_the_beginning_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"premise": "x"}\r\n\r\n{"premise": "y"}\r\n')
    assert [row.name for row in read_rows(path)] == ["x", "y"]


def test_what_the_author_has_is_taken_from_the_shelf(tmp_path: Path) -> None:
    rows = read_rows(rows_file(tmp_path, {"name": "a", "premise": "Bees"}))
    assert with_authored(rows, tmp_path) == rows
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "world.md").write_text("An island.\n", encoding="utf-8")
    assert with_authored(rows, tmp_path)[0].authored == {"world.md": "An island.\n"}
    (tmp_path / "a" / "cast.md").write_text(" ", encoding="utf-8")
    with pytest.raises(AuthorsFileError, match=r"a/cast\.md is empty"):
        with_authored(rows, tmp_path)


def test_ten_thousand_rows(tmp_path: Path) -> None:
    rows = [{"premise": PREMISE, "name": f"n{n}", "seed": n} for n in range(10_000)]
    path = rows_file(tmp_path, *rows)
    read = read_rows(path)
    assert [row.name for row in read] == [row["name"] for row in rows]
