"""Attributes of a subject as a caller may have them: weighed from the records that were disclosed, cut as they were there.

What a record that must not be known to exist says was never said: the bus's own election is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from databus.contract.attributes import OTHER, Attribute, Elected, Word, asserted_by, attributes_of, comparable, elect_attribute, plain
from databus.contract.catalogue import Contract
from databus.gateway.lens import Lens, Shown
from databus.gateway.outward import record_id
from databus.model.change import Status
from databus.model.keys import USCI
from databus.model.labels import Standing, SubjectKind
from databus.store.rows import RecordRow, SubjectRow

_SILENT = frozenset({Standing.REVOKED, Standing.DELETED, Standing.HELD, Standing.WAITING})
"""Standings in which a record does not count."""

Asserted = Mapping[str, tuple[tuple[str, str], ...]]
"""By record type, the attributes its records assert and the fields that do."""
Words = dict[str, dict[Word, Any]]
"""By attribute, the words on it, each with the value disclosed."""


def attributes_body(
    subject: SubjectRow, shown: Sequence[Shown], lens: Lens, contract: Contract, *, platform_key: bytes
) -> dict[str, dict[str, Any]]:
    """By attribute: status, value and who says it, and `assertions`, the words of others. One nobody speaks of is left out."""
    if subject.kind is SubjectKind.PERSON:
        return {}
    attributes, codes = attributes_of(contract), dict(subject.codes)
    asserted = {name: asserted_by(contract, name) for name in contract.types}
    words, authorities = _told([one for one in shown if _speaks(one.row, lens)], attributes, asserted, codes, contract)
    found = {}
    for name, attribute in attributes.items():
        told = words.get(name, {})
        elected = elect_attribute(attribute, _firsts(told), authorities.get(name, ()), codes.get(USCI, ""))
        if elected is not None:
            found[name] = _body(
                elected, told, derived=_derived(attribute, codes), fields=_fields(name, asserted), platform_key=platform_key
            )
    return found


def _speaks(row: RecordRow, lens: Lens) -> bool:
    label = lens.classes.get(row.class_id)
    return row.standing not in _SILENT and label is not None and label.subject_kind is not SubjectKind.PERSON


def _told(
    shown: Sequence[Shown], attributes: Mapping[str, Attribute], asserted: Asserted, codes: Mapping[str, str], contract: Contract
) -> tuple[Words, dict[str, list[Word]]]:
    """The words on each attribute, and those of its authorities, the best first: nearest, then as `_first` orders records."""
    words: Words = {}
    authorities: dict[str, list[tuple[int, Word]]] = {}
    for one in sorted(shown, key=_first):
        row = one.row
        for name, value, text in _asserted(one, asserted, contract):
            word = Word(text, f"{row.department}/{row.system}", row.record_type, row.record_key)
            words.setdefault(name, {})[word] = value
            level = attributes[name].level(codes, record_type=row.record_type, department=row.department, catalog_code=row.catalog_code)
            if level != OTHER:
                authorities.setdefault(name, []).append((level, word))
    return words, {name: [word for _, word in sorted(found, key=lambda pair: pair[0])] for name, found in authorities.items()}


def _asserted(one: Shown, asserted: Asserted, contract: Contract) -> Iterator[tuple[str, Any, str]]:
    """(attribute, value disclosed, its text for comparison)."""
    fields = contract.types[one.row.record_type].fields
    for name, field in asserted[one.row.record_type]:
        value = one.disclosed.fields.get(field)
        if value is not None and value != "":
            told = plain(Decimal(str(value))) if fields[field].kind == "decimal" else plain(value)
            yield name, value, comparable(told)


def _first(one: Shown) -> tuple[int, int, str]:
    """Of two words of one authority the higher seq counts, then the one written last (domain 4.2)."""
    return -one.row.seq, -one.row.recorded_at, one.row.record_key


def _firsts(words: dict[Word, Any]) -> list[Word]:
    """Of the records of one source that say the same, the first by key."""
    found: dict[tuple[str, str], Word] = {}
    for word in words:
        known = found.get((word.source, word.value))
        if known is None or word.record_key < known.record_key:
            found[word.source, word.value] = word
    return list(found.values())


def _body(
    elected: Elected, told: Mapping[Word, Any], *, derived: str | None, fields: Mapping[str, str], platform_key: bytes
) -> dict[str, Any]:
    def said(word: Word) -> dict[str, Any]:
        department, record = word.source.partition("/")[0], record_id(word.record_key, platform_key=platform_key)
        return {"value": told[word], "source": {"department": department, "record": record, "field": fields[word.record_type]}}

    chosen = {"value": derived if elected.status is Status.DERIVED else None, "source": None}
    if elected.chosen is not None:
        chosen = said(elected.chosen)
    return {"status": elected.status.value, **chosen, "assertions": [said(word) for word in elected.others]}


def _fields(name: str, asserted: Asserted) -> dict[str, str]:
    return {record_type: field for record_type, pairs in asserted.items() for attribute, field in pairs if attribute == name}


def _derived(attribute: Attribute, codes: Mapping[str, str]) -> str | None:
    return codes[USCI][attribute.derived] if attribute.derived is not None and USCI in codes else None
