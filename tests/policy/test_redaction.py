"""Records inside a record are cut part by part; what is withheld of them does not depend on what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from databus.model.disclosure import ANONYMOUS, Action, ClassPlan, Disclosed, FieldRule, Plan, Question
from databus.policy.redaction import redact

NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
HELD = FieldRule(Action.DROP, reason="DENY_COMMERCIAL")
RULES = {
    "movements.to_uscc": FieldRule(Action.MASK, "bank", "MASKED_PERSONAL"),
    "movements.moved_on": FieldRule(Action.KEEP),
    "movements.doc_no": HELD,
    "inputs.batch_code": HELD,
    "reporter.name": FieldRule(Action.MASK, "name", "MASKED_PERSONAL"),
    "reporter.phone": HELD,
}


def cut(payload: Mapping[str, object], *fields: str) -> Disclosed:
    rules = {path: rule for path, rule in RULES.items() if path.partition(".")[0] in fields}
    question = Question(ANONYMOUS, "", "none", None, date(2026, 6, 1), ())
    return redact(Plan("p", "r", question, {1: ClassPlan(True, ("OK_PUBLIC",), rules)}, NOON), 1, payload)


def test_records_in_a_record_are_cut_part_by_part() -> None:
    moves = [
        {"to_uscc": "91220202YYYY000399", "moved_on": "2026-09-04", "doc_no": "L1"},
        {"to_uscc": None, "moved_on": None, "doc_no": "L2"},
    ]
    out = cut({"movements": moves, "inputs": [{"batch_code": "I1"}]}, "movements", "inputs")
    assert out.fields == {"movements": [{"to_uscc": "*" * 14 + "0399", "moved_on": "2026-09-04"}, {"to_uscc": None, "moved_on": None}]}
    assert out.withheld == {"movements.doc_no": "DENY_COMMERCIAL", "inputs.batch_code": "DENY_COMMERCIAL"}


def test_what_is_withheld_of_records_does_not_depend_on_the_values() -> None:
    full, empty, none = [cut(payload, "movements") for payload in ({"movements": [{"doc_no": "L1"}]}, {"movements": []}, {})]
    assert full.withheld == empty.withheld == none.withheld
    assert (empty.fields, none.fields) == ({"movements": []}, {"movements": None})


def test_one_record_inside_a_record() -> None:
    out = cut({"reporter": {"name": "王小明", "phone": "10012345678"}}, "reporter")
    assert out.fields == {"reporter": {"name": "王**"}} and out.withheld == {"reporter.phone": "DENY_COMMERCIAL"}
