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

Spelling = Callable[[str], str]


def text(value: str) -> str:
    """Free text and names: composed (NFC), trimmed, full-width letters and digits made plain."""
    if value.isascii():
        return value.strip()
    if _HAS_WIDE.search(value):
        value = value.translate(_WIDE)
    return (value if unicodedata.is_normalized("NFC", value) else unicodedata.normalize("NFC", value)).strip()


def code(value: str) -> str:
    """A code: no blanks, no hyphens, in capitals."""
    return value if value.isalnum() and value.isupper() else _BLANKS.sub("", value).upper()


def document_number(value: str) -> str:
    """A document number: NFKC, no spaces, 〔〕 around its year."""
    # Composed again: what stood on a blank now stands on the letter before it.
    plain = unicodedata.normalize("NFKC", "".join(unicodedata.normalize("NFKC", value).split()))
    return _YEAR.sub(lambda found: f"〔{found[1].strip()}〕", plain, count=1)


def spellings(record_type: RecordType) -> Mapping[str, Spelling]:
    """How each text field of a type is written: by what its checks take it for."""
    roles: dict[str, Spelling] = {name: text for name, field in record_type.leaves.items() if field.kind in ("string", "strings")}
    for check in record_type.checks:
        if check.rule in _CODE_RULES and check.field in roles:
            roles[check.field] = code
        elif check.rule == "DQ-ACC-08":
            roles[check.field] = document_number
    return roles


def payload(value: Mapping[str, Any], roles: Mapping[str, Spelling]) -> dict[str, Any]:
    """A payload, written alike. `roles` are by the paths of texts."""
    changed: dict[str, Any] = {}
    for path, spell in roles.items():
        name, _, part = path.partition(STEP)
        held = changed.get(name, value.get(name))
        if held and (spelled := _spelled(held, part, spell)) != held:
            changed[name] = spelled
    return {**value, **changed} if changed else dict(value)


def _spelled(held: Any, part: str, spell: Spelling) -> Any:
    if isinstance(held, str):
        return spell(held)
    if isinstance(held, list):
        return [_spelled(item, part, spell) for item in held]
    inner = held.get(part)
    return held if not inner else {**held, part: _spelled(inner, "", spell)}


def envelope(value: Mapping[str, Any]) -> dict[str, Any]:
    """An envelope, written alike."""
    subject = dict(value["subject"])
    for name in _SUBJECT_CODES:
        if subject[name] is not None:
            subject[name] = code(subject[name])
    subject["name"] = text(subject["name"])
    return {**value, "subject": subject, "catalog_code": value["catalog_code"].strip()}
