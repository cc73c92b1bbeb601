"""Ways in which a submission goes wrong, by the rule that must notice it. Which fields they touch, the checks of the type say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.codes import Codes
from databus.contract.entries import Check, Entry
from databus.contract.narrowing import narrowed
from databus.model.labels import Publication, stricter
from databus.testing.province.planned import Planned

PERSON_NUMBER = "220000190001010018"
"""A citizen id of domain 10 that belongs to nobody."""

_QUOTED = f"（身份证号{PERSON_NUMBER}）"
_UNKNOWN = "未知代码"
_EMPTY = ("无", "/", "——")
_NO_CODES = ("kind", "name", "id_type")
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Right:
    """A submission without a fault, and what its faults are made of."""

    planned: Planned
    record_type: RecordType
    entry: Entry
    random: Random
    codes: Codes

    @property
    def payload(self) -> dict[str, Any]:
        return self.planned.cut["payload"]

    def checks(self, rule: str, parameter: str = "") -> list[Check]:
        """The type's checks of that rule (with that parameter) on fields this payload has."""
        found = (check for check in self.record_type.checks if check.rule == rule and check.field in self.payload)
        return [check for check in found if not parameter or check.params.get(parameter) is not None]

    def field(self, rule: str, parameter: str = "") -> str | None:
        """A field one of those checks is about; None where there is none."""
        fields = [check.field for check in self.checks(rule, parameter)]
        return self.random.choice(fields) if fields else None


Defect = Callable[[Right], Planned | None]


def spoil(planned: Planned, record_type: RecordType, entry: Entry, random: Random, codes: Codes) -> Planned:
    """The same submission with one defect, and the rule and field that must be named for it."""
    right = Right(planned, record_type, entry, random, codes)
    for _ in range(_ROUNDS):
        spoilt = random.choice(DEFECTS)(right)
        if spoilt is not None:
            return spoilt
    return planned


def _with(right: Right, rule: str, field: str, value: Any, outcome: str = "REJECTED") -> Planned:
    """The submission with another value in one field, and in the subject where that had the same: both come of one column."""
    old, cut = right.payload[field], right.planned.cut
    payload = {name: held for name, held in {**right.payload, field: value}.items() if held is not None}
    subject = {name: value if held == old and name not in _NO_CODES else held for name, held in cut["subject"].items()}
    return replace(right.planned, cut={**cut, "subject": subject, "payload": payload}, outcome=outcome, rule=rule, field=field, effect="")


def _wrong_check_character(right: Right) -> Planned | None:
    field = right.field("DQ-ACC-01")
    if field is None:
        return None
    code = str(right.payload[field])
    return _with(right, "DQ-ACC-01", field, code[:-1] + ("0" if code[-1] != "0" else "1"))


def _letter_for_digit(right: Right) -> Planned | None:
    fields = {check.field for check in right.checks("DQ-ACC-01")}
    named = [check.field for check in right.checks("DQ-ACC-03") if check.field in fields and "0" in right.payload[check.field]]
    if not named:
        return None
    field = right.random.choice(named)
    return _with(right, "DQ-ACC-03", field, right.payload[field].replace("0", "O", 1))


def _wrong_citizen_id(right: Right) -> Planned | None:
    referred = right.planned.cut["subject"].values()
    fields = [check.field for check in right.checks("DQ-ACC-04") if right.payload[check.field] not in referred]
    if not fields:
        return None
    number = str(right.payload[fields[0]])
    return _with(right, "DQ-ACC-04", fields[0], number[:-1] + ("0" if number[-1] != "0" else "1"))


def _unknown_code(right: Right) -> Planned | None:
    checks = [check for check in right.checks("DQ-ACC-06") if right.record_type.fields[check.field].kind == "string"]
    if not checks:
        return None
    field = right.random.choice(checks).field
    return _with(right, "DQ-ACC-06", field, _UNKNOWN[: right.record_type.fields[field].max_length])


def _impossible_amount(right: Right) -> Planned | None:
    checks = right.checks("DQ-ACC-09", "min")
    if not checks:
        return None
    check = right.random.choice(checks)
    high = check.params.get("hold_above")
    value = right.payload[check.field]
    # In yuan instead of ten thousands, or with a sign from a ledger.
    wrong = -value if high is None or right.random.random() < 0.5 else Decimal(str(high)) + value
    return _with(right, "DQ-ACC-09", check.field, wrong, outcome="HELD")


def _in_future(right: Right) -> Planned | None:
    field = right.field("DQ-ACC-10", "not_future")
    if field is None:
        return None
    told = datetime.fromtimestamp(right.planned.told / 1000, UTC).date()
    return _with(right, "DQ-ACC-10", field, told + timedelta(days=right.random.randint(3, 90)))


def _missing(right: Right) -> Planned | None:
    kept = {*right.record_type.key_fields, right.record_type.deciding, *_codes(right)}
    fields = [field for field in right.entry.required if field in right.payload and field not in kept]
    if not fields:
        return None
    field = right.random.choice(fields)
    told = right.record_type.fields[field]
    words = [word for word in _EMPTY if told.kind == "string" and len(word) <= (told.max_length or len(word))]
    return _with(right, "DQ-COM-01", field, right.random.choice([None, *words]))


def _codes(right: Right) -> list[str]:
    """The fields one of which must name the subject."""
    return [field for check in right.record_type.checks if check.rule == "DQ-COM-02" for field in check.params["any_of"]]


def _nobody(right: Right) -> Planned | None:
    codes = _codes(right)
    if not codes or set(codes) & {*right.entry.required, *right.record_type.key_fields}:
        return None
    cut = right.planned.cut
    payload = {name: value for name, value in right.payload.items() if name not in codes}
    subject = {name: cut["subject"][name] for name in ("kind", "name")}
    return replace(
        right.planned, cut={**cut, "subject": subject, "payload": payload}, outcome="HELD", rule="DQ-COM-02", field=codes[0], effect=""
    )


def _class(right: Right) -> Publication:
    """The class this would be published under."""
    cut = right.planned.cut
    told = Publication(cut["envelope"].get("publication_class", right.entry.publication))
    own = narrowed(right.record_type.narrowings, {"payload": cut["payload"], "envelope": cut["envelope"]})
    return stricter(stricter(right.entry.publication, told), own.publication)


def _person_in_text(right: Right) -> Planned | None:
    fields = right.record_type.fields
    named = [check.field for check in right.checks("DQ-SEC-02") if fields[check.field].publication is Publication.PUBLIC]
    roomy = [name for name in named if len(right.payload[name]) + len(_QUOTED) <= (fields[name].max_length or 1000)]
    if not roomy or _class(right) is not Publication.PUBLIC:
        return None
    field = right.random.choice(roomy)
    return _with(right, "DQ-SEC-02", field, f"{right.payload[field]}{_QUOTED}", outcome="HELD")


def _before_its_entry(right: Right) -> Planned | None:
    if right.entry.valid_from is None:
        return None
    decided = right.entry.valid_from - timedelta(days=right.random.randint(1, 300))
    coded = ((field.code, right.payload.get(name)) for name, field in right.record_type.fields.items() if field.code)
    if any(isinstance(value, str) and not right.codes.known(code, value, decided) for code, value in coded):
        # A code younger than that would be a second fault.
        return None
    envelope = {**right.planned.cut["envelope"], "decided_at": decided}
    cut = {**right.planned.cut, "envelope": envelope}
    return replace(right.planned, cut=cut, outcome="REJECTED", rule="DQ-CAT-01", field="envelope.catalog_code", effect="")


DEFECTS: tuple[Defect, ...] = (
    _wrong_check_character,
    _letter_for_digit,
    _wrong_citizen_id,
    _unknown_code,
    _impossible_amount,
    _in_future,
    _missing,
    _nobody,
    _person_in_text,
    _before_its_entry,
)
"""The faults departments make; each breaks one rule on one field."""
