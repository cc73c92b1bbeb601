"""Each internal of Faust and aiokafka that the driver leans on: an upgrade that moves one fails here, by name."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import faust
import faust.streams
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.sender import Sender, TxnOffsetCommitHandler
from faust.tables.recovery import Recovery
from faust.transport import consumer as base
from faust.transport.drivers import aiokafka as driver
from mode.services import Service
from mode.threads import ServiceThread

from databus.bus import transport


def source(thing: object) -> str:
    return inspect.getsource(thing)  # type: ignore[arg-type]


def test_the_versions_the_driver_was_read_against() -> None:
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (
            driver.Consumer,
            "ack commit wait_empty verify_event_path perform_seek _drain_messages _wait_next_records _to_message _new_consumer_thread "
            "on_partitions_revoked on_partitions_assigned assignment earliest_offsets seek_wait wait_first",
        ),
        (driver.AIOKafkaConsumerThread, "_create_worker_consumer _ensure_consumer call_thread on_start"),
        (
            faust.App,
            "_new_transport _new_producer_transport _create_directories crash wait_until_stopped should_stop on_rebalance_complete",
        ),
        (faust.streams.Stream, "noack events"),
        (
            GroupCoordinator,
            "_do_heartbeat fetch_committed_offsets _do_fetch_commit_offsets _send_req coordinator_dead ensure_coordinator_known",
        ),
        (AIOKafkaConsumer, "assign seek seek_to_beginning position getmany committed beginning_offsets end_offsets assignment"),
        (AIOKafkaProducer, "create_batch send_batch begin_transaction send_offsets_to_transaction commit_transaction partitions_for"),
        (AIOKafkaClient, "fetch_all_metadata"),
        (ClusterMetadata, "partitions_for_topic"),
    ],
    ids=lambda found: getattr(found, "__name__", ""),
)
def test_what_we_override_or_call_is_still_there(where: type, names: str) -> None:
    assert [name for name in names.split() if not hasattr(where, name)] == []


def test_the_state_of_a_consumer_that_we_read_and_set_is_where_it_was() -> None:
    text = source(base.Consumer.__init__)
    for name in ("_read_offset", "_unacked_messages", "suspend_flow", "callback"):
        assert f"self.{name} =" in text, name
    assert "self.flow_active = False" in source(base.Consumer.stop_flow)
    assert driver.Consumer.consumer_stopped_errors
    assert "_stopped" in Service.__annotations__


def test_what_is_fetched_is_a_map_and_the_partitions_asked_for() -> None:
    assert "return records, active_partitions" in source(base.Consumer._wait_next_records)


def test_a_rebalance_tells_the_app_its_generation_before_anything_else() -> None:
    text = source(driver.ConsumerRebalanceListener.on_partitions_assigned)
    assert text.index("consumer_generation_id = generation") < text.index("await self._thread.on_partitions_assigned(")
    assert "on_rebalance_start()" in source(driver.ConsumerRebalanceListener.on_partitions_revoked)


def test_an_overtaken_recovery_resumes_the_flow_without_asking_again() -> None:
    """Why a chunk is handed out only once its generation has been prepared for: no check follows the seek."""
    text = source(Recovery._resume_streams)
    assert text.index("consumer_generation_id != generation_id") < text.index("perform_seek()")
    assert "generation_id" not in text[text.index("perform_seek()") :]


def test_the_app_creates_its_consumer_through_the_transport_and_names_why_it_crashed() -> None:
    assert "self.Consumer(" in source(driver.Transport.create_consumer)
    assert "self.crash_reason = reason" in source(Service._crash)
    assert "self.transport.create_consumer(" in source(faust.App._new_consumer)


def test_a_transaction_takes_the_metadata_of_an_offset() -> None:
    """Where a truncation's duty travels (`truncation.py`)."""
    assert "metadata" in source(TxnOffsetCommitHandler)
    assert "group_id" in inspect.signature(AIOKafkaProducer.send_offsets_to_transaction).parameters


def test_a_started_producer_has_taken_its_transactional_id() -> None:
    """`Writer.start` fences: the id is initialised before `start` returns."""
    assert "await self._sender.start()" in source(AIOKafkaProducer.start)
    assert "_maybe_wait_for_pid()" in source(Sender.start)


def test_every_commit_of_faust_goes_through_the_method_we_replace() -> None:
    for caller in (base.Consumer._commit_handler, base.Consumer.commit_and_end_transactions, base.Consumer.on_task_error):
        assert "self.commit(" in source(getattr(caller, "fun", caller))


def test_the_thread_creates_its_consumer_where_we_set_the_isolation() -> None:
    assert "self._create_worker_consumer(" in source(driver.AIOKafkaConsumerThread._create_consumer)
    for attribute in ("_isolation_level", "_fetch_max_wait_ms"):
        assert f"self.{attribute} =" in source(AIOKafkaConsumer.__init__)
        assert f"=self.{attribute}" in source(AIOKafkaConsumer.start)
    assert "isolation_level" in inspect.signature(Fetcher.__init__).parameters


def test_a_heartbeat_is_one_method_and_true_when_accepted() -> None:
    assert "success = await self._do_heartbeat()" in source(GroupCoordinator._heartbeat_routine)
    assert inspect.iscoroutinefunction(GroupCoordinator.fetch_committed_offsets)


def test_the_fetch_runs_again_after_a_rebalance_through_our_loop() -> None:
    assert "consumer._drain_messages(self)" in source(getattr(base.Fetcher._fetcher, "fun", base.Fetcher._fetcher))


def test_recovery_is_awaited_before_the_seek_and_before_flow_resumes() -> None:
    text = source(Recovery._resume_streams)
    assert text.index("on_rebalance_complete.send()") < text.index("perform_seek()") < text.index("resume_flow()")


def test_revocation_waits_for_the_chunk_at_work() -> None:
    assert "consumer.wait_empty()" in source(faust.App._consumer_wait_empty)


def test_the_thread_class_can_be_replaced() -> None:
    assert "self.Worker" in source(ServiceThread)


def test_python_streams_are_used_whatever_the_environment_says() -> None:
    faust.streams._CStreamIterator = object
    transport.use_python_streams()
    assert "if _CStreamIterator is not None" in source(faust.streams.Stream.__aiter__)
    assert faust.streams._CStreamIterator is None


def test_an_empty_batch_takes_a_record_of_any_size_and_a_full_one_says_none() -> None:
    batch = BatchBuilder(100, 0)
    assert batch.append(timestamp=None, key=b"k", value=b"x" * 1000, headers=[]) is not None
    assert batch.append(timestamp=None, key=b"k", value=b"x", headers=[]) is None
