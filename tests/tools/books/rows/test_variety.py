"""What rows have by a draw: now and then nothing of the canon, or of the scene before."""

from __future__ import annotations

import pytest

from novelcraft.tools.books.rows.variety import Draws, kept_constraints
from novelcraft.tools.checks.ending import END_WHOLE
from novelcraft.tools.checks.leaks import ONLY_PROSE
from novelcraft.tools.checks.quotes import CLOSE_SPEECHES
from novelcraft.tools.checks.viewpoint import name_viewpoint

ROWS = [Draws(1, f"book/ch{n:04}-s01") for n in range(4_000)]
SCENE = "Ada lit the lamp. “It is late,” said Jonas."


def test_the_same_seed_and_row_draw_the_same() -> None:
    def drawn(seed: int) -> list[tuple[bool, bool, tuple[str, ...]]]:
        rows = [Draws(seed, f"book/{n}") for n in range(200)]
        return [(row.canon, row.tail, row.cautions(SCENE, "Ada")) for row in rows]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_tenth_lacks_each_part_and_a_fifth_is_cautioned() -> None:
    shares = [
        sum(not row.canon for row in ROWS) / len(ROWS),
        sum(not row.tail for row in ROWS) / len(ROWS),
        sum(bool(row.cautions(SCENE, "Ada")) for row in ROWS) / len(ROWS),
    ]
    assert shares == pytest.approx([0.1, 0.1, 0.2], abs=0.02)
    assert any(not row.canon and row.tail for row in ROWS)
    assert any(row.canon and not row.tail for row in ROWS)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (SCENE, {END_WHOLE, ONLY_PROSE, CLOSE_SPEECHES, name_viewpoint("Ada")}),
        ("Jonas went to the", {ONLY_PROSE}),
        ("# One\n\nAda saw it.", {END_WHOLE, name_viewpoint("Ada")}),
        ("Ada said, “It is", {ONLY_PROSE, name_viewpoint("Ada")}),
    ],
)
def test_a_row_is_cautioned_only_of_what_its_text_keeps(text: str, kept: set[str]) -> None:
    assert set(kept_constraints(text, "Ada")) == kept
    drawn = {caution for row in ROWS[:400] for caution in row.cautions(text, "Ada")}
    assert drawn == kept
