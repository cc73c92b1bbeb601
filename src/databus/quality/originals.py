"""What a department sent, read again: from its inbox while it lies there, else out of quarantine. State secrets never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from databus.bus.lookup import Places
from databus.bus.topics import inbox, quarantine
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import Undecodable, UnknownSchema
from databus.model.chunk import Record
from databus.model.finding import Finding
from databus.quality.quarantine import open_sealed
from databus.quality.secrecy import refused
from databus.quality.submission import SECRECY

Reader = Callable[[str, Places], Awaitable[Mapping[tuple[int, int], Record]]]
"""Records of a topic by their places; see `bus.lookup.read_many`."""
Keyed = Callable[[str, bytes], Awaitable[Record | None]]
"""The first record of a topic with a key; see `bus.lookup.find_keyed`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One submission as it was sent: key and value, and what the value says."""

    record_type: str
    envelope: Mapping[str, Any]
    payload: Mapping[str, Any]
    key: bytes | None
    value: bytes


@dataclass(frozen=True)
class Originals:
    """Reads originals; `key` opens the sealed ones."""

    read: Reader
    keyed: Keyed
    contract: Contract
    codec: Codec
    key: bytes

    async def of(self, department: str, findings: Iterable[Finding]) -> dict[str, Sent]:
        """What lies in the inbox still, by event id; what cannot be read, or may not, is left out.

        Raises:
            BusUnavailable: the broker does not answer.
        """
        places = {(one.inbox_partition, one.inbox_offset): one.event_id for one in findings if one.record_type}
        wanted: dict[int, set[int]] = {}
        for partition, offset in places:
            wanted.setdefault(partition, set()).add(offset)
        records = await self.read(inbox(department), wanted) if wanted else {}
        found = {places[place]: self.opened(one.key, one.value or b"", one) for place, one in records.items() if place in places}
        return {name: sent for name, sent in found.items() if sent is not None}

    async def one(self, department: str, finding: Finding) -> Sent | None:
        """The submission a finding is about: from the inbox, else out of quarantine; None where neither has it any more.

        Raises:
            BusUnavailable: the broker does not answer.
        """
        found = (await self.of(department, [finding])).get(finding.event_id)
        if found is not None or not finding.record_type:
            return found
        record = await self.keyed(quarantine(department), finding.event_id.encode())
        if record is None or record.value is None:
            return None
        original = open_sealed(record.value, key=self.key)
        return self.opened(original.key or None, original.value, record)

    def opened(self, key: bytes | None, value: bytes, record: Record) -> Sent | None:
        """A value read by its schema; None where it cannot be, or declares what may not be here."""
        declared = [told.decode("utf-8", "replace") for name, told in record.headers if name.lower() == SECRECY]
        try:
            full_name, decoded = self.codec.decode(value)
        except (Undecodable, UnknownSchema):
            return None
        record_type = self.contract.type_of(full_name)
        if record_type is None or refused([*declared, str(decoded["envelope"]["secrecy"])]):
            return None
        return Sent(record_type.name, decoded["envelope"], decoded["payload"], key, value)
