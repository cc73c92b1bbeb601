"""The simple merge, the same for every peer: the highest `seq` per (subject, source) wins, a repeat changes nothing.

Standard library and fastavro alone: peers run where `databus` is not installed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random
from typing import Any

import fastavro

SOURCES = ("taxation", "welfare")
PARTITIONS = 12

_EVENT = {
    "type": "record",
    "name": "Event",
    "fields": [
        *({"name": name, "type": "string"} for name in ("event_id", "subject", "source", "entity_type", "entity_id")),
        {"name": "seq", "type": "long"},
        {"name": "op", "type": {"type": "enum", "name": "Op", "symbols": ["UPSERT", "DELETE"]}},
        *({"name": name, "type": "long"} for name in ("effective_at", "recorded_at", "amount")),
        {"name": "status", "type": ["null", "string"]},
        {"name": "attrs", "type": {"type": "map", "values": "string"}},
    ],
}
_KEPT = [
    *({"name": name, "type": "long"} for name in ("seq", "count", "amount")),
    {"name": "event_id", "type": "string"},
    {"name": "status", "type": ["null", "string"]},
]
_REGISTER = {"type": "record", "name": "Register", "fields": _KEPT}
_CHANGE = {"type": "record", "name": "Change", "fields": [{"name": "source", "type": "string"}, *_KEPT]}
EVENT, REGISTER, CHANGE = (fastavro.parse_schema(schema) for schema in (_EVENT, _REGISTER, _CHANGE))

Register = dict[str, Any]


def encode(schema: Any, value: Any) -> bytes:
    """A value in Avro, unframed."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, value)
    return body.getvalue()


def decode(schema: Any, data: bytes) -> Any:
    """The value in these bytes."""
    return fastavro.schemaless_reader(io.BytesIO(data), schema, None)


def merge(register: Register | None, event: Register) -> Register | None:
    """The register after an event; None if the event changes nothing."""
    if register is not None and event["seq"] <= register["seq"]:
        return None
    count = 1 if register is None else register["count"] + 1
    return {"seq": event["seq"], "count": count, "amount": event["amount"], "event_id": event["event_id"], "status": event["status"]}


def change(event: Register, register: Register) -> bytes:
    """The step an event made, as it goes out."""
    return encode(CHANGE, {"source": event["source"], **register})


def events(count: int, *, subjects: int, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of about 350 bytes; every pair of subject and source comes again and again, each time newer."""
    random, seq = Random(seed), 0
    pairs = [(f"S{number:012d}", source) for number in range(subjects) for source in SOURCES]
    while count > 0:
        seq += 1
        random.shuffle(pairs)
        for subject, source in pairs[:count]:
            yield subject.encode(), encode(EVENT, _event(subject, source, seq, random))
        count -= len(pairs)


def _event(subject: str, source: str, seq: int, random: Random) -> dict[str, Any]:
    attrs = {"office": f"north-{random.randrange(50):02d}", "channel": "online", "label": "privacy:high", "note": "x" * 120}
    return {
        "event_id": f"{random.getrandbits(128):032x}-{seq:03d}",
        "subject": subject,
        "source": source,
        "entity_type": "assessment",
        "entity_id": f"E{random.getrandbits(64):016x}",
        "seq": seq,
        "op": "UPSERT",
        "effective_at": 1_700_000_000_000_000 + random.getrandbits(40),
        "recorded_at": 1_700_000_000_000_000 + random.getrandbits(40),
        "amount": random.getrandbits(30),
        "status": "active",
        "attrs": {**attrs, "ref": f"{random.getrandbits(128):032x}"},
    }
