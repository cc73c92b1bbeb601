"""Grants and consents in force."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from databus.model.disclosure import Permit
from databus.store.sessions import Pool, Row, session, storable, values

_COLUMNS = ", ".join(field.name for field in fields(Permit))
# The permit made for this very subject comes before one for all, then the one that lasts longest.
_VALID = f"""
SELECT {_COLUMNS} FROM permits
WHERE grantee = $1 AND NOT revoked AND $4 BETWEEN valid_from AND valid_to AND $3 = ANY(purposes)
    AND (subjects = '{{}}' OR $2 = ANY(subjects))
ORDER BY subjects = '{{}}', valid_to DESC, permit_id LIMIT 1
"""


async def valid(pool: Pool, grantee: str, *, subject_key: str, purpose: str, day: date) -> Permit | None:
    """The permit that applies to this grantee, subject and purpose on that day; an empty subject asks for one without limit.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    if not storable(grantee, subject_key, purpose):
        return None
    async with session(pool) as connection:
        row = await connection.fetchrow(_VALID, grantee, subject_key, purpose, day)
    return None if row is None else _permit(row)


async def all(pool: Pool, *, grantee: str | None = None) -> tuple[Permit, ...]:
    """Every permit, revoked and ended ones included, or those of one grantee.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        query = f"SELECT {_COLUMNS} FROM permits WHERE $1::text IS NULL OR grantee = $1 ORDER BY grantee, permit_id"
        return tuple(map(_permit, await connection.fetch(query, grantee)))


def _permit(row: Row) -> Permit:
    return Permit(**values(row))
