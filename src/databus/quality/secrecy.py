"""State secrets may not be here (domain 3.4): found by header or envelope before anything else is looked at.

An unknown or unclear level counts as the highest. Bytes that do not decode are looked into as well: a damaged
submission that still declares a secret at its beginning is refused and forgotten like a whole one.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import fastavro

from databus.contract.catalogue import Contract
from databus.contract.codec import HEAD
from databus.contract.schemas import latest
from databus.model.labels import Secrecy

OPEN = frozenset({Secrecy.NONE.value, Secrecy.WORK_SECRET.value})
UNCLEAR = "UNCLEAR"
_ENVELOPE = "databus.Envelope"
_BROKEN = (EOFError, ValueError, TypeError, LookupError, OverflowError, ArithmeticError, struct.error, MemoryError)

EnvelopeReader = Callable[[bytes], Mapping[str, Any] | None]


def refused(levels: Iterable[str]) -> str:
    """The first declared level that may not be here, as one of our own words; empty if all may."""
    for level in levels:
        plain = level.strip().upper()
        if plain not in OPEN:
            return plain if plain in Secrecy.__members__ else UNCLEAR
    return ""


def envelope_reader(contract: Contract) -> EnvelopeReader:
    """Reads the envelope a submission begins with, whatever follows it; None where it does not begin with one."""
    schema = fastavro.parse_schema(json.loads(latest(contract.schemas, _ENVELOPE).text))

    def read(value: bytes) -> Mapping[str, Any] | None:
        try:
            found = fastavro.schemaless_reader(io.BytesIO(value[HEAD:]), schema, None)
        except _BROKEN:
            return None
        return found if isinstance(found, dict) else None

    return read
