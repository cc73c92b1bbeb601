"""What a department sent, read again: from its inbox while it lies there, out of quarantine, else as the store knows it. State secrets
never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from databus.bus.lookup import Places
from databus.bus.topics import inbox, quarantine
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import Undecodable, UnknownSchema
from databus.model.chunk import Record
from databus.model.finding import Finding
from databus.model.keys import event_id
from databus.quality.quarantine import open_sealed
from databus.quality.secrecy import refused
from databus.quality.submission import SECRECY

Reader = Callable[[str, Places], Awaitable[Mapping[tuple[int, int], Record]]]
"""Records of a topic by their places; see `bus.lookup.read_many`."""
Keyed = Callable[[str, Collection[bytes]], Awaitable[Mapping[bytes, Record]]]
"""The first records of a topic with these keys; see `bus.lookup.find_keyed`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one submission said."""

    record_type: str
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]


Known = Callable[[str, Collection[str]], Awaitable[Mapping[str, Sent]]]
"""Accepted submissions of a department by event id, as far as the store still knows them word by word."""


@dataclass(frozen=True)
class Originals:
    """Reads originals; `key` opens the sealed ones."""

    read: Reader
    keyed: Keyed
    known: Known
    contract: Contract
    codec: Codec
    key: bytes

    async def of(self, department: str, findings: Iterable[Finding]) -> dict[str, Sent]:
        """The submissions the findings are about, by event id: from the inbox, out of quarantine, else as the store
        knows them. What none of these has any more, and what may not be read, is left out.

        Raises:
            BusUnavailable, StoreUnavailable: the broker or PostgreSQL does not answer.
        """
        asked = {one.event_id: one for one in findings if one.record_type}
        found = await self._lying(department, asked.values())
        # What lies in the inbox and may not be read is nowhere else.
        if gone := asked.keys() - found.keys():
            known = await self.known(department, gone)
            found |= known
            found |= await self._sealed(department, gone - known.keys())
        return {name: sent for name, sent in found.items() if sent is not None}

    async def one(self, department: str, finding: Finding) -> Sent | None:
        """The submission a finding is about, None without one; see `of`."""
        return (await self.of(department, [finding])).get(finding.event_id)

    async def _lying(self, department: str, findings: Collection[Finding]) -> dict[str, Sent | None]:
        wanted: dict[int, set[int]] = {}
        for one in findings:
            wanted.setdefault(one.inbox_partition, set()).add(one.inbox_offset)
        records = await self.read(inbox(department), wanted) if wanted else {}
        found: dict[str, Sent | None] = {}
        for one in findings:
            record = records.get((one.inbox_partition, one.inbox_offset))
            sent = None if record is None else self._opened(record.value or b"", record)
            if record is not None and _about(one, department, sent):
                found[one.event_id] = sent
        return found

    async def _sealed(self, department: str, names: Collection[str]) -> dict[str, Sent | None]:
        wanted = {name.encode(): name for name in names}
        records = await self.keyed(quarantine(department), wanted.keys()) if wanted else {}
        sealed = {wanted[key]: one for key, one in records.items()}
        return {
            name: self._opened(open_sealed(one.value, key=self.key).value, one) for name, one in sealed.items() if one.value is not None
        }

    def _opened(self, value: bytes, record: Record) -> Sent | None:
        """A value read by its schema; None where it cannot be, or declares what may not be here."""
        declared = [told.decode("utf-8", "replace") for name, told in record.headers if name.lower() == SECRECY]
        try:
            full_name, decoded = self.codec.decode(value)
        except (Undecodable, UnknownSchema):
            return None
        record_type = self.contract.type_of(full_name)
        if record_type is None or refused([*declared, str(decoded["envelope"]["secrecy"])]):
            return None
        return Sent(record_type.name, decoded["envelope"], decoded["payload"])


def _about(finding: Finding, department: str, sent: Sent | None) -> bool:
    """False of what lies at that place of another inbox: a finding may be told to a department that did not send what it is about."""
    own = event_id(inbox(department), finding.inbox_partition, finding.inbox_offset) == finding.event_id
    return own or (sent is not None and sent.envelope["submission_id"] == finding.submission_id)
