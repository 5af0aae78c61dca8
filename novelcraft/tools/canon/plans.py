"""Plan versions, and the planner's levels before there is a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from novelcraft.errors import UnknownTargetError
from novelcraft.state.base import content_hash
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.differences import applied, difference
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.faults import altered
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import branches, plan_parts, plans

KEPT = 4
"""Plans kept in memory."""


class PlanVersion(NamedTuple):
    """One line of the plan's history."""

    version: int
    parent: int | None
    created: str
    """UTC time, ISO 8601."""


class KnownPlan(NamedTuple):
    """A version in memory."""

    plan: Plan
    body: dict[str, Any]
    """The plan as it is stored."""


class Plans:
    """Keeps every version of the plan. A part of `ManuscriptStore`."""

    _db: Database
    _plans: dict[int, KnownPlan]
    """Versions that were read and found whole, or stored, the oldest first."""

    def put_plan_part(self, branch: str, key: str, payload: dict[str, Any]) -> None:
        """Keep one level of a plan in the making; a part of the same key is overwritten."""
        with self._db.write() as connection:
            upsert(
                connection,
                plan_parts,
                "branch key",
                {"branch": branch, "key": key, "body": payload},
            )

    def plan_part(self, branch: str, key: str) -> dict[str, Any] | None:
        """That level of the plan in the making, or None while it is not there."""
        wanted = select(plan_parts.c.body).where(
            plan_parts.c.branch == branch, plan_parts.c.key == key
        )
        with self._db.read() as connection:
            body: dict[str, Any] | None = connection.execute(wanted).scalar()
            return body

    def add_plan(self, branch: str, plan: Plan) -> int:
        """Keep a plan as a new version and let the branch follow it, in one transaction.

        A plan of the same content and parent keeps the version it has. `plan.version` is
        ignored. A plan that has a parent is stored as what it changes in it.

        Returns:
            The version it has in the store.
        """
        body = plan.model_dump(mode="json", exclude={"version", "parent"})
        digest = content_hash(body)
        same = select(plans.c.version).where(
            plans.c.hash == digest, plans.c.parent.is_not_distinct_from(plan.parent)
        )
        with self._db.write() as connection:
            version = connection.execute(same).scalar()
            if version is None:
                version = (connection.execute(select(func.max(plans.c.version))).scalar() or 0) + 1
                before = plan.parent and _body(connection, plan.parent, self._plans)
                connection.execute(
                    insert(plans).values(
                        version=version,
                        parent=plan.parent,
                        hash=digest,
                        body=difference(before, body) if before else body,
                        differs=bool(before),
                        created=datetime.now(UTC).isoformat(timespec="seconds"),
                    )
                )
            follow = update(branches).where(branches.c.name == branch)
            if connection.execute(follow.values(plan_version=version)).rowcount == 0:
                raise UnknownTargetError(
                    f"There is no branch {branch!r}.", fix="Create it before its plan."
                )
        keep(self._plans, KnownPlan(plan.model_copy(update={"version": version}), body))
        return version

    def plan(self, version: int) -> Plan:
        """That version of the plan. The last few that were asked for are kept in memory.

        Raises:
            UnknownTargetError: There is none.
            DamagedDatabaseError: It is not what was stored, or a version that it changes is gone.
        """
        if version not in self._plans:
            with self._db.read() as connection:
                keep(self._plans, self._read_plan(connection, version, self._plans))
        return self._plans[version].plan

    def _read_plan(
        self, connection: Connection, version: int, known: Mapping[int, KnownPlan]
    ) -> KnownPlan:
        """A version, read as what it changes in one of those that are known, if it does."""
        try:
            body = _body(connection, version, known)
        except (KeyError, TypeError, AttributeError):
            body = {}  # changes of another shape than any that were stored
        row = connection.execute(
            select(plans.c.parent, plans.c.hash).where(plans.c.version == version)
        ).first()
        if row is None or body is None:
            raise UnknownTargetError(
                f"There is no plan version {version}.",
                fix="`novelcraft log` lists the versions of the plan.",
            )
        if content_hash(body) != row.hash:
            raise altered(
                self._db.name,
                f"plan version {version} is not what was stored: it, or a version before it, "
                "was changed in the database",
            )
        plan = Plan.model_validate({**body, "version": version, "parent": row.parent})
        return KnownPlan(plan, body)

    def plans(self) -> list[PlanVersion]:
        """All versions, oldest first."""
        wanted = select(plans.c.version, plans.c.parent, plans.c.created).order_by(plans.c.version)
        with self._db.read() as connection:
            return [PlanVersion(*row) for row in connection.execute(wanted)]


def keep(known: dict[int, KnownPlan], version: KnownPlan) -> None:
    """Add a version to those in memory, and let go of the oldest."""
    known[version.plan.version] = version
    for oldest in list(known)[:-KEPT]:
        known.pop(oldest, None)


def _body(
    connection: Connection, version: int, known: Mapping[int, KnownPlan]
) -> dict[str, Any] | None:
    """A version as it was stored: the last that is known or whole, and all changes since."""
    columns = (plans.c.version, plans.c.parent, plans.c.differs)
    walk = select(*columns).where(plans.c.version == version).cte("walk", recursive=True)
    goes_on = walk.c.differs & walk.c.version.not_in(list(known))
    before = plans.c.version == walk.c.parent
    walk = walk.union_all(select(*columns).join(walk, before).where(goes_on))
    rows = connection.execute(
        select(plans.c.version, plans.c.body, plans.c.differs)
        .where(plans.c.version.in_(select(walk.c.version)))
        .order_by(plans.c.version)
    ).all()
    if not rows:
        return None
    first, *changes = rows
    body: dict[str, Any] = {} if first.differs else first.body
    if first.version in known:
        body = known[first.version].body
    for change in changes:
        body = applied(body, change.body)
    return body
