"""Acts of steering, in words."""

from __future__ import annotations

from pathlib import Path

from novelcraft.graphs.steering import taken_at, takes_acts
from novelcraft.state.acts import ActRecord
from novelcraft.tools.canon.store import ManuscriptStore

_POINTS = {
    "idle": "at once",
    "brief": "before a scene",
    "draft": "before a draft",
    "gate": "at the gate where the run waited",
}


def act_line(folder: Path, store: ManuscriptStore, record: ActRecord) -> str:
    """An act on one line: its number, what it is, and what became of it."""
    body = record.act.model_dump(exclude={"kind"}, exclude_defaults=True)
    what = ", ".join(f"{name}: {_short(value)}" for name, value in body.items())
    named = record.act.kind.replace("_", " ") + (f" ({what})" if what else "")
    return f"{record.id:>4}  {named}: {_became(folder, store, record)}"


def _became(folder: Path, store: ManuscriptStore, record: ActRecord) -> str:
    match record.status:
        case "pending":
            running = takes_acts(folder, record.branch)
            return f"waits, and is taken {taken_at(store, record, running=running)}"
        case "refused":
            return f"refused: {record.reason}"
        case "undone":
            return "taken back"
    led = [record.target] if record.target else []
    led += [f"plan version {record.plan_version}"] if record.plan_version else []
    led += [f"commit {record.commit[:10]}"] if record.commit else []
    return ", ".join((f"applied {_POINTS[record.point or 'idle']}", *led))


def _short(value: object, longest: int = 60) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
