"""One record of an inbox as the checks see it: where it lay, who wrote it, when it came, what its headers say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from databus.model import keys
from databus.model.chunk import Headers, Record
from databus.quality.quarantine import Place

INBOX = "in."
SUBMISSION_ID, SECRECY, FIXES, TOLD_TIME, ROW, WAIVER = (
    "databus-submission-id",
    "databus-secrecy",
    "databus-fixes",
    "databus-told-time",
    "databus-row",
    "databus-waiver",
)
EVENT_ID, RULE = "databus-event-id", "databus-rule"
"""Written by the checker on sealed originals: which submission, and which rules it broke."""

TRACE = ("traceparent", "databus-trace")
_PASSED = frozenset({SUBMISSION_ID, ROW, FIXES, *TRACE})
_SHANGHAI_MS, _DAY_MS = 8 * 3_600_000, 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_MS = (date.max.toordinal() - _EPOCH) * _DAY_MS
_MAX_ROW = 2**31 - 1
_MAX_HEADER = 256
_MOST_FIXES = 32
_LONGEST_WAIVER = 16_384


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent. `known_at` is when the broker took it (milliseconds), or the told time where one is believed and not
    later, `appended_at` the former in any case; `day` (Asia/Shanghai) is its day, by which it is judged. `believed` is false
    where a told time came to a checker that does not take one, or could not be read. `named` are the headers by name, in any case."""

    place: Place
    department: str
    event_id: str
    known_at: int
    day: date
    believed: bool
    appended_at: int
    key: bytes | None
    value: bytes
    headers: Headers
    named: Mapping[str, Sequence[bytes]]

    def header(self, name: str) -> str:
        """The first header of that name as text, empty where there is none or it is not text of a sensible length."""
        return next(self.all(name), "")

    def all(self, name: str) -> Iterator[str]:
        """Every header of that name (in any case), as text."""
        return map(_text, self.named.get(name, ()))

    @property
    def row(self) -> int:
        """Line of the publisher's file, 0 if none was told."""
        told = self.header(ROW)
        return int(told) if told.isascii() and told.isdigit() and int(told) <= _MAX_ROW else 0

    @property
    def fixes(self) -> tuple[str, ...]:
        """Ids of the findings this submission says it fixes, each once; at most 32."""
        if FIXES not in self.named:
            return ()
        told = map(uuid_or_nothing, self.all(FIXES))
        return tuple(dict.fromkeys(name for name in told if name))[:_MOST_FIXES]

    @property
    def waiver(self) -> bytes | None:
        """The waiver it came with, unread; None without one. One too long to be a waiver is an empty one."""
        told = next(iter(self.named.get(WAIVER, ())), None)
        return told if told is None or len(told) <= _LONGEST_WAIVER else b""

    @property
    def passed_on(self) -> Headers:
        """The headers that follow a fact through the line."""
        return tuple([header for header in self.headers if header[0] in _PASSED and len(header[1]) <= _MAX_HEADER])


def submission_of(record: Record, *, told_time: bool) -> Submission:
    """The submission in a record of `in.<department>`."""
    topic = record.topic
    place = Place(topic, record.partition, record.offset)
    named: dict[str, list[bytes]] = {}
    for name, value in record.headers:
        named.setdefault(name.lower(), []).append(value)
    told = named.get(TOLD_TIME, ())
    time = _milliseconds(told[0]) if told and told_time else None
    # Nobody tells of what has not been: a later time would set the profiles' clock ahead for good.
    at = record.timestamp if time is None else min(time, record.timestamp)
    return Submission(
        place=place,
        department=topic.removeprefix(INBOX),
        event_id=keys.event_id(topic, record.partition, record.offset),
        known_at=at,
        day=date.fromordinal(_EPOCH + (at + _SHANGHAI_MS) // _DAY_MS),
        believed=not told or time is not None,
        appended_at=record.timestamp,
        key=record.key,
        value=record.value or b"",
        headers=record.headers,
        named=named,
    )


def uuid_or_nothing(text: str) -> str:
    """The text if it is a UUID: an id that cannot carry anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _text(value: bytes) -> str:
    if value is None or len(value) > _MAX_HEADER:
        return ""
    return value.decode("utf-8", "replace")


def _milliseconds(told: bytes) -> int | None:
    text = _text(told)
    return int(text) if text.isascii() and text.isdigit() and int(text) < _LAST_MS else None
