"""The merge state the profilers left, held against what stands of everything ever said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.chaos.linked import Linked, copied
from bench.chaos.retold import Retold, stands
from bench.chaos.verdict import GAPS, STALE, Verdict
from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.change import Change
from databus.model.chunk import Record
from databus.model.event import Event

_HEAD = "head"


def require_registers(
    told: Retold,
    linked: Linked,
    changes: Sequence[tuple[Record, Change]],
    records: Iterable[Record],
    codec: Codec,
    verdict: Verdict,
) -> None:
    """A register of each facet from each source, where it was said and where links have told it on, with the event that stands."""
    last: dict[tuple[str, ...], bytes | None] = {}
    seqs: dict[tuple[str, ...], int] = {}
    for record in records:
        at = keys.unpack(record.key or b"")
        last[at] = record.value
        if at in told.facets and record.value is not None:
            seq = wire.decode_event(codec, wire.decode_register(codec, record.value).event).seq
            verdict.require(seq >= seqs.get(at, seq), STALE, f"register {at} went back to seq {seq}")
            seqs[at] = seq
    expected: dict[tuple[str, ...], tuple[Event, int]] = {at: (event, rivals) for at, event, rivals in copied(told, linked)}
    for at, events in told.facets.items():
        one = stands(events)
        expected[at] = one.event, len(one.rivals)
    verdict.each({" ".join(at) for at in last if len(at) >= 4}, {" ".join(at) for at in expected}, "register")
    for at in expected.keys() & last.keys():
        value = last[at]
        if value is not None:
            _require_register(*expected[at], value, codec, verdict, " ".join(at))
    numbers = {change.subject_key: change.pv for _, change in changes if change.kind.changing}
    for subject, latest in numbers.items():
        head = last.get((subject, _HEAD))
        verdict.same(None if head is None else wire.decode_head(codec, head).pv, latest, GAPS, f"head of subject {subject}")


def _require_register(stood: Event, rivals: int, value: bytes, codec: Codec, verdict: Verdict, what: str) -> None:
    register = wire.decode_register(codec, value)
    event = wire.decode_event(codec, register.event)
    found = event.event_id, event.seq, len(register.rivals), event.body
    verdict.same(found, (stood.event_id, stood.seq, rivals, stood.body), STALE, f"register {what}")
