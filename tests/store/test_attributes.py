"""Attributes of subjects: the latest word of each, at any moment of knowledge, whatever is told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.model.change import Assertion, AttributeState, Change, Kind, Status
from databus.store import attributes
from databus.store.records import of_subject
from store.line import CHANGE, KNOWN_AT, PUBLIC, SUBJECT, TODAY, Line

pytestmark = pytest.mark.live

WORD = Assertion("market-regulation/core", "LP_REGISTRATION", "R", "name")
OTHER_WORD = Assertion("taxation/core", "ADMIN_PENALTY", "P", "counterparty_name")


def stated(number: int, *states: AttributeState) -> Change:
    return replace(
        CHANGE,
        change_id=f"a{number}",
        event_id=f"e{number}",
        kind=Kind.ATTRIBUTED,
        pv=number,
        attributes=states,
        known_at=KNOWN_AT + number,
    )


async def test_each_attribute_has_its_latest_state_and_its_earlier_ones_by_knowledge(line: Line) -> None:
    alone = AttributeState("name", Status.PROVISIONAL, OTHER_WORD, ())
    settled = AttributeState("name", Status.AUTHORITY, WORD, (OTHER_WORD,))
    silent = AttributeState("domicile", Status.SILENT, None, ())
    await line.happen(stated(1, alone), stated(2, settled, silent), stated(2, settled, silent))
    await line.happen(stated(1, alone))
    assert await attributes.of_subject(line.pool, SUBJECT) == (settled,)
    assert await attributes.of_subject(line.pool, SUBJECT, known_at=KNOWN_AT + 1) == (alone,)
    assert await attributes.of_subject(line.pool, SUBJECT, known_at=KNOWN_AT) == ()
    assert await of_subject(line.pool, SUBJECT, classes=PUBLIC, today=TODAY) == ()
