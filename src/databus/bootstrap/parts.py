"""What every process is made of."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import uvloop

from databus.bus import generations, registry
from databus.bus.address import BusAddress
from databus.bus.topics import FINDINGS
from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.contract.wire import issued
from databus.errors import DatabusError, Unavailable
from databus.local import keys
from databus.local.keys import Keys
from databus.model.chunk import Outcome, Processor, Record, State
from databus.settings import Settings
from databus.telemetry import Health, Metrics, facts_of, log_as

SHANGHAI = ZoneInfo("Asia/Shanghai")
REFUSED, UNAVAILABLE = 1, 3
_BEAT_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """One process: its name, settings, contract and keys, and the bus as its own user."""

    name: str
    settings: Settings
    contract: Contract
    keys: Keys
    address: BusAddress
    metrics: Metrics


def process(name: str, settings: Settings) -> Process:
    """The parts of a process of this name; its logs go out as JSON from now on."""
    log_as(name, settings.log_level)
    return Process(
        name=name,
        settings=settings,
        contract=catalogue.load(settings.contracts),
        keys=keys.read(settings.home),
        address=address_of(settings),
        metrics=Metrics(name),
    )


def address_of(settings: Settings) -> BusAddress:
    """The bus as the user the settings name."""
    kafka = settings.kafka
    return BusAddress(kafka.bootstrap, kafka.username, kafka.password.get_secret_value(), settings.bus.prefix)


async def present(made: Process) -> Process:
    """The same process in the bus's present generation; raises as `generations.current`."""
    return replace(made, address=await generations.present(made.address))


def as_user(made: Process, user: str) -> BusAddress:
    """The bus as another of our users; where this process is nobody in particular, as the same."""
    if not made.address.username:
        return made.address
    return replace(made.address, username=user, password=made.keys.kafka_password(user))


def registered_codec(address: BusAddress) -> Codec:
    """A codec with the registry's ids, which it asks again when it meets one it does not know."""
    return Codec(registry.read(address), lambda: registry.read(address))


def now() -> datetime:
    """The instant, in the time zone of the business (domain 4.7)."""
    return datetime.now(SHANGHAI)


def main(name: str, work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a process to its exit code: 0 after a clean stop, 1 refused, 3 where a part is away."""
    log = logging.getLogger(f"databus.{name}")
    try:
        return uvloop.run(work())
    except Unavailable as error:
        log.error(error.detail, extra=facts_of(error))
        return UNAVAILABLE
    except DatabusError as error:
        log.error(error.detail, extra=facts_of(error))
        return REFUSED
    except asyncio.CancelledError:
        # Nobody cancels the whole work: a library has ended what it waited for.
        log.exception("cut off from a part that it needs")
        return UNAVAILABLE


async def beat(health: Health) -> None:
    """The event loop turns: a server is alive even while its neighbours are away."""
    while True:
        health.beat()
        await asyncio.sleep(_BEAT_SECONDS)


def counted(processor: Processor, metrics: Metrics, codec: Codec) -> Processor:
    """The same processor, with what it writes counted by topic and by verdict."""

    def count(chunk: Sequence[Record], state: State) -> Outcome:
        outcome = processor(chunk, state)
        # Once per chunk: a metric takes a lock for each word.
        for topic, written in Counter(output.topic for output in outcome.outputs).items():
            metrics.outputs.labels(topic).inc(written)
        told = issued(codec, (output.value for output in outcome.outputs if output.topic == FINDINGS))
        for (rule, verdict), times in Counter((finding.rule, finding.verdict.value) for finding in told).items():
            metrics.verdicts.labels(rule, verdict).inc(times)
        return outcome

    return count
