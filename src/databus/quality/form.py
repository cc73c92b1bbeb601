"""Does it keep to the bounds of its contract? (DQ-FMT-04, and the envelope's own words)"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
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
    """DQ-FMT-04: no text longer than its field, no control character in any, a submission id."""
    for name, value in content.payload.items():
        if isinstance(value, str | list):
            field = content.record_type.fields.get(name)
            limit = field.max_length if field is not None and field.max_length else LONGEST
            yield from _texts(check.rule, name, value, limit)
    yield from _mapping(check.rule, ENVELOPE, content.envelope, _ENVELOPE_LONGEST, _ENVELOPE_TEXT)
    yield from _mapping(check.rule, f"{ENVELOPE}subject.", content.envelope["subject"], _SUBJECT_LONGEST, _SUBJECT_TEXT)
    for name in ("submission_id", "source_system"):
        if not content.envelope[name]:
            yield Failure(check.rule, ENVELOPE + name, "", expected="a value")


def _mapping(rule: str, path: str, value: Mapping[str, Any], limits: Mapping[str, int], other: int) -> Iterator[Failure]:
    for name, text in value.items():
        if isinstance(text, str):
            yield from _texts(rule, path + name, text, limits.get(name, other))


def _texts(rule: str, field: str, value: str | list[str], limit: int) -> Iterator[Failure]:
    if isinstance(value, list) and len(value) > LONGEST:
        yield Failure(rule, field, f"{len(value)} values", expected=f"≤ {LONGEST} values")
        return
    for text in (value,) if isinstance(value, str) else value:
        if len(text) > limit:
            yield Failure(rule, field, text, expected=f"≤ {limit} characters")
            return
        if not text.isprintable() and _CONTROL.search(text):
            yield Failure(rule, field, _CONTROL.sub("\ufffd", text), expected="no control characters")
            return


def known_words(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-06: operation and kind of subject are ones this platform knows."""
    if content.op == UNKNOWN:
        yield Failure(check.rule, ENVELOPE + "op", content.op, expected="an operation")
    if content.envelope["subject"]["kind"] == UNKNOWN:
        yield Failure(check.rule, f"{ENVELOPE}subject.kind", UNKNOWN, expected="a kind of subject")
