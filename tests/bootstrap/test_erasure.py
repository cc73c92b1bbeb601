"""Nothing of a deleted payload is left: not in `events` once it is compacted, not in `registers`, the store or a rebuilt system."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from dataclasses import replace

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from bootstrap.installation import Installation, data_of
from bootstrap.test_rebuild import CURRENT, KNOWN, link, swapped
from databus.bootstrap.eraser import Erased, erase
from databus.bus import generations
from databus.contract import wire
from databus.contract.accepted import decode_accepted
from databus.model.event import Event, Op
from databus.model.finding import Finding, Verdict
from databus.model.keys import organisation_key
from databus.store import projection
from databus.store.sessions import session
from databus.testing.events import DAY, accepted
from store.line import example

pytestmark = pytest.mark.live
GONE, KEPT = "must-be-forgotten-", "may-be-remembered-"
FILLED = ("one", "two", "older", "newer")
HASTE = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.0",
    "max.compaction.lag.ms": "1",
    "delete.retention.ms": "1",
    "file.delete.delay.ms": "1",
}


def event(made: Installation, op: Op, seq: int, said: str, *, record: str, day: int, source: str = "emergency", of: str = "one") -> Event:
    deciding = source == "emergency"
    body = example(made.contract, "ADMIN_PENALTY", content=said)
    return accepted(
        op, seq, said, department=source, deciding=deciding, subject_key=organisation_key(of), record_type="ADMIN_PENALTY",
        record_key=record, known_at=KNOWN + day * DAY, place=seq, body=made.codec.encode("databus.ADMIN_PENALTY", body),
    )  # fmt: skip


def story(made: Installation) -> list[Event]:
    """A record deleted by its decider, with a forwarded copy; one told afresh since; one whose forwarder withdrew its copy; a bystander."""
    return [
        event(made, Op.UPSERT, 1, f"{GONE}1", record="deleted", day=1),
        event(made, Op.UPSERT, 7, f"{GONE}2", record="deleted", day=2, source="market-regulation"),
        event(made, Op.ANNOTATE, 2, f"{GONE}3", record="deleted", day=3),
        event(made, Op.CORRECT, 3, f"{GONE}4", record="deleted", day=4),
        event(made, Op.DELETE, 4, f"{GONE}5", record="deleted", day=5),
        event(made, Op.UPSERT, 2, f"{GONE}6", record="deleted", day=6),
        event(made, Op.UPSERT, 1, f"{GONE}7", record="afresh", day=1),
        event(made, Op.DELETE, 2, f"{GONE}8", record="afresh", day=2),
        event(made, Op.UPSERT, 3, f"{KEPT}1", record="afresh", day=3),
        event(made, Op.UPSERT, 1, f"{GONE}9", record="copied", day=1, source="market-regulation"),
        event(made, Op.UPSERT, 1, f"{KEPT}2", record="copied", day=2),
        event(made, Op.DELETE, 2, f"{GONE}10", record="copied", day=3, source="market-regulation"),
        event(made, Op.UPSERT, 1, f"{KEPT}3", record="bystander", day=1),
        registration(made, Op.UPSERT, 1, f"{GONE}11"),
        registration(made, Op.UPSERT, 2, f"{GONE}12"),
        registration(made, Op.DELETE, 3, f"{GONE}13"),
    ]


def registration(made: Installation, op: Op, seq: int, said: str) -> Event:
    """What the authority says of a subject's name, representative and more: it becomes attributes, and checks others' records."""
    payload = {"name": said, "legal_rep_name": f"{said}r", "domicile": f"{said}d", "business_scope": f"{said}s"}
    body = example(made.contract, "LP_REGISTRATION", **payload)
    return replace(
        accepted(
            op, seq, said, department="market-regulation", subject_key=organisation_key("one"), record_type="LP_REGISTRATION",
            record_key="registration", known_at=KNOWN + (6 + seq) * DAY, place=seq,
            body=made.codec.encode("databus.LP_REGISTRATION", body),
        ),
        subject_name=said,
    )  # fmt: skip


async def delete_along_a_link(made: Installation) -> None:
    """Records of a subject with two codes: told under the older one and deleted under the newer; told under both."""
    await made.accept([
        *(event(made, Op.UPSERT, seq, f"{GONE}2{seq}", record="older", day=1, of="older") for seq in (1, 2)),
        *(event(made, Op.UPSERT, 1, f"{GONE}3{of}", record="both", day=1, of=of) for of in ("older", "newer")),
        event(made, Op.UPSERT, 1, f"{KEPT}4", record="moved", day=1, of="older"),
        *link(made, "older", "newer"),
    ])  # fmt: skip
    await made.fold()
    await made.accept([
        event(made, Op.DELETE, 3, f"{GONE}25", record="older", day=2, of="newer"),
        event(made, Op.DELETE, 3, f"{GONE}35", record="both", day=2, of="older"),
    ])  # fmt: skip


async def erased(made: Installation) -> Erased:
    return await erase(made.user("eraser"), made.pool, made.codec)


async def stored(made: Installation) -> str:
    """Every row of every table, as text."""
    tables = await made.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return "\n".join([str(await made.rows(f"SELECT t::text AS row FROM {table['tablename']} t")) for table in tables])


def on_disk(made: Installation, topic: str, marker: str) -> int:
    """How many files of a topic's log hold it."""
    return sum(marker.encode() in path.read_bytes() for path in data_of(made.engines, made.root, topic))


async def compacted(made: Installation) -> None:
    """Let the broker clean at once, and give every partition the further records that close its segments."""
    topics = ("events", "registers")
    with closing(KafkaAdminClient(**made.root.kafka_python())) as admin:
        resources = [ConfigResource("TOPIC", made.root.topic(topic), HASTE) for topic in topics]
        await asyncio.to_thread(admin.alter_configs, resources, raise_on_unknown=False)
    until, number = time.monotonic() + 90, 0
    while any(on_disk(made, topic, GONE) for topic in topics):
        assert time.monotonic() < until, {topic: on_disk(made, topic, GONE) for topic in topics}
        await asyncio.sleep(1.0)
        number += 1
        await made.accept([event(made, Op.UPSERT, number, f"{KEPT}fill", record="fill", day=9, of=of) for of in FILLED])
        await made.fold()


async def test_nothing_of_a_deleted_payload_is_left(installation: Installation) -> None:
    made = installation
    await made.accept(story(made))
    await made.fold()
    await made.project()
    await issue(made)
    assert on_disk(made, "events", GONE) and GONE in await stored(made), "or nothing would be shown below"

    done = await erased(made)
    assert (done.records, done.removed, done.reduced) == (4, 9, 4)
    assert done.rows > 0
    left = await stored(made)
    assert GONE not in left and all(f"{KEPT}{number}" in left for number in (1, 2, 3))
    assert await erased(made) == Erased(0, 0, 0, 0), "what was erased is not looked at again"

    await delete_along_a_link(made)
    for told_on in (2, 0):
        await made.fold()
        await made.project()
        assert GONE in await stored(made)
        assert (await erased(made)).told_on == told_on
    left = await stored(made)
    assert GONE not in left and f"{KEPT}4" in left
    current = await made.rows(CURRENT)
    newer = {str(row["record_key"]): row["standing"] for row in current if row["subject_key"] == organisation_key("newer")}
    assert [newer[record] for record in ("older", "both", "moved")] == ["DELETED", "DELETED", "SHOWN"]

    await made.fold()
    await made.project()
    assert await made.rows(CURRENT) == current, "the rewritten DELETEs are repeats"
    await compacted(made)
    events = [one for record in await made.read("events") if record.value and (one := decode_accepted(made.codec, record.value))]
    deleted = {"deleted", "afresh", "copied", "registration", "older", "both"}
    assert {one.record_key for one in events if one.op is Op.DELETE} == deleted, "the DELETE stays"
    assert not [one for one in events if one.record_key in ("deleted", "older", "both") and one.op is not Op.DELETE]

    await made.project()
    await swapped(made)
    assert GONE not in await stored(made)
    for topic in ("changes.g2", "registers.g2"):
        assert on_disk(made, topic, KEPT) and not on_disk(made, topic, GONE)
    generations.remove(made.root)
    again = [row for row in await made.rows(CURRENT) if row["record_key"] != "fill"]
    # A withdrawal of what a rebuilt system never showed is not told.
    assert [row for row in again if row["standing"] != "MOVED"] == [row for row in current if row["standing"] != "MOVED"]


async def test_a_rebuild_tells_nothing_of_what_the_broker_has_yet_to_clean(installation: Installation) -> None:
    made = installation
    await made.accept(story(made))
    await made.fold()
    await made.project()
    await erased(made)
    current = await made.rows(CURRENT)
    assert on_disk(made, "events", GONE), "or nothing would be shown below"
    await made.fold()
    await made.project()
    await swapped(made)
    for topic in ("changes.g2", "registers.g2"):
        assert on_disk(made, topic, KEPT) and not on_disk(made, topic, GONE)
    assert GONE not in await stored(made)
    assert await made.rows(CURRENT) == current


async def issue(made: Installation) -> None:
    """A finding that quotes what was deleted."""
    finding = Finding(
        finding_id="f", department="emergency", submission_id="s", event_id="e", record_type="ADMIN_PENALTY", catalog_code="",
        record_key="deleted", rule="DQ-ACC-01", verdict=Verdict.WARN, field="content", observed=f"{GONE}1", expected=f"{GONE}1",
        suggestion=f"{GONE}1", message_zh="", message_en="", issued_at=KNOWN, inbox_partition=0, inbox_offset=0,
    )  # fmt: skip
    record = replace((await made.read("events"))[0], topic="findings", offset=10_000, value=wire.encode_finding(made.codec, finding))
    async with session(made.pool) as connection:
        await projection.project(connection, "findings", [record], made.codec, made.contract)


async def test_what_the_profiler_has_not_folded_is_left_for_the_next_run(installation: Installation) -> None:
    made = installation
    await made.accept(story(made)[:5])
    await made.fold()
    await made.project()
    await made.accept(story(made)[5:6])
    assert (await erased(made)).removed == 4
    await made.fold()
    await made.project()
    assert (await erased(made)).removed == 1
