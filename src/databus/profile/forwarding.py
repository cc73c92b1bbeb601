"""Telling a register on to the key its subject is known by since (design 8): a copy in `events`.

The event in it has an id made of the event and the link; the record's own key is made of the register's whole state, so that
whoever writes it again writes the same record: how often and in how many slices that happens makes no difference.
"""

from __future__ import annotations

from databus.contract import wire
from databus.contract.accepted import COPY
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.chunk import Headers, Output
from databus.model.event import Event
from databus.model.nouns import replace
from databus.profile.registers import DELETE, Profile, Register, lifted
from databus.profile.ties import Ties

EVENTS = "events"


def copy_of(register: Register, subject: str, target: str, code: str, codec: Codec, headers: Headers = ()) -> Output | None:
    """The copy for a target and its unified code; None where the register has been there already, so that no loop goes round."""
    event = register.event
    if target == subject or target in event.via:
        return None
    copy = replace(
        event,
        event_id=keys.derived_id("copy", event.event_id, subject, target),
        original=event.original or event.event_id,
        subject_key=target,
        record_key=rekeyed(event.record_key, subject, target),
        via=(*event.via, subject),
        codes=_codes(event, code),
    )
    told = written(codec, replace(register, event=copy))
    rivals = sorted(rival.hex() for rival in register.rivals)
    state = keys.derived_id(copy.event_id, event.known_at, event.deciding, register.based, *rivals)
    key = keys.pack(target, copy.record_key, state)
    return Output(EVENTS, key, told, headers, target.encode())


def copies_of(profile: Profile, subject: str, target: str, ties: Ties | None, codec: Codec) -> list[Output]:
    """The copies of all registers of a record, a DELETE before what it has overtaken."""
    code = "" if ties is None else ties.targets[target]
    copies = (copy_of(profile[at], subject, target, code, codec) for at in sorted(profile, key=lambda at: (at.facet != DELETE, at)))
    return [copy for copy in copies if copy is not None]


def lying(codec: Codec, value: bytes) -> Register:
    """What lies in a record of `events`: a copy as it is, an original as a register of its own.

    Raises:
        Undecodable, UnknownSchema: it is neither.
    """
    if codec.name(value) != COPY:
        return lifted(wire.decode_event(codec, value))
    told = wire.decode_register(codec, value)
    return Register(wire.decode_event(codec, told.event), frozenset(told.rivals), told.based)


def written(codec: Codec, register: Register) -> bytes:
    """The value it lies there by."""
    event = wire.encode_event(codec, register.event)
    if not register.event.via:
        return event
    return wire.encode_register(codec, wire.Register(wire.NEVER, tuple(sorted(register.rivals)), event, based=register.based))


def rekeyed(record_key: str, subject: str, target: str) -> str:
    """The key of a record under another subject: each part that is the subject's key becomes the other's."""
    return "|".join(target if part == subject else part for part in record_key.split("|"))


def _codes(event: Event, code: str) -> dict[str, str]:
    if not event.body:
        return {}
    own = event.codes.get(keys.USCI)
    return {**event.codes, **({keys.former(keys.USCI): own} if own not in (None, code) else {}), keys.USCI: code}
