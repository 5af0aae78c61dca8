from __future__ import annotations

import re

import pytest

from novelcraft.finetune.report import report_text
from novelcraft.finetune.report.page import report_html
from novelcraft.finetune.report.wording import gap_line, perplexity_line, style_line
from novelcraft.state.evaluation import GateResult, StyleReport
from tests.finetune.report import evaluations as e


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_text_shows_every_number() -> None:
    text = report_text(e.evaluation())
    for shown in (
        "Adapter of owner/small-135M",
        "It passes the gate",
        "perplexity is 22.9 with the adapter and 31.4 without: 27% less",
        "The gap is 1.17",
        "68 of 100 with the adapter, 31 without",
        "Paragraphs and dialogue 31 68 91",
        "longest run in common: 11 words (base: none of 8 words); 20 words or more fail",
        "largest overlap with a human scene: 1.2% (base: not measured); more than 5% fails",
        "names of the books in other worlds: 0 (base: 0)",
        "with world and story so far 88% (28/32) 100% (32/32)",
        "The distance was not reached: in 4 of 4 tellings only",
    ):
        assert shown in flat(text)
    assert max(map(len, text.splitlines())) <= 90
    assert len(text.splitlines()) < 60


def test_why_an_adapter_fails() -> None:
    text = flat(report_text(e.evaluation(memory=e.failing())))
    assert "It fails the gate" in text
    assert "- A run of 34 words stands in the-light." in text
    assert "Elias Marrow in other-world/salt-station: “then Elias Marrow”" in text
    gate = GateResult(verdict="failed", reasons=("Other rows.",))
    assert "- Other rows." in report_text(e.evaluation(), gate=gate)
    unseen = GateResult(verdict="not_evaluated")
    assert "has not enough to go by" in report_text(e.evaluation(), gate=unseen)


def test_without_probes_and_scores() -> None:
    style = StyleReport(base=e.side(None), tuned=e.side(None), books=e.side(None))
    text = report_text(e.evaluation(probes=(), style=style))
    assert "Probes" not in text
    assert "Pacing" not in text
    assert "There is no style score with the adapter: Too little text." in text


def test_what_was_not_measured_has_no_line() -> None:
    bare = e.evaluation(memory=e.memory(overlaps=(), alike_share=None))
    text = report_text(bare)
    assert "overlap" not in text
    assert "all but alike" not in text
    assert "not measured" not in report_html(bare)


def test_texts_cannot_write_to_the_terminal() -> None:
    style = StyleReport(base=e.side(None), tuned=e.side(None, e.NASTY), books=e.side(None))
    run = e.memory().runs[0].model_copy(update={"quote": e.NASTY, "source": e.NASTY})
    memory = e.memory(runs=(run,), reasons=(e.NASTY,))
    text = report_text(e.evaluation(base_model=e.NASTY, style=style, memory=memory))
    assert not re.search("[\x00\x1b]", text)


@pytest.mark.parametrize(
    ("base", "tuned", "said"),
    [(20.0, 15.0, "25% less"), (20.0, 19.9, "no change"), (20.0, 26.0, "30% more")],
)
def test_what_a_perplexity_means(base: float, tuned: float, said: str) -> None:
    assert said in perplexity_line(e.perplexity(base=base, tuned=tuned))


@pytest.mark.parametrize(
    ("tuned", "said"), [(18.9, "as well on unseen"), (24.0, "usual"), (40.0, "by heart")]
)
def test_what_a_gap_means(tuned: float, said: str) -> None:
    assert said in gap_line(e.perplexity(tuned=tuned))


def test_a_score_of_one_side_alone() -> None:
    line = style_line(StyleReport(base=e.side(None), tuned=e.side(55.0), books=e.side(None)))
    assert line == (
        "The style score is 55 of 100 with the adapter (none without: Too little text)."
    )
