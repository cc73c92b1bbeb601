"""Why an item is not taken, as its department reads it: rule, field, what would pass, in Chinese and English."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.model.finding import OBSERVED
from databus.model.labels import Privacy

VALUE, ATTRIBUTE = "DQ-FMT-04", "DQ-FMT-03"
"""A value that cannot be read as its field; a header or attribute that is wrong."""
RULES = "dq_rule"

# Whoever keeps an answer keeps no number of a person.
_NUMBER = re.compile(r"\d[\d -]{9,}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. `observed` is what stood there, `suggestion` what would pass; `attribute` is one of a CloudEvent."""

    rule: str
    field: str = ""
    observed: str = ""
    expected: str = ""
    suggestion: str = ""
    attribute: str = ""


def body(refusal: Refusal, contract: Contract, record_type: RecordType | None) -> dict[str, Any]:
    """The refusal as JSON. Nothing of a person is repeated."""
    field = record_type.fields.get(refusal.field) if record_type is not None else None
    personal = field is not None and (field.privacy is not Privacy.NONE or field.mask is not None)
    hidden = personal or refusal.field.startswith("subject.") or _NUMBER.search(refusal.observed) is not None
    row = next((row for row in contract.codes.rows(RULES) if row.code == refusal.rule), None)
    remedy = {language: row.more[f"fix_{language}"] for language in ("zh", "en") if f"fix_{language}" in row.more} if row else {}
    labels = (
        (f"{field.zh}：", f"{field.en}: ")
        if field is not None
        else (f"{refusal.field}：", f"{refusal.field}: ")
        if refusal.field
        else ("", "")
    )
    told = {
        "rule": refusal.rule,
        "field": refusal.field,
        "observed": "" if hidden else refusal.observed[:OBSERVED],
        "expected": refusal.expected,
        "suggestion": "" if hidden else refusal.suggestion,
        "message": {
            "zh": labels[0] + contract.codes.label(RULES, refusal.rule),
            "en": labels[1] + contract.codes.label(RULES, refusal.rule, "en"),
        },
        "remedy": remedy,
    }
    return {**told, "attribute": refusal.attribute} if refusal.attribute else told


def near(name: str, known: Iterable[str], *, bare: bool = False) -> str:
    """The known name that was probably meant, as the end of a sentence or bare; a full stop or empty where none is near."""
    found = _nearest(name[:64], tuple(known))
    if bare:
        return found
    return f"; is {found} meant?" if found else "."


@lru_cache(maxsize=4096)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1)), "")
