"""The style score: how near a text comes to a writer's style, from 0 to 100.

The ends are distances of real books: 100 is the usual distance of an author's own pools, 0 that
of another author's. What it measures is likeness to the reference, never quality. The figures that
ship with the package come from English novels of 1813 to 1934; prose that is far from all of them
has a true distance and a rough score. Vocabulary follows the story as well as its writer, so a new
story in the same voice scores lower in that part than in the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from statistics import fmean

from novelcraft.errors import ConfigError
from novelcraft.state.style import (
    OtherLanguage,
    Side,
    StyleProfile,
    StyleReference,
    StyleScore,
    TooLittleText,
)
from novelcraft.tools.metrics.style_distances import combined, mean_distances, placed
from novelcraft.tools.metrics.style_measures import measure_pool, pools_of

_LEAST_KNOWN = 0.6
"""Share of the usual share of function words from which a text is in the reference's language."""


@lru_cache(maxsize=1)
def english_reference() -> StyleReference:
    """The figures that ship with the package: measured on English novels, see `benchmarks/`."""
    file = resources.files("novelcraft.tools.metrics") / "assets" / "style_en.json"
    return StyleReference.model_validate_json(file.read_text(encoding="utf-8"))


def profile_of(texts: Iterable[str], reference: StyleReference | None = None) -> StyleProfile:
    """Measure a writer's prose.

    Args:
        texts: Scenes, chapters or books, in any number; they are taken as one text.
        reference: The figures to score by later; those of the package when None.

    Returns:
        A profile without pools when there are too few words.
    """
    known = reference or english_reference()
    listed = frozenset(known.scales.function_words)
    pools = tuple(measure_pool(p, listed) for p in pools_of(texts, known.pool_words))
    words = sum(pool.words for pool in pools)
    return StyleProfile(
        language=known.language,
        reference=known.key,
        words=words,
        pools=pools if words >= known.pool_words else (),
    )


def style_score(
    candidate: str, profile: StyleProfile, reference: StyleReference | None = None
) -> StyleScore | TooLittleText | OtherLanguage:
    """Score a text against a writer's profile.

    Args:
        candidate: Prose; many scenes joined by blank lines, to have words enough.
        profile: The writer's.
        reference: The figures that the profile was made with; those of the package when None.

    Returns:
        The score, or why there is none: both kinds of that are a `NoScore`.

    Raises:
        ConfigError: The profile was made with other figures.
    """
    known = reference or english_reference()
    if profile.reference != known.key:
        raise ConfigError(
            f"The style profile was made with other reference figures ({profile.reference}) than "
            f"those to score by ({known.key}).",
            fix="Measure the writer's texts again.",
        )
    measured = profile_of([candidate], known)
    problem = _unfit("candidate", measured, known) or _unfit("reference", profile, known)
    if problem:
        return problem
    distances = mean_distances(measured.pools, profile.pools, known.scales)
    return StyleScore(
        overall=placed(combined(distances, known.parts), known.overall),
        parts={part: placed(distance, known.parts[part]) for part, distance in distances.items()},
        words=measured.words,
        pools=len(measured.pools),
        reference_words=profile.words,
        reference_pools=len(profile.pools),
    )


def _unfit(
    side: Side, profile: StyleProfile, known: StyleReference
) -> TooLittleText | OtherLanguage | None:
    """Why there can be no number for a side; None when there can."""
    named = "The text" if side == "candidate" else "The writer's profile"
    if not profile.pools:
        return TooLittleText(
            message=f"Too little text: {named[0].lower()}{named[1:]} has {profile.words:,} words, "
            f"and a style score needs {known.pool_words:,}.",
            side=side,
            words=profile.words,
            needed=known.pool_words,
        )
    share = fmean(sum(pool.function_words.values()) for pool in profile.pools)
    if share < _LEAST_KNOWN * known.known_words:
        return OtherLanguage(
            message=f"{named} is not in the language of the reference figures "
            f"({known.language}): {share:.0%} of its words are function words there, and "
            f"{known.known_words:.0%} is usual.",
            side=side,
            language=known.language,
        )
    return None
