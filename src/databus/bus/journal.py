"""Appending single records, durable before the call returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, OutOfOrderSequenceNumber, TopicAuthorizationFailedError

from databus.bus.address import BusAddress
from databus.bus.answered import answered
from databus.bus.batches import Row, Sent, send
from databus.bus.partition import partition, partitions
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
        self._turn = asyncio.Lock()
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
        self._producer = await self._connected()

    async def stop(self) -> None:
        """Send what is on its way and disconnect; safe to repeat."""
        async with self._turn:
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
        async with self._asked(topic) as (producer, name):
            to = route if route is not None else key
            number = None if to is None else partition(to, len(await producer.partitions_for(name)))
            done = await producer.send_and_wait(name, value, key=key, partition=number, headers=list(headers))
        return _place(topic, done)

    async def append_all(self, topic: str, entries: Sequence[Entry]) -> tuple[Place, ...]:
        """Append records in their order, so that those of one key keep it; all are durable when this returns. Those without a key
        go where an empty one goes.

        Raises:
            BusUnavailable: they are not all known to be durable; some may be.
            NotAllowed, TooLarge: as `append`; some of the others may be there.
        """
        async with self._asked(topic) as (producer, name):
            count = len(await producer.partitions_for(name))
            parts: dict[int, list[Row]] = {}
            order = []
            for one, number in zip(entries, partitions([one.key or b"" for one in entries], count), strict=True):
                part = parts.setdefault(number, [])
                order.append((number, len(part)))
                part.append((one.key, one.value, list(one.headers)))
            sent = {number: await send(producer, name, number, part) for number, part in parts.items()}
            await asyncio.gather(*[one.done for batches in sent.values() for one in batches])
        places = {number: [place for one in batches for place in _places(topic, one)] for number, batches in sent.items()}
        return tuple(places[number][at] for number, at in order)

    @asynccontextmanager
    async def _asked(self, topic: str) -> AsyncIterator[tuple[Any, str]]:
        """The producer and the topic's full name, for one question; whatever it fails with is one of our errors."""
        producer = self._producer
        if producer is None:
            raise BusUnavailable("the journal is not open")
        try:
            async with asyncio.timeout(self._timeout):
                with answered():
                    yield producer, self._address.topic(topic)
        except TopicAuthorizationFailedError as error:
            raise NotAllowed(f"user {self._address.username} may not write to {topic}", topic=topic) from error
        except MessageSizeTooLargeError as error:
            await self._replace(producer)
            raise TooLarge(f"{topic} takes no record of this size", topic=topic) from error
        except (KafkaError, TimeoutError, OSError) as error:
            if isinstance(error, OutOfOrderSequenceNumber):
                await self._replace(producer)
            raise BusUnavailable(f"the record is not known to be durable: {type(error).__name__}", topic=topic) from error

    async def _replace(self, producer: Any) -> None:
        """A producer that had a batch refused numbers the next ones as if it had been taken, so none of them would be."""
        async with self._turn:
            if self._producer is producer:
                self._producer = await self._connected()
                await producer.stop()

    async def _connected(self) -> Any:
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
        return producer


def _place(topic: str, done: Any) -> Place:
    return Place(topic, done.partition, done.offset, done.timestamp if done.timestamp is not None else -1)


def _places(topic: str, sent: Sent) -> Iterator[Place]:
    """Where the records of a batch lie, in their order."""
    begun = sent.done.result()
    own = begun.timestamp is None or begun.timestamp == -1
    for after, time in enumerate(sent.times):
        yield Place(topic, begun.partition, begun.offset + after, time if own else begun.timestamp)
