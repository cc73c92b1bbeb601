"""A stateless worker on inboxes: one transactional id for all partitions, secrets deleted, markers passed over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bus.fleet import read_all
from databus.bus import driver, offsets, truncation
from databus.bus.address import BusAddress
from databus.bus.journal import Journal
from databus.bus.topics import MARKER
from databus.errors import BusUnavailable, DataUnusable
from databus.model.chunk import Outcome, Output, Processor, Record, State

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


def passing(records: Sequence[Record], state: State) -> Outcome:
    """Good records go to `events`; a secret goes nowhere, a keyless output follows its partition."""
    good = [record for record in records if b"SECRET" not in (record.value or b"")]
    return Outcome(
        [Output("events", record.key, record.value, (("from", record.topic.encode()),)) for record in good]
        + [Output(f"quarantine.{record.topic[3:]}", None, b"sealed") for record in records if record not in good],
        unreadable=[(record.topic, record.partition, record.offset) for record in records if record not in good],
    )


async def checked(
    address: BusAddress,
    *,
    until: Callable[[], Any],
    roll_seconds: float = 3600.0,
    seconds: float = 90.0,
    processor: Processor = passing,
    transactions: list[int] | None = None,
) -> tuple[int, int]:
    """Run a checker until `until()` is true; its exit code and how many records it counted, in `transactions` each by itself."""
    stop, counts = asyncio.Event(), list[int]() if transactions is None else transactions

    async def watch() -> None:
        async with asyncio.timeout(seconds):
            while not await until():  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    working = asyncio.ensure_future(
        driver.work(
            address,
            group="checker",
            topics=["in.tax", "in.court"],
            processor=processor,
            transactional_id=lambda partition: "checker-slot-0",
            stop=stop,
            beat=lambda: None,
            on_chunk=lambda count, lag: counts.append(count),
            session_seconds=2.0,
            roll_seconds=roll_seconds,
        )
    )
    try:
        watching = asyncio.ensure_future(watch())
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await watching
        watching.cancel()
    finally:
        stop.set()
        code = await working
    return code, sum(counts)


async def send(as_user: As, department: str, *values: bytes) -> None:
    async with Journal(as_user(department)) as journal:
        for value in values:
            await journal.append(f"in.{department}", b"k", value)


async def test_one_id_for_all_inboxes_takes_every_submission_once(as_user: As) -> None:
    checker = as_user("checker")
    await send(as_user, "tax", *[b"t%d" % number for number in range(20)])
    await send(as_user, "court", *[b"c%d" % number for number in range(20)])

    async def done() -> bool:
        return sum((await offsets.lag(checker, "checker", ["in.tax", "in.court"])).values()) == 0

    assert await checked(checker, until=done) == (0, 40)
    assert await checked(checker, until=done) == (0, 0)
    events = await read_all(as_user("admin"), "events")
    assert sorted(record.value or b"" for record in events) == sorted([b"t%d" % n for n in range(20)] + [b"c%d" % n for n in range(20)])
    assert {record.headers for record in events} == {(("from", b"in.tax"),), (("from", b"in.court"),)}


async def test_what_came_of_several_inboxes_is_one_transaction_or_nothing(as_user: As) -> None:
    checker, transactions = as_user("checker"), list[int]()
    await send(as_user, "tax", *[b"t%d" % number for number in range(20)])
    await send(as_user, "court", *[b"c%d" % number for number in range(20)])

    def left() -> Any:
        return offsets.lag(checker, "checker", ["in.tax", "in.court"])

    async def done() -> bool:
        return sum((await left()).values()) == 0

    def fails(records: Sequence[Record], state: State) -> Outcome:
        if records[0].topic == "in.tax":
            raise RuntimeError("of what came of one inbox, the other's may have been worked on before")
        return passing(records, state)

    # Both keys are the same: each inbox has all of its records in one partition, and one fetch brings both.
    assert await checked(checker, until=done, processor=fails) == (1, 0)
    assert (sum((await left()).values()), await read_all(as_user("admin"), "events")) == (40, [])
    assert await checked(checker, until=done, transactions=transactions) == (0, 40)
    assert transactions == [40]


async def test_a_secret_is_unreadable_and_the_good_ones_go_through(as_user: As) -> None:
    checker = as_user("checker")
    await send(as_user, "tax", b"before", b"SECRET", b"after")

    async def marked() -> bool:
        try:
            return any(is_marker(record) for record in await read_all(checker, "in.tax"))
        except DataUnusable:
            return False  # the secret went while its inbox was being read

    code, counted = await checked(checker, until=marked, roll_seconds=0.5)
    await send(as_user, "tax", b"later")

    async def done() -> bool:
        return sum((await offsets.lag(checker, "checker", ["in.tax"])).values()) == 0

    assert (code, counted) == (0, 3)
    assert await checked(checker, until=done) == (0, 1), "the marker is counted, or the deletion was repeated"
    # The secret's segment held `after` too: what is committed before the marker goes with it.
    left = await read_all(checker, "in.tax")
    assert [record.value for record in left if not is_marker(record)] == [b"later"]
    assert [record.value for record in await read_all(as_user("admin"), "events")] == [b"before", b"after", b"later"]
    assert len(await read_all(as_user("admin"), "quarantine.tax")) == 1


async def test_a_deletion_cut_short_is_repeated_by_the_next_owner(as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    checker = as_user("checker")
    await send(as_user, "tax", b"before", b"SECRET", b"after")

    async def never() -> bool:
        return False

    async def dies(*_: object) -> None:
        raise BusUnavailable("killed between commit and deletion")

    with monkeypatch.context() as cut:
        cut.setattr(truncation, "delete", dies)
        assert (await checked(checker, until=never))[0] == 1
    assert b"SECRET" in [record.value for record in await read_all(checker, "in.tax")]

    async def gone() -> bool:
        return b"SECRET" not in [record.value for record in await read_all(checker, "in.tax")]

    assert await checked(checker, until=gone) == (0, 0)
    assert [record.value for record in await read_all(as_user("admin"), "events")] == [b"before", b"after"]


def is_marker(record: Record) -> bool:
    return record.value is None and [name for name, _ in record.headers] == [MARKER]
