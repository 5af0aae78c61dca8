"""A premise, or a path that was meant to be one."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.cli.premise import LONGEST_PREMISE, looks_like_path, read_premise
from novelcraft.errors import PremiseError

PREMISE = "A lighthouse keeper finds that the sea answers letters"


def test_words_are_a_premise() -> None:
    assert read_premise(f"  {PREMISE}\n") == PREMISE


@pytest.mark.parametrize("name", ["premise.txt", "premise.md", "PREMISE.TXT"])
def test_a_file_holds_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(f"\ufeff{PREMISE}\n\nAt sea.\n", encoding="utf-8")
    assert read_premise(str(path)) == f"{PREMISE}\n\nAt sea."


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_premise(empty: str) -> None:
    with pytest.raises(PremiseError, match="The premise is empty"):
        read_premise(empty)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "premise.txt"
    path.write_text(" \n", encoding="utf-8")
    with pytest.raises(PremiseError, match="holds no premise"):
        read_premise(str(path))


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "premise.docx"
    path.write_bytes(b"PK")
    with pytest.raises(PremiseError, match=r"end in \.md or \.txt"):
        read_premise(str(path))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "premise.txt"
    path.write_bytes(b"sea \xff")
    with pytest.raises(PremiseError, match="byte 4 is not UTF-8"):
        read_premise(str(path))


def test_a_premise_that_no_model_could_hold() -> None:
    with pytest.raises(PremiseError, match="20,001 characters"):
        read_premise("sea " * (LONGEST_PREMISE // 4) + "x")


@pytest.mark.parametrize(
    "text",
    ["my-novel", "premise.txt", "my premise.md", "./a b", "/tmp/x y", "~/novels/a", "a/novel.toml"],
)
def test_what_was_meant_as_a_path(text: str) -> None:
    assert looks_like_path(text)
    with pytest.raises(PremiseError, match="there is no such file or folder"):
        read_premise(text)


@pytest.mark.parametrize(
    "text", [PREMISE, "灯台守は海の返事を見つける", "Sea and/or sky", "A\nB", "~ the sea ~"]
)
def test_what_was_meant_as_a_premise(text: str) -> None:
    assert read_premise(text) == text


def test_a_premise_longer_than_a_file_name_may_be() -> None:
    assert read_premise(f"{PREMISE} " * 50).startswith(PREMISE)
