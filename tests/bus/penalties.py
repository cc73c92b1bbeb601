"""Accepted penalties by the shipped contracts, as they lie in `events`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from databus.contract import wire
from databus.contract.catalogue import load
from databus.model import keys
from databus.model.clock import start_of
from databus.settings import CHECKOUT
from databus.testing.events import accepted, envelope

CONTRACT = load(CHECKOUT / "schemas")
CODEC = CONTRACT.codec()
DECIDED = date(2026, 5, 10)
KNOWN_AT = start_of((date(2026, 5, 12) - date(1970, 1, 1)).days)


def penalty(subject: str, name: int, *, seq: int = 1) -> tuple[bytes, bytes]:
    """Key and value of a version of a subject's penalty."""
    payload = {"doc_no": str(name), "decided_at": DECIDED, "fine_yuan": Decimal(20_000 + seq), "penalty_kinds": ["FINE"]}
    body = CODEC.encode("databus.ADMIN_PENALTY", {"envelope": envelope(seq), "payload": payload})
    about = {
        "subject_key": subject,
        "record_type": "ADMIN_PENALTY",
        "record_key": f"ADMIN_PENALTY|{name}",
        "known_at": KNOWN_AT,
        "seq": seq,
        "content": str(seq),
    }
    event = accepted(**about, body=body)
    return keys.pack(event.subject_key, event.record_key, event.event_id), wire.encode_event(CODEC, event)
