"""What the pages are told: subjects, records and rows, already cut and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from databus.contract.record_types import Nature
from databus.gateway.bodies import date_of, day_of, in_order
from databus.gateway.lens import Lens, Shown
from databus.gateway.line import Line
from databus.gateway.reading import Profile
from databus.gateway.values import Value, Words, value_of, values_of
from databus.gateway.walks import Stretch, columns_of
from databus.model.keys import USCI
from databus.model.labels import Standing, SubjectKind
from databus.store.datasets import Dataset
from databus.store.rows import SubjectRow

TONES = {Nature.BASIC: "good", Nature.GOOD: "good", Nature.ADVERSE: "bad"}
COLUMNS = 7
"""Columns of a dataset a page shows; the exports have them all."""
_BRIEF = 200
_CODE = re.compile(r"[0-9A-Z]{18}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class RecordView:
    """One record on a page: `main` for everybody, `rest` behind a fold."""

    anchor: str
    kind: str
    title: str
    date: str | None
    standing: str
    tone: str
    flags: tuple[str, ...]
    main: tuple[Value, ...]
    rest: tuple[Value, ...]
    source: str
    received: str


def business(line: Line, lens: Lens, profile: Profile, words: Words) -> dict[str, Any]:
    """A business page."""
    known = {code for _, code in profile.subject.codes} | {profile.subject.name}
    views = [(one, record_view(one, number, words, known)) for number, one in enumerate(in_order(profile.shown, line.contract))]
    types = line.contract.types
    sections = [
        {"id": section, "title": words(f"section.{section}"), "records": [view for _, view in group]}
        for section, group in groupby(views, key=lambda pair: types[pair[0].row.record_type].section)
    ]
    dated = sorted((view for _, view in views if view.date), key=lambda view: view.date or "", reverse=True)
    return {
        "name": name_of(profile.subject),
        "codes": [(words(f"code.{scheme}"), code) for scheme, code in profile.subject.codes],
        "asked": (words(f"code.{profile.asked[0]}"), profile.asked[1]) if profile.asked and profile.asked[0] != USCI else None,
        "sections": sections,
        "timeline": dated,
        "withheld": _withheld(lens, words),
    }


def _withheld(lens: Lens, words: Words) -> list[tuple[list[str], list[str]]]:
    """The kinds of information that are kept back for the same reasons, and those reasons in words."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, reasons in lens.withheld_types().items():
        alike.setdefault(reasons, []).append(words.of(words.contract.types[name]))
    return [(kinds, [words.reason(reason) for reason in reasons]) for reasons, kinds in alike.items()]


def record_view(one: Shown, number: int, words: Words, known: set[str]) -> RecordView:
    """One record. What the page already says, and what nobody requires, stands behind the fold."""
    contract = words.contract.types[one.row.record_type]
    values = values_of(one, words)
    required = {name for entry in contract.entries for name in entry.required}
    title = value_of(one, contract.fields[contract.title], words).text if contract.title in one.disclosed.fields else None
    main = tuple(_telling(values, required - {contract.title}, known))
    shown = {value.name for value in main}
    rest = tuple(value for value in values if value.name not in shown and (value.text or value.withheld))
    return RecordView(
        anchor=f"r{number + 1}",
        kind=words.of(contract),
        title=title or words.of(contract),
        date=date_of(one, words.contract),
        standing=words(f"standing.{one.row.standing.value}"),
        tone="over" if one.row.standing is not Standing.SHOWN else TONES[contract.nature(one.disclosed.fields)],
        flags=tuple(words(f"obligation.{name}") for name in one.disclosed.obligations if name.startswith(("FLAG", "MARK"))),
        main=main,
        rest=rest,
        source=words.department(one.row.department),
        received=day_of(one.row.known_at),
    )


def _telling(values: Sequence[Value], names: set[str], known: set[str]) -> Iterator[Value]:
    """Values that say something new: not the subject again, not a thing twice, no bare codes of organs."""
    said = set(known)
    for value in values:
        if value.name in names and value.text and value.text not in said and not _CODE.fullmatch(value.text):
            said |= set() if _DAY.fullmatch(value.text) else {value.text}
            yield value


def name_of(subject: SubjectRow) -> str:
    """A subject's name on a page; persons have none here."""
    return "" if subject.kind is SubjectKind.PERSON else subject.name


def hit(subject: SubjectRow) -> dict[str, str]:
    """One result of a search."""
    code = subject.codes[0][1] if subject.codes else ""
    return {"name": name_of(subject), "code": code, "link": f"/businesses/{code}" if code else ""}


def table(line: Line, dataset: Dataset, page: Stretch, words: Words) -> dict[str, Any]:
    """A page of a dataset: the short columns that hold something here, and one code at most."""
    fields = words.contract.types[dataset.record_type].fields
    brief = [fields[name] for name in columns_of(line, dataset) if (fields[name].max_length or 0) <= _BRIEF]
    cells = {field.name: [value_of(one, field, words) for one in page.shown] for field in brief}
    first, columns = brief[0], [field for field in brief[1:] if any(cell.text or cell.withheld for cell in cells[field.name])]
    codes = [field for field in columns if all(_CODE.fullmatch(cell.text or "") for cell in cells[field.name])]
    chosen = [field for field in columns if field not in codes[1:]][:COLUMNS]
    rows = [
        {
            "name": cells[first.name][number].text or "–",
            "link": f"/businesses/{code}" if (code := one.row.codes.get(USCI)) else "",
            "cells": [cells[field.name][number] for field in chosen],
        }
        for number, one in enumerate(page.shown)
    ]
    return {"subject_label": words.of(first), "columns": [words.of(field) for field in chosen], "rows": rows}


def filter_fields(line: Line, dataset: Dataset, chosen: dict[str, str], words: Words) -> list[dict[str, Any]]:
    """The filters of a dataset as parts of a form."""
    fields = words.contract.types[dataset.record_type].fields
    found: list[dict[str, Any]] = []
    for name, operators in dataset.filters.items():
        for operator in _offered(operators):
            key = name if operator == "eq" else f"{name}.{operator}"
            field = fields[name]
            label = words.of(field) + (f" · {words(f'filter.{operator}')}" if operator in ("from", "to") else "")
            listed = words.contract.codes.rows(field.code) if field.code else ()
            choices = [(row.code, words.of(row)) for row in listed] if len(listed) <= 50 else []
            kind = {"date": "date", "decimal": "text", "int": "text"}.get(field.kind, "text")
            found.append({"name": key, "label": label, "choices": choices, "value": chosen.get(key, ""), "input": kind})
    return found


def _offered(operators: Sequence[str]) -> list[str]:
    if "contains" in operators:
        return ["contains"]
    return [one for one in operators if one in ("from", "to")] or [one for one in operators if one in ("eq", "has")]
