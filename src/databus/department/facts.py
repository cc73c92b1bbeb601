"""A fact as a department's own program holds it, one object in the contract's own names, as a submission: for programs and outboxes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.files.ndjson import json_row
from databus.department.mapping import OwnColumns
from databus.department.outcome import UNREADABLE, Remark
from databus.department.publish import FINDING, Named, submission_of
from databus.department.submission import Submission, owned_entry
from databus.errors import BadMapping, NotAllowed, Rejected, Unprocessable
from databus.model.keys import derived_id

_LAST_ROW = 2**31 - 1


class Facts:
    """Makes submissions of one system of a department. `secret` is the department's own HMAC key; `codec` has the registry's ids."""

    def __init__(self, department: str, system: str, *, contract: Contract, codec: Codec, secret: bytes) -> None:
        self._department, self._system, self._secret = department, system, secret
        self._contract, self._codec = contract, codec
        self._columns: dict[tuple[str, str | None], OwnColumns] = {}

    def submission(self, record_type: str, fact: Mapping[str, Any], *, seq: int, at: int, entry: str | None = None) -> Submission:
        """The submission of a fact: the payload's fields, and under `subject` and `envelope` what else there is to say.

        `seq` is the sequence number of the system, higher for what is said later; the same one makes the same submission, so that
        a repeat has no effect. `at` is when the system wrote it, in milliseconds since 1970.

        Raises:
            Unprocessable: the fact does not fit its contract; `remarks` say where.
        """
        ready = self.prepared(record_type, json.dumps(fact, ensure_ascii=False, default=str), seq=seq, at=at, entry=entry)
        if isinstance(ready, Submission):
            return ready
        first = ready[0]
        told = f"{first.field}: {first.reason}" if first.field else first.reason
        raise Unprocessable(f"the fact does not fit {record_type}: {told}", remarks=[[one.rule, one.field, one.reason] for one in ready])

    def prepared(
        self, record_type: str, fact: str, *, seq: int, at: int, entry: str | None = None, fixes: Iterable[str] = ()
    ) -> Submission | tuple[Remark, ...]:
        """The submission of a fact in JSON, or what is wrong with it; `fixes` are the findings it mends."""
        number = min(seq, _LAST_ROW)
        row = json_row(number, fact)._replace(marks={FINDING: " ".join(fixes)})
        named = Named(derived_id("outbox", self._department, self._system, seq), seq, at, number)
        try:
            mapping = self._own(record_type, entry).of(row)
        except (Rejected, BadMapping) as error:
            return (Remark(UNREADABLE, str(error.facts.get("column", "")), reason=error.detail),)
        return submission_of(row, named, mapping=mapping, contract=self._contract, codec=self._codec, secret=self._secret)

    def _own(self, record_type: str, code: str | None) -> OwnColumns:
        known = self._columns.get((record_type, code))
        if known is None:
            kind = self._contract.record_type(record_type)
            entry = next((one for one in kind.entries if one.code == code), None) or owned_entry(self._contract, kind, self._department)
            if code not in (None, entry.code) or entry.department != self._department:
                raise NotAllowed(f"{self._department} has no entry {code} for {kind.name}", department=self._department, entry=code)
            known = self._columns[record_type, code] = OwnColumns(kind, entry, self._system)
        return known
