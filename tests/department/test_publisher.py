"""The publisher on a real broker: what is taken, what is refused, and what it says when the bus is away."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest
from kafka.errors import KafkaTimeoutError

from databus.bus import admin, follow
from databus.bus.address import BusAddress
from databus.bus.partition import partition
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department import mapping
from databus.department.files.row import Row
from databus.department.publish import Batch, publish_rows
from databus.department.publisher import Publisher, Taken
from databus.department.submission import LIMIT, Submission, owned_entry
from databus.errors import BusUnavailable, DatabusError, NotAllowed, TooLarge
from engines import Engines

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
DEPARTMENTS = ("emergency", "taxation")
ROW = {"uscc": "91220000YYYY00012A", "counterparty_name": "某某公司", "counterparty_kind": "LEGAL_PERSON", "decided_at": "2026-11-09"}
QUICK = {"max_block_ms": 1_500, "request_timeout_ms": 1_000, "delivery_timeout_ms": 2_000}


@pytest.fixture(scope="module")
def as_user(engines: Engines) -> As:
    """The address of a user, all under one new prefix with every topic, user and permission made."""
    kafka = engines.settings.kafka
    root = BusAddress(kafka.bootstrap, kafka.username, kafka.password.get_secret_value(), prefix=f"t{uuid.uuid4().hex[:8]}.")
    passwords = {user: engines.keys.kafka_password(user) for user in engines.keys.kafka_users()}
    admin.provision(root, departments=DEPARTMENTS, passwords=passwords)
    return lambda user: root if user == kafka.username else replace(root, username=user, password=passwords[user])


def submission(name: str = "s-1", value: bytes = b"value", key: bytes = b"key") -> Submission:
    return Submission(name, key, value, (("databus-submission-id", name.encode()),))


def test_closing_hides_no_error_that_is_on_its_way_out(as_user: As, monkeypatch: pytest.MonkeyPatch) -> None:
    """kafka-python raises where a broker that is away leaves something unacknowledged; what it was sent for matters more."""

    def unacknowledged(*_: object, **__: object) -> None:
        raise KafkaTimeoutError("Timeout waiting for future")

    with pytest.raises(BusUnavailable, match="was not taken"), Publisher(as_user("taxation"), "taxation") as publisher:
        monkeypatch.setattr(publisher._producer, "close", unacknowledged)
        raise BusUnavailable("was not taken")
    monkeypatch.undo()
    publisher.close()


class Answers:
    """What a publisher answered, by submission id."""

    def __init__(self) -> None:
        self.by_id: dict[str, Taken | DatabusError] = {}

    def __call__(self, name: str, answer: Taken | DatabusError) -> None:
        assert name not in self.by_id, "answered twice"
        self.by_id[name] = answer


def test_every_row_lies_where_it_is_said_to(as_user: As, contract: Contract, codec: Codec) -> None:
    kind = contract.types["ADMIN_PENALTY"]
    chosen = mapping.identity(kind, owned_entry(contract, kind, "emergency"), frozenset({*ROW, "doc_no"}))
    rows = [Row(number, {**ROW, "doc_no": f"吉应急罚〔2026〕{number}号"}) for number in range(1, 51)]
    batch = Batch("emergency", int(time.time()), b"s" * 32)
    with Publisher(as_user("emergency"), "emergency") as publisher:
        found = list(publish_rows(rows, mapping=chosen, contract=contract, codec=codec, batch=batch, publisher=publisher))
    assert [one.outcome for one in found] == ["SENT"] * 50
    assert len({(one.partition, one.offset) for one in found}) == 50
    last = found[-1]
    record = asyncio.run(follow.read_at(as_user("checker"), "in.emergency", last.partition, last.offset))
    assert record is not None
    assert dict(record.headers)["databus-submission-id"].decode() == last.submission_id
    assert codec.decode(record.value or b"")[1]["payload"]["doc_no"] == "吉应急罚〔2026〕50号"
    assert record.partition == partition(record.key or b"", 3)


def test_another_departments_inbox_is_refused_by_the_bus(as_user: As) -> None:
    answers = Answers()
    with Publisher(as_user("taxation"), "emergency", options=QUICK) as publisher:
        publisher.publish(submission(), answers)
        publisher.flush()
    assert isinstance(answers.by_id["s-1"], NotAllowed)


def test_rows_for_anothers_inbox_end_the_publication(as_user: As, contract: Contract, codec: Codec) -> None:
    kind = contract.types["ADMIN_PENALTY"]
    chosen = mapping.identity(kind, owned_entry(contract, kind, "emergency"), frozenset(ROW))
    batch = Batch("emergency", int(time.time()), b"s" * 32)
    with Publisher(as_user("taxation"), "emergency", options=QUICK) as publisher, pytest.raises(NotAllowed):
        list(publish_rows([Row(1, ROW)], mapping=chosen, contract=contract, codec=codec, batch=batch, publisher=publisher))


def test_an_oversized_submission_is_refused_and_the_next_one_goes(as_user: As) -> None:
    answers = Answers()
    with Publisher(as_user("emergency"), "emergency") as publisher:
        publisher.publish(submission("large", b"x" * LIMIT), answers)
        publisher.publish(submission("not so large", b"x" * (LIMIT - 1024)), answers)
        publisher.publish(submission("small"), answers)
        publisher.flush()
    assert isinstance(answers.by_id["large"], TooLarge)
    assert isinstance(answers.by_id["not so large"], Taken)
    assert isinstance(answers.by_id["small"], Taken)


def test_a_wrong_password_and_a_broker_that_is_not_there_are_a_bus_that_is_away(as_user: As) -> None:
    good = as_user("emergency")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        elsewhere = replace(good, bootstrap=f"127.0.0.1:{nobody.getsockname()[1]}")
        for address in (replace(good, password="wrong"), elsewhere):
            with pytest.raises(BusUnavailable):
                Publisher(address, "emergency", options={"bootstrap_timeout_ms": 1_500})


@contextmanager
def stopped(engines: Engines) -> Iterator[None]:
    """The session's own broker, stopped like a machine that hangs."""
    own = [child for child in psutil.Process().children() if "kafka.Kafka" in child.cmdline()]
    (broker,) = [child for child in own if str(engines.home) in " ".join(child.cmdline())]
    broker.suspend()
    try:
        yield
    finally:
        broker.resume()


def test_a_broker_that_stops_answering_is_a_bus_that_is_away(engines: Engines, as_user: As) -> None:
    answers = Answers()
    with Publisher(as_user("emergency"), "emergency", options=QUICK) as publisher:
        publisher.publish(submission("before"), answers)
        publisher.flush()
        with stopped(engines):
            publisher.publish(submission("during"), answers)
            publisher.flush()
    assert isinstance(answers.by_id["before"], Taken)
    assert isinstance(answers.by_id["during"], BusUnavailable)
    with Publisher(as_user("emergency"), "emergency") as publisher:
        publisher.publish(submission("after"), answers)
        publisher.flush()
    assert isinstance(answers.by_id["after"], Taken)


def test_no_more_are_in_flight_than_allowed_and_all_are_answered(as_user: As) -> None:
    answers = Answers()
    with Publisher(as_user("emergency"), "emergency", in_flight=5) as publisher:
        for number in range(200):
            publisher.publish(submission(f"s-{number}"), answers)
            assert number + 1 - len(answers.by_id) <= 5
        publisher.flush()
    assert len(answers.by_id) == 200
    offsets = [answer.offset for answer in answers.by_id.values() if isinstance(answer, Taken)]
    assert sorted(offsets) == list(range(min(offsets), min(offsets) + 200))
