"""`cast.md`, `world.md` and `outline.md`, as novelists write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import AuthorsFileError
from novelcraft.state.authored import NOTHING, AuthoredChapter, AuthoredPerson
from novelcraft.tools.authored import named_files, parse_authored, read_authored


def chapters(text: str) -> list[AuthoredChapter]:
    found: list[AuthoredChapter] = parse_authored("outline.md", text, "outline.md")["chapters"]
    return found


def test_people_have_headings_and_their_text_is_kept() -> None:
    text = (
        "# The people\n\nAll are poor.\n\n"
        "## Mara  Quint ##\n\nA doctor.\n\n### Habits\n\n- counts\n\n## Ben\n"
    )
    assert parse_authored("cast.md", text, "cast.md") == {
        "people": [
            AuthoredPerson(name="Mara Quint", text="A doctor.\n\n### Habits\n\n- counts"),
            AuthoredPerson(name="Ben"),
        ],
        "people_notes": "All are poor.",
    }


def test_without_a_second_level_the_first_one_counts() -> None:
    assert [c.title for c in chapters("# One\n\nIt rains.\n\n# Two\n")] == ["One", "Two"]


def test_text_without_a_heading_is_a_note() -> None:
    made = parse_authored("cast.md", "A doctor and her brother.\n#hashtag\n", "cast.md")
    assert made == {"people": [], "people_notes": "A doctor and her brother.\n#hashtag"}


def test_list_items_of_a_chapter_are_its_scenes() -> None:
    text = (
        "## One\n\nIt rains,\nand rains.\n\n"
        "- Mara reads\n  the ledger.\n\n  All of it.\n* Ben runs.\n"
        "\nAt last it stops.\n\n## Two\n\n1. First\n12) Second\n-not one\n"
    )
    assert chapters(text) == [
        AuthoredChapter(
            title="One",
            summary="It rains,\nand rains.\n\n\n\nAt last it stops.",
            scenes=("Mara reads the ledger. All of it.", "Ben runs."),
        ),
        AuthoredChapter(title="Two", summary="-not one", scenes=("First", "Second")),
    ]


def test_nothing_is_there_without_the_files(tmp_path: Path) -> None:
    (tmp_path / "cast.md").mkdir()
    assert read_authored(tmp_path) == NOTHING
    assert not read_authored(tmp_path)


def test_files_of_an_editor_that_marks_utf_8_and_ends_lines_as_windows_does(tmp_path: Path) -> None:
    (tmp_path / "cast.md").write_bytes("\ufeff## Mara\r\n\r\nA doctor.\r\n".encode())
    authored = read_authored(tmp_path)
    assert authored.people == (AuthoredPerson(name="Mara", text="A doctor."),)
    assert named_files(authored) == ["cast.md (1 person)"]


@pytest.mark.parametrize(
    ("name", "data", "message", "fix"),
    [
        ("cast.md", b"", "cast.md is empty.", "## Mara Quint"),
        ("world.md", b" \n\n", "world.md is empty.", "take the file away"),
        ("outline.md", b"## One\n\nIt \xff rains.", "outline.md, line 3: byte 11", "as UTF-8"),
        (
            "cast.md",
            b"## Mara Quint\n\nA doctor.\n\n## mara  quint\n",
            "cast.md, line 5: there is a “mara  quint” on line 1 already.",
            "another name",
        ),
        ("outline.md", b"## One\n\n##\n", "outline.md, line 3: the heading is empty.", "title"),
        ("world.md", b"x" * 1_000_001, "1,000,001 bytes", "Leave"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, name: str, data: bytes, message: str, fix: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AuthorsFileError) as refused:
        read_authored(tmp_path)
    assert str(tmp_path / name) in str(refused.value)
    assert message in str(refused.value)
    assert fix in refused.value.fix
