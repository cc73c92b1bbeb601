"""One way to write one thing: codes, document numbers, names. Nothing is repaired, only written alike.

A code loses blanks and hyphens and is in capitals (full-width characters in it are DQ-ACC-03's); a document number is NFKC with
〔〕 around its year; other text keeps its punctuation and its signs (², ①, ㎡ mean something in a decision) and only its
full-width letters and digits become plain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.fields import STEP

_WIDE = {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))} | {0x3000: 0x20}
_HAS_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u3000]")
_BLANKS = re.compile(r"[\s\-]")
_YEAR = re.compile(r"[(\[{【〔（［｛<＜〈](\s*(?:19|20)\d{2}\s*)年?[)\]}】〕）］｝>＞〉]")
_CODE_RULES = frozenset({"DQ-ACC-01", "DQ-ACC-02", "DQ-ACC-03", "DQ-ACC-04", "DQ-ACC-05", "DQ-ACC-07"})
_SUBJECT_CODES = ("uscc", "org_code", "reg_no", "tax_no", "id_type", "id_number")

Spelling = Callable[[Any], Any]
"""Writes what a field holds: a text, a list of them, or records with texts in them."""


def text(value: str) -> str:
    """Free text and names: composed (NFC), trimmed, full-width letters and digits made plain."""
    # What NFKC leaves as it is has nothing wide in it, and is composed.
    if value.isascii() or unicodedata.is_normalized("NFKC", value):
        return value.strip()
    if _HAS_WIDE.search(value):
        value = value.translate(_WIDE)
    return (value if unicodedata.is_normalized("NFC", value) else unicodedata.normalize("NFC", value)).strip()


def code(value: str) -> str:
    """A code: no blanks, no hyphens, in capitals."""
    return value.upper() if value.isalnum() else _BLANKS.sub("", value).upper()


def document_number(value: str) -> str:
    """A document number: NFKC, no spaces, 〔〕 around its year."""
    # Composed again: what stood on a blank now stands on the letter before it.
    plain = unicodedata.normalize("NFKC", "".join(unicodedata.normalize("NFKC", value).split()))
    return _YEAR.sub(lambda found: f"〔{found[1].strip()}〕", plain, count=1)


def spellings(record_type: RecordType) -> Mapping[str, Spelling]:
    """How each field of a type that holds texts is written: by what its checks take them for."""
    roles: dict[str, Callable[[str], str]] = {
        path: text for path, field in record_type.leaves.items() if field.kind in ("string", "strings")
    }
    for check in record_type.checks:
        if check.rule in _CODE_RULES and check.field in roles:
            roles[check.field] = code
        elif check.rule == "DQ-ACC-08":
            roles[check.field] = document_number
    held: dict[str, dict[str, Spelling]] = {}
    for path, spell in roles.items():
        name, _, part = path.partition(STEP)
        held.setdefault(name, {})[part] = spell if record_type.leaves[path].kind == "string" else _each(spell)
    return {name: parts[""] if "" in parts else _of_records(parts) for name, parts in held.items()}


def _each(spell: Spelling) -> Spelling:
    return lambda held: [spell(item) for item in held]


def _of_records(parts: Mapping[str, Spelling]) -> Spelling:
    def spell(held: Any) -> Any:
        return payload(held, parts) if isinstance(held, dict) else [payload(record, parts) for record in held]

    return spell


def payload(value: Mapping[str, Any], roles: Mapping[str, Spelling]) -> Mapping[str, Any]:
    """A payload, or a record in one, written alike; the very one it was where nothing changes. `roles` are by its fields."""
    changed = {name: spelled for name, held in value.items() if held and name in roles and (spelled := roles[name](held)) != held}
    return {**value, **changed} if changed else value


def envelope(value: Mapping[str, Any]) -> dict[str, Any]:
    """An envelope, written alike."""
    subject = dict(value["subject"])
    for name in _SUBJECT_CODES:
        if subject[name] is not None:
            subject[name] = code(subject[name])
    subject["name"] = text(subject["name"])
    return {**value, "subject": subject, "catalog_code": value["catalog_code"].strip()}
