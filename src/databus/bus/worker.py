"""One process's share of the work: the writers, the state and the duties of the partitions it owns."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, cast

from databus.bus import truncation
from databus.bus.address import BusAddress
from databus.bus.answered import answered
from databus.bus.consumer import ChunkConsumer
from databus.bus.ledger import Chunk, Place
from databus.bus.recovery import recover
from databus.bus.registers import Registers
from databus.bus.transaction import Writer
from databus.bus.truncation import Duty
from databus.errors import BusUnavailable, DataUnusable, Undecodable
from databus.model.chunk import Duty as Owed
from databus.model.chunk import Outcome, Processor, Record

log = logging.getLogger(__name__)
# With the writers' own bound still below the five seconds after which a supervisor kills.
_STOP_SECONDS = 3.0
# Heartbeats go on meanwhile, so that nothing else would tell: twice what the broker may take to end another's transaction.
_FENCE_SECONDS = 60.0


class Worker:
    """`prepare` is called after each rebalance, `run` is the Faust agent; `close_segments` and `attend` are called about once a second."""

    app: Any

    def __init__(
        self,
        address: BusAddress,
        *,
        group: str,
        processor: Processor,
        registers: str | None,
        transactional_id: Callable[[int], str],
        transaction_seconds: float,
        roll_seconds: float,
        beat: Callable[[], None],
        on_chunk: Callable[[int, float], None],
        owed: Owed | None = None,
        clock: Callable[[], int] = lambda: int(time.time() * 1000),
        on_recovery: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._address, self._group, self._processor, self._registers = address, group, processor, registers
        self._transactional_id, self._transaction_seconds, self._roll_seconds = transactional_id, transaction_seconds, roll_seconds
        self._beat, self._on_chunk, self._owed, self._clock, self._on_recovery = beat, on_chunk, owed, clock, on_recovery
        self._writers: dict[str, Writer] = {}
        self._states: dict[int, Registers] = {}
        self._duties: dict[Place, Duty] = {}
        self._moved: dict[Place, float] = {}
        self.failed = False
        self.heard = time.monotonic()

    @property
    def consumer(self) -> ChunkConsumer:
        return cast(ChunkConsumer, self.app.consumer)

    def alive(self) -> None:
        """The broker has answered."""
        self.heard = time.monotonic()
        self._beat()

    async def prepare(self, *_: Any, **__: Any) -> None:
        """After a rebalance: fence whoever wrote before us, then load the state, then take over what must be deleted.

        In this order: only a fenced writer can add nothing behind the end that recovery reads. All of it within bounds.
        """
        generation = self.app.consumer_generation_id
        places = sorted(Place(tp.topic, tp.partition) for tp in self.consumer.assignment())
        try:
            with answered():
                async with asyncio.timeout(_FENCE_SECONDS):
                    await self._fence({place.partition for place in places})
                if not await self._recover(places, generation):
                    return
                async with asyncio.timeout(_FENCE_SECONDS):
                    await self._take_over(places)
            self.consumer.prepared_for(generation)
            self.alive()
        except Exception as error:
            log.exception("taking over %d partitions failed", len(places))
            self.failed = True
            await self.app.crash(error)
            raise

    async def _fence(self, partitions: set[int]) -> None:
        await asyncio.gather(*[writer.stop() for writer in self._writers.values()])
        self._writers = {
            name: Writer(self._address, name, timeout_seconds=self._transaction_seconds)
            for name in {self._transactional_id(partition) for partition in partitions}
        }
        await asyncio.gather(*[writer.start() for writer in self._writers.values()])

    async def _recover(self, places: list[Place], generation: int) -> bool:
        """Load the state of these partitions; False if another rebalance has begun meanwhile."""
        if self._registers is None:
            return True
        states = await recover(
            self._address,
            self._registers,
            sorted({place.partition for place in places}),
            wanted=lambda: bool(self.app.consumer_generation_id == generation and not self.app.should_stop),
            beat=self.alive,
            progress=self._on_recovery,
        )
        self._states = states or {}
        return states is not None

    async def _take_over(self, places: list[Place]) -> None:
        committed = await self.consumer.thread.committed(places) if places else {}
        found = {place: truncation.duty(metadata) for place, (_, metadata) in committed.items()}
        self._duties = {place: due for place, due in found.items() if due is not None}
        if self._duties:
            await truncation.delete(self._address, self._duties)

    async def run(self, stream: Any) -> None:
        """The agent: chunk by chunk, one at a time."""
        async for event in stream.noack().events():
            chunk: Chunk = event.value
            try:
                with answered():
                    async with self.consumer.turn:
                        if self.consumer.ledger.current(chunk):
                            await self._render(chunk.place)
                            await self._work(chunk)
            except Exception:
                log.exception("%s[%d] from %d failed", chunk.place.topic, chunk.place.partition, chunk.start)
                self.failed = True
                raise
            event.ack()

    async def _work(self, chunk: Chunk) -> None:
        consumer, number = self.consumer, chunk.place.partition
        # A process that was frozen wakes with chunks in hand which may be somebody else's by now.
        deadline = time.monotonic() + self._transaction_seconds
        while not consumer.alive():
            if time.monotonic() > deadline:
                raise BusUnavailable("the group's coordinator does not answer")
            await asyncio.sleep(0.05)
            if not consumer.ledger.current(chunk):
                return
        consumer.ledger.accept(chunk)
        records = truncation.submissions(self._duties.get(chunk.place), chunk.records)
        # Where there is state it was loaded by `prepare`; to begin without it would be to lose it.
        state = Registers() if self._registers is None else self._states[number]
        outcome = self._processed(chunk, records, state) if records else Outcome()
        await self._commit(chunk, outcome)
        state.apply(outcome.registers)
        consumer.ledger.done(chunk)
        self._moved[chunk.place] = time.monotonic()
        self.alive()
        if records:
            self._on_chunk(len(records), max(0.0, time.time() - records[-1].timestamp / 1000))

    def _processed(self, chunk: Chunk, records: list[Record], state: Registers) -> Outcome:
        try:
            return self._processor(records, state)
        except Undecodable as error:
            if self._registers is None:
                raise
            raise DataUnusable(
                f"{chunk.place.topic}[{chunk.place.partition}] from {chunk.start}: an event or a register of it cannot be read: {error}. "
                "Make the registers again from `events`: `databus rebuild --unchecked`; if it fails too, the event is damaged.",
                **error.facts,
            ) from error

    async def attend(self) -> bool:
        """Commit what the owner of each partition owes it; True if there was anything, and there may be more."""
        found = False
        for place in self.consumer.ledger.places() if self._owed is not None else ():
            # In turn with the chunks, like the markers below.
            async with self.consumer.turn:
                found = await self._render(place) or found
        return found

    async def _render(self, place: Place) -> bool:
        """One outcome that no record asked for, beside the offset that is committed anyway; the fence lets only the owner."""
        at, state = self.consumer.ledger.due(place), self._states.get(place.partition)
        if self._owed is None or at is None or state is None or not self.consumer.alive():
            return False
        quiet = time.monotonic() - self._moved.setdefault(place, time.monotonic())
        outcome = self._owed(place.partition, state, self._clock(), quiet)
        if outcome is None:
            return False
        standing = self._duties.get(place)
        await self._write(place, at, outcome, standing.metadata() if standing else "")
        state.apply(outcome.registers)
        return True

    async def _commit(self, chunk: Chunk, outcome: Outcome) -> None:
        place = chunk.place
        gone = truncation.offsets_of(self._address, chunk, outcome.unreadable)
        standing = self._duties.get(place)
        due = truncation.after(standing, chunk.records, gone, roll_seconds=self._roll_seconds)
        await self._write(place, chunk.following, outcome, due.metadata() if due else "")
        if due != standing:
            await self._undertake(place, due)

    async def _write(self, place: Place, following: int, outcome: Outcome, metadata: str) -> None:
        registers = {Place(self._address.topic(self._registers), place.partition): outcome.registers} if self._registers else {}
        await self._writers[self._transactional_id(place.partition)].commit(
            group=self._address.topic(self._group),
            offsets={place: (following, metadata)},
            outputs=outcome.outputs,
            registers=registers if outcome.registers else None,
            partition_hint=place.partition,
        )

    async def _undertake(self, place: Place, due: Duty | None) -> None:
        self._duties.pop(place, None)
        if due is not None:
            await truncation.delete(self._address, {place: due})
            self._duties[place] = due

    async def close_segments(self) -> None:
        """Append the markers that are due; each moves its duty on in the same transaction."""
        for place, due in list(self._duties.items()):
            if not due.due(int(time.time() * 1000)):
                continue
            # In turn with the chunks: one in between would be taken back by the offset committed here.
            async with self.consumer.turn:
                at = self.consumer.ledger.due(place)
                if at is None or self._duties.get(place) != due or not self.consumer.alive():
                    continue
                await self._writers[self._transactional_id(place.partition)].commit(
                    group=self._address.topic(self._group),
                    offsets={place: (at, due.marked().metadata())},
                    markers={place: truncation.MARKER_HEADERS},
                )
                self._duties[place] = due.marked()

    async def finish(self) -> None:
        """End the chunk at work, leave the group, let go of the transactional ids; all of it within bounds."""
        try:
            self.consumer.halt()
            async with asyncio.timeout(_STOP_SECONDS):
                await self.consumer.wait_empty()
                await self.app.stop()
        except Exception:
            log.exception("the worker did not stop cleanly")
            self.failed = True
        await asyncio.gather(*[writer.stop() for writer in self._writers.values()])
