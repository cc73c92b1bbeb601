"""A department's producer: keyed, idempotent, bounded in flight, and sure of what was taken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError, TopicAuthorizationFailedError

from databus.bus.address import BusAddress
from databus.bus.topics import INBOX_RECORD_BYTES, inbox
from databus.department.submission import Submission
from databus.errors import BusUnavailable, DatabusError, NotAllowed, TooLarge

log = logging.getLogger(__name__)
IN_FLIGHT = 20_000
"""Submissions sent and not yet acknowledged, at most; kafka-python itself sets no bound."""

SETTINGS: Mapping[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 20,
    "batch_size": 256 * 1024,
    # kafka-python gives up for good after a record the broker finds too large, so none is sent.
    "max_request_size": INBOX_RECORD_BYTES,
    "max_block_ms": 10_000,
    "request_timeout_ms": 10_000,
    "delivery_timeout_ms": 30_000,
}
"""A broker that is away shows within half a minute; until then everything is tried again."""

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the bus keeps a submission, and since when (milliseconds): the broker's own time, by which it is judged."""

    submission_id: str
    topic: str
    partition: int
    offset: int
    time: int = -1


Done = Callable[[str, Taken | DatabusError], None]
"""Called once per submission, on the producer's thread: its id, and where it lies or why it was not taken."""


class Publisher:
    """Sends one department's submissions to its inbox.

    A failed send is reported to `done`; sending the same submission again is harmless, since it has the same id.
    `options` replace `SETTINGS` of kafka-python, for tests and unusual networks.

    Raises:
        BusUnavailable: no broker answers there, or none lets this user in.
    """

    def __init__(
        self, address: BusAddress, department: str, *, in_flight: int = IN_FLIGHT, options: Mapping[str, Any] | None = None
    ) -> None:
        self._topic = address.topic(inbox(department))
        self._department = department
        self._free = threading.BoundedSemaphore(in_flight)
        try:
            self._producer = KafkaProducer(**{**SETTINGS, **address.kafka_python(), **(options or {})})
        except KafkaError as error:
            raise BusUnavailable(f"the bus did not let {department} in; is the address right, and the password?") from error

    def publish(self, submission: Submission, done: Done) -> None:
        """Send; blocks while too many submissions are in flight."""
        self._free.acquire()
        try:
            future = self._producer.send(self._topic, key=submission.key, value=submission.value, headers=list(submission.headers))
        except KafkaError as error:
            self._settle(submission.submission_id, done, self._refusal(error))
            return
        future.add_callback(partial(self._taken, submission.submission_id, done))
        future.add_errback(partial(self._failed, submission.submission_id, done))

    def _taken(self, submission_id: str, done: Done, place: Any) -> None:
        self._settle(submission_id, done, Taken(submission_id, place.topic, place.partition, place.offset, place.timestamp))

    def _failed(self, submission_id: str, done: Done, error: BaseException) -> None:
        self._settle(submission_id, done, self._refusal(error))

    def _settle(self, submission_id: str, done: Done, answer: Taken | DatabusError) -> None:
        self._free.release()
        done(submission_id, answer)

    def _refusal(self, error: BaseException) -> DatabusError:
        if isinstance(error, TopicAuthorizationFailedError):
            return NotAllowed(f"{self._department} may not write to {self._topic}", topic=self._topic)
        if isinstance(error, _TOO_LARGE):
            return TooLarge("the bus takes no submission of this size", topic=self._topic)
        return BusUnavailable(f"the bus did not take it: {type(error).__name__}", topic=self._topic)

    def flush(self, seconds: float = 60.0) -> None:
        """Wait until everything sent is taken or failed.

        Raises:
            BusUnavailable: it was not within this time.
        """
        try:
            self._producer.flush(timeout=seconds)
        except KafkaError as error:
            raise BusUnavailable(f"the bus did not acknowledge within {seconds:.0f} s") from error

    def close(self) -> None:
        """Let go of the connection; what is in flight is awaited for a few seconds, and told as not taken when its time is up."""
        try:
            self._producer.close(timeout=10)
        except KafkaError as error:
            # Whoever waits for an answer has it or gets it; an error that is on its way out must not be hidden by this one.
            log.warning("%s closed before the bus had acknowledged everything: %s", self._department, type(error).__name__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
