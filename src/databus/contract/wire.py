"""The system's own records between the log and the model: one pair of functions per noun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

from databus.contract.codec import HEAD, MAGIC, Codec
from databus.errors import Undecodable
from databus.model.change import Assertion, AttributeState, Change, Kind, Status
from databus.model.clock import Clock, Release, Tick
from databus.model.disclosure import DecisionRecord, Permit
from databus.model.event import Event, Labels, Op
from databus.model.finding import Answer, Finding, FindingStatus, Verdict
from databus.model.labels import Commercial, Privacy, Publication, Standing, SubjectKind, parse_class
from databus.model.nouns import dataclass

NEVER = 2147483647
"""Wake day of what time alone does not change."""
_CLASS = (("label_class", "label_class.canonical"),)
# An enumeration looks its members up in Python, and every step names two or three.
_kind, _standing = lru_cache(Kind), lru_cache(Standing)


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


def _decode(codec: Codec, data: bytes, full_name: str) -> dict[str, Any]:
    name, value = codec.decode(data)
    if name != full_name:
        raise Undecodable(f"expected a {full_name}, found a {name}", expected=full_name, found=name)
    return value


def encode_event(codec: Codec, event: Event) -> bytes:
    """An event, framed."""
    return codec.encode_noun("databus.Event", event)


def decode_event(codec: Codec, data: bytes) -> Event:
    """The event in these bytes.

    Raises:
        Undecodable: the bytes are no event.
    """
    value = _decode(codec, data, "databus.Event")
    labels = value["labels"]
    value["labels"] = _labels(
        labels["publication"], labels["commercial"], labels["privacy"], tuple(labels["narrowed"]), tuple(labels["flags"])
    )
    value["via"], value["link"] = tuple(value["via"]), tuple(value["link"])
    value["op"], value["subject_kind"] = Op(value["op"]), SubjectKind(value["subject_kind"])
    return Event(**value)


@lru_cache(maxsize=4096)
def _labels(publication: str, commercial: str, privacy: str, narrowed: tuple[str, ...], flags: tuple[str, ...]) -> Labels:
    return Labels(Publication(publication), Commercial(commercial), Privacy(privacy), narrowed, flags)


def encode_register(codec: Codec, register: Register) -> bytes:
    """A register, framed."""
    return codec.encode_noun("databus.Register", register)


def decode_register(codec: Codec, data: bytes) -> Register:
    """The register in these bytes."""
    value = _decode(codec, data, "databus.Register")
    standing = None if value["standing"] is None else Standing(value["standing"])
    told = standing, value["rule"], tuple(value["flags"]), value["based"], tuple(value["counted"])
    return Register(value["wake"], tuple(value["rivals"]), value["event"], *told)


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
    value = _decode(codec, data, "databus.Head")
    return Head(value["wake"], value["pv"])


def encode_clock(codec: Codec, clock: Clock) -> bytes:
    """A clock, framed; like every register it is led by a wake day."""
    return codec.encode("databus.Clock", {"wake": NEVER, **asdict(clock)})


def decode_clock(codec: Codec, data: bytes) -> Clock:
    """The clock in these bytes."""
    value = _decode(codec, data, "databus.Clock")
    del value["wake"]
    value["touched"] = tuple(value["touched"])
    return Clock(**value)


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
            return Tick(**_decode(codec, data, "databus.Tick"))
        case "databus.Release":
            return Release(**_decode(codec, data, "databus.Release"))
        case _:
            return None


def encode_change(codec: Codec, change: Change) -> bytes:
    """A change, framed."""
    return codec.encode_noun("databus.Change", change, _CLASS)


def _attributed(value: Mapping[str, Any]) -> AttributeState:
    chosen = None if value["chosen"] is None else Assertion(**value["chosen"])
    return AttributeState(value["name"], Status(value["status"]), chosen, tuple(Assertion(**one) for one in value["others"]))


def decode_change(codec: Codec, data: bytes) -> Change:
    """The change in these bytes."""
    value = _decode(codec, data, "databus.Change")
    value["kind"], value["standing"] = _kind(value["kind"]), _standing(value["standing"])
    value["was"] = None if value["was"] is None else _standing(value["was"])
    value["label_class"] = parse_class(value["label_class"])
    value["fields"], value["causes"], value["via"] = tuple(value["fields"]), tuple(value["causes"]), tuple(value["via"])
    value["attributes"] = tuple(map(_attributed, value["attributes"]))
    return Change(**value)


def encode_finding(codec: Codec, finding: Finding) -> bytes:
    """A finding, framed."""
    return codec.encode_noun("databus.Finding", finding)


def decode_finding(codec: Codec, data: bytes) -> Finding:
    """The finding in these bytes."""
    value = _decode(codec, data, "databus.Finding")
    value["verdict"] = Verdict(value["verdict"])
    return Finding(**value)


def encode_answer(codec: Codec, answer: Answer) -> bytes:
    """An answer to a finding, framed."""
    return codec.encode_noun("databus.Answer", answer)


def decode_told(codec: Codec, data: bytes) -> Finding | Answer:
    """What a record of `findings` tells: a finding, or what became of one."""
    if codec.name(data) != "databus.Answer":
        return decode_finding(codec, data)
    value = _decode(codec, data, "databus.Answer")
    return Answer(**{**value, "status": FindingStatus(value["status"])})


def issued(codec: Codec, values: Iterable[bytes | None]) -> list[Finding]:
    """The findings among values of `findings`; answers are left out."""
    told = (decode_told(codec, value) for value in values if value is not None)
    return [one for one in told if isinstance(one, Finding)]


def _tuples(value: Mapping[str, Any], noun: type) -> dict[str, Any]:
    return {field.name: tuple(value[field.name]) if isinstance(value[field.name], list) else value[field.name] for field in fields(noun)}


def encode_permit(codec: Codec, permit: Permit) -> bytes:
    """A permit, framed."""
    return codec.encode_noun("databus.Permit", permit)


def decode_permit(codec: Codec, data: bytes) -> Permit:
    """The permit in these bytes."""
    return Permit(**_tuples(_decode(codec, data, "databus.Permit"), Permit))


def encode_decision(codec: Codec, decision: DecisionRecord) -> bytes:
    """A decision record, framed."""
    return codec.encode_noun("databus.Decision", decision)


def decode_decision(codec: Codec, data: bytes) -> DecisionRecord:
    """The decision record in these bytes."""
    value = _tuples(_decode(codec, data, "databus.Decision"), DecisionRecord)
    value["disclosed"] = {name: tuple(listed) for name, listed in value["disclosed"].items()}
    return DecisionRecord(**value)
