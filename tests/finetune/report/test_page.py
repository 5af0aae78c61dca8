from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from novelcraft.finetune.evaluation.probes import run_probes
from novelcraft.finetune.report import REPORT_FILE, report_html, write_report
from novelcraft.finetune.training.metrics import METRICS_FILE
from novelcraft.state.evaluation import Evaluation, GateResult, ProbeFinding, StyleReport
from tests.finetune.evaluation.probes.storyteller import Storyteller
from tests.finetune.report import evaluations as e

CLOSED = {"line", "polyline"}


class Page(HTMLParser):
    """The tags that are opened and closed, and everything that points outside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pointers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "href", "action", "data", "xlink:href", "xmlns"}
        self.pointers += [name for name, _ in attrs if name in names or name.startswith("on")]
        self.pointers += [tag] if tag in {"script", "link", "iframe", "object", "use"} else []
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in CLOSED
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    html = report_html(e.evaluation(), card=e.card(), curve=e.curve())
    page = Page(html)
    assert page.open == []
    assert page.pointers == []
    assert not re.search(r"url\(|@import|https?:", html)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert not re.search(r"\bNone\b|nan", html)


def hostile() -> dict[str, Any]:
    """What to put into an evaluation so that one kind of text in it is hostile."""
    run, leak = e.memory().runs[0], e.failing().names[0]
    overlap, chapter = e.memory().overlaps[0], e.perplexity().chapters[0]
    probe = e.probes()[0]
    finding = ProbeFinding(scene=1, check=e.NASTY, message=e.NASTY, quote=e.NASTY)
    told = probe.model_copy(update={"findings": (finding,)})
    scene = probe.scenes[0].model_copy(update={"brief": e.NASTY})
    text = probe.scenes[0].model_copy(update={"text": e.NASTY})
    style = e.evaluation().style

    def with_memory(**given: Any) -> dict[str, Any]:
        return {"memory": e.memory(**given)}

    return {
        "base model": {"base_model": e.NASTY},
        "device": {"device": e.NASTY},
        "version": {"versions": {e.NASTY: "1"}},
        "why there is no style score": {
            "style": style.model_copy(update={"tuned": e.side(None, e.NASTY)})
        },
        "chapter": {
            "perplexity": e.perplexity(chapters=(chapter.model_copy(update={"chapter": e.NASTY}),))
        },
        "reason": with_memory(reasons=(e.NASTY,)),
        "quote": with_memory(runs=(run.model_copy(update={"quote": e.NASTY}),)),
        "source": with_memory(runs=(run.model_copy(update={"source": e.NASTY}),)),
        "overlap": with_memory(overlaps=(overlap.model_copy(update={"text": e.NASTY}),)),
        "name": with_memory(names=(leak.model_copy(update={"name": e.NASTY}),)),
        "sample": {"samples": (e.sample().model_copy(update={"tuned": e.NASTY}),)},
        "human": {"samples": (e.sample().model_copy(update={"human": e.NASTY}),)},
        "brief": {"samples": (e.sample().model_copy(update={"brief": e.NASTY}),)},
        "sample name": {"samples": (e.sample().model_copy(update={"name": e.NASTY}),)},
        "finding": {"probes": (told,)},
        "probe's brief": {"probes": (probe.model_copy(update={"scenes": (scene,)}),)},
        "probe's text": {"probes": (probe.model_copy(update={"scenes": (text,)}),)},
    }


@pytest.mark.parametrize("part", sorted(hostile()))
def test_every_text_is_escaped(part: str) -> None:
    html = report_html(e.evaluation(**hostile()[part]))
    assert "<script" not in html
    assert "alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert not re.search("[\x00\x1b]", html)
    assert Page(html).open == []


def test_the_card_is_escaped() -> None:
    card = e.card(name=e.NASTY, books=(e.NASTY,), base_licence=e.NASTY, books_licence=e.NASTY)
    gate = GateResult(verdict="failed", reasons=(e.NASTY,))
    html = report_html(e.evaluation(), card=card, gate=gate)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)") == 6
    assert Page(html).open == []


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("</style>")[2]).split())


def test_the_page_shows_every_part() -> None:
    html = report_html(e.evaluation(), card=e.card(), curve=e.curve())
    text = plain(html)
    for shown in (
        "The Light, first try",
        "It passes the gate",
        "The style score is 68 of 100 with the adapter, 31 without, and 91 for the unseen",
        "0: like another author 100: like the author",
        "perplexity is 22.9 with the adapter and 31.4 without: 27% less",
        "27.7 → 19.8",
        "The gap is 1.17",
        "it was lowest at step 150",
        "11 words none of 8 words at 20 words",
        "1.2% not measured above 5%",
        "“and the lamp went round and round above the dark water”",
        "88% 28 of 32 100% 32 of 32",
        "payoff.thing Not found: the thing that was given comes back by its name.",
        "The distance was not reached: in 4 of 4 tellings only",
        "a world of no training book",
        "temperature 0.8, top-p 0.95",
        "2.13.0",
    ):
        assert shown in text
    assert html.count("<svg") == 4


def test_samples_stand_side_by_side() -> None:
    one = e.sample().model_copy(
        update={"base": "Base wrote.", "tuned": "Tuned wrote.\n\nTwice.", "human": "She wrote."}
    )
    html = report_html(e.evaluation(samples=(one,), probes=()))
    told = plain(html).partition("Nothing was picked out.")[2]
    assert "base Base wrote. tuned Tuned wrote. Twice. human She wrote." in told
    assert "<p>Tuned wrote.</p>\n<p>Twice.</p>" in html


def test_findings_stand_under_their_scene() -> None:
    html = report_html(e.evaluation(samples=()))
    part = html[html.index("7. Nerys") :]
    base, tuned = part.split('<h4 class="tuned">')[:2]
    assert base.count("payoff.") == 4
    assert "payoff." not in tuned.partition("</details>")[0]
    assert "Nothing found." in tuned


def test_a_failing_adapter() -> None:
    text = plain(report_html(e.evaluation(memory=e.failing())))
    for shown in (
        "It fails the gate",
        "A run of 34 words stands in the-light.",
        "fails the gate longest run 34 words",
        "Elias Marrow 2 other-world/salt-station “then Elias Marrow”",
    ):
        assert shown in text


def test_the_gate_has_the_last_word() -> None:
    failed = GateResult(verdict="failed", reasons=("It was trained on other rows.",))
    text = plain(report_html(e.evaluation(), card=e.card(), gate=failed))
    assert "It fails the gate" in text
    assert "It was trained on other rows." in text
    of_the_card = plain(report_html(e.evaluation(), card=e.card(gate=failed)))
    assert "It was trained on other rows." in of_the_card
    not_yet = e.card(gate=GateResult(verdict="not_evaluated"))
    assert "It passes the gate" in plain(report_html(e.evaluation(), card=not_yet))


def bare() -> Evaluation:
    """An evaluation in which nothing could be measured that may be missing."""
    none = e.side(None)
    return e.evaluation(
        style=StyleReport(base=none, tuned=none, books=none),
        memory=e.memory(runs=(), overlaps=(), reasons=("Nothing was held out.",)),
        probes=(),
        samples=(),
        versions={},
    )


def test_what_is_missing_is_said() -> None:
    html = report_html(bare())
    text = plain(html)
    assert Page(html).open == []
    assert "There is no style score with the adapter: Too little text." in text
    assert "Base: Too little text. (800 words)" in text
    assert "Nothing was held out." in text
    assert html.count("<svg") == 2
    assert "Probes" not in text
    assert "Samples" not in text
    assert "How it learnt" not in text


def test_of_one_side_alone() -> None:
    runs = run_probes(Storyteller(110), sides=["tuned"])
    html = report_html(e.evaluation(probes=runs))
    assert Page(html).open == []
    assert "Not run." in plain(html)


def test_a_narrator_who_wrote_nothing() -> None:
    runs = run_probes(lambda asked, side: ["" for _ in asked], sides=["base"])
    html = report_html(e.evaluation(probes=runs))
    assert "Nothing was written." in plain(html)
    assert "too few to judge" in plain(html)


def test_it_is_written_beside_the_evaluation_with_the_curve_of_the_run(tmp_path: Path) -> None:
    adapter = tmp_path / "run" / "adapter"
    adapter.mkdir(parents=True)
    assert write_report(adapter, e.evaluation()) == adapter / REPORT_FILE
    assert "How it learnt" not in (adapter / REPORT_FILE).read_text(encoding="utf-8")
    lines = (one.model_dump_json() for one in (*e.curve().steps, *e.curve().validations))
    (adapter / METRICS_FILE).write_text("\n".join(lines), encoding="utf-8")
    write_report(adapter, e.evaluation(), card=e.card())
    assert "How it learnt" in (adapter / REPORT_FILE).read_text(encoding="utf-8")
