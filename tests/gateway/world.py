"""A small province behind the gateway: real contracts, records in memory, policy by a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.requests import Request

from databus.contract.catalogue import Contract, load
from databus.contract.classes import possible
from databus.errors import Unauthenticated
from databus.gateway.line import Count
from databus.gateway.records import Records
from databus.gateway.routes import router
from databus.model.disclosure import ANONYMOUS, Caller, ClassPlan, Permit, Question, Role
from databus.model.keys import organisation_key
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.ports import Clock, Planner, Trail
from databus.settings import CHECKOUT
from databus.store.rows import RecordRow
from databus.testing.planner import TablePlanner, hide, keep
from databus.testing.records import MemoryRecords
from databus.testing.trail import Counter, MemoryTrail
from databus.web.application import application
from databus.web.pages import load_pages

USCC, OTHER = "91220102YYYY000207", "91220202YYYY000399"
NAME = "长春市样例粮油有限公司"
KEY, PLATFORM_KEY = bytes(range(32)), b"p" * 32
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DEPARTMENT = Caller("emergency", Role.DEPARTMENT, "emergency")
NORTH = Caller("agency-north", Role.AGENCY, "agency-north")
SOUTH = Caller("agency-south", Role.AGENCY, "agency-south")
TOKENS = {"Bearer emergency": DEPARTMENT, "Bearer north": NORTH, "Bearer south": SOUTH}


@cache
def contract() -> Contract:
    return load(CHECKOUT / "schemas")


def example(record_type: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(CHECKOUT / "schemas" / record_type / "example.json").read_text("utf-8"))["payload"]
    return loaded


def label(record_type: str, publication: Publication = Publication.PUBLIC, **more: Any) -> LabelClass:
    told = {"subject_kind": SubjectKind.ORGANISATION, "standing": Standing.SHOWN, "owner": "market-regulation", **more}
    return LabelClass(record_type=record_type, publication=publication, commercial=Commercial.NONE, privacy=Privacy.NONE, **told)


def verdict(question: Question, of: LabelClass) -> ClassPlan:
    """A miniature of domain 3.5, enough for three bodies and five explanations."""
    fields = contract().types[of.record_type].fields.values()
    if question.relation == "owner" and of.owner == question.caller.organisation:
        return keep(tuple(one.name for one in fields), reason="OK_OWNER")
    granted = question.permit is not None
    if of.standing is not Standing.SHOWN:
        return hide("DENY_EXPIRED")
    if of.publication is not Publication.PUBLIC and not granted:
        return hide({Role.DEPARTMENT: "DENY_NO_GRANT", Role.AGENCY: "DENY_NO_CONSENT"}.get(question.caller.role, "DENY_NOT_PUBLISHED"))
    allowed = {Publication.PUBLIC}
    if granted:
        allowed |= {Publication.AUTHORISED} | ({Publication.GOV_SHARED} if question.caller.role is Role.DEPARTMENT else set())
    masked = tuple(one.name for one in fields if one.mask == "name" and of.subject_kind is not SubjectKind.ORGANISATION)
    dropped = {one.name: "DENY_NOT_PUBLISHED" for one in fields if one.publication not in allowed}
    kept = tuple(one.name for one in fields if one.name not in dropped and one.name not in masked)
    reason = "OK_PUBLIC" if not granted else "OK_GRANT" if question.caller.role is Role.DEPARTMENT else "OK_CONSENT"
    return keep(kept, reason=reason, drop=dropped, mask=masked)


@dataclass
class World:
    """Everything a test turns and looks at."""

    records: MemoryRecords
    planner: TablePlanner
    trail: MemoryTrail
    counter: Counter
    app: FastAPI
    labels: list[LabelClass]
    instant: list[datetime] = field(default_factory=lambda: [NOW])
    numbers: list[int] = field(default_factory=lambda: [0])

    def put(self, of: LabelClass, payload: dict[str, Any], *, code: str = USCC, name: str = NAME, **more: Any) -> RecordRow:
        """One more record; a known key makes it a new version."""
        if of not in self.labels:
            self.labels.append(of)
        self.numbers[0] += 1
        number = self.numbers[0]
        codes = {} if of.subject_kind is SubjectKind.PERSON else {"CN-USCI": code}
        row = RecordRow(
            record_type=of.record_type,
            record_key=more.pop("record_key", f"00000000-0000-8000-8000-{number:012d}"),
            subject_key=more.pop("subject_key", organisation_key(code)),
            subject_name=name,
            codes={**codes, **more.pop("codes", {})},
            department=of.owner,
            system="core",
            standing=of.standing,
            class_id=of.class_id,
            payload=payload,
            valid_from=None,
            valid_to=None,
            decided_at=None,
            wake=more.pop("wake", None),
            known_at=int(datetime(2026, 9, 4, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000),
            event_id=f"event-{number}",
            submission_id=f"submission-{number}",
            catalog_code="",
            rule="",
            seq=number,
            recorded_at=0,
        )
        self.records.put(replace(row, **more))
        return row

    def penalties(self, count: int) -> None:
        """Penalties of as many businesses, each a day later than the one before."""
        for number in range(count):
            code = f"9122{number:014d}"
            payload = {**example("ADMIN_PENALTY"), "uscc": code, "doc_no": f"吉罚〔2026〕{number}号", "decided_at": _day(number)}
            self.put(label("ADMIN_PENALTY"), payload, code=code, name=f"第{number}样例公司")


def _day(number: int) -> str:
    return date.fromordinal(date(2025, 1, 1).toordinal() + number).isoformat()


async def callers(request: Request) -> Caller:
    told = request.headers.get("authorization")
    if told is None:
        return ANONYMOUS
    if told not in TOKENS:
        raise Unauthenticated("The token is not one of ours.")
    return TOKENS[told]


def served(planner: Planner, records: Records, trail: Trail, *, clock: Clock = lambda: NOW, count: Count | None = None) -> FastAPI:
    """The gateway over these ports."""
    pages = load_pages()
    routes = router(
        planner=planner,
        trail=trail,
        records=records,
        contract=contract(),
        callers=callers,
        clock=clock,
        count=count or Counter(),
        key=KEY,
        platform_key=PLATFORM_KEY,
        pages=pages,
    )
    return application([routes], pages=pages, title="databus", version="0.1.0", summary="Public credit information of a province.")


def build(permits: tuple[Permit, ...] = ()) -> World:
    """An empty province."""
    log: list[str] = []
    labels: list[LabelClass] = []
    instant = [NOW]
    clock: Callable[[], datetime] = lambda: instant[0]  # noqa: E731
    records = MemoryRecords(permits=list(permits), log=log)
    planner = TablePlanner(verdict, lambda: tuple(labels), clock, possible=possible(contract()), log=log)
    trail, counter = MemoryTrail(log=log), Counter()
    app = served(planner, records, trail, clock=clock, count=counter)
    return World(records, planner, trail, counter, app, labels, instant)


def permit(grantee: str, **more: Any) -> Permit:
    told = {
        "permit_id": f"permit-{grantee}",
        "version": 1,
        "kind": "CONSENT",
        "grantee": grantee,
        "subjects": (),
        "record_types": (),
        "items": (),
        "purposes": ("P12",),
        "terms": (),
        "legal_basis": "test",
        "valid_from": date(2026, 1, 1),
        "valid_to": date(2026, 12, 31),
    }
    return Permit(**{**told, **more})


def furnished() -> World:
    """One business with a registration, a licence, a narrowed licence and a penalty."""
    world = build((permit("agency-north", subjects=(organisation_key(USCC),)), permit("emergency", kind="GRANT")))
    world.put(label("LP_REGISTRATION"), example("LP_REGISTRATION"), codes={"CN-REG": "220102000002026"})
    world.put(label("ADMIN_LICENCE", owner="transport"), example("ADMIN_LICENCE"))
    narrowed = {**example("ADMIN_LICENCE"), "doc_no": "吉交许〔2026〕99号", "remark": "内部备注", "content": "危险货物道路运输"}
    world.put(label("ADMIN_LICENCE", Publication.AUTHORISED, owner="transport"), narrowed)
    world.put(label("ADMIN_PENALTY", owner="ecology"), example("ADMIN_PENALTY"))
    return world
