"""`databus walk`: any event's way, told from topics, PostgreSQL and the decision log alone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.follow import read_at
from databus.cli.output import as_json, console, headed
from databus.cli.session import Session, session
from databus.errors import NotFound
from databus.model import keys
from databus.model.chunk import Record
from databus.model.disclosure import DecisionRecord
from databus.model.finding import Finding
from databus.quality.findings import better
from databus.store import trace
from databus.store.trace import Step, Trace

SHANGHAI = ZoneInfo("Asia/Shanghai")
_FIELDS = 14

Told = list[tuple[str, list[tuple[str, str]]]]
"""Stages by title, each with named lines."""


def walk(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="id of a submission, event, finding, decision or request")],
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Tell the way of one event: what went into each stage, what came out, and where it lies now."""
    here = session()
    if as_document:
        found = _traced(here, identifier)
        stages = [{"stage": title, "lines": lines} for title, lines in _stages(here, found)]
        print(as_json({"id": identifier, "stages": stages, "rows": found}))
    else:
        show(console(), here, identifier)
    return 0


def show(out: Console, here: Session, identifier: str) -> None:
    """Print the walk."""
    found = _traced(here, identifier)
    out.print(headed(f"The way of {identifier}"))
    for title, lines in _stages(here, found):
        out.print(headed(f"\n{title}", style="bold cyan"))
        for name, value in lines:
            out.print(headed("  " + name.ljust(12), value, style="dim"))


def _traced(here: Session, identifier: str) -> Trace:
    found = here.ask(lambda pool: trace.of(pool, identifier))
    if found.empty:
        raise NotFound("Nothing is known of this id. A submission is known a moment after it was sent.", id=identifier)
    return found


def _stages(here: Session, found: Trace) -> Told:
    steps = [step for step in found.steps if step.submission_id]
    told: Told = []
    if steps or found.findings:
        first: Step | Finding = steps[0] if steps else found.findings[0]
        sender = sender_of(first, here.contract.departments)
        told.append(("1  department  hands over a fact", list(_handed(sender, steps, found.findings))))
        told.append(("2  bus  keeps it, in order", list(_kept(here, sender, first))))
        told.append(("3  quality  is it fit to be believed?", list(_checked(here, steps, found))))
    if steps:
        told.append(("4  profile  facts become one profile", list(_folded(here, steps, [step for step in found.steps if step.original]))))
    told.append(("5  policy  who asked, and what was decided", list(_decided(found.decisions))))
    told.append(("6  gateway  what left, and what did not", list(_disclosed(steps, found.decisions))))
    return told


def sender_of(one: Step | Finding, departments: Collection[str]) -> str:
    """Whose inbox the submission lay in: its event's id is made of that place.

    A step bears the department of the record's content, and that may be another one: a department can end what another has told.
    """
    for slug in departments:
        if keys.event_id(topics.inbox(slug), one.inbox_partition, one.inbox_offset) == one.event_id:
            return slug
    return one.department


def _handed(sender: str, steps: list[Step], findings: tuple[Finding, ...]) -> Iterator[tuple[str, str]]:
    if steps:
        first = steps[0]
        fact = f"{first.op} of {first.record_type}, seq {first.seq}"
        yield "submission", first.submission_id
        if sender == first.department:
            yield "fact", f"{fact}, under {first.catalog_code}"
            yield "source", f"{sender}, system {first.system}"
        else:
            yield "fact", f"{fact}, a record of {first.department} under {first.catalog_code}"
            yield "source", sender
    else:
        one = findings[0]
        yield "submission", one.submission_id or "(unreadable)"
        yield "fact", f"{one.record_type or 'unknown type'}, under {one.catalog_code or 'no entry'}"
        yield "source", sender + (f", row {one.row} of its file" if one.row else "")


def _kept(here: Session, sender: str, first: Step | Finding) -> Iterator[tuple[str, str]]:
    at = first.known_at if isinstance(first, Step) else first.issued_at
    yield "inbox", f"{topics.inbox(sender)}[{first.inbox_partition}] offset {first.inbox_offset}, {_instant(at)}"
    if isinstance(first, Step):
        yield "event", first.event_id
        yield "lies at", _place(here, topics.EVENTS, first.origin_partition, first.origin_offset)


def _checked(here: Session, steps: list[Step], found: Trace) -> Iterator[tuple[str, str]]:
    worst = {one.verdict.value for one in found.findings}
    answers = {one.finding_id: one for one in found.answers}
    yield "verdict", "accepted" if steps else "rejected" if "R" in worst else "held in quarantine"
    for one in found.findings:
        said = f"{one.verdict.value} {one.rule} {one.field} = {one.observed or '(absent)'}: {one.message_en}"
        passing = better(one.rule, one.suggestion, "en", here.contract) or one.expected
        yield "finding", said + (f" Would pass: {passing}." if passing else "")
        if one.finding_id in answers:
            answer = answers[one.finding_id]
            yield "answer", f"{answer.status} by {answer.by}, {_instant(answer.at)}" + (f": {answer.reason}" if answer.reason else "")
    if not found.findings:
        yield "findings", "none"


def _folded(here: Session, steps: list[Step], copies: list[Step]) -> Iterator[tuple[str, str]]:
    for step in steps:
        yield "step", f"{step.kind} of {step.record_key}"
        yield (
            "standing",
            f"{step.standing}" + (f", may change on {step.wake}" if step.wake else "") + (f", by {step.rule}" if step.rule else ""),
        )
        yield "subject", step.subject_key
        yield "lies at", _place(here, topics.CHANGES, step.part, step.offset)
    for copy in copies:
        yield "linked", f"{copy.kind} of {copy.record_key}, {copy.standing}, under {copy.subject_key}"


def _decided(decisions: tuple[DecisionRecord, ...]) -> Iterator[tuple[str, str]]:
    if not decisions:
        yield "decisions", "nobody has asked for it yet"
    for one in decisions:
        who = one.caller + (f" for {one.purpose}" if one.purpose else "")
        yield "decision", f"{_instant(one.at)} {who}: {one.outcome}, {', '.join(one.reasons)}"
        yield "plan", f"{one.plan_id}, policy revision {one.revision}, permit {one.permit_id or 'none'}"


def _disclosed(steps: list[Step], decisions: tuple[DecisionRecord, ...]) -> Iterator[tuple[str, str]]:
    """What left of the records walked; of everything, where the id is that of a decision or a request."""
    walked = {step.record_type for step in steps}
    told = [one for one in decisions if not walked or walked & one.disclosed.keys()]
    for one in told:
        yield "request", f"{one.request_id} ({one.action})"
        for name in sorted({*one.disclosed, *one.withheld} & walked if walked else {*one.disclosed, *one.withheld}):
            lead = "" if walked else f"{name}: "
            yield "disclosed", lead + (_listed(one.disclosed.get(name, ())) or "nothing")
            yield "withheld", lead + (_listed(_reasoned(one.withheld.get(name, {}))) or "nothing")
    if not told:
        yield "disclosed", "nothing yet"


def _reasoned(withheld: Mapping[str, str]) -> list[str]:
    return [f"{'whole records' if name == '*' else name} ({reason})" for name, reason in sorted(withheld.items())]


def _listed(names: Any) -> str:
    listed = list(names)
    return ", ".join(listed[:_FIELDS]) + (f" … {len(listed) - _FIELDS} more" if len(listed) > _FIELDS else "")


def _place(here: Session, topic: str, partition: int, offset: int) -> str:
    record = asyncio.run(_read(here.present("operator"), topic, partition, offset))
    kept = f"{len(record.value or b''):,} bytes" if record else "no longer in the log"
    return f"{topic}[{partition}] offset {offset}, {kept}"


async def _read(address: BusAddress, topic: str, partition: int, offset: int) -> Record | None:
    return await read_at(address, topic, partition, offset)


def _instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
