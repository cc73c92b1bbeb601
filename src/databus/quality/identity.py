"""Who a submission is about and which fact it is: the keys the rest of the line goes by (design 5, domain 1.8, 2.17)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from databus.contract import identifiers
from databus.model.keys import USCI, organisation_key, person_key
from databus.model.labels import SubjectKind
from databus.quality.completeness import PERSON, Blank, key_fields
from databus.quality.content import Content, Failure
from databus.quality.normalise import document_number, text

SCHEMES = (("uscc", USCI), ("reg_no", "CN-REG"), ("org_code", "CN-ORG"), ("tax_no", "CN-TAX"))
"""Codes of an organisation, the best first."""

PARTY, SOURCE, ALIAS, HASH = "@party", "@source", "@alias", "@hash:"
"""Parts of a key that are no fields: the subject, the source, the older code of a map, a hash of a text."""
NAMED = "NAME"
_OLD_CITIZEN_ID = 15
# A household's taxpayer id is its operator's citizen id, with up to two characters behind it (domain 1.4).
_PERSONAL_TAX_NO = (18, 20)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a submission is about. `key` is empty where no code tells; a person has neither name nor codes here."""

    kind: str
    key: str = ""
    name: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_person(self) -> bool:
        return self.kind == SubjectKind.PERSON


def subject_of(reference: Mapping[str, Any], blank: Blank, *, platform_key: bytes) -> Subject:
    """The subject behind a normalised reference of an envelope."""
    if reference["kind"] == SubjectKind.PERSON:
        return Subject(reference["kind"], _person(reference, blank, platform_key))
    codes = {scheme: reference[name] for name, scheme in SCHEMES if _tells(reference[name], name, blank)}
    best = next(iter(codes), None)
    key = organisation_key(codes[best], scheme=best) if best else ""
    return Subject(reference["kind"], key, reference["name"], codes)


def _tells(value: str | None, name: str, blank: Blank) -> bool:
    return value is not None and not blank(value) and not (name == "tax_no" and _personal(value))


def _personal(tax_no: str) -> bool:
    inner = tax_no[:18]
    shape = _PERSONAL_TAX_NO[0] <= len(tax_no) <= _PERSONAL_TAX_NO[1]
    return shape and identifiers.check_citizen_id(inner) is None and identifiers.check_uscc(inner) is not None


def _person(reference: Mapping[str, Any], blank: Blank, platform_key: bytes) -> str:
    kind, number = reference["id_type"], reference["id_number"]
    if blank(kind) or blank(number):
        return ""
    if len(number) == _OLD_CITIZEN_ID and identifiers.check_citizen_id(number) is None:
        number = identifiers.upgrade_citizen_id(number)
    return person_key(kind, number, secret=platform_key)


def key_failures(inbox_key: bytes | None, reference: Mapping[str, Any], subject: Subject, failed: Sequence[Failure]) -> Iterator[Failure]:
    """DQ-COM-02 where no code makes a key; DQ-KEY-01 where an organisation's submission lies under another key.

    `reference` is the subject as it was written: a key made of a code before it was written alike is right as well.
    """
    if not subject.key:
        if all(failure.rule != "DQ-COM-02" for failure in failed):
            yield Failure("DQ-COM-02", "envelope.subject", "", expected="a code")
    elif subject.kind == SubjectKind.ORGANISATION and inbox_key != subject.key.encode():
        written = next((organisation_key(reference[name], scheme=scheme) for name, scheme in SCHEMES if reference[name]), "")
        if inbox_key != written.encode():
            yield Failure("DQ-KEY-01", "", "", expected=subject.key)


def record_key(content: Content, subject: Subject, blank: Blank, *, platform_key: bytes) -> str:
    """`TYPE|part|part` over the key of the type; empty where every part is missing."""
    parts = [_part(name, content, subject, platform_key) for name in key_fields(content, blank)]
    return "|".join((content.record_type.name, *parts)) if any(parts) else ""


def _part(name: str, content: Content, subject: Subject, platform_key: bytes) -> str:
    if not name.startswith("@"):
        return _told(content.value(name))
    if name == PARTY:
        return subject.key
    if name.startswith(HASH):
        return _hashed(content.value(name.removeprefix(HASH)))
    if name.startswith(PERSON):
        return _other_person(name.removeprefix(PERSON), content, platform_key)
    if name == SOURCE:
        return _safe(f"{content.department}/{content.envelope['source_system']}")
    told = content.record_type.maps.told(content.payload) if name == ALIAS and content.record_type.maps else ()
    return "|".join((told[0][0].scheme, _safe(told[0][1]))) if told else ""


def _told(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return _safe(",".join(map(str, value)))
    return _safe(str(value))


def _hashed(value: str | None) -> str:
    return hashlib.sha256(text(value).encode()).hexdigest()[:16] if value else ""


def _other_person(fields: str, content: Content, platform_key: bytes) -> str:
    """A person in the record beside its subject: by the document, else by name. Neither stands in a key as it is."""
    id_type, id_number, name = (content.value(field) for field in fields.split(","))
    if id_type and id_number:
        return person_key(id_type, identifiers.upgrade_citizen_id(id_number), secret=platform_key)
    return person_key(NAMED, text(name), secret=platform_key) if name else ""


def _safe(part: str) -> str:
    if part.isascii() and part.isalnum():
        return part
    # A bar inside a part must not look like the bar between two.
    return document_number(unicodedata.normalize("NFKC", text(part))).replace("%", "%25").replace("|", "%7C")
