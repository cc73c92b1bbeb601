"""The registry: one compacted topic in the record format of Confluent's, so that every Kafka tool can read it.

Ids are given in order and never change; a version once registered is immutable.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from databus.bus.address import BusAddress
from databus.bus.topics import SCHEMAS
from databus.contract.schemas import Schema, inline
from databus.errors import BadContract, BusUnavailable, DataUnusable

_POLL_MS = 500
_READ_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered version: a schema and its id. `versions` of the references are those in force at registration."""

    schema_id: int
    schema: Schema
    versions: Mapping[str, int]


def register(address: BusAddress, schemas: Iterable[Schema]) -> None:
    """Add the versions that are not there yet.

    Raises:
        BadContract: a registered version has another text now.
        BusUnavailable: the broker does not answer.
    """
    try:
        # The transactional id makes registrars take turns: two at once would give one id twice.
        with closing(KafkaProducer(**address.kafka_python(), transactional_id=address.topic("registrar"))) as producer:
            producer.init_transactions()
            new = list(_missing(_entries(address), schemas))
            if not new:
                return
            producer.begin_transaction()
            for entry in new:
                producer.send(address.topic(SCHEMAS), key=_key(entry), value=_value(entry))
            producer.commit_transaction()
    except (KafkaError, OSError) as error:
        raise _away(error, address) from error


def entries(address: BusAddress) -> tuple[Entry, ...]:
    """Everything that is registered, by id.

    Raises:
        BusUnavailable: the broker does not answer, or this user may not read the registry.
        DataUnusable: a record of the registry is damaged.
    """
    try:
        return tuple(_entries(address))
    except (KafkaError, OSError) as error:
        raise _away(error, address) from error


def read(address: BusAddress) -> Mapping[int, str]:
    """Every registered schema by id, each text self-contained: what it references is defined in it.

    Raises:
        BusUnavailable, DataUnusable: as `entries`.
    """
    return self_contained(entries(address))


def self_contained(entries: Iterable[Entry]) -> Mapping[int, str]:
    """The texts of these entries by id, each self-contained.

    Raises:
        DataUnusable: one references what is not among them.
    """
    known = tuple(entries)
    texts = {(entry.schema.name, entry.schema.version): json.loads(entry.schema.text) for entry in known}
    return {entry.schema_id: _self_contained(entry, texts) for entry in known}


def _self_contained(entry: Entry, texts: Mapping[tuple[str, int], Any]) -> str:
    own = texts[entry.schema.name, entry.schema.version]
    try:
        named = {name: texts[name, version] for name, version in entry.versions.items()}
    except KeyError as error:
        raise DataUnusable(f"schema {entry.schema_id} references {error.args[0]}, which is not registered", id=entry.schema_id) from None
    return json.dumps(inline(own, named), ensure_ascii=False, separators=(",", ":"))


def _missing(entries: Iterable[Entry], schemas: Iterable[Schema]) -> Iterator[Entry]:
    known = {(entry.schema.name, entry.schema.version): entry for entry in entries}
    following = max((entry.schema_id for entry in known.values()), default=0) + 1
    latest: dict[str, int] = {}
    for name, version in known:
        latest[name] = max(version, latest.get(name, 0))
    for schema in schemas:
        latest[schema.name] = max(schema.version, latest.get(schema.name, 0))
        registered = known.get((schema.name, schema.version))
        if registered is None:
            yield Entry(following, schema, {name: latest[name] for name in schema.references})
            following += 1
        elif json.loads(registered.schema.text) != json.loads(schema.text):
            raise BadContract(
                f"{schema.name} version {schema.version} is registered with another text. A change needs a new version; data written by an "
                "unreleased one is read by that alone: go back to it, or begin afresh (`databus down --erase` on the embedded stack).",
                name=schema.name,
                version=schema.version,
            )


def _entries(address: BusAddress) -> list[Entry]:
    consumer = KafkaConsumer(
        **address.kafka_python(), group_id=None, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
    )
    found: dict[bytes, Entry] = {}
    with closing(consumer):
        place = TopicPartition(address.topic(SCHEMAS), 0)
        consumer.assign([place])
        consumer.seek_to_beginning(place)
        end, until = consumer.end_offsets([place])[place], time.monotonic() + _READ_SECONDS
        while consumer.position(place) < end:
            # A consumer whose broker has gone away polls for ever.
            if time.monotonic() > until:
                raise KafkaTimeoutError(f"its records have not come in {_READ_SECONDS:.0f} s")
            for record in consumer.poll(timeout_ms=_POLL_MS).get(place, ()):
                _take(found, record)
    return sorted(found.values(), key=lambda entry: entry.schema_id)


def _take(found: dict[bytes, Entry], record: Any) -> None:
    try:
        if json.loads(record.key)["keytype"] != "SCHEMA":
            return
        if record.value is None:
            found.pop(record.key, None)
            return
        value = json.loads(record.value)
        versions = {reference["name"]: reference["version"] for reference in value.get("references", ())}
        found[record.key] = Entry(value["id"], Schema(value["subject"], value["version"], value["schema"], tuple(versions)), versions)
    except (ValueError, KeyError, TypeError) as error:
        raise DataUnusable(f"record {record.offset} of the registry cannot be read: {error!r}", offset=record.offset) from error


def _key(entry: Entry) -> bytes:
    key = {"keytype": "SCHEMA", "subject": entry.schema.name, "version": entry.schema.version, "magic": 1}
    return json.dumps(key, separators=(",", ":")).encode()


def _value(entry: Entry) -> bytes:
    value = {
        "subject": entry.schema.name,
        "version": entry.schema.version,
        "id": entry.schema_id,
        "schema": entry.schema.text,
        "references": [{"name": name, "subject": name, "version": version} for name, version in entry.versions.items()],
        "deleted": False,
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _away(error: Exception, address: BusAddress) -> BusUnavailable:
    return BusUnavailable(f"the registry cannot be reached: {type(error).__name__}: {error}", bootstrap=address.bootstrap)
