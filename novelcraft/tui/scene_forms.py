"""What a person can do at a place of the book: to a scene, and forking. Pure of Textual."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.state.acts import (
    ChooseDraft,
    EditBrief,
    EditFact,
    EditScene,
    Exempt,
    Fork,
    Note,
    PinFact,
    Redraw,
    Replay,
)
from novelcraft.tools.text import clipped, counted
from novelcraft.tui.book import Book, Place, Scene
from novelcraft.tui.fields import Field, Form, Source, changing
from novelcraft.tui.origins import paragraphs

KEPT = "The manuscript as it is now stays, as a branch of its own."
MIX = (
    "Enter adds the paragraph under the cursor to your text; tab goes to the next draft, and to "
    f"the text, where you may write between. Later scenes may no longer fit. {KEPT}"
)
_BRIEF = ("goal", "place", "time", "beats", "turn", "outcome")


def of_scene(book: Book, scene: Scene) -> Iterator[Form]:
    """What can be done to a scene."""
    return _written(book, scene) if scene.commit else _coming(scene)


def next_note(scene: Scene | None) -> Form:
    """A note to the narrator: for a coming scene in view, or the next one."""
    coming = scene if scene and scene.commit is None else None
    about = f"scene {coming.number}" if coming else "the next scene"
    name = coming.brief.id if coming else ""
    return Form(
        f"Note to the narrator of {about}",
        lambda given: Note(text=given["text"], scene=name),
        (Field("text"),),
    )


def _coming(scene: Scene) -> Iterator[Form]:
    yield next_note(scene)
    yield changing(
        f"Change the brief of scene {scene.number}",
        scene.brief,
        _BRIEF,
        lambda changes: EditBrief(scene=scene.brief.id, changes=changes),
    )


def _written(book: Book, scene: Scene) -> Iterator[Form]:
    commit, name, number = scene.commit, scene.brief.id, scene.number
    assert commit is not None
    yield Form(
        f"Redraw scene {number}",
        lambda given: Redraw(scene=name, note=given["note"]),
        (Field("note", optional=True),),
        f"It is narrated again, and later scenes may no longer fit. {KEPT}",
    )
    yield Form(
        f"Put your own words in the place of scene {number}",
        lambda given: EditScene(scene=name, prose=given["prose"]),
        (Field("prose", commit.prose),),
        f"Later scenes may no longer fit. {KEPT}",
    )
    yield from _versions(book, scene)
    if commit.stale:
        yield Form(
            f"Replay scene {number}",
            lambda _given: Replay(scene=name),
            (),
            f"It is narrated again. {KEPT}",
            "\n".join(commit.stale),
        )
    for finding in commit.findings:
        yield Form(
            f"Accept the finding: {finding.message}",
            lambda given, key=finding.key: Exempt(key=key, reason=given["reason"]),  # type: ignore[misc]
            (Field("reason", optional=True),),
            "It counts no more, in this scene and in later ones.",
        )
    for fact in commit.facts:
        yield from _fact(name, fact.subject, fact.statement)


def _versions(book: Book, scene: Scene) -> Iterator[Form]:
    """Another of the scene's texts in its place, or one that is mixed of them."""
    commit, name, number = scene.commit, scene.brief.id, scene.number
    assert commit is not None
    versions = book.versions(scene)
    for version in versions:
        if version.prose.strip() != commit.prose.strip():
            yield Form(
                f"Take {version.name[0].lower()}{version.name[1:]} of scene {number} instead",
                lambda _given, chosen=version.id: ChooseDraft(scene=name, draft=chosen),  # type: ignore[misc]
                (),
                KEPT,
                version.prose,
            )
    if len(versions) > 1:
        yield Form(
            f"Mix scene {number} of its drafts",
            lambda given: EditScene(scene=name, prose=given["prose"]),
            (Field("prose"),),
            MIX,
            sources=tuple(Source(v.name, tuple(paragraphs(v.prose))) for v in versions),
        )


def _fact(scene: str, subject: str, statement: str) -> Iterator[Form]:
    short = clipped(f"{subject}: {statement}", 60)
    yield Form(
        f"Put right: {short}",
        lambda given: EditFact(
            scene=scene, subject=subject, statement=statement, becomes=given["becomes"].strip()
        ),
        (Field("becomes", statement, optional=True),),
        "Left empty, it is taken out of the canon.",
    )
    yield Form(f"Pin: {short}", lambda _given: PinFact(subject=subject, statement=statement))


def forks(book: Book, place: Place | None) -> Iterator[Form]:
    """Where a branch can leave this one.

    At a scene: after it. At a chapter: before its first scene, and after its last. Where that is
    not written yet: after the last scene that is, or with the plan alone.
    """
    done = len(book.chain)
    ends: dict[int, str] = {}
    if isinstance(place, Scene):
        ends[place.number] = f"after scene {place.number}"
    elif place is not None:
        numbers = [scene.number for scene in book.scenes(place)]
        ends[numbers[0] - 1] = f"before chapter {place.number}"
        ends[numbers[-1]] = f"after chapter {place.number}"
    ends = {number: where for number, where in ends.items() if number <= done}
    last = f"after scene {done}, the last that is written" if done else "before the first scene"
    for number, where in (ends or {done: last}).items():
        keep = book.chain[number - 1].scene_id if number else "0"
        shared = f"the plan and {counted(number, 'scene')}" if number else "the plan alone"
        yield Form(
            f"Fork {where}",
            lambda given, keep=keep: Fork(scene=keep, name=given["name"]),  # type: ignore[misc]
            (Field("name"),),
            f"A branch of that name begins with {shared}; this one stays as it is.",
        )
