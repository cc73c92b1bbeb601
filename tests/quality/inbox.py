"""Submissions made from the shipped examples, changed in one place, and what the checker makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.chunk import Headers, Outcome, Record
from databus.model.event import Event
from databus.model.finding import Finding
from databus.model.keys import organisation_key
from databus.quality import checker
from typed import example

PLATFORM_KEY, QUARANTINE_KEY = b"p" * 32, b"q" * 32
RECEIVED = 1_789_000_000_000
"""2026-09-10 in Asia/Shanghai."""

SUBJECT = {"uscc": "CN-USCI", "reg_no": "CN-REG", "org_code": "CN-ORG", "tax_no": "CN-TAX"}
KEYLESS = object()
"""Asks for the key the submission's own subject gives."""


class NoState:
    """A checker has none: whoever asks fails."""

    def get(self, key: bytes) -> bytes | None:
        raise AssertionError(key)

    def group(self, prefix: bytes) -> Mapping[bytes, bytes]:
        raise AssertionError(prefix)


@dataclass(frozen=True)
class Seen:
    """What came of one submission."""

    outcome: Outcome
    events: list[Event]
    findings: list[Finding]
    sealed: list[bytes]

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}

    @property
    def event(self) -> Event:
        assert len(self.events) == 1, [(finding.rule, finding.field, finding.observed) for finding in self.findings]
        return self.events[0]

    def finding(self, rule: str) -> Finding:
        found = [finding for finding in self.findings if finding.rule == rule]
        assert len(found) == 1, [(finding.rule, finding.field) for finding in self.findings]
        return found[0]

    @property
    def bytes(self) -> bytes:
        """Everything written, keys and headers too."""
        parts = [(o.key or b"") + (o.value or b"") + repr(o.headers).encode() for o in self.outcome.outputs]
        return b"\n".join(parts)


@dataclass
class Inbox:
    contract: Contract
    codec: Codec
    told_time: bool = False
    run: Any = field(init=False)

    def __post_init__(self) -> None:
        self.run = checker.processor(
            self.contract,
            self.codec,
            platform_key=PLATFORM_KEY,
            quarantine_key=QUARANTINE_KEY,
            told_time=self.told_time,
        )

    def example(self, record_type: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The example of a type with `envelope.…`, `envelope.subject.…` and payload fields changed."""
        value = example(self.contract.types[record_type])
        for path, held in (changes or {}).items():
            place = value["envelope"] if path.startswith("envelope.") else value["payload"]
            place = place["subject"] if path.startswith("envelope.subject.") else place
            place[path.rpartition(".")[2]] = held
        return value

    def encoded(self, record_type: str, changes: Mapping[str, Any] | None = None) -> bytes:
        return self.codec.encode(f"databus.{record_type}", self.example(record_type, changes))

    def put(
        self,
        value: bytes | None,
        *,
        department: str,
        key: bytes | None = None,
        headers: Headers = (),
        offset: int = 7,
        timestamp: int = RECEIVED,
    ) -> Seen:
        """One record, checked."""
        outcome = self.run([Record(f"in.{department}", 1, offset, timestamp, key, value, headers)], NoState())
        by = {name: [o.value or b"" for o in outcome.outputs if o.topic == name] for name in {o.topic for o in outcome.outputs}}
        return Seen(
            outcome,
            [wire.decode_event(self.codec, value) for value in by.get("events", [])],
            wire.issued(self.codec, by.get("findings", [])),
            by.get(f"quarantine.{department}", []),
        )

    def send(self, record_type: str, changes: Mapping[str, Any] | None = None, *, key: object = KEYLESS, **how: Any) -> Seen:
        """An example with changes, from the department its entry names, under the key of its subject."""
        value = self.example(record_type, changes)
        entry = self.contract.entries.get(value["envelope"]["catalog_code"])
        how.setdefault("department", entry.department if entry else "emergency")
        subject = value["envelope"]["subject"]
        own = next((organisation_key(subject[name], scheme=scheme) for name, scheme in SUBJECT.items() if subject[name]), "-").encode()
        return self.put(self.codec.encode(f"databus.{record_type}", value), key=own if key is KEYLESS else key, **how)  # type: ignore[arg-type]
