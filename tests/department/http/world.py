"""The intake of a small province: real contracts, an inbox in memory, tokens by a table."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.requests import Request

from databus.access.signing import signing_key
from databus.bootstrap.foresight import foresight
from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.values import jsonable
from databus.department import receipt
from databus.department.http.intake import Intake
from databus.department.http.retractions import Retracting
from databus.department.receipt import Listed
from databus.department.routes import router
from databus.department.submission import Submission
from databus.errors import PolicyUnavailable, Unauthenticated
from databus.model.change import Kind
from databus.model.disclosure import ANONYMOUS, Caller, ClassPlan, Question, Role
from databus.model.keys import event_id
from databus.model.labels import LabelClass, Publication, SubjectKind
from databus.settings import CHECKOUT
from databus.store.apply.facts import STATED
from databus.store.batches import Batch, Said, Told
from databus.store.present import At, Present
from databus.testing.inbox import MemoryInbox
from databus.testing.planner import hide, keep
from databus.testing.replies import MemoryReplies
from databus.web.application import application
from databus.web.pages import load_pages

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
EVENTS = "/v1/departments/emergency/events"
TYPE, ENTRY, SOURCE = "ADMIN_PENALTY", "307004/000004", "emergency/http"
CALLERS = {
    "Bearer emergency": Caller("emergency", Role.DEPARTMENT, "emergency"),
    "Bearer transport": Caller("transport", Role.DEPARTMENT, "transport"),
    "Bearer market-regulation": Caller("market-regulation", Role.DEPARTMENT, "market-regulation"),
    "Bearer agency": Caller("agency-north", Role.AGENCY, "agency-north"),
}


@cache
def contract() -> Contract:
    return catalogue.load(CHECKOUT / "schemas")


@cache
def codec() -> Codec:
    return contract().codec()


@cache
def key() -> ECKey:
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return signing_key(pem, purpose="receipts")


def example() -> dict[str, Any]:
    """What the contract ships as its example."""
    told: dict[str, Any] = json.loads((CHECKOUT / "schemas" / TYPE / "example.json").read_text("utf-8"))
    return told


def payload(number: int = 1, **more: Any) -> dict[str, Any]:
    """Its payload under a document number of its own."""
    return {**example()["payload"], "doc_no": f"吉应急罚〔2026〕{number}号", **more}


def batch(*items: Any, **more: Any) -> dict[str, Any]:
    return {"record_type": TYPE, "events": list(items) or [{"payload": payload()}], **more}


SERIOUS = {
    "payload": payload(1, fine_yuan="2000.00"),
    "envelope": {"severity": "SERIOUS", "legal_basis": "安全生产法", "secrecy": "WORK_SECRET"},
}
"""A penalty whose envelope says more than it must."""


@dataclass
class TablePolicy:
    """A miniature of domain 3.5: everybody sees what is public, the owner all, the officer nothing."""

    away: bool = False

    async def decide(self, question: Question) -> tuple[str, Mapping[int, ClassPlan]]:
        if self.away:
            raise PolicyUnavailable("OPA does not answer")
        return "r1", {label.class_id: self._plan(question, label) for label in question.classes}

    def _plan(self, question: Question, label: LabelClass) -> ClassPlan:
        if question.caller.role is Role.OFFICER:
            return hide("DENY_NOT_PUBLISHED")
        fields = contract().types[label.record_type].fields.values()
        if question.relation == "owner":
            return keep(tuple(one.name for one in fields), reason="OK_OWNER")
        dropped = {one.name: "DENY_NOT_PUBLISHED" for one in fields if one.publication is not Publication.PUBLIC}
        return keep(tuple(one.name for one in fields if one.name not in dropped), reason="OK_PUBLIC", drop=dropped)


@dataclass
class Past:
    """What became of batches, as a test says."""

    batch: Batch = field(default_factory=lambda: Batch({}, {}, frozenset()))

    async def of(self, department: str, event_ids: Collection[str]) -> Batch:
        return self.batch


@dataclass
class World:
    """Everything a test turns and looks at."""

    app: FastAPI
    inbox: MemoryInbox
    replies: MemoryReplies
    policy: TablePolicy
    present: dict[At, Present]
    past: Past
    intake: Intake
    instant: list[datetime] = field(default_factory=lambda: [NOW])

    def sent(self) -> list[dict[str, Any]]:
        """What lies in the inbox, decoded."""
        return [codec().decode(entry.value or b"")[1] for entry in self.inbox.of("in.emergency")]


def build() -> World:
    inbox, replies, instant, policy, present = MemoryInbox(), MemoryReplies(), [NOW], TablePolicy(), dict[At, Present]()
    past = Past()

    async def standing(wanted: Collection[tuple[str, str, str]]) -> dict[At, Present]:
        return {where: one for where, one in present.items() if where in {(subject, record) for _, subject, record in wanted}}

    async def callers(request: Request) -> Caller:
        told = request.headers.get("authorization")
        if told is None:
            return ANONYMOUS
        if told not in CALLERS:
            raise Unauthenticated("The token is not one of ours.")
        return CALLERS[told]

    def sign(listed: Sequence[Listed], *, department: str, source_sha256: str) -> dict[str, Any]:
        topic = f"in.{department}"
        told = receipt.statement(listed, issuer="intake", department=department, topic=topic, source_sha256=source_sha256, now=1)
        return receipt.sign(told, listed, key())

    intake = Intake(
        contract=contract(),
        codec=codec(),
        callers=callers,
        clock=lambda: instant[0],
        inbox=inbox,
        replies=replies,
        sign=sign,
        secret=lambda department: department.encode().ljust(32, b"."),
        foresee=foresight(contract(), codec(), standing=standing, decider=policy, clock=lambda: instant[0]),
        prove=foresight(contract(), codec(), standing=None, decider=None, clock=lambda: instant[0], platform_key=b"p" * 32),
    )
    retracting = Retracting(intake, past.of, lambda document: receipt.verify(document, {str(key().kid): key()}), inbox.read)
    routes = router(intake, reader=inbox.read, retracting=retracting)
    app = application([routes], pages=load_pages(), title="intake", version="1", summary="s")
    return World(app, inbox, replies, policy, present, past, intake, instant)


PERSON = {
    "counterparty_kind": "NATURAL_PERSON", "counterparty_name": "样本乙", "uscc": None, "person_id_type": "RIC",
    "person_id_no": "220000190001010018",
}  # fmt: skip
"""What a penalty says when it is about a person."""


async def forgotten(world: World, sent: dict[str, Any], *, before: bool = False, department: str = "emergency", **more: Any) -> None:
    """The inbox has forgotten the batch, and the store knows what the checks made of it; `before` says the same of its earlier wording."""
    told, said, topic = {}, {}, f"in.{department}"
    entries = {codec().decode(entry.value or b"")[1]["envelope"]["submission_id"]: entry for entry in world.inbox.of(topic)}
    names = [one["submission_id"] for one in sent["submissions"]]
    sealed = [Submission(name, entries[name].key or b"", entries[name].value or b"", entries[name].headers) for name in names]
    seen = await world.intake.prove(department, sealed)
    for one, known in zip(sent["submissions"], seen, strict=True):
        event, name = known.event, event_id(topic, one["partition"], one["offset"])
        assert event is not None and known.content is not None
        of, envelope = (event.subject_key, event.record_type, event.record_key), known.content["envelope"]
        person = event.subject_kind is SubjectKind.PERSON
        stated = {key: envelope[key] for key in STATED if envelope[key] is not None}
        own = Said(
            name, f"{department}/http", "content", event.seq, event.content_hash, False, True, 1000, event.catalog_code,
            jsonable(known.content["payload"]), envelope["valid_from"], envelope["valid_to"], envelope["decided_at"], None, None,
            stated, event.subject_kind.value, "" if person else event.subject_name, {} if person else event.codes,
        )  # fmt: skip
        told[name] = Told(name, one["submission_id"], of, department, "http", "UPSERT", "content", event.seq, 1000, Kind.ADDED)
        # The batch has said something else; what is known word by word is what it goes back to.
        now = replace(own, mark=b"now", payload={})
        said[of] = (now, replace(own, event_id="before", seq=7, **more)) if before else (replace(own, **more),)
    world.past.batch = Batch(told, said, frozenset())
    world.inbox.taken.clear()
