"""What generated texts have kept of the training texts, held against the gate's limits.

A narrator that is trained on scenes and their summaries can learn its books by heart. Four things
show it: runs of words in common with the training text, passages that are alike to it all but word
for word, scenes that come out as the human ones, and people of those books who walk into other
worlds. What a scene quotes from its own prompt is no memory, and counts in none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from novelcraft.state.memory import (
    UNMEASURED,
    AlikePassage,
    GeneratedText,
    MemoryLimits,
    MemoryReport,
    NameLeak,
    Overlap,
    VerbatimRun,
)
from novelcraft.tools.metrics.alignment import AlignmentSearch
from novelcraft.tools.metrics.overlap import shared_runs
from novelcraft.tools.metrics.repetition import ngrams
from novelcraft.tools.metrics.training_names import TrainingNames, leaked_names
from novelcraft.tools.metrics.verbatim import LEAST, VerbatimSearch, match_words, quote

GRAM = 5
"""Words of the n-grams that the overlap of two scenes is measured in."""

QUOTED = 40
"""Most words of a run or passage that are quoted."""

ALIKE_NAMED = 5
"""Alike passages that the reasons name; the report has them all."""


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
        texts: Scenes of the narrator: for prompts of scenes held out of training and for some of
            training itself, with their originals, and for briefs of other worlds.
        training: Read once, one by one; never more than one is held.
        limits: Of the gate.

    Returns:
        The report. What could not be measured for want of texts fails as well.
    """
    told = [_told(t) for t in texts]
    search = VerbatimSearch([t.text for t in texts], LEAST, told)
    near = AlignmentSearch([t.text for t in texts], told)
    own = [len(match_words(t.text)) - len(quoted) for t, quoted in zip(texts, told, strict=True)]
    known = TrainingNames()
    count = 0
    for source in training:
        count += 1
        search.add(source.name, source.text)
        near.add(source.name, source.text)
        known.add(source.text)
    names = known.names()
    leaks = tuple(
        leak
        for t in texts
        if t.other_world
        for leak in leaked_names(t.name, t.text, t.brief, names)
    )
    report = MemoryReport(
        limits=limits or MemoryLimits(),
        texts=len(texts),
        words=sum(own),
        training_texts=count,
        training_words=search.words,
        training_names=len(names),
        runs=tuple(_runs(search, texts)),
        run_share=search.share(),
        alike=tuple(_alike(near, texts)),
        alike_share=near.share(),
        overlaps=tuple(sorted(_overlaps(texts), key=lambda o: -o.jaccard)),
        names=leaks,
        reasons=(),
    )
    written = [t for t, words in zip(texts, own, strict=True) if words]
    return report.model_copy(update={"reasons": tuple(_reasons(report, written))})


def scene_overlap(generated: str, original: str, prompt: str = "") -> float:
    """How much a scene shares with the human scene for the same brief, 0 to 1.

    The Jaccard index of their distinct 5-grams but those of the prompt, without regard to case
    and punctuation.
    """
    told = set(ngrams(match_words(prompt), GRAM))
    made, human = (set(ngrams(match_words(text), GRAM)) - told for text in (generated, original))
    return len(made & human) / len(made | human) if made or human else 0.0


def _told(text: GeneratedText) -> list[int]:
    """Numbers of the words that stand in runs of `LEAST` or more that its prompt has too."""
    runs = shared_runs(match_words(text.text), match_words(text.brief), LEAST)
    return [number for run in runs for number in range(run.start, run.start + run.length)]


def _runs(search: VerbatimSearch, texts: Sequence[GeneratedText]) -> Iterator[VerbatimRun]:
    for run in search.longest():
        yield VerbatimRun(
            text=texts[run.text].name,
            word=run.word,
            source=run.source,
            source_word=run.source_word,
            length=run.own,
            quote=_quoted(texts[run.text].text, run.word, run.length),
        )


def _alike(near: AlignmentSearch, texts: Sequence[GeneratedText]) -> Iterator[AlikePassage]:
    for found in near.longest():
        yield AlikePassage(
            text=texts[found.text].name,
            source=found.source,
            words=found.length,
            matched=found.matched,
            quote=_quoted(texts[found.text].text, found.word, found.length),
        )


def _quoted(text: str, word: int, length: int) -> str:
    words = quote(text, word, min(length, QUOTED))
    return words if length <= QUOTED else f"{words} …"


def _overlaps(texts: Iterable[GeneratedText]) -> Iterator[Overlap]:
    for t in texts:
        if t.original is not None:
            yield Overlap(text=t.name, jaccard=scene_overlap(t.text, t.original, t.brief))


def _reasons(report: MemoryReport, written: Sequence[GeneratedText]) -> Iterator[str]:
    yield from _unmeasured(report, written)
    yield from _run_reasons(report)
    yield from _alike_reasons(report)
    yield from _overlap_reasons(report)
    yield from _name_reasons(report.names)


def _unmeasured(report: MemoryReport, written: Sequence[GeneratedText]) -> Iterator[str]:
    if not report.training_words:
        yield f"{UNMEASURED}the training texts hold no words to compare with."
    # A model that ends one scene before it began, or only says its prompt, is odd; one that does
    # so with all of them hides what it has kept.
    if all(t.original is None or t.trained_prompt for t in written):
        yield f"{UNMEASURED}no scene that was held out of training was written anew."
    if not any(t.trained_prompt for t in written):
        yield f"{UNMEASURED}no scene of the training rows was written anew."
    if not any(t.other_world for t in written):
        yield f"{UNMEASURED}no scene of another world was written."


def _run_reasons(report: MemoryReport) -> Iterator[str]:
    limits = report.limits
    for run in report.runs:
        if run.length >= limits.run_words:
            yield (
                f"{run.text} has {run.length} words in a row from {run.source}; fewer than "
                f"{limits.run_words} are let through: “{run.quote}”"
            )
    if report.run_share > limits.run_share:
        yield (
            f"{report.run_share:.1%} of all words stand in runs of {LEAST} or more from the "
            f"training books; at most {limits.run_share:.1%} is let through."
        )


def _alike_reasons(report: MemoryReport) -> Iterator[str]:
    share, allowed = report.alike_share or 0.0, report.limits.alike_share
    if share > allowed:
        yield (
            f"{share:.1%} of all words stand in passages that are alike to the training books; at "
            f"most {allowed:.1%} is let through."
        )
        for found in report.alike[:ALIKE_NAMED]:
            yield (
                f"{found.text} has {found.words} words of which {found.matched} stand in "
                f"{found.source} in this order: “{found.quote}”"
            )


def _overlap_reasons(report: MemoryReport) -> Iterator[str]:
    limits = report.limits
    for found in report.overlaps:
        if found.jaccard > limits.overlap:
            yield (
                f"{found.text} shares {found.jaccard:.3f} of its {GRAM}-grams with the human "
                f"scene; at most {limits.overlap} is let through."
            )


def _name_reasons(leaks: Iterable[NameLeak]) -> Iterator[str]:
    for leak in leaks:
        yield f"{leak.text} names {leak.name} of the training books: “{leak.quote}”"
