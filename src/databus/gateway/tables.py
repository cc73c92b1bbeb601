"""Rows as CSV (RFC 4180) that a spreadsheet opens as text and never as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

import orjson

from databus.contract.catalogue import RecordType
from databus.contract.fields import MAP, RECORD, RECORDS, STEP
from databus.gateway.lens import Shown
from databus.gateway.outward import record_id

MEDIA_TYPE = "text/csv"
MARK = "\ufeff".encode()
"""What makes a spreadsheet read UTF-8; only where it is asked for."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBERS = ("decimal", "int")


def guarded(text: str) -> str:
    """A text that a spreadsheet would take for a formula, led by an apostrophe."""
    return "'" + text if text.startswith(_FORMULA) else text


def header(columns: Sequence[str]) -> bytes:
    """The first line. `withheld` tells an empty cell from a withheld one: `field=REASON`, parted by blanks."""
    return _lines([["record", *columns, "withheld"]])


def lines(shown: Iterable[Shown], columns: Sequence[str], record_type: RecordType, *, platform_key: bytes) -> bytes:
    """One line per record."""
    return _lines([record_id(one.row.record_key, platform_key=platform_key), *_cells(one, columns, record_type)] for one in shown)


def _cells(one: Shown, columns: Sequence[str], record_type: RecordType) -> list[str]:
    fields, withheld = one.disclosed.fields, one.disclosed.withheld
    cells = [_cell(fields, name, record_type.fields[name].kind) for name in columns]
    why = " ".join(f"{path}={reason}" for path, reason in withheld.items() if path.partition(STEP)[0] in columns)
    return [*cells, why]


def _cell(fields: Mapping[str, object], name: str, kind: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind in (RECORD, RECORDS, MAP):
        return orjson.dumps(value).decode()
    if isinstance(value, list | tuple):
        return guarded(";".join(str(item) for item in value))
    return str(value) if kind in _NUMBERS else guarded(str(value))


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
