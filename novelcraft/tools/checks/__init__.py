"""Deterministic checks: pure functions from a text and what is known to findings.

A check blocks only where it has shown the precision for it, see `benchmarks/checks_on_books.py`;
the others warn or report. Any finding can be exempted by its key.
"""

from novelcraft.tools.checks.base import CheckInput
from novelcraft.tools.checks.book import check_book
from novelcraft.tools.checks.plan import check_plan
from novelcraft.tools.checks.scene import check_scene
from novelcraft.tools.checks.summary import check_summary

__all__ = ["CheckInput", "check_book", "check_plan", "check_scene", "check_summary"]
