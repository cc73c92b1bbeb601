"""Applying the log: versions, repeats, and all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.errors import Misconfigured, StoreUnavailable, Undecodable
from databus.model.change import Kind
from databus.model.chunk import Record
from databus.model.labels import Standing, SubjectKind
from databus.store import projection
from databus.store.apply import changes
from databus.store.sessions import Connection
from store.line import CODE, FINDING, KNOWN_AT, NAME, OPEN, PERMIT, Line

pytestmark = pytest.mark.live

VERSIONS = "SELECT event_id, standing, from_offset, to_offset, payload FROM record_versions ORDER BY part, from_offset"


async def test_a_step_closes_the_version_before_it_within_a_chunk_and_across_chunks(line: Line) -> None:
    await line.happen(line.change("a"), line.change("b", kind=Kind.CHANGED, payload={"doc_no": "吉应急罚〔2026〕8号"}))
    await line.happen(line.change("c", record_key="penalty-2"), line.change("d", kind=Kind.ENDED, standing=Standing.REVOKED))
    rows = await line.rows(VERSIONS)
    assert [(row["event_id"], row["from_offset"], row["to_offset"]) for row in rows] == [
        ("event-a", 0, 1),
        ("event-b", 1, 3),
        ("event-c", 2, None),
        ("event-d", 3, None),
    ]
    assert rows[1]["payload"]["doc_no"] == "吉应急罚〔2026〕8号"
    assert rows[0]["payload"]["fine_yuan"] == "2000.00" and rows[0]["payload"]["decided_at"] == "2026-09-03"


async def test_steps_that_move_no_record_are_kept_as_steps_only(line: Line) -> None:
    still = [line.change(kind.value, kind=kind, pv=None) for kind in (Kind.HISTORY, Kind.DUPLICATE, Kind.EQUIVOCAL)]
    about_the_subject = line.change("attributes", kind=Kind.ATTRIBUTED, submission_id="", body=None)
    await line.happen(line.change("a"), *still, about_the_subject)
    assert len(await line.rows("SELECT FROM steps")) == 5
    assert [row["event_id"] for row in await line.rows(VERSIONS)] == ["event-a"]


async def test_a_repeated_chunk_changes_nothing_and_an_overlapping_one_is_cut(line: Line) -> None:
    chunk = line.changes(line.change("a"), line.change("b", kind=Kind.CHANGED))
    assert await line.apply(chunk) == 2
    before = await line.rows(VERSIONS)
    assert await line.apply(chunk) == 0
    assert await line.rows(VERSIONS) == before
    assert await line.apply([*chunk, *line.changes(line.change("c", kind=Kind.CHANGED))]) == 1
    assert [row["to_offset"] for row in await line.rows(VERSIONS)] == [1, 2, None]


async def test_the_same_step_at_another_offset_is_dropped(line: Line) -> None:
    await line.happen(line.change("a"), line.change("a"))
    await line.happen(line.change("a"), line.change("b", record_key="penalty-2"))
    rows = await line.rows(VERSIONS)
    assert [(row["from_offset"], row["to_offset"]) for row in rows] == [(0, None), (3, None)]


async def test_what_fails_in_the_middle_leaves_nothing_behind_and_the_next_chunk_goes_on(line: Line) -> None:
    await line.happen(line.change("a"))
    good, bad = line.changes(line.change("b", kind=Kind.CHANGED)), line.record("changes", b"garbage")
    with pytest.raises(Undecodable):
        await line.apply([*good, bad])
    assert await projection.positions(line.pool) == {("changes", 0): 1}
    assert len(await line.rows(VERSIONS)) == 1
    await line.apply(good)
    assert await projection.positions(line.pool) == {("changes", 0): 2}


async def test_two_projectors_of_one_partition_apply_a_chunk_once(line: Line) -> None:
    chunk = line.changes(*(line.change(str(number), kind=Kind.CHANGED) for number in range(50)))
    assert sorted(await asyncio.gather(line.apply(chunk), line.apply(chunk))) == [0, 50]
    assert len(await line.rows("SELECT FROM record_versions")) == 50


async def test_a_projector_cut_off_before_its_commit_has_applied_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = line.changes(line.change("a"))

    async def cut(connection: Connection, records: Sequence[Record], codec: Codec, contract: Contract) -> None:
        await changes.apply(connection, records, codec, contract)
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patched:
        patched.setattr(projection, "APPLIED", {"changes": cut})
        with pytest.raises(StoreUnavailable):
            await line.apply(chunk)
    assert await projection.positions(line.pool) == {}
    assert await line.rows("SELECT FROM steps") == []
    assert await line.apply(chunk) == 1


async def test_offsets_may_have_gaps_and_partitions_keep_their_own_position(line: Line) -> None:
    line.ends["changes", 3] = 17
    await line.happen(line.change("a"), part=3)
    await line.happen(line.change("b", record_key="penalty-2"), part=4)
    assert await projection.positions(line.pool) == {("changes", 3): 18, ("changes", 4): 1}


async def test_a_deletion_takes_the_content_out_of_every_version(line: Line) -> None:
    gone = line.change("c", kind=Kind.ENDED, standing=Standing.DELETED, label_class=replace(OPEN, standing=Standing.DELETED), body=None)
    await line.happen(line.change("a"), line.change("b", kind=Kind.CHANGED))
    await line.happen(gone)
    await line.happen(line.change("d", kind=Kind.RESTORED))
    assert [row["payload"] is None for row in await line.rows(VERSIONS)] == [True, True, True, False]


async def test_a_person_is_neither_named_nor_numbered(line: Line) -> None:
    person = replace(OPEN, subject_kind=SubjectKind.PERSON)
    await line.happen(line.change("a", label_class=person, subject_key="p-1", subject_name="样本甲", codes={"RIC": "220000190001010018"}))
    assert await line.rows("SELECT kind, division FROM subjects") == [{"kind": "PERSON", "division": ""}]
    assert await line.rows("SELECT FROM subject_names") == await line.rows("SELECT FROM subject_codes") == []
    assert await line.rows("SELECT subject_name, codes FROM record_versions") == [{"subject_name": "", "codes": {}}]


async def test_an_organisation_is_known_by_name_code_and_division(line: Line) -> None:
    await line.happen(line.change("a", codes={"CN-USCI": CODE, "CN-REG": "220102000002026"}))
    assert await line.rows("SELECT kind, division FROM subjects") == [{"kind": "ORGANISATION", "division": "220102"}]
    assert await line.rows("SELECT name FROM subject_names") == [{"name": NAME}]
    assert await line.rows("SELECT scheme FROM subject_codes ORDER BY scheme") == [{"scheme": "CN-REG"}, {"scheme": "CN-USCI"}]


@pytest.mark.parametrize("cut", [1, 2, 3])
async def test_the_kind_of_a_subject_is_the_last_one_told_however_the_log_is_cut(line: Line, cut: int) -> None:
    kinds = (SubjectKind.ORGANISATION, SubjectKind.ORGANISATION, SubjectKind.HOUSEHOLD)
    # A code of the tax office says nothing of a division.
    changes = [
        line.change(f"e{at}", record_key=f"penalty-{at}", label_class=replace(OPEN, subject_kind=kind), codes={})
        for at, kind in enumerate(kinds)
    ]
    for at in range(0, len(changes), cut):
        await line.happen(*changes[at : at + cut])
    (row,) = await line.rows("SELECT kind FROM subjects")
    assert row["kind"] == SubjectKind.HOUSEHOLD


async def test_characters_and_days_postgresql_cannot_hold_do_not_stop_the_line(line: Line) -> None:
    odd = line.change("a\x00", payload={"content": "a\x00b\\u0000"}, subject_name="样\x00例", wake=2147483647)
    await line.happen(odd)
    (row,) = await line.rows("SELECT payload, wake, subject_name FROM record_versions")
    assert row["payload"]["content"] == "a\ufffdb\\u0000"
    assert row["wake"] is None and row["subject_name"] == "样\ufffd例"


async def test_days_of_the_envelope_and_the_wake_day_are_columns(line: Line) -> None:
    days = {"e_decided_at": date(2026, 9, 3), "e_valid_from": date(2026, 9, 4), "e_valid_to": date(2027, 9, 3)}
    await line.happen(line.change("a", payload=days, wake=20_000))
    (row,) = await line.rows("SELECT decided_at, valid_from, valid_to, wake, known_at FROM record_versions")
    assert row == {
        "decided_at": date(2026, 9, 3),
        "valid_from": date(2026, 9, 4),
        "valid_to": date(2027, 9, 3),
        "wake": date(2024, 10, 4),
        "known_at": KNOWN_AT,
    }


async def test_the_latest_version_of_a_permit_stands_and_a_tombstone_removes_it(line: Line) -> None:
    await line.permit(replace(PERMIT, version=2, revoked=True), PERMIT)
    assert await line.rows("SELECT version, revoked FROM permits") == [{"version": 2, "revoked": True}]
    await line.apply([line.record("permits", None, key=b"permit-1")])
    assert await line.rows("SELECT FROM permits") == []


async def test_topics_that_are_not_projected_are_named(line: Line) -> None:
    with pytest.raises(Misconfigured, match="events"):
        await line.apply([line.record("events", wire.encode_finding(line.codec, FINDING))])


@pytest.mark.parametrize("cut", [1, 2, 7])
async def test_rows_are_the_same_however_the_log_is_cut(line: Line, cut: int) -> None:
    one, other = {"record_key": "penalty-1"}, {"record_key": "penalty-2"}
    gone = replace(OPEN, standing=Standing.DELETED)
    told = [
        line.change("a", **one),
        line.change("b", kind=Kind.CHANGED, seq=2, **one),
        line.change("a", **one),
        line.change("c", payload={"content": "x"}, **other),
        line.change(
            "d", kind=Kind.ENDED, op="DELETE", facet="delete", seq=3, standing=Standing.DELETED, label_class=gone, body=None, **one
        ),
        line.change("e", kind=Kind.RESTORED, seq=4, **one),
        line.change("f", kind=Kind.CHANGED, seq=2, **other),
    ]
    for at in range(0, len(told), cut):
        await line.happen(*(replace(one, own=True, source="emergency/case") for one in told[at : at + cut]))
    rows = await line.rows("SELECT event_id, to_offset, payload IS NULL AS empty FROM record_versions ORDER BY from_offset")
    assert [(row["event_id"][-1], row["to_offset"], row["empty"]) for row in rows] == [
        ("a", 1, True),
        ("b", 4, True),
        ("c", 6, False),
        ("d", 5, True),
        ("e", None, False),
        ("f", None, False),
    ]
    assert [row["event_id"][-1] for row in await line.rows("SELECT event_id FROM facts ORDER BY event_id")] == ["c", "d", "e", "f"]
    assert len(await line.rows("SELECT FROM steps")) == 6


async def test_partitions_are_applied_together_each_from_its_own_position(line: Line) -> None:
    await line.happen(line.change("a", subject_key="s-1"), part=1)
    # Of partition 1 the first is a repeat, and both partitions have an offset 1.
    other = line.changes(*(line.change(name, subject_key="s-2", record_key=name) for name in "bc"), part=2)
    one = line.changes(
        line.change("d", kind=Kind.CHANGED, subject_key="s-1"), line.change("e", kind=Kind.CHANGED, subject_key="s-1"), part=1
    )
    line.ends["changes", 1] = 0
    repeated = line.changes(line.change("a", subject_key="s-1"), part=1)
    assert await line.apply([*repeated, *one, *other]) == 4
    assert await projection.positions(line.pool) == {("changes", 1): 3, ("changes", 2): 2}
    rows = await line.rows("SELECT part, event_id, from_offset, to_offset FROM record_versions ORDER BY part, from_offset")
    assert [tuple(row.values()) for row in rows] == [
        (1, "event-a", 0, 1),
        (1, "event-d", 1, 2),
        (1, "event-e", 2, None),
        (2, "event-b", 0, None),
        (2, "event-c", 1, None),
    ]


async def test_two_projectors_of_the_same_partitions_apply_them_once_whatever_their_order(line: Line) -> None:
    parts = [line.changes(*(line.change(f"{part}-{at}", subject_key=f"s-{part}") for at in range(20)), part=part) for part in (1, 2)]
    there, back = [*parts[0], *parts[1]], [*parts[1], *parts[0]]
    assert sorted(await asyncio.gather(line.apply(there), line.apply(back))) == [0, 40]
    assert len(await line.rows("SELECT FROM steps")) == 40
