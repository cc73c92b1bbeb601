"""What an engineer writes who wants only this file in this topic: csv, fastavro and kafka-python, nothing else.

python -m bench.publish.bare FILE ROWS
"""

from __future__ import annotations

import csv
import io
import json
import sys
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
from kafka import KafkaProducer

from bench.publish.runs import connection, measured
from databus.bus.registry import read
from databus.department.publisher import IN_FLIGHT, SETTINGS

TYPE = "databus.LP_REGISTRATION"


def main() -> None:
    """Send the file and print what it took."""
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    here = connection()
    schema_id, schema = next(
        (number, json.loads(text)) for number, text in read(here.address).items() if json.loads(text)["name"] == "LP_REGISTRATION"
    )
    with measured(count):
        send(path, fastavro.parse_schema(schema), b"\x00" + schema_id.to_bytes(4, "big"), here.topic, here.options)


def send(path: Path, schema: Any, head: bytes, topic: str, options: dict[str, Any]) -> None:
    """Read, encode, send; so many in flight at most, since kafka-python itself would take the whole file into memory."""
    producer = KafkaProducer(**{**SETTINGS, **options})
    free, failed = threading.BoundedSemaphore(IN_FLIGHT), []

    def taken(_: object) -> None:
        free.release()

    def lost(error: BaseException) -> None:
        failed.append(error)
        free.release()

    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            body = io.BytesIO()
            body.write(head)
            fastavro.schemaless_writer(body, schema, record(row))
            headers = [
                ("databus-submission-id", row["submission_id"].encode()),
                ("databus-secrecy", b"NONE"),
                ("databus-row", b"%d" % number),
            ]
            free.acquire()
            producer.send(topic, key=row["key"].encode(), value=body.getvalue(), headers=headers).add_callback(taken).add_errback(lost)
    producer.flush()
    producer.close()
    assert not failed, failed[0]


def record(row: dict[str, str]) -> dict[str, Any]:
    """One row as fastavro takes it."""
    return {
        "envelope": {
            "submission_id": row["submission_id"],
            "op": row["op"],
            "catalog_code": row["catalog_code"],
            "source_system": row["source_system"],
            "source_seq": int(row["source_seq"]),
            "subject": {"kind": row["subject.kind"], "name": row["subject.name"], "uscc": row["subject.uscc"] or None},
            "recorded_at": int(row["recorded_at"]),
            "publication_class": row["publication_class"],
            "secrecy": row["secrecy"],
            "commercial_secret": row["commercial_secret"],
            "privacy": row["privacy"],
            "withdrawn": row["withdrawn"] == "True",
        },
        "payload": {
            "uscc": row["uscc"] or None,
            "name": row["name"] or None,
            "established_on": date.fromisoformat(row["established_on"]) if row["established_on"] else None,
            "subject_type": row["subject_type"] or None,
            "reg_capital_10k": Decimal(row["reg_capital_10k"]) if row["reg_capital_10k"] else None,
            "currency": row["currency"] or None,
            "business_scope": row["business_scope"] or None,
            "domicile_division": row["domicile_division"] or None,
            "domicile": row["domicile"] or None,
        },
    }


if __name__ == "__main__":
    main()
