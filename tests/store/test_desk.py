"""Decisions, permits, accounts, classes and traces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from databus.errors import Conflict, NotFound
from databus.model.change import Kind
from databus.model.disclosure import Role
from databus.model.finding import Verdict
from databus.store import accounts, classes, decisions, permits, trace
from store.line import DECISION, FINDING, INTERNAL, KNOWN_AT, OPEN, OTHER, PERMIT, SUBJECT, Line

pytestmark = pytest.mark.live


async def test_decisions_are_searched_by_all_that_is_asked(line: Line) -> None:
    told = [
        replace(DECISION, decision_id="d1", at=KNOWN_AT + 1),
        replace(
            DECISION, decision_id="d2", at=KNOWN_AT + 2, caller="agency-south", reasons=("DENY_NO_CONSENT",), outcome="DENY", records=()
        ),
        replace(DECISION, decision_id="d3", at=KNOWN_AT + 3, subject_key=OTHER),
    ]
    await line.decide(*told, *told)

    async def ids(**asked: object) -> list[str]:
        return [decision.decision_id for decision in await decisions.search(line.pool, **asked)]  # type: ignore[arg-type]

    assert await ids() == ["d3", "d2", "d1"]
    assert await ids(caller="agency-north", subject=SUBJECT) == ["d1"]
    assert await ids(reason="DENY_NO_CONSENT") == ["d2"]
    assert await ids(since=KNOWN_AT + 2, until=KNOWN_AT + 3) == ["d2"]
    assert await ids(limit=1, after=decisions.place(told[1])) == ["d1"]
    assert await ids(reason="' OR 1=1 --") == await ids(caller="a\x00b") == []
    assert (await decisions.search(line.pool, caller="agency-south"))[0] == told[1]


@pytest.mark.parametrize(
    ("changed", "applies"),
    [
        ({}, True),
        ({"subjects": ()}, True),
        ({"subjects": (OTHER,)}, False),
        ({"purposes": ("SUPERVISION",)}, False),
        ({"purposes": ()}, False),
        ({"grantee": "agency-south"}, False),
        ({"revoked": True}, False),
        ({"valid_to": date(2026, 6, 30)}, True),
        ({"valid_to": date(2026, 6, 29)}, False),
        ({"valid_from": date(2026, 7, 1)}, False),
    ],
)
async def test_a_permit_applies_to_its_grantee_subject_purpose_and_days(line: Line, changed: dict[str, object], applies: bool) -> None:
    permit = replace(PERMIT, **changed)  # type: ignore[arg-type]
    await line.permit(permit)
    asked = {"subject_key": SUBJECT, "purpose": "CREDIT", "day": date(2026, 6, 30)}
    found = await permits.valid(line.pool, "agency-north", **asked)  # type: ignore[arg-type]
    assert found == (permit if applies else None)
    assert await permits.all(line.pool) == (permit,)


async def test_a_permit_for_the_subject_comes_before_one_for_all(line: Line) -> None:
    wide = replace(PERMIT, permit_id="a-wide", subjects=(), valid_to=date(2030, 1, 1))
    await line.permit(wide, PERMIT)

    async def applies(subject_key: str) -> str:
        permit = await permits.valid(line.pool, "agency-north", subject_key=subject_key, purpose="CREDIT", day=date(2026, 6, 1))
        assert permit is not None
        return permit.permit_id

    assert [await applies(subject) for subject in (SUBJECT, OTHER, "")] == ["permit-1", "a-wide", "a-wide"]


async def test_accounts_are_made_once_renewed_and_closed(line: Line) -> None:
    await accounts.add(line.pool, "agency-north", secret_hash="h1", role=Role.AGENCY, organisation="agency-north")
    with pytest.raises(Conflict):
        await accounts.add(line.pool, "agency-north", secret_hash="h2", role=Role.OFFICER)
    await accounts.renew(line.pool, "agency-north", secret_hash="h3")
    await accounts.disable(line.pool, "agency-north")
    found = await accounts.find(line.pool, "agency-north")
    assert found is not None and (found.secret_hash, found.role, found.organisation, found.disabled) == (
        "h3",
        Role.AGENCY,
        "agency-north",
        True,
    )
    assert await accounts.all(line.pool) == (found,)
    assert await accounts.find(line.pool, "nobody") is None and await accounts.find(line.pool, "a\x00") is None
    with pytest.raises(NotFound):
        await accounts.renew(line.pool, "nobody", secret_hash="h")


async def test_every_class_that_occurs_is_known_once(line: Line) -> None:
    await line.happen(line.change("a"), line.change("b"), line.change("c", label_class=INTERNAL, kind=Kind.HISTORY, pv=None))
    assert sorted(await classes.known(line.pool), key=lambda one: one.class_id) == sorted((OPEN, INTERNAL), key=lambda one: one.class_id)


@pytest.mark.parametrize("identifier", ["submission-a", "event-a", "change-a", "finding-a", "decision-1", "request-1"])
async def test_every_id_of_an_event_leads_to_all_about_it(line: Line, identifier: str) -> None:
    await line.happen(line.change("a"), line.change("b", record_key="other"))
    await line.find(replace(FINDING, finding_id="finding-a", event_id="event-a", submission_id="submission-a", verdict=Verdict.WARN))
    await line.decide(DECISION, replace(DECISION, decision_id="d-2", request_id="r-2", records=("other",)))
    found = await trace.of(line.pool, identifier)
    assert [decision.decision_id for decision in found.decisions] == ["decision-1"]
    if identifier not in ("decision-1", "request-1"):
        (step,) = found.steps
        assert (step.event_id, step.part, step.offset, step.label_class) == ("event-a", 0, 0, OPEN)
        assert [life.event_id for life in found.versions] == ["event-a"] and found.versions[0].has_payload
        assert [finding.finding_id for finding in found.findings] == ["finding-a"]


@pytest.mark.parametrize("identifier", ["", "nothing", "a\x00b", "' OR 1=1 --"])
async def test_an_unknown_id_leads_nowhere(line: Line, identifier: str) -> None:
    await line.happen(line.change("a"))
    await line.find(replace(FINDING, submission_id="", event_id="event-u"))
    assert (await trace.of(line.pool, identifier)).empty
