"""The bench of publishing compares like with like: the bare loop encodes the very bytes that a department's file becomes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import fastavro

from bench.publish import bare
from bench.publish.files import MAPPING, SECOND, SECRET, written
from databus.contract import catalogue
from databus.contract.schemas import latest, self_contained
from databus.department import mapping
from databus.department.files.opening import opened
from databus.department.publish import Batch, prepare
from databus.department.submission import Submission
from databus.settings import CHECKOUT


def test_both_files_become_the_same_bytes(tmp_path: Path) -> None:
    contract = catalogue.load(CHECKOUT / "schemas")
    codec, chosen = contract.codec(), mapping.load(MAPPING, contract)
    both = written(tmp_path, 400, 1)
    batch = Batch(chosen.entry.department, SECOND, SECRET)
    schema = fastavro.parse_schema(json.loads(self_contained(latest(contract.schemas, chosen.record_type.full_name), contract.schemas)))
    with opened(both.own) as table, both.plain.open(encoding="utf-8", newline="") as file:
        for row, plain in zip(table.rows, csv.DictReader(file), strict=True):
            ours = prepare(row, mapping=chosen, contract=contract, codec=codec, batch=batch)
            assert isinstance(ours, Submission)
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schema, bare.record(plain))
            assert (ours.key.decode(), ours.value[5:]) == (plain["key"], out.getvalue())
