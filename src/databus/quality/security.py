"""May it be here, and may it be seen? (DQ-SEC, domain 3.4, 5.1)"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

from databus.contract import identifiers
from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check
from databus.contract.fields import values_of
from databus.model.labels import Privacy, Publication, narrows
from databus.quality.content import NOTHING, Content, Failure, Question

_CITIZEN = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}[ -]?(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[0-9Xx](?![0-9A-Za-z])"
)
_MOBILE = re.compile(r"(?<![0-9A-Za-z-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])")
_CARD = re.compile(r"(?<![0-9A-Za-z])[3-6]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![0-9A-Za-z])")
_PATTERNS = {"citizen_id": _CITIZEN, "mobile": _MOBILE, "bank_card": _CARD}
_NUMBER = re.compile(r"\d[\d -]{9}")
"""In any script's digits: what no pattern can match without, so that most texts cost one search."""

_ID_DIGITS = 17
_ID_LENGTHS = range(18, 21)
_SEPARATORS = str.maketrans("", "", " -")


def not_wider(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-SEC-03: a submission may narrow the class of its catalogue entry, never widen it."""

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        told = content.envelope["publication_class"]
        if content.entry is None or told == content.entry.publication or narrows(asked := Publication(told), content.entry.publication):
            return NOTHING
        allowed = content.entry.publication.value
        return (Failure(check.rule, check.field, asked.value, expected=allowed, suggestion=allowed),)

    return Question(ask)


def no_personal_numbers(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-SEC-02: numbers of persons (`patterns`) inside a text that would be published."""
    patterns = check.params["patterns"] if record_type.leaves[check.field].publication is Publication.PUBLIC else ()

    def ask(content: Content, value: str) -> Iterable[Failure]:
        if content.publication is not Publication.PUBLIC or not _NUMBER.search(value):
            return NOTHING
        plain = unicodedata.normalize("NFKC", value)
        found = ((name, first(name, plain)) for name in patterns)
        return [Failure(check.rule, check.field, number, expected=f"no {name}") for name, number in found if number][:1]

    return Question(ask, check.field)


def no_citizen_id(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-SEC-02: a valid citizen id as the value of a public field that asks for something else."""
    # Where a field is made for a person's number, it is labelled so and masked.
    public = frozenset(
        path for path, field in record_type.leaves.items() if field.publication is Publication.PUBLIC and field.privacy is Privacy.NONE
    )
    flat = frozenset(name for name in record_type.fields if name in public)
    holding = {name: field for name, field in record_type.fields.items() if field.parts}

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        if content.publication is not Publication.PUBLIC:
            return NOTHING
        payload = content.payload
        told = [(name, value) for name, value in payload.items() if _as_long(value) and name in flat]
        if holding:
            within = values_of(holding, {name: payload.get(name) for name in holding})
            told += [(path, value) for path, value in within if _as_long(value) and path in public]
        found = [(path, value) for path, value in told if _is_citizen_id(value[:18], content.received)]
        return [Failure(check.rule, path, value, expected="no citizen_id") for path, value in found]

    return Question(ask)


def _as_long(value: Any) -> bool:
    return value.__class__ is str and len(value) in _ID_LENGTHS


def _is_citizen_id(value: str, day: date) -> bool:
    return value[:_ID_DIGITS].isdecimal() and bool(first("citizen_id", value)) and identifiers.check_citizen_id(value, day) is None


def first(pattern: str, text: str) -> str:
    """The first number of that kind (citizen_id, mobile, bank_card) in a text after NFKC; empty if there is none."""
    return next((found.group() for found in _PATTERNS[pattern].finditer(text) if _plausible(pattern, found.group())), "")


def _plausible(pattern: str, found: str) -> bool:
    digits = found.translate(_SEPARATORS).upper()
    if pattern == "citizen_id":
        return identifiers.check_uscc(digits) is not None
    return pattern != "bank_card" or _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0
