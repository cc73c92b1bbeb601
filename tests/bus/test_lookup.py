"""Many records by their places and by their keys, on a real broker."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaProducer

from databus.bus.address import BusAddress
from databus.bus.journal import Entry, Journal
from databus.bus.lookup import find_keyed, read_many

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


async def test_the_first_of_each_key_is_found_in_one_pass_and_what_is_gone_is_left_out(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        for turn in ("first", "later"):
            await journal.append_all("in.tax", [Entry(f"k{number}".encode(), turn.encode()) for number in range(40)])
    wanted = [b"k1", b"k7", b"k39", b"never"]
    found = await find_keyed(as_user("intake"), "in.tax", wanted)
    assert {key: (one.key, one.value) for key, one in found.items()} == {key: (key, b"first") for key in wanted[:3]}
    assert await find_keyed(as_user("intake"), "in.tax", []) == {}


async def test_those_of_one_key_keep_their_order(as_user: As) -> None:
    async with Journal(as_user("tax")) as journal:
        places = await journal.append_all("in.tax", [Entry(b"one", str(number).encode()) for number in range(500)])
    assert len({place.partition for place in places}) == 1
    assert [place.offset for place in places] == list(range(places[0].offset, places[0].offset + 500))
