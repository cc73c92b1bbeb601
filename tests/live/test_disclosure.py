"""One licence narrowed to AUTHORISED, asked for by everybody: who gets what, why, and what nobody can tell from outside."""

from __future__ import annotations

import json
import re
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from databus.bootstrap.parts import now
from databus.bus import topics
from databus.cli import sample
from databus.model.disclosure import Permit
from databus.model.keys import organisation_key
from live.drafts import Firm, accepted, firm, licence, registration
from live.feed import page, pages_of, plain
from live.line import REQUEST_ID, Live, eventually

pytestmark = pytest.mark.live

OWNER, LICENCE = "transport", "ADMIN_LICENCE"
CONSENTED = ("counterparty_name", "uscc", "doc_name", "doc_no", "decided_at", "valid_to", "licence_cert_name")
ASKERS = {
    "PUB": ("", ""),
    "DEP+": ("emergency", "P02"),
    "DEP-": ("emergency", ""),
    "CA+": ("agency-north", "P12"),
    "CA-": ("agency-south", "P12"),
}
"""Who asks, and for which purpose."""
CURSOR = re.compile(rb'((?:cursor=|"next":"))([A-Za-z0-9_-]+)')
WHY = {"PUB": "DENY_NOT_PUBLISHED", "DEP+": "OK_GRANT", "DEP-": "DENY_PURPOSE", "CA+": "OK_CONSENT", "CA-": "DENY_NO_CONSENT"}


@dataclass(frozen=True)
class Asked:
    """One answer: its body, and its decision record where one was made."""

    body: dict[str, Any]
    decision: dict[str, Any] | None

    @property
    def licences(self) -> list[dict[str, Any]]:
        return [one for section in self.body["sections"] for one in section["records"] if one["record_type"] == LICENCE]

    @property
    def reasons(self) -> set[str]:
        """Every reason the body gives for the licence: of the record, or of what is withheld of its type."""
        of_records = {reason for one in self.licences for reason in one["reasons"]}
        return of_records or set(self.body["withheld"].get(LICENCE, ()))


@pytest.fixture(scope="module")
def about(live: Live, province: object) -> Firm:
    """A firm with a public registration and two narrowed licences of one class: one tells all, the other as little as it may."""
    made = firm("披露")
    narrow = {"envelope__publication_class": "AUTHORISED"}
    accepted(
        live,
        registration(live.here, made),
        licence(live.here, made, OWNER, licence_cert_name="道路运输经营许可证", content="道路旅客运输", remark="延续换证", **narrow),
        licence(live.here, made, OWNER, licence_cert_name=None, content="机动车维修经营", remark=None, **narrow),
    )
    day = now().date()
    consent = Permit(
        permit_id=f"consent-{uuid.uuid4()}",
        version=1,
        kind="CONSENT",
        grantee="agency-north",
        subjects=(organisation_key(made.uscc),),
        record_types=(LICENCE,),
        items=CONSENTED,
        purposes=("P12",),
        terms=("written",),
        legal_basis="征信业管理条例 第十八条",
        valid_from=day - timedelta(days=1),
        valid_to=day + timedelta(days=30),
    )
    live.give(consent)
    return made


@pytest.fixture(scope="module")
def answers(live: Live, about: Firm) -> dict[str, Asked]:
    """What each asker is told."""
    return {who: ask(live, about, *asked) for who, asked in ASKERS.items()}


def ask(live: Live, about: Firm, name: str, purpose: str) -> Asked:
    request = f"ask-{uuid.uuid4()}"
    with live.client(name) as client:
        path = f"/v1/profiles/{about.uscc}" if name else f"/v1/subjects/{about.uscc}"
        answer = client.get(path, params={"purpose": purpose} if purpose else {}, headers={REQUEST_ID: request})
    assert answer.status_code == 200, answer.text
    if not name:
        return Asked(answer.json(), None)

    def found() -> list[dict[str, Any]]:
        return [one for one in live.json("audit", "search", "--caller", name, "--subject", about.uscc) if one["request_id"] == request]

    return Asked(answer.json(), eventually(found, 120, "the decision record")[0])


def test_three_bodies(answers: dict[str, Asked]) -> None:
    told = {who: json.dumps(one.licences, sort_keys=True) for who, one in answers.items()}
    assert told["PUB"] == told["DEP-"] == told["CA-"] == "[]"
    assert len({told["PUB"], told["DEP+"], told["CA+"]}) == 3
    whole, cut = answers["DEP+"].licences, answers["CA+"].licences
    assert len(whole) == len(cut) == 2
    assert [one["record"] for one in whole] == [one["record"] for one in cut]
    for full, part in zip(whole, cut, strict=True):
        assert part["fields"].keys() < full["fields"].keys()
        assert part["fields"] == {name: full["fields"][name] for name in part["fields"]}
        assert set(part["withheld"]) > set(full["withheld"])
        assert "content" in full["fields"] and "content" in part["withheld"]


def test_five_explanations_in_the_bodies_and_in_the_trail(answers: dict[str, Asked]) -> None:
    for who, reason in WHY.items():
        told = answers[who].reasons
        assert reason in told, (who, told)
        assert not told & (set(WHY.values()) - {reason, "DENY_NOT_PUBLISHED"}), (who, told)
        decision = answers[who].decision
        if decision is not None:
            withheld = decision["withheld"].get(LICENCE, {}).get("*", "").split(",")
            assert reason in (decision["reasons"] if reason.startswith("OK") else withheld), (who, decision)
    assert len({frozenset(one.reasons) for one in answers.values()}) == len(answers)


def test_the_trail_says_what_left_and_by_which_permit(answers: dict[str, Asked]) -> None:
    for who, asked in answers.items():
        if asked.decision is None:
            continue
        decision, left = asked.decision, {name for one in asked.licences for name in one["fields"]}
        assert set(decision["disclosed"].get(LICENCE, ())) == left, who
        assert (decision["caller"], decision["purpose"]) == ASKERS[who]
        assert bool(decision["permit_id"]) == (who in ("DEP+", "CA+")), who
    assert answers["CA+"].decision["permit_id"].startswith("consent-")  # type: ignore[index]


def test_null_is_told_apart_from_withheld(answers: dict[str, Asked]) -> None:
    for who in ("DEP+", "CA+"):
        known, unknown = sorted(answers[who].licences, key=lambda one: one["fields"]["licence_cert_name"] is None)
        assert known["fields"]["licence_cert_name"] == "道路运输经营许可证"
        assert unknown["fields"]["licence_cert_name"] is None, "the source states nothing, and that is told"
        assert known["withheld"] == unknown["withheld"], "what is withheld is the same whether or not the source states something"
        assert known["withheld"]["remark"] and "remark" not in known["fields"]
    kind = licence_fields(answers)
    for asked in answers.values():
        for one in asked.licences:
            assert one["fields"].keys() | one["withheld"].keys() == kind and not one["fields"].keys() & one["withheld"].keys()
            assert all(one["withheld"].values()), "each withheld field has its reason"


def licence_fields(answers: dict[str, Asked]) -> set[str]:
    one = answers["DEP+"].licences[0]
    return {*one["fields"], *one["withheld"]}


@pytest.mark.parametrize("publication, department", [("INTERNAL", "ecology"), ("AUTHORISED", "taxation")])
def test_what_must_not_be_known_to_exist_changes_no_answer(live: Live, about: Firm, publication: str, department: str) -> None:
    fresh = firm("隐去")
    live.settled()
    before = observed(live, fresh, about)
    hidden = [licence(live.here, fresh, department, envelope__publication_class=publication) for _ in range(2)]
    accepted(live, *hidden)
    live.settled()
    _restart_what_counts(live)
    after = observed(live, fresh, about)
    assert before.keys() == after.keys()
    assert not {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert len(live.sql("SELECT 1 FROM record_versions WHERE subject_key = $1", organisation_key(fresh.uscc))) == len(hidden)


def _restart_what_counts(live: Live) -> None:
    """The front page counts once a minute; a new gateway counts anew."""
    live.restarted("gateway", signal.SIGTERM)
    with live.client() as client:
        eventually(lambda: client.get("/health/ready").status_code == 200, 120, "the gateway is ready")


def observed(live: Live, fresh: Firm, other: Firm) -> dict[str, Any]:
    """Everything that can be seen of a firm, and of another one, from outside: status, telling headers, bytes."""
    return dict(_observed(live, fresh, other))


def _observed(live: Live, fresh: Firm, other: Firm) -> Iterator[tuple[str, Any]]:
    code = fresh.uscc
    searches = [f"/v1/subjects?q={word}" for word in (fresh.name, fresh.name[2:6], code, "隐去")]
    names = ["/", f"/?q={fresh.name}"]
    places = [f"{path}/{who}" for path in ("/businesses", "/v1/subjects") for who in (code, other.uscc)]
    with live.client() as client:
        datasets = client.get("/v1/datasets").json()["datasets"]
        tables = [one["records"] for one in datasets]
        licences = next(one for one in datasets if one["id"] == "licences")
        tables += [f"{licences['records']}?uscc={code}", *licences["exports"].values()]
        for path in (*searches, *names, *places, "/v1/datasets", "/datasets", *tables):
            yield path, seen(client.get(path))
    for name in ("agency-south", "agency-north", "emergency"):
        with live.client(name) as client:
            for purpose in ("", "P12", "P99"):
                for who in (code, other.uscc):
                    yield f"{name} {purpose} {who}", seen(client.get(f"/v1/profiles/{who}", params={"purpose": purpose}))
            lines = pages_of(client, limit=1000)
            yield f"{name} feed", [plain(one) for one in lines]


def seen(answer: httpx.Response) -> tuple[Any, ...]:
    """An answer as an eavesdropper could compare it: all but what differs between any two requests, and the length of cursors."""
    told = {name: value for name, value in answer.headers.items() if name in ("etag", "content-length", "content-type", "databus-as-of")}
    link = CURSOR.sub(_starred, answer.headers.get("link", "").encode())
    return answer.status_code, told, link, CURSOR.sub(_starred, answer.content)


def _starred(found: re.Match[bytes]) -> bytes:
    return found.group(1) + b"*" * len(found.group(2))


def test_a_hidden_step_is_not_seen_by_whoever_waits_at_the_feed(live: Live, about: Firm) -> None:
    with live.client("agency-south") as client:
        end = pages_of(client, limit=1000)[-1][-1]["cursor"]
        still = page(client, end)
        accepted(live, licence(live.here, firm(), OWNER, envelope__publication_class="AUTHORISED"))
        told = page(client, end)
        assert plain(told) == plain(still)
        assert [one["type"] for one in told] == ["control"]


def test_permits_are_in_force_for_the_sample(live: Live, about: Firm) -> None:
    rows = live.sql("SELECT grantee, cardinality(subjects) AS subjects FROM permits WHERE permit_id LIKE '%-sample' ORDER BY grantee")
    assert rows == [{"grantee": "agency-north", "subjects": sample.CONSENTING}, {"grantee": "emergency", "subjects": 0}]
    assert len(live.log(topics.PERMITS)) >= len(rows)
