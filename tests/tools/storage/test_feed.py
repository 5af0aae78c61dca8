from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.storage.feed import FEED_FILE, FeedReader, FeedWriter


def test_lines_are_read_as_they_come_and_whole(tmp_path: Path) -> None:
    reader = FeedReader(tmp_path)
    assert reader.lines() == []
    with FeedWriter(tmp_path) as writer:
        writer.cut()
        writer.append("one\n")
        assert reader.lines() == [b"one"]
        writer.append("tw")
        assert reader.lines() == []
        writer.append("o\nthree\n")
        assert reader.lines() == [b"two", b"three"]
        assert reader.lines() == []
    reader.close()


def test_a_late_reader_begins_at_the_last_cut(tmp_path: Path) -> None:
    with FeedWriter(tmp_path) as writer:
        writer.cut()
        writer.append("old\n")
        writer.cut()
        writer.append("new\n")
        reader = FeedReader(tmp_path)
        assert reader.lines() == [b"new"]
        writer.remove()
        assert reader.lines() == []
    reader.close()


def test_a_reader_in_the_middle_of_what_is_cut_reads_it_to_its_end(tmp_path: Path) -> None:
    with FeedWriter(tmp_path) as writer:
        writer.cut()
        writer.append("1\n")
        reader = FeedReader(tmp_path)
        assert reader.lines() == [b"1"]
        writer.append("2\n")
        writer.append("half")
        writer.cut()
        writer.append("3\n")
        assert reader.lines() == [b"2", b"3"]
        writer.append("4\n")
        writer.remove()
        assert reader.lines() == [b"4"]
        writer.cut()
        writer.append("5\n")
        assert reader.lines() == [b"5"]
    reader.close()


@given(st.lists(st.sampled_from(["append", "cut", "read"]), max_size=40))
def test_whatever_the_order_a_reader_that_keeps_up_misses_nothing(
    tmp_path_factory: object, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("feed")  # type: ignore[attr-defined]
    reader, heard, written = FeedReader(folder), [], 0
    with FeedWriter(folder) as writer:
        writer.cut()
        for step in steps:
            if step == "append":
                writer.append(f"{written}\n")
                written += 1
            elif step == "cut":
                heard += reader.lines()
                writer.cut()
            else:
                heard += reader.lines()
        heard += reader.lines()
    reader.close()
    assert heard == [str(n).encode() for n in range(written)]


def test_a_full_disk_ends_the_feed_until_the_next_cut_and_nothing_else(tmp_path: Path) -> None:
    made = tmp_path / f".{FEED_FILE}"
    made.symlink_to("/dev/full")
    reader = FeedReader(tmp_path)
    with FeedWriter(tmp_path) as writer:
        writer.cut()
        writer.append("lost\n")
        writer.append("lost too\n")
        assert (tmp_path / FEED_FILE).is_symlink()
        writer.cut()
        writer.append("there is room again\n")
        assert reader.lines() == [b"there is room again"]
    reader.close()


def test_a_folder_that_cannot_hold_a_feed_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / FEED_FILE).mkdir()
    with FeedWriter(tmp_path) as writer:
        writer.cut()
        writer.append("nowhere\n")
