"""What an accepted fact carries: labels, flags, hash, and the body as it was sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from databus.model.chunk import Record
from databus.model.event import Op
from databus.model.keys import derived_id
from databus.model.labels import Publication
from quality.inbox import RECEIVED, Inbox, NoState

PENALTY = "ADMIN_PENALTY"


def test_ids_and_time_come_from_the_place_in_the_inbox(inbox: Inbox) -> None:
    event = inbox.send(PENALTY, offset=41).event
    assert event.event_id == derived_id("event", "in.emergency", 1, 41)
    assert (event.inbox_partition, event.inbox_offset, event.known_at) == (1, 41, RECEIVED)
    assert event.submission_id == "0191e0a0-0000-7000-8000-000000000003"
    assert (event.department, event.system, event.seq, event.catalog_code) == ("emergency", "case", 3, "307004/000004")


@pytest.mark.parametrize(
    ("op", "more", "facet"),
    [
        (Op.UPSERT, {}, "content"),
        (Op.CORRECT, {"envelope.reason": "笔误"}, "content"),
        (Op.REVOKE, {"envelope.reason": "撤销"}, "revoke"),
        (Op.REPAIR, {}, "repair"),
        (Op.DELETE, {}, "delete"),
        (Op.ANNOTATE, {"envelope.note": "objection-1"}, "note:objection-1"),
    ],
)
def test_the_facet_follows_the_operation(inbox: Inbox, op: Op, more: dict[str, str], facet: str) -> None:
    event = inbox.send(PENALTY, {"envelope.op": op.value, **more}).event
    assert (event.op, event.facet) == (op, facet)


@pytest.mark.parametrize(
    ("changes", "light"),
    [
        ({"severity": None, "procedure": "02"}, False),
        ({"severity": None, "procedure": "01"}, True),
        ({"severity": None, "penalty_kinds": ["WARNING"], "fine_yuan": None}, True),
        ({"severity": "LIGHT"}, True),
        ({"severity": "SERIOUS", "procedure": "01"}, False),
        ({"envelope.severity": "LIGHT"}, True),
    ],
)
def test_light_penalties_are_flagged(inbox: Inbox, changes: dict[str, Any], light: bool) -> None:
    assert ("light" in inbox.send(PENALTY, changes).event.labels.flags) is light


@pytest.mark.parametrize(
    ("changes", "publication"),
    [
        ({}, Publication.PUBLIC),
        ({"envelope.publication_class": "AUTHORISED"}, Publication.AUTHORISED),
        ({"usage_scope": "1"}, Publication.GOV_SHARED),
        ({"usage_scope": "2"}, Publication.AUTHORISED),
        ({"usage_scope": "1", "envelope.publication_class": "AUTHORISED"}, Publication.INTERNAL),
        ({"usage_scope": None}, Publication.PUBLIC),
    ],
)
def test_the_strictest_word_on_publication_holds(inbox: Inbox, changes: dict[str, Any], publication: Publication) -> None:
    assert inbox.send("ADMIN_LICENCE", changes).event.labels.publication == publication


def test_the_deciding_organ_is_told_from_a_forwarder(inbox: Inbox) -> None:
    assert inbox.send(PENALTY).event.deciding
    assert not inbox.send(PENALTY, {"authority_uscc": "11220000YYYX00038L"}).event.deciding
    assert inbox.send("LP_REGISTRATION").event.deciding


SAME: list[dict[str, Any]] = [
    {"envelope.submission_id": "0191e0a0-0000-7000-8000-00000000000a"},
    {"envelope.source_seq": 99},
    {"envelope.recorded_at": 1},
    {"doc_no": "吉应急罚(2026)7号"},
    {"uscc": "91220102-YYYY000207"},
]
OTHER: list[dict[str, Any]] = [
    {"fine_yuan": Decimal("2000.01")},
    {"remark": "x"},
    {"envelope.valid_to": date(2030, 1, 1)},
    {"envelope.decided_at": date(2026, 9, 2)},
    {"envelope.publication_class": "AUTHORISED"},
    {"envelope.commercial_secret": "CLAIMED"},
    {"envelope.privacy": "PERSONAL"},
    {"envelope.withdrawn": True},
]


@pytest.mark.parametrize("changes", SAME)
def test_the_same_fact_sent_again_has_the_same_hash(inbox: Inbox, changes: dict[str, Any]) -> None:
    assert inbox.send(PENALTY, changes, offset=900).event.content_hash == inbox.send(PENALTY).event.content_hash


@pytest.mark.parametrize("changes", OTHER)
def test_another_fact_has_another_hash(inbox: Inbox, changes: dict[str, Any]) -> None:
    assert inbox.send(PENALTY, changes).event.content_hash != inbox.send(PENALTY).event.content_hash


def test_the_body_is_written_anew_only_where_a_value_changed(inbox: Inbox) -> None:
    assert inbox.send(PENALTY).event.body == inbox.encoded(PENALTY)
    changed = inbox.send(PENALTY, {"doc_no": "吉应急罚[2026]7号 ", "org_code": "l0719637-9", "envelope.subject.name": "样例Ａ公司"}).event
    envelope, payload = (inbox.codec.decode(changed.body)[1][part] for part in ("envelope", "payload"))
    assert (payload["doc_no"], payload["org_code"], envelope["subject"]["name"]) == ("吉应急罚〔2026〕7号", "L07196379", "样例A公司")
    assert changed.subject_name == "样例A公司"


def test_warnings_travel_beside_the_event(inbox: Inbox) -> None:
    seen = inbox.send(PENALTY, {"reg_no": "110108000000015"})
    assert seen.event and seen.rules == {"DQ-ACC-05"} and not seen.sealed
    assert [output.topic for output in seen.outcome.outputs] == ["events", "findings"]


def test_a_chunk_becomes_what_its_submissions_become_one_by_one(inbox: Inbox) -> None:
    right, wrong, secret = (
        inbox.encoded("ADMIN_PENALTY", changes)
        for changes in ({}, {"doc_no": None, "uscc": "91220000YYYY00012B"}, {"envelope.secrecy": "MIMI"})
    )
    told = [right, wrong, secret, b"\x00\x00\x00\x00\x01", None, right]
    chunk = [Record("in.emergency", 1, at, RECEIVED, b"-", told[at % len(told)]) for at in range(250)]
    alone = [inbox.run([record], NoState()) for record in chunk]
    whole = inbox.run(chunk, NoState())
    assert whole.outputs == [output for one in alone for output in one.outputs]
    assert whole.unreadable == [place for one in alone for place in one.unreadable] != []
