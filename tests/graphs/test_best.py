from __future__ import annotations

from novelcraft.graphs.best import best_draft
from novelcraft.state.findings import Finding
from tests.factories import draft

BLOCK = Finding(check="prose.loop", severity="block", message="It loops.")
WARN = Finding(check="prose.names", severity="warn", message="Who is that?")


def test_fewest_blocks_win_over_everything() -> None:
    long = draft(1, findings=(WARN, WARN, WARN), prose="word " * 900)
    blocked = draft(2, findings=(BLOCK,), prose="word " * 300)
    assert best_draft([blocked, long], 300) is long


def test_then_fewest_findings_then_length_then_the_earliest() -> None:
    warned = draft(1, findings=(WARN,), prose="word " * 300)
    clean_short = draft(2, prose="word " * 100)
    clean_right = draft(3, prose="word " * 290)
    clean_same = draft(4, prose="word " * 310)
    assert best_draft([warned, clean_short], 300) is clean_short
    assert best_draft([clean_short, clean_right], 300) is clean_right
    assert best_draft([clean_same, clean_right], 300) is clean_right


def test_what_is_no_scene_is_kept_only_where_nothing_else_is_there() -> None:
    refusal = Finding(check="prose.refusal", severity="block", message="It refuses.")
    refused = draft(1, findings=(refusal,), prose="word " * 300)
    blocked = draft(2, findings=(BLOCK, BLOCK, BLOCK), prose="word")
    assert best_draft([refused, blocked], 300) is blocked
    assert best_draft([refused], 300) is refused


def test_what_a_reader_found_counts_as_much_as_what_a_check_found() -> None:
    read = draft(1, continuity=(BLOCK,))
    checked = draft(2, findings=(WARN, WARN))
    assert best_draft([read, checked], 300) is checked
