"""An original is shown as policy lets its reader see it, and only once that is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from databus.bootstrap.seeing import Seeing
from databus.errors import AuditUnavailable, PolicyUnavailable
from databus.model.disclosure import Caller, DecisionRecord, Role
from databus.model.labels import Commercial, Privacy, Publication, Standing
from databus.quality.originals import Sent
from department.http.world import NOW, TYPE, TablePolicy, contract, example

OWN, OFFICER = Caller("emergency", Role.DEPARTMENT, "emergency"), Caller("o", Role.OFFICER)


class Kept:
    """A trail in memory; `away` it takes nothing."""

    def __init__(self, *, away: bool = False) -> None:
        self.found: list[DecisionRecord] = []
        self.away = away

    async def record(self, decisions: Sequence[DecisionRecord]) -> None:
        if self.away:
            raise AuditUnavailable("away")
        self.found += decisions


class Asked(TablePolicy):
    """The table, remembering what it was asked."""

    async def decide(self, question: Any) -> Any:
        self.question = question
        return await super().decide(question)


def sent(**envelope: str) -> Sent:
    told = {"subject": {"kind": "ORGANISATION"}, "publication_class": "PUBLIC", "commercial_secret": "NONE", "privacy": "NONE", **envelope}
    return Sent(TYPE, told, example()["payload"])


async def test_the_owner_sees_it_and_others_do_not_and_both_are_recorded() -> None:
    trail, policy = Kept(), Asked()
    seeing = Seeing(contract(), policy, trail, lambda: NOW)
    mine = await seeing(OWN, "emergency", sent(), "r-1")
    assert mine.fields["doc_no"] == example()["payload"]["doc_no"]
    assert (policy.question.relation, policy.question.classes[0].standing) == ("owner", Standing.HELD)
    theirs = await seeing(OFFICER, "emergency", sent(), "r-2")
    assert not theirs.fields and policy.question.relation == "none"
    assert [(one.request_id, one.outcome, one.action) for one in trail.found] == [
        ("r-1", "ALLOW", "quarantine.read"),
        ("r-2", "DENY", "quarantine.read"),
    ]
    assert "doc_no" in trail.found[0].disclosed[TYPE] and not trail.found[1].disclosed


async def test_what_is_declared_unclearly_counts_as_the_strictest() -> None:
    policy = Asked()
    unclear = {"publication_class": "UNKNOWN", "commercial_secret": "UNKNOWN", "privacy": "UNKNOWN"}
    await Seeing(contract(), policy, Kept(), lambda: NOW)(OWN, "emergency", sent(**unclear), "r")
    (label,) = policy.question.classes
    assert (label.publication, label.commercial, label.privacy) == (Publication.INTERNAL, Commercial.CONFIRMED, Privacy.SENSITIVE)


@pytest.mark.parametrize(
    ("policy", "trail", "error"), [(TablePolicy(away=True), Kept(), PolicyUnavailable), (TablePolicy(), Kept(away=True), AuditUnavailable)]
)
async def test_without_a_decision_or_its_record_nothing_is_shown(policy: TablePolicy, trail: Kept, error: type[Exception]) -> None:
    with pytest.raises(error):
        await Seeing(contract(), policy, trail, lambda: NOW)(OWN, "emergency", sent(), "r")
