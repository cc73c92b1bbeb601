"""Every rule that one submission can break (domain 5.1, design 7): hand-written cases that break it, and near ones that do not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from databus.contract.entries import Check
from databus.model.labels import Publication
from quality.inbox import RECEIVED, Inbox, Seen

PENALTY, LICENCE, REGISTRATION, ABNORMAL = "ADMIN_PENALTY", "ADMIN_LICENCE", "LP_REGISTRATION", "ABNORMAL_OPERATION"
MAP = "LP_CODE_MAP"
PERSON = {
    "envelope.subject.kind": "PERSON",
    "envelope.subject.uscc": None,
    "envelope.subject.id_type": "RIC",
    "envelope.subject.id_number": "220000190001010018",
    "counterparty_kind": "NATURAL_PERSON",
    "uscc": None,
    "person_id_type": "RIC",
    "person_id_no": "220000190001010018",
    "procedure": "02",
}
RESIDENT = dict.fromkeys(("envelope.subject.id_type", "person_id_type"), "HMT_RESIDENCE")
LISTED = {"listed_on": date(2025, 3, 3), "envelope.decided_at": date(2025, 3, 3)}
REVOKED = {"envelope.op": "REVOKE", "envelope.reason": "复议撤销"}
BOTH = ("uscc", "envelope.subject.uscc")


def both(code: str) -> dict[str, Any]:
    return dict.fromkeys(BOTH, code)


@dataclass(frozen=True)
class Case:
    """The example of a type with `changes`, sent `how` (see `Inbox.send`), under its entry changed by `entry`."""

    rule: str
    field: str
    record_type: str
    changes: dict[str, Any]
    how: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.rule} {self.record_type} {self.field}"

    def seen(self, inbox: Inbox) -> Seen:
        """What the checker makes of it."""
        if self.entry:
            held = inbox.example(self.record_type)["envelope"]["catalog_code"]
            entry = replace(inbox.contract.entries[held], **self.entry)
            types = {
                name: replace(kind, entries=tuple(entry if one.code == held else one for one in kind.entries))
                for name, kind in inbox.contract.types.items()
            }
            inbox = Inbox(replace(inbox.contract, entries={**inbox.contract.entries, held: entry}, types=types), inbox.codec)
        how = dict(self.how)
        cut = how.pop("cut", None)
        if cut is None:
            return inbox.send(self.record_type, self.changes, **how)
        return inbox.put(cut(inbox.encoded(self.record_type, self.changes)), department="emergency", **how)


def passes(
    rule: str, record_type: str, changes: dict[str, Any], how: dict[str, Any] | None = None, entry: dict[str, Any] | None = None
) -> Case:
    return Case(rule, "", record_type, changes, how or {}, entry or {})


def listing(*left_out: str) -> dict[str, Any]:
    """An entry that lists its items, all of the example's but these."""
    fields = (
        "list_entry_id",
        "name",
        "uscc",
        "reg_no",
        "entry_reason",
        "entry_reason_text",
        "listed_on",
        "listed_by",
        "removal_reason",
        "removed_on",
        "removed_by",
        "recovered",
        "decision_no",
    )
    return {"raw": {"items": [name for name in fields if name not in left_out]}}


NARROW = {"publication": Publication.AUTHORISED}


FAILS = [
    Case("DQ-FMT-04", "doc_no", PENALTY, {"doc_no": "吉" * 65}),
    Case("DQ-FMT-04", "content", PENALTY, {"content": "罚款\x00元"}),
    Case("DQ-FMT-04", "envelope.submission_id", PENALTY, {"envelope.submission_id": ""}),
    Case("DQ-FMT-04", "envelope.note", PENALTY, {"envelope.note": "n" * 65}),
    Case("DQ-FMT-04", "penalty_kinds", PENALTY, {"penalty_kinds": ["FINE"] * 20_001}),
    Case("DQ-FMT-04", "envelope.source_seq", PENALTY, {"envelope.source_seq": -1}),
    Case("DQ-FMT-04", "envelope.source_seq", PENALTY, {"envelope.source_seq": (1 << 62) + 1}),
    Case("DQ-FMT-04", "penalty_kinds", PENALTY, {"penalty_kinds": ["FINE", "F" * 20_001]}),
    Case("DQ-ACC-06", "envelope.op", PENALTY, {"envelope.op": "UNKNOWN"}),
    Case("DQ-ACC-06", "envelope.subject.kind", PENALTY, {"envelope.subject.kind": "UNKNOWN"}),
    Case("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.catalog_code": "999999/000001"}),
    Case("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.catalog_code": "307004/000003"}),
    Case("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.decided_at": date(1990, 1, 1)}),
    Case("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.decided_at": None, "envelope.valid_from": date(1990, 1, 1)}),
    Case("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"decided_at": date(1990, 1, 1)}),
    Case("DQ-CAT-01", "envelope.catalog_code", PENALTY, {"envelope.decided_at": None, "decided_at": date(1996, 9, 30)}),
    Case("DQ-SCOPE-01", "procedure", PENALTY, {**PERSON, "procedure": "01"}),
    Case("DQ-SCOPE-01", "scope", "NP_BASIC", {"scope": "OTHER"}),
    Case("DQ-SEC-02", "violation_facts", PENALTY, {"violation_facts": "当事人（220000190001010018）拒不改正"}),
    Case("DQ-SEC-02", "violation_facts", PENALTY, {"violation_facts": "身份证号２２００００１９０００１０１００１８"}),
    Case("DQ-SEC-02", "violation_type", PENALTY, {"violation_type": "联系电话139 1234 5678"}),
    Case("DQ-SEC-02", "content", PENALTY, {"content": "汇入账户 6222 0200 0000 0000 000 后结案"}),
    Case("DQ-SEC-02", "reg_no", PENALTY, {"reg_no": "220000190001010018"}),
    Case("DQ-COM-01", "doc_no", PENALTY, {"doc_no": None}),
    Case("DQ-COM-01", "violation_type", PENALTY, {"violation_type": " 暂无 "}),
    Case("DQ-COM-01", "violation_type", PENALTY, {"violation_type": "NULL"}),
    Case("DQ-COM-01", "decided_at", PENALTY, {"decided_at": date(1900, 1, 1)}),
    Case("DQ-COM-01", "penalty_kinds", PENALTY, {"penalty_kinds": []}),
    Case("DQ-COM-01", "envelope.reason", PENALTY, {"envelope.op": "CORRECT"}),
    Case("DQ-COM-01", "envelope.reason", PENALTY, {"envelope.op": "REVOKE"}),
    Case("DQ-COM-01", "envelope.note", PENALTY, {"envelope.op": "ANNOTATE"}),
    Case("DQ-COM-01", "list_entry_id", ABNORMAL, {"envelope.op": "REPAIR", "list_entry_id": None}),
    Case("DQ-COM-01", "licence_no", LICENCE, {"doc_no": None, "licence_no": None}),
    Case("DQ-COM-02", "uscc", PENALTY, both("") | {"envelope.subject.uscc": None, "uscc": None}),
    Case("DQ-COM-02", "envelope.subject", PENALTY, {"envelope.subject.uscc": None}),
    Case("DQ-COM-02", "envelope.subject", PENALTY, PERSON | {"envelope.subject.id_number": "无"}),
    Case("DQ-ACC-01", "uscc", PENALTY, both("91220102YYYY000208")),
    Case("DQ-ACC-01", "uscc", PENALTY, both("91350100M000100Y4")),
    Case("DQ-ACC-01", "authority_uscc", PENALTY, {"authority_uscc": "11220000YYYX00046G"}),
    Case("DQ-ACC-01", "envelope.subject.uscc", ABNORMAL, {"uscc": None, "envelope.subject.uscc": "91220102YYYY000208"}),
    Case("DQ-ACC-02", "uscc", PENALTY, both("91220102YYYY00021A")),
    Case("DQ-ACC-02", "org_code", PENALTY, {"org_code": "00296433A"}),
    Case("DQ-ACC-03", "uscc", PENALTY, both("9122O102YYYY000207")),
    Case("DQ-ACC-03", "uscc", PENALTY, both("９1220102YYYY000207")),
    Case("DQ-ACC-03", "envelope.subject.uscc", ABNORMAL, {"uscc": None, "envelope.subject.uscc": "9122O102YYYY000207"}),
    Case("DQ-ACC-04", "legal_rep_id_no", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "220000190001010019"}),
    Case("DQ-ACC-04", "legal_rep_id_no", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "220000190013010018"}),
    Case(
        "DQ-ACC-04", "person_id_no", PENALTY, PERSON | dict.fromkeys(("person_id_no", "envelope.subject.id_number"), "220000190001010019")
    ),
    Case("DQ-ACC-05", "reg_no", PENALTY, {"reg_no": "110108000000015"}),
    Case("DQ-ACC-06", "counterparty_kind", PENALTY, {"counterparty_kind": "MARTIAN"}),
    Case("DQ-ACC-06", "penalty_kinds", PENALTY, {"penalty_kinds": ["FINE", "FLOGGING"]}),
    Case("DQ-ACC-06", "envelope.subject.id_type", PENALTY, PERSON | {"envelope.subject.id_type": "MILITARY"}),
    Case("DQ-ACC-06", "person_id_type", PENALTY, PERSON | RESIDENT | {"envelope.decided_at": date(2018, 8, 31)}),
    Case("DQ-ACC-06", "envelope.severity", PENALTY, {"envelope.severity": "TERRIBLE"}),
    Case("DQ-ACC-07", "domicile_division", REGISTRATION, {"domicile_division": "220381"}),
    Case("DQ-ACC-08", "doc_no", PENALTY, {"doc_no": "吉应急罚2026第7"}),
    Case("DQ-ACC-08", "doc_no", PENALTY, {"doc_no": "吉应急罚〔2024〕7号"}),
    Case("DQ-ACC-09", "fine_yuan", PENALTY, {"fine_yuan": Decimal("-1.00")}),
    Case("DQ-ACC-09", "fine_yuan", PENALTY, {"fine_yuan": None}),
    Case("DQ-ACC-09", "fine_yuan", PENALTY, {"fine_yuan": Decimal("100000000.01")}),
    Case("DQ-ACC-09", "confiscated_10k_yuan", PENALTY, {"confiscated_10k_yuan": Decimal("10000.000001")}),
    Case("DQ-ACC-10", "decided_at", PENALTY, {"decided_at": date(2026, 9, 11)}),
    Case("DQ-ACC-10", "envelope.decided_at", ABNORMAL, {"envelope.decided_at": date(2026, 9, 11)}),
    Case("DQ-ACC-10", "decided_at", PENALTY, {"declared_publicity_until": date(2026, 9, 2)}),
    Case("DQ-ACC-10", "valid_from", LICENCE, {"valid_to": date(2026, 9, 1)}),
    Case("DQ-ACC-10", "established_on", REGISTRATION, {"ended_on": date(2019, 3, 14)}),
    Case("DQ-ACC-10", "envelope.valid_from", ABNORMAL, {"envelope.valid_from": date(2026, 9, 2), "envelope.valid_to": date(2026, 9, 1)}),
    Case("DQ-TIM-01", "listed_on", ABNORMAL, LISTED),
    Case("DQ-TIM-01", "decided_at", PENALTY, {"decided_at": date(2026, 8, 31), "envelope.decided_at": date(2026, 8, 31)}),
    Case("DQ-TIM-03", "envelope.valid_from", PENALTY, {**REVOKED, "envelope.valid_from": date(2026, 9, 4)}),
    Case("DQ-TIM-03", "envelope.recorded_at", PENALTY, {"envelope.op": "REPAIR", "envelope.recorded_at": RECEIVED - 7 * 86_400_000}),
    Case("DQ-KEY-01", "uscc", PENALTY, {"uscc": "91220000YYYY00012A"}),
    Case("DQ-KEY-01", "", PENALTY, {}, {"key": b"another"}),
    Case("DQ-KEY-01", "uscc", PENALTY, {**PERSON, "uscc": "91220102YYYY000207"}),
    Case("DQ-ACC-06", "envelope.op", MAP, {"envelope.op": "UPSERT"}),
    Case("DQ-MAP-01", "org_code", MAP, {"org_code": "YYYY00039"}),
    Case("DQ-MAP-02", "reg_no", MAP, {"reg_no": "220102000002027"}),
    Case("DQ-SRC-01", "envelope.catalog_code", PENALTY, {}, {"department": "ecology"}),
    Case("DQ-SRC-01", "", PENALTY, {}, {"department": "nobody"}),
    Case("DQ-SRC-02", "", REGISTRATION, {}, {"department": "ecology"}),
    Case("DQ-FMT-01", "", PENALTY, {}, {"cut": lambda value: value[:-20]}),
    Case("DQ-FMT-01", "", PENALTY, {}, {"cut": lambda value: b"garbage"}),
    Case("DQ-FMT-02", "", PENALTY, {}, {"cut": lambda value: b"\x00\x00\x0f\x42\x40" + value[5:]}),
    Case("DQ-FMT-03", "", PENALTY, {}, {"headers": (("databus-told-time", b"1789000000000"),)}),
    Case("DQ-SEC-01", "envelope.secrecy", PENALTY, {"envelope.secrecy": "MIMI"}),
    Case("DQ-SEC-01", "envelope.secrecy", PENALTY, {}, {"headers": (("databus-secrecy", b"JUEMI"),)}),
    Case("DQ-SEC-03", "envelope.publication_class", PENALTY, {}, entry=NARROW),
    Case("DQ-SEC-03", "envelope.publication_class", PENALTY, {"envelope.publication_class": "GOV_SHARED"}, entry=NARROW),
    Case("DQ-CAT-02", "entry_reason_text", ABNORMAL, {}, entry=listing("entry_reason_text")),
    # What an entry asks beyond its type, or otherwise.
    Case(
        "DQ-ACC-09",
        "fine_yuan",
        PENALTY,
        {"fine_yuan": Decimal("50000.01")},
        entry={"dq_profile": (Check("DQ-ACC-09", "fine_yuan", {"min": 0, "hold_above": 50000}),)},
    ),
]

PASSES = [
    passes("DQ-FMT-04", PENALTY, {"doc_no": "吉" * 56 + "〔2026〕7号", "content": "罚款\n2000元"}),
    passes("DQ-CAT-01", PENALTY, {"envelope.decided_at": date(1996, 10, 1)}),
    passes("DQ-CAT-01", PENALTY, {"envelope.decided_at": None, "envelope.valid_from": None}),
    passes("DQ-CAT-01", PENALTY, {"decided_at": date(1996, 10, 1)}),
    passes("DQ-CAT-01", PENALTY, {"envelope.op": "REVOKE", "envelope.reason": "复议撤销", "decided_at": date(1990, 1, 1)}),
    passes("DQ-SCOPE-01", PENALTY, {"procedure": "01"}),
    passes("DQ-SCOPE-01", PENALTY, PERSON),
    passes("DQ-SCOPE-01", "NP_BASIC", {"scope": "暂无"}),
    passes("DQ-SEC-02", PENALTY, {"violation_facts": "许可证91220102YYYY000207，罚款2000元，举报电话0431-12345678，单号2026090312345678"}),
    passes("DQ-SEC-02", PENALTY, {"violation_facts": "当事人（220000190001010018）", "envelope.publication_class": "AUTHORISED"}),
    passes("DQ-SEC-03", PENALTY, {"envelope.publication_class": "GOV_SHARED"}),
    passes("DQ-COM-01", PENALTY, {"reg_no": "无", "org_code": "——", "remark": "/"}),
    passes("DQ-COM-01", PENALTY, {"envelope.op": "REPAIR", "content": None, "violation_facts": None, "fine_yuan": None}),
    passes("DQ-COM-01", LICENCE, {"doc_no": None}),
    passes("DQ-COM-01", LICENCE, {"licence_no": None}),
    passes("DQ-COM-02", PENALTY, {"uscc": None, "reg_no": "220102000002026"}),
    passes("DQ-ACC-01", PENALTY, both("91350100M000100Y43")),
    passes("DQ-ACC-01", PENALTY, both("91220000YYYY010070")),
    passes("DQ-ACC-01", PENALTY, both("N2220122YYYY001271")),
    passes("DQ-ACC-01", PENALTY, both("Y1220000YYYY00143G")),
    passes("DQ-ACC-01", PENALTY, both("G1220000YYYY00151R")),
    passes("DQ-ACC-02", PENALTY, both("1133022500296433XT") | {"org_code": "00296433-X"}),
    passes("DQ-ACC-02", PENALTY, {"org_code": "L07196379"}),
    passes("DQ-ACC-03", PENALTY, both(" 91220102-yyyy000207 ")),
    passes("DQ-ACC-04", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "220102190001010016"}),
    passes("DQ-ACC-04", PENALTY, {"legal_rep_id_type": "RIC", "legal_rep_id_no": "110105491231002"}),
    passes("DQ-ACC-04", PENALTY, {"legal_rep_id_type": "PASSPORT", "legal_rep_id_no": "E00000000"}),
    passes("DQ-ACC-05", PENALTY, {"reg_no": "110108000000016"}),
    passes("DQ-ACC-05", PENALTY, {"reg_no": "2201020000020"}),
    passes("DQ-ACC-06", PENALTY, {"penalty_kinds": ["FINE", "WARNING"], "procedure": None}),
    passes("DQ-ACC-06", PENALTY, PERSON | RESIDENT | {"envelope.decided_at": date(2018, 9, 1)}),
    passes("DQ-ACC-07", REGISTRATION, {"domicile_division": "220184001"}),
    passes(
        "DQ-ACC-07", REGISTRATION, {"domicile_division": "220381", "approved_on": date(2019, 9, 2), "envelope.decided_at": date(2019, 9, 2)}
    ),
    passes("DQ-ACC-08", PENALTY, {"doc_no": "吉应急罚[2026]第7号"}),
    passes("DQ-ACC-08", PENALTY, {"doc_no": "吉应急罚（２０２５）7-1号"}),
    passes("DQ-ACC-09", PENALTY, {"fine_yuan": Decimal("0.00")}),
    passes("DQ-ACC-09", PENALTY, {"fine_yuan": None, "penalty_kinds": ["WARNING"]}),
    passes("DQ-ACC-10", PENALTY, {"decided_at": date(2026, 9, 10), "envelope.decided_at": date(2026, 9, 10)}),
    passes("DQ-ACC-10", LICENCE, {"valid_to": date(2026, 9, 2)}),
    passes("DQ-TIM-01", ABNORMAL, LISTED | {"removed_on": date(2026, 9, 8), "removal_reason": "已补报"}),
    passes("DQ-TIM-01", PENALTY, {"decided_at": date(2026, 9, 1), "envelope.decided_at": date(2026, 9, 1)}),
    passes(
        "DQ-TIM-01",
        PENALTY,
        {
            "envelope.op": "CORRECT",
            "envelope.reason": "笔误",
            "decided_at": date(2026, 8, 31),
            "envelope.decided_at": date(2026, 8, 31),
        },
    ),
    passes("DQ-KEY-01", PENALTY, {"envelope.subject.reg_no": "220102000002026"}),
    passes("DQ-KEY-01", PENALTY, {}),
    passes("DQ-KEY-01", PENALTY, {**PERSON, "uscc": "无"}),
    passes("DQ-FMT-04", PENALTY, {"envelope.source_seq": 0}),
    passes("DQ-FMT-04", PENALTY, {"envelope.source_seq": 1 << 62}),
    passes("DQ-TIM-03", PENALTY, {**REVOKED, "envelope.valid_from": date(2026, 9, 7)}),
    passes("DQ-TIM-03", PENALTY, {"envelope.op": "REPAIR", "envelope.recorded_at": RECEIVED - 3 * 86_400_000}),
    passes("DQ-TIM-03", PENALTY, {"envelope.op": "REPAIR", "envelope.recorded_at": 2**62}),
    passes("DQ-TIM-03", PENALTY, {"envelope.valid_from": date(2026, 9, 1), "envelope.recorded_at": 1}),
    passes("DQ-MAP-01", MAP, {}),
    passes("DQ-MAP-02", MAP, {}),
    passes("DQ-ACC-02", PENALTY, both("91220102YYYY00020")),
    passes("DQ-ACC-08", PENALTY, {"decided_at": date(1900, 1, 1)}),
    passes("DQ-TIM-01", PENALTY, {"decided_at": date(1900, 1, 1)}),
    passes("DQ-ACC-10", PENALTY, {"penalty_valid_until": date(1900, 1, 1)}),
    passes("DQ-SRC-01", PENALTY, {}, {"department": "emergency"}),
    passes("DQ-SRC-02", REGISTRATION, {}, {"department": "market-regulation"}),
    passes("DQ-FMT-01", PENALTY, {}, {"cut": lambda value: value}),
    passes("DQ-FMT-02", PENALTY, {}, {"cut": lambda value: value}),
    passes("DQ-FMT-03", PENALTY, {}, {"headers": (("databus-row", b"7"), ("x-own", b"1"))}),
    passes("DQ-SEC-01", PENALTY, {"envelope.secrecy": "WORK_SECRET"}),
    passes("DQ-SEC-03", PENALTY, {"envelope.publication_class": "INTERNAL"}, entry=NARROW),
    passes("DQ-CAT-02", ABNORMAL, {}, entry=listing()),
    passes("DQ-CAT-02", ABNORMAL, {"entry_reason_text": None}, entry=listing("entry_reason_text")),
    passes("DQ-ACC-09", PENALTY, {"fine_yuan": Decimal("-1.00")}, entry={"dq_profile": (Check("DQ-ACC-09", "fine_yuan", {"off": True}),)}),
]
