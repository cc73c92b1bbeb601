"""Findings of a department by their cause: the same check of the same field failed again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from databus.model.finding import OPEN, Verdict
from databus.store.sessions import Pool, session, storable

_COUNTED = """
SELECT rule, verdict, record_type, field, least(($3 - 1)::bigint, (issued_at - $2) * $3 / ($4 - $2))::int AS slot,
    count(*) AS found, count(*) FILTER (WHERE status = ANY($5::text[])) AS waiting, count(*) FILTER (WHERE status = 'OVERDUE') AS overdue,
    min(due_on) FILTER (WHERE status IN ('ISSUED', 'ACK')) AS due, max(issued_at) AS latest
FROM findings WHERE department = $1 AND issued_at >= $2 AND issued_at < $4
GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """One check of one field of a type. `waiting` are those nobody has mended or objected to, `overdue` those of them past
    their day, `due` is the next such day; `slots` count what was found in equal parts of the time asked for."""

    rule: str
    verdict: Verdict
    record_type: str
    field: str
    waiting: int
    overdue: int
    due: date | None
    latest: int
    slots: tuple[int, ...]

    @property
    def found(self) -> int:
        """All of them."""
        return sum(self.slots)


async def by_cause(pool: Pool, department: str, *, since: int, until: int, slots: int) -> tuple[Cause, ...]:
    """The causes of what was found between two instants (milliseconds), those with most waiting first.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(department):
        return ()
    async with session(pool) as connection:
        rows = await connection.fetch(_COUNTED, department, since, slots, until, [state.value for state in OPEN])
    found: dict[tuple[str, str, str, str], list[dict[str, object]]] = {}
    for row in rows:
        found.setdefault((row["rule"], row["verdict"], row["record_type"], row["field"]), []).append(dict(row))
    causes = [_cause(key, parts, slots) for key, parts in found.items()]
    return tuple(sorted(causes, key=lambda one: (-one.waiting, -one.found, one.rule, one.record_type, one.field)))


def _cause(key: tuple[str, str, str, str], parts: list[dict[str, object]], slots: int) -> Cause:
    rule, verdict, record_type, field = key
    counted = [0] * slots
    for part in parts:
        counted[_int(part["slot"])] += _int(part["found"])
    return Cause(
        rule,
        Verdict(verdict),
        record_type,
        field,
        waiting=sum(_int(part["waiting"]) for part in parts),
        overdue=sum(_int(part["overdue"]) for part in parts),
        due=min((part["due"] for part in parts if isinstance(part["due"], date)), default=None),
        latest=max(_int(part["latest"]) for part in parts),
        slots=tuple(counted),
    )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
