"""Which transactions are open: as the broker's own files tell, which outlive it, and as PostgreSQL tells while who writes stands still."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from databus.bus.topics import CHANGES, EVENTS, FINDINGS
from databus.cli.session import Session
from databus.errors import StoreUnavailable
from databus.store.sessions import Pool, session

Producer = tuple[str, int]
"""A partition's folder and the id of a producer whose transaction has written to it."""

# Kafka's record batch, version 2: offset, length; leader epoch, magic, CRC, attributes, last offset, first and last time, producer.
_HEAD = struct.Struct(">qi")
_BATCH = struct.Struct(">ibIhiqqq")
_TRANSACTIONAL, _CONTROL = 0x10, 0x20
_LOOK_SECONDS = 0.005

_BEGUN = """
SELECT pid, backend_xid::text AS xid FROM pg_stat_activity
WHERE backend_xid IS NOT NULL AND xact_start < query_start AND pid <> pg_backend_pid() AND datname = current_database()
"""
_STATUS = "SELECT pg_xact_status($1::text::xid8)"
_IN_PROGRESS = "in progress"


@dataclass
class Written:
    """What lies in the files of some topics' partitions, read on where the last look ended."""

    folder: Path
    topics: tuple[str, ...]
    _read: dict[Path, int] = field(default_factory=dict)
    _open: set[Producer] = field(default_factory=set)

    def open(self) -> frozenset[Producer]:
        """Whose transactions have written something and neither committed nor aborted it."""
        for topic in self.topics:
            # Segments in the order of their first offsets, which are their names.
            for file in sorted(self.folder.glob(f"{topic}-[0-9]*/*.log")):
                self._look(file)
        return frozenset(self._open)

    def _look(self, file: Path) -> None:
        at = self._read.get(file, 0)
        with suppress(FileNotFoundError), file.open("rb") as lying:
            size = lying.seek(0, os.SEEK_END)
            while size - at >= _HEAD.size + _BATCH.size:
                lying.seek(at)
                head = lying.read(_HEAD.size + _BATCH.size)
                _, length = _HEAD.unpack_from(head)
                # The last batch of one that was killed may not be whole; its successor cuts it off.
                if size - at < _HEAD.size + length:
                    break
                _, _, _, attributes, _, _, _, producer = _BATCH.unpack_from(head, _HEAD.size)
                at += _HEAD.size + length
                if attributes & _CONTROL:
                    self._open.discard((file.parent.name, producer))
                elif attributes & _TRANSACTIONAL:
                    self._open.add((file.parent.name, producer))
        self._read[file] = at

    def await_open(self, *, seconds: float) -> bool:
        """Whether some transaction is open now, or soon."""
        until = time.monotonic() + seconds
        while not self.open():
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_SECONDS)
        return True


def written(here: Session) -> Written:
    """Whatever checkers and profilers write to."""
    address = here.address("admin")
    return Written(here.settings.home / "kafka" / "data", tuple(map(address.topic, (EVENTS, CHANGES, FINDINGS))))


@contextmanager
def writers_stopped(here: Session, *, seconds: float) -> Iterator[Sequence[int]]:
    """PostgreSQL's processes that stand still in the middle of a transaction of several statements; none if there are none in this time."""
    stopped: set[int] = set()

    async def look(pool: Pool) -> Sequence[int]:
        end = time.monotonic() + seconds
        async with session(pool) as connection:
            while time.monotonic() < end:
                writers = {row["pid"]: row["xid"] for row in await connection.fetch(_BEGUN)}
                stopped.update(writers)
                _send(stopped, signal.SIGSTOP)
                # Until it stood still it may have gone on to its end.
                begun = [pid for pid, xid in writers.items() if await connection.fetchval(_STATUS, xid) == _IN_PROGRESS]
                if begun:
                    return begun
                _send(stopped, signal.SIGCONT)
                stopped.clear()
                await asyncio.sleep(_LOOK_SECONDS)
        return ()

    try:
        try:
            found = here.ask(look, timeout_seconds=seconds)
        except StoreUnavailable:
            # One of them may have stood still with a lock that everybody needs.
            found = ()
        yield found
    finally:
        _send(stopped, signal.SIGCONT)


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
