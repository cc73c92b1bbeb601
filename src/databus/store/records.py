"""Reading records: those of a subject, and pages of a dataset pinned to a version of the data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from databus.errors import Malformed
from databus.store.datasets import Column, Dataset, conditions, ordered
from databus.store.feed import steps
from databus.store.retention import prune
from databus.store.rows import RecordRow, columns, record_of, visible
from databus.store.sessions import Connection, Pool, session, snapshot, storable
from databus.store.versions import Version, current, floor, require_served, vector

__all__ = ["Page", "floor", "of_subject", "page", "prune", "steps", "vector", "withdrawn"]

Place = tuple[str, str, str]
"""Where a page ends: value sorted by, record key, subject key."""
Clear = Mapping[str, Collection[int]]
"""The classes in which a field leaves as it is: neither kept back nor masked."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one version. `after` is None on the last page."""

    rows: tuple[RecordRow, ...]
    after: Place | None
    version: Version


_OF_SUBJECT = f"""
SELECT {columns("r")}, r.class_id FROM record_versions r
WHERE r.subject_key = $1 AND r.to_offset IS NULL AND r.payload IS NOT NULL AND {visible("r", classes="$2", today="$3")}
ORDER BY r.record_type, r.decided_at DESC NULLS LAST, r.record_key
"""

# A row is of the pinned version; whether it is there at all, and in which class, the record's open row tells.
# LIMIT 1 tells the planner that there is one, so that it walks an index in order and stops at the end of the page.
_PINNED = """
FROM record_versions r CROSS JOIN LATERAL (
    SELECT o.class_id, o.wake FROM record_versions o
    WHERE o.record_type = $1 AND o.subject_key = r.subject_key AND o.record_key = r.record_key AND o.to_offset IS NULL LIMIT 1
) c
WHERE r.record_type = $1 AND r.from_offset <= ($2::bigint[])[r.part + 1]
    AND (r.to_offset IS NULL OR r.to_offset > ($2::bigint[])[r.part + 1])
"""
_PAGE = f"""
SELECT {columns("r")}, c.class_id, ({{sorted}})::text AS place {_PINNED}
    AND {visible("c", classes="$3", today="$4")} AND r.payload IS NOT NULL
    AND ($5::text IS NULL OR ({{sorted}}, r.record_key, r.subject_key) {{beyond}} ($5::text::{{type}}, $6::text, $7::text))
    {{conditions}}
ORDER BY {{sorted}} {{way}}, r.record_key {{way}}, r.subject_key {{way}} LIMIT {{limit}}
"""
_WITHDRAWN = f"""
SELECT count(*) {_PINNED}
    AND NOT {visible("c", classes="$3", today="$4")} AND {visible("r", classes="$3", today="$4")}
"""


async def of_subject(pool: Pool, subject_key: str, *, classes: Collection[int], today: date) -> tuple[RecordRow, ...]:
    """The records of a subject that exist for a caller who may see these classes, by type, the latest decision first.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(subject_key):
        return ()
    async with session(pool) as connection:
        return tuple(map(record_of, await connection.fetch(_OF_SUBJECT, subject_key, list(classes), today)))


async def page(
    pool: Pool,
    dataset: Dataset,
    *,
    classes: Collection[int],
    today: date,
    filters: Mapping[str, str] | None = None,
    after: Place | None = None,
    limit: int = 100,
    version: Version | None = None,
    order: str | None = None,
    clear: Clear | None = None,
) -> Page:
    """At most `limit` rows of a dataset behind `after`, of `version` (default: what is applied now).

    A field that `clear` does not name for a row's class neither filters nor sorts that row.

    Raises:
        Malformed: a filter or an order the dataset does not have, or a value that is none of its kind.
        Gone: the version is no longer served.
        StoreUnavailable: PostgreSQL is away.
    """
    column, falls = ordered(dataset, order)
    async with snapshot(pool) as connection:
        pinned = await _pinned(connection, version)
        bound = [dataset.record_type, _applied(pinned), list(classes), today, *_place(after, column)]
        query = _PAGE.format(
            sorted=_sorted(column, classes, clear, bound),
            conditions=conditions(dataset, filters or {}, bound, clear),
            type=column.type,
            beyond="<" if falls else ">",
            way="DESC" if falls else "ASC",
            limit=int(limit) + 1,
        )
        found = await connection.fetch(query, *bound)
    last = found[limit - 1] if len(found) > limit else None
    place = None if last is None else (last["place"], last["record_key"], last["subject_key"])
    return Page(tuple(map(record_of, found[:limit])), place, pinned)


async def withdrawn(
    pool: Pool,
    dataset: Dataset,
    *,
    classes: Collection[int],
    today: date,
    version: Version,
    filters: Mapping[str, str] | None = None,
    clear: Clear | None = None,
) -> int:
    """How many rows of the version were open to the caller then and are withdrawn now; raises as `page`."""
    async with snapshot(pool) as connection:
        bound = [dataset.record_type, _applied(await _pinned(connection, version)), list(classes), today]
        chosen = conditions(dataset, filters or {}, bound, clear)
        count: int = await connection.fetchval(_WITHDRAWN + chosen.replace("c.class_id", "r.class_id"), *bound)
    return count


def _place(after: Place | None, column: Column) -> tuple[str | None, ...]:
    """The place as parameters.

    Raises:
        Malformed: it is none of this order.
    """
    if after is None:
        return None, None, None
    try:
        value, record_key, subject_key = after
        if not storable(*after) or (column.type == "numeric" and value != "-Infinity" and not Decimal(value).is_finite()):
            raise ValueError(value)
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        raise Malformed("this is no place in this order") from None
    return value, record_key, subject_key


def _sorted(column: Column, classes: Collection[int], clear: Clear | None, bound: list[Any]) -> str:
    """The value sorted by; rows of classes in which the field does not leave as it is have none."""
    expression = column.expression("r.")
    shown = clear.get(column.field, ()) if clear is not None else classes
    if set(classes) <= set(shown):
        return expression
    bound.append(list(shown))
    return f"CASE WHEN c.class_id = ANY(${len(bound)}::bigint[]) THEN {expression} ELSE {column.absent} END"


async def _pinned(connection: Connection, version: Version | None) -> Version:
    if version is None:
        return await current(connection)
    await require_served(connection, version)
    return version


def _applied(version: Version) -> list[int]:
    """The last applied offsets, by partition."""
    return [version.at(part) for part in range(max(version.offsets, default=-1) + 1)]
