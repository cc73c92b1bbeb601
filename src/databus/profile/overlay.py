"""The state of a partition as the chunk at hand sees it: committed registers under those it has written itself.

Only records the chunk touches are read, each once, by the prefix of its subject and record.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.chunk import State
from databus.model.event import Event
from databus.profile.registers import Address, Profile, Register
from databus.profile.view import View

HEAD = "head"


@dataclass(slots=True)
class Known:
    """One record: its registers, and the view last made of it."""

    profile: Profile
    view: View | None = None


@dataclass(slots=True)
class Overlay:
    """What a chunk reads and writes. `written` maps addresses to registers and the wake day they are led by.

    A wake day is written with the registers an event moved, not with the record's others: the register written last has
    the record's own, so none is missed, and a stale one elsewhere wakes for nothing.
    """

    codec: Codec
    state: State
    records: dict[tuple[str, str], Known] = field(default_factory=dict)
    written: dict[Address, tuple[Register, int]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    frames: dict[int, tuple[Event, bytes]] = field(default_factory=dict)

    def heard(self, value: bytes) -> Event:
        """The event in a record of `events`; its bytes are kept, for most become a register as they are."""
        event = wire.decode_event(self.codec, value)
        self.frames[id(event)] = event, value
        return event

    def record(self, event: Event) -> Known:
        """The record an event is about, without any register if nothing of it is known."""
        at = event.subject_key, event.record_key
        known = self.records.get(at)
        if known is None:
            known = self.records[at] = Known(self._read(at))
        return known

    def _read(self, at: tuple[str, str]) -> Profile:
        profile: dict[Address, Register] = {}
        for key, value in self.state.group(keys.pack(*at)).items():
            register = wire.decode_register(self.codec, value)
            address = Address(*keys.unpack(key))
            profile[address] = Register(wire.decode_event(self.codec, register.event), frozenset(register.rivals))
        return profile

    def write(self, known: Known, profile: Profile, view: View) -> None:
        """Take over what a fold made of a record."""
        wake = wire.NEVER if view.stand.wake is None else view.stand.wake
        for at, register in profile.items():
            if known.profile.get(at) is not register:
                self.written[at] = register, wake
        known.profile, known.view = profile, view

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

    def registers(self) -> dict[bytes, bytes | None]:
        """Everything written, as it goes into `registers`."""
        written: dict[bytes, bytes | None] = {}
        for at, (register, wake) in self.written.items():
            written[at.key] = wire.encode_register(
                self.codec, wire.Register(wake, tuple(sorted(register.rivals)), self._frame(register.event))
            )
        for subject_key, pv in self.heads.items():
            # Time changes records, not heads, until attributes have a life of their own.
            written[keys.pack(subject_key, HEAD)] = wire.encode_head(self.codec, wire.Head(wire.NEVER, pv))
        return written
