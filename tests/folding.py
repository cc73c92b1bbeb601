"""Accepted events of the shipped types about one subject, and what folding them leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from databus.contract import wire
from databus.contract.catalogue import load
from databus.contract.sheets import decode_sheet
from databus.model import keys
from databus.model.change import Change
from databus.model.chunk import Output, Record
from databus.model.event import Event, Op
from databus.model.finding import Answer, Finding, FindingStatus
from databus.profile.profiler import processor
from databus.testing.events import DAY, SUBJECT, MemoryState, accepted, envelope

CONTRACT = load(Path(__file__).parents[1] / "schemas")
CODEC = CONTRACT.codec()
PROCESS = processor(CONTRACT, CODEC)
KNOWN = (date(2026, 9, 10).toordinal() - date(1970, 1, 1).toordinal()) * DAY
NAME, OLD_NAME, OTHER_NAME = "吉林省样例粮油有限公司", "吉林省样例（粮油）公司", "别家有限公司"
TYPES = {
    "registration": "LP_REGISTRATION",
    "penalty": "ADMIN_PENALTY",
    "licence": "ADMIN_LICENCE",
    "abnormal": "ABNORMAL_OPERATION",
    "map": "LP_CODE_MAP",
}
USUAL: dict[str, dict[str, Any]] = {
    "LP_REGISTRATION": {"name": NAME, "legal_rep_name": "样本甲", "domicile": "长春市1号", "established_on": date(2010, 1, 1)},
    "ADMIN_PENALTY": {
        "counterparty_name": NAME,
        "doc_no": "1",
        "decided_at": date(2026, 9, 1),
        "penalty_kinds": ["FINE"],
        "content": "罚款",
    },
    "ADMIN_LICENCE": {"counterparty_name": NAME, "doc_no": "许1号", "licence_no": "JY0001", "decided_at": date(2026, 1, 1), "status": "0"},
    "LP_CODE_MAP": {"name": NAME},
    "ABNORMAL_OPERATION": {"name": NAME, "list_entry_id": "YC1", "entry_reason": "1", "listed_on": date(2026, 8, 1)},
}


def said(kind: str, op: Op = Op.UPSERT, seq: int = 1, *, number: int = 1, department: str = "market-regulation", **more: Any) -> Event:
    """An event of a type; `number` tells its record, other arguments are fields of the payload (`deciding` and such are the event's)."""
    record_type = TYPES[kind]
    own = {name: more.pop(name) for name in ("system", "deciding", "withdrawn", "known_at", "place", "publication", "note") if name in more}
    payload = {**USUAL[record_type], **more}
    around = {**envelope(seq, op), "subject": {"kind": "ORGANISATION", "name": NAME}, "recorded_at": seq}
    body = CODEC.encode(f"databus.{record_type}", {"envelope": around, "payload": payload})
    # As the checker's, the hash is over what is said and its labels.
    content = repr([*sorted(payload.items()), own.get("publication")])
    told = {"record_type": record_type, "record_key": f"{record_type}|{number}", "known_at": KNOWN, "body": body, **own}
    return accepted(op, seq, content, department=department, **told)


def records(events: Sequence[Event], first: int = 0) -> list[Record]:
    return [Record("events", 3, at, 0, None, wire.encode_event(CODEC, event)) for at, event in enumerate(events, start=first)]


class Line:
    """A partition that folds what it is told; what it has told stays readable."""

    def __init__(self, process: Any = PROCESS) -> None:
        self.state, self.outputs, self.process, self.offset = MemoryState(), list[Output](), process, 0

    def hear(self, *events: Event) -> Line:
        outcome = self.process(records(events, self.offset), self.state)
        self.offset += len(events)
        self.state.commit(outcome)
        self.outputs += outcome.outputs
        return self

    @property
    def steps(self) -> list[Change]:
        told = (output.value or b"" for output in self.outputs if output.topic == "changes")
        return [wire.decode_change(CODEC, value) for value in told if wire.decode_time(CODEC, value) is None]

    @property
    def findings(self) -> list[Finding | Answer]:
        return [wire.decode_told(CODEC, output.value or b"") for output in self.outputs if output.topic == "findings"]

    @property
    def open(self) -> list[tuple[str, str, str]]:
        """Findings that stand: rule, department, field; one that is closed must have been issued."""
        standing: dict[str, Finding] = {}
        for finding in self.findings:
            if isinstance(finding, Answer):
                assert finding.status is FindingStatus.FIXED and finding.event_id
                assert standing.pop(finding.finding_id).department == finding.department
            else:
                assert finding.finding_id not in standing
                standing[finding.finding_id] = finding
        return sorted((one.rule, one.department, one.field) for one in standing.values())

    @property
    def attributes(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """FindingStatus of each attribute, the record that gives it, and the records that say another word."""
        found = {}
        for step in self.steps:
            for state in step.attributes:
                chosen = state.chosen.record_key if state.chosen else ""
                found[state.name] = state.status.value, chosen, tuple(one.record_key for one in state.others)
        return {name: told for name, told in found.items() if told[0] != "SILENT"}

    @property
    def current(self) -> dict[str, tuple[object, ...]]:
        """The records as the steps that move the profile leave them."""
        left: dict[str, tuple[object, ...]] = {}
        for step in self.steps:
            if step.kind.of_record:
                content = None if step.body is None else CODEC.decode(step.body)[1]
                left[step.record_key] = step.standing, step.label_class, step.wake, step.rule, repr(content and content["payload"])
        return left

    @property
    def versions(self) -> list[int]:
        return [step.pv for step in self.steps if step.pv is not None]

    def sheet(self) -> dict[str, Any]:
        """What the subject's sheet says; its bound on days and its findings aside."""
        data = self.state.values.get(keys.pack(SUBJECT, "sheet"))
        told = {"a": {}, "g": {}} if data is None else orjson.loads(decode_sheet(CODEC, data))
        return {part: told[part] for part in ("a", "g")}

    def standing(self, kind: str, number: int = 1) -> str:
        return str(self.current[f"{TYPES[kind]}|{number}"][0])
