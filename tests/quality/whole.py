"""Every rule that takes the whole profile (domain 5.1): facts that break it, and near ones that do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from databus.model.event import Event, Op
from databus.model.keys import organisation_key
from databus.testing.events import DAY, SUBJECT
from folding import KNOWN, OLD_NAME, OTHER_NAME, said


@dataclass(frozen=True)
class Case:
    """Events in the order in which they are heard, and the rule that is open afterwards, or is not."""

    rule: str
    told: str
    events: tuple[Event, ...]

    def __str__(self) -> str:
        return f"{self.rule} {self.told}"


def case(rule: str, told: str, *events: Event) -> Case:
    return Case(rule, told, events)


def claimed(other: str) -> tuple[Event, Event]:
    """A link to the subject of these events, and one from the same older code to another or the same one."""
    older = organisation_key("220102000002026", scheme="CN-REG")
    told = [("91220000YYYY00012A", SUBJECT), (other, organisation_key(other))]
    return tuple(  # type: ignore[return-value]
        replace(said("map", Op.LINK, number, number=1 if key == SUBJECT else 2), link=(older, key, code))
        for number, (code, key) in enumerate(told)
    )


REGISTERED = said("registration")
GONE = said("registration", reg_state="CANCELLED", ended_on=date(2026, 9, 1))
TAKES = said("penalty", penalty_kinds=["REVOKE_LICENCE"], suspended_licence="食品经营许可证（JY0001）")
BEFORE, ON_TIME = {"number": 9, "known_at": KNOWN + 29 * DAY}, {"number": 9, "known_at": KNOWN + 30 * DAY}

FAILS = [
    case("DQ-CONS-01", "another name", REGISTERED, said("penalty", counterparty_name=OTHER_NAME)),
    case("DQ-CONS-01", "a registration that comes later", said("abnormal", name=OTHER_NAME), REGISTERED),
    case("DQ-CONS-02", "another representative", REGISTERED, said("penalty", department="taxation", legal_rep_name="样本乙")),
    case("DQ-CONS-02", "two names and no authority", said("penalty"), said("penalty", number=2, counterparty_name=OTHER_NAME)),
    case("DQ-CONS-02", "the code's own part", said("penalty", org_code="123456789")),
    case("DQ-CONS-03", "decided the day after the end", GONE, said("penalty", decided_at=date(2026, 9, 2))),
    case("DQ-CONS-04", "the licence is still valid", said("licence"), TAKES),
    case("DQ-CONS-05", "a removal without its entry", said("abnormal", listed_on=None, removed_on=date(2026, 9, 1))),
    case("DQ-CONS-05", "a repair of nothing, thirty days on", said("penalty", Op.REPAIR, 2), said("licence", **ON_TIME)),
    case("DQ-UNI-01", "the same again", said("penalty"), said("penalty", seq=2)),
    case("DQ-UNI-02", "two sources", said("penalty"), said("penalty", department="taxation", deciding=False)),
    case("DQ-UNI-03", "one seq, two contents", said("penalty"), said("penalty", content="罚款二千元")),
    case("DQ-UNI-04", "one older code for two unified ones", *claimed("91220202YYYY000399")),
    case("DQ-REF-01", "a correction of nothing", said("penalty", Op.CORRECT, 2)),
    case("DQ-REF-01", "a revocation of nothing, thirty days on", said("penalty", Op.REVOKE, 2), said("licence", **ON_TIME)),
]

PASSES = [
    case("DQ-CONS-01", "its own name", REGISTERED, said("penalty")),
    case("DQ-CONS-01", "no registration", said("penalty", counterparty_name=OTHER_NAME)),
    case("DQ-CONS-02", "the same representative", REGISTERED, said("penalty", department="taxation", legal_rep_name="样本甲")),
    case("DQ-CONS-02", "the code's own part, hyphenated", said("penalty", org_code="YYYY0001-2")),
    case("DQ-CONS-03", "decided on the day of the end", GONE, said("penalty", decided_at=date(2026, 9, 1))),
    case("DQ-CONS-04", "another licence", said("licence", licence_no="JY0002"), TAKES),
    case("DQ-CONS-04", "the licence has ended", said("licence"), TAKES, said("licence", Op.REVOKE, 2)),
    case("DQ-CONS-05", "a removal with its entry", said("abnormal", removed_on=date(2026, 9, 1))),
    case("DQ-CONS-05", "a repair of nothing, a day less", said("penalty", Op.REPAIR, 2), said("licence", **BEFORE)),
    case("DQ-UNI-01", "another amount", said("penalty"), said("penalty", seq=2, content="罚款二千元")),
    case("DQ-UNI-02", "two decisions", said("penalty"), said("penalty", number=2, department="taxation", deciding=False)),
    case("DQ-UNI-03", "one content twice", said("penalty"), said("penalty")),
    case("DQ-UNI-04", "one older code for one", *claimed("91220000YYYY00012A")),
    case("DQ-REF-01", "what it corrects comes later", said("penalty", Op.CORRECT, 2), said("penalty")),
    case("DQ-REF-01", "a revocation of nothing, a day less", said("penalty", Op.REVOKE, 2), said("licence", **BEFORE)),
    case(
        "DQ-CONS-01",
        "another width of brackets",
        said("registration", name=OLD_NAME),
        said("penalty", counterparty_name="吉林省样例(粮油)公司"),
    ),
    case(
        "DQ-CONS-01",
        "a former name",
        said("registration", name=OTHER_NAME),
        said("registration", seq=2),
        said("penalty", counterparty_name=OTHER_NAME),
    ),
]
