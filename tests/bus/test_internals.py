"""Each internal of Faust and aiokafka that the driver leans on: an upgrade that moves one fails here, by name."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import faust
import faust.streams
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.tables.recovery import Recovery
from faust.transport import consumer as base
from faust.transport.drivers import aiokafka as driver
from mode.threads import ServiceThread

from databus.bus import transport


def source(thing: object) -> str:
    return inspect.getsource(thing)  # type: ignore[arg-type]


def test_the_versions_the_driver_was_read_against() -> None:
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


@pytest.mark.parametrize(
    "name", ["ack", "commit", "wait_empty", "verify_event_path", "perform_seek", "_drain_messages", "_wait_next_records", "_to_message"]
)
def test_what_we_override_or_call_is_still_there(name: str) -> None:
    assert callable(getattr(driver.Consumer, name))


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
