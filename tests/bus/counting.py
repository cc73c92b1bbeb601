"""A worker process that counts per subject; the tests know what must come out.

Each input is (subject, id); the processor keeps a counter per subject in its register and writes one change
(subject, counter, id). Exactly once in effect: every id once, counters dense, the last register equal to the count.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence

from databus.bus import driver
from databus.bus.address import BusAddress
from databus.model import keys
from databus.model.chunk import Outcome, Output, Record, State

RAISES_AT = int(os.environ.get("RAISES_AT", "0"))
"""The chunk of this process, counted from 1, that its processor fails on; 0 for none."""
SLOW = float(os.environ.get("SLOW", "0"))
OWED = int(os.environ.get("OWED", "0"))
SESSION = float(os.environ.get("SESSION", "6"))
CHUNKS = itertools.count(1)


def counted(records: Sequence[Record], state: State) -> Outcome:
    """One change per input."""
    fresh: dict[bytes, bytes | None] = {}
    outputs = []
    for record in records:
        assert record.key is not None
        subject = record.key.decode()
        register = keys.pack(subject, "count", "s", "f")
        value = fresh.get(register) or state.get(register) or b"0"
        number = int(value) + 1
        fresh[register] = str(number).encode()
        outputs.append(Output("changes", record.key, json.dumps([subject, number, (record.value or b"").decode()]).encode()))
    time.sleep(SLOW)
    if next(CHUNKS) == RAISES_AT:
        raise RuntimeError("chaos")
    return Outcome(outputs, fresh)


def owed(partition: int, state: State, now: int, quiet: float) -> Outcome | None:
    """The next record the owner of a partition writes into it, until there are enough; its register says how many there are."""
    register = keys.pack(str(partition), "owed")
    number = int(state.get(register) or b"0") + 1
    if number > OWED:
        return None
    output = Output("events", f"own{partition}".encode(), f"own{partition}/{number}".encode(), partition=partition)
    return Outcome([output], {register: str(number).encode()})


def main() -> int:
    bootstrap, username, password, prefix = sys.argv[1:5]
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    address = BusAddress(bootstrap, username, password, prefix)

    async def run() -> int:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        return await driver.work(
            address,
            group="profiler",
            topics=["events"],
            processor=counted,
            duty=owed if OWED else None,
            registers="registers",
            transactional_id=lambda partition: f"profiler-{partition}",
            batch_max=50,
            session_seconds=SESSION,
            stop=stop,
            beat=lambda: None,
            on_chunk=lambda count, lag: print(f"chunk {count} {lag:.3f}", flush=True),
        )

    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
