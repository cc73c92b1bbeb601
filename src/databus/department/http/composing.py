"""An item becomes a submission of its department, or the reasons why it cannot: its contract, its owner, its entry, its values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.codec import Codec
from databus.contract.entries import Entry
from databus.department import mapping
from databus.department.http.items import Item
from databus.department.http.refusals import VALUE, Refusal, near
from databus.department.mapping import FileMapping
from databus.department.publish import ROWS_PER_SECOND
from databus.department.reading import apply
from databus.department.submission import Submission, compose
from databus.errors import Rejected
from databus.model.event import Op
from databus.model.keys import derived_id

SYSTEM = "http"
"""The system of a department that names none."""


_MICROSECONDS = 1_000_000
_TIMES = (1_262_304_000, 7_258_118_400)
"""2010 to 2200, in seconds."""
_ROWS = 1 << 10
"""More than the items of one request."""


def sequence(begun: int, number: int) -> int:
    """The sequence number of an item without one: batch second · 2²⁸ + row (design 5), where a row of a later request in the
    same second has the higher number."""
    second, rest = divmod(begun, _MICROSECONDS)
    return second * ROWS_PER_SECOND + rest * (ROWS_PER_SECOND // _ROWS) // _MICROSECONDS * _ROWS + number


def timed(seq: int) -> bool:
    """True for a sequence number made of a second, as those given here: its source does not count for itself."""
    return _TIMES[0] <= seq // ROWS_PER_SECOND <= _TIMES[1]


@dataclass(frozen=True, slots=True)
class Composer:
    """What the items of one request share. `begun` is when it came (microseconds since 1970), `day` that day (Asia/Shanghai), `secret` the
    department's own HMAC key, `seed` what ids of items without one are made of."""

    contract: Contract
    codec: Codec
    department: str
    secret: bytes
    begun: int
    day: date
    seed: tuple[str | int, ...]
    mappings: dict[tuple[str, str, frozenset[str]], FileMapping] = field(default_factory=dict)
    entries: dict[tuple[str, str], Entry | Refusal] = field(default_factory=dict)

    def composed(self, item: Item) -> Submission | tuple[Refusal, ...]:
        """The submission of one item, or what is wrong with it."""
        if item.refusals:
            return item.refusals
        record_type = self.contract.types.get(item.record_type)
        if record_type is None:
            return (
                Refusal(
                    "DQ-SRC-02",
                    "record_type",
                    item.record_type[:64],
                    "a record type",
                    near(item.record_type, self.contract.types, bare=True),
                ),
            )
        if unknown := self._unknown(item, record_type):
            return unknown
        named = record_type.name, item.catalog_code
        first = self.entries.get(named)
        if first is None:
            first = self.entries[named] = self._entry(item, record_type)
        if isinstance(first, Refusal):
            return (first,)
        cut, defects = apply(self._mapping(item, record_type, first), {**item.payload, **item.facts}, self.contract)
        if defects:
            return tuple(Refusal(VALUE, one.field, one.observed, one.expected, one.suggestion) for one in defects)
        days = self._judged_by(cut, record_type)
        entry = first if all(map(first.active, days)) else self._entry(item, record_type, days)
        return (entry,) if isinstance(entry, Refusal) else self._sealed(item, record_type, entry, cut)

    def submission_id(self, item: Item) -> str:
        """The item's own id, else one that a repeat of the same request derives again."""
        if item.submission_id:
            return item.submission_id
        if item.named:
            return derived_id(*item.named, self.department)
        cells = (*item.payload, *item.payload.values(), *item.facts, *item.facts.values())
        return derived_id("http", self.department, *self.seed, item.number, hashlib.sha256("\x1f".join(cells).encode()).hexdigest())

    def _sealed(
        self, item: Item, record_type: RecordType, entry: Entry, cut: Mapping[str, Mapping[str, Any]]
    ) -> Submission | tuple[Refusal, ...]:
        try:
            made = compose(
                cut,
                codec=self.codec,
                record_type=record_type,
                entry=entry,
                system=item.system or SYSTEM,
                submission_id=self.submission_id(item),
                seq=sequence(self.begun, item.number),
                now=self.begun // 1000 if item.recorded_at is None else item.recorded_at,
                secret=self.secret,
                row=item.number,
            )
        except Rejected as error:
            return (Refusal(str(error.facts.get("rule", VALUE)), str(error.facts.get("field", "")), expected=error.detail),)
        return replace(made, headers=(*made.headers, *item.trace)) if item.trace else made

    def _unknown(self, item: Item, record_type: RecordType) -> tuple[Refusal, ...]:
        """Names that are no fields, those of facts beside the payload among them: they would be taken for these."""
        if item.payload.keys() <= record_type.fields.keys():
            return ()
        names = sorted(item.payload.keys() - record_type.fields.keys())[:5]
        return tuple(
            Refusal("DQ-CAT-02", name[:64], "", f"a field of {record_type.name}", near(name, record_type.fields, bare=True))
            for name in names
        )

    def _entry(self, item: Item, record_type: RecordType, days: tuple[date, ...] = ()) -> Entry | Refusal:
        """The catalogue entry of an item: the one it names, else the department's own, in force on these days."""
        own = self._own(record_type)
        if not own:
            owners = sorted({owner.department for owner in record_type.owners if owner.active(self.day)})
            return Refusal("DQ-SRC-02", "record_type", self.department, " | ".join(owners))
        named = [entry for entry in own if entry.code == item.catalog_code] if item.catalog_code else own
        if not named and item.catalog_code in self.contract.entries:
            other = self.contract.entries[item.catalog_code]
            rule = "DQ-SRC-01" if other.department != self.department else "DQ-CAT-01"
            return Refusal(
                rule, "envelope.catalog_code", item.catalog_code, f"an entry of {self.department} for {record_type.name}", own[0].code
            )
        standing = [entry for entry in named if all(map(entry.active, days))]
        if standing:
            return standing[0]
        active = [entry.code for entry in own if all(map(entry.active, days))]
        expected = f"an entry of {record_type.name} in force on {min(days, default=self.day).isoformat()}"
        return Refusal("DQ-CAT-01", "envelope.catalog_code", item.catalog_code, expected, active[0] if active else "")

    def _judged_by(self, cut: Mapping[str, Mapping[str, Any]], record_type: RecordType) -> tuple[date, ...]:
        """The days an entry must be in force on (DQ-CAT-01): that of the envelope, and that of the decision as the payload tells it."""
        envelope, decided = cut["envelope"], cut["payload"].get(record_type.decided_in)
        day: date = envelope.get("decided_at") or envelope.get("valid_from") or self.day
        return (day,) if decided is None or envelope.get("op", Op.UPSERT) not in (Op.UPSERT, Op.CORRECT, Op.LINK) else (day, decided)

    def _own(self, record_type: RecordType) -> tuple[Entry, ...]:
        """The department's entries of a type; none if it does not own it."""
        owned = record_type.owned_by(self.department, self.day)
        return tuple(entry for entry in record_type.entries if owned and entry.department == self.department)

    def _mapping(self, item: Item, record_type: RecordType, entry: Entry) -> FileMapping:
        """One mapping for all items that state the same facts beside their payload, whichever of its fields they fill."""
        place = (record_type.name, entry.code, frozenset(item.facts))
        found = self.mappings.get(place)
        if found is None:
            found = self.mappings[place] = mapping.identity(record_type, entry, place[2].union(record_type.fields))
        return found
