"""Records inside a record on their way out: on a page, in a table, in the trail."""

from __future__ import annotations

import csv
import io
import json

import pytest

from databus.gateway.lens import Lens, Shown
from databus.gateway.recording import Asked, decisions
from databus.gateway.tables import header, lines
from databus.gateway.values import Value, Words, values_of
from databus.model.disclosure import ANONYMOUS, Action, ClassPlan, FieldRule, Plan, Question
from databus.model.labels import SubjectKind
from databus.policy.redaction import redact
from databus.web.pages import load_pages
from gateway.world import NOW, PLATFORM_KEY, build, contract, example, label

CLASS = label("TRACE_BATCH", owner="agriculture")
WITHHELD = ("movements.from_uscc", "movements.to_uscc", "movements.doc_no", "inputs.batch_code", "inputs.quantity")


@pytest.fixture(scope="module")
def shown() -> Shown:
    fields = contract().types["TRACE_BATCH"].leaves
    rules = {path: FieldRule(Action.DROP, reason="DENY_COMMERCIAL") if path in WITHHELD else FieldRule(Action.KEEP) for path in fields}
    question = Question(ANONYMOUS, "", "none", None, NOW.date(), (CLASS,))
    plan = Plan("p", "r", question, {CLASS.class_id: ClassPlan(True, ("OK_PUBLIC",), rules)}, NOW)
    row = build().put(CLASS, example("TRACE_BATCH"))
    return Shown(row, redact(plan, CLASS.class_id, row.payload or {}), plan)


def told(shown: Shown, language: str) -> dict[str, Value]:
    words = Words(language, load_pages().texts[language], contract(), "2099-12-31")
    return {value.name: value for value in values_of(shown, words)}


def test_a_page_has_a_line_per_record_and_says_what_is_kept_back(shown: Shown) -> None:
    moves = told(shown, "zh")["movements"]
    written = (moves.text or "").splitlines()
    assert len(written) == len(example("TRACE_BATCH")["movements"]) + 1
    assert written[0] == "转入地区划 南关区 · 流转日期 2026-09-03"
    assert written[-1] == "其中不予公示： 转出方、转入方、单据编号" and moves.long
    assert (told(shown, "en")["movements"].text or "").startswith("division it went to Nanguan · moved on 2026-09-03\n")


def test_records_of_which_nothing_is_shown_are_one_withheld_value(shown: Shown) -> None:
    inputs = told(shown, "zh")["inputs"]
    assert inputs.withheld and inputs.text is None and "商业秘密" in inputs.reason


def test_choices_are_told_by_what_was_chosen() -> None:
    words = Words("zh", load_pages().texts["zh"], contract(), "2099-12-31")
    report = label("ANNUAL_REPORT")
    row = build().put(report, example("ANNUAL_REPORT"))
    rules = {path: FieldRule(Action.KEEP) for path in contract().types["ANNUAL_REPORT"].leaves}
    plan = Plan("p", "r", Question(ANONYMOUS, "", "none", None, NOW.date(), (report,)), {report.class_id: ClassPlan(True, (), rules)}, NOW)
    values = {value.name: value.text for value in values_of(Shown(row, redact(plan, report.class_id, row.payload or {}), plan), words)}
    assert values["field_publicity"] == "employees"
    assert values["websites"] and values["websites"].startswith("类型 网")


def test_a_table_holds_records_as_json(shown: Shown) -> None:
    columns = ("batch_code", "movements", "inputs")
    table = (header(columns) + lines([shown], columns, contract().types["TRACE_BATCH"], platform_key=PLATFORM_KEY)).decode()
    (row,) = csv.DictReader(io.StringIO(table))
    assert json.loads(row["movements"])[0] == {"to_division": "220102", "moved_on": "2026-09-03"}
    assert row["inputs"] == "" and "inputs.batch_code=DENY_COMMERCIAL" in row["withheld"].split()


def test_the_trail_names_what_left_part_by_part(shown: Shown) -> None:
    lens = Lens(ANONYMOUS, "", None, shown.plan, None, {CLASS.class_id: CLASS}, frozenset(SubjectKind))
    (record,) = decisions(Asked("profile.read", "request", "subject"), lens, [shown], clock=lambda: NOW)
    disclosed, withheld = record.disclosed["TRACE_BATCH"], record.withheld["TRACE_BATCH"]
    assert "movements.moved_on" in disclosed and "movements" not in disclosed
    assert set(WITHHELD) == set(withheld) and not set(withheld) & set(disclosed)
