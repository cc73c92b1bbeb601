"""Submissions made from the shipped examples: about subjects nobody else has, in any state a department can put them."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from databus.bootstrap.parts import now
from databus.bus.topics import inbox
from databus.cli.session import Session
from databus.contract.catalogue import Contract, RecordType
from databus.department.submission import inbox_key, owned_entry
from databus.model.chunk import Headers
from databus.settings import CHECKOUT
from databus.testing.province.subjects import code_of, letters
from live.line import Live, eventually, producer

SYSTEM = "live-tests"
DECIDED = timedelta(days=20)
_NUMBERS = count(1)
_FIRST_BODY = 31**4 - 31**3
"""Bodies behind those of any sample province."""


@dataclass(frozen=True)
class Firm:
    """A synthetic organisation that no other test knows."""

    uscc: str
    name: str


def firm(word: str = "样例") -> Firm:
    """The next one; its name can be searched by."""
    number = next(_NUMBERS)
    return Firm(code_of("91220102", f"YYYY{letters(_FIRST_BODY + number)}"), f"长春{word}{number}号贸易有限公司")


@dataclass(frozen=True)
class Draft:
    """A submission before it is encoded. `value` is what Avro gets; `headers` come on top of the usual ones."""

    department: str
    record_type: RecordType
    value: dict[str, Any]
    headers: Headers = ()
    usual: bool = field(default=True)

    @property
    def submission_id(self) -> str:
        return str(self.value["envelope"]["submission_id"])

    @property
    def topic(self) -> str:
        return inbox(self.department)

    @property
    def key(self) -> bytes:
        return inbox_key(self.value["envelope"]["subject"], secret=b"live")

    def body(self, here: Session) -> bytes:
        return here.codec(self.department).encode(self.record_type.full_name, self.value)

    def all_headers(self) -> list[tuple[str, bytes]]:
        mine = [("databus-submission-id", self.submission_id.encode()), ("databus-secrecy", b"NONE")] if self.usual else []
        return [*mine, *self.headers]

    def changed(self, **changes: Any) -> Draft:
        """The same with a new id and seq and with `envelope__…`, `subject__…` and payload fields changed."""
        value = {"envelope": {**self.value["envelope"]}, "payload": {**self.value["payload"]}}
        envelope = value["envelope"]
        envelope["subject"] = {**envelope["subject"]}
        envelope |= {"submission_id": str(uuid.uuid4()), "source_seq": _seq()}
        for name, new in changes.items():
            place = envelope["subject"] if name.startswith("subject__") else envelope if name.startswith("envelope__") else value["payload"]
            place[name.rpartition("__")[2]] = new
        return replace(self, value=value)


def licence(here: Session, about: Firm, department: str = "transport", **changes: Any) -> Draft:
    """A licence decided twenty days ago, in force for three years."""
    made = _example(here.contract, "ADMIN_LICENCE", about, department)
    number, day = next(_NUMBERS), now().date() - DECIDED
    ends = day.replace(year=day.year + 3, day=min(day.day, 28))
    numbered = {"doc_no": f"吉许测〔{day.year}〕{number}号", "licence_no": f"LV{time.time_ns()}"}
    own = {"counterparty_name": about.name, "uscc": about.uscc, "decided_at": day, "valid_from": day, "valid_to": ends, **numbered}
    known = here.contract.departments[department]
    own |= {"authority_name": known.zh, "authority_uscc": known.uscc, "source_name": known.zh, "source_uscc": known.uscc}
    return made.changed(envelope__decided_at=day, envelope__valid_from=day, envelope__valid_to=ends, **{**own, **changes})


def registration(here: Session, about: Firm, **changes: Any) -> Draft:
    """A firm's registration, which is public."""
    made = _example(here.contract, "LP_REGISTRATION", about, "market-regulation")
    own = {"name": about.name, "uscc": about.uscc, "reg_no": None, "org_code": None, "tax_no": None}
    return made.changed(**{name: value for name, value in own.items() if name in made.value["payload"]}, **changes)


def _example(contract: Contract, record_type: str, about: Firm, department: str) -> Draft:
    kind = contract.record_type(record_type)
    value = json.loads((CHECKOUT / "schemas" / record_type / "example.json").read_text("utf-8"))
    payload = {name: _typed(kind, name, told) for name, told in value["payload"].items()}
    dates = {name: None for name in ("valid_from", "valid_to", "decided_at")}
    nobody = {name: None for name in value["envelope"]["subject"]}
    subject = {**nobody, "kind": "ORGANISATION", "name": about.name, "uscc": about.uscc}
    code = owned_entry(contract, kind, department).code
    told = {"catalog_code": code, "source_system": SYSTEM, "recorded_at": int(time.time() * 1000), "subject": subject}
    return Draft(department, kind, {"envelope": {**value["envelope"], **dates, **told}, "payload": payload}).changed()


def _typed(kind: RecordType, name: str, told: Any) -> Any:
    if told is None or kind.fields[name].kind not in ("date", "decimal"):
        return told
    return date.fromisoformat(told) if kind.fields[name].kind == "date" else Decimal(told)


def _seq() -> int:
    return time.time_ns() // 1000


def send(live: Live, *drafts: Draft, seconds: float = 40.0) -> None:
    """Publish as the departments and wait until every one is judged; accepted or not is the caller's question."""
    for draft in drafts:
        with producer(live.here.address(draft.department)) as out:
            out.send(draft.topic, key=draft.key, value=draft.body(live.here), headers=draft.all_headers()).get(timeout=60)
    ids = [draft.submission_id for draft in drafts]
    told = "SELECT submission_id FROM {} WHERE submission_id = ANY($1)"
    judged = f"{told.format('steps')} UNION {told.format('findings')}"
    eventually(lambda: len(live.sql(judged, ids)) == len(set(ids)), seconds, f"verdicts on {len(ids)} submissions")


def accepted(live: Live, *drafts: Draft) -> None:
    """Publish; the test fails with the findings if one is refused."""
    send(live, *drafts)
    for draft in drafts:
        found = live.sql("SELECT rule, field, observed FROM findings WHERE submission_id = $1 AND verdict <> 'W'", draft.submission_id)
        assert not found, found
