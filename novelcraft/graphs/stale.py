"""Which later scenes may no longer fit after a scene was changed, and why. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.state.manuscript import Fact, SceneCommit


def stale_reasons(old: SceneCommit, new: SceneCommit, later: SceneCommit) -> tuple[str, ...]:
    """Reasons for which `later` rests on what `old` said and `new` no longer says.

    Args:
        old: The scene as it was.
        new: The scene as it is.
        later: A scene after it, written when `old` stood there.

    Returns:
        A sentence for each reason; empty when there is none.
    """
    reasons = []
    if later.position == old.position + 1 and _ending(old) != _ending(new):
        reasons.append(f"scene {old.position} now ends otherwise than this scene's opening knew")
    statements = {f.statement.casefold() for f in new.facts}
    lost = [f for f in old.facts if f.statement.casefold() not in statements]
    reasons += [
        f"scene {old.position} no longer states: {fact.statement}"
        for fact in lost
        if _speaks_of(later, fact)
    ]
    return tuple(reasons)


def set_upon(
    before: SceneCommit, later: SceneCommit, reasons: Sequence[str], **other: str
) -> SceneCommit:
    """A later scene upon another one, with the reasons for which it may no longer fit.

    Args:
        before: The scene that it follows.
        later: The scene; its prose stays.
        reasons: Why it may no longer fit, besides those that it has.
        other: Further fields that change, such as the summary.
    """
    stale = tuple(dict.fromkeys((*later.stale, *reasons)))
    return SceneCommit.model_validate(
        {**later.model_dump(exclude={"id"}), "parent": before.id, "stale": stale, **other}
    )


def _ending(commit: SceneCommit) -> str:
    return commit.prose.rstrip().rsplit("\n", 1)[-1]


def _speaks_of(later: SceneCommit, fact: Fact) -> bool:
    names = [word for word in fact.subject.split() if word[:1].isupper()]
    return any(name in later.prose for name in names)
