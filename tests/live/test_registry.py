"""confluent-kafka's registry client and serializers, unchanged, against `/registry`; and what the checker says of their records."""

from __future__ import annotations

import json
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from databus.bus.topics import inbox
from databus.department.submission import inbox_key
from databus.local.keys import department_secret
from databus.settings import CHECKOUT
from live.line import Live, eventually
from live.publishers import SECONDS, confluent

pytestmark = pytest.mark.live
DEPARTMENT, TYPE = "emergency", "ADMIN_PENALTY"
SUBJECT = f"databus.{TYPE}"
SUBMISSION = "0191e0a0-0000-7000-8000-0000cafe0001"


def example() -> dict[str, Any]:
    """The shipped example as a Python client holds it: days and sums are values of their own types."""
    told: dict[str, Any] = json.loads((Path(CHECKOUT) / "schemas" / TYPE / "example.json").read_text("utf-8"))
    payload, envelope = told["payload"], told["envelope"]
    payload |= {
        "fine_yuan": Decimal(payload["fine_yuan"]),
        "decided_at": date.fromisoformat(payload["decided_at"]),
        "doc_no": "吉应急罚〔2026〕4711号",
    }
    envelope |= {"submission_id": SUBMISSION, "source_seq": int(time.time() * 1000), "source_system": "confluent"}
    envelope["decided_at"] = date.fromisoformat(envelope["decided_at"])
    return told


@pytest.fixture(scope="module")
def client(live: Live) -> Any:
    return pytest.importorskip("confluent_kafka.schema_registry").SchemaRegistryClient({"url": f"{live.here.intake}/registry"})


def test_the_client_finds_what_the_registrar_registered(live: Live, client: Any) -> None:
    names = {schema.name for schema in live.here.contract.schemas}
    assert set(client.get_subjects()) == names and SUBJECT in names
    latest = client.get_latest_version(SUBJECT)
    ids = live.here.codec(DEPARTMENT)
    assert latest.schema_id == ids.schema_id(SUBJECT)
    assert client.get_versions(SUBJECT) == [latest.version]
    assert client.lookup_schema(SUBJECT, latest.schema).schema_id == latest.schema_id
    assert client.register_schema(SUBJECT, latest.schema) == latest.schema_id
    assert [reference.name for reference in client.get_schema(latest.schema_id).references] == ["databus.Envelope"]
    assert client.test_compatibility(SUBJECT, latest.schema)
    assert client.get_compatibility() == "FULL_TRANSITIVE"


def test_the_client_is_told_that_nothing_is_registered_at_run_time(client: Any) -> None:
    from confluent_kafka.schema_registry import Schema, SchemaRegistryError

    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema("databus.NEW", Schema('{"type": "record", "name": "NEW", "namespace": "databus", "fields": []}', "AVRO"))
    assert (refused.value.http_status_code, refused.value.error_code) == (422, 42205)
    with pytest.raises(SchemaRegistryError) as missing:
        client.get_latest_version("databus.NEW")
    assert (missing.value.http_status_code, missing.value.error_code) == (404, 40401)


@pytest.mark.parametrize("defaults", [{}, {"auto.register.schemas": False, "use.latest.version": True}], ids=["as it comes", "as released"])
def test_what_its_serializer_wrote_reads_back_and_is_ours(live: Live, client: Any, defaults: dict[str, Any]) -> None:
    value = serialised(client, defaults)
    avro = pytest.importorskip("confluent_kafka.schema_registry.avro")
    from confluent_kafka.serialization import MessageField, SerializationContext

    read = avro.AvroDeserializer(client)(value, SerializationContext(inbox(DEPARTMENT), MessageField.VALUE))
    assert read["payload"]["fine_yuan"] == Decimal("2000.00") and read["envelope"]["subject"] == example()["envelope"]["subject"]
    assert live.here.codec(DEPARTMENT).decode(value)[1] == read


def serialised(client: Any, defaults: dict[str, Any]) -> bytes:
    avro = pytest.importorskip("confluent_kafka.schema_registry.avro")
    from confluent_kafka.schema_registry import record_subject_name_strategy
    from confluent_kafka.serialization import MessageField, SerializationContext

    latest = client.get_latest_version(SUBJECT)
    make = avro.AvroSerializer(client, latest.schema, conf={"subject.name.strategy": record_subject_name_strategy, **defaults})
    return bytes(make(example(), SerializationContext(inbox(DEPARTMENT), MessageField.VALUE)))


def test_a_record_so_published_is_accepted(live: Live, client: Any) -> None:
    value, told = serialised(client, {}), example()
    key = inbox_key(told["envelope"]["subject"], secret=department_secret(live.here.keys, DEPARTMENT))
    address = live.here.address(DEPARTMENT)
    producer, failed = confluent(address), list[object]()
    producer.produce(
        address.topic(inbox(DEPARTMENT)), key=key, value=value, on_delivery=lambda error, _: failed.append(error) if error else None
    )
    assert producer.flush(SECONDS) == 0 and not failed
    eventually(lambda: live.sql("SELECT 1 FROM steps WHERE submission_id = $1", SUBMISSION), 240, "the record is in its profile")
    assert not live.sql("SELECT rule FROM findings WHERE submission_id = $1 AND verdict <> 'W'", SUBMISSION)
