"""One row a department sends, and what must be found in it: a line of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from databus.contract.calendar import SHANGHAI
from databus.contract.catalogue import RecordType
from databus.contract.codec import Codec
from databus.contract.entries import Check, Entry
from databus.contract.predicates import predicate
from databus.department.submission import DEFAULTS, Submission, inbox_key
from databus.model.chunk import Headers

Fault = tuple[str, str]
"""Rule and field."""

SYSTEM, SECRET = "bench", b"s" * 32
_NOT_CODES = ("kind", "name", "id_type")


@dataclass(frozen=True)
class Row:
    """`told` is the instant at which the inbox takes it (milliseconds), `planted` all that must be found in it, whoever
    finds it. `damage` is done to its bytes; `key` and `headers` are what another client might send."""

    department: str
    record_type: RecordType
    entry: Entry
    subject: dict[str, Any]
    envelope: dict[str, Any]
    payload: dict[str, Any]
    told: int
    seq: int
    planted: frozenset[Fault] = frozenset()
    key: bytes | None = None
    headers: Headers = ()
    damage: Callable[[bytes], bytes] | None = None
    name: str = field(default="")
    """Submission id, given when all rows are in their order."""

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.told / 1000, SHANGHAI).date()

    @property
    def content(self) -> dict[str, Any]:
        """As predicates of the contract take it."""
        return {"envelope": {**self.envelope, "subject": self.subject}, "payload": self.payload}

    def applies(self, check: Check) -> bool:
        return predicate(check.params.get("when"), check.rule)(self.content)

    def checks(self, rule: str) -> list[Check]:
        """The checks of that rule which this row's entry asks of fields it has."""
        own = {(check.rule, check.field) for check in self.entry.dq_profile}
        asked = [*(one for one in self.record_type.checks if (one.rule, one.field) not in own), *self.entry.dq_profile]
        return [one for one in asked if one.rule == rule and not one.params.get("off")]

    def having(self, **payload: Any) -> Row:
        """The same with other fields (None leaves one out); a value the subject has too changes there as well."""
        changed = {self.payload[name]: new for name, new in payload.items() if isinstance(self.payload.get(name), str)}
        subject = {name: value if name in _NOT_CODES or value not in changed else changed[value] for name, value in self.subject.items()}
        merged = {name: value for name, value in {**self.payload, **payload}.items() if value is not None}
        return replace(self, subject={name: value for name, value in subject.items() if value is not None}, payload=merged)

    def saying(self, **envelope: Any) -> Row:
        return replace(self, envelope={**self.envelope, **envelope})

    def must(self, *planted: Fault) -> Row:
        return replace(self, planted=self.planted | frozenset(planted))

    def on(self, day: date, hour: int = 10) -> Row:
        """Taken on that day."""
        return replace(self, told=instant(day, hour))

    def again(self, *, seq: int = 1, hours: int = 1) -> Row:
        """Said once more, that much later, under a seq that much higher."""
        return replace(self, told=self.told + hours * 3_600_000, seq=self.seq + seq, planted=frozenset())

    def corrected(self, *, days: int = 9) -> Row:
        """A correction of it, days later."""
        return self.again(hours=24 * days).saying(op="CORRECT", reason="依法更正")

    def altered(self, **told: Any) -> Row:
        """The same with other members."""
        return replace(self, **told)

    def submission(self, codec: Codec) -> Submission:
        """What goes into the inbox; nothing is refused here, as from a client that is not ours."""
        usual = {**DEFAULTS, "publication_class": self.entry.publication.value, "source_seq": self.seq, **self.envelope}
        own = {"submission_id": self.name, "source_system": SYSTEM, "recorded_at": self.told}
        subject = {"kind": "ORGANISATION", "name": "", **self.subject}
        envelope = {"catalog_code": self.entry.code, **usual, **own, "subject": subject}
        value = codec.encode(self.record_type.full_name, {"envelope": envelope, "payload": self.payload})
        key = inbox_key(subject, secret=SECRET) if self.key is None else self.key
        headers = (("databus-submission-id", self.name.encode()), *self.headers)
        return Submission(self.name, key, value if self.damage is None else self.damage(value), headers)


def instant(day: date, hour: int = 10) -> int:
    """An hour of a day in Shanghai, in milliseconds."""
    return int(datetime.combine(day, time(hour), SHANGHAI).timestamp() * 1000)
