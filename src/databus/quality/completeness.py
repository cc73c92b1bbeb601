"""Is everything there? (DQ-COM, domain 5.1)"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check, Entry
from databus.contract.record_types import fields_of_part
from databus.model.event import Op
from databus.quality.content import ENVELOPE, NOTHING, Content, Failure, Question, Reading, reading

Blank = Callable[[Any], bool]

PERSON = "@person:"
_WORDS = "placeholder"
_LONGEST = 16
_NO_YEAR = 1900
_REASONED = (Op.CORRECT, Op.REVOKE)


def blank_of(contract: Contract) -> Blank:
    """Tells whether a value says nothing: absent, empty, or a word of the list `placeholder`."""
    return _blank(frozenset(contract.codes.lists[_WORDS].by_code))


@lru_cache(maxsize=8)
def _blank(words: frozenset[str]) -> Blank:
    # Codes, kinds and units come again and again.
    @lru_cache(maxsize=1 << 14)
    def empty(text: str) -> bool:
        plain = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
        return not plain or plain in words or plain.lower() in words

    def blank(value: Any) -> bool:
        if isinstance(value, str):
            return len(value) <= _LONGEST and empty(value)
        if isinstance(value, list):
            return all(blank(item) for item in value)
        return value is None or (isinstance(value, date) and value.year <= _NO_YEAR and value.isoformat() in words)

    return blank


def mandatory(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-COM-01: what the entry requires of a fact; of its end or a note, what finds the record and says why."""
    blank = blank_of(contract)
    known: dict[tuple[str, str, bool], tuple[tuple[str, Reading], ...]] = {}

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        entry, parts = content.entry, key_fields(content, blank)
        at = "" if entry is None else entry.code, content.op, parts is record_type.key
        fields = known.get(at)
        if fields is None:
            fields = known[at] = tuple((name, reading(name)) for name in _required(content, entry, parts))
        missing = [(name, value) for name, read in fields if (value := read(content)) is None or blank(value)]
        return [Failure(check.rule, name, "" if value is None else value, expected="a value") for name, value in missing]

    return Question(ask)


def _required(content: Content, entry: Entry | None, parts: tuple[str, ...]) -> Iterable[str]:
    required = entry.required if entry is not None else ()
    fields = [*(required if content.carries_content else ()), *_finding_parts(content.record_type, required, parts)]
    if content.op in _REASONED:
        fields.append(ENVELOPE + "reason")
    if content.op == Op.ANNOTATE:
        fields.append(ENVELOPE + "note")
    return dict.fromkeys(fields)


def key_fields(content: Content, blank: Blank) -> tuple[str, ...]:
    """The parts of the record's key: another key stands in where the type has one for records without a field."""
    if content.record_type.key_without is not None:
        absent, parts = content.record_type.key_without
        if blank(content.value(absent)):
            return parts
    return content.record_type.key


def _finding_parts(record_type: RecordType, required: tuple[str, ...], parts: tuple[str, ...]) -> tuple[str, ...]:
    other = record_type.key_without
    if other is not None and parts is record_type.key:
        # Where two keys are at hand, a part of the first that the entry does not require only adds to it.
        return tuple(part for part in parts if part == other[0] or part in required)
    # Of another person a document or a name is enough; the entry says which of them it requires.
    return tuple(field for part in parts if not part.startswith(PERSON) for field in fields_of_part(part))


def some_code(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-COM-02: at least one of the fields that name the subject (`any_of`)."""
    fields, blank = check.params["any_of"], blank_of(contract)
    reads = tuple(map(reading, fields))

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        for read in reads:
            if not blank(read(content)):
                return NOTHING
        return (Failure(check.rule, fields[0], "", expected=" | ".join(fields)),) if content.carries_content else NOTHING

    return Question(ask)
