"""From publishing to rows that others see: the whole line at a steady rate, its processes as they run in production."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from aiokafka import AIOKafkaProducer

from bench.chaos.fleet import SERVICES, Fleet
from bench.merge import full
from bench.merge.ground import Ground
from bench.merge.ground import Row as Submitted
from bench.merge.table import at_most, plain
from databus.bus import topics
from databus.cli.bench import Row
from databus.cli.session import Session
from databus.cli.status import measured
from databus.department.submission import SUBMISSION_ID
from databus.errors import Unavailable
from databus.local.connections import connected
from databus.store import database
from databus.store.sessions import Pool, session

RATE, SECONDS = 2_000.0, 20.0
_HELD = 0.95
"""Share of a rate that must come through for it to be held."""
_PARTS = next(topic.partitions for topic in topics.table(()) if topic.name == topics.CHANGES)
_LOOK_SECONDS, _ASK_SECONDS, _PATIENCE_SECONDS = 0.02, 1.0, 600.0
# Steps of a partition are committed in their order, so that none comes below what was seen.
_SINCE = """
SELECT n.part, s."offset", s.submission_id FROM unnest($1::smallint[], $2::bigint[]) AS n (part, reached) CROSS JOIN LATERAL (
    SELECT "offset", submission_id FROM steps WHERE part = n.part AND "offset" > n.reached ORDER BY "offset" OFFSET 0
) s
"""
Sent = tuple[str, Submitted]


@dataclass(frozen=True)
class Flow:
    """How many submissions a second came through to rows, and after how many seconds each, in ascending order."""

    rate: float
    delays: Sequence[float]

    def after(self, percent: int) -> float:
        """Within this many seconds so many percent had come through."""
        return quantiles(self.delays, n=100)[percent - 1]


def measure(ground: Ground, seed: int, rate: float = RATE, seconds: float = SECONDS) -> Iterator[Row]:
    """One checker, one profiler and the projector at `rate`; where they cannot hold it, then at half of what came through."""
    fleet = Fleet(ground.here, seed)
    for service in SERVICES:
        fleet.start(service, 0)
    try:
        _await_ready(fleet)
        found = asyncio.run(flow(ground.here, sample(ground, int(rate * seconds), seed), rate))
        held = found.rate >= _HELD * rate
        yield plain(f"publish → visible: came through, {rate:,.0f} submissions/s published", found.rate, "submissions/s")
        yield plain(f"publish → visible in PostgreSQL, p50 at {rate:,.0f} submissions/s", found.after(50) if held else None, "s")
        yield at_most(f"publish → visible in PostgreSQL, p99 at {rate:,.0f} submissions/s", found.after(99) if held else None, 1.0, "s")
        if not held:
            half = found.rate / 2
            found = asyncio.run(flow(ground.here, sample(ground, int(half * seconds), seed + 1), half))
            yield plain("publish → visible in PostgreSQL, p50 at half of what came through", found.after(50), "s")
            yield plain("publish → visible in PostgreSQL, p99 at half of what came through", found.after(99), "s")
    finally:
        fleet.stop()


async def flow(here: Session, rows: Sequence[Sent], rate: float) -> Flow:
    """Publish at a rate, and see what of it comes to rows until all of it is through.

    Raises:
        Unavailable: it is not through in time.
    """
    dsn = connected(here.settings, here.keys, "operator").postgres.dsn.get_secret_value()
    pool = await database.connect(dsn, size=1)
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    try:
        watching = asyncio.create_task(_watch(pool, sent, seen))
        try:
            await _publish(here, rows, rate, sent)
            await _through(here)
            # Once more over all of it: the last rows may have come after the last look.
            await asyncio.sleep(_ASK_SECONDS)
        finally:
            watching.cancel()
    finally:
        await pool.close()
    delays = sorted(at - sent[one] for one, at in seen.items())
    return Flow(len(sent) / (max(seen.values()) - min(sent.values())), delays)


async def _publish(here: Session, rows: Sequence[Sent], rate: float, sent: dict[str, float]) -> None:
    producer = AIOKafkaProducer(**here.address("admin").client(), acks="all", linger_ms=2, max_request_size=4 * 1024 * 1024)
    await producer.start()
    try:
        began = time.monotonic()
        for number, (topic, (key, value, headers)) in enumerate(rows):
            if (ahead := began + number / rate - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            sent[dict(headers)[SUBMISSION_ID].decode()] = time.monotonic()
            await producer.send(topic, key=key, value=value, headers=list(headers))
        await producer.flush()
    finally:
        await producer.stop()


async def _watch(pool: Pool, sent: Mapping[str, float], seen: dict[str, float]) -> None:
    async with session(pool) as connection:
        rows = await connection.fetch('SELECT part, max("offset") AS reached FROM steps GROUP BY part')
        reached = dict.fromkeys(range(_PARTS), -1) | {row["part"]: row["reached"] for row in rows}
        while True:
            for part, offset, submission in await connection.fetch(_SINCE, list(reached), list(reached.values())):
                reached[part] = max(offset, reached[part])
                if submission in sent:
                    seen.setdefault(submission, time.monotonic())
            await asyncio.sleep(_LOOK_SECONDS)


async def _through(here: Session) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while any((await asyncio.to_thread(measured, here))[0].values() or (1,)):
        if time.monotonic() > until:
            raise Unavailable(f"what was published did not come through in {_PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(_ASK_SECONDS)


def _await_ready(fleet: Fleet) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not fleet.ready():
        if time.monotonic() > until:
            raise Unavailable("the workers did not start in time")
        time.sleep(_LOOK_SECONDS)


def sample(ground: Ground, count: int, seed: int) -> list[Sent]:
    """Submissions of the sample province, each with the inbox it goes into."""
    inboxes = {inbox: inbox for inbox in map(topics.inbox, ground.here.contract.departments)}
    return [(topic, row) for topic, _, row in full.submissions(ground, full.sample(ground, count, seed), inboxes)]
