"""A profiler of its own for the tests: the shipped processor and duty, small slices, and the day it is told to believe in."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time

from databus.bus import driver
from databus.bus.address import BusAddress
from databus.contract.catalogue import load
from databus.model.chunk import Outcome, State
from databus.profile import profiler
from databus.settings import CHECKOUT

NOW, SLICE = int(os.environ["NOW"]), int(os.environ["SLICE"])


def main() -> int:
    bootstrap, username, password, prefix = sys.argv[1:5]
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    contract = load(CHECKOUT / "schemas")
    codec = contract.codec()
    owed = profiler.duty(contract, codec, slice_size=SLICE)

    def slowly(partition: int, state: State, now: int, quiet: float) -> Outcome | None:
        outcome = owed(partition, state, now, quiet)
        if outcome is not None:
            print(f"owed {partition} {len(outcome.outputs)}", flush=True)
            time.sleep(0.02)
        return outcome

    async def run() -> int:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        return await driver.work(
            BusAddress(bootstrap, username, password, prefix),
            group="profiler",
            topics=["events"],
            processor=profiler.processor(contract, codec, slice_size=SLICE),
            duty=slowly,
            clock=lambda: NOW,
            registers="registers",
            transactional_id=lambda partition: f"profiler-{partition}",
            session_seconds=2.0,
            stop=stop,
            beat=lambda: None,
            on_chunk=lambda count, lag: None,
        )

    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
