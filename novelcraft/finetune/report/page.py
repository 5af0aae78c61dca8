"""The report as one HTML file that needs nothing else, in light and dark, and for print."""

from __future__ import annotations

from pathlib import Path

from novelcraft.finetune.evaluation.probes import load_probe
from novelcraft.finetune.report import charts, wording
from novelcraft.finetune.training.metrics import Curve, curve_of
from novelcraft.state.evaluation import AdapterCard, Evaluation, GateResult
from novelcraft.tools.export.page import page_template
from novelcraft.tools.metrics import paragraphs
from novelcraft.tools.storage.files import write_atomic
from novelcraft.tools.text import clean

REPORT_FILE = "report.html"


def report_html(
    evaluation: Evaluation,
    *,
    card: AdapterCard | None = None,
    gate: GateResult | None = None,
    curve: Curve | None = None,
) -> str:
    """The report as an HTML page: no script, nothing fetched, every text escaped.

    Args:
        evaluation: What was found.
        card: The adapter's card, where it is registered.
        gate: The gate's result, where it was recorded; None takes the card's, or else the
            evaluation's own.
        curve: The losses of the training run, where they were kept.
    """
    gate = gate or (card.gate if card and card.gate.verdict != "not_evaluated" else None)
    page = page_template("novelcraft.finetune.report", "evaluation.html").render(
        evaluation=evaluation,
        card=card,
        gate=gate,
        words=wording,
        size=charts,
        style=charts.style_chart(evaluation.style),
        chapters=charts.chapter_chart(evaluation.perplexity.chapters),
        gap=charts.gap_chart(evaluation.perplexity),
        curve=charts.curve_chart(curve) if curve else None,
        paragraphs=paragraphs,
        script=load_probe,
    )
    return clean(page)


def write_report(
    adapter: Path,
    evaluation: Evaluation,
    *,
    card: AdapterCard | None = None,
    gate: GateResult | None = None,
) -> Path:
    """Write the report into the adapter's folder, whole or not at all.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: The file could not be written.
    """
    html = report_html(evaluation, card=card, gate=gate, curve=curve_of(adapter))
    return write_atomic(adapter / REPORT_FILE, html.encode())
