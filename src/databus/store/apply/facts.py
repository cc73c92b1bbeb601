"""The statements that keep what each event said: the knowledge behind `as_of` and `known_at` (domain 4.7)."""

from __future__ import annotations

from typing import Any

from databus.contract.codec import Codec
from databus.contract.values import jsonable
from databus.model.change import Change

TABLE = "incoming_facts"
COLUMNS = {
    "event_id": "text",
    "subject_key": "text",
    "record_type": "text",
    "record_key": "text",
    "source": "text",
    "facet": "text",
    "seq": "bigint",
    "mark": "bytea",
    "withdrawn": "boolean",
    "deciding": "boolean",
    "known_at": "bigint",
    "submission_id": "text",
    "catalog_code": "text",
    "payload": "jsonb",
    "valid_from": "date",
    "valid_to": "date",
    "decided_at": "date",
    "recorded_at": "bigint",
}
CONTENT, DELETE, LINK, ENDS = "content", "delete", "link", ("revoke", "repair")
_WITHDRAWN = b"\x01"
_NAMES = ", ".join(COLUMNS)

_KEEP = f"INSERT INTO facts ({_NAMES}) SELECT {_NAMES} FROM {TABLE} ON CONFLICT DO NOTHING"

# As `profile` folds: a DELETE overtakes what its own source said up to its seq; that of a deciding source also every
# forwarded content, and what others said (ends apart) before it was known. A source's deletes reach as far as all of them.
_OVERTAKEN = f"""
DELETE FROM facts f USING (
    SELECT d.subject_key, d.record_type, d.record_key, d.source,
        max(d.seq) AS seq, bool_or(d.deciding) AS deciding, max(d.known_at) AS known_at
    FROM facts d JOIN (SELECT DISTINCT subject_key, record_type, record_key FROM {TABLE}) n USING (subject_key, record_type, record_key)
    WHERE d.facet = 'delete' GROUP BY 1, 2, 3, 4
) d
WHERE f.subject_key = d.subject_key AND f.record_key = d.record_key AND f.record_type = d.record_type AND f.facet <> 'delete'
    AND CASE WHEN f.source = d.source THEN f.seq <= d.seq
        ELSE d.deciding AND f.facet = 'content' AND (NOT f.deciding OR f.known_at <= d.known_at) END
"""

STATEMENTS = (_KEEP, _OVERTAKEN)


def row(change: Change, body: dict[str, Any] | None, codec: Codec, *, maps: bool = False) -> tuple[Any, ...] | None:
    """The row of a step's event, `body` being the step's own, decoded; None where it states neither content nor end.

    Of a type that `maps` codes a link is content, and taken back its end. What came along a link is kept where it was said; a
    DELETE that holds under this key because of what was said under another is kept here.
    """
    told = codec.decode(change.said)[1] if change.said is not None else body if change.own else None
    ends = change.facet in (DELETE, *ENDS) or (maps and change.facet == LINK)
    states = bool(change.submission_id) or (change.facet == DELETE and bool(change.original) and not change.via)
    if not states or (told is None and not ends):
        return None
    envelope = told["envelope"] if told else {}
    return (
        change.event_id,
        change.subject_key,
        change.record_type,
        change.record_key,
        change.source,
        change.facet,
        change.seq,
        change.content_hash + _WITHDRAWN if change.withdrawn else change.content_hash,
        change.withdrawn,
        change.deciding,
        change.known_at,
        change.submission_id,
        envelope.get("catalog_code", change.catalog_code),
        jsonable(told["payload"]) if told else None,
        envelope.get("valid_from"),
        envelope.get("valid_to"),
        envelope.get("decided_at"),
        envelope.get("recorded_at") or 0,
    )
