from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import BookError
from novelcraft.tools.books.rows.style_profile import measure_style, style_phrases
from novelcraft.tools.books.rows.style_rows import compile_style_rows, plan_chunks
from tests.tools.books.bases import SENTENCES, base
from tests.tools.books.rowbooks import prose

SETTINGS = PrepSettings()


def folder(tmp_path: Path, **files: str) -> Path:
    made = tmp_path / "My Samples"
    for name, text in files.items():
        file = made / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return made


@given(
    tokens=st.lists(st.integers(1, 2_600), max_size=40),
    low=st.integers(1, 800),
    more=st.integers(0, 1_500),
)
def test_chunks_are_whole_paragraphs_within_the_limits(
    tokens: list[int], low: int, more: int
) -> None:
    high = low + more
    chunks = plan_chunks(tokens, low, high)
    ends = [0, *(place for chunk in chunks for place in chunk)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in chunks)
    assert all(low <= sum(tokens[start:end]) <= high for start, end in chunks)
    inside = {i for start, end in chunks for i in range(start, end)}
    assert all(i in inside for i, n in enumerate(tokens) if low <= n <= high) or len(chunks) > 0


def test_as_little_as_possible_is_left_out() -> None:
    assert plan_chunks([300] * 10, 500, 2_000) == [(0, 5), (5, 10)]
    assert plan_chunks([400, 2_500, 300, 300], 500, 2_000) == [(2, 4)]
    assert plan_chunks([499], 500, 2_000) == []
    assert plan_chunks([], 500, 2_000) == []


def test_a_row_answers_with_whole_paragraphs_of_one_sample(tmp_path: Path) -> None:
    texts = {"one_txt": prose(4_000), "deep__two_md": prose(1_300, start=500)}
    entry, made = compile_style_rows(folder(tmp_path, **texts), SETTINGS, base())
    assert [r.row_id.rsplit("#")[0] for r in made.rows[-2:]] == [
        "style-my-samples/one.txt",
        "style-my-samples/one.txt",
    ]
    assert made.rows[0].row_id == "style-my-samples/deep/two.md#1"
    assert made.skipped == ()
    for row in made.rows:
        text = row.messages[-1].content
        (source,) = [t for t in texts.values() if text in t]
        assert set(text.split("\n\n")) <= set(source.strip().split("\n\n"))
        assert 500 <= base().count(text) <= 2_000
        assert row.kind == "style"
    joined = "\n\n".join(r.messages[-1].content for r in made.rows if "one.txt" in r.row_id)
    assert joined == texts["one_txt"].strip()
    assert (entry.rows, entry.book_id) == (len(made.rows), "style-my-samples")


def test_the_prompt_says_what_the_samples_measure(tmp_path: Path) -> None:
    _, made = compile_style_rows(folder(tmp_path, a_txt=prose(1_500)), SETTINGS, base())
    system, user, _ = made.rows[0].messages
    # The number before each paragraph counts as a sentence of its own.
    assert "Your sentences average 10 words" in system.content
    assert "Your paragraphs average 3" in system.content
    assert "first person" not in system.content
    words = len(made.rows[0].messages[-1].content.split())
    (asked,) = [int(w) for w in user.content.split() if w.isdigit()]
    assert abs(asked - words) <= 50
    assert {r.messages[0] for r in made.rows} == {system}


def test_what_fits_no_chunk_is_named(tmp_path: Path) -> None:
    giant = " ".join(SENTENCES * 40)
    samples = folder(tmp_path, a_txt=f"{giant}\n\n{prose(900)}", b_txt="Too short.")
    _, made = compile_style_rows(samples, SETTINGS, base())
    assert len(made.rows) == 1
    assert [s.row_id for s in made.skipped] == [
        "style-my-samples/a.txt",
        "style-my-samples/b.txt",
    ]
    assert "1 paragraph with" in made.skipped[0].reason
    assert made.rows[0].messages[-1].content == prose(900).strip()


def test_headings_and_front_matter_are_no_prose(tmp_path: Path) -> None:
    text = f"---\ntitle: Mine\n---\n\n# One\n\n{prose(700)}# Two\n\n{prose(800, start=50)}"
    _, made = compile_style_rows(folder(tmp_path, a_md=text), SETTINGS, base())
    assert len(made.rows) == 2
    for row in made.rows:
        assert "#" not in row.messages[-1].content
        assert "title:" not in row.messages[-1].content


def test_lines_are_paragraphs_where_nothing_else_parts_them(tmp_path: Path) -> None:
    lines = prose(2_500).replace("\n\n", "\n")
    _, made = compile_style_rows(folder(tmp_path, a_txt=lines), SETTINGS, base())
    assert len(made.rows) == 2
    assert made.skipped == ()


def test_a_sample_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    samples = folder(tmp_path, a_txt=prose(900))
    (samples / "b.txt").write_bytes(b"\x81\x8d\xff\x00" * 40)
    (samples / "c.png").write_bytes(b"\x89PNG")
    _, made = compile_style_rows(samples, SETTINGS, base())
    assert len(made.rows) == 1
    assert [s.row_id for s in made.skipped] == ["style-my-samples/b.txt"]


@pytest.mark.parametrize("text", [None, "", "\n\n  \n"])
def test_no_samples_is_an_error(tmp_path: Path, text: str | None) -> None:
    samples = tmp_path / "none" if text is None else folder(tmp_path, a_txt=text)
    with pytest.raises(BookError, match=r"is no folder|no samples"):
        compile_style_rows(samples, SETTINGS, base())


def test_a_style_row_closes_its_think_block(tmp_path: Path) -> None:
    thinking = PrepSettings(think="beats")
    _, made = compile_style_rows(folder(tmp_path, a_txt=prose(900)), thinking, base("qwen3"))
    assert "<think>" not in made.rows[0].messages[-1].content


def test_the_same_samples_give_the_same_rows(tmp_path: Path) -> None:
    samples = folder(tmp_path, a_txt=prose(3_000), b_md=prose(900, start=77))
    assert compile_style_rows(samples, SETTINGS, base()) == compile_style_rows(
        samples, SETTINGS, base()
    )


def test_measures_are_those_of_the_text() -> None:
    text = "I ran. “Stop there at once,” she said to me.\n\nI did not stop. My breath failed."
    made = measure_style([text])
    assert made.words == 17
    assert made.sentence_words == pytest.approx(17 / 4)
    assert made.paragraph_words == 8.5
    assert made.paragraph_sentences == 2
    assert made.dialogue == pytest.approx(4 / 17)
    assert made.short_sentences == 1
    assert made.first_person == pytest.approx(4 / 13)
    assert made.distinct_words == pytest.approx(15 / 17)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("He walked home. " * 30, "You write no dialogue."),
        ("“Go,” he said. " * 30, "Dialogue makes 33 % of the words."),
        ("He walked home. " * 30, "Your vocabulary is plain"),
        ("He walked home. " * 30, "vary little"),
        ("I walked home. " * 30, "You tell in the first person."),
        ("“I am,” he said. " * 30, "You tell in the third person."),
        ("He walked.\n\nShe ran.", "or 1 sentence."),
    ],
)
def test_words_follow_from_numbers(text: str, says: str) -> None:
    assert says in " ".join(style_phrases(measure_style([text])).values())


def test_no_text_has_no_style() -> None:
    assert measure_style([]).words == 0
