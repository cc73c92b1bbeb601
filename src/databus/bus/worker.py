"""One process's share of the work: the writers, the state and the duties of the partitions it owns."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from databus.bus import truncation
from databus.bus.address import BusAddress
from databus.bus.answered import answered
from databus.bus.consumer import ChunkConsumer
from databus.bus.duties import Duties
from databus.bus.ledger import Chunk, Place, together
from databus.bus.states import States
from databus.bus.transaction import Offsets, Writer
from databus.errors import BusUnavailable, DataUnusable, Undecodable
from databus.model.chunk import Duty as Owed
from databus.model.chunk import Outcome, Processor, Record, uncollected

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
        self._transactional_id, self._transaction_seconds = transactional_id, transaction_seconds
        self._beat, self._on_chunk, self._owed, self._clock = beat, on_chunk, owed, clock
        self._writers: dict[str, Writer] = {}
        self._states = States(address, registers, beat=self.alive, progress=on_recovery)
        self._duties = Duties(address, roll_seconds=roll_seconds)
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
        partitions = {place.partition for place in places}
        try:
            with answered():
                async with asyncio.timeout(_FENCE_SECONDS):
                    async with self.consumer.turn:
                        # What was at work is done; from here to the seek behind all this nobody uses writers or state.
                        self.consumer.halt()
                    unbroken = await self._fence(partitions)
                self._states.keep(unbroken)
                if not await self._states.load(partitions, wanted=partial(self._wanted, generation)):
                    # Another rebalance has begun meanwhile.
                    return
                async with asyncio.timeout(_FENCE_SECONDS):
                    await self._duties.take_over(await self.consumer.thread.committed(places) if places else {})
            self.consumer.prepared_for(generation)
            self.alive()
        except Exception as error:
            log.exception("taking over %d partitions failed", len(places))
            self.failed = True
            await self.app.crash(error)
            raise

    async def _fence(self, partitions: set[int]) -> set[int]:
        """Take the writers of these partitions; those that nobody else has written for since we did."""
        before = self._writers
        await asyncio.gather(*[writer.stop() for writer in before.values()])
        self._writers = {
            name: Writer(self._address, name, timeout_seconds=self._transaction_seconds)
            for name in {self._transactional_id(partition) for partition in partitions}
        }
        await asyncio.gather(*[writer.start() for writer in self._writers.values()])
        names = {partition: self._transactional_id(partition) for partition in partitions}
        return {partition for partition, name in names.items() if self._writers[name].follows(before.get(name))}

    def _wanted(self, generation: int) -> bool:
        return bool(self.app.consumer_generation_id == generation and not self.app.should_stop)

    async def run(self, stream: Any) -> None:
        """The agent: lot by lot, one transaction at a time."""
        async for event in stream.noack().events():
            for chunks in together(event.value, self._transaction):
                try:
                    with answered():
                        async with self.consumer.turn:
                            await self._work(chunks)
                except Exception:
                    log.exception("%s failed", ", ".join(map(str, chunks)))
                    self.failed = True
                    raise
            event.ack()

    def _transaction(self, chunk: Chunk) -> Hashable:
        # With state each is alone: the next begins from what it leaves.
        return self._transactional_id(chunk.place.partition) if self._registers is None else chunk.place

    async def _work(self, chunks: Sequence[Chunk]) -> None:
        consumer, current = self.consumer, partial(self.consumer.ledger.current, chunks[0])
        if not current():
            return
        for chunk in chunks:
            await self._render(chunk.place)
        # A process that was frozen wakes with chunks in hand which may be somebody else's by now.
        deadline = time.monotonic() + self._transaction_seconds
        while not consumer.alive():
            if time.monotonic() > deadline:
                raise BusUnavailable("the group's coordinator does not answer")
            await asyncio.sleep(0.05)
            if not current():
                return
        for chunk in chunks:
            consumer.ledger.accept(chunk)
        judged = [(chunk, self._duties.submissions(chunk)) for chunk in chunks]
        await self._commit([(chunk, self._processed(chunk, records)) for chunk, records in judged])
        self.alive()
        if appended := [record.timestamp for _, records in judged for record in records]:
            self._on_chunk(len(appended), max(0.0, time.time() - max(appended) / 1000))

    @contextmanager
    def _deaf(self) -> Iterator[None]:
        """While something is made of a chunk nobody hears the broker: that is no silence of its."""
        began = time.monotonic()
        yield
        self.heard += time.monotonic() - began

    def _processed(self, chunk: Chunk, records: list[Record]) -> Outcome:
        if not records:
            return Outcome()
        try:
            with self._deaf(), uncollected():
                return self._processor(records, self._states.of(chunk.place.partition))
        except Undecodable as error:
            if self._registers is None:
                raise
            raise DataUnusable(
                f"{chunk}: an event or a register of it cannot be read: {error}. "
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
        at, state = self.consumer.ledger.due(place), self._states.find(place.partition)
        if self._owed is None or at is None or state is None or not self.consumer.alive():
            return False
        quiet = time.monotonic() - self._moved.setdefault(place, time.monotonic())
        with self._deaf():
            outcome = self._owed(place.partition, state, self._clock(), quiet)
        if outcome is None:
            return False
        await self._write({place: (at, self._duties.noted(place, at).metadata())}, {place: outcome})
        return True

    async def _commit(self, done: Sequence[tuple[Chunk, Outcome]]) -> None:
        due = {chunk.place: self._duties.after(chunk, outcome.unreadable) for chunk, outcome in done}
        offsets = {chunk.place: (chunk.following, due[chunk.place].metadata()) for chunk, _ in done}
        await self._write(offsets, {chunk.place: outcome for chunk, outcome in done})
        await self._duties.undertake(due)
        for chunk, _ in done:
            self.consumer.ledger.done(chunk)
            self._moved[chunk.place] = time.monotonic()

    async def _write(self, offsets: Offsets, outcomes: Mapping[Place, Outcome]) -> None:
        (name,) = {self._transactional_id(place.partition) for place in offsets}
        with self._states.committing({place.partition: outcome.registers for place, outcome in outcomes.items()}) as registers:
            await self._writers[name].commit(
                group=self._address.topic(self._group),
                offsets=offsets,
                outputs=[output for outcome in outcomes.values() for output in outcome.outputs],
                registers=registers,
            )

    async def close_segments(self) -> None:
        """Append the markers that are due; each moves its duty on in the same transaction."""
        for place, noted in self._duties.due(int(time.time() * 1000)):
            # In turn with the chunks: one in between would be taken back by the offset committed here.
            async with self.consumer.turn:
                at = self.consumer.ledger.due(place)
                if at is None or self._duties.noted(place, at) != noted or not self.consumer.alive():
                    continue
                marked = noted.marked()
                await self._writers[self._transactional_id(place.partition)].commit(
                    group=self._address.topic(self._group),
                    offsets={place: (at, marked.metadata())},
                    markers={place: truncation.MARKER_HEADERS},
                )
                self._duties.mark(place, marked)

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
