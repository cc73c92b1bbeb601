"""A record type that no Python knows: files in a folder of contracts, and it is published, merged, asked for and exported."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from databus.local.stack import up
from databus.model.disclosure import Permit
from databus.settings import CHECKOUT
from engines import DEPARTMENTS, local_settings
from live.line import Live, live_of

pytestmark = pytest.mark.live

CODE, NAME, TYPE = "91220102YYYY000207", "长春市样例粮油有限公司", "PARKING_PERMIT"
LABELS = {"commercial": "NONE", "privacy": "NONE"}
FIELDS = [
    ("uscc", "string", "统一社会信用代码", "unified social credit code", {"class": "PUBLIC", "maxLength": 18}),
    ("holder", "string", "持证人", "holder", {"class": "PUBLIC", "maxLength": 200}),
    ("permit_no", "string", "停车证号", "number of the permit", {"class": "PUBLIC", "maxLength": 64}),
    ("granted_on", {"type": "int", "logicalType": "date"}, "发证日期", "granted on", {"class": "PUBLIC"}),
    ("bays", "int", "泊位数", "bays", {"class": "PUBLIC"}),
    (
        "fee_yuan",
        {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2},
        "费用(元)",
        "fee in yuan",
        {"class": "GOV_SHARED"},
    ),
    ("disputed", "boolean", "是否争议", "disputed", {"class": "GOV_SHARED"}),
]
VEHICLES = [("plate", "车牌号", "number plate", "INTERNAL"), ("kind", "车型", "kind of vehicle", "PUBLIC")]
TYPE_YAML = """
record_type: PARKING_PERMIT
names: {zh: 停车许可, en: Parking permit}
section: "2"
nature: BASIC
dataset: parking_permits
owners: [{department: transport, valid_from: 2020-01-01}]
key: [permit_no]
deciding: null
lifecycle: PARKING_PERMIT
title: permit_no
row:
  subject: {kind: ORGANISATION, name: {from: holder}, uscc: {from: uscc}}
  envelope: {decided_at: {from: granted_on}}
narrowing:
  - {when: {field: payload.disputed, equals: true}, to: GOV_SHARED, citation: a rule of the test}
checks:
  - {rule: DQ-COM-02, any_of: [uscc]}
  - {rule: DQ-ACC-01, field: uscc}
  - {rule: DQ-ACC-09, field: bays, min: 1}
  - {rule: DQ-ACC-10, field: granted_on, not_future: true}
catalogue:
  - code: 307005/000900
    department: transport
    names: {zh: 停车许可信息, en: Parking permits}
    abstract: {zh: 停车许可, en: Parking permits}
    publication: PUBLIC
    share_type: 1
    share_condition: ""
    is_open: true
    open_condition: ""
    update_cycle: 1
    format_kind: 3
    published_on: 2020-01-01
    class_path: "3/07/005/000900"
    required: [uscc, holder, permit_no, granted_on, bays]
    late_after: null
    legal_basis: a law of the test
    authority_rank: 1
    status: ACTIVE
    valid_from: 2020-01-01
    valid_to: null
"""
DATASET = """
id: parking_permits
names: {zh: 停车许可, en: Parking permits}
description: {zh: 停车许可, en: Parking permits}
record_type: PARKING_PERMIT
open: true
columns: [holder, uscc, permit_no, granted_on, bays, vehicles]
filters: {uscc: [eq], holder: [contains], bays: [from, to]}
sort: {default: -granted_on, fields: [granted_on, bays]}
indexes: [uscc, granted_on, bays]
licence: {zh: 可自由使用, en: free}
"""
RULE = """
  - {id: PARKING, record_types: [PARKING_PERMIT], when: {}, start: [payload.granted_on], citation: a rule of the test, mark: design}
"""


GRANT = Permit(
    permit_id="grant-of-this-test",
    version=1,
    kind="GRANT",
    grantee="emergency",
    subjects=(),
    record_types=(TYPE,),
    items=(),
    purposes=("P02",),
    terms=(),
    legal_basis="a law of the test",
    valid_from=date(2020, 1, 1),
    valid_to=date(2099, 12, 31),
)


def avro(name: str, kind: object, zh: str, en: str, more: dict[str, object]) -> dict[str, object]:
    return {"name": name, "type": ["null", kind], "default": None, "zh": zh, "en": en, **LABELS, **more}


def schema() -> dict[str, object]:
    parts = [avro(name, "string", zh, en, {"class": label, "maxLength": 32}) for name, zh, en, label in VEHICLES]
    vehicles = {"type": "array", "items": {"type": "record", "name": "PARKING_PERMIT_vehicles", "fields": parts}}
    fields = [*(avro(*field) for field in FIELDS), avro("vehicles", vehicles, "车辆", "vehicles", {"class": "PUBLIC"})]
    payload = {"type": "record", "name": "PARKING_PERMIT_payload", "fields": fields}
    carried = [{"name": "envelope", "type": "databus.Envelope"}, {"name": "payload", "type": payload}]
    return {"type": "record", "name": TYPE, "namespace": "databus", "fields": carried}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Live]:
    """A line of its own over the shipped contracts and one type more."""
    root = tmp_path / "contracts"
    shutil.copytree(CHECKOUT / "schemas", root)
    (root / TYPE).mkdir()
    (root / TYPE / "v1.avsc").write_text(json.dumps(schema(), ensure_ascii=False), "utf-8")
    (root / TYPE / "type.yaml").write_text(TYPE_YAML, "utf-8")
    (root / "datasets" / "parking_permits.yaml").write_text(DATASET, "utf-8")
    with (root / "rules" / "standing.yaml").open("a", encoding="utf-8") as file:
        file.write(RULE)
    settings = local_settings(tmp_path / "home").model_copy(update={"contracts": root})
    with up(settings, departments=DEPARTMENTS, console=Console(stderr=True)):
        yield live_of(settings)


def published(line: Live, folder: Path, *rows: dict[str, str], code: int = 0) -> None:
    file = folder / "permits.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    line.databus("publish", str(file), "--department", "transport", "--type", TYPE, code=code)


def permit(number: int, **changed: str) -> dict[str, str]:
    vehicles = json.dumps([{"plate": f"吉A0000{number}", "kind": "货车"}], ensure_ascii=False)
    plain = {"uscc": CODE, "holder": NAME, "permit_no": f"P{number}", "granted_on": "2026-01-05", "bays": "3", "fee_yuan": "120.50"}
    return {**plain, "disputed": "否", "vehicles": vehicles, **changed}


def test_a_new_type_needs_files_and_no_line_of_python(line: Live, tmp_path: Path) -> None:
    assert "Nothing speaks against" in line.databus("schemas", "check")
    published(line, tmp_path, permit(1), permit(2, disputed="是"), permit(3, bays="0"), code=1)
    published(line, tmp_path, permit(1, bays="5"))
    line.settled()

    line.give(GRANT)

    findings = line.json("findings", "--department", "transport")
    assert [(one["rule"], one["field"], one["row"]) for one in findings] == [("DQ-ACC-09", "bays", 3)]
    with line.client() as client:
        profile = client.get(f"/v1/subjects/{CODE}").json()
        (section,) = profile["sections"]
        (record,) = section["records"]
        assert (section["section"], record["record_type"], record["standing"]) == ("2", TYPE, "SHOWN")
        assert record["fields"]["bays"] == 5, "the second publication is a newer state of the first record"
        assert record["fields"]["vehicles"] == [{"kind": "货车"}] and record["withheld"]["vehicles.plate"] == "DENY_NOT_PUBLISHED"
        assert "fee_yuan" in record["withheld"]

        page = client.get(f"/businesses/{CODE}", headers={"Accept": "text/html"}).text
        assert "停车许可" in page and "泊位数" in page and "吉A00001" not in page

        found = client.get("/v1/datasets/parking_permits/records", params={"bays.from": "4"}).json()["records"]
        assert [one["fields"]["permit_no"] for one in found] == ["P1"]
        table = client.get("/v1/datasets/parking_permits/exports/csv").text
        (row,) = csv.DictReader(io.StringIO(table))
        assert (row["permit_no"], row["bays"], json.loads(row["vehicles"])) == ("P1", "5", [{"kind": "货车"}])
    with line.client("emergency") as client:
        shared = client.get(f"/v1/profiles/{CODE}", params={"purpose": "P02"}).json()["sections"][0]["records"]
        assert {one["fields"]["permit_no"]: one["fields"]["fee_yuan"] for one in shared} == {"P1": "120.50", "P2": "120.50"}
