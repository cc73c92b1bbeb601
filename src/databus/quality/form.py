"""Does it keep to the bounds of its contract? (DQ-FMT-04, and the envelope's own words)"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sized
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check
from databus.contract.fields import STEP
from databus.quality.content import ENVELOPE, NOTHING, Content, Failure, Question

LONGEST = 20_000
"""Characters of a text without a bound of its own; elements of a list."""
HIGHEST = 1 << 62
"""Highest `source_seq`: far above every number made of a second (design 5), and there is room for what follows it in 64 bits."""

_ENVELOPE_LONGEST = {"submission_id": 64, "catalog_code": 64, "source_system": 64, "note": 64, "admin_division": 16, "severity": 16}
_ENVELOPE_TEXT = 2_000
_SUBJECT_LONGEST = {"name": 200}
_SUBJECT_TEXT = 64
_HOLDING_TEXTS = frozenset({str, list, dict})
_GIVEN = ("submission_id", "source_system")
# Control characters but tab and line ends: a text store cannot hold NUL, and no document has the others.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
UNKNOWN = "UNKNOWN"


def bounded(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-FMT-04: no text longer than its field, no control character in any, an id and a system, a number that others can follow."""
    rule, fields = check.rule, {path: field.max_length for path, field in record_type.leaves.items() if field.max_length}
    holding = {name: _within(name, fields) for name, field in record_type.fields.items() if field.parts}

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        # A registry ahead of this checkout may know a field that the contract at hand does not.
        found = _over(rule, "", content.payload, fields, LONGEST)
        for name, within in holding.items():
            found += _records(rule, name, content.payload.get(name), within)
        found += _over(rule, ENVELOPE, content.envelope, _ENVELOPE_LONGEST, _ENVELOPE_TEXT)
        found += _over(rule, f"{ENVELOPE}subject.", content.envelope["subject"], _SUBJECT_LONGEST, _SUBJECT_TEXT)
        found += [Failure(rule, ENVELOPE + name, "", expected="a value") for name in _GIVEN if not content.envelope[name]]
        if not 0 <= (seq := content.envelope["source_seq"]) <= HIGHEST:
            found.append(Failure(rule, ENVELOPE + "source_seq", seq, expected=f"0 to {HIGHEST}"))
        return found

    return Question(ask)


def _over(rule: str, prefix: str, values: Mapping[str, Any], longest: Mapping[str, int], otherwise: int) -> list[Failure]:
    found: list[Failure] = []
    for name, value in values.items():
        # Most are absent, most of the rest as they should be.
        if value is None or (value.__class__ is str and len(value) <= longest.get(name, otherwise) and value.isprintable()):
            continue
        if value.__class__ in _HOLDING_TEXTS:
            found += _texts(rule, prefix + name, value, longest.get(name, otherwise))
    return found


def _within(name: str, longest: Mapping[str, int]) -> Mapping[str, int]:
    """The bounds of the parts of the records in a field."""
    return {path.removeprefix(f"{name}{STEP}"): limit for path, limit in longest.items() if path.startswith(f"{name}{STEP}")}


def _records(rule: str, name: str, held: Any, longest: Mapping[str, int]) -> Iterable[Failure]:
    records = held if isinstance(held, list) else [] if held is None else [held]
    if len(records) > LONGEST:
        return (_too_many(rule, name, records),)
    return [failure for record in records for failure in _over(rule, f"{name}{STEP}", record, longest, LONGEST)]


def _too_many(rule: str, field: str, value: Sized) -> Failure:
    return Failure(rule, field, f"{len(value)} values", expected=f"≤ {LONGEST} values")


def _texts(rule: str, field: str, value: str | list[str] | dict[str, Any], limit: int) -> Iterable[Failure]:
    """What is wrong with a text, with one of a list, or with a name in a map; records are looked at part by part."""
    if isinstance(value, list | dict):
        if len(value) > LONGEST:
            return (_too_many(rule, field, value),)
        for text in value:
            if text.__class__ is str and len(text) <= limit and text.isprintable():
                continue
            if found := _texts(rule, field, text, limit):
                return found
        return ()
    if len(value) > limit:
        return (Failure(rule, field, value, expected=f"≤ {limit} characters"),)
    if value.isprintable() or not _CONTROL.search(value):
        return ()
    return (Failure(rule, field, _CONTROL.sub("\ufffd", value), expected="no control characters"),)


def known_words(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-06: operation and kind of subject are ones this platform knows."""

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        if UNKNOWN not in (content.envelope["op"], content.envelope["subject"]["kind"]):
            return NOTHING
        told = (
            (ENVELOPE + "op", content.op, "an operation"),
            (f"{ENVELOPE}subject.kind", content.envelope["subject"]["kind"], "a kind of subject"),
        )
        return [Failure(check.rule, field, UNKNOWN, expected=expected) for field, value, expected in told if value == UNKNOWN]

    return Question(ask)
