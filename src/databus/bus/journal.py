"""Appending single records, durable before the call returns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from databus.bus.address import BusAddress
from databus.bus.answered import answered
from databus.bus.partition import partition
from databus.bus.topics import RECORD_BYTES
from databus.errors import BusUnavailable, NotAllowed, TooLarge
from databus.model.chunk import Headers

# Long enough to put concurrent appends into one request, too short to be felt.
_LINGER_MS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies; `timestamp` is in milliseconds, -1 where the broker told none."""

    topic: str
    partition: int
    offset: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to append."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Journal:
    """An idempotent producer that acknowledges only what every in-sync replica has (acks=all).

    One per process, `async with` or `start` and `stop`; `append` may be called by many tasks at once.
    """

    def __init__(self, address: BusAddress, *, timeout_seconds: float = 10.0) -> None:
        self._address = address
        self._timeout = timeout_seconds
        self._producer: Any = None

    async def __aenter__(self) -> Journal:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Connect.

        Raises:
            BusUnavailable: no broker answers, or it does not know this user.
        """
        producer = AIOKafkaProducer(
            **self._address.client(),
            acks="all",
            enable_idempotence=True,
            linger_ms=_LINGER_MS,
            max_batch_size=256 * 1024,
            max_request_size=RECORD_BYTES + 64 * 1024,
        )
        try:
            await asyncio.wait_for(producer.start(), self._timeout)
        except (KafkaError, TimeoutError, OSError) as error:
            await producer.stop()
            raise BusUnavailable(f"the bus cannot be reached: {type(error).__name__}: {error}") from error
        self._producer = producer

    async def stop(self) -> None:
        """Send what is on its way and disconnect; safe to repeat."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def append(
        self, topic: str, key: bytes | None, value: bytes | None, *, route: bytes | None = None, headers: Headers = ()
    ) -> Place:
        """Append one record; it is durable when this returns. `route` (else the key) decides the partition.

        Raises:
            BusUnavailable: it is not known to be durable.
            NotAllowed: this user may not write to the topic.
            TooLarge: the broker takes no record of this size.
        """
        if self._producer is None:
            raise BusUnavailable("the journal is not open")
        name = self._address.topic(topic)
        with self._refusing(topic):
            async with asyncio.timeout(self._timeout):
                with answered():
                    number = await self._partition(name, route if route is not None else key)
                    done = await self._producer.send_and_wait(name, value, key=key, partition=number, headers=list(headers))
        return _place(topic, done)

    async def append_all(self, topic: str, entries: Sequence[Entry]) -> tuple[Place, ...]:
        """Append records in their order, so that those of one key keep it; all are durable when this returns.

        Raises:
            BusUnavailable: they are not all known to be durable; some may be.
            NotAllowed, TooLarge: as `append`; some of the others may be there.
        """
        if self._producer is None:
            raise BusUnavailable("the journal is not open")
        name = self._address.topic(topic)
        with self._refusing(topic):
            async with asyncio.timeout(self._timeout):
                with answered():
                    count = len(await self._producer.partitions_for(name))
                    sent = [
                        await self._producer.send(
                            name,
                            one.value,
                            key=one.key,
                            partition=None if one.key is None else partition(one.key, count),
                            headers=list(one.headers),
                        )
                        for one in entries
                    ]
                    done = await asyncio.gather(*sent)
        return tuple(_place(topic, one) for one in done)

    @contextmanager
    def _refusing(self, topic: str) -> Iterator[None]:
        try:
            yield
        except TopicAuthorizationFailedError as error:
            raise NotAllowed(f"user {self._address.username} may not write to {topic}", topic=topic) from error
        except MessageSizeTooLargeError as error:
            raise TooLarge(f"{topic} takes no record of this size", topic=topic) from error
        except (KafkaError, TimeoutError, OSError) as error:
            raise BusUnavailable(f"the record is not known to be durable: {type(error).__name__}", topic=topic) from error

    async def _partition(self, name: str, route: bytes | None) -> int | None:
        if route is None:
            return None
        return partition(route, len(await self._producer.partitions_for(name)))


def _place(topic: str, done: Any) -> Place:
    return Place(topic, done.partition, done.offset, done.timestamp if done.timestamp is not None else -1)
