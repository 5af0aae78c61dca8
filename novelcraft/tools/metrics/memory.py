"""What generated texts have kept of the training texts, held against the gate's limits.

A narrator that is trained on scenes and their summaries can learn its books by heart. Three things
show it: runs of words in common with the training text, scenes that come out as the human ones
that were held back, and people of those books who walk into other worlds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from novelcraft.state.memory import (
    GeneratedText,
    MemoryLimits,
    MemoryReport,
    NameLeak,
    Overlap,
    VerbatimRun,
)
from novelcraft.tools.metrics.overlap import jaccard
from novelcraft.tools.metrics.training_names import TrainingNames, leaked_names
from novelcraft.tools.metrics.verbatim import LEAST, VerbatimSearch, match_words, quote

GRAM = 5
"""Words of the n-grams that the overlap of two scenes is measured in."""

QUOTED = 40
"""Most words of a run that are quoted."""


@dataclass(frozen=True)
class TrainingText:
    """A text that the narrator was trained on: best a whole book, so that runs may cross scenes."""

    name: str
    text: str


def memory_report(
    texts: Sequence[GeneratedText],
    training: Iterable[TrainingText],
    limits: MemoryLimits | None = None,
) -> MemoryReport:
    """Search generated texts for what they have kept of the training texts.

    Args:
        texts: Scenes of the narrator: for briefs of scenes held out of training, with their
            originals, and for briefs of other worlds.
        training: Read once, one by one; never more than one is held.
        limits: Of the gate.

    Returns:
        The report. What could not be measured for want of texts fails as well.
    """
    search = VerbatimSearch([t.text for t in texts], LEAST)
    known = TrainingNames()
    count = 0
    for source in training:
        count += 1
        search.add(source.name, source.text)
        known.add(source.text)
    names = known.names()
    allowed = limits or MemoryLimits()
    runs = tuple(_runs(search, texts))
    overlaps = tuple(sorted(_overlaps(texts), key=lambda o: -o.jaccard))
    leaks = tuple(
        leak
        for t in texts
        if t.other_world
        for leak in leaked_names(t.name, t.text, t.brief, names)
    )
    words = sum(len(match_words(t.text)) for t in texts)
    return MemoryReport(
        limits=allowed,
        texts=len(texts),
        words=words,
        training_texts=count,
        training_words=search.words,
        training_names=len(names),
        runs=runs,
        overlaps=overlaps,
        names=leaks,
        reasons=(
            *_unmeasured(texts, search.words),
            *_run_reasons(runs, allowed),
            *_overlap_reasons(overlaps, allowed),
            *_name_reasons(leaks),
        ),
    )


def scene_overlap(generated: str, original: str) -> float:
    """How much a scene shares with the human scene for the same brief, 0 to 1.

    The Jaccard index of their distinct 5-grams, without regard to case and punctuation.
    """
    return jaccard(match_words(generated), match_words(original), GRAM)


def _runs(search: VerbatimSearch, texts: Sequence[GeneratedText]) -> Iterator[VerbatimRun]:
    for run in search.longest():
        words = quote(texts[run.text].text, run.word, min(run.length, QUOTED))
        yield VerbatimRun(
            text=texts[run.text].name,
            word=run.word,
            source=run.source,
            source_word=run.source_word,
            length=run.length,
            quote=words if run.length <= QUOTED else f"{words} …",
        )


def _overlaps(texts: Iterable[GeneratedText]) -> Iterator[Overlap]:
    for t in texts:
        if t.original is not None:
            yield Overlap(text=t.name, jaccard=scene_overlap(t.text, t.original))


def _unmeasured(texts: Sequence[GeneratedText], training_words: int) -> Iterator[str]:
    if not training_words:
        yield "Nothing to compare with: the training texts hold no words."
    # A model that ends one scene before it began is odd; one that ends all of them hides what it
    # has kept.
    written = [t for t in texts if match_words(t.text)]
    if all(t.original is None for t in written):
        yield "Not measured: no scene that was held out of training was written anew."
    if not any(t.other_world for t in written):
        yield "Not measured: no scene of another world was written."


def _run_reasons(runs: Iterable[VerbatimRun], limits: MemoryLimits) -> Iterator[str]:
    for run in runs:
        if run.length >= limits.run_words:
            yield (
                f"{run.text} has {run.length} words in a row from {run.source}; fewer than "
                f"{limits.run_words} are let through: “{run.quote}”"
            )


def _overlap_reasons(overlaps: Iterable[Overlap], limits: MemoryLimits) -> Iterator[str]:
    for found in overlaps:
        if found.jaccard > limits.overlap:
            yield (
                f"{found.text} shares {found.jaccard:.3f} of its {GRAM}-grams with the human "
                f"scene; at most {limits.overlap} is let through."
            )


def _name_reasons(leaks: Iterable[NameLeak]) -> Iterator[str]:
    for leak in leaks:
        yield f"{leak.text} names {leak.name} of the training books: “{leak.quote}”"
