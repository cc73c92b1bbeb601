"""A checker process for the tests: what is no secret goes to `events`, of a secret only its number to the quarantine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence

from databus.bus import driver
from databus.bus.address import BusAddress
from databus.model.chunk import Outcome, Output, Record, State

SECRET = b"SECRET "
SLOW = float(os.environ.get("SLOW", "0"))


def sealed(records: Sequence[Record], state: State) -> Outcome:
    """Each record by its value, a number."""
    outputs, gone = [], []
    for record in records:
        value = record.value or b""
        if value.startswith(SECRET):
            outputs.append(Output("quarantine.tax", None, value.removeprefix(SECRET)))
            gone.append((record.topic, record.partition, record.offset))
        else:
            outputs.append(Output("events", record.key, value))
    time.sleep(SLOW)
    return Outcome(outputs, unreadable=gone)


def main() -> int:
    bootstrap, username, password, prefix = sys.argv[1:5]
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    address = BusAddress(bootstrap, username, password, prefix)

    async def run() -> int:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        return await driver.work(
            address,
            group="checker",
            topics=["in.tax"],
            processor=sealed,
            # A new one each time: nobody fences the one before, whose transaction ends by the broker's clock.
            transactional_id=lambda partition: f"checker-slot-{os.getpid()}",
            batch_max=20,
            session_seconds=2.0,
            transaction_seconds=6.0,
            roll_seconds=0.5,
            stop=stop,
            beat=lambda: None,
            on_chunk=lambda count, lag: None,
        )

    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
