"""The state of a partition as the chunk at hand sees it: committed registers under those it has written itself.

Only records the chunk touches are read, each once, by the prefix of its subject and record.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush

from databus.contract import wire
from databus.contract.codec import Codec
from databus.errors import DataUnusable, Undecodable, UnknownSchema
from databus.model import keys
from databus.model.chunk import State
from databus.model.event import Event
from databus.profile.groups import At
from databus.profile.registers import Address, Profile, Register
from databus.profile.standing import Stand
from databus.profile.view import View

HEAD, CLOCK = "head", "clock"


@dataclass(slots=True)
class Known:
    """One record: its registers, how it was told to stand last (None before the first step), and the view last made of it.

    `fresh` is true if nothing of it was stored before the chunk, `linked` if it holds copies that came along a link; `counted` are
    the ways of those that counted when it was told last.
    """

    profile: Profile
    stand: Stand | None = None
    view: View | None = None
    fresh: bool = False
    linked: bool = False
    counted: tuple[str, ...] = ()


@dataclass(slots=True)
class Overlay:
    """What a chunk reads and writes: the records it has asked for, by subject. How a record stands is kept with the first of its
    registers, whichever were written."""

    codec: Codec
    state: State
    subjects: defaultdict[str, dict[str, Known]] = field(default_factory=lambda: defaultdict(dict))
    written: dict[Address, tuple[Register, Stand | None, tuple[str, ...]]] = field(default_factory=dict)
    waking: list[tuple[int, At]] = field(default_factory=list)
    heads: dict[str, int] = field(default_factory=dict)
    frames: dict[int, tuple[Event, bytes]] = field(default_factory=dict)

    def heard(self, value: bytes) -> Event:
        """The event in a record of `events`; its bytes are kept, for most become a register as they are."""
        event = wire.decode_event(self.codec, value)
        self.frames[id(event)] = event, value
        return event

    def copied(self, value: bytes) -> Register:
        """The register in a record of `events` that came along a link."""
        told = wire.decode_register(self.codec, value)
        event = wire.decode_event(self.codec, told.event)
        self.frames[id(event)] = event, told.event
        return Register(event, frozenset(told.rivals), told.based)

    def record(self, at: At) -> Known:
        """A record, without any register if nothing of it is known."""
        subject, record = at
        records = self.subjects[subject]
        known = records.get(record)
        if known is None:
            known = records[record] = self._read(at)
        return known

    def _read(self, at: At) -> Known:
        profile: dict[Address, Register] = {}
        counted: tuple[str, ...] = ()
        stand, linked = None, False
        for key, value in self.state.group(keys.pack(*at)).items():
            address = Address(*keys.unpack(key))
            register, event = _decoded(self.codec, address, value)
            self.frames[id(event)] = event, register.event
            profile[address] = Register(event, frozenset(register.rivals), register.based)
            if register.standing is not None:
                wake = None if register.wake == wire.NEVER else register.wake
                stand, counted = Stand(register.standing, wake, register.rule, register.flags), register.counted
            linked = linked or bool(address.way)
        return Known(profile, stand, None, not profile, linked, counted)

    def write(self, at: At, profile: Profile, view: View) -> None:
        """Take over what a fold or the time made of a record."""
        known, stand = self.record(at), view.stand
        first, before = min(profile), min(known.profile, default=None)
        again = stand != known.stand or first != before or view.counted != known.counted
        for address, register in profile.items():
            moved = known.profile.get(address) is not register
            if moved or (address == first and again) or (address == before and first != before):
                self.written[address] = (register, stand, view.counted) if address == first else (register, None, ())
        if stand.wake is not None and stand != known.stand:
            heappush(self.waking, (stand.wake, at))
        known.profile, known.stand, known.view, known.counted = profile, stand, view, view.counted

    @property
    def next_wake(self) -> int:
        """The earliest wake day this chunk has written; NEVER without one."""
        return self.waking[0][0] if self.waking else wire.NEVER

    def next_woken(self) -> At | None:
        """Take that entry: its record, None where the record has another wake day by now."""
        wake, at = heappop(self.waking)
        stand = self.record(at).stand
        return at if stand is not None and stand.wake == wake else None

    def next_pv(self, subject_key: str) -> int:
        """The number of the next step of a profile: dense, from 1."""
        pv = self.heads.get(subject_key)
        if pv is None:
            head = self.state.get(keys.pack(subject_key, HEAD))
            pv = 0 if head is None else wire.decode_head(self.codec, head).pv
        self.heads[subject_key] = pv + 1
        return pv + 1

    def _frame(self, event: Event) -> bytes:
        # By identity: an event that was erased or given a longer reach since is another object.
        _, value = self.frames.get(id(event), (event, None))
        return wire.encode_event(self.codec, event) if value is None else value

    def _value(self, register: Register, stand: Stand | None, counted: tuple[str, ...]) -> bytes:
        rivals, event = tuple(sorted(register.rivals)), self._frame(register.event)
        if stand is None:
            return wire.encode_register(self.codec, wire.Register(wire.NEVER, rivals, event, based=register.based))
        wake = wire.NEVER if stand.wake is None else stand.wake
        told = wake, rivals, event, stand.standing, stand.rule, stand.flags, register.based, counted
        return wire.encode_register(self.codec, wire.Register(*told))

    def registers(self) -> dict[bytes, bytes | None]:
        """Everything written, as it goes into `registers`."""
        written: dict[bytes, bytes | None] = {at.key: self._value(*told) for at, told in self.written.items()}
        for subject_key, pv in self.heads.items():
            # Time changes records, not heads: attributes come from claims, which know no day.
            written[keys.pack(subject_key, HEAD)] = wire.encode_head(self.codec, wire.Head(wire.NEVER, pv))
        return written


def _decoded(codec: Codec, address: Address, value: bytes) -> tuple[wire.Register, Event]:
    try:
        register = wire.decode_register(codec, value)
        return register, wire.decode_event(codec, register.event)
    except (Undecodable, UnknownSchema) as error:
        # Neither skipped nor made anew here: what it knew is in `events`.
        raise DataUnusable(
            f"the register {'/'.join(address)} is damaged ({error.detail}); make the registers again: databus rebuild --unchecked",
            register=list(address),
        ) from error
