"""`novelcraft context`: what the prompts of the coming scenes will take."""

from __future__ import annotations

import typer

from novelcraft.cli.common import BranchOption, Folder, say


def context(folder: Folder, branch: BranchOption = "main") -> None:
    """Show what the prompt of each scene to come will take, by part, in tokens.

    What follows from scenes that are yet to be written is shown as the most that it may take,
    after a `<`. The last columns hold prompt and scene together against the narrator's context.
    """
    import asyncio

    from novelcraft.graphs.novel import Novel
    from novelcraft.graphs.prompt_forecast import forecast_prompts
    from novelcraft.present.prompt_forecast import forecast_lines

    with Novel.open(folder) as novel:
        forecast = asyncio.run(forecast_prompts(novel, branch))
    if forecast.notice:
        say(forecast.notice)
    for line in forecast_lines(forecast):
        typer.echo(line)
