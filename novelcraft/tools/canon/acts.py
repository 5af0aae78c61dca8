"""The acts that were left for a novel, and what became of them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from novelcraft.errors import InputError, UnknownTargetError
from novelcraft.state.acts import ACT, Act, ActRecord, ActStatus, Effect, SafePoint
from novelcraft.tools.canon.chain import locked_branch
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.tables import acts

_NO_EFFECT = Effect()


class Acts:
    """Keeps acts. A part of `ManuscriptStore`."""

    _db: Database

    def atomic(self) -> AbstractContextManager[Connection]:
        """A transaction that all writes of this thread and task join until the block ends.

        It is kept whole, or undone when the block raises.
        """
        return self._db.write()

    def put_act(self, act: Act, *, branch: str, by: str) -> ActRecord:
        """Add an act that waits to be taken.

        Raises:
            UnknownTargetError: There is no such branch.
        """
        row = {
            "branch": branch,
            "body": act.model_dump(mode="json"),
            "by": by,
            "left_at": _now(),
            "status": "pending",
            "point": "",
            "settled_at": "",
            "reason": "",
            **_NO_EFFECT.model_dump(),
        }
        with self._db.write() as connection:
            locked_branch(connection, branch)
            key = connection.execute(insert(acts).values(row)).inserted_primary_key
            assert key is not None
            return _one(connection, int(key[0]))

    def act(self, act_id: int) -> ActRecord:
        """The act with that number.

        Raises:
            UnknownTargetError: There is none.
        """
        with self._db.read() as connection:
            return _one(connection, act_id)

    def acts(self, branch: str | None = None, status: ActStatus | None = None) -> list[ActRecord]:
        """Acts in the order in which they were left.

        Args:
            branch: Only those of that branch.
            status: Only those that stand so.
        """
        given = {"branch": branch, "status": status}
        given = {column: value for column, value in given.items() if value is not None}
        with self._db.read() as connection:
            return [_to_record(row) for row in connection.execute(_acts(*given), given)]

    def finish_act(self, act_id: int, point: SafePoint, effect: Effect = _NO_EFFECT) -> ActRecord:
        """Note that a pending act was applied, and what it came to.

        Raises:
            InputError: It is not pending any more, for somebody took it back.
        """
        return self._settle(act_id, {"status": "applied", "point": point, **effect.model_dump()})

    def refuse_act(self, act_id: int, point: SafePoint, reason: str) -> ActRecord:
        """Note that a pending act cannot be done, and why.

        Raises:
            InputError: It is not pending any more.
        """
        return self._settle(act_id, {"status": "refused", "point": point, "reason": reason})

    def undo_act(self, act_id: int) -> ActRecord:
        """Take back an act that is still pending.

        Raises:
            UnknownTargetError: There is no such act.
            InputError: It was taken, or taken back, before.
        """
        return self._settle(act_id, {"status": "undone"})

    def _settle(self, act_id: int, values: dict[str, Any]) -> ActRecord:
        pending = update(acts).where(acts.c.id == act_id, acts.c.status == "pending")
        with self._db.write() as connection:
            settled = connection.execute(pending.values(**values, settled_at=_now())).rowcount
            record = _one(connection, act_id)
            if not settled:
                raise InputError(
                    f"Act {act_id} is {record.status} already.",
                    fix="Only a pending act can be undone; leave another act against this one.",
                )
            return record


@cache
def _acts(*columns: str) -> Select[Any]:
    """Acts in their order, by the values of some columns.

    Made once, as a run asks at each safe point and to put a statement together takes longer than
    to run it.
    """
    where = (acts.c[column] == bindparam(column) for column in columns)
    return select(acts).where(*where).order_by(acts.c.id)


def _one(connection: Connection, act_id: int) -> ActRecord:
    row = connection.execute(select(acts).where(acts.c.id == act_id)).first()
    if row is None:
        raise UnknownTargetError(
            f"There is no act {act_id}.", fix="List them with: novelcraft steer NOVEL --list"
        )
    return _to_record(row)


def _to_record(row: Row[Any]) -> ActRecord:
    fields = {name: value for name, value in row._mapping.items() if name != "body"}
    return ActRecord(act=ACT.validate_python(row.body), **fields)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
