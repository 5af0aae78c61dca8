"""Is the novel what was committed, and can what is not be brought back?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, select

from novelcraft.errors import DamagedDatabaseError
from novelcraft.state.base import content_hash
from novelcraft.tools.canon.commits import (
    Content,
    ancestors,
    content_of,
    load,
    missing_parent,
    overwrite,
)
from novelcraft.tools.canon.plans import KnownPlan, Plans, keep
from novelcraft.tools.canon.tables import branches, calls, commits, drafts, plans, reviews

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)|\n")
_SUMMARIES = "scene.summarize"


class Fault(NamedTuple):
    """One thing that is not as it was stored."""

    kind: Literal["changed", "missing", "plan"]
    """A scene that was changed, one that is missing, or a plan version that was changed."""
    name: str
    """The commit's id, or the plan's version."""
    branch: str = ""
    """The first branch that the scene is on."""
    position: int = 0
    """The scene's place in the book, counted from 1; 0 for the last one of a branch."""


class Integrity(Plans):
    """Holds a whole novel against its hashes. A part of `ManuscriptStore`."""

    def faults(self) -> list[Fault]:
        """What is not as it was stored, in the chains of all branches and in all plans.

        Raises:
            DamagedDatabaseError: Something cannot even be read.
        """
        found: dict[tuple[str, str], Fault] = {}
        with self._db.read() as connection:
            heads = select(branches.c.name, branches.c.head).where(branches.c.head.is_not(None))
            for branch, head in connection.execute(heads.order_by(branches.c.name)).all():
                for fault in _chain_faults(connection, branch, head):
                    found.setdefault((fault.kind, fault.name), fault)
            versions = select(plans.c.version).order_by(plans.c.version)
            known: dict[int, KnownPlan] = {}
            for version in connection.execute(versions).scalars().all():
                try:
                    keep(known, self._read_plan(connection, version, known))
                except DamagedDatabaseError:
                    found["plan", str(version)] = Fault("plan", str(version))
        return list(found.values())

    def restore_commit(self, commit_id: str) -> bool:
        """Bring back what was committed, if it stands anywhere else in the database.

        It is looked for in kept drafts, in other commits of the scene and in the log of model
        calls. What is found has the hash that is the commit's id, so it is the very content.

        Returns:
            Whether it was found.
        """
        with self._db.write() as connection:
            now = content_of(connection, commit_id)
            for candidate in _candidates(now, _sources(connection, now, commit_id)):
                if content_hash(candidate) == commit_id:
                    overwrite(connection, commit_id, candidate)
                    return True
        return False


def _chain_faults(connection: Connection, branch: str, head: str) -> Iterator[Fault]:
    loaded = load(connection, commits.c.id.in_(ancestors(head)))
    missing = missing_parent(head, loaded)
    if missing is not None:
        yield Fault("missing", missing, branch, loaded[0].scene.position - 1 if loaded else 0)
    for stored in loaded:
        if not stored.intact:
            yield Fault("changed", stored.scene.id, branch, stored.scene.position)


def _candidates(now: Content, sources: list[Content]) -> Iterator[Content]:
    """What the commit may have been: one field from elsewhere, then several."""
    for source in sources:
        for name, value in source.items():
            yield now | {name: value}
        yield now | source
    prose = [s["prose"] for s in sources if "prose" in s]
    summaries = [s["summary"] for s in sources if "summary" in s]
    for text, summary in product(prose, summaries):
        yield now | {"prose": text, "summary": summary}


def _sources(connection: Connection, now: Content, commit_id: str) -> list[Content]:
    scene = now["scene_id"]
    found: list[Content] = []
    others = select(commits.c.id).where(commits.c.scene_id == scene, commits.c.id != commit_id)
    for other in connection.execute(others.order_by(commits.c.id)).scalars().all():
        content = content_of(connection, other)
        found += [content, {k: v for k, v in content.items() if k not in ("parent", "stale")}]
    for draft in connection.execute(select(drafts).where(drafts.c.scene_id == scene)).all():
        said = select(reviews.c.reviewer, reviews.c.said).where(reviews.c.draft == draft.id)
        given = {row.reviewer: row.said for row in connection.execute(said)}
        given["findings"] = given.get("findings", []) + given.pop("continuity", [])
        found.append({"prose": draft.prose, "provenance": draft.provenance} | given)
    return found + _from_calls(connection, now)


def _from_calls(connection: Connection, now: Content) -> list[Content]:
    """Prose that the narrator gave, cut where it may have been cut; summaries of the scene."""
    keys = (now["provenance"] or {}).get("calls") or [""]
    last = connection.execute(
        select(calls.c.text, calls.c.messages).where(calls.c.key == keys[-1])
    ).first()
    found: list[Content] = []
    if last is not None:
        begun = last.messages[-1]
        text = (begun["content"] if begun["role"] == "assistant" else "") + last.text
        ends = [match.end() for match in _SENTENCE_END.finditer(text)]
        found += [{"prose": text[:end].strip()} for end in (len(text), *ends)]
    told = select(calls.c.text).where(
        calls.c.purpose == _SUMMARIES, calls.c.step.contains(f"/{now['scene_id']}")
    )
    for answer in connection.execute(told).scalars():
        summary = _summary(answer)
        found += [{"summary": summary}, {"summary": " ".join(summary.split())}]
    return found


def _summary(answer: str) -> str:
    try:
        given: Any = json.loads(answer)
    except json.JSONDecodeError:
        return answer
    return str(given.get("summary", "")) if isinstance(given, dict) else answer
