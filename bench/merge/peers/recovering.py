"""Our recovery: the registers of every partition from their topic, as raw bytes."""

from __future__ import annotations

import uvloop

from bench.merge.peers.meter import Meter, Order, main
from bench.merge.peers.simple import PARTITIONS
from databus.bus.address import BusAddress
from databus.bus.recovery import recover


async def run(asked: Order, meter: Meter) -> int:
    """Recover all; 0 if every record that should be there is."""
    address = BusAddress(asked.bootstrap, asked.username, asked.password)
    meter.add(0)
    found = await recover(address, asked.registers, range(PARTITIONS), wanted=lambda: True, beat=lambda: None)
    meter.add(sum(map(len, (found or {}).values())))
    return 0 if meter.done == asked.count else 1


if __name__ == "__main__":
    main(run, loop=uvloop.new_event_loop)
