"""`as_of` and `known_at` against an oracle that only knows the events: late, retroactive, future-dated, ended and erased ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.chunk import Record
from databus.model.event import Event, Op
from databus.model.keys import organisation_key
from databus.profile.profiler import processor
from databus.store import classes, knowledge
from databus.store.rows import RecordRow
from databus.testing.events import DAY, MemoryState, accepted
from store.line import Line, example

pytestmark = pytest.mark.live

FIRST = date(2026, 3, 1)
KNOWN = (FIRST.toordinal() - date(1970, 1, 1).toordinal()) * DAY
SOURCES = (("emergency", "case", True), ("emergency", "desk", True), ("market-regulation", "copy", False))
OPS = (Op.UPSERT, Op.UPSERT, Op.UPSERT, Op.CORRECT, Op.REVOKE, Op.REPAIR, Op.DELETE, Op.ANNOTATE)


def told(codec: Codec, contract: Contract, subject: str, number: int, choose: random.Random, *, erasing: bool) -> Event:
    """One random event of a subject's only record; `number` tells its content apart from all others."""
    department, system, deciding = choose.choice(SOURCES)
    op = choose.choice(OPS if erasing else [op for op in OPS if op is not Op.DELETE])
    days: list[date | None] = [None, *(FIRST + timedelta(days=choose.randrange(12)) for _ in range(2))]
    start, end, decided = choose.choice(days), choose.choice(days), choose.choice(days)
    same = choose.choice((number, 0))
    body = example(contract, "ADMIN_PENALTY", content=f"said {same}", e_valid_from=start, e_valid_to=end, e_decided_at=decided)
    return accepted(
        op,
        choose.randrange(1, 6),
        f"{same} {start} {end} {decided}",
        department=department,
        system=system,
        deciding=deciding,
        subject_key=subject,
        record_type="ADMIN_PENALTY",
        record_key="penalty",
        withdrawn=op in (Op.REVOKE, Op.REPAIR) and choose.random() < 0.4,
        known_at=KNOWN + choose.randrange(12) * DAY,
        place=number,
        body=codec.encode("databus.ADMIN_PENALTY", body),
    )


def oracle(events: Sequence[Event], codec: Codec, as_of: date, known_at: int) -> dict[str, Any] | None:
    """The content that held on a day as far as was known: event by event, without any state."""

    def source(event: Event) -> str:
        return f"{event.department}/{event.system}"

    deletes: dict[str, list[Event]] = {}
    for event in events:
        if event.op is Op.DELETE:
            deletes.setdefault(source(event), []).append(event)

    def erased(event: Event) -> bool:
        for by, sent in deletes.items():
            seq, deciding, last = max(d.seq for d in sent), any(d.deciding for d in sent), max(d.known_at for d in sent)
            if by == source(event):
                if event.seq <= seq:
                    return True
            elif deciding and event.facet == "content" and (not event.deciding or event.known_at <= last):
                return True
        return False

    known = [event for event in events if event.known_at <= known_at and not erased(event)]

    def ended(by: str) -> bool:
        for facet in ("revoke", "repair"):
            sent = [event for event in known if source(event) == by and event.facet == facet]
            if sent:
                top = max(event.seq for event in sent)
                standing = min((e for e in sent if e.seq == top), key=lambda e: e.content_hash + (b"\x01" if e.withdrawn else b""))
                if not standing.withdrawn:
                    return True
        return False

    def holds(event: Event) -> bool:
        envelope = codec.decode(event.body)[1]["envelope"]
        start, end = envelope["valid_from"] or envelope["decided_at"], envelope["valid_to"]
        return (start is None or start <= as_of) and (end is None or as_of <= end)

    best: list[tuple[tuple[bool, bool, str], Event]] = []
    contents = [event for event in known if event.facet == "content" and holds(event)]
    for by in {source(event) for event in contents}:
        mine = [event for event in contents if source(event) == by]
        top = max(event.seq for event in mine)
        chosen = min((event for event in mine if event.seq == top), key=lambda event: (event.content_hash, event.known_at, event.event_id))
        best.append(((not chosen.deciding, ended(by), by), chosen))
    if not best:
        return None
    event = min(best, key=lambda pair: pair[0])[1]
    return {"said": codec.decode(event.body)[1]["payload"]["content"], "event": event.event_id, "source": source(event)}


async def folded(line: Line, events: Sequence[Event], choose: random.Random) -> None:
    """The events through the profiler and the projector, in chunks of any size."""
    process, state = processor(line.contract, line.codec), MemoryState()
    changes: list[Record] = []
    for offset, event in enumerate(events):
        outcome = process([Record("events", 0, offset, event.known_at, b"", wire.encode_event(line.codec, event))], state)
        state.commit(outcome)
        changes += [line.record("changes", output.value) for output in outcome.outputs if output.topic == "changes"]
    while changes:
        size = choose.randrange(1, 40)
        await line.apply(changes[:size])
        del changes[:size]


async def everything(line: Line, subject: str, as_of: date, known_at: int) -> tuple[RecordRow, ...]:
    seen = [known.class_id for known in await classes.known(line.pool)]
    return await knowledge.of_subject(line.pool, subject, as_of=as_of, known_at=known_at, classes=seen, today=FIRST)


@pytest.mark.parametrize("seed", range(4))
async def test_any_history_answers_as_the_events_do(line: Line, seed: int) -> None:
    choose = random.Random(seed)
    subjects = {organisation_key(f"{seed}-{number}"): [] for number in range(40)}
    for subject in subjects:
        erasing = choose.random() < 0.4
        for number in range(choose.randrange(1, 12)):
            subjects[subject].append(told(line.codec, line.contract, subject, number, choose, erasing=erasing))
    mixed = [event for events in subjects.values() for event in events]
    choose.shuffle(mixed)
    mixed += choose.choices(mixed, k=20)
    await folded(line, mixed, choose)
    answered = 0
    for subject, events in subjects.items():
        current = {row["subject_key"]: row for row in await line.rows("SELECT * FROM record_versions WHERE to_offset IS NULL")}
        for _ in range(12):
            as_of, known_at = FIRST + timedelta(days=choose.randrange(-1, 14)), KNOWN + choose.randrange(-1, 13) * DAY
            expected = oracle(events, line.codec, as_of, known_at)
            rows = await everything(line, subject, as_of, known_at)
            if expected is None or current[subject]["payload"] is None:
                assert rows == (), (subject, as_of, known_at)
                continue
            (row,) = rows
            found = {"said": (row.payload or {})["content"], "event": row.event_id, "source": f"{row.department}/{row.system}"}
            assert found == expected, (subject, as_of, known_at)
            answered += 1
    assert answered > 100


async def test_a_correction_a_late_and_a_future_fact_each_on_their_day(line: Line) -> None:
    """Told on day 1: holds from day 1. Corrected on day 5, back to day 1. On day 6 a new state from day 20 on. Late on day 8: seq 1."""
    subject = organisation_key("one")

    def event(seq: int, said: str, known: int, start: int, op: Op = Op.UPSERT) -> Event:
        body = example(line.contract, "ADMIN_PENALTY", content=said, e_valid_from=FIRST + timedelta(days=start))
        told = {"known_at": KNOWN + known * DAY, "body": line.codec.encode("databus.ADMIN_PENALTY", body), "place": seq}
        return accepted(op, seq, said, subject_key=subject, record_type="ADMIN_PENALTY", record_key="penalty", **told)

    events = [event(2, "told", 1, 1), event(3, "corrected", 5, 1, Op.CORRECT), event(4, "planned", 6, 20), event(1, "late", 8, -30)]
    await folded(line, events, random.Random(1))

    async def said(day: int, known: int) -> str | None:
        rows = await everything(line, subject, FIRST + timedelta(days=day), KNOWN + known * DAY)
        return (rows[0].payload or {})["content"] if rows else None

    assert [await said(2, known) for known in (0, 1, 4, 5, 9)] == [None, "told", "told", "corrected", "corrected"]
    assert [await said(20, known) for known in (5, 6)] == ["corrected", "planned"]
    assert [await said(-1, known) for known in (7, 8)] == [None, "late"]


async def test_what_was_erased_is_gone_at_any_instant_and_nobody_sees_more_than_now(line: Line) -> None:
    subject = organisation_key("gone")
    body = line.body(content="a secret of the payload", e_decided_at=FIRST)
    first = accepted(seq=1, subject_key=subject, record_type="ADMIN_PENALTY", record_key="penalty", known_at=KNOWN, body=body)
    await folded(line, [first], random.Random(1))
    assert len(await everything(line, subject, FIRST, KNOWN)) == 1
    assert await knowledge.of_subject(line.pool, subject, as_of=FIRST, known_at=KNOWN, classes=[], today=FIRST) == ()
    later = [
        accepted(Op.DELETE, 5, subject_key=subject, record_type="ADMIN_PENALTY", record_key="penalty", known_at=KNOWN + DAY, body=body),
        replace(first, event_id="late", seq=2, known_at=KNOWN + 2 * DAY),
    ]
    await folded(Line(line.pool, line.codec, line.contract, line.ends), [first, *later], random.Random(1))
    assert await everything(line, subject, FIRST, KNOWN) == ()
    assert await line.rows("SELECT FROM facts WHERE payload IS NOT NULL") == []
