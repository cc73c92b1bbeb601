"""What the cluster says of its topics, asked again while a connection to it is being replaced."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.errors import KafkaError

from databus.bus.answered import answered
from databus.errors import BusUnavailable

_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.2


async def cluster(consumer: Any) -> Any:
    """The metadata of all topics that this user may see (aiokafka's `ClusterMetadata`); it needs no subscription.

    aiokafka asks each broker it knows once: with one broker, a connection closed in that moment is already an error.

    Raises:
        KafkaError, BusUnavailable: no broker has answered for 10 s.
    """
    begun = asyncio.get_running_loop().time()
    while True:
        try:
            with answered():
                return await consumer._client.fetch_all_metadata()
        except (KafkaError, BusUnavailable):
            if asyncio.get_running_loop().time() - begun > _PATIENCE_SECONDS:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
