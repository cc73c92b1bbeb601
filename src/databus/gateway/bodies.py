"""Records and profiles as JSON: what was kept, what was withheld and why, and nothing that tells more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from databus.contract.catalogue import Contract
from databus.gateway.attributes import attributes_body
from databus.gateway.lens import Lens, Shown
from databus.gateway.outward import record_id
from databus.gateway.reading import Profile
from databus.model.labels import SubjectKind
from databus.store.rows import SubjectRow

PROVINCE = ZoneInfo("Asia/Shanghai")


def day_of(milliseconds: int) -> str:
    """The day of an instant, in the province."""
    return datetime.fromtimestamp(milliseconds / 1000, PROVINCE).date().isoformat()


def subject_body(subject: SubjectRow) -> dict[str, Any]:
    """A subject: kind, name, and its codes as {scheme, code}. A person has neither here: only a cut record may name it."""
    codes = [{"scheme": scheme, "code": code} for scheme, code in subject.codes]
    return {"kind": subject.kind.value, "name": None if subject.kind is SubjectKind.PERSON else subject.name, "codes": codes}


def record_body(one: Shown, *, platform_key: bytes) -> dict[str, Any]:
    """A record: `fields` holds null where the source states nothing, `withheld` a reason where it may state something."""
    return {
        "record_type": one.row.record_type,
        "record": record_id(one.row.record_key, platform_key=platform_key),
        "standing": one.row.standing.value,
        "department": one.row.department,
        "received": day_of(one.row.known_at),
        "fields": dict(one.disclosed.fields),
        "withheld": dict(one.disclosed.withheld),
        "reasons": list(one.disclosed.reasons),
        "obligations": list(one.disclosed.obligations),
    }


def in_order(shown: Iterable[Shown], contract: Contract) -> list[Shown]:
    """By section, type, the latest date first, then key."""
    ordered = sorted(shown, key=lambda one: one.row.record_key)
    ordered.sort(key=lambda one: date_of(one, contract) or "", reverse=True)
    return sorted(ordered, key=lambda one: (contract.types[one.row.record_type].section, one.row.record_type))


def date_of(one: Shown, contract: Contract) -> str | None:
    """The day a record is about: the first date of its contract, if it was disclosed."""
    for name, field in contract.types[one.row.record_type].fields.items():
        if field.kind == "date":
            value = one.disclosed.fields.get(name)
            return str(value) if value else None
    return None


def profile_body(profile: Profile, lens: Lens, *, contract: Contract, platform_key: bytes, as_of: str) -> dict[str, Any]:
    """A profile and the code it was asked by. `withheld` comes from the class table: the same whether or not such a record exists."""
    sections = [
        {"section": section, "records": [record_body(one, platform_key=platform_key) for one in group]}
        for section, group in groupby(in_order(profile.shown, contract), key=lambda one: contract.types[one.row.record_type].section)
    ]
    return {
        "subject": subject_body(profile.subject),
        "asked": None if profile.asked is None else {"scheme": profile.asked[0], "code": profile.asked[1]},
        "purpose": lens.purpose,
        "as_of": as_of,
        "attributes": attributes_body(profile.subject, profile.shown, lens, contract, platform_key=platform_key),
        "sections": sections,
        "withheld": withheld_body(lens),
    }


def withheld_body(lens: Lens) -> Mapping[str, list[str]]:
    """Per record type the reasons for which records of it may be missing."""
    return {name: list(reasons) for name, reasons in lens.withheld_types().items()}
