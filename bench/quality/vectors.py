"""The hand-written vectors as rows: each value stands in a field that a type's checks take for such a code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bench.quality.clean import Maker
from bench.quality.row import Row
from bench.quality.wrong import quarrel
from databus.contract.entries import Check

FILE = Path(__file__).with_name("vectors.yaml")
WORKING_DAYS = 7
_RULES = {"uscc": "DQ-ACC-01", "org_code": "DQ-ACC-02", "reg_no": "DQ-ACC-05", "citizen_id": "DQ-ACC-04"}
_TRIES = 500


def vectors(maker: Maker) -> Iterator[Row]:
    """A row for each vector, about a subject of its own."""
    told: dict[str, list[dict[str, Any]]] = yaml.safe_load(FILE.read_text("utf-8"))
    for form, rule in _RULES.items():
        for vector in told[form]:
            row, check = _holding(maker, form, rule)
            made = row.having(**{check.field: str(vector["value"])})
            broken = vector.get("rule")
            extra = () if form == "uscc" or broken == "DQ-ACC-03" else quarrel(made, check.field, maker)
            yield made.must(*extra, *([(broken, check.field)] if broken else []))
    for vector in told["late"]:
        row, check = _timed(maker, vector)
        yield row.on(vector["received"], 23).must(*([(vector["rule"], check.field)] if "rule" in vector else []))


def _holding(maker: Maker, form: str, rule: str) -> tuple[Row, Check]:
    """A row that holds such a code of its subject, or of somebody else for a citizen's, and says nothing derived from it."""
    kinds = [kind for kind in maker.kinds if not kind.once and any(check.rule == rule for check in kind.record_type.checks)]
    kinds = [kind for kind in kinds if kind.record_type.maps is None]
    for _ in range(_TRIES):
        row = maker.row(maker.random.choice(kinds), subject=maker.subject(enterprise=True))
        for check in [] if row is None else row.checks(rule):
            assert row is not None
            value, own = row.payload.get(check.field), row.payload.get(check.field) == row.subject.get("uscc")
            usable = own if form == "uscc" else not own and check.params.get("form", form) == form
            usable = usable and not {"org_code", "tax_no", "reg_no"} & set(row.entry.required)
            if isinstance(value, str) and usable and row.applies(check):
                dropped = {name: None for name in ("org_code", "tax_no", "reg_no") if name != check.field and name in row.payload}
                return row.having(**dropped), check
    raise LookupError(f"no type holds a {form}")


def _timed(maker: Maker, vector: dict[str, Any]) -> tuple[Row, Check]:
    kinds = [kind for kind in maker.kinds if not kind.once and any(check.rule == "DQ-TIM-01" for check in kind.record_type.checks)]
    for _ in range(_TRIES):
        kind = maker.random.choice(kinds)
        row = maker.row(kind, subject=maker.subject(enterprise=True), decided=vector["decided"])
        if row is not None and row.entry.late_after == WORKING_DAYS:
            return row, next(check for check in row.checks("DQ-TIM-01") if row.payload.get(check.field) == vector["decided"])
    raise LookupError(f"no entry allows {WORKING_DAYS} working days")
