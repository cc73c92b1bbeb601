"""What a department may answer, and what the checker answers by itself."""

from __future__ import annotations

import pytest

from databus.contract import wire
from databus.errors import Conflict, Malformed
from databus.model.finding import Answer, FindingStatus, Tracked
from databus.quality.answers import answer_to
from quality.inbox import RECEIVED, Inbox, Seen

PENALTY = "ADMIN_PENALTY"
FIRST, SECOND = "0191e0a0-0000-7000-8000-00000000000a", "0191e0a0-0000-7000-8000-00000000000b"


def tracked(inbox: Inbox, *states: FindingStatus) -> Tracked:
    finding = inbox.send(PENALTY, {"doc_no": None}).findings[0]
    answer = Answer(finding.finding_id, finding.department, states[-1], by="x", at=1) if states else None
    return Tracked(finding, None, answer)


def test_a_department_acknowledges_or_objects(inbox: Inbox) -> None:
    open_one = tracked(inbox)
    assert answer_to(open_one, "ACK", by="clerk", at=5) == Answer(open_one.finding.finding_id, "emergency", FindingStatus.ACK, "clerk", 5)
    objection = answer_to(open_one, "REJECTED", by="clerk", at=5, reason=" 原件  如此 ")
    assert (objection.status, objection.reason) == (FindingStatus.REJECTED, "原件 如此")


def test_numbers_of_persons_are_covered_in_a_reason(inbox: Inbox) -> None:
    told = answer_to(tracked(inbox), "REJECTED", by="clerk", at=5, reason="当事人220000190001010018电话13912345678无误").reason
    assert "220000190001010018" not in told and "13912345678" not in told and "无误" in told


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("FIXED", ""),
        ("OVERDUE", ""),
        ("ISSUED", ""),
        ("", ""),
        ("REJECTED", ""),
        ("REJECTED", " 否 "),
        ("ACK", "a" * 501),
        ("ACK", "a\u202e\ue000"),
    ],
)
def test_nothing_else_is_an_answer(inbox: Inbox, status: str, reason: str) -> None:
    with pytest.raises(Malformed):
        answer_to(tracked(inbox), status, by="clerk", at=5, reason=reason)


@pytest.mark.parametrize("state", [FindingStatus.FIXED, FindingStatus.REJECTED, FindingStatus.ACK, FindingStatus.OVERDUE])
def test_what_cannot_follow_is_a_conflict_that_says_where_it_stands(inbox: Inbox, state: FindingStatus) -> None:
    with pytest.raises(Conflict) as refusal:
        answer_to(tracked(inbox, state), "ACK", by="clerk", at=5)
    assert refusal.value.facts["status"] == state


def fixed(inbox: Inbox, seen: Seen) -> list[Answer]:
    told = (wire.decode_told(inbox.codec, output.value or b"") for output in seen.outcome.outputs if output.topic == "findings")
    return [one for one in told if isinstance(one, Answer)]


def test_an_accepted_submission_fixes_the_findings_it_names(inbox: Inbox) -> None:
    headers = (
        ("databus-fixes", FIRST.encode()),
        ("Databus-Fixes", SECOND.encode()),
        ("databus-fixes", FIRST.encode()),
        ("databus-fixes", b"?"),
    )
    seen = inbox.send(PENALTY, headers=headers)
    assert [one.finding_id for one in fixed(inbox, seen)] == [FIRST, SECOND]
    one = fixed(inbox, seen)[0]
    assert (one.status, one.department, one.by, one.at) == (FindingStatus.FIXED, "emergency", "emergency", RECEIVED)
    assert (one.record_type, one.event_id, one.submission_id) == (PENALTY, seen.event.event_id, seen.event.submission_id)


def test_a_refused_submission_fixes_nothing(inbox: Inbox) -> None:
    assert not fixed(inbox, inbox.send(PENALTY, {"doc_no": None}, headers=(("databus-fixes", FIRST.encode()),)))


def test_no_submission_answers_without_bounds(inbox: Inbox) -> None:
    names = [f"0191e0a0-0000-7000-8000-{number:012d}" for number in range(500)]
    assert len(fixed(inbox, inbox.send(PENALTY, headers=tuple(("databus-fixes", name.encode()) for name in names)))) == 32
