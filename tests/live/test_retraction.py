"""Taking back and correcting on the running line: by receipt and at the desk, and after the inbox has forgotten what was sent."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from databus.access.accounts import sample_secrets
from databus.bus.topics import inbox
from databus.contract.checkdigits import reg_no_check_digit, uscc_check_char
from databus.settings import CHECKOUT
from live.line import Live, eventually

pytestmark = pytest.mark.live
DEPARTMENT, TYPE = "emergency", "ADMIN_PENALTY"


PERSON = {
    "counterparty_kind": "NATURAL_PERSON", "counterparty_name": "样本乙", "uscc": None, "person_id_type": "RIC",
    "person_id_no": "220000190001010018",
}  # fmt: skip


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

    eventually(lambda: standing().get(numbers[2]) == "罚款人民币三千元" and len(standing()) == 3, 240, "all of it stands")
    dry = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT, "--dry-run", code=1)
    assert (dry["counts"], [one["why"] for one in dry["left"]], dry["receipt"]) == ({"DELETE": 1, "CORRECT": 1}, ["CHANGED"], None)
    told = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT, code=1)
    assert told["counts"] == {"DELETE": 1, "CORRECT": 1} and [one["why"] for one in told["left"]] == ["CHANGED"]
    live.databus("receipt", "verify", told["receipt"])
    wanted = {numbers[0]: "罚款人民币一千元", numbers[2]: "罚款人民币三千元"}
    eventually(lambda: standing() == wanted, 240, "the batch is taken back")
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
    kept, made = ({"doc_no": f"吉应急罚〔2026〕{uuid.uuid4().int % 10**9}号", **about} for about in (PERSON, {}))
    published(live, rows(tmp_path / "before.ndjson", {**kept, "content": "罚款人民币一千元"}))
    receipt = published(live, rows(tmp_path / "wrong.ndjson", *({**one, "content": "罚款人民币九千元"} for one in (kept, made))))

    def standing() -> list[str]:
        query = "SELECT payload->>'content' AS content FROM record_versions WHERE to_offset IS NULL AND payload->>'doc_no' = ANY($1)"
        return [row["content"] for row in live.sql(query, [kept["doc_no"], made["doc_no"]])]

    eventually(lambda: standing() == ["罚款人民币九千元"] * 2, 240, "all of it stands")
    live.settled()
    forgotten(live)
    told = live.json("publish", "retract", str(receipt), "--department", DEPARTMENT)
    assert (told["counts"], told["left"]) == ({"DELETE": 1, "CORRECT": 1}, [])
    eventually(lambda: standing() == ["罚款人民币一千元"], 240, "the batch is taken back")


@contextmanager
def at_desk(live: Live) -> Iterator[httpx.Client]:
    """A clerk of the department, logged in."""
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    with httpx.Client(base_url=live.here.intake, timeout=90.0, headers=headers) as clerk:
        secret = sample_secrets(live.here.keys.folder)[DEPARTMENT]
        form = {"client": DEPARTMENT, "secret": secret, "csrf": token(clerk.get("/desk/login").text), "next": ""}
        assert clerk.post("/desk/login", data=form).status_code == 303
        yield clerk


def token(page: str) -> str:
    """What the forms of a page bring back."""
    return str(re.findall(r'name="csrf" value="([0-9a-f]{64})"', page)[0])


def test_after_its_seven_days_many_rows_are_corrected_at_the_desk_all_the_same(live: Live, tmp_path: Path) -> None:
    """Two were accepted with a warning and are known to the store, one of them about a person; two were refused and lie in quarantine."""
    numbers = [f"吉应急罚〔2026〕{uuid.uuid4().int % 10**9}号" for _ in range(4)]
    reg_nos = [(body := f"220102{uuid.uuid4().int % 10**8:08}") + str((int(reg_no_check_digit(body)) + 1) % 10) for _ in range(2)]
    sources = [(body := f"11220000{uuid.uuid4().int % 10**9:09}") + ("0" if uscc_check_char(body) != "0" else "1") for _ in range(2)]
    wrong = [
        *({"reg_no": one, **about} for one, about in zip(reg_nos, (PERSON, {}), strict=True)),
        *({"source_uscc": one} for one in sources),
    ]
    file = rows(tmp_path / "wrong.ndjson", *({"doc_no": number, **one} for number, one in zip(numbers, wrong, strict=True)))
    live.databus("publish", str(file), "--department", DEPARTMENT, "--type", TYPE, code=1)

    def waiting(observed: Sequence[str]) -> list[str]:
        query = "SELECT finding_id FROM findings WHERE observed = ANY($1) AND department = $2 AND rule IN ('DQ-ACC-01', 'DQ-ACC-05')"
        return [row["finding_id"] for row in live.sql(query, list(observed), DEPARTMENT)]

    eventually(lambda: len(waiting(reg_nos)) == len(waiting(sources)) == 2, 240, "the findings")
    live.settled()
    forgotten(live)
    with at_desk(live) as clerk:
        for rule, field, observed, right in (
            ("DQ-ACC-05", "reg_no", reg_nos, "220102000002026"),
            ("DQ-ACC-01", "source_uscc", sources, "11220000YYYX00046F"),
        ):
            path, cause = f"/desk/{DEPARTMENT}/findings/mend", {"rule": rule, "type": TYPE, "field": field}
            form = {**cause, "csrf": token(clerk.get(path, params=cause).text), "once": uuid.uuid4().hex, "way": "set", "value": right}
            chosen = {f"row.{one}": "1" for one in waiting(observed)}
            seen = clerk.post(path, data={**form, "step": "preview"}).text
            assert all(f'name="{one}" value="1" checked' in seen for one in chosen), seen
            assert "<dd>2</dd>" in clerk.post(path, data={**form, **chosen, "step": "publish"}).text

    def standing() -> list[tuple[str, str]]:
        query = "SELECT payload FROM record_versions WHERE to_offset IS NULL AND payload->>'doc_no' = ANY($1)"
        return [(row["payload"].get("reg_no"), row["payload"]["source_uscc"]) for row in live.sql(query, numbers)]

    good = "11220000YYYX00046F"
    eventually(
        lambda: sorted(standing(), key=str) == [("220102000002026", good)] * 2 + [(None, good)] * 2, 60, "all of it stands corrected"
    )
