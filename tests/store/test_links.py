"""Older codes: who is found by them, what is read through a link, and what a link taken back leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from databus.model.change import Change, Kind
from databus.model.keys import organisation_key
from databus.model.labels import Standing
from databus.store import erasure, knowledge, reconciliation, records, subjects, trace
from store.line import CODE, KNOWN_AT, OPEN, PUBLIC, SUBJECT, TODAY, Line

pytestmark = pytest.mark.live
REG = "220102000002026"
OLDER = organisation_key(REG, scheme="CN-REG")
MOVED = replace(OPEN, standing=Standing.MOVED)
RECORD = "ADMIN_PENALTY|11|1|"
DAY = 86_400_000


def moves(line: Line, name: str, to: str, **told: Any) -> Change:
    return line.change(name, kind=Kind.LINKED, subject_key=OLDER, facet="linked", moved_to=to, submission_id="", body=None, **told)


def older(line: Line, name: str, **told: Any) -> Change:
    return line.change(
        name, subject_key=OLDER, record_key=RECORD + OLDER, codes={"CN-REG": REG}, **{"own": True, "source": "emergency/case", **told}
    )


def copy(line: Line, name: str, of: Change, **told: Any) -> Change:
    codes = {"CN-REG": REG, "CN-USCI": CODE}
    kept = {"original": of.event_id, "submission_id": "", "known_at": of.known_at}
    return line.change(name, record_key=RECORD + SUBJECT, codes=codes, **{**kept, **told})


async def linked(line: Line) -> Change:
    """A record known under a registration number, then linked; told first a day before, with other content."""
    first = older(line, "first", known_at=KNOWN_AT - DAY, payload={"content": "初次"}, seq=1)
    told = older(line, "told", payload={"content": "更正"}, seq=2)
    await line.happen(first, told)
    gone = older(line, "moved", kind=Kind.ENDED, standing=Standing.MOVED, label_class=MOVED, submission_id="", own=False, body=None)
    await line.happen(moves(line, "link", SUBJECT), gone, copy(line, "copy", told, payload={"content": "更正"}))
    return told


async def test_an_older_code_leads_to_the_subject_it_belongs_to(line: Line) -> None:
    await linked(line)
    for asked in (REG, CODE):
        found = await subjects.by_code(line.pool, asked)
        assert found is not None and found.subject_key == SUBJECT
        (row,) = await subjects.find(line.pool, asked, classes=PUBLIC, today=TODAY)
        assert (row.subject_key, row.codes) == (SUBJECT, (("CN-USCI", CODE), ("CN-REG", REG)))
    assert await records.of_subject(line.pool, OLDER, classes=PUBLIC, today=TODAY) == ()
    (record,) = await records.of_subject(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)
    assert record.payload is not None and record.payload["content"] == "更正"


async def test_links_are_followed_to_the_last_and_never_in_a_ring(line: Line) -> None:
    await linked(line)
    newest = organisation_key("91220202YYYY000399")
    told = {"subject_key": newest, "codes": {"CN-USCI": "91220202YYYY000399"}, "record_key": "n"}
    await line.happen(line.change("newest", **told), replace(moves(line, "on", newest), subject_key=SUBJECT))
    found = await subjects.by_code(line.pool, REG)
    assert found is not None and found.subject_key == newest
    await line.happen(replace(moves(line, "round", OLDER), subject_key=newest))
    assert await subjects.by_code(line.pool, REG) is None


async def test_what_was_known_before_the_link_is_read_through_it(line: Line) -> None:
    told = await linked(line)

    async def known(subject: str, at: int) -> list[str]:
        rows = await knowledge.of_subject(line.pool, subject, as_of=date(2026, 10, 30), known_at=at, classes=PUBLIC, today=TODAY)
        return [str((row.payload or {})["content"]) for row in rows]

    assert await known(SUBJECT, told.known_at - 1) == ["初次"]
    assert await known(SUBJECT, told.known_at) == ["更正"]
    assert await known(SUBJECT, told.known_at - 2 * DAY) == []
    assert await known(OLDER, told.known_at) == []


async def test_a_link_taken_back_leaves_each_its_own(line: Line) -> None:
    told = await linked(line)
    back = older(line, "back", payload={"content": "更正"}, submission_id="", own=False)
    gone = copy(line, "gone", told, kind=Kind.ENDED, standing=Standing.MOVED, label_class=MOVED, body=None)
    await line.happen(moves(line, "unlink", ""), back, gone)
    found = await subjects.by_code(line.pool, REG)
    assert found is not None and found.subject_key == OLDER
    assert await records.of_subject(line.pool, SUBJECT, classes=PUBLIC, today=TODAY) == ()
    (record,) = await records.of_subject(line.pool, OLDER, classes=PUBLIC, today=TODAY)
    assert record.codes == {"CN-REG": REG}
    assert await line.rows("SELECT moved_to FROM subject_moves") == [{"moved_to": ""}]
    await line.happen(moves(line, "link", SUBJECT))
    assert await line.rows("SELECT moved_to FROM subject_moves") == [{"moved_to": ""}], "a step told again says nothing new"


async def test_a_record_that_is_erased_is_looked_for_under_every_code_of_its_subject(line: Line) -> None:
    told = await linked(line)
    sibling = organisation_key("220102000002034", scheme="CN-REG")
    await line.happen(replace(moves(line, "too", SUBJECT), subject_key=sibling))
    assert (await erasure.due(line.pool)).records == ()
    gone = line.change("gone", op="DELETE", facet="delete", record_key=told.record_key, subject_key=OLDER, body=None, origin_offset=70)
    await line.happen(gone, replace(older(line, "late", origin_offset=60), record_key="other"))
    due = await erasure.due(line.pool)
    assert due.records == ((OLDER, "ADMIN_PENALTY", told.record_key),)
    assert due.known_as == {OLDER: tuple(sorted((OLDER, SUBJECT, sibling)))}
    assert due.folded == {gone.origin_partition: 70}, "the last step may tell of an earlier event"
    await erasure.forget(line.pool, due, sources={}, events=())
    await line.happen(moves(line, "unlink", "", origin_offset=65), replace(gone, change_id="again"))
    due = await erasure.due(line.pool)
    assert (due.known_as, due.folded) == ({}, {gone.origin_partition: 70})


async def test_what_is_told_on_stands_beside_the_sum_and_is_found_by_what_it_repeats(line: Line) -> None:
    told = await linked(line)
    count = await reconciliation.count(line.pool)
    assert (count.submissions, count.accepted, count.copies, count.other) == (2, 2, 1, 2)
    assert await reconciliation.places(line.pool) == 2
    for asked in (told.submission_id, told.event_id, "event-copy"):
        found = await trace.of(line.pool, asked)
        assert {step.event_id for step in found.steps} == {told.event_id, "event-copy"}
