"""What a person can do to a novel, as forms to fill in: each makes one act. Pure of Textual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from novelcraft.config.settings import ROLES
from novelcraft.errors import InputError
from novelcraft.graphs.steering import gate_text, waiting_at
from novelcraft.state.acts import (
    Act,
    Approve,
    ChooseDraft,
    EditBrief,
    EditChapter,
    EditCharacter,
    EditFact,
    EditScene,
    EditSummary,
    EditWorld,
    Exempt,
    Fork,
    Note,
    Pause,
    PinFact,
    Redraw,
    Reject,
    Replay,
    Resume,
    SetRole,
    Stop,
)
from novelcraft.state.plan import Plan
from novelcraft.tools.text import clipped
from novelcraft.tui.book import Book, Scene
from novelcraft.tui.fields import Field, Form, Given, changing

KEPT = "The manuscript as it is now stays, as a branch of its own."
_BRIEF = ("goal", "place", "time", "beats", "turn", "outcome")
_CHARACTER = ("name", "role", "want", "flaw", "voice", "knows", "about")


def forms(book: Book, scene: Scene | None) -> list[Form]:
    """All that can be done now, what is about the scene in view among it."""
    found = [*_gate(book), *_run(book)]
    plan = book.plan
    if plan is None:
        return [*found, _role()]
    if scene is not None:
        found += _written(book, scene) if scene.commit else _coming(scene)
        chapter = plan.chapter(scene.brief.chapter)
        found.append(
            changing(
                f"Change the outline of chapter {chapter.number}",
                chapter,
                ("title", "summary"),
                lambda changes: EditChapter(chapter=chapter.id, changes=changes),
            )
        )
    return [*found, *_book(book, plan)]


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


def _gate(book: Book) -> Iterator[Form]:
    waiting = waiting_at(book.store, book.branch)
    if waiting is None:
        yield Form(
            "Approve a chapter or scene ahead of time",
            lambda given: Approve.model_validate(dict(given)),
            (Field("gate", "chapter"), Field("target", optional=True)),
            "The run will not stop there. Gates: plan, chapter, scene.",
        )
        return
    text = gate_text(book.store, book.branch, waiting.gate)
    yield Form(
        f"Approve the {waiting.gate}: {waiting.about}", lambda _given: Approve(), (), "", text
    )
    yield Form(
        f"Have the {waiting.gate} made again",
        lambda given: Reject(note=given["note"]),
        (Field("note", optional=True),),
        "What should be different?",
        text,
    )


def _run(book: Book) -> Iterator[Form]:
    if book.is_paused:
        yield Form("Go on", lambda _given: Resume())
    else:
        yield Form("Pause before the next draft", lambda _given: Pause())
    yield Form(
        "Stop after this scene",
        lambda _given: Stop(),
        (),
        "The run ends when the scene is in. Nothing is lost; w goes on.",
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
    for draft in book.drafts(scene):
        if draft.prose != commit.prose:
            yield Form(
                f"Take draft {draft.attempt} of scene {number} instead",
                lambda _given, draft=draft.id: ChooseDraft(scene=name, draft=draft),  # type: ignore[misc]
                (),
                KEPT,
                draft.prose,
            )
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
    yield Form(
        f"Fork after scene {number}",
        lambda given: Fork(scene=name, name=given["name"]),
        (Field("name"),),
        "A branch of that name shares the scenes up to here; this one stays as it is.",
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


def _book(book: Book, plan: Plan) -> Iterator[Form]:
    if not any(scene.commit is None for scene in book.scenes()[:1]):
        yield next_note(None)
    if book.chain:
        yield Form(
            "Change the story so far",
            lambda given: EditSummary(text=given["text"]),
            (Field("text", book.chain[-1].summary),),
            "The next scene starts from it.",
        )
    if any(commit.stale for commit in book.chain):
        yield Form("Replay all scenes that may no longer fit", lambda _given: Replay(), (), KEPT)
    yield changing(
        "Change the world",
        plan.world,
        ("text", "places"),
        lambda changes: EditWorld(changes=changes),
    )
    for character in plan.cast:
        yield changing(
            f"Change {character.name}",
            character,
            _CHARACTER,
            lambda changes, who=character.id: EditCharacter(character=who, changes=changes),  # type: ignore[misc]
        )
    yield Form(
        "Pin a fact of your own",
        lambda given: PinFact(subject=given["subject"], statement=given["statement"]),
        (Field("subject"), Field("statement")),
        "The narrator is told it with every scene to come.",
    )
    for fact in _pinned(book):
        yield Form(
            f"Pin no longer: {clipped(f'{fact.subject}: {fact.statement}', 60)}",
            lambda _given, fact=fact: fact.model_copy(update={"pinned": False}),  # type: ignore[misc]
        )
    yield _role()


def _pinned(book: Book) -> list[PinFact]:
    """The facts that are pinned now."""
    pinned: dict[tuple[str, str], PinFact] = {}
    for record in reversed(book.acts()):
        act = record.act
        if isinstance(act, PinFact) and record.status == "applied":
            pinned[act.subject, act.statement] = act
    return [act for act in pinned.values() if act.pinned]


def _role() -> Form:
    def make(given: Given) -> Act:
        changes: dict[str, Any] = {
            key: given[key].strip()
            for key in ("model", "base_url", "adapter")
            if given[key].strip()
        }
        if given["sampling"].strip():
            changes["sampling"] = _sampling(given["sampling"])
        return SetRole(role=given["role"].strip(), changes=changes)

    names = ("model", "base_url", "adapter", "sampling")
    return Form(
        "Other model, adapter or sampling from here on",
        make,
        (Field("role", "narrator"), *(Field(name, optional=True) for name in names)),
        f"Roles: {', '.join(ROLES)}. Sampling: a line each, such as temperature = 0.8. "
        "What is left empty stays as it is.",
    )


def _sampling(text: str) -> dict[str, float]:
    read = {}
    for line in filter(str.strip, text.splitlines()):
        key, _, value = line.partition("=")
        try:
            read[key.strip()] = float(value)
        except ValueError:
            raise InputError(
                f"{line.strip()!r} is no sampling value.", fix="Say it as: temperature = 0.8"
            ) from None
    return read
