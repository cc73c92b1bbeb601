"""Ways in which a submission goes wrong, by the rule that must notice it. Which fields they touch, the checks of the type say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from databus.contract.catalogue import RecordType
from databus.contract.entries import Entry

if TYPE_CHECKING:
    from databus.testing.province.plan import Planned

PERSON_NUMBER = "220000190001010018"
"""A citizen id of domain 10 that belongs to nobody."""

_ROUNDS = 20


def spoil(planned: Planned, record_type: RecordType, entry: Entry, random: Random) -> Planned:
    """The same submission with one defect, and the rule that must notice it."""
    for _ in range(_ROUNDS):
        defect = random.choice(DEFECTS)
        spoilt = defect(planned, record_type, entry, random)
        if spoilt is not None:
            return spoilt
    return planned


def _rejected(planned: Planned, rule: str, field: str, value: Any, outcome: str = "REJECTED") -> Planned:
    payload = {name: held for name, held in {**planned.cut["payload"], field: value}.items() if held is not None}
    return replace(planned, cut={**planned.cut, "payload": payload}, outcome=outcome, rule=rule, field=field, effect="")


def _present(planned: Planned, record_type: RecordType, rule: str, parameter: str = "") -> list[str]:
    payload = planned.cut["payload"]
    return [
        check.field
        for check in record_type.checks
        if check.rule == rule and check.field in payload and (not parameter or check.params.get(parameter))
    ]


def _wrong_check_digit(planned: Planned, record_type: RecordType, entry: Entry, random: Random) -> Planned | None:
    fields = _present(planned, record_type, "DQ-ACC-01")
    if not fields:
        return None
    field = random.choice(fields)
    code = str(planned.cut["payload"][field])
    return _rejected(planned, "DQ-ACC-01", field, code[:-1] + ("0" if code[-1] != "0" else "1"))


def _future(planned: Planned, record_type: RecordType, entry: Entry, random: Random) -> Planned | None:
    fields = _present(planned, record_type, "DQ-ACC-10", "not_future")
    if not fields:
        return None
    told = datetime.fromtimestamp(planned.told / 1000, UTC).date()
    return _rejected(planned, "DQ-ACC-10", random.choice(fields), told + timedelta(days=random.randint(3, 90)))


def _missing(planned: Planned, record_type: RecordType, entry: Entry, random: Random) -> Planned | None:
    kept = {*record_type.key, record_type.deciding}
    fields = [field for field in entry.required if field in planned.cut["payload"] and field not in kept]
    return _rejected(planned, "DQ-COM-01", random.choice(fields), None) if fields else None


def _person_in_text(planned: Planned, record_type: RecordType, entry: Entry, random: Random) -> Planned | None:
    if planned.cut["envelope"].get("publication_class", "PUBLIC") != "PUBLIC":
        return None
    fields = _present(planned, record_type, "DQ-SEC-02")
    if not fields:
        return None
    field = random.choice(fields)
    return _rejected(planned, "DQ-SEC-02", field, f"{planned.cut['payload'][field]}（身份证号{PERSON_NUMBER}）", outcome="HELD")


def _unknown_code(planned: Planned, record_type: RecordType, entry: Entry, random: Random) -> Planned | None:
    fields = [field for field in _present(planned, record_type, "DQ-ACC-06") if record_type.fields[field].kind == "string"]
    return _rejected(planned, "DQ-ACC-06", random.choice(fields), "未知代码") if fields else None


DEFECTS: tuple[Callable[[Planned, RecordType, Entry, Random], Planned | None], ...] = (
    _wrong_check_digit,
    _future,
    _missing,
    _person_in_text,
    _unknown_code,
)
