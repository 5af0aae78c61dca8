"""What a writer's style measures, and how it is said in a prompt.

The words of a prompt have to be true of the text under it, or a model learns that they mean
nothing: so each of them follows from a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from novelcraft.state.manuscript import count_words
from novelcraft.tools.metrics import Prose, narration, words

SHORT, LONG = 8, 25
"""Words up to which a sentence is short, and from which it is long."""
WINDOW = 500
"""Words within which different words are counted: their share falls with a text's length."""
LONG_WORD = 8
"""Letters from which a word is long."""
_FIRST_PERSON = {"i", "me", "my", "myself", "i'm", "i'd", "i've", "i'll"}
_TOLD_IN_FIRST = 0.015
"""Share of such words in the narration from which it is told in the first person. Without a
narrating I they are a stray thought: under one in two hundred."""


@dataclass(frozen=True)
class StyleProfile:
    """Measures of a writer's prose. Shares lie between 0 and 1."""

    words: int
    sentence_words: float
    """Words of a sentence, on average."""
    sentence_spread: float
    """Standard deviation of the sentences' lengths over their average."""
    short_sentences: float
    long_sentences: float
    paragraph_words: float
    paragraph_sentences: float
    dialogue: float
    """Share of the words that are spoken."""
    distinct_words: float
    """Share of different words in stretches of `WINDOW` words."""
    long_words: float
    first_person: float
    """Share of the narration's words that are the narrating I."""


def measure_style(texts: Sequence[str]) -> StyleProfile:
    """Measure texts as one body of work."""
    bodies = [Prose(text) for text in texts]
    lengths = [n for body in bodies for s in body.sentences if (n := count_words(s))]
    paragraphs = [p for body in bodies for p in body.paragraphs if count_words(p)]
    told = [w for body in bodies for p in body.paragraphs for w in _told(p, body)]
    said = [w for body in bodies for w in body.words]
    words = sum(body.word_count for body in bodies)
    mean = fmean(lengths or [0])
    return StyleProfile(
        words=words,
        sentence_words=mean,
        sentence_spread=pstdev(lengths) / mean if mean else 0.0,
        short_sentences=_share(sum(n <= SHORT for n in lengths), len(lengths)),
        long_sentences=_share(sum(n >= LONG for n in lengths), len(lengths)),
        paragraph_words=_share(words, len(paragraphs)),
        paragraph_sentences=_share(len(lengths), len(paragraphs)),
        dialogue=max(0.0, 1 - _share(len(told), len(said))) if said else 0.0,
        distinct_words=_distinct(said),
        long_words=_share(sum(len(w) >= LONG_WORD for w in said), len(said)),
        first_person=_share(sum(w in _FIRST_PERSON for w in told), len(told)),
    )


def style_phrases(profile: StyleProfile) -> dict[str, str]:
    """The sentences of the style prompt, by their names in its template."""
    return {
        "sentences": _sentences(profile),
        "paragraphs": _paragraphs(profile),
        "dialogue": _dialogue(profile),
        "vocabulary": _vocabulary(profile),
        "person": "You tell in the first person."
        if profile.first_person >= _TOLD_IN_FIRST
        else "You tell in the third person.",
    }


def _told(paragraph: str, body: Prose) -> list[str]:
    return [w for piece in narration(paragraph, body.quotes) for w in words(piece)]


def _distinct(said: Sequence[str]) -> float:
    starts = range(0, max(1, len(said) - WINDOW + 1), WINDOW)
    windows = [said[start : start + WINDOW] for start in starts]
    return fmean(_share(len(set(window)), len(window)) for window in windows)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _sentences(profile: StyleProfile) -> str:
    variety = _graded(profile.sentence_spread, (0.45, 0.75), ("little", "freely", "widely"))
    return (
        f"Your sentences average {round(profile.sentence_words)} words and vary {variety}: "
        f"{_percent(profile.short_sentences)} have {SHORT} words or fewer, "
        f"{_percent(profile.long_sentences)} have {LONG} or more."
    )


def _paragraphs(profile: StyleProfile) -> str:
    count = round(profile.paragraph_sentences)
    noun = "sentence" if count == 1 else "sentences"
    return f"Your paragraphs average {round(profile.paragraph_words)} words, or {count} {noun}."


def _dialogue(profile: StyleProfile) -> str:
    if profile.dialogue < 0.01:
        return "You write no dialogue."
    return f"Dialogue makes {_percent(profile.dialogue)} of the words."


def _vocabulary(profile: StyleProfile) -> str:
    kind = _graded(profile.distinct_words, (0.46, 0.54), ("plain", "varied", "rich"))
    return (
        f"Your vocabulary is {kind}: of {WINDOW} words {round(WINDOW * profile.distinct_words)} "
        f"are different, and {_percent(profile.long_words)} have {LONG_WORD} letters or more."
    )


def _graded(value: float, steps: Sequence[float], names: Sequence[str]) -> str:
    return names[sum(value >= step for step in steps)]


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"
