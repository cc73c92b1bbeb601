"""Our driver, once around the simple merge, once around the processors as they run in production."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvloop

from bench.merge.peers.meter import Meter, Order, main
from bench.merge.peers.simple import EVENT, REGISTER, change, decode, encode, merge
from databus.bootstrap import checker, profiler
from databus.bootstrap.parts import process
from databus.bootstrap.worker import Work
from databus.bus import driver, topics
from databus.bus.address import BusAddress
from databus.model.chunk import Outcome, Output, Record, State
from databus.model.keys import pack
from databus.settings import Checker, Settings

_LOTS = 10


@dataclass(frozen=True, slots=True)
class Apart(BusAddress):
    """The bus as one run sees it, with topics of its own under the names that all of ours use."""

    names: Mapping[str, str] = field(default_factory=dict)

    def topic(self, name: str) -> str:
        """The broker's name of a topic."""
        return self.names.get(name, name)

    def bare(self, topic: str) -> str:
        """Our name of a broker's topic."""
        return next((name for name, own in self.names.items() if own == topic), topic)


def simple(chunk: Sequence[Record], state: State) -> Outcome:
    """The simple merge as a processor: registers in Avro, one per subject and source."""
    outputs: list[Output] = []
    written: dict[bytes, bytes | None] = {}
    for record in chunk:
        assert record.value is not None
        event = decode(EVENT, record.value)
        key = pack(event["subject"], event["source"])
        held = written.get(key) or state.get(key)
        register = merge(None if held is None else decode(REGISTER, held), event)
        if register is not None:
            written[key] = encode(REGISTER, register)
            outputs.append(Output(topics.CHANGES, record.key, change(event, register), partition=record.partition))
    return Outcome(outputs, written)


def work_of(name: str, settings: Settings, address: BusAddress) -> Work:
    """What a worker of this name does."""
    if name == "simple":
        return Work("simple", (topics.EVENTS,), simple, lambda partition: f"simple-{partition}", topics.REGISTERS, 0)
    made = replace(process(name, settings), address=address)
    return {"checker": checker.work_of, "profiler": profiler.work_of}[name](made)


async def run(asked: Order, meter: Meter) -> int:
    """Work until there were enough, and with `owed` until they leave nothing to be done, in one partition; the driver's exit code."""
    address = Apart(asked.bootstrap, asked.username, asked.password, names=asked.more["names"])
    settings = Settings(home=Path(asked.more["home"]), checker=Checker(told_time=True))
    doing = await asyncio.to_thread(work_of, asked.more["work"], settings, address)
    stop, owed = asyncio.Event(), asked.more.get("owed", False)

    def duty(partition: int, state: State, now: int, quiet: float) -> Outcome | None:
        # Asked before the first event, and behind each slice: where nothing is owed, the clock starts and ends.
        assert doing.duty is not None
        outcome = doing.duty(partition, state, now, quiet)
        if outcome is None and meter.add(0):
            stop.set()
        return outcome

    return await driver.work(
        address,
        group=asked.group,
        topics=doing.topics,
        processor=doing.processor,
        registers=doing.registers,
        transactional_id=lambda partition: asked.group + doing.transactional_id(partition),
        stop=stop,
        duty=duty if owed else None,
        # The first lot is not measured: a small load must not be one.
        batch_max=max(1, min(driver.BATCH_MAX, asked.count // _LOTS)),
        beat=lambda: None,
        on_chunk=lambda count, _: stop.set() if meter.add(count) and not owed else None,
    )


if __name__ == "__main__":
    main(run, loop=uvloop.new_event_loop)
