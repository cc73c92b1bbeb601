"""A question about topics outlives one connection, and ends where nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from databus.bus import metadata, offsets
from databus.bus.address import BusAddress
from databus.errors import BusUnavailable

As = Callable[[str], BusAddress]


@pytest.mark.live
@pytest.mark.parametrize("broken", [KafkaError("Unable to get cluster metadata over all known brokers"), asyncio.CancelledError()])
async def test_a_connection_closed_while_it_is_asked_is_replaced(
    as_user: As, monkeypatch: pytest.MonkeyPatch, broken: BaseException
) -> None:
    asks, pending = AIOKafkaClient.fetch_all_metadata, [broken]

    async def closes_once(client: AIOKafkaClient) -> Any:
        if pending:
            raise pending.pop()
        return await asks(client)

    monkeypatch.setattr(AIOKafkaClient, "fetch_all_metadata", closes_once)
    assert set(await offsets.ends(as_user("checker"), ["in.tax"])) == set(await offsets.beginnings(as_user("checker"), ["in.tax"]))
    assert pending == []


@pytest.mark.live
async def test_a_cluster_that_never_tells_ends_the_question(as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(client: AIOKafkaClient) -> Any:
        raise KafkaError("Unable to get cluster metadata over all known brokers")

    monkeypatch.setattr(AIOKafkaClient, "fetch_all_metadata", never)
    monkeypatch.setattr(metadata, "_PATIENCE_SECONDS", 0.5)
    with pytest.raises(BusUnavailable, match="Unable to get cluster metadata"):
        await offsets.ends(as_user("checker"), ["in.tax"])
