"""The sample province against its ledger: what was refused and why, and everything accepted exactly once, everywhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest

from databus.bootstrap.parts import now
from databus.bus import topics
from databus.contract.accepted import decode_accepted
from databus.contract.wire import decode_change, decode_time
from databus.model.labels import Commercial, Privacy, Publication, Standing, parse_class
from databus.testing.province import ledger
from databus.testing.province.ledger import Line
from live.conftest import SAMPLE
from live.feed import lines_of
from live.line import Live

pytestmark = pytest.mark.live

SUBMISSIONS = int(SAMPLE[4])
REFUSED = {"REJECTED": "R", "HELD": "H"}
CHANGING = ("ADDED", "CHANGED", "ENDED", "RESTORED", "NOTED", "FORWARDED")


def test_the_reconciliation_adds_up_and_agrees_with_the_ledger(live: Live, province: tuple[Line, ...]) -> None:
    assert len(province) == SUBMISSIONS
    live.settled()
    told = live.json("status")["reconciliation"]
    count = told["count"]
    assert told["unaccounted"] == 0
    assert count["accepted"] == count["changing"] + count["history"] + count["duplicate"] + count["equivocal"]
    ids = [line.submission_id for line in province]
    wanted = ledger.totals(province)
    kinds = Counter(row["kind"] for row in live.sql("SELECT kind FROM steps WHERE submission_id = ANY($1)", ids))
    assert sum(kinds.values()) == wanted["accepted"]
    assert {name.lower(): kinds[name] for name in ("HISTORY", "DUPLICATE", "EQUIVOCAL")} == {
        name: wanted.get(name, 0) for name in ("history", "duplicate", "equivocal")
    }
    assert min(wanted[name] for name in ("rejected", "held", "history", "duplicate", "equivocal")) > 0, "the sample has a case of each"


def test_every_refused_one_is_named_by_the_rule_and_field_of_the_ledger(live: Live, province: tuple[Line, ...]) -> None:
    wrong = {line.submission_id: line for line in province if line.outcome in REFUSED}
    found = defaultdict[str, dict[tuple[str, str], str]](dict)
    for row in live.sql("SELECT submission_id, rule, field, verdict, department FROM findings WHERE submission_id = ANY($1)", list(wrong)):
        found[row["submission_id"]][row["rule"], row["field"]] = row["verdict"]
        assert row["department"] == wrong[row["submission_id"]].department
    missing = [line for line in wrong.values() if found[line.submission_id].get((line.rule, line.field)) != REFUSED[line.outcome]]
    assert not missing, (missing[:3], [found[line.submission_id] for line in missing[:3]])
    stopped = {"R": "REJECTED", "H": "HELD"}
    for submission, line in wrong.items():
        verdicts = set(found[submission].values()) - {"W"}
        assert stopped["R" if "R" in verdicts else "H"] == line.outcome, (line, found[submission])


def test_nothing_accepted_has_a_finding_of_the_checker_that_stops_it(live: Live, province: tuple[Line, ...]) -> None:
    good = [line.submission_id for line in province if line.outcome == "ACCEPTED"]
    stopped = live.sql(
        "SELECT rule, field FROM findings f WHERE submission_id = ANY($1) AND verdict <> 'W' "
        "AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.event_id = f.event_id)",
        good,
    )
    assert stopped == []


def test_every_accepted_one_is_exactly_once_in_events_changes_and_postgresql(live: Live, province: tuple[Line, ...]) -> None:
    good = Counter(line.submission_id for line in province if line.outcome == "ACCEPTED")
    every = {line.submission_id for line in province}
    codec = live.here.codec("admin")
    told = {
        topic: [record.value for record in live.log(topic) if record.value and decode_time(codec, record.value) is None]
        for topic in (topics.EVENTS, topics.CHANGES)
    }
    accepted = [event for value in told[topics.EVENTS] if (event := decode_accepted(codec, value)) is not None]
    assert [event for event in accepted if event.via], "the sample has records that were told on along a link"
    events = Counter(event.submission_id for event in accepted if not event.original)
    changes = Counter(decode_change(codec, value).submission_id for value in told[topics.CHANGES])
    steps = Counter(row["submission_id"] for row in live.sql("SELECT submission_id FROM steps"))
    for where, found in (("events", events), ("changes", changes), ("steps", steps)):
        assert Counter({name: number for name, number in found.items() if name in every}) == good, where


def test_the_feed_gives_every_visible_version_once_and_equals_postgresql(live: Live, province: tuple[Line, ...]) -> None:
    live.settled()
    with live.client("agency-south") as client:
        told = lines_of(client, limit=250)
    changed = {(line["record"], line["step"]): line for line in told if line["type"] == "changed"}
    withdrawn = Counter((line["record"], line["step"]) for line in told if line["type"] == "withdrawn")
    assert len(told) == len(changed) + withdrawn.total(), "a line came twice"
    versions, gone = public_versions(live)
    assert changed and withdrawn, "the sample has records to show and records to withdraw"
    assert changed.keys() == versions.keys()
    assert withdrawn == gone
    for key, line in changed.items():
        payload = versions[key]["payload"]
        record_type = live.here.contract.types[line["record_type"]]
        assert line["fields"].keys() | {path.partition(".")[0] for path in line["withheld"]} == record_type.fields.keys()
        assert not line["fields"].keys() & line["withheld"].keys()
        if "MASKED_PERSONAL" not in line["reasons"]:
            whole = {name: payload.get(name) for name in line["fields"] if not record_type.fields[name].parts}
            assert {name: line["fields"][name] for name in whole} == whole, key


def public_versions(live: Live) -> tuple[dict[tuple[str, str], dict[str, Any]], Counter[tuple[str, str]]]:
    """What a reader without any permit must find: the versions of records that are public now, and each step that took
    one out of his sight. Worked out from PostgreSQL by the law's words, not by the policy."""
    rows = live.sql(
        "SELECT r.record_key, r.subject_key, r.change_id, r.payload, r.wake, l.canonical, r.to_offset "
        "FROM record_versions r JOIN label_classes l USING (class_id) ORDER BY r.part, r.from_offset"
    )
    lives = defaultdict[tuple[str, str], list[dict[str, Any]]](list)
    for row in rows:
        lives[row["subject_key"], row["record_key"]].append(row)
    versions: dict[tuple[str, str], dict[str, Any]] = {}
    gone = Counter[tuple[str, str]]()
    for life in lives.values():
        assert [row["to_offset"] is None for row in life] == [False] * (len(life) - 1) + [True]
        if is_public(life[-1]):
            waits = life[-1]["wake"] is not None and life[-1]["wake"] <= now().date()
            versions |= {} if waits else {_outside(live, row): row for row in life if row["payload"] is not None}
            # It was away for a while: under another code, until a link was taken back.
            gone.update(_outside(live, row) for row in life if row["payload"] is None and not waits)
        else:
            gone.update(_outside(live, after) for before, after in pairwise(life) if is_public(before) > is_public(after))
    return versions, gone


def _outside(live: Live, row: dict[str, Any]) -> tuple[str, str]:
    return live.outside(row["record_key"], row["change_id"])


def is_public(row: dict[str, Any]) -> bool:
    """Everybody may see something of it (domain 3.5, rows 1 and 6): published, shown, and no secret of anybody."""
    label = parse_class(row["canonical"])
    published = label.publication is Publication.PUBLIC and label.standing is Standing.SHOWN
    plain = (
        label.commercial is Commercial.NONE
        and label.privacy is not Privacy.SENSITIVE
        and not {"work_secret", "unverified"} & set(label.flags)
    )
    return published and plain


def test_publishing_all_of_it_again_changes_no_current_record(live: Live, province: tuple[Line, ...]) -> None:
    current = "SELECT * FROM record_versions WHERE to_offset IS NULL ORDER BY record_type, subject_key, record_key"
    before, judged = live.sql(current), live.settled().judged
    live.databus(*SAMPLE)
    total = live.settled()
    assert total.judged == judged + SUBMISSIONS
    assert live.sql(current) == before
    ids = [line.submission_id for line in province if line.outcome == "ACCEPTED"]
    repeats = live.sql("SELECT kind, count(*) AS times FROM steps WHERE submission_id = ANY($1) GROUP BY kind", ids)
    kinds = {row["kind"]: row["times"] for row in repeats}
    assert sum(kinds.values()) == 2 * len(ids)
    assert sum(kinds.get(kind, 0) for kind in CHANGING) == sum(line.effect == "CHANGING" for line in province)
