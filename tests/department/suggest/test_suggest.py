"""Proposals measured: the columns of files as departments keep them, by headers written down from the standards, not from our data."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from databus.contract import catalogue
from databus.department import mapping
from databus.department.files.opening import opened
from databus.department.mapping import FileMapping
from databus.department.reading import apply
from databus.department.suggest.proposing import Proposal, answer, propose
from databus.department.suggest.sampled import Sampled, sampled
from databus.department.suggest.written import written
from databus.errors import BadMapping
from databus.testing.province.plan import plan
from databus.testing.province.planned import Shares
from department.conftest import SCHEMAS

CONTRACT = catalogue.load(SCHEMAS)
SILENT = frozenset(row.code for row in CONTRACT.codes.rows("placeholder"))
NOTHING: dict[str, str | None] = {"序号": None, "所属网格": None, "经办人": None}
"""Columns that mean nothing to a contract and must be asked about."""

PARTY = {
    "XDR_MC": "counterparty_name", "XDR_LB": "counterparty_kind", "XDR_SHXYM": "uscc", "XDR_GSZC": "reg_no", "XDR_ZZJG": "org_code",
    "XDR_SWDJ": "tax_no", "XDR_SYDW": "institution_cert_no", "XDR_SHZZ": "social_org_cert_no", "FRDB": "legal_rep_name",
    "FR_ZJLX": "legal_rep_id_type", "FR_ZJHM": "legal_rep_id_no", "XDR_ZJLX": "person_id_type", "XDR_ZJHM": "person_id_no",
}  # fmt: skip
CODES_2018 = {
    "ADMIN_PENALTY": {
        **{f"CF_{code}": field for code, field in PARTY.items()},
        "CF_WSH": "doc_no", "CF_WFXW": "violation_type", "CF_SY": "violation_facts", "CF_YJ": "legal_basis", "CF_CFLB": "penalty_kinds",
        "CF_NR": "content", "CF_NR_FK": "fine_yuan", "CF_NR_WFFF": "confiscated_10k_yuan", "CF_NR_ZKDX": "suspended_licence",
        "CF_JDRQ": "decided_at", "CF_YXQ": "penalty_valid_until", "CF_GSJZQ": "declared_publicity_until", "CF_CFJG": "authority_name",
        "CF_CFJGDM": "authority_uscc", "CF_SJLY": "source_name", "CF_SJLYDM": "source_uscc", "BZ": "remark",
    },
    "ADMIN_LICENCE": {
        **{f"XK_{code}": field for code, field in PARTY.items()},
        "XK_XKWS": "doc_name", "XK_WSH": "doc_no", "XK_XKLB": "licence_category", "XK_XKZS": "licence_cert_name", "XK_XKBH": "licence_no",
        "XK_NR": "content", "XK_JDRQ": "decided_at", "XK_YXQZ": "valid_from", "XK_YXQZI": "valid_to", "XK_XKJG": "authority_name",
        "XK_XKJGDM": "authority_uscc", "XK_ZT": "status", "XK_LYDW": "source_name", "XK_LYDWDM": "source_uscc", "BZ": "remark",
    },
}  # fmt: skip
REGISTRY = {
    "LP_REGISTRATION": {
        "uniscid": "uscc", "entname": "name", "regno": "reg_no", "pripid": "pripid", "enttype": "subject_type", "regstate": "reg_state",
        "regcap": "reg_capital_10k", "regcapcur": "currency", "estdate": "established_on", "opfrom": "op_from", "opto": "op_to",
        "dom": "domicile", "domdistrict": "domicile_division", "proloc": "business_place", "yiedistrict": "business_division",
        "industryco": "industry_code", "opscope": "business_scope", "regorg": "reg_organ_uscc", "apprdate": "approved_on",
        "postalcode": "postal_code",
    },
    "ABNORMAL_OPERATION": {
        "busexclist": "list_entry_id", "uniscid": "uscc", "regno": "reg_no", "entname": "name", "specause": "entry_reason",
        "specause_cn": "entry_reason_text", "abntime": "listed_on", "decorg_cn": "listed_by", "remexcpres_cn": "removal_reason",
        "remdate": "removed_on", "redecorg_cn": "removed_by", "isrecovery": "recovered",
    },
}  # fmt: skip
WORDS = {
    "ADMIN_PENALTY": {
        "行政相对人名称": "counterparty_name", "行政相对人类别": "counterparty_kind", "统一社会信用代码": "uscc",
        "法定代表人": "legal_rep_name",
        "行政处罚决定书文号": "doc_no", "违法行为类型": "violation_type", "违法事实": "violation_facts", "处罚依据": "legal_basis",
        "处罚类别": "penalty_kinds", "处罚内容": "content", "罚款金额（万元）": "fine_yuan",
        "没收违法所得、没收非法财物的金额（万元）": "confiscated_10k_yuan",
        "暂扣或吊销证照名称及编号": "suspended_licence", "处罚决定日期": "decided_at", "处罚有效期": "penalty_valid_until",
        "公示截止期": "declared_publicity_until",
        "处罚机关": "authority_name", "处罚机关统一社会信用代码": "authority_uscc", "数据来源单位": "source_name",
        "数据来源单位统一社会信用代码": "source_uscc", "备注": "remark",
    },
    "LP_REGISTRATION": {
        "企业名称": "name", "统一社会信用代码": "uscc", "企业类型": "subject_type", "登记状态": "reg_state",
        "法定代表人": "legal_rep_name",
        "注册资本（万元）": "reg_capital_10k", "币种": "currency", "成立日期": "established_on", "住所": "domicile",
        "行政区划": "domicile_division",
        "经营范围": "business_scope", "登记机关": "reg_organ_name", "核准日期": "approved_on", "邮政编码": "postal_code",
    },
}  # fmt: skip


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def chinese(field: str, value: Any, record_type: str) -> str:
    """The value as a department writes it: names of codes, days in characters."""
    known = CONTRACT.types[record_type].fields[field]
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if known.code and value is not None and known.code != "divisions":
        return ";".join(CONTRACT.codes.label(known.code, one) for one in (value if isinstance(value, list) else [value]))
    return plain(value)


def in_10k(field: str, value: Any, record_type: str) -> str:
    """The same, sums in yuan told in ten thousands, as the national format asks."""
    return plain(value / 10_000) if field == "fine_yuan" and value is not None else chinese(field, value, record_type)


@cache
def facts(record_type: str) -> list[Mapping[str, Any]]:
    shares = Shares(**dict.fromkeys(Shares.__slots__, 0.0))
    told = plan(CONTRACT, subject_count=60, submissions=900, seed=7, as_of=date(2026, 11, 20), shares=shares)
    return [one.cut["payload"] for one in told if one.record_type == record_type][:150]


@dataclass(frozen=True)
class File:
    """A file, what each of its columns is (None: nothing of the contract), and the facts in it."""

    path: Path
    record_type: str
    truth: Mapping[str, str | None]
    facts: list[Mapping[str, Any]]


def made(folder: Path, record_type: str, truth: Mapping[str, str | None], write: Callable[[str, Any, str], str]) -> File:
    path = folder / f"{record_type}.csv"
    with path.open("w", encoding="gb18030", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(truth)
        for number, fact in enumerate(facts(record_type)):
            writer.writerow(str(number) if field is None else write(field, fact.get(field), record_type) for field in truth.values())
    return File(path, record_type, truth, facts(record_type))


def shipped(name: str, record_type: str, nothing: frozenset[str] = frozenset()) -> File:
    path = SCHEMAS / record_type / "samples" / name
    with opened(path) as table:
        assert table.columns is not None
        archive = yaml.safe_load(path.with_suffix(".yaml").read_text("utf-8"))["payload"] if nothing else {}
        said = {source["from"]: field for field, source in archive.items() if field != "currency"}
        return File(path, record_type, {name: None if name in nothing else said.get(name, name) for name in table.columns}, [])


def files(folder: Path) -> Iterator[tuple[str, File]]:
    yield "archive", shipped("historical.csv", "LP_REGISTRATION", frozenset({"所在省份"}))
    yield "registrations", shipped("registrations.csv", "LP_REGISTRATION")
    yield "penalties", shipped("penalties.csv", "ADMIN_PENALTY")
    yield "licences", shipped("licences.csv", "ADMIN_LICENCE")
    for told, headers, write in (("codes", CODES_2018, in_10k), ("registry", REGISTRY, chinese), ("words", WORDS, in_10k)):
        for record_type, truth in headers.items():
            (folder / told).mkdir(exist_ok=True)
            yield f"{told} {record_type}", made(folder / told, record_type, {**truth, **NOTHING}, write)
    for record_type in ("ADMIN_PENALTY", "ADMIN_LICENCE"):
        zh = {field.zh: field.name for field in CONTRACT.types[record_type].fields.values() if field.name != "fine_yuan"}
        yield f"labels {record_type}", made(folder, record_type, {**zh, **NOTHING}, chinese)


def proposed(path: Path, record_type: str) -> tuple[Proposal, Sampled]:
    with opened(path) as table:
        sample = sampled(table.columns, table.rows, SILENT)
    return propose(sample, CONTRACT.types[record_type], CONTRACT), sample


def settled(proposal: Proposal) -> dict[str, str]:
    """Column → field; the currency that a sum names beside it left out."""
    return {source.column: name for name, source in proposal.sources.items() if "currency" not in source.options}


def test_nearly_all_columns_are_right_and_none_is_wrong(tmp_path: Path) -> None:
    counts = {"columns": 0, "right": 0, "with a field": 0, "found": 0, "proposed": 0}
    for name, file in files(tmp_path):
        proposal, _ = proposed(file.path, file.record_type)
        found = settled(proposal)
        asked = {question.column for question in proposal.questions}
        assert asked | found.keys() == file.truth.keys(), name
        wrong = {column: field for column, field in found.items() if file.truth[column] != field}
        assert not wrong, (name, wrong)
        right = [column for column, field in file.truth.items() if found.get(column) == field]
        counts["columns"] += len(file.truth)
        counts["right"] += len(right)
        counts["with a field"] += sum(field is not None for field in file.truth.values())
        counts["found"] += len(found.keys() & {column for column, field in file.truth.items() if field})
        counts["proposed"] += len(found)
        assert len(right) / len(file.truth) >= 0.95, (name, [question for question in proposal.questions])
    precision, recall = counts["found"] / counts["proposed"], counts["found"] / counts["with a field"]
    print(f"{counts}, precision {precision:.3f}, recall {recall:.3f}")
    assert precision == 1.0 and recall >= 0.95


@pytest.mark.parametrize("name", ["codes ADMIN_PENALTY", "codes ADMIN_LICENCE", "registry LP_REGISTRATION", "words ADMIN_PENALTY"])
def test_what_is_proposed_reads_the_values_back(tmp_path: Path, name: str) -> None:
    """Units, days and names of codes become what the department meant, row by row."""
    file = dict(files(tmp_path))[name]
    proposal, sample = proposed(file.path, file.record_type)
    proposal.questions.clear()
    chosen = loaded(tmp_path, proposal, sample)
    with opened(file.path) as table:
        for row, fact in zip(table.rows, file.facts, strict=True):
            cut, defects = apply(chosen, row.cells, CONTRACT)
            assert not defects
            for field in filter(None, file.truth.values()):
                assert cut["payload"].get(field) == fact.get(field), (field, row.cells)
            assert cut["subject"]["kind"]


def loaded(folder: Path, proposal: Proposal, sample: Sampled) -> FileMapping:
    path = folder / "m.yaml"
    path.write_text(written(proposal, sample, proposal.record_type.entries[0], CONTRACT), "utf-8")
    return mapping.load(path, CONTRACT)


def small(folder: Path, *rows: list[str]) -> Path:
    path = folder / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


def question(folder: Path, record_type: str, *rows: list[str]) -> tuple[str, list[tuple[str, Mapping[str, Any]]]]:
    (found,) = proposed(small(folder, *rows), record_type)[0].questions
    return found.asks, [(name, source.options) for name, source in found.choices]


def test_a_unit_that_nothing_tells_is_asked(tmp_path: Path) -> None:
    asks, choices = question(tmp_path, "ADMIN_PENALTY", ["罚款金额"], ["2000"], ["0.5"])
    assert "unit" in asks
    assert choices == [("fine_yuan", {}), ("fine_yuan", {"amount": {"power": 0, "unnamed": 4}})]


def test_a_unit_that_some_cells_leave_out_is_asked(tmp_path: Path) -> None:
    asks, choices = question(tmp_path, "LP_REGISTRATION", ["注册资金"], ["20万元"], ["5000"])
    assert "unit" in asks and len(choices) == 2


def test_days_that_may_be_months_are_asked(tmp_path: Path) -> None:
    asks, choices = question(tmp_path, "ADMIN_PENALTY", ["决定日期"], ["01/02/2026"], ["03/04/2026"])
    assert "days" in asks
    assert [options for _, options in choices] == [{"formats": ["%d/%m/%Y"]}, {"formats": ["%m/%d/%Y"]}]


def test_days_that_only_one_way_fits_are_not(tmp_path: Path) -> None:
    proposal, _ = proposed(small(tmp_path, ["决定日期"], ["01/02/2026"], ["23/04/2026"]), "ADMIN_PENALTY")
    assert proposal.sources["decided_at"].options == {"formats": ["%d/%m/%Y"]}


def test_a_name_whose_values_are_something_else_is_asked(tmp_path: Path) -> None:
    asks, choices = question(tmp_path, "ADMIN_PENALTY", ["统一社会信用代码"], ["220100000000001"], ["张三"])
    assert "do not fit" in asks and choices[0][0] == "uscc"


def test_two_columns_for_one_field_are_asked_unless_one_is_empty(tmp_path: Path) -> None:
    rows = [["决定书文号", "文书号"], ["吉罚〔2026〕1号", "2"]]
    proposal, _ = proposed(small(tmp_path, *rows), "ADMIN_PENALTY")
    assert {one.column for one in proposal.questions} == {"决定书文号", "文书号"} and "doc_no" not in proposal.sources
    proposal, _ = proposed(small(tmp_path, rows[0], ["吉罚〔2026〕1号", "无"]), "ADMIN_PENALTY")
    assert proposal.sources["doc_no"].column == "决定书文号"
    assert proposal.absent == {"无"}


def test_codes_under_a_strange_name_are_asked_with_what_they_fit(tmp_path: Path) -> None:
    asks, choices = question(tmp_path, "ADMIN_PENALTY", ["列甲"], ["91220000YYYY00012A"])
    assert "values" in asks and {name for name, _ in choices} >= {"uscc", "authority_uscc"}


def test_the_files_own_words_for_a_kind_of_subject_lead_to_it(tmp_path: Path) -> None:
    proposal, sample = proposed(small(tmp_path, ["行政相对人类别", "行政相对人名称"], ["natural person", "张三"]), "ADMIN_PENALTY")
    cut, _ = apply(loaded(tmp_path, proposal, sample), {"行政相对人类别": "natural person", "行政相对人名称": "张三"}, CONTRACT)
    assert cut["subject"] == {"kind": "PERSON", "name": "张三"}


def test_a_mapping_with_a_question_publishes_nothing_until_it_is_answered(tmp_path: Path) -> None:
    proposal, sample = proposed(small(tmp_path, ["罚款金额", "序号: [x"], ["2000", "1"]), "ADMIN_PENALTY")
    with pytest.raises(BadMapping, match="罚款金额, 序号"):
        loaded(tmp_path, proposal, sample)
    unit, number = list(proposal.questions)
    assert "no_such" in answer(proposal, unit, "no_such", None, sample, CONTRACT)
    assert "unit" in answer(proposal, unit, "fine_yuan", None, sample, CONTRACT)
    assert answer(proposal, unit, *unit.choices[1], sample, CONTRACT) == ""
    assert "already" in answer(proposal, number, "fine_yuan", None, sample, CONTRACT)
    assert answer(proposal, number, "remark", None, sample, CONTRACT) == ""
    cut, _ = apply(loaded(tmp_path, proposal, sample), {"罚款金额": "0.2", "序号: [x": "1"}, CONTRACT)
    assert cut["payload"] == {"fine_yuan": Decimal(2000), "remark": "1"}


def test_an_entry_that_is_one_of_several_is_left_open(tmp_path: Path) -> None:
    proposal, sample = proposed(small(tmp_path, ["名称"], ["甲"]), "LP_REGISTRATION")
    path = tmp_path / "m.yaml"
    path.write_text(written(proposal, sample, None, CONTRACT), "utf-8")
    with pytest.raises(BadMapping, match="307001/000002"):
        mapping.load(path, CONTRACT)
