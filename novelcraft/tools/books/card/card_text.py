"""The data card as plain text, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.state.books import CutBy
from novelcraft.state.card import DataCard, Histogram
from novelcraft.state.duplicates import Duplicate
from novelcraft.tools.text import WIDTH, clipped, counted, one_line, wrapped

_BAR = 32
"""Columns of the longest bar."""
_LISTED = 8
"""Lines of a list, after which the rest is only counted."""
_QUOTE = 60

BEGUN_BY: dict[CutBy, str] = {
    "model": "where the model saw something new begin",
    "embedding": "where embeddings differ most",
    "mark": "at a scene-break mark of the author",
    "length": "where the length asked for it",
}
"""Who chose where a scene begins, for people."""


def card_text(card: DataCard, *, width: int = WIDTH) -> str:
    """The card in lines of at most `width` columns where words allow it."""
    parts = (
        _head(card),
        _books(card),
        _scenes(card, width),
        _chart("Tokens of scenes", card.scene_tokens),
        _chart("Tokens of cuts, before they were joined", card.cut_tokens),
        _rows(card, width),
        _chart("Tokens of rows", card.row_tokens),
        _strategies(card),
        _drops(card, width),
        _duplicates(card, width),
        _calls(card),
        _times(card),
        _notices(card, width),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def tokenizer_line(card: DataCard) -> str:
    """What the tokens of the card are, in a sentence."""
    if card.tokenizer is None:
        return "No rows were made yet."
    if card.tokenizer.exact:
        return f"Tokens are those of {one_line(card.tokenizer.name)}, the base model's tokenizer."
    return (
        f"Tokens are approximate: counted with {one_line(card.tokenizer.name)},"
        " because no base model was named."
    )


def within_line(card: DataCard) -> str:
    """How the scenes keep to their limits, in a sentence."""
    scenes = card.scenes
    line = (
        f"{scenes.within:,} of {counted(scenes.whole, 'scene')} that are no chapter's remainder"
        f" ({scenes.within_share:.1%}) have {scenes.low:,} to {scenes.high:,} tokens;"
        f" {counted(scenes.remainders, 'remainder')}"
    )
    return line + (f"; {scenes.above} too long." if scenes.above else ", none too long.")


def _head(card: DataCard) -> Iterator[str]:
    yield f"Data card: {counted(len(card.books), 'book')}, {counted(card.words, 'word')}"
    yield f"  {counted(card.scenes.total, 'scene')}, {counted(card.rows.total, 'row')}"
    yield f"  {tokenizer_line(card)}"
    if card.models:
        yield f"  Asked: {', '.join(map(one_line, card.models))}"


def _books(card: DataCard) -> Iterator[str]:
    if card.books:
        yield "       words chapters  scenes    rows  row tokens  book"
    for book in card.books:
        by = f", by {one_line(book.author)}" if book.author else ""
        yield (
            f"  {book.words:>10,} {book.chapters:>8,} {book.scenes:>7,} {book.rows:>7,}"
            f" {book.row_tokens:>11,}  {one_line(book.title)}{by}"
        )


def _scenes(card: DataCard, width: int) -> Iterator[str]:
    scenes = card.scenes
    if not scenes.total:
        return
    yield from wrapped(f"Scenes: {within_line(card)}", width, indent=0)
    if scenes.begun:
        yield f"  Of {counted(scenes.begun, 'scene')} that begin inside a chapter, begin"
    for by, number in scenes.begun_by.items():
        yield f"  {number:>8,} ({number / scenes.begun:.0%}) {BEGUN_BY[by]}"
    if scenes.without_summary or scenes.without_brief:
        yield (
            f"  Without a summary before them: {scenes.without_summary:,};"
            f" without a brief: {scenes.without_brief:,}"
        )
    if scenes.facts:
        missing = scenes.without_facts
        yield (
            f"  Facts, for canon notes: {scenes.facts:,}"
            + (f"; not looked for in {counted(missing, 'scene')}" if missing else "")
        )
    for repair, number in scenes.repaired[:_LISTED]:
        yield f"  {number:>8,} repaired: {clipped(repair)}"
    yield from _more(len(scenes.repaired))


def _chart(title: str, chart: Histogram) -> Iterator[str]:
    if not chart.counts:
        return
    yield (
        f"{title}: {chart.least:,} to {chart.most:,}, the middle one {chart.median:,},"
        f" {chart.sum:,} in all"
    )
    highest = max(chart.counts)
    for number, count in enumerate(chart.counts):
        low = chart.start + number * chart.step
        bar = "█" * round(count / highest * _BAR) or ("▏" if count else "")
        yield f"  {f'{low:,}–{low + chart.step - 1:,}':>15} {count:>7,} {bar}".rstrip()


def _rows(card: DataCard, width: int) -> Iterator[str]:
    rows = card.rows
    if not rows.total:
        return
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in rows.by_kind.items())
    yield f"Rows: {rows.total:,} ({kinds}), {rows.above or 'none'} over {rows.limit:,} tokens"
    yield (
        f"  {rows.completion_tokens:,} tokens to learn, {rows.prompt_tokens:,} of context"
        f" ({rows.ratio:.2f} to 1)"
    )
    for file in card.files:
        yield f"  {one_line(file.name)}: {counted(file.rows, 'row')}, {file.tokens:,} tokens"
    if card.split:
        yield (
            f"  Kept back by {card.split.by}, seed {card.split.seed}:"
            f" {card.split.validation_share:.1%} of the tokens for {card.split.share:.0%}"
        )
    yield f"  Context trimmed in {counted(rows.trimmed, 'row')}"
    for trim in card.trims:
        yield f"    {trim.section}: {trim.tokens:,} tokens in {counted(trim.rows, 'row')}"
    for skipped in card.skipped[:_LISTED]:
        yield from wrapped(f"no row {skipped.row_id}: {one_line(skipped.reason)}", width, indent=2)
    yield from _more(len(card.skipped))


def _strategies(card: DataCard) -> Iterator[str]:
    if card.strategies:
        yield "        rows  text tokens  duplicates  context tokens    steps  cut"
    for cost in card.strategies:
        yield (
            f"  {cost.rows:>10,} {cost.text_tokens:>12,} {cost.duplicate_tokens:>11,}"
            f" {cost.context_tokens:>15,} {cost.steps:>8,}  {cost.strategy}"
            f"{' (chosen)' if cost.strategy == card.strategy else ''}"
        )


def _drops(card: DataCard, width: int) -> Iterator[str]:
    if card.drops:
        yield f"Dropped in cleaning: {counted(sum(line.words for line in card.drops), 'word')}"
    for line in card.drops:
        counts = f"{line.reason}: {counted(line.words, 'word')}, {line.times:,}×, for example:"
        yield from wrapped(f"{one_line(counts)} “{clipped(line.example, _QUOTE)}”", width, indent=2)


def _duplicates(card: DataCard, width: int) -> Iterator[str]:
    if not card.duplicates:
        return
    fate = "left out of the rows" if card.duplicates_dropped else "kept in the rows"
    yield (
        f"Passages that stand in earlier scenes: in {counted(len(card.duplicates), 'scene')},"
        f" {card.copies:,} of them {'a copy' if card.copies == 1 else 'copies'} ({fate})"
    )
    for duplicate in card.duplicates[:_LISTED]:
        yield from wrapped(duplicate_line(duplicate), width, indent=2)
    yield from _more(len(card.duplicates))


def duplicate_line(duplicate: Duplicate) -> str:
    """A duplicate on one line: which scene, how much of it, and of what."""
    first = duplicate.originals[0].scene
    others = len(duplicate.originals) - 1
    return (
        f"{duplicate.scene.book_id}/{duplicate.scene.scene_id}: {duplicate.share:.0%} of"
        f" {first.book_id}/{first.scene_id}{f' and {others} more' if others else ''},"
        f" from “{clipped(duplicate.quote, _QUOTE)}”"
    )


def _calls(card: DataCard) -> Iterator[str]:
    if card.calls:
        yield "       calls   prompt tokens (cached)      written   minutes  purpose"
    for cost in card.calls:
        yield (
            f"  {cost.calls:>10,} {cost.prompt_tokens:>12,} {f'({cost.cached_tokens:,})':>13}"
            f" {cost.completion_tokens:>12,} {cost.seconds / 60:>9.1f}  {cost.purpose}"
        )


def _times(card: DataCard) -> Iterator[str]:
    if card.times:
        stages = (f"{time.stage} {time.seconds:,.1f} s" for time in card.times)
        yield f"Time by stage, summed over books: {', '.join(stages)}"


def _notices(card: DataCard, width: int) -> Iterator[str]:
    notices = [(book.title, notice) for book in card.books for notice in book.notices]
    if notices:
        yield "Worth knowing:"
    for title, notice in notices:
        yield from wrapped(f"{one_line(title)}: {one_line(notice)}", width, indent=2)


def _more(total: int) -> Iterator[str]:
    if total > _LISTED:
        yield f"  … and {total - _LISTED:,} more"
