from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from novelcraft.config.settings import NovelSettings
from novelcraft.state.calls import ModelLine
from novelcraft.state.findings import Finding
from novelcraft.tools.export.report import report_html, write_report
from novelcraft.tools.export.summary import RunSummary, run_summary
from novelcraft.tools.export.terminal import kept_with_findings, outcome
from tests import factories

LOOP = Finding(
    check="prose.loop",
    severity="block",
    message="The same words come up 9 times.",
    evidence=("the lamp <b>was</b> lit", "was lit & lit"),
)
NAME = Finding(check="names.unknown", severity="warn", message="Quill is unknown.", about="Quill")
SLOP = Finding(check="prose.slop", severity="report", message="6 stock phrases.")
CHEAP = ModelLine("cheap", "small", "lora", 1, 0, 1_000, 200, 500, 30.0)
NARRATOR = ModelLine("narrator", "small", "", 2, 1, 2_000, 400, 1_000, 60.0)
OPENING = Finding(check="book.opening", severity="warn", message="Two scenes begin alike.")


@pytest.fixture
def summary() -> RunSummary:
    plan = factories.plan(2, 2, mends=("Hook h1 moved to s004.",))
    first = factories.commit(1, findings=(LOOP, NAME), accepted_by="cap")
    second = factories.commit(2, first, findings=(NAME, SLOP), accepted_by="person")
    third = factories.commit(
        3,
        second,
        chapter_id="ch02",
        stale=("Scene 1 was edited.",),
        prose="Five words stand here now.",
    )
    return run_summary(
        plan,
        [first, second, third],
        NovelSettings(author="A. Keeper", seed=7),
        novel_id="n0v3l",
        book_findings=[OPENING],
        models=[CHEAP, NARRATOR],
        exempt={SLOP.key},
    )


def test_the_numbers(summary: RunSummary) -> None:
    assert summary.words == 9 + 9 + 5
    assert summary.target_words == 1_200
    assert summary.target_pages == pytest.approx(1_200 / 275)
    assert not summary.finished
    assert [(c.words, c.target, c.scenes, c.planned) for c in summary.chapters] == [
        (18, 600, 2, 2),
        (5, 600, 1, 2),
    ]
    assert [s.position for s in summary.at_cap] == [1]
    assert [s.position for s in summary.stale] == [3]
    assert summary.exempted == 1
    assert summary.warnings == 3


def test_checks_are_counted_blocks_first(summary: RunSummary) -> None:
    assert [(c.check, c.findings, c.scenes) for c in summary.checks] == [
        ("prose.loop", 1, 1),
        ("names.unknown", 2, 2),
        ("book.opening", 1, 0),
    ]


def test_a_book_is_finished_when_every_planned_scene_is_written() -> None:
    plan = factories.plan(1, 2)
    chain = factories.chain(2)
    assert run_summary(plan, chain, NovelSettings()).finished
    assert not run_summary(plan, chain[:1], NovelSettings()).finished
    assert not run_summary(plan, [], NovelSettings()).finished


def test_it_is_said_who_let_the_scenes_in(summary: RunSummary) -> None:
    text = outcome(summary)
    assert "1 of 3 scenes passed their checks; 1 (33%) did not" in text
    clean = run_summary(factories.plan(1, 2), factories.chain(2), NovelSettings())
    assert outcome(clean) == "2 of 2 scenes passed their checks."


def test_scenes_that_were_kept_are_named_with_their_findings(summary: RunSummary) -> None:
    text = "\n".join(kept_with_findings(summary))
    assert "prose.loop: The same words come up 9 times." in text
    assert "“the lamp <b>was</b> lit”" in text
    clean = run_summary(factories.plan(1, 2), factories.chain(2), NovelSettings())
    assert not list(kept_with_findings(clean))


def test_the_report_of_nothing_written() -> None:
    empty = run_summary(factories.plan(), [], NovelSettings())
    assert "Nothing is written yet." in report_html(empty)


class Page(HTMLParser):
    """The tags that are opened and closed, and everything that points outside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pointers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pointers += [name for name, _ in attrs if name in {"src", "href", "action", "data"}]
        self.pointers += [tag] if tag in {"script", "link", "iframe"} else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_whole_and_needs_nothing_else(summary: RunSummary) -> None:
    html = report_html(summary)
    page = Page(html)
    assert page.open == []
    assert page.pointers == []
    assert not re.search(r"url\(|@import", html)
    assert "prefers-color-scheme: dark" in html


def test_the_report_shows_what_did_not_go_well(summary: RunSummary) -> None:
    html = report_html(summary)
    assert "the lamp &lt;b&gt;was&lt;/b&gt; lit" in html
    assert "<b>was</b>" not in html
    for shown in ("Kept at the cap", "May no longer fit", "Hook h1 moved to s004.", "small + lora"):
        assert shown in html
    assert html.count('<i class="cap"') == 2  # one scene, and the legend
    assert html.count("Not written yet") == 1


def test_the_report_can_hold_anything(tmp_path: Path) -> None:
    plan = factories.plan(premise="</p><script>alert(1)</script> \x00\x1b[31m שלום {{ 7 * 7 }}")
    path = write_report(
        tmp_path / "report.html", run_summary(plan, [], NovelSettings(language="he"))
    )
    html = path.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "{{ 7 * 7 }}" in html
    assert 'dir="rtl"' in html
    assert "\x00" not in html
