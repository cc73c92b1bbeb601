"""The stop button on the running line: a batch goes back by its receipt, and what was said since stands."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from databus.bus.topics import inbox
from databus.settings import CHECKOUT
from live.line import Live, eventually

pytestmark = pytest.mark.live
DEPARTMENT, TYPE = "emergency", "ADMIN_PENALTY"


def rows(file: Path, *changes: dict[str, Any]) -> Path:
    """The shipped example as rows of a file, each with its changes."""
    told = json.loads((Path(CHECKOUT) / "schemas" / TYPE / "example.json").read_text("utf-8"))["payload"]
    file.write_text("".join(json.dumps({**told, **one}, ensure_ascii=False) + "\n" for one in changes), "utf-8")
    return file


def published(live: Live, file: Path) -> Path:
    told = live.json("publish", str(file), "--department", DEPARTMENT, "--type", TYPE)
    assert told["counts"]["ACCEPTED"] == len(file.read_text("utf-8").splitlines()), told
    return Path(told["receipt"])


def test_a_batch_goes_back_by_its_receipt(live: Live, tmp_path: Path) -> None:
    numbers = [f"吉应急罚〔2026〕{uuid.uuid4().int % 10**9}号" for _ in range(3)]
    kept, made, moved = ({"doc_no": number} for number in numbers)
    published(live, rows(tmp_path / "before.ndjson", {**kept, "content": "罚款人民币一千元"}))
    wrong = [{**one, "content": "罚款人民币九千元", "fine_yuan": "9000.00"} for one in (kept, made, moved)]
    receipt = published(live, rows(tmp_path / "wrong.ndjson", *wrong))
    published(live, rows(tmp_path / "since.ndjson", {**moved, "content": "罚款人民币三千元"}))

    def standing() -> dict[str, str]:
        found = live.sql(
            "SELECT payload->>'doc_no' AS doc_no, payload->>'content' AS content FROM record_versions "
            "WHERE to_offset IS NULL AND payload->>'doc_no' = ANY($1)",
            numbers,
        )
        return {row["doc_no"]: row["content"] for row in found}

    eventually(lambda: standing().get(numbers[2]) == "罚款人民币三千元" and len(standing()) == 3, 60, "all of it stands")
    dry = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT, "--dry-run", code=1)
    assert (dry["counts"], [one["why"] for one in dry["left"]], dry["receipt"]) == ({"DELETE": 1, "CORRECT": 1}, ["CHANGED"], None)
    told = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT, code=1)
    assert told["counts"] == {"DELETE": 1, "CORRECT": 1} and [one["why"] for one in told["left"]] == ["CHANGED"]
    live.databus("receipt", "verify", told["receipt"])
    wanted = {numbers[0]: "罚款人民币一千元", numbers[2]: "罚款人民币三千元"}
    eventually(lambda: standing() == wanted, 60, "the batch is taken back")
    again = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT, code=1)
    assert again["retracted"] == 0 and {one["why"] for one in again["left"]} == {"CHANGED"}


def forgotten(live: Live) -> None:
    """The inbox holds nothing of all that was sent: its seven days are over."""
    address = live.here.address("admin")
    consumer, admin = KafkaConsumer(**address.kafka_python()), KafkaAdminClient(**address.kafka_python())
    try:
        name = address.topic(inbox(DEPARTMENT))
        places = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
        admin.delete_records(consumer.end_offsets(places))
        assert consumer.beginning_offsets(places) == consumer.end_offsets(places)
    finally:
        consumer.close()
        admin.close()


def test_after_its_seven_days_a_batch_goes_back_all_the_same(live: Live, tmp_path: Path) -> None:
    kept, made = ({"doc_no": f"吉应急罚〔2026〕{uuid.uuid4().int % 10**9}号"} for _ in range(2))
    published(live, rows(tmp_path / "before.ndjson", {**kept, "content": "罚款人民币一千元"}))
    receipt = published(live, rows(tmp_path / "wrong.ndjson", *({**one, "content": "罚款人民币九千元"} for one in (kept, made))))

    def standing() -> list[str]:
        query = "SELECT payload->>'content' AS content FROM record_versions WHERE to_offset IS NULL AND payload->>'doc_no' = ANY($1)"
        return [row["content"] for row in live.sql(query, [kept["doc_no"], made["doc_no"]])]

    eventually(lambda: standing() == ["罚款人民币九千元"] * 2, 60, "all of it stands")
    live.settled()
    forgotten(live)
    told = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT)
    assert (told["counts"], told["left"]) == ({"DELETE": 1, "CORRECT": 1}, [])
    eventually(lambda: standing() == ["罚款人民币一千元"], 60, "the batch is taken back")
