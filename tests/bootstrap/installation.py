"""The line from `events` on, on real engines under a prefix of its own: folded and projected by the parts the processes are made of."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from aiokafka import AIOKafkaProducer

from databus.bus import admin, generations, offsets, refold, registry
from databus.bus.address import BusAddress
from databus.bus.partition import partition
from databus.bus.registers import Registers
from databus.bus.through import through
from databus.contract import catalogue, wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.chunk import Record
from databus.model.event import Event
from databus.profile import profiler
from databus.settings import CHECKOUT
from databus.store import database, projection
from databus.store.sessions import Pool, session
from engines import Engines

DEPARTMENTS = ("emergency", "market-regulation")


@dataclass
class Installation:
    """`root` is a user who may do everything; each other has only its own permissions."""

    root: BusAddress
    engines: Engines
    contract: Contract
    codec: Codec
    dsn: str
    pool: Pool

    def user(self, name: str) -> BusAddress:
        return replace(self.root, username=name, password=self.engines.keys.kafka_password(name))

    async def present(self, name: str) -> BusAddress:
        return await generations.present(self.user(name))

    async def accept(self, events: Iterable[Event]) -> None:
        """Write accepted events as the checker does."""
        producer = AIOKafkaProducer(**self.user("checker").client(), acks="all", enable_idempotence=True)
        await producer.start()
        for event in events:
            key = keys.pack(event.subject_key, event.record_key, event.event_id)
            where = partition(event.subject_key.encode(), 12)
            await producer.send(self.root.topic("events"), wire.encode_event(self.codec, event), key=key, partition=where)
        await producer.stop()

    async def fold(self) -> dict[int, Registers]:
        """What the profiler does of all there is, in the present generation, and of what it tells on; days are not told."""
        address = await self.present("profiler")
        found, folded = dict[int, Registers](), dict[tuple[str, int], int]()
        while (last := await offsets.ends(address, ["events"])) != folded:
            for (_, number), end in last.items():
                found[number] = await refold.refold(
                    address,
                    number,
                    group="profiler",
                    transactional_id=f"profiler-{number}",
                    processor=profiler.processor(self.contract, self.codec),
                    duty=profiler.duty(self.contract, self.codec, patience=1.0),
                    until=end,
                    outputs=("changes", "findings", "events"),
                )
            folded = last
        return found

    async def project(self, *topic_names: str) -> None:
        """What the projector does of all there is."""
        address = await self.present("projector")
        names = topic_names or ("changes", "findings")
        since = await projection.positions(self.pool)
        async for chunk in through(address, names, since=since):
            async with session(self.pool) as connection:
                generation = address.generation
                await projection.project(connection, chunk[0].topic, chunk, self.codec, self.contract, generation=generation)

    async def rows(self, query: str, *bound: object) -> list[dict[str, object]]:
        async with session(self.pool) as connection:
            return [dict(row.items()) for row in await connection.fetch(query, *bound)]

    async def read(self, topic: str, *, generation: int = 1) -> list[Record]:
        """Every committed record of a topic."""
        address = replace(self.root, generation=generation)
        async with asyncio.timeout(180):
            return [record async for records in through(address, [topic]) for record in records]


async def install(engines: Engines) -> Installation:
    """Everything the registrar makes, under a prefix and with a database of this test's own."""
    kafka, contract = engines.settings.kafka, catalogue.load(CHECKOUT / "schemas")
    root = BusAddress(kafka.bootstrap, kafka.username, kafka.password.get_secret_value(), prefix=f"t{uuid.uuid4().hex[:8]}.")
    passwords = {user: engines.keys.kafka_password(user) for user in engines.keys.kafka_users() if user not in ("admin", "registrar")}
    await asyncio.to_thread(admin.provision, root, departments=DEPARTMENTS, passwords=passwords)
    await asyncio.to_thread(registry.register, root, contract.schemas)
    dsn = engines.fresh_database().get_secret_value()
    await database.migrate(dsn, contract)
    codec = Codec(await asyncio.to_thread(registry.read, root))
    return Installation(root, engines, contract, codec, dsn, await database.connect(dsn, size=4))


def data_of(engines: Engines, root: BusAddress, topic: str) -> list[Path]:
    """The files of a topic's log on the broker's disk."""
    folder = engines.home / "kafka" / "data"
    return sorted(path for path in folder.glob(f"{root.topic(topic)}-*/*.log"))
