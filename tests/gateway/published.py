"""Shipped examples of the contracts, published to a running stack under a business of the test's own."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

from databus.cli.session import Session
from databus.department.files.opening import opened
from databus.department.mapping import OwnColumns
from databus.department.publish import Batch, publish_rows
from databus.department.publisher import Publisher
from databus.department.submission import owned_entry
from databus.local.keys import department_secret
from databus.settings import CHECKOUT

DEPARTMENT = "market-regulation"
ORGAN = {"authority_name": "吉林省市场监督管理厅", "authority_uscc": "11220000YYYX00011W"}
SOURCE = {"source_name": ORGAN["authority_name"], "source_uscc": ORGAN["authority_uscc"]}
SECONDS = 180.0


def publish(here: Session, folder: Path, record_type: str, *rows: dict[str, Any]) -> None:
    """The example of a type as rows of a department's file, each with its changes."""
    kind = here.contract.record_type(record_type)
    told = json.loads(Path(CHECKOUT / "schemas" / record_type / "example.json").read_text("utf-8"))["payload"]
    made = [{name: value for name, value in {**told, **changed}.items() if value is not None} for changed in rows]
    file = folder / f"{record_type}.ndjson"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), "utf-8")
    chosen = OwnColumns(kind, owned_entry(here.contract, kind, DEPARTMENT))
    batch = Batch(DEPARTMENT, int(time.time()), department_secret(here.keys, DEPARTMENT))
    codec = here.codec(DEPARTMENT)
    with Publisher(here.address(DEPARTMENT), DEPARTMENT) as publisher, opened(file) as table:
        sent = list(publish_rows(table.rows, mapping=chosen, contract=here.contract, codec=codec, batch=batch, publisher=publisher))
    assert {one.outcome for one in sent} == {"SENT"}, sent


def arrived(here: Session, uscc: str, *wanted: str) -> None:
    """Wait until the public profile of a business holds all these words."""
    until, text = time.monotonic() + SECONDS, ""
    while not all(word in text for word in wanted):
        assert time.monotonic() < until, f"{wanted} did not arrive at {uscc}"
        time.sleep(0.2)
        text = httpx.get(f"{here.gateway}/v1/subjects/{uscc}").text
