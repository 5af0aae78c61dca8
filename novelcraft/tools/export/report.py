"""The report of a run: one HTML file that needs nothing else, in light and dark."""

from __future__ import annotations

from pathlib import Path

from novelcraft.tools.export.language import Language
from novelcraft.tools.export.page import page_template
from novelcraft.tools.export.summary import RunSummary
from novelcraft.tools.export.terminal import outcome, served
from novelcraft.tools.storage.files import write_atomic
from novelcraft.tools.text import clean


def report_html(summary: RunSummary) -> str:
    """The report as an HTML page: no script, nothing fetched, every text escaped.

    Raises:
    """
    page = page_template("novelcraft.tools.export", "report.html").render(
        summary=summary,
        outcome=outcome(summary),
        language=Language(summary.language),
        served=served,
    )
    return clean(page)


def write_report(path: Path, summary: RunSummary) -> Path:
    """Write `report_html` to a file, whole or not at all.

    Raises:
        ConfigError: As `report_html` says.
        DiskFullError, ReadOnlyError, ExportError: The file could not be written.
    """
    return write_atomic(path, report_html(summary).encode())
