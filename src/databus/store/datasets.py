"""Datasets as the contracts describe them, and their filters and orders as SQL.

Only names from schemas/ ever become part of a statement; whatever a caller says is a parameter of a checked kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from databus.contract.catalogue import Contract
from databus.errors import BadContract, Malformed
from databus.store.sessions import storable

_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,6})?")
_NUMERIC = ("decimal", "int")
LONGEST, MOST = 200, 100
"""Characters of one value, and values of one `in`."""

_OPERATORS = {
    "eq": "{expression} = {value}",
    "in": "{expression} = ANY({value})",
    "from": "{expression} >= {value}",
    "to": "{expression} <= {value} AND {expression} > {absent}",
    "contains": "strpos(r.payload ->> '{field}', {value}) > 0",
    "has": "r.payload -> '{field}' @> to_jsonb({value})",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the payload that a dataset filters or sorts by; `kind` as in the contract."""

    field: str
    kind: str

    @property
    def type(self) -> str:
        """The SQL type its values are compared as. ISO dates compare as text."""
        return "numeric" if self.kind in _NUMERIC else "text"

    @property
    def absent(self) -> str:
        """What stands for no value: before every other, so that one order and one index serve both directions."""
        return "'-infinity'::numeric" if self.type == "numeric" else "''"

    def expression(self, alias: str = "") -> str:
        """The value in SQL: what is indexed, filtered and sorted."""
        value = f"{alias}payload ->> '{self.field}'"
        return f"coalesce(({value})::numeric, {self.absent})" if self.type == "numeric" else f"coalesce({value}, {self.absent})"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset. `filters` maps fields to operators; `order` is a field, with `-` for falling."""

    name: str
    record_type: str
    columns: Mapping[str, Column]
    filters: Mapping[str, tuple[str, ...]]
    orders: tuple[str, ...]
    order: str
    indexes: tuple[str, ...]


def datasets_of(contract: Contract) -> dict[str, Dataset]:
    """The datasets of the contracts, by name.

    Raises:
        BadContract: one names a type, field or operator that there is not.
    """
    return {name: _dataset(name, raw, contract) for name, raw in contract.datasets.items()}


def _dataset(name: str, raw: Mapping[str, Any], contract: Contract) -> Dataset:
    where = f"datasets/{name}.yaml"
    try:
        filters = {field: tuple(operators) for field, operators in raw["filters"].items()}
        orders, default, indexes = tuple(raw["sort"]["fields"]), raw["sort"]["default"], tuple(raw["indexes"])
        record_type = contract.types[raw["record_type"]]
        named = dict.fromkeys((*filters, *orders, default.removeprefix("-"), *indexes))
        columns = {field: Column(field, record_type.fields[field].kind) for field in named}
    except (KeyError, TypeError, AttributeError) as error:
        raise BadContract(f"{where} lacks or misstates {error}", file=where) from error
    for word in (*columns, *(operator for operators in filters.values() for operator in operators)):
        if word not in _OPERATORS and not (word in columns and _FIELD.fullmatch(word)):
            raise BadContract(f"{where} uses {word!r}, which is no field or operator", file=where)
    return Dataset(name, record_type.name, columns, filters, orders, default, indexes)


def conditions(dataset: Dataset, filters: Mapping[str, str], bound: list[Any], clear: Mapping[str, Collection[int]] | None = None) -> str:
    """The filters as SQL over the row `r` of present class `c.class_id`; their values are appended to `bound`.

    A filter is `field` (equal) or `field.operator`; `in` takes values with commas between them. `clear` names the classes
    in which a field leaves as it is: a filter on it meets no row of another class, or it would tell what is withheld.

    Raises:
        Malformed: a filter the dataset does not have, or a value that is none of its kind.
    """
    parts = []
    for name, text in filters.items():
        field, _, operator = name.partition(".")
        operator = operator or "eq"
        if operator not in dataset.filters.get(field, ()):
            raise Malformed(f"the dataset {dataset.name} has no filter {name}", filter=name, filters=_offered(dataset))
        column = dataset.columns[field]
        several = operator == "in"
        bound.append([_value(column, name, one) for one in _split(name, text)] if several else _value(column, name, text))
        value = f"${len(bound)}::text{'[]' if several else ''}::{column.type}{'[]' if several else ''}"
        parts.append(_OPERATORS[operator].format(expression=column.expression("r."), value=value, absent=column.absent, field=field))
        if clear is not None:
            bound.append(list(clear.get(field, ())))
            parts.append(f"c.class_id = ANY(${len(bound)}::bigint[])")
    return "".join(f" AND {part}" for part in parts)


def ordered(dataset: Dataset, order: str | None) -> tuple[Column, bool]:
    """The column to sort by, and whether it falls.

    Raises:
        Malformed: the dataset is not sorted by that.
    """
    wanted = order or dataset.order
    field = wanted.removeprefix("-")
    if order is not None and field not in dataset.orders:
        raise Malformed(f"the dataset {dataset.name} is not sorted by {wanted!r}", sort=wanted, sorts=list(dataset.orders))
    return dataset.columns[field], wanted.startswith("-")


def _offered(dataset: Dataset) -> list[str]:
    return [field if one == "eq" else f"{field}.{one}" for field, operators in dataset.filters.items() for one in operators]


def _split(name: str, text: str) -> list[str]:
    values = text.split(",")
    if len(values) > MOST:
        raise Malformed(f"{name} takes at most {MOST} values", filter=name)
    return values


def _value(column: Column, name: str, text: str) -> str:
    """The text of a value in the form the payload holds it."""
    expected = _EXPECTED.get(column.kind, f"at most {LONGEST} characters")
    try:
        if len(text) > LONGEST or not storable(text) or (column.type == "numeric" and not _NUMBER.fullmatch(text)):
            raise ValueError(text)
        if column.kind == "boolean" and text not in ("true", "false"):
            raise ValueError(text)
        return date.fromisoformat(text).isoformat() if column.kind == "date" else text
    except ValueError:
        raise Malformed(f"{name} takes {expected}", filter=name, expected=expected) from None


_EXPECTED = {
    "date": "a day as YYYY-MM-DD",
    "decimal": "a number with at most six decimals",
    "int": "a whole number",
    "boolean": "true or false",
}
