"""`novelcraft ask`: a question about a novel, answered from its own sentences."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, Folder


def ask(
    folder: Folder,
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    after: Annotated[
        str, typer.Option(metavar="SCENE", help="As of this scene; by default the whole book.")
    ] = "",
    branch: BranchOption = "main",
) -> None:
    """Ask a novel: "Who knows about the letter?" The answer names the sentences it rests on."""
    from novelcraft.agents.answerer import AnswerOutput
    from novelcraft.doors.desk import open_desk
    from novelcraft.doors.python import call_tool

    async def run() -> AnswerOutput:
        async with open_desk(str(folder)) as desk:
            given = {"question": question, "after": after, "branch": branch}
            answer = await call_tool("ask", given, desk)
            assert isinstance(answer, AnswerOutput)
            return answer

    answer = asyncio.run(run())
    typer.echo(answer.answer)
    for sentence in answer.cited:
        typer.echo(f"  scene {sentence.scene}: {sentence.text}")
