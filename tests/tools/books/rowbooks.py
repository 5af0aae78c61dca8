"""Books of any size, whose words are counted in the tokens of `bases`."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.state.books import BookFile, BookMeta, BookScene, ChapterHead, SceneBriefText
from novelcraft.state.manuscript import Fact
from tests.tools.books.bases import SENTENCES, tokenizer


def prose(tokens: int, start: int = 0) -> str:
    """Paragraphs of about so many tokens, the last with blank lines after it."""
    made, count, number = [], 0, start
    while count < tokens:
        paragraph = " ".join(SENTENCES[(number + k) % len(SENTENCES)] for k in range(3))
        paragraph = f"{number}. {paragraph}"
        made.append(paragraph)
        count += len(tokenizer().encode(f"{paragraph}\n\n", add_special_tokens=False).ids)
        number += 1
    return "\n\n".join(made) + "\n\n"


def text_of(tokens: int, word: str) -> str:
    """Sentences of about so many tokens, for a summary or a world."""
    sentence = f"The {word} stood above the harbour and nobody knew why."
    each = len(tokenizer().encode(sentence + " ", add_special_tokens=False).ids)
    return " ".join([sentence] * max(1, round(tokens / each)))


def book(
    chapters: Sequence[Sequence[int]] = ((2_200, 2_400), (2_500, 900)),
    *,
    book_id: str = "the-light",
    world: int = 380,
    summary: int = 380,
    instruction: str = "Anna reads the letter and hides it.\nIt happens here: the tower; night.",
) -> BookFile:
    """A book whose chapters have scenes of so many tokens."""
    scenes = [
        BookScene(
            scene_id=f"ch{c:02}-s{s:02}",
            chapter_index=c,
            chapter_title=f"Part {c}",
            instruction=instruction,
            text=prose(tokens, 1_000 * c + 100 * s),
            recursive_summary=text_of(summary, f"tower{c}{s}") if summary else "",
            tokens=tokens,
            cut_by="length",
            brief=SceneBriefText(
                goal="Anna reads the letter.",
                pov="Anna",
                present=("Anna",),
                place="the tower",
                beats=("She breaks the seal.", "She reads it twice.", "She burns the cover."),
            ),
            facts=(
                Fact(subject="Anna", statement=f"The letter {c}{s} is unsigned.", quote=""),
                Fact(subject="The tower", statement=f"It has {c}{s} steps.", quote=""),
            ),
            pinned_facts=("Elias is alive.",),
        )
        for c, chapter in enumerate(chapters, 1)
        for s, tokens in enumerate(chapter, 1)
    ]
    meta = BookMeta(
        book_id=book_id,
        title="The Light",
        author="Nobody",
        word_count=sum(len(s.text.split()) for s in scenes),
        total_chapters=len(chapters),
        total_scenes=len(scenes),
        world_context=text_of(world, "lighthouse") if world else "",
        chapters=tuple(ChapterHead(index=c) for c in range(1, len(chapters) + 1)),
    )
    return BookFile(meta=meta, scenes=tuple(scenes))
