"""What one record claims of its subject, in hashes: all that a subject's sheet keeps of it (domain 4.1, 4.2).

A claim comes from the elected content alone, never from the sheet or the day, so that the sheet is the same whatever
order the records came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from databus.contract.attributes import OTHER, Attribute, comparable, plain
from databus.model.event import Event
from databus.model.labels import SubjectKind
from databus.model.nouns import dataclass
from databus.profile.charter import IDENTITY, Charter
from databus.profile.election import Elected
from databus.profile.registers import REVOKE, source
from databus.profile.standing import Submission

LICENCE, TAKES = "L", "P"

_PIECES = re.compile(r"[\s（）()【】\[\]、，,；;：:]+")
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """What one record asserts. `values` are (attribute, hash, level); `day` is that of its decision, `end` that of the subject's.

    `numbers` are (hash, role, until): licences by their numbers, and penalties by the licences they take.
    """

    record_type: str
    source: str
    seq: int
    recorded_at: int
    values: tuple[tuple[str, str, int], ...]
    day: int | None
    end: int | None
    numbers: tuple[tuple[str, str, int], ...]

    @property
    def authoritative(self) -> bool:
        """True if it speaks for an authority in anything."""
        return any(level != OTHER for _, _, level in self.values)


def claim_of(elected: Elected, submission: Submission | None, charter: Charter) -> Claim | None:
    """The claim of a record; None without content, and while that is revoked, disputed with itself, or about a person."""
    event = elected.content
    if event is None or submission is None or elected.torn or elected.deleted or event.subject_kind is SubjectKind.PERSON:
        return None
    if any(end.facet == REVOKE for end in elected.ends):
        return None
    payload = submission["payload"]
    decided = charter.decided.get(event.record_type)
    ended = charter.ended
    return Claim(
        record_type=event.record_type,
        source=source(event),
        seq=event.seq,
        recorded_at=submission["envelope"].get("recorded_at") or 0,
        values=values_of(event, payload, charter),
        day=_day(payload.get(decided)) if decided else None,
        end=_day(payload.get(ended.field)) if event.record_type == ended.record_type and ended.when(submission) else None,
        numbers=_numbers(event, submission, charter),
    )


def values_of(event: Event, payload: Mapping[str, Any], charter: Charter) -> tuple[tuple[str, str, int], ...]:
    """What a content asserts, as (attribute, hash, level)."""
    found, spoken = [], (event.record_type, event.department) in charter.authorities
    for name, field in charter.asserted.get(event.record_type, ()):
        value = payload.get(field)
        if value is not None and value != "":
            text = value if type(value) is str else plain(value)
            found.append((name, comparable(text), level_of(event, charter.attributes[name]) if spoken else OTHER))
    return tuple(found)


def level_of(event: Event, attribute: Attribute) -> int:
    """How near a source is to the authority of an attribute of this subject."""
    return attribute.level(event.codes, record_type=event.record_type, department=event.department, catalog_code=event.catalog_code)


def identity_of(claim: Claim, charter: Charter) -> Iterator[tuple[str, str]]:
    """What a claim says of who the subject is: attribute and hash."""
    return ((name, value) for name, value, _ in claim.values if charter.attributes[name].conflict == IDENTITY)


def _day(value: Any) -> int | None:
    return value.toordinal() if isinstance(value, date) else None


def _numbers(event: Event, submission: Submission, charter: Charter) -> tuple[tuple[str, str, int], ...]:
    payload, licences, takes = submission["payload"], charter.licences, charter.takes
    found = set[tuple[str, str, int]]()
    if event.record_type == licences.record_type and licences.when(submission):
        until = _day(payload.get(licences.until)) or date.max.toordinal()
        found |= {(comparable(plain(payload[name])), LICENCE, until) for name in licences.numbers if payload.get(name)}
    if event.record_type == takes.record_type and takes.when(submission):
        pieces = _PIECES.split(plain(payload.get(takes.field)))
        found |= {(comparable(piece), TAKES, 0) for piece in pieces if len(piece) >= _SHORTEST}
    return tuple(sorted(found)) if found else ()
