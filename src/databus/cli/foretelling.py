"""`--dry-run` of a file or an outbox: what would become of each row, and of all of them as a whole; nothing is sent or kept."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from databus.bootstrap.foretelling import Foretelling, foretelling
from databus.cli.output import as_json, aside, console, headed, table
from databus.cli.session import Session
from databus.department.foretelling import Foretold
from databus.department.results.foretold import Seen, Summary
from databus.department.results.marks import marks_of
from databus.errors import NotFound

FIRST, NAMED = 20, 8
"""Rows that are shown one by one, and fields that are named before the others are counted."""

_MARKS = ("row", "outcome", "verdict", "rule", "field", "observed", "reason", "suggestion")


@dataclass(frozen=True)
class Shown:
    """How it is told: as one JSON document or as tables, and which rows in full (of a document: which at all; all where none).
    `into` is the result file, where every row is; an outbox has none."""

    rows: frozenset[int]
    into: Path | None
    as_document: bool


@contextmanager
def asking(here: Session, department: str) -> Iterator[tuple[asyncio.Runner, Foretelling]]:
    """What is asked of each page of rows, and the loop it runs on."""
    with ExitStack() as parts:
        runner = parts.enter_context(asyncio.Runner())
        opened = foretelling(here.settings, here.contract, here.keys, department)
        asked = runner.run(opened.__aenter__())
        parts.callback(lambda: runner.run(opened.__aexit__(None, None, None)))
        yield runner, asked


def tell(found: Iterable[Foretold], shown: Shown, asked: Foretelling) -> Iterator[Foretold]:
    """Tell of rows while they pass by, and of all of them at the end.

    Raises:
        NotFound: a row that was asked for is not there.
    """
    telling = _Document(shown) if shown.as_document else _Tables(shown)
    summary, missing = Summary(), set(shown.rows)
    for one in found:
        summary.note(one.told)
        telling.row(one)
        missing.discard(one.result.row.number)
        yield one
    telling.end(summary, {error.code: error.detail for error in asked.away})
    if missing:
        raise NotFound(f"there is no row {', '.join(map(str, sorted(missing)))}", rows=sorted(missing))


class _Document:
    """One JSON document, written while the rows pass by."""

    def __init__(self, shown: Shown) -> None:
        self._wanted, self._into = shown.rows, shown.into
        self._lead = '{"dry_run":true,"results":['

    def row(self, one: Foretold) -> None:
        if not self._wanted or one.result.row.number in self._wanted:
            print(self._lead, json.dumps(one.told, ensure_ascii=False), sep="\n")
            self._lead = ","

    def end(self, summary: Summary, away: Mapping[str, str]) -> None:
        lead = self._lead if self._lead != "," else ""
        result = str(self._into) if self._into else None
        print(f'{lead}],"summary":{as_json(summary.told())},"untold":{as_json(away)},"result":{as_json(result)}}}')


class _Tables:
    """Tables for people: the first rows something is said of, the rows asked for in full, and the sums."""

    def __init__(self, shown: Shown) -> None:
        self._wanted, self._into = shown.rows, shown.into
        self._full: list[Mapping[str, Any]] = []
        self._notable: list[dict[str, str]] = []
        self._more = 0

    def row(self, one: Foretold) -> None:
        if one.result.row.number in self._wanted:
            self._full.append(one.told)
        if one.result.remarks and len(self._notable) < FIRST:
            self._notable.append(dict(marks_of(one.result)))
        elif one.result.remarks:
            self._more += 1

    def end(self, summary: Summary, away: Mapping[str, str]) -> None:
        out = console()
        out.print(", ".join(f"{count:,} {word.lower()}" for word, count in sorted(summary.outcomes.items())) or "no rows")
        if self._notable:
            out.print(table("", _MARKS, [[row[name] for name in _MARKS] for row in self._notable]))
        if self._more:
            out.print(f"… and {self._more:,} more rows with remarks")
        for told in self._full:
            _one(out, told)
        _sums(out, summary)
        for detail in away.values():
            aside().print(headed("Not told:", f" {detail}"))
        if away:
            aside().print("Who would see it needs OPA, the effect on profiles PostgreSQL: `databus up` starts both.")
        kept = f" Every row with its result, to be corrected in place: {self._into}" if self._into else ""
        out.print(f"Nothing has been sent.{kept}")


def _one(out: Console, told: Mapping[str, Any]) -> None:
    out.print(f"\nRow {told['row']}: {told['outcome'].lower()}", style="bold")
    if "record" not in told:
        return
    record = told["record"]
    labels = [f"{record['publication']}, commercial {record['commercial']}, privacy {record['privacy']}", *record["flags"]]
    until = f" until {record['standing_until']}" if record.get("standing_until") else ""
    lines = [("record", f"{record['record_type']} under {record['catalog_code']}"), ("classed", ", ".join(labels))]
    lines += [("standing", f"{record.get('standing', '')}{until}, by {record.get('rule') or 'no rule'}")]
    if effect := told["effect"]:
        lines += [("effect", f"{effect['kind']} {_named(effect['fields'])}")]
        lines += [("speaks for", ", ".join(f"{one['attribute']} ({one['as']})" for one in effect["asserts"]) or "no attribute")]
    out.print(table("", ("", ""), lines))
    fields = [(name, one["class"], one["commercial"], one["privacy"], one.get("mask", "")) for name, one in told["fields"].items()]
    out.print(table("Fields", ("field", "class", "commercial", "privacy", "mask"), fields))
    seen = dict[str, Seen]()
    for reader, sight in (told["readers"] or {}).items():
        seen.setdefault(reader, Seen()).note(sight)
    _readers(out, seen)


def _sums(out: Console, summary: Summary) -> None:
    records = [(*labels, rows) for labels, rows in summary.classes.most_common(FIRST)]
    if not records:
        return
    out.print(table("\nHow records are classed", ("publication", "commercial", "privacy", "standing", "rule", "rows"), records))
    fields = [(*labels, _counted(rows)) for labels, rows in sorted(summary.fields.items())]
    out.print(table("\nHow fields are classed", ("class", "commercial", "privacy", "mask", "fields"), fields))
    _readers(out, summary.readers)
    if summary.effects:
        out.print(table("\nEffect on the merged profiles", ("step", "rows"), summary.effects.most_common()))
        out.print(f"Fields that would be new or another: {_counted(summary.changed) or 'none'}")


def _readers(out: Console, readers: Mapping[str, Seen]) -> None:
    if not readers:
        return
    rows = [(name, seen.rows, len(seen.kept), _counted(seen.masked), _reasons(seen)) for name, seen in readers.items()]
    out.print(table("\nWho would see what", ("reader", "rows", "fields whole", "masked", "withheld"), rows))


def _reasons(seen: Seen) -> str:
    return "; ".join(f"{reason}: {_counted(fields)}" for reason, fields in seen.withheld.items())


def _counted(fields: Counter[str]) -> str:
    return _named([name for name, _ in fields.most_common()])


def _named(fields: list[str]) -> str:
    return ", ".join(fields[:NAMED]) + (f" … {len(fields) - NAMED} more" if len(fields) > NAMED else "")
