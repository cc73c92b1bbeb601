"""What a finding may repeat of a value: enough to find the mistake, nothing of a person (domain 3.6, 5.3)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from databus.contract.fields import Field
from databus.model.finding import OBSERVED
from databus.model.labels import Privacy
from databus.quality.content import ENVELOPE, Content

# Wider than the patterns of DQ-SEC-02: a wrong citizen id is one all the same.
_NUMBERS = re.compile(
    r"[1-9]\d{5}[ -]?(?:19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])[ -]?\d{3}[0-9Xx]|(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"
)
_LONG_NUMBER = re.compile(r"[0-9]{6,}")
_EDGES = 7
_ADDRESS_SHOWN = 6
_NAME, _ID_NUMBER = f"{ENVELOPE}subject.name", f"{ENVELOPE}subject.id_number"
_PERSON_FIELDS = frozenset({_NAME, _ID_NUMBER, f"{ENVELOPE}subject.tax_no"})


def observed(value: object, field: str, content: Content | None) -> str:
    """A value as a finding shows it: cut to `OBSERVED` characters, and covered where it may be personal."""
    text = _text(value)
    if content is None or not text:
        return without_persons(text[:OBSERVED])
    contract_field = _contract_field(field, content)
    if field in _PERSON_FIELDS and (content.person or field == _ID_NUMBER):
        return _by_mask(text[:OBSERVED], "name" if field == _NAME else None)
    if contract_field is not None and _personal(contract_field, content.person):
        return _by_mask(text[:OBSERVED], contract_field.mask)
    return without_persons(text)[:OBSERVED]


def is_personal_field(field: Field, *, person: bool) -> bool:
    """True for a field whose values may be personal, in a record about a natural person or any."""
    return _personal(field, person)


def shown_value(text: str, field: Field, *, person: bool) -> str:
    """A value of a payload as pages show it: covered where it may be personal."""
    return _by_mask(text[:OBSERVED], field.mask) if _personal(field, person) else without_persons(text)


def is_personal(value: object, field: str, content: Content | None) -> bool:
    """True if neither this value nor anything made of it may be repeated: a field of a person, or a person's number anywhere."""
    if _NUMBERS.search(_text(value)[:OBSERVED]):
        return True
    contract_field = _contract_field(field, content) if content is not None else None
    return field in _PERSON_FIELDS or (content is not None and contract_field is not None and _personal(contract_field, content.person))


def _contract_field(field: str, content: Content) -> Field | None:
    return content.record_type.leaves.get(field) or content.record_type.fields.get(field)


def _personal(field: Field, person: bool) -> bool:
    own = field.privacy != Privacy.NONE or (field.mask is not None and person)
    return own or any(_personal(part, person) for part in field.parts.values())


def _by_mask(text: str, mask: str | None) -> str:
    if mask == "name":
        return text[:1] + "*" * (len(text) - 1)
    if mask == "address":
        return text[:_ADDRESS_SHOWN] + "****"
    return without_persons(text) if mask == "free_text" else covered(text)


def covered(text: str) -> str:
    """Three signs in front and four behind of a long text, one in front of a short one; the rest are stars."""
    if len(text) <= _EDGES:
        return text[:1] + "*" * (len(text) - 1)
    return text[:3] + "*" * (len(text) - _EDGES) + text[-4:]


def without_numbers(text: str) -> str:
    """A sentence about a value that may not be repeated, without the numbers it may quote."""
    return _LONG_NUMBER.sub("…", text)


def without_persons(text: str) -> str:
    """A text with the numbers of persons in it covered."""
    return _NUMBERS.sub(lambda found: covered(found.group()), text)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f") if value.adjusted() < OBSERVED else str(value)
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value[:OBSERVED])
    if isinstance(value, dict):
        return " ".join(_text(item) for item in value.values() if item is not None)
    return str(value)
