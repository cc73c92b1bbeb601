"""The recovery drill on real engines: folded again, compared, put in place, loaded; also cut short and repeated."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from bootstrap.installation import Installation
from databus.bootstrap.loading import load
from databus.bootstrap.rebuild import fold_again, put_in_place
from databus.bus import admin, generations, refold
from databus.bus.partition import partition
from databus.errors import Conflict, Gone
from databus.model.event import Event, Op
from databus.model.keys import organisation_key
from databus.profile import profiler
from databus.store import feed, projection, versions
from databus.store.sessions import session
from databus.testing.events import DAY, accepted
from store.line import example

pytestmark = pytest.mark.live
TODAY = date(2026, 11, 1)
KNOWN = (date(2026, 3, 1).toordinal() - date(1970, 1, 1).toordinal()) * DAY


def history(made: Installation, *, seed: int = 1, subjects: int = 25, count: int = 200) -> list[Event]:
    """Random events of all the operations a rebuild may meet, repeats of some among them."""
    choose = random.Random(seed)
    told: list[Event] = []
    for number in range(count):
        op = choose.choice((Op.UPSERT,) * 5 + (Op.CORRECT, Op.REVOKE, Op.REPAIR, Op.ANNOTATE, Op.DELETE))
        department = choose.choice(("emergency", "market-regulation"))
        body = example(made.contract, "ADMIN_PENALTY", content=f"said {number}")
        event = accepted(
            op,
            choose.randrange(1, 20),
            f"{number}",
            department=department,
            deciding=department == "emergency",
            subject_key=organisation_key(f"{seed}-{choose.randrange(subjects)}"),
            record_type="ADMIN_PENALTY",
            record_key=f"penalty-{choose.randrange(3)}",
            withdrawn=op in (Op.REVOKE, Op.REPAIR) and choose.random() < 0.3,
            known_at=KNOWN + number * DAY // 4,
            place=number,
            body=made.codec.encode("databus.ADMIN_PENALTY", body),
        )
        told += [event] * (2 if choose.random() < 0.1 else 1)
    return told


def links(made: Installation, *, seed: int = 1, pairs: int = 6) -> list[Event]:
    """Maps of codes between some of those subjects, as the checker writes them; every third was taken back."""
    told: list[Event] = []
    for number in range(pairs):
        for seq, withdrawn in ((1, False), (2, True)) if number % 3 == 0 else ((1, False),):
            told += link(made, f"{seed}-{2 * number}", f"{seed}-{2 * number + 1}", seq=seq, withdrawn=withdrawn)
    return told


def link(made: Installation, older: str, newer: str, *, seq: int = 1, withdrawn: bool = False) -> list[Event]:
    """One map of codes under both of the keys it names."""
    first, second = (
        replace(
            accepted(
                Op.LINK, seq, f"{older} is {newer}", department="market-regulation", subject_key=organisation_key(name),
                record_type="LP_CODE_MAP", record_key=f"LP_CODE_MAP|{newer}|CN-REG|{older}", withdrawn=withdrawn, known_at=KNOWN,
                body=made.codec.encode("databus.LP_CODE_MAP", example(made.contract, "LP_CODE_MAP")),
            ),
            link=(organisation_key(older), organisation_key(newer), newer),
            codes={"CN-REG": older} if name == older else {"CN-USCI": newer, "CN-REG": older},
        )
        for name in (newer, older)
    )  # fmt: skip
    return [first, replace(second, original=first.event_id)]


CURRENT = """
SELECT subject_key, record_key, department, system, standing, class_id, payload, wake, rule FROM record_versions
WHERE to_offset IS NULL ORDER BY 1, 2
"""
FACTS = "SELECT * FROM facts ORDER BY event_id"


async def next_generation(made: Installation) -> None:
    address = replace(made.root, generation=(await made.present("rebuild")).generation + 1)
    await asyncio.to_thread(admin.provision, address, departments=(), passwords={})


async def swapped(made: Installation) -> None:
    """The whole drill."""
    await next_generation(made)
    old = await made.present("rebuild")
    found = await fold_again(old, made.contract, made.codec)
    assert not [one for one in found if one.differing]
    await put_in_place(old)
    assert await load(await made.present("projector"), made.dsn, made.codec, made.contract)


async def filled(made: Installation, told: Sequence[Event]) -> None:
    await made.accept(told)
    await made.fold()
    await made.project()


async def test_a_rebuilt_installation_is_the_one_it_was(installation: Installation) -> None:
    made = installation
    told = history(made)
    # A link before, between and behind what it moves.
    await filled(made, [*links(made)[:4], *told[:100], *links(made)[4:], *told[100:], *links(made, pairs=2)])
    assert await made.rows("SELECT FROM steps WHERE original <> '' AND standing = 'SHOWN'"), "something was told on"
    before, known, findings = await made.rows(CURRENT), await made.rows(FACTS), set(await made.read("findings"))
    cursor = await versions.vector(made.pool)
    assert len(before) > 30
    await swapped(made)
    assert await made.rows(CURRENT) == before
    assert await made.rows(FACTS) == known
    assert set(await made.read("findings")) == findings, "a rebuild issues nothing again"
    now = await versions.vector(made.pool)
    assert now.generation == 2
    with pytest.raises(Gone):
        await feed.steps(made.pool, vector=cursor, classes=[], today=TODAY)
    assert not await load(await made.present("projector"), made.dsn, made.codec, made.contract), "loading twice does nothing"

    await made.fold()
    await made.project()
    assert await made.rows(CURRENT) == before, "what links ask to be told on was told on before"
    more = [replace(event, event_id=f"{event.event_id[:-4]}more", seq=event.seq + 100) for event in history(made)[:20]]
    await filled(made, more)
    assert await made.rows("SELECT FROM steps WHERE event_id LIKE '%more'"), "the line goes on in the new generation"
    dense = "SELECT FROM (SELECT max(pv) - count(pv) AS holes FROM steps WHERE pv IS NOT NULL GROUP BY subject_key) s WHERE holes <> 0"
    assert await made.rows(dense) == []

    generations.remove(made.root)
    await swapped(made)
    assert (await versions.vector(made.pool)).generation == 3


async def test_a_rebuild_cut_short_goes_on_and_doubles_nothing(installation: Installation) -> None:
    made = installation
    await filled(made, history(made))
    await next_generation(made)
    old = await made.present("rebuild")
    new, bounds = replace(old, generation=2), await refold.committed(old, "profiler")
    number = max(bounds, key=lambda one: bounds[one])
    until = bounds[number] // 2
    parts = {"processor": profiler.processor(made.contract, made.codec), "duty": profiler.duty(made.contract, made.codec, writes=False)}
    told = {"group": "profiler", "transactional_id": f"rebuild-{number}", "until": until, "outputs": ("changes",)}
    await refold.refold(new, number, **parts, **told, batch_max=3)
    found = await fold_again(old, made.contract, made.codec)
    assert not [one for one in found if one.differing]
    first, second = [sorted(record.value or b"" for record in await made.read("changes", generation=one)) for one in (1, 2)]
    assert first == second


async def test_what_differs_is_named_and_an_old_generation_is_not_projected(installation: Installation) -> None:
    made = installation
    await filled(made, history(made))
    await next_generation(made)
    old = await made.present("rebuild")
    # The live state is one event short: folded by an offset that was moved past it.
    extra = accepted(
        subject_key=organisation_key("1-0"), record_type="ADMIN_PENALTY", record_key="lost", known_at=KNOWN,
        body=made.codec.encode("databus.ADMIN_PENALTY", example(made.contract, "ADMIN_PENALTY")),
    )  # fmt: skip
    await made.accept([extra])
    number = partition(extra.subject_key.encode(), 12)
    consumer = AIOKafkaConsumer(**made.root.client(), group_id=made.root.topic("profiler"), enable_auto_commit=False)
    await consumer.start()
    place = TopicPartition(made.root.topic("events"), number)
    end = (await consumer.end_offsets([place]))[place]
    consumer.assign([place])
    await consumer.commit({place: OffsetAndMetadata(end, "")})
    await consumer.stop()
    found = await fold_again(old, made.contract, made.codec)
    assert [subject for one in found for subject in one.differing] == [extra.subject_key]

    await put_in_place(old)
    with pytest.raises(Conflict):
        await put_in_place(old)
    await load(await made.present("projector"), made.dsn, made.codec, made.contract)
    stale = (await made.read("changes", generation=1))[:1]
    async with session(made.pool) as connection:
        with pytest.raises(Conflict, match="generation 2"):
            await projection.project(connection, "changes", stale, made.codec, made.contract, generation=1)
