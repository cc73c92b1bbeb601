"""`databus publish FILE`: a department's file into its inbox, and every row back with its verdict, a reason and a fix."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from databus.cli.foretelling import Shown, asking, tell
from databus.cli.output import as_json, aside, console, table
from databus.cli.progress import reading
from databus.cli.receipt import requested
from databus.cli.retract import retract
from databus.cli.session import Session, session
from databus.cli.suggest import suggest
from databus.cli.verdicts import Asked, judged
from databus.department import mapping
from databus.department.files.opening import Table, opened
from databus.department.foretelling import foretold
from databus.department.mapping import Columns, OwnColumns
from databus.department.outcome import BAD, RowResult
from databus.department.publish import Batch, prepared_rows, publish_rows
from databus.department.publisher import Publisher
from databus.department.receipting import Receipting
from databus.department.results import writing
from databus.department.results.marks import marks_of
from databus.department.results.tally import Tally
from databus.department.submission import owned_entry
from databus.errors import BadMapping, NotFound, Unavailable, Unprocessable
from databus.local.keys import department_secret

SHOWN, LISTED = 20, 1_000
"""Rows with remarks that are shown, and that `--json` lists; all of them are in the result file."""

_FILE = "file"
SHOWN_MARKS = ("row", "outcome", "rule", "field", "observed", "reason", "suggestion")


class _FileFirst(TyperGroup):
    """`databus publish FILE` is the verb, `databus publish suggest FILE` one beside it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_FILE, *args]
        return super().parse_args(ctx, args)


def verbs() -> typer.Typer:
    """The verbs of this group."""
    group = typer.Typer(cls=_FileFirst, help="Publish a department's file: databus publish FILE …", no_args_is_help=True)
    group.command(_FILE)(publish)
    group.command("suggest")(suggest)
    group.command("retract")(retract)
    return group


def publish(
    file: Annotated[Path, typer.Argument(help="a .csv, .xlsx or .ndjson file")],
    department: Annotated[str, typer.Option("--department", help="slug of the department")],
    record_type: Annotated[str, typer.Option("--type", help="record type, e.g. ADMIN_PENALTY")],
    mapped: Annotated[Path | None, typer.Option("--mapping", help="YAML that turns the file's columns into the contract")] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="UTF-8 or GB18030 [default: told from the file]")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="sheet of a workbook [default: its first]")] = "",
    header: Annotated[int, typer.Option("--header", min=1, help="row in which the names of the columns stand")] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would become of each row, send nothing")] = False,
    rows: Annotated[list[int] | None, typer.Option("--row", min=1, help="with --dry-run: this row in full; may be repeated")] = None,
    result: Annotated[Path | None, typer.Option("--result", help="where each row's result goes [default: FILE.result.*]")] = None,
    wait: Annotated[float, typer.Option("--wait", help="seconds to wait for the checker's next verdict")] = 60.0,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Publish a file; the exit code is 1 if any row was refused, rejected or held."""
    here = session()
    if department not in here.contract.departments:
        raise NotFound(f"no department is named {department}; there are {', '.join(here.contract.departments)}", department=department)
    with ExitStack() as parts:
        opened_file = parts.enter_context(opened(file, encoding=encoding, sheet=sheet, header=header))
        into = result or writing.beside(file, opened_file.kind)
        chosen = _mapping(here, opened_file, department, record_type, mapped)
        if dry_run:
            return _foretold(here, opened_file, department, chosen, into, Shown(frozenset(rows or ()), into, as_document))
        tally = parts.enter_context(Tally(into.parent))
        taken = into.with_name(f"{file.stem}.taken")
        away = _keep(tally, _sent(here, opened_file, department, chosen, taken))
        told = _Told()
        with writing.writing(into, opened_file.kind, opened_file.columns) as write:
            for one in judged(here, tally.pages(), Asked(department, seconds=wait)):
                write(one)
                told.note(one)
    told.show(into, _receipts(here, department, taken, source=file), as_document=as_document)
    if away is not None:
        raise away
    return 1 if any(told.counts[word] for word in BAD) else 0


def _foretold(here: Session, file: Table, department: str, chosen: Columns, into: Path, shown: Shown) -> int:
    batch, bad = _batch(here, department), 0
    with asking(here, department) as (runner, asked), writing.writing(into, file.kind, file.columns) as write:
        prepared = prepared_rows(file.rows, mapping=chosen, contract=here.contract, codec=here.contract.codec(), batch=batch)
        found = foretold(prepared, ask=lambda sent: runner.run(asked(sent)), contract=here.contract)
        with reading("Checking", file.size, file.done) as step:
            for one in tell(found, shown, asked):
                step()
                write(one.result)
                bad += one.result.outcome in BAD
    return 1 if bad else 0


def _batch(here: Session, department: str) -> Batch:
    return Batch(department, int(time.time()), department_secret(here.keys, department))


def _mapping(here: Session, file: Table, department: str, record_type: str, mapped: Path | None) -> Columns:
    if mapped is None:
        kind = here.contract.record_type(record_type)
        entry = owned_entry(here.contract, kind, department)
        if file.columns is None:
            return OwnColumns(kind, entry)
        try:
            return mapping.identity(kind, entry, frozenset(file.columns))
        except BadMapping as error:
            raise BadMapping(f"{error.detail}{_titled(file)}", **error.facts) from error
    chosen = mapping.load(mapped, here.contract)
    if chosen.record_type.name != record_type:
        raise BadMapping(f"{mapped.name} maps {chosen.record_type.name}, not {record_type}", type=record_type)
    missing = sorted(chosen.columns - set(file.columns)) if file.columns is not None else []
    if missing:
        raise BadMapping(f"{file.path.name} has no column {', '.join(missing)}{_titled(file)}", columns=missing)
    return chosen


def _titled(file: Table) -> str:
    alone = file.columns is not None and len(file.columns) == 1
    return "; if its first row is a title, say in which --header row the names of the columns stand" if alone else ""


def _receipts(here: Session, department: str, taken: Path, *, source: Path) -> Path | None:
    """The file of receipts for what was taken; None where there is nothing to be had. What is published is published."""
    into = taken.with_name(f"{source.stem}.receipt.ndjson")
    try:
        count = requested(here, department, taken, source=source, into=into) if taken.stat().st_size else 0
    except (Unavailable, NotFound, Unprocessable) as error:
        aside().print(f"No receipt yet: {error.detail}. Later: databus receipt request {taken} --department {department} --source {source}")
        return None
    taken.unlink()
    return into if count else None


def _sent(here: Session, file: Table, department: str, chosen: Columns, taken: Path) -> Iterator[RowResult]:
    batch, codec = _batch(here, department), here.codec(department)
    with (
        Publisher(here.address(department), department) as sender,
        Receipting(sender, taken) as publisher,
        reading("Publishing", file.size, file.done) as step,
    ):
        for one in publish_rows(file.rows, mapping=chosen, contract=here.contract, codec=codec, batch=batch, publisher=publisher):
            step()
            yield one


def _keep(tally: Tally, results: Iterator[RowResult]) -> Unavailable | None:
    """Keep all results; where the bus goes away those known until then, and the error that says so."""
    try:
        for one in results:
            tally.add(one)
    except Unavailable as error:
        return error
    return None


class _Told:
    """What is said at the end: how many rows came to what, and the first of those something is wrong with."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self._notable: list[dict[str, str]] = []
        self._more = 0

    def note(self, result: RowResult) -> None:
        """Count one row."""
        self.counts[result.outcome] += 1
        if result.remarks:
            if len(self._notable) < LISTED:
                self._notable.append(dict(marks_of(result)))
            else:
                self._more += 1

    def show(self, into: Path, receipts: Path | None, *, as_document: bool) -> None:
        """Say it."""
        if as_document:
            said = {"counts": self.counts, "result": str(into), "rows": self._notable, "more": self._more}
            print(as_json({**said, "receipt": str(receipts) if receipts else None}))
            return
        out = console()
        out.print(", ".join(f"{number:,} {word.lower()}" for word, number in sorted(self.counts.items())) or "no rows")
        if self._notable:
            out.print(table("", SHOWN_MARKS, [[row[name] for name in SHOWN_MARKS] for row in self._notable[:SHOWN]]))
        left = len(self._notable) + self._more - SHOWN
        if left > 0:
            out.print(f"… and {left:,} more")
        out.print(f"Every row with its result, to be corrected in place and published again: {into}")
        if receipts is not None:
            out.print(f"The receipt for what the inbox has taken: {receipts}")
