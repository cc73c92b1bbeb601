"""The statements that apply a staged chunk of `changes`, in their order."""

from __future__ import annotations

INCOMING = {
    "part": "smallint",
    "offset": "bigint",
    "change_id": "text",
    "kind": "text",
    "changing": "boolean",
    "pv": "bigint",
    "event_id": "text",
    "submission_id": "text",
    "subject_key": "text",
    "subject_kind": "text",
    "subject_name": "text",
    "codes": "jsonb",
    "division": "text",
    "authority": "smallint",
    "record_type": "text",
    "record_key": "text",
    "department": "text",
    "system": "text",
    "op": "text",
    "facet": "text",
    "seq": "bigint",
    "catalog_code": "text",
    "known_at": "bigint",
    "written_at": "bigint",
    "was": "text",
    "standing": "text",
    "class_id": "bigint",
    "canonical": "text",
    "wake": "date",
    "rule": "text",
    "fields": "text[]",
    "causes": "text[]",
    "inbox_partition": "integer",
    "inbox_offset": "bigint",
    "origin_partition": "integer",
    "origin_offset": "bigint",
    "payload": "jsonb",
    "valid_from": "date",
    "valid_to": "date",
    "decided_at": "date",
    "told_seq": "bigint",
    "recorded_at": "bigint",
    "original": "text",
    "moved_to": "text",
}
NAMES = {"subject_key": "text", "name": "text", "folded": "text", "size": "integer", "grams": "text[]"}

# Partitions share classes: one order for all of them, so that two projectors cannot wait for each other.
_CLASSES = """
INSERT INTO label_classes (class_id, canonical)
SELECT DISTINCT class_id, canonical FROM incoming_changes ORDER BY class_id
ON CONFLICT DO NOTHING
"""

# The last word of a chunk counts, and none that was told before.
_MOVES = """
INSERT INTO subject_moves (subject_key, moved_to)
SELECT DISTINCT ON (subject_key) subject_key, moved_to FROM incoming_changes n
WHERE kind = 'LINKED' AND NOT EXISTS (SELECT FROM steps s WHERE s.change_id = n.change_id)
ORDER BY subject_key, "offset" DESC
ON CONFLICT (subject_key) DO UPDATE SET moved_to = excluded.moved_to
"""

# A step known under another offset is a repeat: it is dropped here and takes part in nothing below.
_STEPS = """
WITH known AS (
    INSERT INTO steps (change_id, kind, pv, event_id, submission_id, subject_key, record_type, record_key, department,
        system, op, facet, seq, catalog_code, was, standing, class_id, wake, rule, fields, causes, inbox_partition,
        inbox_offset, origin_partition, origin_offset, part, "offset", known_at, written_at, original)
    SELECT change_id, kind, pv, event_id, submission_id, subject_key, record_type, record_key, department,
        system, op, facet, seq, catalog_code, was, standing, class_id, wake, rule, fields, causes, inbox_partition,
        inbox_offset, origin_partition, origin_offset, part, "offset", known_at, written_at, original
    FROM incoming_changes ORDER BY "offset"
    ON CONFLICT (change_id) DO NOTHING
    RETURNING "offset"
)
DELETE FROM incoming_changes WHERE NOT changing OR "offset" NOT IN (SELECT "offset" FROM known)
"""

_CLOSE = """
UPDATE record_versions v SET to_offset = n.first
FROM (
    SELECT record_type, subject_key, record_key, min("offset") AS first
    FROM incoming_changes GROUP BY record_type, subject_key, record_key
) n
WHERE v.record_type = n.record_type AND v.subject_key = n.subject_key AND v.record_key = n.record_key
    AND v.to_offset IS NULL
"""

_OPEN = """
INSERT INTO record_versions (record_type, record_key, subject_key, subject_name, codes, authority, department, system,
    change_id, kind, event_id, submission_id, catalog_code, seq, recorded_at, payload, standing, class_id, valid_from, valid_to,
    decided_at, known_at, wake, rule, part, from_offset, to_offset)
SELECT record_type, record_key, subject_key, subject_name, codes, authority, department, system,
    change_id, kind, event_id, submission_id, catalog_code, told_seq, recorded_at, payload, standing, class_id, valid_from, valid_to,
    decided_at, known_at, wake, rule, part, "offset",
    lead("offset") OVER (PARTITION BY record_type, subject_key, record_key ORDER BY "offset")
FROM incoming_changes ORDER BY "offset"
"""

# What a department deleted is gone from every earlier version too.
_FORGET = """
UPDATE record_versions v SET payload = NULL
FROM incoming_changes n
WHERE n.standing = 'DELETED' AND v.record_type = n.record_type AND v.record_key = n.record_key
    AND v.subject_key = n.subject_key AND v.from_offset < n."offset" AND v.payload IS NOT NULL
"""

# However the log is cut into chunks: the kind is the last that was told, the division the last that was told of one.
_SUBJECTS = """
INSERT INTO subjects (subject_key, kind, division)
SELECT subject_key, (array_agg(subject_kind ORDER BY "offset" DESC))[1],
    coalesce((array_agg(division ORDER BY "offset" DESC) FILTER (WHERE division <> ''))[1], '')
FROM incoming_changes GROUP BY subject_key
ON CONFLICT (subject_key) DO UPDATE SET kind = excluded.kind, division = coalesce(nullif(excluded.division, ''), subjects.division)
WHERE subjects.kind <> excluded.kind OR (excluded.division <> '' AND subjects.division <> excluded.division)
"""

_SUBJECT_NAMES = """
INSERT INTO subject_names (subject_key, name, folded, size, grams)
SELECT subject_key, name, folded, size, grams FROM incoming_names
ON CONFLICT DO NOTHING
"""

_SUBJECT_CODES = """
INSERT INTO subject_codes (value, scheme, subject_key)
SELECT DISTINCT c.value, c.key, n.subject_key FROM incoming_changes n CROSS JOIN LATERAL jsonb_each_text(n.codes) c
ON CONFLICT DO NOTHING
"""

STATEMENTS = (_CLASSES, _MOVES, _STEPS, _CLOSE, _OPEN, _FORGET, _SUBJECTS, _SUBJECT_NAMES, _SUBJECT_CODES)
