"""Nodes that cut a book into scenes: one for each chapter, side by side, and one that joins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from novelcraft.agents.splitter import BreaksInput, find_breaks
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.parts import chapter_part
from novelcraft.state.base import content_hash
from novelcraft.state.books import BookFile, BookScene, CutBy
from novelcraft.state.prep import (
    BookNotice,
    BookState,
    ChapterCut,
    ChapterTask,
    Freshness,
    StageProgress,
)
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.cleaning.chapters import Chapter
from novelcraft.tools.books.folder import model_text, text_hash, write_text
from novelcraft.tools.books.scenes.blocks import Block, blocks_of
from novelcraft.tools.books.scenes.breaks import embedding_breaks, usable_breaks
from novelcraft.tools.books.scenes.cuts import SceneSpan, plan_scenes
from novelcraft.tools.text import counted

_LEAST_BLOCKS = 2


async def cut_chapter(state: ChapterTask, runtime: PrepRuntime) -> dict[str, Any]:
    """Breakpoints of one chapter, if it is to be cut at all."""
    context, book_id = runtime.context, state["book_id"]
    chapter = context.folder.read_chapters(book_id)[state["chapter"] - 1]
    freshness = _freshness(context, book_id, chapter)
    if freshness == "edited":
        _note_outdated(context, book_id, chapter)
    if freshness in ("fresh", "edited"):
        return {}
    begun = time.monotonic()
    blocks = await asyncio.to_thread(blocks_of, chapter.text, context.count)
    breaks: dict[int, CutBy] = {}
    if sum(block.tokens for block in blocks) > context.limits.high:
        breaks = await _breaks(context, f"{book_id}/{chapter.index}", chapter.text, blocks)
    seconds = time.monotonic() - begun
    cut = ChapterCut(chapter=chapter.index, breaks=breaks, seconds=seconds)
    progress = StageProgress(
        book_id=book_id, stage="scenes", part=chapter.index, total=state["chapters"]
    )
    context.emit(progress)
    return {"cuts": [cut]}


def _note_outdated(context: PrepContext, book_id: str, chapter: Chapter) -> None:
    manifest = context.folder.build_manifest(book_id)
    if manifest.is_outdated("scenes", _target(chapter), _inputs(context, chapter)):
        text = (
            f"chapter {chapter.index} was cut by hand and is kept, though its text has changed "
            "since; take its scenes out of the JSON to have it cut again"
        )
        context.emit(BookNotice(book_id=book_id, text=text))


async def _breaks(
    context: PrepContext, step: str, text: str, blocks: Sequence[Block]
) -> dict[int, CutBy]:
    """Breakpoints by the model; in a window whose answer is of no use, by the embeddings."""
    texts = [text[block.start : block.end] for block in blocks]
    windows = _windows(blocks, context.preset.reading_tokens)
    answers = await asyncio.gather(
        *(_ask(context, f"{step}/{first}", texts[first:end], first) for first, end in windows)
    )
    breaks: dict[int, CutBy] = {}
    for (first, end), answer in zip(windows, answers, strict=True):
        starts = usable_breaks(answer, first + 1, end - 1)
        by: CutBy = "model"
        if not starts:
            by = "embedding"
            starts = await _by_embeddings(context, texts[first:end], first)
        breaks |= dict.fromkeys(starts, by)
    return breaks


async def _ask(context: PrepContext, step: str, texts: Sequence[str], first: int) -> list[int]:
    """What the model says, as numbers of blocks from 0; nothing when it breaks its schema."""
    if context.caller is None:
        return []
    try:
        given = BreaksInput(blocks=tuple(texts), first=first + 1)
        answer = await find_breaks(given, context.session(context.caller, step))
    except InvalidAnswerError:
        return []
    return [number - 1 for number in answer.breaks]


async def _by_embeddings(context: PrepContext, texts: Sequence[str], first: int) -> list[int]:
    async with context.processors:
        starts = await asyncio.to_thread(embedding_breaks, texts, context.open_embedder())
    return [first + number for number in starts]


def _windows(blocks: Sequence[Block], most: int) -> list[tuple[int, int]]:
    """Runs of blocks of so many tokens; each begins with the last block of the one before.

    So every block but the chapter's first is in a window that shows what comes before it.
    """
    windows: list[tuple[int, int]] = []
    first, tokens = 0, 0
    for number, block in enumerate(blocks):
        if tokens + block.tokens > most and number - first >= _LEAST_BLOCKS:
            windows.append((first, number))
            first, tokens = number - 1, blocks[number - 1].tokens
        tokens += block.tokens
    windows.append((first, len(blocks)))
    return [(first, end) for first, end in windows if end - first >= _LEAST_BLOCKS]


async def join_scenes(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The book's JSON with its scenes. What later stages said of a scene that stays, stays."""
    context, book_id = runtime.context, state["book_id"]
    cuts = {cut.chapter: cut for cut in state["cuts"]}
    made = await asyncio.to_thread(_join, context, book_id, cuts)
    scenes = context.folder.read_book(context.folder.scenes(book_id)).scenes
    context.done(book_id, "scenes", fresh=not made, detail=counted(len(scenes), "scene"))
    return {}


def _join(context: PrepContext, book_id: str, cuts: dict[int, ChapterCut]) -> bool:
    folder, path = context.folder, context.folder.scenes(book_id)
    before = folder.read_book(path).scenes if path.is_file() else ()
    chapters = context.folder.read_chapters(book_id)
    kept = _by_chapter(before)
    gone = set(kept) - {chapter.index for chapter in chapters}
    if not cuts and not gone and path.is_file():
        return False
    scenes: list[BookScene] = []
    targets: dict[str, Target] = {}
    for chapter in chapters:
        if chapter.index in cuts:
            made = _scenes(context, chapter, cuts[chapter.index].breaks)
            part = chapter_part(made) or ""
            targets[_target(chapter)] = Target(_inputs(context, chapter), part)
            scenes += made
        else:
            scenes += kept.get(chapter.index, ())
    head = folder.read_book(folder.base(book_id)).meta
    known = {scene.text: scene for scene in before}
    book = BookFile(
        meta=head.model_copy(update={"total_scenes": len(scenes)}),
        scenes=tuple(_kept(scene, known.get(scene.text)) for scene in scenes),
    )
    folder.build_manifest(book_id).record(
        "scenes", targets, keep=True, seconds=sum(cut.seconds for cut in cuts.values())
    )
    write_text(path, model_text(book))
    if gone:
        text = f"the scenes of {len(gone)} chapters that are gone were dropped"
        context.emit(BookNotice(book_id=book_id, text=text))
    return True


def _scenes(context: PrepContext, chapter: Chapter, breaks: dict[int, CutBy]) -> list[BookScene]:
    blocks = blocks_of(chapter.text, context.count)
    spans = plan_scenes(chapter.text, blocks, breaks, context.limits, context.count)
    return [_scene(chapter, number, span) for number, span in enumerate(spans, 1)]


def _scene(chapter: Chapter, number: int, span: SceneSpan) -> BookScene:
    return BookScene(
        scene_id=f"ch{chapter.index:02}-s{number:02}",
        chapter_index=chapter.index,
        chapter_title=chapter.title,
        text=chapter.text[span.start : span.end],
        tokens=span.tokens,
        cut_by=span.cut_by,
        remainder=span.remainder,
        cuts=tuple(cut.tokens for cut in span.cuts),
    )


def _kept(scene: BookScene, known: BookScene | None) -> BookScene:
    """The scene with what was said of the same text before."""
    if known is None:
        return scene
    fields = ("instruction", "recursive_summary", "brief", "facts", "pinned_facts", "repairs")
    return scene.model_copy(update={name: getattr(known, name) for name in fields})


def _freshness(context: PrepContext, book_id: str, chapter: Chapter) -> Freshness:
    path = context.folder.scenes(book_id)
    scenes = context.folder.read_book(path).scenes if path.is_file() else ()
    present = chapter_part(_by_chapter(scenes).get(chapter.index, ()))
    manifest = context.folder.build_manifest(book_id)
    return manifest.freshness("scenes", _target(chapter), _inputs(context, chapter), present)


def _inputs(context: PrepContext, chapter: Chapter) -> str:
    limits, tokenizer = context.limits, context.tokenizer.fingerprint
    return content_hash([text_hash(chapter.text), chapter.title, vars(limits), tokenizer])


def _target(chapter: Chapter) -> str:
    return f"ch{chapter.index:02}"


def _by_chapter(scenes: Sequence[BookScene]) -> dict[int, tuple[BookScene, ...]]:
    chapters: dict[int, tuple[BookScene, ...]] = {}
    for scene in scenes:
        chapters[scene.chapter_index] = (*chapters.get(scene.chapter_index, ()), scene)
    return chapters
