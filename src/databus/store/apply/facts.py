"""What each event said: the knowledge behind `as_of` and `known_at` (domain 4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.change import Change
from databus.store.apply.staging import clean, copy, json_of
from databus.store.apply.steps import Step
from databus.store.sessions import Connection

_TOLD = (
    "event_id", "subject_key", "record_type", "record_key", "source", "facet", "seq", "withdrawn", "deciding", "known_at", "submission_id",
)  # fmt: skip
COLUMNS = (*_TOLD, "mark", "catalog_code", "payload", "valid_from", "valid_to", "decided_at", "recorded_at", "stated")
STATED = (
    "publication_class", "commercial_secret", "privacy", "secrecy", "severity", "legal_basis", "admin_division", "reason", "note",
)  # fmt: skip
"""What of an envelope is kept as it was stated, beside the days."""
CONTENT, DELETE, LINK, ENDS = "content", "delete", "link", ("revoke", "repair")
_WITHDRAWN = b"\x01"
_told = attrgetter(*_TOLD)
_key = attrgetter("subject_key", "record_type", "record_key")

_KNOWN = "SELECT event_id FROM facts WHERE event_id = ANY($1::text[])"
_DELETED = """
SELECT n.subject_key, n.record_type, n.record_key
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (subject_key, record_type, record_key) CROSS JOIN LATERAL (
    SELECT FROM facts d
    WHERE d.subject_key = n.subject_key AND d.record_key = n.record_key AND d.record_type = n.record_type AND d.facet = 'delete' LIMIT 1
) d
"""
# As `profile` folds: a DELETE overtakes what its own source said up to its seq; that of a deciding source also every
# forwarded content, and what others said (ends apart) before it was known. A source's deletes reach as far as all of them.
_OVERTAKEN = """
DELETE FROM facts f USING (
    SELECT source, max(seq) AS seq, bool_or(deciding) AS deciding, max(known_at) AS known_at FROM facts
    WHERE subject_key = $1 AND record_type = $2 AND record_key = $3 AND facet = 'delete' GROUP BY 1
) d
WHERE f.subject_key = $1 AND f.record_type = $2 AND f.record_key = $3 AND f.facet <> 'delete'
    AND CASE WHEN f.source = d.source THEN f.seq <= d.seq
        ELSE d.deciding AND f.facet = 'content' AND (NOT f.deciding OR f.known_at <= d.known_at) END
"""


async def keep(connection: Connection, steps: Sequence[Step], codec: Codec, contract: Contract) -> None:
    """Keep the facts of new steps, one per event, and drop what a DELETE has overtaken of their records, whoever came first."""
    maps = {name for name, record_type in contract.types.items() if record_type.maps is not None}
    stating: dict[str, Step] = {}
    for one in steps:
        if _states(one.change, maps=one.change.record_type in maps):
            stating.setdefault(one.change.event_id, one)
    if not stating:
        return
    for row in await connection.fetch(_KNOWN, list(stating)):
        del stating[row["event_id"]]
    await copy(connection, "facts", COLUMNS, (_row(one, codec) for one in stating.values()))
    records = {_key(one.change) for one in stating.values()}
    if records and (deleted := await connection.fetch(_DELETED, *map(list, zip(*records, strict=True)))):
        await connection.executemany(_OVERTAKEN, sorted(map(tuple, deleted)))


def _states(change: Change, *, maps: bool) -> bool:
    """Whether a step's event is one of its own that states a content or an end.

    Of a type that `maps` codes a link is content, and taken back its end. What came along a link is kept where it was said; a
    DELETE that holds under this key because of what was said under another is kept here.
    """
    own = bool(change.submission_id) or (change.facet == DELETE and bool(change.original) and not change.via)
    says = change.said is not None or (change.own and change.body is not None)
    return own and (says or change.facet in (DELETE, *ENDS) or (maps and change.facet == LINK))


def _row(one: Step, codec: Codec) -> tuple[Any, ...]:
    change, said, payload = one.change, one.body if one.change.own else None, one.payload if one.change.own else None
    if change.said is not None:
        said = codec.decode(change.said)[1]
        payload = json_of(said["payload"])
    envelope: Mapping[str, Any] = said["envelope"] if said is not None else {}
    return (
        *_told(change),
        change.content_hash + _WITHDRAWN if change.withdrawn else change.content_hash,
        clean(envelope.get("catalog_code", change.catalog_code)),
        payload,
        envelope.get("valid_from"),
        envelope.get("valid_to"),
        envelope.get("decided_at"),
        envelope.get("recorded_at") or 0,
        json_of({name: envelope[name] for name in STATED if envelope.get(name) is not None}) if said is not None else None,
    )
