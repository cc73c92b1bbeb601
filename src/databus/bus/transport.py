"""The Faust app the driver runs: our consumer in it, everything else of it switched off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import faust
import faust.streams
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from mode import CrashingSupervisor

from databus.bus.address import BusAddress
from databus.bus.consumer import ChunkConsumer
from databus.bus.follow import record_of


class ChunkSchema(Schema[Any, Any]):
    """Hands values through: a record that cannot be read is the processor's business and never blocks."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.key

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value


def make_app(
    address: BusAddress,
    *,
    group: str,
    topics: Sequence[str],
    agent: Callable[[Any], Any],
    batch_max: int,
    session_seconds: float,
    beat: Callable[[], None],
) -> faust.App:
    """An app whose agent gets chunks of `topics`; it touches no event loop and connects nowhere yet."""
    use_python_streams()

    def consumer(*args: Any, **kwargs: Any) -> ChunkConsumer:
        made = ChunkConsumer(*args, **kwargs)
        made.batch_max, made.session_seconds, made.beat = batch_max, session_seconds, beat
        made.to_record = lambda record: record_of(address, record)
        return made

    class ChunkTransport(driver.Transport):
        # Faust calls it on the instance; without this it would be bound to it.
        Consumer = staticmethod(consumer)  # type: ignore[assignment]

    class ChunkApp(faust.App):
        def _new_transport(self) -> Any:
            return ChunkTransport(self.conf.broker_consumer, self)

        def _new_producer_transport(self) -> Any:
            return driver.Transport(self.conf.broker_producer, self)

        def _create_directories(self) -> None:
            """Faust keeps files for tables; there are none."""

    app = ChunkApp(address.topic(group), **_settings(address, session_seconds))
    names = [address.topic(name) for name in topics]
    app.agent(app.topic(*names, schema=ChunkSchema()), name="work", supervisor_strategy=CrashingSupervisor)(agent)
    return app


def use_python_streams() -> None:
    """Switch off Faust's compiled stream iterator, which acknowledges past `ChunkConsumer.ack`.

    NO_CYTHON=1 in the environment does it at import, and the supervisor sets that. A process started otherwise is put
    right here, after import and without touching the environment: the iterator is looked up in this module at each use.
    """
    if not hasattr(faust.streams, "_CStreamIterator"):
        raise ImportError("faust.streams has changed: find out how its compiled iterator is chosen now")
    faust.streams._CStreamIterator = None


def _settings(address: BusAddress, session_seconds: float) -> dict[str, Any]:
    credentials = faust.SASLCredentials(username=address.username, password=address.password, mechanism="SCRAM-SHA-256")
    return {
        "broker": ";".join(f"kafka://{server}" for server in address.bootstrap.split(",")),
        "broker_credentials": credentials if address.username else None,
        "store": "memory://",
        "key_serializer": "raw",
        "value_serializer": "raw",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "web_tables_enabled": False,
        "web_router_enabled": False,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": 1024 * 1024,
        # A broker that has just started may not know every topic yet when the partitions are shared out; its leader asks again.
        "consumer_metadata_max_age_ms": 5_000,
        "broker_session_timeout": session_seconds,
        "broker_heartbeat_interval": session_seconds / 6,
        "broker_rebalance_timeout": 20.0,
        "broker_request_timeout": 40.0,
        "broker_max_poll_records": 4000,
        "broker_max_poll_interval": 300.0,
        "broker_commit_interval": 3600.0,
        "producer_request_timeout": 20.0,
        # Counts chunks: it bounds memory, and what a process that was frozen still has in hand when it wakes.
        "stream_buffer_maxsize": 16,
        "stream_wait_empty": True,
        "agent_supervisor": CrashingSupervisor,
    }
