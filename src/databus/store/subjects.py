"""Finding subjects. A subject, a name or a code exists for a caller only through a record that does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from databus.contract.identifiers import normalise_code
from databus.model.labels import SubjectKind, parse_class
from databus.store.grams import fold, grams
from databus.store.rows import SubjectRow, visible
from databus.store.sessions import Connection, Pool, Row, session, storable

Place = tuple[int, str, str]
"""Where a list of matches ends: length of the name, name, subject key."""

_RECORD = f"""
SELECT 1 FROM record_versions r WHERE r.subject_key = n.subject_key AND r.to_offset IS NULL AND {visible("r", classes="$2", today="$3")}
"""
# Each subject once, under the first of its names that matches.
_BY_NAME = f"""
SELECT n.subject_key, n.name FROM subject_names n
WHERE strpos(n.folded, $1) > 0 AND n.grams @> $4::text[]
    AND ($5::integer IS NULL OR (n.size, n.name, n.subject_key) > ($5, $6, $7))
    AND EXISTS ({_RECORD} AND r.subject_name = n.name)
    AND NOT EXISTS (
        SELECT 1 FROM subject_names m WHERE m.subject_key = n.subject_key AND (m.size, m.name) < (n.size, n.name)
            AND strpos(m.folded, $1) > 0 AND EXISTS ({_RECORD} AND r.subject_name = m.name)
    )
ORDER BY n.size, n.name, n.subject_key LIMIT $8
"""
# Short questions select nothing by their grams: walk the names by rank and stop at the limit.
_BY_SHORT_NAME = _BY_NAME.replace("n.grams @> $4::text[]", "cardinality($4::text[]) = 0")
_BY_CODE = f"""
SELECT DISTINCT n.subject_key FROM subject_codes n
WHERE n.value = $1 AND EXISTS ({_RECORD} AND r.codes ->> n.scheme = n.value)
ORDER BY n.subject_key LIMIT 5
"""
# An older code's own subject leads to the one it belongs to, however many links on.
_BEARER = """
WITH RECURSIVE led(subject_key, scheme, hops) AS (
    SELECT subject_key, scheme, 0 FROM subject_codes WHERE value = $1
    UNION
    SELECT m.moved_to, l.scheme, l.hops + 1 FROM led l JOIN subject_moves m USING (subject_key) WHERE m.moved_to <> '' AND l.hops < 16
)
SELECT s.subject_key, s.kind, l.scheme FROM led l JOIN subjects s USING (subject_key)
WHERE NOT EXISTS (SELECT FROM subject_moves m WHERE m.subject_key = l.subject_key AND m.moved_to <> '')
ORDER BY l.scheme <> 'CN-USCI', l.scheme, s.subject_key LIMIT 1
"""
_TOLD = f"""
SELECT r.subject_key, r.subject_name, r.codes, l.canonical FROM record_versions r JOIN label_classes l USING (class_id)
WHERE r.subject_key = ANY($1::text[]) AND r.to_offset IS NULL AND {visible("r", classes="$2", today="$3")}
ORDER BY r.subject_key, r.subject_name = '', r.authority, r.known_at DESC, r.subject_name
"""


async def find(
    pool: Pool, question: str, *, classes: Collection[int], today: date, limit: int = 20, after: Place | None = None
) -> tuple[SubjectRow, ...]:
    """Subjects that bear this code, exactly, or whose name contains these characters, the shortest name first.

    Each carries the name that matched. The next call goes on behind `place` of the last one.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    folded, allowed = fold(question), list(classes)
    if not folded or not storable(folded):
        return ()
    async with session(pool) as connection:
        coded = [] if after else await _coded(connection, question, allowed, today)
        query = _BY_NAME if grams(folded) else _BY_SHORT_NAME
        bound = folded, allowed, today, list(grams(folded)), *(after or (None, None, None)), limit
        named = await connection.fetch(query, *bound)
        names = {row["subject_key"]: row["name"] for row in named}
        keys = [*coded, *(key for key in names if key not in coded)][:limit]
        told = await _told(connection, keys, allowed, today)
    return tuple(_named(told[key], names.get(key)) for key in keys if key in told)


def place(row: SubjectRow) -> Place:
    """Where a list ends that ends with this match."""
    return len(fold(row.name)), row.name, row.subject_key


async def by_code(pool: Pool, code: str) -> SubjectRow | None:
    """Whose code this is now, of any scheme, older ones included; for asking policy, not for answering.

    It has no name and only this code: those are told by `seen`, to whom the records that tell them are visible.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    value = normalise_code(code)
    if not storable(value):
        return None
    async with session(pool) as connection:
        row = await connection.fetchrow(_BEARER, value)
    if row is None:
        return None
    return SubjectRow(row["subject_key"], SubjectKind(row["kind"]), "", ((row["scheme"], value),))


async def seen(pool: Pool, subject_key: str, *, classes: Collection[int], today: date, asked: str = "") -> SubjectRow | None:
    """The subject as the records tell it that exist for a caller who may see these classes; None if they tell nothing.

    Its name is the authority's, else the latest. Where it was `asked` for by a code, they must tell that code too.

    Raises:
        StoreUnavailable: PostgreSQL is away.
    """
    async with session(pool) as connection:
        found = (await _told(connection, [subject_key], list(classes), today)).get(subject_key)
    if found is None or (asked and normalise_code(asked) not in {value for _, value in found.codes}):
        return None
    return found


async def _coded(connection: Connection, question: str, allowed: Sequence[int], today: date) -> list[str]:
    rows = await connection.fetch(_BY_CODE, normalise_code(question), allowed, today)
    return [row["subject_key"] for row in rows]


async def _told(connection: Connection, keys: Sequence[str], allowed: Sequence[int], today: date) -> dict[str, SubjectRow]:
    rows = await connection.fetch(_TOLD, keys, allowed, today)
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["subject_key"], []).append(row)
    return {key: _subject(key, found) for key, found in grouped.items()}


def _subject(key: str, told: Sequence[Row]) -> SubjectRow:
    codes = sorted(
        {(scheme, value) for row in told for scheme, value in row["codes"].items()}, key=lambda pair: (pair[0] != "CN-USCI", pair)
    )
    return SubjectRow(key, parse_class(told[0]["canonical"]).subject_kind, told[0]["subject_name"], tuple(codes))


def _named(row: SubjectRow, name: str | None) -> SubjectRow:
    return row if name is None else replace(row, name=name)
