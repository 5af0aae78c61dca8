"""What a rolling summary must not lose: pinned facts, and who is alive."""

from __future__ import annotations

import re
from collections.abc import Sequence

from novelcraft.prompts.fit import TokenCounter, fit, sentences
from novelcraft.tools.books.scenes.names import occurs
from novelcraft.tools.metrics.text import words

MOST_PINNED = 6
"""Facts that are pinned at once; the first ones stay, because the book was built on them."""
_KEPT = 0.6
"""Share of a fact's longer words that a summary must have for the fact to be in it."""
_GROUNDED = 0.6
_SHORTEST = 4
_DEATH = re.compile(
    r"\b(dead|died|dies|dying|death|killed|kills|slain|murdered|drowned|hanged|executed|buried|"
    r"corpse|perished|breathed (?:his|her|their) last|stabbed|shot)\b",
    re.IGNORECASE,
)


def death_of(name: str) -> str:
    """The fact that somebody died, as it is pinned."""
    return f"{name} is dead."


def is_grounded(fact: str, prose: str) -> bool:
    """Whether a fact is made of words that its scene has."""
    return bool(_long(fact)) and _share(fact, set(words(prose))) >= _GROUNDED


def dies_in(name: str, prose: str) -> bool:
    """Whether a sentence of the scene names somebody and speaks of death.

    A model's word alone is not taken for it: who is wrongly dead is missed ever after.
    """
    return any(occurs(name, s) and _DEATH.search(s) for s in sentences(prose))


def missing_facts(summary: str, pinned: Sequence[str], living: Sequence[str]) -> tuple[str, ...]:
    """The pinned facts and living people that a summary lacks: first names, then facts, whole."""
    present = set(words(summary))
    facts = [fact for fact in pinned if _share(fact, present) < _KEPT]
    names = [name for name in living if not occurs(name, summary)]
    return (*names, *facts)


def restore_facts(
    summary: str,
    pinned: Sequence[str],
    living: Sequence[str],
    budget: int,
    count: TokenCounter,
) -> str:
    """The summary with the facts that it lacks said at its end, within a budget.

    Its oldest sentences make room. What does not fit even so is left out from the end, names
    before facts.

    Args:
        summary: The summary as the model gave it.
        pinned: Facts that must be in it.
        living: Names that must be in it.
        budget: Tokens that the result may have.
        count: Counts tokens.
    """
    kept = fit(sentences(summary), budget, count, keep="end")
    missing = missing_facts(kept, pinned, living)
    while missing:
        added = _as_sentences(missing, living)
        room = budget - count(f"{added}\n")
        if room < 0:
            missing = missing[1:] if missing[0] in living else missing[:-1]
            continue
        shorter = fit(sentences(kept), room, count, keep="end")
        if shorter == kept:
            return f"{kept} {added}".strip()
        kept = shorter
        missing = missing_facts(kept, pinned, living)
    return kept


def _as_sentences(missing: Sequence[str], living: Sequence[str]) -> str:
    names = [entry for entry in missing if entry in living]
    facts = [entry for entry in missing if entry not in living]
    lines = [fact if fact.endswith((".", "!", "?")) else f"{fact}." for fact in facts]
    if names:
        verb = "is" if len(names) == 1 else "are"
        lines.append(f"{', '.join(names)} {verb} still part of the story.")
    return " ".join(lines)


def _long(text: str) -> list[str]:
    return [word for word in words(text) if len(word) >= _SHORTEST]


def _share(fact: str, present: set[str]) -> float:
    long = _long(fact) or words(fact)
    return sum(word in present for word in long) / len(long) if long else 1.0
