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

    from novelcraft.graphs.coming import coming_prompts
    from novelcraft.graphs.novel import Novel
    from novelcraft.present.coming import coming_lines

    with Novel.open(folder) as novel:
        coming = asyncio.run(coming_prompts(novel, branch))
    if coming.notice:
        say(coming.notice)
    for line in coming_lines(coming):
        typer.echo(line)
