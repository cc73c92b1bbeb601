"""May it be here, and may it be seen? (DQ-SEC, domain 3.4, 5.1)"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from databus.contract import identifiers
from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.contract.fields import values_of
from databus.model.labels import Privacy, Publication, narrows
from databus.quality.content import Content, Failure

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


def not_wider(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-SEC-03: a submission may narrow the class of its catalogue entry, never widen it."""
    if content.entry is None:
        return
    asked = Publication(content.envelope["publication_class"])
    if not narrows(asked, content.entry.publication):
        yield Failure(
            check.rule, check.field, asked.value, expected=content.entry.publication.value, suggestion=content.entry.publication.value
        )


def no_personal_numbers(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-SEC-02: numbers of persons (`patterns`) inside a text that would be published."""
    if content.publication != Publication.PUBLIC or content.record_type.leaves[check.field].publication != Publication.PUBLIC:
        return
    text = content.text(check.field)
    if not _NUMBER.search(text):
        return
    plain = unicodedata.normalize("NFKC", text)
    for name in check.params["patterns"]:
        found = first(name, plain)
        if found:
            yield Failure(check.rule, check.field, found, expected=f"no {name}")
            return


def no_citizen_id(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-SEC-02: a valid citizen id as the value of a public field that asks for something else."""
    if content.publication != Publication.PUBLIC:
        return
    for name, value in values_of(content.record_type.fields, content.payload):
        if isinstance(value, str) and len(value) in _ID_LENGTHS and value[:_ID_DIGITS].isdecimal():
            field = content.record_type.leaves.get(name)
            # Where a field is made for a person's number, it is labelled so and masked.
            public = field is not None and field.publication == Publication.PUBLIC and field.privacy == Privacy.NONE
            if public and first("citizen_id", value[:18]) and identifiers.check_citizen_id(value[:18], content.received) is None:
                yield Failure(check.rule, name, value, expected="no citizen_id")


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
