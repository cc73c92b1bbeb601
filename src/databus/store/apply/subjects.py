"""What steps tell of subjects: kind, division, names, codes, the key they are known under; and the classes of labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from databus.model.change import Kind
from databus.model.keys import USCI
from databus.store.apply.staging import copy
from databus.store.apply.steps import Step
from databus.store.grams import fold, grams
from databus.store.sessions import Connection

NAMES = ("subject_key", "name", "folded", "size", "grams")
_DIVISION = slice(2, 8)
"""Where a unified code holds the division of registration (GB 32100-2015)."""

# Partitions share classes: one order for all of them, so that two projectors cannot wait for each other.
_CLASSES = """
INSERT INTO label_classes (class_id, canonical) SELECT * FROM unnest($1::bigint[], $2::text[]) n (class_id, canonical) ORDER BY class_id
ON CONFLICT DO NOTHING
"""
_MOVES = """
INSERT INTO subject_moves (subject_key, moved_to) SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (subject_key) DO UPDATE SET moved_to = excluded.moved_to
"""
_SUBJECTS = """
INSERT INTO subjects (subject_key, kind, division) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (subject_key) DO UPDATE SET kind = excluded.kind, division = coalesce(nullif(excluded.division, ''), subjects.division)
WHERE subjects.kind <> excluded.kind OR (excluded.division <> '' AND subjects.division <> excluded.division)
"""
_CODES = """
INSERT INTO subject_codes (value, scheme, subject_key) SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
"""
_NAMED = """
SELECT n.subject_key, n.name FROM unnest($1::text[], $2::text[]) AS n (subject_key, name) CROSS JOIN LATERAL (
    SELECT FROM subject_names s WHERE s.subject_key = n.subject_key AND s.name = n.name OFFSET 0
) s
"""


async def tell(connection: Connection, steps: Sequence[Step]) -> None:
    """Keep what new steps, those of a subject in offset order, tell of their subjects.

    However the log is cut into chunks, the last word counts: any on kind and key, of divisions the last that is one.
    """
    await _put(connection, _CLASSES, {(label.class_id, label.canonical) for label in {one.change.label_class for one in steps}})
    linked = {one.change.subject_key: one.change.moved_to for one in steps if one.change.kind is Kind.LINKED}
    await _put(connection, _MOVES, linked.items())
    moving = [one for one in steps if one.change.kind.of_record]
    kinds = {one.change.subject_key: one.change.label_class.subject_kind for one in moving}
    divisions = {one.change.subject_key: found for one in moving if (found := one.codes.get(USCI, "")[_DIVISION])}
    await _put(connection, _SUBJECTS, ((key, kind, divisions.get(key, "")) for key, kind in kinds.items()))
    await _put(connection, _CODES, {(value, scheme, one.change.subject_key) for one in moving for scheme, value in one.codes.items()})
    await _names(connection, {(one.change.subject_key, one.name) for one in steps if one.name})


async def _names(connection: Connection, told: set[tuple[str, str]]) -> None:
    if told:
        known = {tuple(row) for row in await connection.fetch(_NAMED, *map(list, zip(*told, strict=True)))}
        await copy(connection, "subject_names", NAMES, (_named(*pair) for pair in sorted(told - known)))


def _named(subject_key: str, name: str) -> tuple[Any, ...]:
    folded = fold(name)
    return subject_key, name, folded, len(folded), grams(folded)


async def _put(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    if found := sorted(rows):
        await connection.execute(statement, *map(list, zip(*found, strict=True)))
