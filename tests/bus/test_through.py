"""Topics read through: all that was there and no more, whatever lies at the end and however little is left at the beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest
from kafka import KafkaAdminClient, TopicPartition

from bus.test_follow import transaction
from databus.bus.address import BusAddress
from databus.bus.through import through
from databus.errors import Misconfigured

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]


async def read(address: BusAddress, **bounds: dict[tuple[str, int], int]) -> list[bytes | None]:
    async with asyncio.timeout(120):
        return [record.value async for records in through(address, ["in.tax"], **bounds) for record in records]


async def test_an_empty_topic_is_read_at_once_and_one_that_is_not_there_is_named(as_user: As) -> None:
    assert await read(as_user("checker")) == []
    with pytest.raises(Misconfigured):
        await anext(through(as_user("checker"), ["in.nobody"]))


async def test_it_ends_behind_what_was_aborted_and_stays_within_its_bounds(as_user: As) -> None:
    await transaction(as_user("tax"), [b"a", b"b"], commit=True)
    await transaction(as_user("tax"), [b"gone"], commit=False)
    checker, place = as_user("checker"), ("in.tax", 0)
    assert await read(checker) == [b"a", b"b"]
    assert await read(checker, since={place: 1}) == [b"b"]
    assert await read(checker, since={place: 1_000}) == []
    assert await read(checker, since={place: 1}, until={place: 1}) == []


async def test_what_is_gone_is_passed_over(as_user: As) -> None:
    await transaction(as_user("tax"), [b"a", b"b"], commit=True)
    admin = as_user("admin")
    with closing(KafkaAdminClient(**admin.kafka_python())) as client:
        client.delete_records({TopicPartition(admin.topic("in.tax"), 0): 1})
    assert await read(as_user("checker"), since={("in.tax", 0): 0}) == [b"b"]


async def test_how_far_it_is_can_be_watched(as_user: As) -> None:
    await transaction(as_user("tax"), [b"a", b"b"], commit=True)
    seen: list[tuple[int, int]] = []
    async for _ in through(as_user("checker"), ["in.tax"], moved=lambda at, goal: seen.append((sum(at.values()), sum(goal.values())))):
        pass
    assert seen and seen[-1][0] == seen[-1][1] > 0
