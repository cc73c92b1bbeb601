"""The sum of all submissions, which nothing that leaves the store may change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from databus.contract.catalogue import Contract
from databus.model.change import Change, Kind
from databus.model.finding import Finding, Verdict
from databus.store import database, generations, projection, reconciliation
from databus.store.reconciliation import OF_PROFILES, Count
from databus.store.retention import DAYS, Pruned, prune
from databus.store.sessions import session
from store.line import FINDING, KNOWN_AT, Line

pytestmark = pytest.mark.live
DAY = 86_400_000
OLD = KNOWN_AT - 500 * DAY
UNMOVED = {"pv": None}


async def test_every_submission_counts_once_in_one_class(line: Line) -> None:
    await line.happen(
        line.change("a"),
        line.change("a-again", submission_id="submission-a", kind=Kind.DUPLICATE, pv=None),
        line.change("b", kind=Kind.DUPLICATE, pv=None),
        line.change("c", kind=Kind.HISTORY, pv=None),
        line.change("c-again", submission_id="submission-c", kind=Kind.DUPLICATE, pv=None),
        line.change("d", kind=Kind.EQUIVOCAL, pv=None),
        line.change("tick", submission_id="", kind=Kind.CHANGED),
        line.change("released"),
    )
    rejected = replace(FINDING, finding_id="r1", submission_id="r", event_id="e-r")
    await line.find(
        rejected,
        replace(rejected, finding_id="r2", field="other"),
        replace(rejected, finding_id="r3", event_id="e-r-again"),
        replace(FINDING, finding_id="u1", submission_id="", event_id="e-u1", rule="DQ-FMT-01"),
        replace(FINDING, finding_id="u2", submission_id="", event_id="e-u2", rule="DQ-FMT-01"),
        replace(FINDING, finding_id="s", submission_id="s", event_id="e-s", rule=reconciliation.SECRECY),
        replace(FINDING, finding_id="h", submission_id="h", event_id="e-h", verdict=Verdict.HOLD),
        replace(FINDING, finding_id="rel", submission_id="submission-released", event_id="e-held-first", verdict=Verdict.HOLD),
        replace(FINDING, finding_id="w", submission_id="submission-a", event_id="event-a", verdict=Verdict.WARN),
        replace(FINDING, finding_id="cons", submission_id="submission-a", event_id="event-a", verdict=Verdict.HOLD, rule="DQ-CONS-01"),
    )
    counted = await reconciliation.count(line.pool)
    assert counted == reconciliation.Count(refused=1, rejected=3, held=1, changing=2, history=1, duplicate=1, equivocal=1, other=1)
    assert (counted.accepted, counted.submissions) == (5, 10)
    assert await reconciliation.places(line.pool) == 7 + 7


def steps(line: Line) -> Sequence[Change]:
    """Two of each class, the second sent again under its id; and what no submission made."""
    return (
        line.change("moved"),
        line.change("moved-again", submission_id="submission-moved", kind=Kind.DUPLICATE, **UNMOVED),
        line.change("same", kind=Kind.DUPLICATE, **UNMOVED),
        line.change("older", kind=Kind.HISTORY, **UNMOVED),
        line.change("older-again", submission_id="submission-older", kind=Kind.DUPLICATE, **UNMOVED),
        line.change("rival", kind=Kind.EQUIVOCAL, **UNMOVED),
        line.change("tick", submission_id="", kind=Kind.CHANGED),
        line.change("released"),
        line.change("mended"),
    )


SHUT_OUT = (
    replace(FINDING, finding_id="r", submission_id="r", event_id="e-r"),
    replace(FINDING, finding_id="u1", submission_id="", event_id="e-u1", rule="DQ-FMT-01"),
    replace(FINDING, finding_id="u2", submission_id="", event_id="e-u2", rule="DQ-FMT-01"),
    replace(FINDING, finding_id="s", submission_id="s", event_id="e-s", rule=reconciliation.SECRECY),
    replace(FINDING, finding_id="h", submission_id="h", event_id="e-h", verdict=Verdict.HOLD),
    replace(FINDING, finding_id="first", submission_id="submission-released", event_id="e-first", verdict=Verdict.HOLD),
    replace(FINDING, finding_id="wrong", submission_id="submission-mended", event_id="e-wrong"),
    replace(FINDING, finding_id="w", submission_id="submission-moved", event_id="event-moved", verdict=Verdict.WARN),
)
JUDGES_A_RECORD = replace(
    FINDING, finding_id="cons", submission_id="submission-moved", event_id="event-moved", verdict=Verdict.HOLD, rule="DQ-CONS-01"
)
SUM = Count(refused=1, rejected=3, held=1, changing=3, history=1, duplicate=1, equivocal=1, other=1)
PLACES = 8 + 7
LAST = {"steps": 1, "findings": 1}
"""What is left when all is old: the last step of the partition, with all that is known of its submission."""


async def written(line: Line, at: int, *told: Change | Finding) -> None:
    """What was written at an instant."""
    changes = line.changes(*(one for one in told if isinstance(one, Change)))
    await line.apply([replace(record, timestamp=at) for record in changes])
    for one in told:
        if isinstance(one, Finding):
            (record,) = line.findings(one)
            await line.apply([replace(record, timestamp=at)])


async def counted(line: Line) -> tuple[Count, int]:
    return await reconciliation.count(line.pool), await reconciliation.places(line.pool)


async def left(line: Line) -> dict[str, int]:
    return {name: len(await line.rows(f"SELECT FROM {name}")) for name in ("steps", "findings")}


async def test_what_was_kept_long_enough_stays_in_the_sum(line: Line) -> None:
    await written(line, OLD, *steps(line), *SHUT_OUT)
    assert await counted(line) == (SUM, PLACES)
    assert await prune(line.pool, now=KNOWN_AT) == Pruned(versions=3, steps=8, findings=7)
    assert await counted(line) == (SUM, PLACES) and await left(line) == LAST
    await written(line, KNOWN_AT, line.change("new"), JUDGES_A_RECORD)
    more = (replace(SUM, changing=4), PLACES + 1)
    assert await counted(line) == more, "what is said of a record later does not judge its submission again"
    for days in (1, DAYS + 1):
        await prune(line.pool, now=KNOWN_AT + days * DAY)
        assert await counted(line) == more
    assert await left(line) == {"steps": 1, "findings": 0}


async def test_all_that_is_known_of_a_submission_leaves_at_once(line: Line) -> None:
    split = ("submission-moved", "submission-older", "submission-released", "submission-mended")
    old = [one for one in steps(line) if one.change_id not in ("change-moved-again", "change-older-again", "change-released")]
    await written(line, OLD, *(one for one in old if one.change_id != "change-mended"), *SHUT_OUT)
    await written(line, KNOWN_AT, *(one for one in steps(line) if one not in old or one.change_id == "change-mended"))
    assert await counted(line) == (SUM, PLACES)
    await prune(line.pool, now=KNOWN_AT)
    assert await counted(line) == (SUM, PLACES)
    kept = await line.rows("SELECT submission_id FROM steps UNION SELECT submission_id FROM findings")
    assert {row["submission_id"] for row in kept} == set(split)
    await prune(line.pool, now=KNOWN_AT + (DAYS + 1) * DAY)
    assert await counted(line) == (SUM, PLACES) and await left(line) == LAST


@pytest.mark.parametrize("pruned", [False, True])
async def test_a_rebuild_leaves_the_sum_as_it_is_whatever_it_folds_again(line: Line, dsn: str, contract: Contract, pruned: bool) -> None:
    told = [replace(one, origin_partition=0, origin_offset=number) for number, one in enumerate(steps(line))]
    await written(line, OLD, *told, *SHUT_OUT)
    if pruned:
        await prune(line.pool, now=KNOWN_AT)
    erased = {"change-same", "change-older-again"}
    again = Line(line.pool, line.codec, contract)
    await generations.prepare(dsn, contract, number=2, parts=1)
    pool = await database.connect(dsn, size=1, schema=generations.SCHEMA)
    async with session(pool) as connection:
        chunk = again.changes(*(one for one in told if one.change_id not in erased), replace(line.change("later"), origin_offset=20))
        await projection.project(connection, "changes", chunk, line.codec, contract, generation=2)
    await pool.close()
    await generations.swap(dsn, number=2)
    assert await counted(line) == ((replace(SUM, changing=4), PLACES + 1))


def test_the_rules_of_profiles_are_those_that_take_a_whole_profile_to_answer(contract: Contract) -> None:
    rules = contract.codes.rows("dq_rule")
    assert {row.code for row in rules if re.match(OF_PROFILES, row.code)} == {row.code for row in rules if row.more["level"] == "profile"}
