"""Contracts in the log: ids that never move, texts that stand alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing

import fastavro
import pytest
from kafka import KafkaProducer

from databus.bus import registry
from databus.bus.address import BusAddress
from databus.contract.schemas import Schema
from databus.errors import BadContract, BusUnavailable, DataUnusable

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
ENVELOPE = Schema("databus.Envelope", 1, json.dumps(
    {"type": "record", "name": "Envelope", "namespace": "databus", "fields": [{"name": "id", "type": "string"}]}), ())  # fmt: skip


def typed(name: str, version: int = 1, *more: str) -> Schema:
    fields = [
        {"name": "envelope", "type": "databus.Envelope"},
        *({"name": field, "type": ["null", "string"], "default": None} for field in more),
    ]
    text = json.dumps({"type": "record", "name": name, "namespace": "databus", "fields": fields})
    return Schema(f"databus.{name}", version, text, ("databus.Envelope",))


def test_texts_stand_alone_and_ids_stay(as_user: As) -> None:
    registrar, checker = as_user("registrar"), as_user("checker")
    registry.register(registrar, [ENVELOPE, typed("A")])
    first = registry.read(checker)
    registry.register(registrar, [typed("B"), typed("A"), ENVELOPE, typed("A", 2, "note")])
    second = registry.read(checker)
    assert sorted(first) == [1, 2]
    assert {key: second[key] for key in first} == dict(first)
    assert sorted(second) == [1, 2, 3, 4]
    parsed = [fastavro.parse_schema(json.loads(text)) for text in second.values()]
    assert [schema["name"] for schema in parsed] == ["databus.Envelope", "databus.A", "databus.B", "databus.A"]


def test_a_registered_version_never_changes(as_user: As) -> None:
    registry.register(as_user("registrar"), [ENVELOPE, typed("A")])
    with pytest.raises(BadContract, match="needs a new version"):
        registry.register(as_user("registrar"), [ENVELOPE, typed("A", 1, "sneaked")])
    assert sorted(registry.read(as_user("tax"))) == [1, 2]


def test_nobody_else_registers(as_user: As) -> None:
    with pytest.raises(BusUnavailable, match="Authorization"):
        registry.register(as_user("tax"), [ENVELOPE])


def test_a_damaged_record_is_named(as_user: As) -> None:
    admin = as_user("admin")
    with closing(KafkaProducer(**admin.kafka_python())) as producer:
        producer.send(admin.topic("_schemas"), key=b"{", value=b"x").get(10)
    with pytest.raises(DataUnusable, match="record 0 of the registry"):
        registry.read(admin)
