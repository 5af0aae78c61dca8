"""Books that the tests of the exports start from."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pypandoc

from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from tests import factories

SCENE = (
    'The lamp had been lit since four, and the fog would not have it. "You wrote *back*," she said.'
    "\n\nThe sea was quiet."
)


def written(
    prose: list[list[str]], *, title: str = "The Answering Sea", chapter_title: str = "Letters"
) -> tuple[Plan, list[SceneCommit]]:
    """A plan and the chain of its scenes: for each chapter, the prose of its scenes."""
    plan = factories.plan(chapters=len(prose), scenes_each=max(1, *map(len, prose)))
    plan = plan.model_copy(
        update={
            "core": plan.core.model_copy(update={"title": title}),
            "chapters": tuple(
                c.model_copy(update={"title": f"{chapter_title} {c.number}"}) for c in plan.chapters
            ),
        }
    )
    chain: list[SceneCommit] = []
    for chapter, scenes in enumerate(prose, start=1):
        for text in scenes:
            parent = chain[-1] if chain else None
            chain.append(
                factories.commit(len(chain) + 1, parent, chapter_id=f"ch{chapter:02}", prose=text)
            )
    return plan, chain


def pandoc(markdown: str, *, reader: str, writer: str) -> str:
    """What pandoc makes of a Markdown text."""
    command = [pypandoc.get_pandoc_path(), f"--from={reader}", f"--to={writer}", "--wrap=none"]
    return subprocess.run(
        command, input=markdown.encode(), capture_output=True, check=True
    ).stdout.decode()


def elements(markdown: str, *, reader: str) -> list[dict[str, Any]]:
    """The blocks that a reader of Markdown finds, as pandoc's syntax tree."""
    blocks: list[dict[str, Any]] = json.loads(pandoc(markdown, reader=reader, writer="json"))[
        "blocks"
    ]
    return blocks
