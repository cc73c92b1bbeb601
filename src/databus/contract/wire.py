"""The system's own records between the log and the model: one pair of functions per noun."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from databus.contract.codec import HEAD, MAGIC, Codec
from databus.model.change import Change
from databus.model.clock import Clock, Release, Tick
from databus.model.disclosure import DecisionRecord, Permit
from databus.model.event import Event
from databus.model.finding import Answer, Finding
from databus.model.labels import Standing, parse_class
from databus.model.nouns import dataclass

NEVER = 2147483647
"""Wake day of what time alone does not change."""
_CLASS, _PARSED = (("label_class", "label_class.canonical"),), (("label_class", parse_class),)


@dataclass(frozen=True, slots=True)
class Register:
    """Merge state of one facet from one source: the winning event, framed, and rival content hashes at its seq.

    The first of a record's registers also keeps how it was told to stand: `wake` (else NEVER), `standing`, `rule`, `flags`, `counted`.
    """

    wake: int
    rivals: tuple[bytes, ...]
    event: bytes
    standing: Standing | None = None
    rule: str = ""
    flags: tuple[str, ...] = ()
    based: bool = True
    counted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What a profile remembers of itself: `pv`, the number of steps so far."""

    wake: int
    pv: int


def encode_event(codec: Codec, event: Event) -> bytes:
    """An event, framed."""
    return codec.encode_noun("databus.Event", event)


def decode_event(codec: Codec, data: bytes) -> Event:
    """The event in these bytes.

    Raises:
        Undecodable: the bytes are no event.
    """
    return codec.decode_noun("databus.Event", Event, data)


def encode_register(codec: Codec, register: Register) -> bytes:
    """A register, framed."""
    return codec.encode_noun("databus.Register", register)


def decode_register(codec: Codec, data: bytes) -> Register:
    """The register in these bytes."""
    return codec.decode_noun("databus.Register", Register, data)


def wake_of(value: bytes) -> int:
    """The wake day that leads a value of `registers`, without decoding it; NEVER where the bytes are no such value."""
    if value[:1] != MAGIC:
        return NEVER
    number = shift = 0
    for byte in value[HEAD : HEAD + 5]:
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return number >> 1 ^ -(number & 1)
        shift += 7
    return NEVER


def encode_head(codec: Codec, head: Head) -> bytes:
    """A head, framed."""
    return codec.encode("databus.Head", {"wake": head.wake, "pv": head.pv})


def decode_head(codec: Codec, data: bytes) -> Head:
    """The head in these bytes."""
    return codec.decode_noun("databus.Head", Head, data)


def encode_clock(codec: Codec, clock: Clock) -> bytes:
    """A clock, framed; like every register it is led by a wake day."""
    return codec.encode("databus.Clock", {"wake": NEVER, **asdict(clock)})


def decode_clock(codec: Codec, data: bytes) -> Clock:
    """The clock in these bytes."""
    return codec.decode_noun("databus.Clock", Clock, data)


def encode_time(codec: Codec, told: Tick | Release) -> bytes:
    """A tick or a release, framed."""
    return codec.encode_noun(f"databus.{type(told).__name__}", told)


def decode_time(codec: Codec, data: bytes) -> Tick | Release | None:
    """The tick or release in these bytes, None if they are something else.

    Raises:
        Undecodable, UnknownSchema: they are nothing of ours.
    """
    match codec.name(data):
        case "databus.Tick":
            return codec.decode_noun("databus.Tick", Tick, data)
        case "databus.Release":
            return codec.decode_noun("databus.Release", Release, data)
        case _:
            return None


def encode_change(codec: Codec, change: Change) -> bytes:
    """A change, framed."""
    return codec.encode_noun("databus.Change", change, _CLASS)


def decode_change(codec: Codec, data: bytes) -> Change:
    """The change in these bytes."""
    return codec.decode_noun("databus.Change", Change, data, _PARSED)


def encode_finding(codec: Codec, finding: Finding) -> bytes:
    """A finding, framed."""
    return codec.encode_noun("databus.Finding", finding)


def decode_finding(codec: Codec, data: bytes) -> Finding:
    """The finding in these bytes."""
    return codec.decode_noun("databus.Finding", Finding, data)


def encode_answer(codec: Codec, answer: Answer) -> bytes:
    """An answer to a finding, framed."""
    return codec.encode_noun("databus.Answer", answer)


def decode_told(codec: Codec, data: bytes) -> Finding | Answer:
    """What a record of `findings` tells: a finding, or what became of one."""
    if codec.name(data) != "databus.Answer":
        return decode_finding(codec, data)
    return codec.decode_noun("databus.Answer", Answer, data)


def issued(codec: Codec, values: Iterable[bytes | None]) -> list[Finding]:
    """The findings among values of `findings`; answers are left out."""
    told = (decode_told(codec, value) for value in values if value is not None)
    return [one for one in told if isinstance(one, Finding)]


def encode_permit(codec: Codec, permit: Permit) -> bytes:
    """A permit, framed."""
    return codec.encode_noun("databus.Permit", permit)


def decode_permit(codec: Codec, data: bytes) -> Permit:
    """The permit in these bytes."""
    return codec.decode_noun("databus.Permit", Permit, data)


def encode_decision(codec: Codec, decision: DecisionRecord) -> bytes:
    """A decision record, framed."""
    return codec.encode_noun("databus.Decision", decision)


def decode_decision(codec: Codec, data: bytes) -> DecisionRecord:
    """The decision record in these bytes."""
    return codec.decode_noun("databus.Decision", DecisionRecord, data)
