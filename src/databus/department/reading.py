"""One row of a file, read through a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.catalogue import Contract
from databus.contract.fields import Field
from databus.department.convert import DAYS, Unreadable, amount_of, currency_of, date_of, plain, value_of
from databus.department.mapping import ENVELOPE_DAYS, FileMapping, Source


@dataclass(frozen=True, slots=True)
class Defect:
    """A cell that could not be read."""

    field: str
    observed: str
    expected: str
    suggestion: str


def apply(mapping: FileMapping, row: Mapping[str, str], contract: Contract) -> tuple[dict[str, Any], list[Defect]]:
    """One row as {"subject", "envelope", "payload"}, and the cells that could not be read."""
    defects: list[Defect] = []

    def read(sources: Mapping[str, Source], part: str, fields: Mapping[str, Field]) -> dict[str, Any]:
        values = {}
        for name, source in sources.items():
            try:
                values[name] = _read(source, row, mapping.absent, fields.get(name), part == "envelope" and name in ENVELOPE_DAYS, contract)
            except Unreadable as error:
                defects.append(
                    Defect(name if part == "payload" else f"{part}.{name}", row.get(source.column, ""), error.expected, error.suggestion)
                )
        return {name: value for name, value in values.items() if value is not None}

    cut = {
        "subject": read(mapping.subject, "subject", {}),
        "envelope": read(mapping.envelope, "envelope", {}),
        "payload": read(mapping.payload, "payload", mapping.record_type.fields),
    }
    return cut, defects


def _read(source: Source, row: Mapping[str, str], absent: frozenset[str], field: Field | None, is_day: bool, contract: Contract) -> Any:
    if source.column:
        value = _cell(source, row.get(source.column, ""), absent, field, is_day, contract)
        return source.options.get("otherwise") if value is None else value
    if isinstance(source.constant, str) and (is_day or field is not None):
        return date_of(source.constant, DAYS) if is_day else value_of(source.constant, field) if field else None
    return source.constant


def _cell(source: Source, text: str, absent: frozenset[str], field: Field | None, is_day: bool, contract: Contract) -> Any:
    if plain(text) in absent:
        return None
    options, text = source.options, text.strip()
    formats = tuple(options.get("formats", DAYS))
    if "words" in options and (plain(text) in options["words"] or "otherwise" in options):
        return options["words"].get(plain(text))
    if "lookup" in options:
        return _looked_up(options["lookup"], text, contract)
    if "amount" in options:
        return amount_of(text, power=options["amount"]["power"], scale=field.scale if field else 2)
    if "currency" in options:
        return currency_of(text, codes=contract.codes, currencies=options["currency"]["currencies"])
    if is_day:
        return date_of(text, formats)
    return text if field is None else _coded(value_of(text, field, formats=formats), field, contract)


def _coded(value: Any, field: Field, contract: Contract) -> Any:
    """Codes for the names that departments write; what the list does not know stays, for the checker to name."""
    if field.code is None:
        return value
    if isinstance(value, list):
        return [_coded(one, field, contract) for one in value]
    known = contract.codes.known(field.code, value)
    return value if known else contract.codes.find(field.code, plain(value)) or value


def _looked_up(name: str, text: str, contract: Contract) -> str:
    code = contract.codes.find(name, plain(text))
    if code is None:
        raise Unreadable(f"a name of the code list {name}", suggestion=contract.codes.suggest(name, plain(text)) or "")
    return code
