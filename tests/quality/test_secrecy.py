"""A state secret leaves no trace but that it was refused."""

from __future__ import annotations

import pytest

from databus.model.finding import Verdict
from databus.model.labels import Secrecy
from quality.inbox import Inbox

MARK = "此处绝不可见ZXQJ"
"""Stands in every text of the payload and envelope that can hold it."""

SECRET = {
    "violation_facts": MARK,
    "doc_no": MARK,
    "envelope.subject.name": MARK,
    "envelope.submission_id": MARK,
    "envelope.catalog_code": MARK,
    "envelope.source_system": MARK,
    "envelope.reason": MARK,
    "envelope.legal_basis": MARK,
}
HEADERS = (("databus-submission-id", MARK.encode()), ("databus-fixes", MARK.encode()), ("traceparent", MARK.encode()), (MARK, b"1"))


@pytest.mark.parametrize("level", ["MIMI", "JIMI", "JUEMI"])
@pytest.mark.parametrize("where", ["header", "envelope"])
def test_a_declared_secret_is_forgotten(inbox: Inbox, level: str, where: str) -> None:
    changes = SECRET | ({"envelope.secrecy": level} if where == "envelope" else {})
    headers = (*HEADERS, *([("databus-secrecy", level.encode())] if where == "header" else []))
    seen = inbox.send("ADMIN_PENALTY", changes, headers=headers, key=MARK.encode())
    assert MARK.encode() not in seen.bytes
    assert not seen.events and not seen.sealed
    finding = seen.finding("DQ-SEC-01")
    assert (finding.verdict, finding.observed, finding.inbox_offset) == (Verdict.REJECT, level, 7)
    assert seen.outcome.unreadable == [("in.emergency", 1, 7)]
    assert len(seen.outcome.outputs) == 1


def test_ids_that_can_hold_nothing_else_are_told(inbox: Inbox) -> None:
    finding = inbox.send("ADMIN_PENALTY", {"envelope.secrecy": "MIMI"}).finding("DQ-SEC-01")
    assert finding.submission_id == "0191e0a0-0000-7000-8000-000000000003"
    assert (finding.catalog_code, finding.record_type, finding.record_key) == ("307004/000004", "ADMIN_PENALTY", "")


@pytest.mark.parametrize("told", [b"SECRET", b"", b"mimi", "ＭＩＭＩ".encode(), b"\xff", b"M" * 300])
def test_an_unclear_level_counts_as_the_highest(inbox: Inbox, told: bytes) -> None:
    seen = inbox.send("ADMIN_PENALTY", headers=(("Databus-Secrecy", b"NONE"), ("Databus-Secrecy", told)))
    assert seen.rules == {"DQ-SEC-01"} and seen.outcome.unreadable


@pytest.mark.parametrize("told", [b"NONE", b"WORK_SECRET", b" none "])
def test_an_open_level_is_none(inbox: Inbox, told: bytes) -> None:
    seen = inbox.send("ADMIN_PENALTY", headers=(("databus-secrecy", told),))
    assert seen.event and not seen.outcome.unreadable


@pytest.mark.parametrize("damage", ["truncated", "extended", "unknown schema"])
def test_a_damaged_secret_is_forgotten_too(inbox: Inbox, damage: str) -> None:
    value = inbox.encoded("ADMIN_PENALTY", SECRET | {"envelope.secrecy": "JIMI"})
    damaged = {"truncated": value[:-20], "extended": value + b"\x00", "unknown schema": b"\x00\x00\x0f\x42\x40" + value[5:]}[damage]
    seen = inbox.put(damaged, department="emergency")
    assert seen.rules == {"DQ-SEC-01"} and seen.outcome.unreadable and not seen.sealed
    assert MARK.encode() not in seen.bytes


def test_secrecy_comes_before_everything_else(inbox: Inbox) -> None:
    seen = inbox.send("ADMIN_PENALTY", {"envelope.secrecy": "JUEMI", "doc_no": None}, department="nobody", key=b"?")
    assert seen.rules == {"DQ-SEC-01"}


def test_the_others_of_a_chunk_go_through(inbox: Inbox) -> None:
    seen = inbox.send("ADMIN_PENALTY", {"envelope.secrecy": Secrecy.MIMI.value})
    assert seen.outcome.unreadable == [("in.emergency", 1, 7)]
    assert not inbox.send("ADMIN_PENALTY").outcome.unreadable


def test_a_work_secret_is_a_flag_whoever_declares_it(inbox: Inbox) -> None:
    by_header = inbox.send("ADMIN_PENALTY", headers=(("databus-secrecy", b"WORK_SECRET"),)).event
    by_envelope = inbox.send("ADMIN_PENALTY", {"envelope.secrecy": "WORK_SECRET"}).event
    assert by_header.labels.flags == by_envelope.labels.flags == ("work_secret",)
    assert by_header.content_hash == by_envelope.content_hash
    assert inbox.codec.decode(by_header.body)[1]["envelope"]["secrecy"] == "WORK_SECRET"
