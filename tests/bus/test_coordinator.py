"""Offsets that a broker refuses to tell are asked for again, and are never taken for offsets that nobody has committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupAuthorizationFailedError, GroupLoadInProgressError, NotCoordinatorForGroupError
from aiokafka.protocol.commit import OffsetFetchResponse_v3

from databus.bus.coordinator import hear

PLACE = TopicPartition("events", 3)
COMMITTED = OffsetFetchResponse_v3(0, [("events", [(3, 77, "", 0)])], 0)


class Coordinator(GroupCoordinator):
    """aiokafka's own, with the broker's answers in its hand."""

    group_id, coordinator_id, _retry_backoff_ms = "profiler", 1, 1

    def __init__(self, answers: Iterator[Any]) -> None:
        self.answers, self.lost = answers, 0

    def __del__(self, *_: object) -> None:
        """Nothing was opened."""

    async def _send_req(self, request: Any) -> Any:
        return next(self.answers)

    async def ensure_coordinator_known(self) -> None:
        """Known at once."""

    def coordinator_dead(self) -> None:
        self.lost += 1


def refused(error: type[Any]) -> Any:
    return OffsetFetchResponse_v3(0, [], error.errno)


@pytest.mark.parametrize(("error", "lost"), [(GroupLoadInProgressError, 0), (NotCoordinatorForGroupError, 2)])
async def test_who_is_refused_asks_again(error: type[Any], lost: int) -> None:
    coordinator = Coordinator(iter((refused(error), refused(error), COMMITTED)))
    hear(coordinator)
    found = await coordinator.fetch_committed_offsets([PLACE])
    assert {place: at.offset for place, at in found.items()} == {PLACE: 77} and coordinator.lost == lost


async def test_who_may_not_know_is_told() -> None:
    coordinator = Coordinator(iter((refused(GroupAuthorizationFailedError),)))
    hear(coordinator)
    with pytest.raises(GroupAuthorizationFailedError):
        await coordinator.fetch_committed_offsets([PLACE])


async def test_without_it_a_refusal_is_a_group_that_has_committed_nothing() -> None:
    """When aiokafka hears it itself, there is nothing left to do here."""
    assert await Coordinator(iter((refused(GroupLoadInProgressError),))).fetch_committed_offsets([PLACE]) == {}
