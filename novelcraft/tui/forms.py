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
    EditChapter,
    EditCharacter,
    EditSummary,
    EditWorld,
    Pause,
    PinFact,
    Reject,
    Replay,
    Resume,
    SetRole,
    Stop,
)
from novelcraft.state.plan import Chapter, Plan
from novelcraft.tools.text import clipped
from novelcraft.tui.book import Book, Place, Scene
from novelcraft.tui.fields import Field, Form, Given, changing
from novelcraft.tui.scene_forms import KEPT, forks, next_note, of_scene

_CHARACTER = ("name", "role", "want", "flaw", "voice", "knows", "about")


def forms(book: Book, place: Place | None) -> list[Form]:
    """All that can be done now: what waits first, then the scene or chapter in view, the book."""
    plan = book.plan
    return [
        *_gate(book),
        *(_place(book, plan, place) if plan else ()),
        *(_book(book, plan) if plan else ()),
        *_run(book),
        _role(),
    ]


def _place(book: Book, plan: Plan, place: Place | None) -> Iterator[Form]:
    if isinstance(place, Scene):
        yield from of_scene(book, place)
        yield _outline(plan.chapter(place.brief.chapter))
    elif place is not None:
        yield _outline(place)
    yield from forks(book, place)


def _outline(chapter: Chapter) -> Form:
    return changing(
        f"Change the outline of chapter {chapter.number}",
        chapter,
        ("title", "summary"),
        lambda changes: EditChapter(chapter=chapter.id, changes=changes),
    )


def _gate(book: Book) -> Iterator[Form]:
    waiting = waiting_at(book.store, book.branch)
    if waiting is None:
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
    """What a run that goes on is told, and where it, or the next one, shall not stop."""
    if book.home.takes_acts(book.branch):
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
    if book.plan is None or len(book.chain) < len(book.plan.scenes):
        yield Form(
            "Approve a chapter or scene ahead of time",
            lambda given: Approve.model_validate(dict(given)),
            (Field("gate", "chapter"), Field("target", optional=True)),
            "A run will not stop there. Gates: plan, chapter, scene.",
        )


def _book(book: Book, plan: Plan) -> Iterator[Form]:
    if len(book.chain) < len(plan.scenes):
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
