"""The statements that keep whose word each attribute of a subject takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from databus.model.change import Assertion, Change
from databus.model.chunk import Record

TABLE = "incoming_attributes"
COLUMNS = {
    "subject_key": "text",
    "attribute": "text",
    "status": "text",
    "chosen": "jsonb",
    "others": "jsonb",
    "change_id": "text",
    "known_at": "bigint",
    "part": "smallint",
    "offset": "bigint",
}

# A step told again under another offset takes part in nothing; of one told twice in a chunk the first counts.
_KNOWN = f"""
DELETE FROM {TABLE} n
WHERE EXISTS (SELECT 1 FROM attribute_versions v WHERE v.change_id = n.change_id AND v.attribute = n.attribute)
    OR EXISTS (
        SELECT 1 FROM {TABLE} m WHERE m.change_id = n.change_id AND m.attribute = n.attribute AND m."offset" < n."offset"
    )
"""
_CLOSE = f"""
UPDATE attribute_versions v SET to_offset = n.first
FROM (SELECT subject_key, attribute, min("offset") AS first FROM {TABLE} GROUP BY subject_key, attribute) n
WHERE v.subject_key = n.subject_key AND v.attribute = n.attribute AND v.to_offset IS NULL
"""
_OPEN = f"""
INSERT INTO attribute_versions (subject_key, attribute, status, chosen, others, change_id, known_at, part, from_offset, to_offset)
SELECT subject_key, attribute, status, chosen, others, change_id, known_at, part, "offset",
    lead("offset") OVER (PARTITION BY subject_key, attribute ORDER BY "offset")
FROM {TABLE} ORDER BY "offset"
"""

STATEMENTS = (_KNOWN, _CLOSE, _OPEN)


def rows(record: Record, change: Change) -> Iterator[tuple[Any, ...]]:
    """One row for each attribute a step tells."""
    for state in change.attributes:
        chosen = None if state.chosen is None else _place(state.chosen)
        others = [_place(other) for other in state.others]
        place = (change.change_id, change.known_at, record.partition, record.offset)
        yield (change.subject_key, state.name, state.status.value, chosen, others, *place)


def _place(one: Assertion) -> dict[str, str]:
    return {"source": one.source, "record_type": one.record_type, "record_key": one.record_key, "field": one.field}
