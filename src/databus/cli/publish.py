"""`databus publish`: a department's file into its inbox, and each bad row back with a rule, a reason and a fix."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from databus.cli.output import as_json, aside, console, table
from databus.cli.session import Session, session
from databus.cli.verdicts import Verdict, await_verdicts
from databus.department import files, mapping
from databus.department.mapping import FileMapping
from databus.department.publish import Batch, RowResult, publish_rows
from databus.department.publisher import Publisher
from databus.department.submission import owned_entry
from databus.errors import BadMapping, NotFound
from databus.local.keys import department_secret

SHOWN = 20
REFUSED = 1


def publish(
    file: Annotated[Path, typer.Argument(help="a .csv or .ndjson file, UTF-8")],
    department: Annotated[str, typer.Option("--department", help="slug of the department")],
    record_type: Annotated[str, typer.Option("--type", help="record type, e.g. ADMIN_PENALTY")],
    mapped: Annotated[Path | None, typer.Option("--mapping", help="YAML that turns the file's columns into the contract")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="read and check rows, send nothing")] = False,
    result: Annotated[Path | None, typer.Option("--result", help="where each row's result goes [default: FILE.result.csv]")] = None,
    wait: Annotated[float, typer.Option("--wait", help="seconds to wait for the checker's verdicts")] = 60.0,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Publish a file; the exit code is 1 if any row was refused, rejected or held."""
    here = session()
    if department not in here.contract.departments:
        raise NotFound(f"no department is named {department}; there are {', '.join(here.contract.departments)}", department=department)
    chosen = _mapping(here, file, department, record_type, mapped)
    sent = sorted(_send(here, file, department, chosen, dry_run=dry_run), key=lambda one: one.row)
    verdicts = {} if dry_run else _verdicts(here, department, sent, wait)
    rows = [row for one in sent for row in _told(one, verdicts)]
    into = result or file.with_name(f"{file.stem}.result.csv")
    _write(into, rows)
    counts = Counter({one.row: _outcome(one, verdicts) for one in sent}.values())
    if as_document:
        print(as_json({"counts": counts, "result": str(into), "rows": rows}))
    else:
        _show(counts, rows, into)
    return REFUSED if any(counts[word] for word in ("REFUSED", "REJECTED", "HELD")) else 0


def _mapping(here: Session, file: Path, department: str, record_type: str, mapped: Path | None) -> FileMapping:
    if mapped is not None:
        chosen = mapping.load(mapped, here.contract)
        if chosen.record_type.name != record_type:
            raise BadMapping(f"{mapped.name} maps {chosen.record_type.name}, not {record_type}", type=record_type)
    else:
        kind = here.contract.record_type(record_type)
        chosen = mapping.identity(kind, owned_entry(here.contract, kind, department), files.columns_of(file))
    missing = chosen.columns - files.columns_of(file)
    if missing and mapped is not None:
        raise BadMapping(f"{file.name} has no column {', '.join(sorted(missing))}", columns=sorted(missing))
    return chosen


def _send(here: Session, file: Path, department: str, chosen: FileMapping, *, dry_run: bool) -> Iterator[RowResult]:
    batch = Batch(department, int(time.time()), department_secret(here.keys, department))
    codec = here.contract.codec() if dry_run else here.codec(department)
    publisher = None if dry_run else Publisher(here.address(department), department)
    total = sum(1 for _ in files.rows_of(file))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=aside()) as bar:
            task = bar.add_task("Reading" if dry_run else "Publishing", total=total, rate="")
            started, rows = time.monotonic(), set[int]()
            found = publish_rows(files.rows_of(file), mapping=chosen, contract=here.contract, codec=codec, batch=batch, publisher=publisher)
            for one in found:
                rows.add(one.row)
                bar.update(task, completed=len(rows), rate=f"{len(rows) / max(time.monotonic() - started, 0.001):,.0f} rows/s")
                yield one
    finally:
        if publisher is not None:
            publisher.close()


def _verdicts(here: Session, department: str, sent: Iterable[RowResult], seconds: float) -> dict[str, Verdict]:
    wanted = [one.submission_id for one in sent if one.outcome == "SENT"]
    with aside().status(f"Waiting for the verdicts on {len(wanted):,} rows"):
        return here.ask(lambda pool: await_verdicts(pool, department, wanted, seconds=seconds))


def _outcome(one: RowResult, verdicts: dict[str, Verdict]) -> str:
    if one.outcome != "SENT":
        return one.outcome
    verdict = verdicts.get(one.submission_id)
    return verdict.outcome if verdict else "SENT"


def _told(one: RowResult, verdicts: dict[str, Verdict]) -> Iterator[dict[str, object]]:
    verdict = verdicts.get(one.submission_id)
    base: dict[str, object] = {"row": one.row, "outcome": _outcome(one, verdicts), "submission_id": one.submission_id}
    if verdict is None or not verdict.findings:
        yield base | {
            "verdict": "R" if one.outcome == "REFUSED" else "",
            "rule": one.rule,
            "field": one.field,
            "observed": one.observed,
            "reason": one.reason,
            "suggestion": one.suggestion,
            "finding_id": "",
        }
        return
    for finding in verdict.findings:
        yield base | {
            "verdict": finding.verdict.value,
            "rule": finding.rule,
            "field": finding.field,
            "observed": finding.observed,
            "reason": finding.message_en,
            "suggestion": finding.suggestion or finding.expected,
            "finding_id": finding.finding_id,
        }


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    names = ("row", "outcome", "submission_id", "verdict", "rule", "field", "observed", "reason", "suggestion", "finding_id")
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows(rows)


def _show(counts: Counter[str], rows: list[dict[str, object]], into: Path) -> None:
    out = console()
    out.print(", ".join(f"{number:,} {word.lower()}" for word, number in sorted(counts.items())) or "no rows")
    notable = [row for row in rows if row["rule"]]
    if notable:
        names = ("row", "outcome", "rule", "field", "observed", "reason", "suggestion")
        out.print(table("", names, [[row[name] for name in names] for row in notable[:SHOWN]]))
    if len(notable) > SHOWN:
        out.print(f"… and {len(notable) - SHOWN:,} more")
    out.print(f"Every row's result, with the submission id to `databus walk`: {into}")
