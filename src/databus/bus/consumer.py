"""Faust's consumer, bent to hand out whole chunks and to commit nothing itself.

Offsets move only inside transactions, so every part of Faust that acknowledges or commits is switched off here, and with
it its loss windows (engines 1.5). Each override names the internal it leans on; tests/bus/test_internals.py fails when one moves.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread

from databus.bus.coordinator import hear
from databus.bus.ledger import Chunk, Ledger, Place, lost, lots, split, where
from databus.model.chunk import Record

log = logging.getLogger(__name__)
Committed = Mapping[Place, tuple[int, str]]
_POLL_SECONDS = 1.0


class DaemonThread(WorkerThread):
    """A consumer thread that hangs on a dead broker must not keep the process alive."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True


class ChunkThread(driver.AIOKafkaConsumerThread):
    """The thread that fetches and heartbeats. Faust hard-wires read_uncommitted there."""

    Worker = DaemonThread
    accepted = 0.0
    """When the group's coordinator last accepted us: monotonic time at which that request was sent."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # aiokafka reads both when it starts its fetcher.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = 250
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        hear(coordinator)
        heartbeat = coordinator._do_heartbeat

        async def noted() -> bool:
            sent = time.monotonic()
            accepted = bool(await heartbeat())
            if accepted:
                self.accepted = sent
            return accepted

        coordinator._do_heartbeat = noted

    async def committed(self, places: list[Place]) -> Committed:
        """What the broker holds as committed now, with metadata; partitions without a commit are left out."""
        coordinator = self._ensure_consumer()._coordinator
        found = await self.call_thread(coordinator.fetch_committed_offsets, [TopicPartition(*place) for place in places])
        return {Place(*place): (at.offset, at.metadata) for place, at in found.items() if at.offset >= 0}

    async def ends(self, places: list[Place]) -> dict[Place, int]:
        """Offsets behind the last record of each partition."""
        found = await self.call_thread(self._ensure_consumer().end_offsets, [TopicPartition(*place) for place in places])
        return {Place(*place): at for place, at in found.items()}


class ChunkConsumer(driver.Consumer):
    """One Faust message per lot of chunks; `message.value` is a `ledger.Lot`."""

    batch_max: int
    session_seconds: float
    beat: Callable[[], None]
    to_record: Callable[[Any], Record]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.ledger = Ledger()
        self.turn = asyncio.Lock()
        """Held by whoever is about to commit: the chunk at work, or the marker behind a truncation."""
        self.committed: Committed = {}
        self._prepared: int | None = None
        self._seeking = 0
        self._drained = False
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> ChunkThread:
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def thread(self) -> ChunkThread:
        return cast(ChunkThread, self._thread)

    def alive(self) -> bool:
        """True while the group's coordinator has accepted us within the session: nobody else owns our partitions yet."""
        return time.monotonic() - self.thread.accepted < self.session_seconds * 0.9

    # Offsets are committed by transactions alone; these four are where Faust would do it.

    def ack(self, message: Any) -> bool:
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        return False

    async def wait_empty(self) -> None:
        # Called while partitions are revoked: wait for the chunk at work, not for the queue (its chunks are void now).
        async with self.turn:
            pass

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's stall detector watches commits it does not see here; `beat` is ours."""

    @property
    def prepared(self) -> bool:
        """True while somebody has made writers and state ready for the generation we are in: before, nothing is handed out.

        Faust ends a recovery that another rebalance has overtaken by resuming the flow (`Recovery._resume_streams`), before
        that other rebalance has been prepared for; folding would then begin from no state, or from one of last time.
        """
        return self._prepared is not None and self._prepared == self.app.consumer_generation_id

    def prepared_for(self, generation: int) -> None:
        """Writers and state are those of this generation of the group."""
        self._prepared = generation

    def halt(self) -> None:
        """Nothing handed out so far counts, and nothing more is, until somebody has prepared and sought again."""
        self._prepared = None
        self.ledger.invalidate()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self.halt()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        self._prepared = None
        self.thread.accepted = time.monotonic()
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Go to what the broker says is committed at this moment, or to the beginning where nothing is (F4, F5).

        Faust calls it when recovery is over and when it fetched while flow was suspended; `_drain_messages` when records
        were popped that can no longer be handed out.
        """
        self._seeking += 1
        self.ledger.invalidate()
        try:
            # A transaction under way would move the commit after we have read it.
            await self.wait_empty()
            places, generation = sorted(Place(tp.topic, tp.partition) for tp in self.assignment()), self._prepared
            if not places or not self.prepared:
                return
            self.committed = await self.thread.committed(places)
            offsets = {place: at for place, (at, _) in self.committed.items()}
            first = {Place(*tp): at for tp, at in (await self.earliest_offsets(*_tps(places))).items()}
            positions = where(offsets, first, await self.thread.ends(places))
            for place, count in lost(offsets, first).items():
                log.error("%s[%d]: retention took %d offsets before they were read", place.topic, place.partition, count)
            await self.seek_wait({TP(*place): at for place, at in positions.items()})
            if not self.prepared or self._prepared != generation:
                return
            for place, at in positions.items():
                self._read_offset[TP(*place)] = at
            self.ledger.begin(positions)
        finally:
            self._seeking -= 1

    async def _seek_again(self) -> bool:
        """True if there is now a position to hand out from: a rebalance may overtake a seek at any of its steps."""
        try:
            await self.perform_seek()
        except IllegalStateError:
            # Revoked in between: the seek that ends that rebalance comes, and nothing is handed out before it.
            await asyncio.sleep(0.05)
        return self.ledger.begun

    def _usable(self, epoch: int, generation: int) -> bool:
        same = epoch == self.ledger.epoch and generation == self.app.consumer_generation_id
        return same and self.ledger.begun and self.prepared and not self._seeking and self.flow_active

    async def _drain_messages(self, fetcher: Any) -> None:
        """Faust's fetch loop. Restarted after each rebalance: what the cancelled one had popped is gone, so it seeks first (F1)."""
        seek, self._drained = self._drained, True
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                if seek and self.flow_active and self.prepared and not self.app.rebalancing:
                    seek = not await self._seek_again()
                epoch, generation = self.ledger.epoch, self.app.consumer_generation_id
                fetched, _ = await self._wait_next_records(_POLL_SECONDS)
                # Nothing fetched is no sign of life: a dead connection gives the same.
                if fetched or self.alive():
                    self.beat()
                if fetched and (seek or not await self._hand_out(fetched, epoch, generation)):
                    seek = True
                await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    async def _hand_out(self, fetched: Mapping[Any, list[Any]], epoch: int, generation: int) -> bool:
        """Queue what one fetch brought, in lots; False if some had to be thrown away, and a seek is due."""
        if any(self._read_offset.get(TP(*tp)) is None for tp in fetched):
            return False
        chunks = [chunk for tp, records in fetched.items() for chunk in self._chunks(Place(*tp), records, epoch)]
        for lot in lots(chunks, self.batch_max):
            if not self._usable(epoch, generation):
                return False
            place = lot[-1].place
            message = self._to_message(TP(*place), fetched[place][-1])
            message.key = None
            message.value = cast(bytes, lot)
            await self.wait_first(self.callback(message), self.suspend_flow.wait())
            # A delivery that lost the race against a rebalance must not move the position (F7).
            if not self._usable(epoch, generation):
                return False
            for chunk in lot:
                self._read_offset[TP(*chunk.place)] = chunk.following
        return True

    def _chunks(self, place: Place, records: list[Any], epoch: int) -> Iterator[Chunk]:
        start = cast(int, self._read_offset[TP(*place)])
        for part in split([record for record in records if record.offset >= start], self.batch_max):
            following = part[-1].offset + 1
            yield Chunk(place, tuple(map(self.to_record, part)), start, following, epoch)
            start = following


def _tps(places: list[Place]) -> list[TP]:
    return [TP(*place) for place in places]
