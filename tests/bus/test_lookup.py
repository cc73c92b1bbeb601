"""Many records by their places, on a real broker."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaProducer

from databus.bus.address import BusAddress
from databus.bus.journal import Entry, Journal
from databus.bus.lookup import read_many

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


async def test_what_lies_at_the_places_is_read_and_what_does_not_is_left_out(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        entries = [Entry(f"k{number}".encode(), f"v{number}".encode(), (("h", b"1"),)) for number in range(30)]
        places = await journal.append_all("in.tax", entries)
    tax = as_user("tax")
    aborted = AIOKafkaProducer(**tax.client(), transactional_id=tax.topic("in.tax.test"))
    async with aborted:
        await aborted.begin_transaction()
        lost = await aborted.send_and_wait(tax.topic("in.tax"), b"lost", partition=0)
        await aborted.abort_transaction()

    wanted: dict[int, set[int]] = {}
    for place in places[::3]:
        wanted.setdefault(place.partition, set()).add(place.offset)
    wanted.setdefault(0, set()).update({lost.offset, 10_000})
    found = await read_many(as_user("intake"), "in.tax", wanted)
    told = {(place.partition, place.offset): (entry, place) for place, entry in zip(places, entries, strict=True)}
    assert found.keys() == {(place.partition, place.offset) for place in places[::3]}
    for where, record in found.items():
        entry, place = told[where]
        assert (record.key, record.value, record.headers, record.timestamp) == (entry.key, entry.value, entry.headers, place.timestamp)
    assert await read_many(as_user("intake"), "in.tax", {2: {10_000}}) == {}


async def test_those_of_one_key_keep_their_order(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        places = await journal.append_all("in.tax", [Entry(b"one", str(number).encode()) for number in range(500)])
    assert len({place.partition for place in places}) == 1
    assert [place.offset for place in places] == list(range(places[0].offset, places[0].offset + 500))
