"""The line as code: one penalty, from a row of a department's file to what each caller gets of it. Read this first.

No engine runs here. The log is `MemoryBus`, and policy repeats what OPA said (`tests/disclosure/answers.json`, held against
OPA by `tests/ports`). All the rest is what runs in production; `stages.py` shows how each stage is called.
"""

from __future__ import annotations

from databus.model.change import Kind
from databus.model.finding import Verdict
from databus.model.keys import organisation_key
from databus.model.labels import Standing
from journey.stages import bus_in_memory, check, disclose, fold, hand_over, keep

FIRM = organisation_key("91220102YYYY000207")
ROW = {
    "当事人": "长春市样例粮油有限公司",
    "信用代码": "91220102YYYY000207",
    "文号": "吉环罚〔2026〕7号",
    "日期": "2026年5月28日",
    "罚款": "2万元",
    "公开": "是",
}
OWN_COLUMNS = """
type: ADMIN_PENALTY
entry: 307003/000004              # penalties of the ecology department, in the catalogue
subject: {kind: ORGANISATION, name: {from: 当事人}, uscc: {from: 信用代码}}
envelope:
  decided_at: {from: 日期, formats: ["%Y年%m月%d日"]}
  publication_class: {from: 公开, words: {是: PUBLIC, 否: AUTHORISED}}
payload:
  counterparty_name: {from: 当事人}
  counterparty_kind: LEGAL_PERSON
  uscc: {from: 信用代码}
  doc_no: {from: 文号}
  violation_type: 超标排放水污染物
  violation_facts: 经查，当事人超过标准排放水污染物。
  legal_basis: 《中华人民共和国水污染防治法》第八十三条
  penalty_kinds: FINE
  content: 罚款
  fine_yuan: {from: 罚款, amount: {power: 0}}
  decided_at: {from: 日期, formats: ["%Y年%m月%d日"]}
  authority_name: &organ 吉林省生态环境厅
  authority_uscc: &code 11220000YYYX00038L
  source_name: *organ
  source_uscc: *code
  procedure: "02"                 # by the general procedure: a field that only departments share
"""


async def test_a_penalty_goes_from_a_row_to_the_world() -> None:
    bus = bus_in_memory()

    # 1 department. A fact is handed over: the department's own columns become the contract.
    submission = hand_over(ROW, OWN_COLUMNS)
    assert submission.key.decode() == FIRM

    # 2 bus. The log keeps it, in order, in the department's inbox.
    place = keep(bus, submission)
    assert (place.topic, place.offset) == ("in.ecology", 0)

    # 3 quality. It is fit to be believed: an event, and nothing to complain of.
    (event,), findings = check(bus)
    assert findings == []
    assert event.record_key == f"ADMIN_PENALTY|11220000YYYX00038L|吉环罚〔2026〕7号|{FIRM}"
    assert event.submission_id == submission.submission_id

    # 4 profile. The fact becomes the first step of one profile; a dated rule says for how long it is shown.
    step, attributes = fold(bus)
    assert (attributes.kind, attributes.fields) == (Kind.ATTRIBUTED, ("name", "organisation_code"))
    assert (step.kind, step.pv, step.standing, step.rule) == (Kind.ADDED, 1, Standing.SHOWN, "PUB-2026-GENERAL")

    # 5 policy, 6 gateway. May this caller see it, and why? It gets that and no more; null is told apart from withheld.
    public = await disclose(step, "PUB")
    assert public.reasons == ("MASKED_PERSONAL", "OK_PUBLIC") and public.obligations == ()
    assert public.fields["fine_yuan"] == "20000.00" and public.fields["legal_rep_name"] is None
    assert public.withheld["procedure"] == "DENY_NOT_PUBLISHED"
    assert public.withheld["person_id_no"] == "DENY_PRIVACY"

    department = await disclose(step, "DEP+")
    assert department.reasons == ("OK_GRANT", "OK_PUBLIC") and department.obligations == ("LOG",)
    assert department.fields["procedure"] == "02" and "person_id_no" in department.withheld


async def test_a_department_may_narrow_its_own_record() -> None:
    bus = bus_in_memory()
    keep(bus, hand_over({**ROW, "公开": "否"}, OWN_COLUMNS))
    check(bus)
    step, _ = fold(bus)

    refused = {asker: await disclose(step, asker) for asker in ("PUB", "DEP-", "CA-")}
    assert {asker: got.reasons for asker, got in refused.items()} == {
        "PUB": ("DENY_NOT_PUBLISHED",),
        "DEP-": ("DENY_NO_GRANT",),
        "CA-": ("DENY_NO_CONSENT",),
    }
    assert not any(got.fields or got.withheld for got in refused.values())

    agency, department = await disclose(step, "CA+"), await disclose(step, "DEP+")
    assert (agency.reasons, department.reasons) == (("OK_CONSENT",), ("OK_GRANT",))
    assert agency.fields["fine_yuan"] == department.fields["fine_yuan"] == "20000.00"
    assert "procedure" in agency.withheld


def test_a_wrong_code_comes_back_with_its_remedy() -> None:
    bus = bus_in_memory()
    keep(bus, hand_over({**ROW, "信用代码": "91220102YYYY000208"}, OWN_COLUMNS, number=12))  # a wrong check digit
    keep(bus, hand_over({**ROW, "信用代码": "9122O102YYYY000207"}, OWN_COLUMNS, number=13))  # a letter O where a zero belongs
    events, findings = check(bus)

    digit, letter = sorted((found for found in findings if found.field == "uscc"), key=lambda found: found.row)
    assert (digit.row, digit.rule, digit.verdict) == (12, "DQ-ACC-01", Verdict.REJECT)
    assert (digit.observed, digit.expected) == ("91220102YYYY000208", "check character 7 behind 91220102YYYY00020")
    assert (letter.row, letter.rule, letter.suggestion) == (13, "DQ-ACC-03", "91220102YYYY000207")
    assert "统一社会信用代码" in digit.message_zh and "social credit code" in digit.message_en
    assert events == [] and len(bus.read("quarantine.ecology")) == 2
