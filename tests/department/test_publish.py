"""Rows into submissions, and what their publisher is told of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department import mapping
from databus.department.files.row import Row
from databus.department.mapping import FileMapping, OwnColumns
from databus.department.outcome import Remark, RowResult
from databus.department.publish import Batch, digest, prepare, prepared_rows, publish_rows
from databus.department.publisher import Done, Taken
from databus.department.sending import Sender
from databus.department.submission import LIMIT, Submission, compose, owned_entry
from databus.errors import BusUnavailable, DatabusError, NotAllowed, TooLarge, Unprocessable
from databus.model.keys import organisation_key
from department.conftest import SCHEMAS

CODE = "91220000YYYY00012A"
ROW = {
    "counterparty_name": "某某公司",
    "counterparty_kind": "LEGAL_PERSON",
    "uscc": CODE,
    "doc_no": "吉应急罚〔2026〕1号",
    "fine_yuan": "2000.00",
    "decided_at": "2026-11-09",
}
LOADED = catalogue.load(SCHEMAS)
WORKS = LOADED.codec()


class Memory:
    """A bus in memory: what it took, and what it answers to a submission."""

    def __init__(self, answer: Callable[[Submission], DatabusError | None] = lambda submission: None) -> None:
        self.taken: list[Submission] = []
        self._answer = answer

    def publish(self, submission: Submission, done: Done) -> None:
        refusal = self._answer(submission)
        if refusal is not None:
            done(submission.submission_id, refusal)
            return
        self.taken.append(submission)
        done(submission.submission_id, Taken(submission.submission_id, "in.emergency", 1, len(self.taken) - 1))

    def flush(self) -> None:
        """Nothing waits."""


class Late:
    """A bus that answers only when it is flushed, and goes away after so many answers."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self._waiting: list[tuple[str, Done]] = []

    def publish(self, submission: Submission, done: Done) -> None:
        self._waiting.append((submission.submission_id, done))

    def flush(self) -> None:
        for offset, (name, done) in enumerate(self._waiting[: self._answers]):
            done(name, Taken(name, "in.emergency", 0, offset))
        if self._answers < len(self._waiting):
            raise BusUnavailable("the bus is away")


def penalties(contract: Contract, columns: Iterable[str] = ROW) -> FileMapping:
    kind = contract.types["ADMIN_PENALTY"]
    return mapping.identity(kind, owned_entry(contract, kind, "emergency"), frozenset(columns))


def ready(contract: Contract, codec: Codec, **cells: str) -> Submission | tuple[Remark, ...]:
    row = {**ROW, **cells}
    batch = Batch("emergency", 1_795_400_000, b"s" * 32)
    return prepare(Row(7, row), mapping=penalties(contract, row), contract=contract, codec=codec, batch=batch)


def sent(contract: Contract, codec: Codec, **cells: str) -> Submission:
    found = ready(contract, codec, **cells)
    assert isinstance(found, Submission), found
    return found


def refused(contract: Contract, codec: Codec, **cells: str) -> Remark:
    found = ready(contract, codec, **cells)
    assert isinstance(found, tuple)
    assert len(found) == 1
    return found[0]


def published(rows: Iterable[Row], contract: Contract, codec: Codec, publisher: Sender, **batch: Any) -> Iterator[RowResult]:
    told = replace(Batch("emergency", 1_795_400_000, b"s" * 32), **batch)
    return publish_rows(rows, mapping=penalties(contract), contract=contract, codec=codec, batch=told, publisher=publisher)


def rows(count: int) -> list[Row]:
    return [Row(number, {**ROW, "doc_no": f"吉应急罚〔2026〕{number}号"}) for number in range(1, count + 1)]


def test_a_submission_is_keyed_framed_and_labelled(contract: Contract, codec: Codec) -> None:
    submission = sent(contract, codec, **{"envelope.secrecy": "WORK_SECRET", "envelope.fixes": "f-1"})
    assert submission.key == organisation_key(CODE).encode()
    name, value = codec.decode(submission.value)
    envelope = value["envelope"]
    assert name == "databus.ADMIN_PENALTY"
    assert (envelope["catalog_code"], envelope["publication_class"], envelope["op"]) == ("307004/000004", "PUBLIC", "UPSERT")
    assert envelope["source_seq"] == 1_795_400_000 * 2**28 + 7
    assert envelope["submission_id"] == submission.submission_id
    assert dict(submission.headers) == {
        "databus-submission-id": submission.submission_id.encode(),
        "databus-secrecy": b"WORK_SECRET",
        "databus-row": b"7",
        "databus-fixes": b"f-1",
    }


def test_a_told_time_is_a_header_only_where_one_is_told(contract: Contract, codec: Codec) -> None:
    kind = contract.types["ADMIN_PENALTY"]
    cut: Mapping[str, Any] = {"subject": {"uscc": CODE}, "envelope": {}, "payload": {}}
    common: dict[str, Any] = {"codec": codec, "record_type": kind, "entry": kind.entries[0], "system": "s", "submission_id": "i"}
    told = compose(cut, **common, seq=1, now=1, secret=b"s", told=123)
    assert dict(told.headers)["databus-told-time"] == b"123"


@pytest.mark.parametrize("level", ["MIMI", "JIMI", "JUEMI", "秘密", "机密", "mimi?", "绝密★10年"])
def test_a_state_secret_or_an_unclear_level_is_refused_and_nothing_of_its_row_is_repeated(
    contract: Contract, codec: Codec, level: str
) -> None:
    result = refused(contract, codec, **{"envelope.secrecy": level, "fine_yuan": "密谈内容"})
    assert (result.verdict, result.rule, result.field, result.observed) == ("R", "DQ-SEC-01", "envelope.secrecy", "")
    assert "密谈" not in repr(result)


def test_a_class_wider_than_the_catalogues_is_refused_and_a_narrower_one_goes(contract: Contract, codec: Codec) -> None:
    kind = contract.types["ADMIN_PENALTY"]
    entry = replace(kind.entries[0], publication=kind.fields["procedure"].publication)
    cut: Mapping[str, Any] = {"subject": {"uscc": CODE}, "envelope": {"publication_class": "PUBLIC"}, "payload": {}}
    with pytest.raises(Unprocessable) as caught:
        compose(cut, codec=codec, record_type=kind, entry=entry, system="s", submission_id="i", seq=1, now=1, secret=b"s")
    assert caught.value.facts["rule"] == "DQ-SEC-03"
    narrowed = sent(contract, codec, **{"envelope.publication_class": "GOV_SHARED"})
    assert codec.decode(narrowed.value)[1]["envelope"]["publication_class"] == "GOV_SHARED"


def test_more_than_a_mebibyte_is_too_large_and_a_little_less_is_not(contract: Contract, codec: Codec) -> None:
    room = LIMIT - len(sent(contract, codec, remark="").value) - 100
    assert len(sent(contract, codec, remark="x" * room).value) < LIMIT
    result = refused(contract, codec, remark="x" * LIMIT)
    assert str(LIMIT) in result.reason
    kind = contract.types["ADMIN_PENALTY"]
    cut: Mapping[str, Any] = {"subject": {"uscc": CODE}, "envelope": {}, "payload": {"remark": "x" * LIMIT}}
    with pytest.raises(TooLarge):
        compose(cut, codec=codec, record_type=kind, entry=kind.entries[0], system="s", submission_id="i", seq=1, now=1, secret=b"s")


def test_a_department_publishes_only_what_is_its_own(contract: Contract, codec: Codec) -> None:
    with pytest.raises(NotAllowed, match="market-regulation, public-security, staffing may"):
        owned_entry(contract, contract.types["LP_REGISTRATION"], "emergency")
    with pytest.raises(NotAllowed, match="that of emergency, not of taxation"):
        list(published(rows(1), contract, codec, Memory(), department="taxation"))


def test_rows_are_prepared_in_their_order_and_what_cannot_be_sent_says_why(contract: Contract, codec: Codec) -> None:
    given = [*rows(2), Row(3, {}, "the row has 1 cells, the header 6"), Row(4, {**ROW, "decided_at": "gestern"})]
    batch = Batch("emergency", 1_795_400_000, b"s" * 32)
    found = list(prepared_rows(given, mapping=penalties(contract), contract=contract, codec=codec, batch=batch))
    assert [one.outcome for one, _ in found] == ["CHECKED", "CHECKED", "REFUSED", "REFUSED"]
    assert [ready.submission_id if ready else "" for _, ready in found] == [one.submission_id for one, _ in found]
    assert found[2][0].remarks[0].reason == "the row has 1 cells, the header 6"
    (remark,) = found[3][0].remarks
    assert (found[3][0].row.number, remark.rule, remark.field, remark.observed) == (4, "DQ-FMT-04", "decided_at", "gestern")


def test_a_remark_repeats_no_more_of_a_cell_than_finds_it(contract: Contract, codec: Codec) -> None:
    given, batch = [Row(1, {**ROW, "decided_at": "9" * 100_000})], Batch("emergency", 1_795_400_000, b"s" * 32)
    ((refused, _),) = prepared_rows(given, mapping=penalties(contract), contract=contract, codec=codec, batch=batch)
    assert refused.remarks[0].observed.startswith("999") and len(refused.remarks[0].observed) < 1_000


def test_every_row_sent_is_told_where_it_lies(contract: Contract, codec: Codec) -> None:
    bus = Memory()
    found = list(published(rows(3), contract, codec, bus))
    assert [(one.row.number, one.outcome, one.partition, one.offset) for one in found] == [
        (1, "SENT", 1, 0),
        (2, "SENT", 1, 1),
        (3, "SENT", 1, 2),
    ]
    assert [one.submission_id for one in bus.taken] == [one.submission_id for one in found]


def test_a_row_the_bus_refuses_is_told_and_the_others_go(contract: Contract, codec: Codec) -> None:
    seen: list[str] = []

    def second(submission: Submission) -> DatabusError | None:
        seen.append(submission.submission_id)
        return TooLarge("too large") if len(seen) == 2 else None

    assert [one.outcome for one in published(rows(3), contract, codec, Memory(second))] == ["SENT", "REFUSED", "SENT"]


@pytest.mark.parametrize("error", [BusUnavailable("away"), NotAllowed("not yours")])
def test_a_bus_that_does_not_take_rows_ends_the_publication(contract: Contract, codec: Codec, error: DatabusError) -> None:
    with pytest.raises(type(error)):
        list(published(rows(3), contract, codec, Memory(lambda submission: error)))


def test_what_was_taken_before_the_bus_went_away_is_told(contract: Contract, codec: Codec) -> None:
    found = published(rows(3), contract, codec, Late(2))
    assert [next(found).row.number, next(found).row.number] == [1, 2]
    with pytest.raises(BusUnavailable):
        next(found)


def test_ids_are_of_the_row_and_its_content(contract: Contract, codec: Codec) -> None:
    first, again, other = ([one.submission_id for one in published(rows(n), contract, codec, Memory())] for n in (2, 2, 3))
    assert first == again == other[:2]
    changed = list(published([Row(1, {**ROW, "fine_yuan": "1"})], contract, codec, Memory()))
    assert changed[0].submission_id != first[0]


def test_a_row_of_a_result_file_names_what_it_mends_and_one_that_was_accepted_is_left_out(contract: Contract, codec: Codec) -> None:
    bus = Memory()
    good, bad = rows(2)
    accepted = good._replace(marks={"outcome": "ACCEPTED", "digest": digest(good)})
    changed = accepted._replace(cells={**good.cells, "fine_yuan": "1"})
    mended = bad._replace(marks={"outcome": "REJECTED", "finding": "f-1 f-2"})
    found = list(published([accepted, mended, changed], contract, codec, bus))
    assert [one.outcome for one in found] == ["UNCHANGED", "SENT", "SENT"]
    assert [value for name, value in bus.taken[0].headers if name == "databus-fixes"] == [b"f-1", b"f-2"]
    assert "databus-fixes" not in dict(bus.taken[1].headers)


def test_rows_that_name_their_own_columns_are_each_read_by_them(contract: Contract, codec: Codec) -> None:
    kind, batch, bus = contract.types["ADMIN_PENALTY"], Batch("emergency", 1_795_400_000, b"s" * 32), Memory()
    told = [Row(1, ROW), Row(2, {**ROW, "remark": "x"}), Row(3, {**ROW, "no_such": "x" * (1 << 20)})]
    own = OwnColumns(kind, owned_entry(contract, kind, "emergency"))
    found = list(publish_rows(told, mapping=own, contract=contract, codec=codec, batch=batch, publisher=bus))
    assert [one.outcome for one in found] == ["SENT", "SENT", "REFUSED"]
    assert found[2].remarks[0].field == "no_such" and "no_such" in found[2].remarks[0].reason
