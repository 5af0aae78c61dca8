"""`novelcraft adapter`: trained adapters, from their evaluation to a file that a server loads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from novelcraft.cli.adapter_convert import convert
from novelcraft.cli.adapter_eval import evaluate
from novelcraft.cli.adapter_merge import merge
from novelcraft.cli.adapter_verify import verify

if TYPE_CHECKING:
    from novelcraft.finetune.registry.cards import FoundAdapter

adapter = typer.Typer(
    help="See, evaluate, merge, convert and verify adapters that were trained.",
    no_args_is_help=True,
)
adapter.command("eval")(evaluate)
adapter.command("merge")(merge)
adapter.command("convert")(convert)
adapter.command("verify")(verify)

HEAD = ("name", "base", "gate", "perplexity", "style", "created")


@adapter.command("list")
def list_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to look for adapters in.")
    ] = Path("adapters"),
    as_json: Annotated[bool, typer.Option("--json", help="All that is known, as JSON.")] = False,
) -> None:
    """List the adapters in a folder, with what their evaluation found, base → tuned."""
    import json

    from novelcraft.finetune.registry.cards import find_adapters

    found = find_adapters(folder)
    if as_json:
        typer.echo(json.dumps([_entry(one) for one in found], indent=2))
        return
    if not found:
        typer.echo(f"There are no adapters in {folder}.")
        return
    lines = [HEAD, *map(_row, found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for line, about in zip(lines, [None, *found], strict=True):
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
        if about is not None:
            typer.echo(f"    {about.folder}")
            if about.problem:
                typer.echo(f"    {about.problem}")


def _entry(found: FoundAdapter) -> dict[str, Any]:
    return {
        "folder": str(found.folder),
        "name": found.name,
        "status": found.status,
        "verdict": found.verdict,
        "reasons": list(found.reasons),
        "problem": found.problem,
        "card": found.card.model_dump(mode="json") if found.card else None,
    }


def _row(found: FoundAdapter) -> tuple[str, ...]:
    card = found.card if found.status == "registered" else None
    if card is None:
        states = {"unregistered": "not registered", "changed": "unknown", "damaged": "damaged"}
        return (found.name, "", states[found.status], "", "", "")
    return (
        found.name,
        card.base_model,
        found.verdict.replace("_", " "),
        _pair(card.perplexity_base, card.perplexity_tuned, ".2f"),
        _pair(card.style_base, card.style_tuned, ".0f"),
        card.created.partition("T")[0],
    )


def _pair(base: float | None, tuned: float | None, how: str) -> str:
    told = [format(value, how) if value is not None else "–" for value in (base, tuned)]
    return " → ".join(told) if base is not None or tuned is not None else ""
