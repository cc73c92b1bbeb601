"""Is everything there? (DQ-COM, domain 5.1)"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.contract.record_types import fields_of_part
from databus.model.event import Op
from databus.quality.content import ENVELOPE, Content, Failure

PERSON = "@person:"
_WORDS = "placeholder"
_LONGEST = 16
_NO_YEAR = 1900
_REASONED = (Op.CORRECT, Op.REVOKE)


def blank(value: Any, contract: Contract) -> bool:
    """True if a value says nothing: absent, empty, or a word of the list `placeholder`."""
    words = contract.codes.lists[_WORDS].by_code
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return False
        plain = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
        return not plain or plain in words or plain.lower() in words
    if isinstance(value, list):
        return all(blank(item, contract) for item in value)
    return value is None or (isinstance(value, date) and value.year <= _NO_YEAR and value.isoformat() in words)


def mandatory(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-COM-01: what the entry requires of a fact; of its end or a note, what finds the record and says why."""
    for field in _required(content, contract):
        value = content.value(field)
        if blank(value, contract):
            yield Failure(check.rule, field, "" if value is None else value, expected="a value")


def _required(content: Content, contract: Contract) -> Iterable[str]:
    required = content.entry.required if content.entry is not None else ()
    fields = [*(required if content.carries_content else ()), *_finding_parts(content, required, contract)]
    if content.op in _REASONED:
        fields.append(ENVELOPE + "reason")
    if content.op == Op.ANNOTATE:
        fields.append(ENVELOPE + "note")
    return dict.fromkeys(fields)


def key_fields(content: Content, contract: Contract) -> tuple[str, ...]:
    """The parts of the record's key: another key stands in where the type has one for records without a field."""
    if content.record_type.key_without is not None:
        absent, parts = content.record_type.key_without
        if blank(content.value(absent), contract):
            return parts
    return content.record_type.key


def _finding_parts(content: Content, required: tuple[str, ...], contract: Contract) -> tuple[str, ...]:
    parts, other = key_fields(content, contract), content.record_type.key_without
    if other is not None and parts is content.record_type.key:
        # Where two keys are at hand, a part of the first that the entry does not require only adds to it.
        return tuple(part for part in parts if part == other[0] or part in required)
    # Of another person a document or a name is enough; the entry says which of them it requires.
    return tuple(field for part in parts if not part.startswith(PERSON) for field in fields_of_part(part))


def some_code(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-COM-02: at least one of the fields that name the subject (`any_of`)."""
    fields = check.params["any_of"]
    if content.carries_content and all(blank(content.value(field), contract) for field in fields):
        yield Failure(check.rule, fields[0], "", expected=" | ".join(fields))
