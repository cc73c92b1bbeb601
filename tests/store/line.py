"""Builders: records, and a line that projects what a test says happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.change import Change, Kind
from databus.model.chunk import Record
from databus.model.disclosure import DecisionRecord, Permit
from databus.model.finding import Answer, Finding, Verdict
from databus.model.keys import organisation_key
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.store import projection
from databus.store.sessions import Pool, session

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
CODE, OTHER_CODE = "91220102YYYY000207", "91220000YYYY00012A"
SUBJECT, OTHER = organisation_key(CODE), organisation_key(OTHER_CODE)
NAME = "长春市样例粮油有限公司"
TODAY = date(2026, 11, 1)
KNOWN_AT = 1_793_000_000_000

OPEN = LabelClass("ADMIN_PENALTY", SubjectKind.ORGANISATION, Publication.PUBLIC, Commercial.NONE, Privacy.NONE, Standing.SHOWN, "emergency")
INTERNAL = replace(OPEN, publication=Publication.INTERNAL)
REGISTERED = replace(OPEN, record_type="LP_REGISTRATION", owner="market-regulation")
PUBLIC = [OPEN.class_id, REGISTERED.class_id]

CHANGE = Change(
    change_id="",
    kind=Kind.ADDED,
    pv=1,
    subject_key=SUBJECT,
    subject_name=NAME,
    codes={"CN-USCI": CODE},
    record_type="ADMIN_PENALTY",
    record_key="penalty-1",
    department="emergency",
    system="case",
    op="UPSERT",
    facet="content",
    seq=1,
    event_id="",
    submission_id="",
    catalog_code="307004/000004",
    known_at=KNOWN_AT,
    was=None,
    standing=Standing.SHOWN,
    label_class=OPEN,
    wake=None,
    rule="PUB-2026-GENERAL",
    fields=(),
    causes=(),
    inbox_partition=0,
    inbox_offset=0,
    origin_partition=0,
    origin_offset=0,
    body=None,
)
FINDING = Finding(
    finding_id="finding-1",
    department="emergency",
    submission_id="submission-x",
    event_id="event-x",
    record_type="ADMIN_PENALTY",
    catalog_code="307004/000004",
    record_key="",
    rule="DQ-COM-01",
    verdict=Verdict.REJECT,
    field="payload.doc_no",
    observed="",
    expected="a value",
    suggestion="",
    message_zh="缺少必填项",
    message_en="a required field is missing",
    issued_at=KNOWN_AT,
    inbox_partition=0,
    inbox_offset=3,
)
PERMIT = Permit(
    permit_id="permit-1",
    version=1,
    kind="CONSENT",
    grantee="agency-north",
    subjects=(SUBJECT,),
    record_types=(),
    items=(),
    purposes=("CREDIT",),
    terms=("written",),
    legal_basis="征信业管理条例第十八条",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
)
DECISION = DecisionRecord(
    decision_id="decision-1",
    at=KNOWN_AT,
    request_id="request-1",
    caller="agency-north",
    role="AGENCY",
    organisation="agency-north",
    purpose="CREDIT",
    relation="permit",
    permit_id="permit-1",
    action="GET /v1/profiles/{code}",
    subject_key=SUBJECT,
    outcome="PARTIAL",
    reasons=("OK_CONSENT", "MASKED_PERSONAL"),
    records=("penalty-1",),
    disclosed={"ADMIN_PENALTY": ("doc_no",)},
    withheld={"ADMIN_PENALTY": {"legal_rep_name": "MASKED_PERSONAL"}},
    plan_id="plan-1",
    revision="r1",
)


def example(contract: Contract, record_type: str, **payload: Any) -> dict[str, Any]:
    """The example of a type as the codec takes it, with other payload fields where told; `e_...` sets the envelope's."""
    told = json.loads((SCHEMAS / record_type / "example.json").read_text("utf-8"))
    fields = contract.types[record_type].fields
    body = {name: _typed(value, fields[name].kind) for name, value in told["payload"].items()}
    body |= {name: value for name, value in payload.items() if not name.startswith("e_")}
    days = ("valid_from", "valid_to", "decided_at")
    envelope = {name: _typed(value, "date" if name in days else "") for name, value in told["envelope"].items()}
    envelope |= {name[2:]: value for name, value in payload.items() if name.startswith("e_")}
    return {"envelope": envelope, "payload": body}


def _typed(value: Any, kind: str) -> Any:
    if value is None or kind not in ("date", "decimal"):
        return value
    return date.fromisoformat(value) if kind == "date" else Decimal(value)


@dataclass
class Line:
    """Numbers and projects records as the bus would deliver them."""

    pool: Pool
    codec: Codec
    contract: Contract
    ends: dict[tuple[str, int], int] = field(default_factory=dict)

    def body(self, record_type: str = "ADMIN_PENALTY", **payload: Any) -> bytes:
        return self.codec.encode(f"databus.{record_type}", example(self.contract, record_type, **payload))

    def change(self, name: str, *, payload: Mapping[str, Any] | None = None, **told: Any) -> Change:
        """A step whose ids are made of `name`, with a body of the example unless told `body=None`."""
        change = replace(
            CHANGE, **{"change_id": f"change-{name}", "event_id": f"event-{name}", "submission_id": f"submission-{name}", **told}
        )
        return change if "body" in told else replace(change, body=self.body(change.record_type, **(payload or {})))

    def record(self, topic: str, value: bytes | None, *, part: int = 0, key: bytes | None = None) -> Record:
        offset = self.ends.get((topic, part), 0)
        self.ends[topic, part] = offset + 1
        return Record(topic, part, offset, KNOWN_AT, key, value)

    def changes(self, *changes: Change, part: int = 0) -> list[Record]:
        """Steps as they lie in the log, each written when its event was known."""
        records = [self.record("changes", wire.encode_change(self.codec, change), part=part) for change in changes]
        return [replace(record, timestamp=change.known_at) for record, change in zip(records, changes, strict=True)]

    def findings(self, *findings: Finding) -> list[Record]:
        """Findings as they lie in the log."""
        return [self.record("findings", wire.encode_finding(self.codec, finding)) for finding in findings]

    async def apply(self, chunk: list[Record]) -> int:
        async with session(self.pool) as connection:
            return await projection.project(connection, chunk[0].topic, chunk, self.codec, self.contract)

    async def happen(self, *changes: Change, part: int = 0) -> None:
        await self.apply(self.changes(*changes, part=part))

    async def find(self, *findings: Finding) -> None:
        await self.apply(self.findings(*findings))

    async def answer(self, *answers: Answer) -> None:
        await self.apply([self.record("findings", wire.encode_answer(self.codec, answer)) for answer in answers])

    async def decide(self, *decisions: DecisionRecord) -> None:
        await self.apply([self.record("decisions", wire.encode_decision(self.codec, decision)) for decision in decisions])

    async def permit(self, *permits: Permit) -> None:
        await self.apply(
            [self.record("permits", wire.encode_permit(self.codec, permit), key=permit.permit_id.encode()) for permit in permits]
        )

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        async with session(self.pool) as connection:
            return [dict(row.items()) for row in await connection.fetch(query, *values)]
