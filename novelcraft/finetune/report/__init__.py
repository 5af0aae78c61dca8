"""The report of an evaluation: for a person who writes novels and trains no models.

Nothing here loads torch.
"""

from novelcraft.finetune.report.page import REPORT_FILE, report_html, write_report
from novelcraft.finetune.report.text import report_text

__all__ = ["REPORT_FILE", "report_html", "report_text", "write_report"]
