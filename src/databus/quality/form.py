"""Does it keep to the bounds of its contract? (DQ-FMT-04, and the envelope's own words)"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.contract.fields import values_of
from databus.quality.content import ENVELOPE, Content, Failure

LONGEST = 20_000
"""Characters of a text without a bound of its own; elements of a list."""

_ENVELOPE_LONGEST = {"submission_id": 64, "catalog_code": 64, "source_system": 64, "note": 64, "admin_division": 16, "severity": 16}
_ENVELOPE_TEXT = 2_000
_SUBJECT_LONGEST = {"name": 200}
_SUBJECT_TEXT = 64
# Control characters but tab and line ends: a text store cannot hold NUL, and no document has the others.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
UNKNOWN = "UNKNOWN"


def bounded(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-FMT-04: no text longer than its field, no control character in any, an id and a system."""
    record_type = content.record_type
    for name, value in content.payload.items():
        if isinstance(value, list | dict) and len(value) > LONGEST:
            yield Failure(check.rule, name, f"{len(value)} values", expected=f"≤ {LONGEST} values")
            return
    for path, value in values_of(record_type.fields, content.payload):
        if isinstance(value, str | list | dict):
            # A registry ahead of this checkout may know a field that the contract at hand does not.
            field = record_type.leaves.get(path)
            yield from _texts(check.rule, path, value, (field.max_length if field else None) or LONGEST)
    for name, value in content.envelope.items():
        if isinstance(value, str):
            yield from _texts(check.rule, ENVELOPE + name, value, _ENVELOPE_LONGEST.get(name, _ENVELOPE_TEXT))
    for name, value in content.envelope["subject"].items():
        if isinstance(value, str):
            yield from _texts(check.rule, f"{ENVELOPE}subject.{name}", value, _SUBJECT_LONGEST.get(name, _SUBJECT_TEXT))
    for name in ("submission_id", "source_system"):
        if not content.envelope[name]:
            yield Failure(check.rule, ENVELOPE + name, "", expected="a value")


def _texts(rule: str, field: str, value: str | list[str] | dict[str, Any], limit: int) -> Iterable[Failure]:
    if isinstance(value, list | dict):
        return next((found for text in value if (found := _texts(rule, field, text, limit))), ())
    if len(value) > limit:
        return (Failure(rule, field, value, expected=f"≤ {limit} characters"),)
    if value.isprintable() or not _CONTROL.search(value):
        return ()
    return (Failure(rule, field, _CONTROL.sub("\ufffd", value), expected="no control characters"),)


def known_words(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-06: operation and kind of subject are ones this platform knows."""
    if content.op == UNKNOWN:
        yield Failure(check.rule, ENVELOPE + "op", content.op, expected="an operation")
    if content.envelope["subject"]["kind"] == UNKNOWN:
        yield Failure(check.rule, f"{ENVELOPE}subject.kind", UNKNOWN, expected="a kind of subject")
