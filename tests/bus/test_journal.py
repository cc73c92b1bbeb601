"""Many records at once: each lies where it is said to lie, however many batches it took, and what is too large is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from bus.fleet import read_all
from databus.bus.address import BusAddress
from databus.bus.journal import Entry, Journal, Place
from databus.bus.topics import INBOX_RECORD_BYTES
from databus.errors import TooLarge

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


def entries(who: str, count: int, size: int) -> list[Entry]:
    return [Entry(b"k%d" % (number % 7), f"{who}{number}".encode().ljust(size, b"."), (("h", who.encode()),)) for number in range(count)]


async def test_those_who_append_at_once_are_each_told_their_own_places(as_user: As) -> None:
    """Some fifteen batches per partition, of three who do not wait for each other."""
    asked = {who: entries(who, 400, 8_000) for who in "abc"}
    async with Journal(as_user("tax"), timeout_seconds=60.0) as journal:
        told: Sequence[Sequence[Place]] = await asyncio.gather(*[journal.append_all("in.tax", one) for one in asked.values()])
    lies = {(one.partition, one.offset): one for one in await read_all(as_user("checker"), "in.tax")}
    assert len(lies) == 1_200
    for places, wanted in zip(told, asked.values(), strict=True):
        for place, entry in zip(places, wanted, strict=True):
            record = lies.pop((place.partition, place.offset))
            assert (record.key, record.value, record.headers, record.timestamp) == (entry.key, entry.value, entry.headers, place.timestamp)
        by_key = {entry.key: [place.offset for place, one in zip(places, wanted, strict=True) if one.key == entry.key] for entry in wanted}
        assert all(offsets == sorted(offsets) for offsets in by_key.values())
    assert lies == {}


async def test_what_the_broker_refuses_is_told_and_the_journal_goes_on(as_user: As) -> None:
    """An idempotent producer of aiokafka would not: it numbers what comes next as if the refused batch had been taken."""
    large = Entry(b"k", b"x" * (INBOX_RECORD_BYTES + 1))
    async with Journal(as_user("tax"), timeout_seconds=60.0) as journal:
        for number in range(2):
            with pytest.raises(TooLarge):
                await journal.append_all("in.tax", [Entry(b"k", b"beside"), large])
            with pytest.raises(TooLarge):
                await journal.append("in.tax", large.key, large.value)
            await journal.append_all("in.tax", [Entry(b"k", b"%d" % number)])
            await journal.append("in.tax", b"k", b"alone")
    values = [one.value for one in await read_all(as_user("checker"), "in.tax")]
    assert [one for one in values if one != b"beside"] == [b"0", b"alone", b"1", b"alone"]
