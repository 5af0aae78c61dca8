"""One prompt: a novel that is written, taken as a book of rows, has the prompts that wrote it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.prep import PrepSettings, RowBudget
from novelcraft.prompts.brief import fit_brief, named, render_brief
from novelcraft.prompts.world import render_world, root_summary
from novelcraft.state.books import BookFile, BookMeta, BookScene, ChapterHead, SceneBriefText
from novelcraft.state.calls import Message
from novelcraft.state.layout import PARTS, Layout
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.books.rows.compile import compile_rows, template_of
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from novelcraft.tools.books.rows.variety import Draws
from tests.fakes import tokens
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk
from tests.graphs.test_layouts import adapter, desk_of
from tests.graphs.test_prompts_given import readers
from tests.tools.books.bases import base

BOOK = "novel"
TAUGHT = {
    "small": LAYOUTS["small"].with_parts(scene_low=120, scene=220, canon=100),
    "lean": LAYOUTS["lean"].with_parts(scene_low=120, scene=220),
}
HEADINGS = {
    "canon": "Keep true:",
    "tail": "The scene before ended:",
    "summary": "The story so far:",
}


class ServedTokenizer(BaseTokenizer):
    """A base model's, which counts a text as the server does that writes with the adapter."""

    def count(self, text: str) -> int:
        return tokens.count(text)


def scene_of(
    commit: SceneCommit, before: SceneCommit | None, plan: Plan, layout: Layout, asked: int
) -> BookScene:
    """What preparation would say of a scene, taken from a novel's own plan."""
    brief = plan.scene(commit.scene_id)
    lines = render_brief(named(brief, plan), asked, layout.form)
    return BookScene(
        scene_id=commit.scene_id,
        chapter_index=[c.id for c in plan.chapters].index(brief.chapter) + 1,
        chapter_title=plan.chapter(brief.chapter).title,
        instruction=fit_brief(lines, layout.brief, tokens.count),
        text=commit.prose,
        recursive_summary=before.summary if before else root_summary(plan.cast),
        tokens=1,
        cut_by="length",
        brief=SceneBriefText(
            goal=brief.goal,
            pov=plan.character(brief.pov).name,
            place=brief.place,
            time=brief.time,
            present=plan.names(brief.present),
            beats=brief.beats,
            turn=brief.turn,
            outcome=brief.outcome,
        ),
        facts=commit.facts,
    )


def book_of(desk: Desk, layout: Layout, requests: list[tuple[Message, ...]]) -> BookFile:
    chain = desk.chain()
    plan = desk.novel.store.plan(chain[-1].plan_version)
    asked = [int(re.findall(r"in about (\d+) words", r[-1].content)[-1]) for r in requests]
    scenes = [
        scene_of(commit, before, plan, layout, words)
        for commit, before, words in zip(chain, [None, *chain], asked, strict=False)
    ]
    chapters = len(plan.chapters)
    meta = BookMeta(
        book_id=BOOK,
        title="A novel",
        author="",
        word_count=1,
        total_chapters=chapters,
        total_scenes=len(scenes),
        world_context=render_world(plan),
        chapters=tuple(ChapterHead(index=n) for n in range(1, chapters + 1)),
    )
    return BookFile(meta=meta, scenes=tuple(scenes))


def row_prompt(
    book: BookFile, scene: BookScene, layout: Layout, tokenizer: BaseTokenizer
) -> tuple[Message, ...]:
    """The row of a scene, by a seed whose draw leaves nothing out and cautions of nothing."""
    parts = {part: layout.of(part) for part in PARTS}
    brief = scene.brief
    assert brief
    for seed in range(1_000):
        draws = Draws(seed, f"{BOOK}/{scene.scene_id}")
        if draws.canon and draws.tail and not draws.cautions(scene.text, brief.pov):
            break
    settings = PrepSettings(
        budget=RowBudget(**parts, spare=50), scene_low=120, scene_high=2_000, seed=seed
    )
    made = compile_rows(book, settings, tokenizer)
    return next(r.messages[:-1] for r in made.rows if r.scene_id == scene.scene_id)


@pytest.mark.parametrize("layout", TAUGHT)
async def test_every_request_of_a_novel_is_the_row_of_its_scene_token_for_token(
    serve: type[FakeServer], open_desk: OpenDesk, tmp_path: Path, layout: str
) -> None:
    taught = TAUGHT[layout]
    adapter(tmp_path / "adapters", taught)
    server = readers(partial(serve, flavour="vllm", adapters=["mine"]))
    desk = desk_of(open_desk, server, tmp_path / "adapters")
    await desk.write()
    chain, requests = desk.chain(), []
    for commit in chain:
        record = desk.novel.store.find_call(commit.provenance.calls[0])
        assert record
        requests.append(record.messages[:2])  # what follows is the scene, begun
    assert len(chain) == len(desk.novel.store.plan(1).scenes) > 5
    book = book_of(desk, taught, requests)
    for name in ("chatml", "llama-3.1", "mistral"):
        given = base(name)
        tokenizer = ServedTokenizer(**vars(given))
        template = template_of(given)
        for scene, asked in zip(book.scenes, requests, strict=True):
            row = row_prompt(book, scene, taught, tokenizer)
            ours, theirs = (
                given.encode(template.render(messages, add_generation_prompt=True))
                for messages in (row, asked)
            )
            assert ours == theirs
    told = {part: sum(text in r[-1].content for r in requests) for part, text in HEADINGS.items()}
    assert told == {
        "canon": len(chain) - 1 if taught.canon else 0,
        "tail": len(chain) - 1 if taught.tail else 0,
        "summary": len(chain),
    }
