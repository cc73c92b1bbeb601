"""`databus publish suggest FILE`: a mapping from the file's headers and values, and questions where they do not settle it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from databus.cli.output import as_json, aside, console, headed
from databus.contract import catalogue
from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Entry
from databus.department.files.opening import opened
from databus.department.suggest.proposing import Proposal, Question, answer, propose
from databus.department.suggest.sampled import Sampled, sampled
from databus.department.suggest.written import written
from databus.errors import Conflict
from databus.settings import Settings

LEAVE_OUT, LATER = "-", ""


def suggest(
    file: Annotated[Path, typer.Argument(help="a .csv, .xlsx or .ndjson file")],
    record_type: Annotated[str, typer.Option("--type", help="record type, e.g. ADMIN_PENALTY")],
    department: Annotated[str, typer.Option("--department", help="slug of the department, for its catalogue entry")] = "",
    into: Annotated[Path | None, typer.Option("--into", help="where the mapping goes [default: standard output]")] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="UTF-8 or GB18030 [default: told from the file]")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="sheet of a workbook [default: its first]")] = "",
    header: Annotated[int, typer.Option("--header", min=1, help="row in which the names of the columns stand")] = 1,
    ask: Annotated[bool | None, typer.Option("--ask/--no-ask", help="ask here and now [default: on a terminal]")] = None,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Propose a mapping; what the file does not settle is asked, or left as a question in the mapping."""
    contract = catalogue.load(Settings().contracts)
    kind = contract.record_type(record_type)
    if into is not None and into.exists():
        raise Conflict(f"{into} is there already; answers in it would be lost", file=str(into))
    with opened(file, encoding=encoding, sheet=sheet, header=header) as table:
        sample = sampled(table.columns, table.rows, frozenset(row.code for row in contract.codes.rows("placeholder")))
    proposal = propose(sample, kind, contract)
    if ask if ask is not None else sys.stdin.isatty() and not as_document:
        _ask(proposal, sample, contract)
    text = written(proposal, sample, _entry(kind, department), contract)
    if into is not None:
        into.write_text(text, "utf-8")
    _tell(proposal, sample, text, into, as_document=as_document)
    return 0


def _entry(kind: RecordType, department: str) -> Entry | None:
    """The entry, where there is only one that can be meant."""
    owned = [entry for entry in kind.entries if department in ("", entry.department)]
    return owned[0] if len(owned) == 1 else None


def _ask(proposal: Proposal, sample: Sampled, contract: Contract) -> None:
    out = aside()
    for question in list(proposal.questions):
        column = next(one for one in sample.columns if one.name == question.column)
        out.print(headed(f"\n{question.column}", f" ({', '.join(list(column.values)[:5]) or 'empty'}): {question.asks}"))
        for number, (name, source) in enumerate(question.choices, start=1):
            out.print(f"  {number}  {name} {dict(source.options) or ''}")
        while not _answered(proposal, question, sample, contract):
            pass


def _answered(proposal: Proposal, question: Question, sample: Sampled, contract: Contract) -> bool:
    told = typer.prompt(f"a number, a field, {LEAVE_OUT} to leave the column out, nothing to decide later", default=LATER, err=True).strip()
    if told == LATER:
        return True
    if told == LEAVE_OUT:
        proposal.questions.remove(question)
        return True
    name, source = question.choices[int(told) - 1] if told.isdigit() and 0 < int(told) <= len(question.choices) else (told, None)
    wrong = answer(proposal, question, name, source, sample, contract)
    if wrong:
        aside().print(wrong)
    return not wrong


def _tell(proposal: Proposal, sample: Sampled, text: str, into: Path | None, *, as_document: bool) -> None:
    asked = {question.column: question.asks for question in proposal.questions}
    if as_document:
        used = {source.column: name for name, source in proposal.sources.items()}
        told = [{"column": one.name, "field": used.get(one.name), "asks": asked.get(one.name)} for one in sample.columns]
        print(as_json({"mapping": text, "columns": told, "into": into and str(into)}))
        return
    if into is None:
        print(text, end="")
    settled = len(sample.columns) - len(asked)
    left = f"; asks about {', '.join(asked)}" if asked else ""
    (console() if into else aside()).print(f"{settled} of {len(sample.columns)} columns are settled{left}")
