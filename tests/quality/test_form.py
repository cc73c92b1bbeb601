"""Whatever lies in an inbox, the checker answers, and answers the same again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databus.contract import wire
from databus.model.chunk import Record
from databus.model.finding import Verdict
from quality.inbox import RECEIVED, Inbox, NoState

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (b"hello, world", "DQ-FMT-01"),
        (b"", "DQ-FMT-01"),
        (None, "DQ-FMT-01"),
        (b"\x00\x00\x00\x00", "DQ-FMT-01"),
        (b"\x00\x7f\xff\xff\xff\x01", "DQ-FMT-02"),
    ],
)
def test_what_cannot_be_read_is_rejected_and_sealed(inbox: Inbox, value: bytes | None, rule: str) -> None:
    seen = inbox.put(value, department="emergency", headers=(("databus-submission-id", b"0191e0a0-0000-7000-8000-000000000009"),))
    finding = seen.finding(rule)
    assert finding.verdict is Verdict.REJECT
    assert finding.submission_id == "0191e0a0-0000-7000-8000-000000000009"
    assert len(seen.sealed) == 1 and not seen.events


def test_a_truncated_body(inbox: Inbox) -> None:
    seen = inbox.put(inbox.encoded("ADMIN_PENALTY")[:-1], department="emergency")
    assert seen.rules == {"DQ-FMT-01"} and "ADMIN_PENALTY" in seen.findings[0].expected


def test_the_systems_own_records_are_no_submissions(inbox: Inbox) -> None:
    event = inbox.send("ADMIN_PENALTY").event
    assert inbox.put(wire.encode_event(inbox.codec, event), department="emergency").rules == {"DQ-SRC-02"}


@pytest.mark.parametrize(("told_time", "rules"), [(False, {"DQ-FMT-03"}), (True, set())])
def test_a_told_time_is_believed_only_where_it_may_be(inbox: Inbox, told_time: bool, rules: set[str]) -> None:
    headers = (("databus-told-time", b"1788900000000"),)
    seen = Inbox(inbox.contract, inbox.codec, told_time=told_time).send("ADMIN_PENALTY", headers=headers)
    assert seen.rules == rules
    if told_time:
        assert seen.event.known_at == 1788900000000


def test_a_told_time_ahead_of_the_broker_s_is_the_broker_s(inbox: Inbox) -> None:
    headers = (("databus-told-time", str(RECEIVED + 86_400_000).encode()),)
    seen = Inbox(inbox.contract, inbox.codec, told_time=True).send("ADMIN_PENALTY", headers=headers)
    assert seen.event.known_at == RECEIVED


@pytest.mark.parametrize("told", [b"tomorrow", b"", b"-5", b"9" * 40, "１".encode()])
def test_a_told_time_that_is_no_time(inbox: Inbox, told: bytes) -> None:
    seen = Inbox(inbox.contract, inbox.codec, told_time=True).send("ADMIN_PENALTY", headers=(("databus-told-time", told),))
    assert seen.rules == {"DQ-FMT-03"} and seen.findings[0].issued_at == RECEIVED


def test_the_time_of_a_submission_is_the_brokers(inbox: Inbox) -> None:
    midnight = 1_788_969_600_000  # 2026-09-10 00:00 in Asia/Shanghai
    late = {"decided_at": inbox.example("ADMIN_PENALTY")["payload"]["decided_at"].replace(day=10)}
    assert "DQ-ACC-10" not in inbox.send("ADMIN_PENALTY", late, timestamp=midnight).rules
    assert "DQ-ACC-10" in inbox.send("ADMIN_PENALTY", late, timestamp=midnight - 1).rules


def answered_once(inbox: Inbox, value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
    seen = inbox.put(value, department="emergency", headers=headers)
    stopped = any(finding.verdict in (Verdict.REJECT, Verdict.HOLD) for finding in seen.findings)
    assert len(seen.events) == (0 if stopped else 1)
    again = inbox.put(value, department="emergency", headers=headers)
    assert again.outcome == seen.outcome


NAMES = st.sampled_from(
    ["databus-submission-id", "databus-row", "databus-fixes", "databus-secrecy", "databus-told-time", "traceparent", "x"]
)


@QUICK
@given(value=st.binary(max_size=300), headers=st.lists(st.tuples(NAMES, st.binary(max_size=40)), max_size=3).map(tuple))
def test_any_bytes_get_one_answer(inbox: Inbox, value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
    answered_once(inbox, value, headers)


@QUICK
@given(body=st.binary(max_size=300), name=st.sampled_from(["ADMIN_PENALTY", "LP_REGISTRATION"]))
def test_any_body_behind_a_good_schema_id_gets_one_answer(inbox: Inbox, body: bytes, name: str) -> None:
    answered_once(inbox, b"\x00" + inbox.codec.schema_id(f"databus.{name}").to_bytes(4, "big") + body, ())


@QUICK
@given(data=st.data(), name=st.sampled_from(["ADMIN_PENALTY", "ADMIN_LICENCE", "LP_REGISTRATION", "ABNORMAL_OPERATION"]))
def test_any_content_of_a_good_shape_gets_one_answer(inbox: Inbox, data: st.DataObject, name: str) -> None:
    text = st.one_of(st.text(max_size=30), st.sampled_from(["无", "220000190001010018", "91220102YYYY000207", "〔２０２６〕", "O" * 18]))
    kinds = {
        "string": text,
        "date": st.dates(),
        "decimal": st.decimals(min_value=-(10**10), max_value=10**10, places=2),
        "int": st.integers(-(2**31), 2**31 - 1),
        "boolean": st.booleans(),
        "strings": st.lists(text, max_size=4),
    }
    fields = inbox.contract.types[name].fields
    chosen = data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=8, unique=True))
    changes = {field: data.draw(st.one_of(st.none(), kinds[fields[field].kind])) for field in chosen}
    for field in ("submission_id", "catalog_code", "source_system", "subject.name"):
        changes |= {f"envelope.{field}": data.draw(text)} if data.draw(st.booleans()) else {}
    for field in ("uscc", "reg_no", "org_code", "tax_no", "id_type", "id_number"):
        changes |= {f"envelope.subject.{field}": data.draw(st.none() | text)} if data.draw(st.booleans()) else {}
    changes["envelope.subject.kind"] = data.draw(st.sampled_from(["ORGANISATION", "HOUSEHOLD", "PERSON", "UNKNOWN"]))
    changes["envelope.op"] = data.draw(st.sampled_from(["UPSERT", "CORRECT", "REVOKE", "REPAIR", "ANNOTATE", "DELETE", "UNKNOWN"]))
    answered_once(inbox, inbox.encoded(name, changes), ())


def test_a_chunk_is_answered_in_order_and_record_by_record(inbox: Inbox) -> None:
    good, bad = inbox.encoded("ADMIN_PENALTY"), b"?"
    record = Record("in.emergency", 0, 0, RECEIVED, b"other", good)
    chunk = [replace(record, offset=offset, value=value) for offset, value in enumerate((bad, good, bad))]
    whole = inbox.run(chunk, NoState()).outputs
    assert whole == [output for one in chunk for output in inbox.run([one], NoState()).outputs]


@pytest.mark.parametrize("row", [(b"17", 17), (b"", 0), (b"-1", 0), (b"99999999999", 0), ("１７".encode(), 0), (b"x", 0)])
def test_a_finding_names_the_row_of_the_file(inbox: Inbox, row: tuple[bytes, int]) -> None:
    seen = inbox.send("ADMIN_PENALTY", {"doc_no": None}, headers=(("databus-row", row[0]),))
    assert seen.findings[0].row == row[1]


def test_headers_that_follow_a_fact(inbox: Inbox) -> None:
    headers = (("databus-submission-id", b"s"), ("databus-row", b"3"), ("traceparent", b"00-1"), ("x", b"y"), ("databus-secrecy", b"NONE"))
    seen = inbox.send("ADMIN_PENALTY", headers=headers)
    assert seen.outcome.outputs[0].headers == headers[:3]
