"""PDF, by whichever engine the machine has."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from novelcraft.errors import ExportError
from novelcraft.tools.export.pandoc import Converted, run_pandoc

_HTML = ("weasyprint",)
_LATEX = ("tectonic", "xelatex", "lualatex")
PDF_ENGINES = ("weasyprint", "typst", *_LATEX)
"""Engines that are tried, best first: those that find a glyph in another font where one lacks it
come before those that leave it out. pdflatex is not among them: it stops at the first emoji."""

_WARNINGS_SHOWN = 3


def make_pdf(
    source: str,
    shared: Callable[[str], list[str]],
    *,
    assets: Path,
    scratch: Path,
    find: Callable[[str], str | None] = shutil.which,
) -> tuple[bytes | None, list[str]]:
    """Make a PDF with the first engine that is there and works.

    Args:
        source: The book as CommonMark.
        shared: Gives pandoc's arguments for a writer.
        assets: The folder of style sheets and templates.
        scratch: A folder to work in.
        find: Finds an engine's program by name.

    Returns:
        The PDF, or None where no engine could make one; and what a person should know.
    """
    notices: list[str] = []
    for engine in PDF_ENGINES:
        program = find(engine)
        if program is None:
            continue
        arguments = [*shared("pdf"), f"--pdf-engine={program}", *_layout(engine, assets)]
        try:
            made = run_pandoc(
                source, arguments, folder=scratch, environment={"FORCE_SOURCE_DATE": "1"}
            )
        except ExportError as error:
            notices.append(f"{engine} could not make the PDF. {error.message}")
            continue
        return made.content, notices + _warnings(engine, made)
    reason = "None of the PDF engines here works" if notices else "No PDF engine is installed"
    notices.append(f"{reason}, so there is no PDF. Any of {', '.join(PDF_ENGINES)} will do.")
    return None, notices


def _layout(engine: str, assets: Path) -> Sequence[str]:
    if engine in _HTML:
        return (
            "--toc",
            f"--css={assets / 'book.css'}",
            f"--css={assets / 'print.css'}",
            f"--template={assets / 'print.html'}",
        )
    if engine == "typst":
        return ("--toc", f"--template={assets / 'print.typ'}")
    return (
        "--toc",
        "--top-level-division=chapter",
        "--variable=documentclass:book",
        "--variable=classoption:oneside,openany",
        "--variable=geometry:papersize={140mm,216mm},margin=19mm",
        "--variable=indent:true",
    )


def _warnings(engine: str, made: Converted) -> list[str]:
    lines = list(dict.fromkeys(line for line in made.warnings.splitlines() if line.strip()))
    if len(lines) > _WARNINGS_SHOWN:
        lines = [*lines[:_WARNINGS_SHOWN], f"and {len(lines) - _WARNINGS_SHOWN} more lines"]
    return [f"{engine}: {line}" for line in lines]
