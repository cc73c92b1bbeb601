"""The submission that undoes one fact: made of what was sent then and what the source had said before.

What the inbox no longer holds is made again of what the store knows. Such a submission must be proved before it is sent: checked, it
must be the record it is about, and where it brings a content back, that content to the last byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.codec import Codec
from databus.department.http.composing import timed
from databus.department.http.foresight import Foreseen
from databus.department.http.restating import days, payload_of, proves, restated
from databus.department.retraction import Undo
from databus.department.submission import Submission, compose
from databus.errors import Rejected, Undecodable, UnknownSchema
from databus.model.chunk import Record
from databus.model.event import Op
from databus.model.keys import derived_id
from databus.store.batches import Said

REASON = "撤回批次 · batch retracted"
_OWN = ("submission_id", "catalog_code", "source_system", "source_seq", "subject", "recorded_at", "op", "withdrawn", "reason")


@dataclass(frozen=True, slots=True)
class Again:
    """A submission made of what the store knows, and the same statement as it was made then, which proves it."""

    undo: Undo
    submission: Submission
    proof: Submission


@dataclass(frozen=True, slots=True)
class Undoing:
    """What the submissions of one retraction share; `begun` is when it was asked for (microseconds since 1970)."""

    contract: Contract
    codec: Codec
    secret: bytes
    begun: int

    def submission(self, undo: Undo, sent: Record | None, read: Mapping[tuple[int, int], Record], seq: int) -> Submission | None:
        """The submission, `sent` being what is taken back; None where that can no longer be read.

        `read` holds what the inbox still has, by place; `seq` is a number of now, for a source that counts by time.
        """
        original = self._decoded(sent)
        if original is None:
            return None
        record_type, base = self.contract.types[undo.told.of[1]], original["envelope"]
        envelope, payload = self._before(undo.before, read, record_type, base) if undo.before is not None else (base, original["payload"])
        code = undo.before.catalog_code if undo.before is not None else base["catalog_code"]
        return self._composed(undo, base["subject"], envelope, payload, code, seq)

    def again(self, undo: Undo, seq: int) -> Again | None:
        """The same of what the store knows; None where it does not know enough."""
        said = undo.before or undo.said
        stated = restated(said, self.contract.types[undo.told.of[1]])
        if stated is None:
            return None
        subject, envelope, payload, code = stated.subject, stated.envelope, stated.payload, said.catalog_code
        try:
            made = self._composed(undo, subject, envelope, payload, code, seq)
            proof = self._compose(undo, subject, {**envelope, "op": Op.UPSERT.value}, payload, code, said.seq, "proof")
        except Rejected:
            # Contracts have changed since: it can no longer be said.
            return None
        return Again(undo, made, proof)

    def _composed(
        self, undo: Undo, subject: Mapping[str, Any], envelope: Mapping[str, Any], payload: Mapping[str, Any], code: str, seq: int
    ) -> Submission:
        facts = {name: value for name, value in envelope.items() if name not in _OWN and value is not None}
        facts |= {"op": undo.op.value, "withdrawn": undo.withdrawn, "reason": REASON, "source_seq": self._seq(undo, seq)}
        return self._compose(undo, subject, facts, payload, code, seq, undo.op.value)

    def _compose(
        self, undo: Undo, subject: Mapping[str, Any], facts: Mapping[str, Any], payload: Mapping[str, Any], code: str, seq: int, what: str
    ) -> Submission:
        return compose(
            {"subject": subject, "envelope": dict(facts), "payload": payload},
            codec=self.codec,
            record_type=self.contract.types[undo.told.of[1]],
            entry=self.contract.entries[code],
            system=undo.told.system,
            submission_id=derived_id("retraction", undo.told.event_id, what),
            seq=seq,
            now=self.begun // 1000,
            secret=self.secret,
        )

    def _seq(self, undo: Undo, seq: int) -> int:
        """A DELETE reaches what has its own number; a content or an end needs a higher one, of the kind its source gives."""
        if undo.op is Op.DELETE:
            return undo.seq
        return max(seq, undo.seq + 1) if timed(undo.seq) else undo.seq + 1

    def _before(
        self, before: Said, read: Mapping[tuple[int, int], Record], record_type: RecordType, base: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Envelope and payload of the earlier content: as it was sent, else as the store has it, under the class it was shown in."""
        sent = self._decoded(read.get(before.place) if before.place is not None else None)
        if sent is not None:
            return sent["envelope"], sent["payload"]
        payload, then, label = payload_of(before, record_type), days(before), before.label
        if label is None:
            return {**base, **then}, payload
        classes = {
            "publication_class": label.publication.value,
            "commercial_secret": label.commercial.value,
            "privacy": label.privacy.value,
        }
        return {**base, **then, **classes}, payload

    def _decoded(self, record: Record | None) -> Mapping[str, Any] | None:
        if record is None or record.value is None:
            return None
        try:
            return self.codec.decode(record.value)[1]
        except (Undecodable, UnknownSchema):
            return None


def proved(again: Again, seen: Foreseen) -> bool:
    """Whether what was made again is what was said: of that record, and where it brings a content back, the very content."""
    return proves(seen, again.undo.told.of, again.undo.before)
