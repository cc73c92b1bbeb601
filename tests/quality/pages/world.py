"""The desk over findings in memory, with the accounts of a department, another one, an agency, a steward and an officer."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from databus.access.attempts import Attempts
from databus.access.logins import Logins
from databus.access.secrets import Hashing
from databus.access.signing import signing_key
from databus.bus.journal import Entry
from databus.bus.lookup import Places
from databus.contract.calendar import SHANGHAI
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import AuditUnavailable, Unprocessable
from databus.model.chunk import Record
from databus.model.disclosure import Caller, DecisionRecord, Disclosed, Role
from databus.model.finding import Answer, Finding, Tracked, Verdict
from databus.quality.originals import Originals, Sent
from databus.quality.pages import routes
from databus.quality.pages.desk import Desk
from databus.quality.pages.mending import Mend, Mending
from databus.quality.pages.office import Office
from databus.quality.pages.quarantine import Browsing
from databus.quality.pages.scores import Scores
from databus.quality.waiving import Waiving
from databus.store.accounts import Account
from databus.store.causes import Cause
from databus.store.findings import Filter, Place, Story
from databus.store.refused import Refused
from databus.store.scorecards import Score
from databus.testing.counts import MemoryCounts
from databus.web.application import application
from databus.web.pages import load_pages
from quality.inbox import QUARANTINE_KEY, RECEIVED, Inbox

NOW = datetime(2026, 9, 11, 9, 0, tzinfo=SHANGHAI)
FAST = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
SECRET, HTML = "a secret of forty-three signs", {"Accept": "text/html", "Accept-Language": "en"}
PEOPLE = {
    "emergency": (Role.DEPARTMENT, "emergency"),
    "ecology": (Role.DEPARTMENT, "ecology"),
    "agency-north": (Role.AGENCY, "agency-north"),
    "steward": (Role.STEWARD, ""),
    "officer": (Role.OFFICER, ""),
}
HOME = "/desk/emergency"
WAIVER_KEY = signing_key(ECKey.generate_key("P-256").as_pem(private=True), purpose="waivers")


@dataclass
class World:
    """What is found, asked and told; who is logged in; a clock that can be moved."""

    contract: Contract
    found: list[Tracked]
    now: datetime = NOW
    asked: list[Filter] = field(default_factory=list)
    told: list[Answer] = field(default_factory=list)
    held: dict[str, tuple[Account, datetime]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    secure: bool = False
    trail: list[DecisionRecord] | None = field(default_factory=list)
    published: list[tuple[str, Entry]] = field(default_factory=list)
    retracted: list[tuple[str, bool]] = field(default_factory=list)
    lying: dict[tuple[int, int], Record] = field(default_factory=dict)
    sealed: dict[bytes, Record] = field(default_factory=dict)
    stated: dict[str, Sent] = field(default_factory=dict)
    mended: list[tuple[tuple[Mend, ...], bool]] = field(default_factory=list)
    beside: list[Tracked] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    counted: MemoryCounts = field(default_factory=MemoryCounts)

    def __post_init__(self) -> None:
        stored = FAST.hasher.hash(SECRET)
        self.accounts = {name: Account(name, stored, role, slug, NOW, False) for name, (role, slug) in PEOPLE.items()}

    async def account(self, client_id: str) -> Account | None:
        return self.accounts.get(client_id)

    async def begin(self, token: str, account: Account, *, now: datetime, life: timedelta) -> None:
        self.held[token] = (account, now + life)

    async def find(self, token: str, *, now: datetime, idle: timedelta) -> Account | None:
        account, until = self.held.get(token, (None, now))
        return account if until > now else None

    async def end(self, token: str) -> None:
        self.held.pop(token, None)

    async def by_cause(self, department: str, *, since: int, until: int, slots: int) -> tuple[Cause, ...]:
        one = self.found[0].finding
        counts = (*(0 for _ in range(slots - 1)), len(self.found))
        cause = Cause(
            one.rule, one.verdict, one.record_type, one.field, len(self.found), 1, date(2026, 9, 17), one.issued_at, counts
        )  # fmt: skip
        mended = replace(cause, rule="DQ-TIM-01", verdict=Verdict.WARN, field="", waiting=0, overdue=0, due=None)
        return (cause, mended) if department == one.department else ()

    async def page(self, department: str, asked: Filter, *, after: Place | None, limit: int) -> tuple[Tracked, ...]:
        self.asked.append(asked)
        behind = [one for one in self.found if after is None or (-one.finding.issued_at, one.finding.finding_id) > (-after[0], after[1])]
        return tuple(behind[:limit])

    async def story(self, department: str, finding_id: str) -> Story | None:
        one = next((one for one in self.found if (one.finding.finding_id, one.finding.department) == (finding_id, department)), None)
        if one is None:
            return None
        answers = tuple(told for told in self.told if told.finding_id == finding_id)
        return Story(one, answers, tuple(other for other in self.found if other is not one)[:2])

    async def of_events(self, department: str, event_ids: Collection[str]) -> tuple[Tracked, ...]:
        found = (*self.found, *self.beside)
        return tuple(one for one in found if one.finding.department == department and one.finding.event_id in event_ids)

    async def tell(self, answer: Answer) -> None:
        self.told.append(answer)
        self.found = [replace(one, answer=answer) if one.finding.finding_id == answer.finding_id else one for one in self.found]

    @property
    def codec(self) -> Codec:
        return self.contract.codec()

    async def read(self, topic: str, wanted: Places) -> dict[tuple[int, int], Record]:
        assert topic == "in.emergency"
        return {place: one for place, one in self.lying.items() if place[1] in wanted.get(place[0], ())}

    async def keyed(self, topic: str, wanted: Collection[bytes]) -> dict[bytes, Record]:
        assert topic == "quarantine.emergency"
        return {key: one for key, one in self.sealed.items() if key in wanted}

    async def known(self, department: str, names: Collection[str]) -> dict[str, Sent]:
        assert department == "emergency"
        return {name: one for name, one in self.stated.items() if name in names}

    async def again(self, department: str, mends: Sequence[Mend], dry_run: bool) -> dict[str, Any]:
        self.mended.append((tuple(mends), dry_run))
        told = self.answers or [{"outcome": "ACCEPTED", "submission_id": one.submission_id} for one in mends]
        receipt = {} if dry_run else {"accepted": len(mends), "receipt": "signed", "submissions": [{"submission_id": "s"}]}
        return {"results": told, **receipt}

    async def record(self, decisions: Sequence[DecisionRecord]) -> None:
        if self.trail is None:
            raise AuditUnavailable("away")
        self.trail += decisions

    async def publish(self, department: str, entry: Entry) -> None:
        self.published.append((department, entry))

    def waiving(self) -> Waiving:
        return Waiving(self.story, self.keyed, self.record, self.publish, WAIVER_KEY, QUARANTINE_KEY, lambda: self.now)

    async def refused(self, department: str, *, since: int, rules: Collection[str], after: Place | None, limit: int) -> tuple[Refused, ...]:
        assert "DQ-COM-01" in rules and "DQ-CONS-01" not in rules
        kept = [one.finding for one in self.found if since <= RECEIVED and (after is None or one.finding.finding_id > after[1])]
        told = [
            Refused(one.finding_id, one.finding_id, one.submission_id, one.record_type, one.row, (one.rule,), ("R",), 1, RECEIVED)
            for one in kept
        ]
        return tuple(told[:limit])

    async def see(self, caller: Caller, department: str, sent: Sent, request: str) -> Disclosed:
        if caller.role is not Role.DEPARTMENT:
            return Disclosed({}, {}, ("DENY_NOT_PUBLISHED",))
        kept = {name: value for name, value in sent.payload.items() if name != "remark"}
        return Disclosed(kept, {"remark": "DENY_NOT_PUBLISHED"}, ("OK_OWNER",))

    async def retract(self, department: str, document: Any, dry_run: bool) -> dict[str, Any]:
        if "receipt" not in document:
            raise Unprocessable("The signature does not hold.")
        left = [
            {"submission_id": "s2", "record_type": "ADMIN_PENALTY", "why": "CHANGED", "message": {"zh": "已有变动", "en": "has changed"}}
        ]
        self.retracted.append((department, dry_run))
        told = {"retracted": 1, "counts": {"DELETE": 1, "CORRECT": 0}, "left": left}
        return told if dry_run else {**told, "receipt": "its own", "submissions": []}

    async def by_entry(self, department: str, *, first: date, last: date) -> tuple[Score, ...]:
        return tuple(one for one in self.scores if one.department == department and first <= one.month <= last)

    async def by_department(self, department: str, *, first: date, last: date, medians: Collection[str]) -> tuple[Score, ...]:
        return tuple(
            replace(one, catalog_code="")
            for one in self.scores
            if department in ("", one.department) and first <= one.month <= last and one.metric not in medians
        )

    async def months(self, department: str) -> tuple[date, ...]:
        return tuple(sorted({one.month for one in self.scores if department in ("", one.department)}, reverse=True))

    def client(self) -> TestClient:
        entering = Logins(self.account, self, FAST, lambda: self.now, Attempts(self.counted, lambda: self.now))
        office = Office(load_pages(), self.contract, entering, secure=self.secure)
        originals = Originals(self.read, self.keyed, self.known, self.contract, self.codec, QUARANTINE_KEY)
        desk = Desk(
            office=office,
            by_cause=self.by_cause,
            page=self.page,
            story=self.story,
            of_events=self.of_events,
            tell=self.tell,
            clock=lambda: self.now,
            key=b"k" * 32,
            scores=Scores(self.by_entry, self.by_department, self.months),
            waive=self.waiving(),
        )
        app = application(
            [routes.router(desk, Mending(originals, self.again), Browsing(self.refused, originals, self.see), self.retract)],
            pages=office.pages,
            title="t",
            version="1",
            summary="s",
        )
        return TestClient(app, headers=HTML, follow_redirects=False)


def csrf(page: str) -> str:
    """What the forms of a page bring back."""
    (token,) = set(re.findall(r'name="csrf" value="([0-9a-f]{64})"', page))
    return str(token)


def enter(client: TestClient, who: str = "emergency", secret: str = SECRET, wanted: str = "") -> str:
    """Log in; where that leads."""
    door = client.get("/desk/login", params={"next": wanted} if wanted else {})
    form = {"client": who, "secret": secret, "csrf": csrf(door.text), "next": wanted}
    answer = client.post("/desk/login", data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def findings(inbox: Inbox, count: int = 5) -> list[Tracked]:
    """A penalty without its number, several times."""
    finding: Finding = inbox.send("ADMIN_PENALTY", {"doc_no": None}).findings[0]
    found = [replace(finding, finding_id=f"f{number:02}", issued_at=RECEIVED - number, row=number + 2) for number in range(count)]
    return [Tracked(one, date(2026, 9, 17), None) for one in found]
