"""Faults of source, form, scope, security and completeness (domain 5.1, design 7), planted where the contract has a place for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from bench.quality.clean import Maker
from bench.quality.row import Row
from databus.contract.entries import Check
from databus.contract.narrowing import narrowed
from databus.contract.predicates import predicate
from databus.model.keys import organisation_key
from databus.model.labels import Publication, narrows
from databus.testing.province.subjects import PERSON

Plant = Callable[[Row, Check, Maker], Row | None]
"""A clean row with one fault on what a check asks about; None where this row has no place for it."""

QUOTED = {"citizen_id": "（身份证号220000190001010018）", "mobile": "，电话13912345678", "bank_card": "，卡号6222020000000000000"}
"""Numbers that belong to nobody and check (domain 10)."""
_CONTROL, _PLACEHOLDERS = "\x07", ("无", "/", "——", "null", "暂无")
_CLASS = "envelope.publication_class"


def room(row: Row, name: str) -> int:
    """How many characters more a field takes."""
    return (row.record_type.fields[name].max_length or 1000) - len(str(row.payload.get(name, "")))


def free(row: Row, maker: Maker) -> list[str]:
    """The text fields of a row that no check looks into, no key is made of and nothing about the subject is told by."""
    told = {by["field"] for one in maker.contract.attributes["attributes"].values() for by in one["asserted_by"]}
    asked = {check.field for check in row.record_type.checks} | {*row.record_type.key_fields, *told}
    return [name for name, value in row.payload.items() if isinstance(value, str) and name not in asked]


def control_character(row: Row, check: Check, maker: Maker) -> Row | None:
    names = [name for name in free(row, maker) if room(row, name) and not row.record_type.fields[name].code]
    if not names:
        return None
    name = maker.random.choice(names)
    return row.having(**{name: f"{row.payload[name]}{_CONTROL}"}).must((check.rule, name))


def too_long(row: Row, check: Check, maker: Maker) -> Row | None:
    names = [name for name in free(row, maker) if row.record_type.fields[name].max_length]
    if not names:
        return None
    name = maker.random.choice(names)
    return row.having(**{name: "长" * (1 + (row.record_type.fields[name].max_length or 0))}).must((check.rule, name))


def cut_short(row: Row, check: Check, maker: Maker) -> Row:
    return row.altered(damage=lambda value: value[:-3]).must((check.rule, ""))


def unknown_schema(row: Row, check: Check, maker: Maker) -> Row:
    return row.altered(damage=lambda value: b"\x00\x00\x0f\x42\x40" + value[5:]).must((check.rule, ""))


def told_time(row: Row, check: Check, maker: Maker) -> Row:
    return row.altered(headers=(("databus-told-time", str(row.told).encode()),)).must((check.rule, ""))


def another_inbox(row: Row, check: Check, maker: Maker) -> Row | None:
    others = [one.department for one in row.record_type.owners if one.department != row.department and one.active(row.day)]
    return row.altered(department=maker.random.choice(others)).must((check.rule, "envelope.catalog_code")) if others else None


def another_type(row: Row, check: Check, maker: Maker) -> Row | None:
    strangers = [slug for slug in maker.contract.departments if not row.record_type.owned_by(slug, row.day)]
    if not strangers:
        return None
    return row.altered(department=maker.random.choice(strangers)).must(("DQ-SRC-01", "envelope.catalog_code"), (check.rule, ""))


def another_key(row: Row, check: Check, maker: Maker) -> Row | None:
    if row.subject["kind"] != "ORGANISATION":
        return None
    return row.altered(key=organisation_key(maker.subject(enterprise=True).uscc).encode()).must((check.rule, ""))


def another_code(row: Row, check: Check, maker: Maker) -> Row | None:
    """The payload names another subject than the envelope."""
    named = [one for one in row.checks("DQ-COM-02") if "uscc" in one.params["any_of"]]
    if not named or not row.payload.get("uscc") or row.subject.get("uscc") != row.payload["uscc"]:
        return None
    beside = {"org_code", "tax_no"} & set(row.payload)
    if beside & set(row.entry.required):
        return None
    other = {"uscc": maker.subject(enterprise=True).uscc, **dict.fromkeys(beside)}
    return row.having(**other).altered(subject=row.subject).must((check.rule, "uscc"))


def before_the_entry(row: Row, check: Check, maker: Maker) -> Row | None:
    first = row.entry.valid_from
    if first is None or not _listed(row, first - timedelta(days=1), maker):
        return None
    return row.saying(decided_at=first - timedelta(days=1)).must((check.rule, "envelope.catalog_code"))


def _listed(row: Row, day: date, maker: Maker) -> bool:
    """True if every code of the row was one on that day as well."""
    told = [(check.params["list"], row.payload.get(check.field)) for check in row.checks("DQ-ACC-06")]
    return all(maker.contract.codes.known(name, code, day) for name, code in told if isinstance(code, str))


def unlisted(row: Row, check: Check, maker: Maker) -> Row | None:
    items = row.entry.raw.get("items")
    left = [name for name in row.record_type.fields if items and name not in items]
    return row.having(**{left[0]: "目录外"}).must((check.rule, left[0])) if left else None


def prohibited(row: Row, check: Check, maker: Maker) -> Row | None:
    kind = next(kind for kind in maker.kinds if kind.record_type.name == row.record_type.name)
    unless = predicate(check.params["unless"], check.rule)
    for person in {PERSON in kind.kinds, kind.kinds == {PERSON}}:
        subject = maker.subject(person=person)
        for _ in range(100):
            made = maker.made(kind, subject, row.entry, maker.decided())
            if unless(made.content):
                return made.must((check.rule, check.field))
    return None


def secret(row: Row, check: Check, maker: Maker) -> Row:
    level = maker.random.choice((b"MIMI", b"JIMI", b"JUEMI", b"SECRET"))
    return row.altered(headers=(("Databus-Secrecy", level),)).must((check.rule, "envelope.secrecy"))


def number_in_text(row: Row, check: Check, maker: Maker) -> Row | None:
    quoted, text = QUOTED[maker.random.choice(check.params["patterns"])], row.payload.get(check.field)
    if not isinstance(text, str) or room(row, check.field) < len(quoted) or not published(row, check.field, maker):
        return None
    return row.having(**{check.field: text + quoted}).must((check.rule, check.field))


def published(row: Row, name: str, maker: Maker) -> bool:
    """True if that field of the row would be published."""
    own = narrowed(row.record_type.narrowings, row.content).publication.value
    told = row.envelope.get("publication_class", row.entry.publication.value)
    said = {row.entry.publication.value, told, row.record_type.fields[name].publication.value, own}
    return said == {Publication.PUBLIC.value}


def wider(row: Row, check: Check, maker: Maker) -> Row | None:
    if narrows(Publication.PUBLIC, row.entry.publication):
        return None
    return row.saying(publication_class=Publication.PUBLIC.value).must((check.rule, _CLASS))


def missing(row: Row, check: Check, maker: Maker) -> Row | None:
    coded = {name for one in row.record_type.checks if one.rule == "DQ-COM-02" for name in one.params["any_of"]}
    names = [name for name in row.entry.required if name in row.payload and name not in coded]
    if not names:
        return None
    name = maker.random.choice(names)
    field = row.record_type.fields[name]
    empty: dict[str, list[object]] = {
        "date": [date(1900, 1, 1)],
        "strings": [[]],
        "string": [word for word in _PLACEHOLDERS if len(word) <= (field.max_length or 9)],
    }
    value = maker.random.choice([None, *empty.get(field.kind, [])])
    return row.having(**{name: value}).altered(subject=row.subject).must((check.rule, name))


def nobody(row: Row, check: Check, maker: Maker) -> Row | None:
    codes = check.params["any_of"]
    if set(codes) & {*row.entry.required, *row.record_type.key_fields}:
        return None
    subject = {name: row.subject[name] for name in ("kind", "name")}
    return row.having(**{name: None for name in codes}).altered(subject=subject).must((check.rule, codes[0]))


PLANTS: Mapping[str, tuple[Plant, ...]] = {
    "DQ-FMT-01": (cut_short,),
    "DQ-FMT-02": (unknown_schema,),
    "DQ-FMT-03": (told_time,),
    "DQ-FMT-04": (control_character, too_long),
    "DQ-SRC-01": (another_inbox,),
    "DQ-SRC-02": (another_type,),
    "DQ-KEY-01": (another_key, another_code),
    "DQ-CAT-01": (before_the_entry,),
    "DQ-CAT-02": (unlisted,),
    "DQ-SCOPE-01": (prohibited,),
    "DQ-SEC-01": (secret,),
    "DQ-SEC-02": (number_in_text,),
    "DQ-SEC-03": (wider,),
    "DQ-COM-01": (missing,),
    "DQ-COM-02": (nobody,),
}
