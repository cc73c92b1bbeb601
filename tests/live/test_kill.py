"""kill -9 of each worker in the middle of the load: nothing lost, nothing doubled, and nobody helps."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter

import pytest

from databus.bus import topics
from databus.contract.wire import decode_change, decode_time, issued
from databus.local import stack
from databus.store import reconciliation
from databus.testing.province import ledger
from live.line import Live, begun

pytestmark = pytest.mark.live

SUBMISSIONS = 6000
LOAD = ("sample", "--subjects", "500", "--submissions", str(SUBMISSIONS), "--seed", "9")
KILLED = {"checker": ("checker", 300), "profiler": ("profiler", 600), "projector": ("changes", 600)}
"""Who is killed, and after how many records by its own count (the label in its metrics, the number)."""
LOAD_SECONDS = 240.0


def test_a_killed_worker_comes_back_and_nothing_is_lost_or_doubled(own_line: Live) -> None:
    live = own_line
    with begun(live.here.settings, *LOAD) as load:
        _kill_each(live, load)
        out, err = load.communicate(timeout=LOAD_SECONDS)
    assert load.returncode == 0, out + err
    total = live.settled(120.0)
    assert (total.taken, total.judged, total.markers, total.unaccounted) == (SUBMISSIONS, SUBMISSIONS, 0, 0)
    _agrees_with_its_ledger(live)
    restarts = {one.name: one.restarts for one in stack.status(live.here.settings) if one.name != "supervisor"}
    assert restarts == {**dict.fromkeys(restarts, 0), **dict.fromkeys(KILLED, 1)}


def _kill_each(live: Live, load: subprocess.Popen[str]) -> None:
    """Each worker once, as soon as it says that it is in the middle of its work."""
    pids = {name: live.process(name).pid for name in KILLED}
    left, until = dict(KILLED), time.monotonic() + LOAD_SECONDS
    while left:
        assert time.monotonic() < until and load.poll() is None, f"the load ended before {', '.join(left)} had begun"
        for name, (label, enough) in list(left.items()):
            if live.metric(name, "databus_records_total", topic=label) >= enough:
                os.kill(pids[name], signal.SIGKILL)
                del left[name]
        time.sleep(0.02)
    assert live.here.ask(reconciliation.places) < SUBMISSIONS, "they were killed after the load, not in it"


def _agrees_with_its_ledger(live: Live) -> None:
    lines = list(ledger.read(live.here.settings.home / "sample-ledger.jsonl"))
    good = Counter(line.submission_id for line in lines if line.outcome == "ACCEPTED")
    codec = live.here.codec("admin")
    values = [record.value for record in live.log(topics.CHANGES) if record.value]
    changes = [decode_change(codec, value) for value in values if decode_time(codec, value) is None]
    assert Counter(one.submission_id for one in changes if one.submission_id) == good
    assert max(Counter(one.change_id for one in changes).values()) == 1
    steps = live.sql("SELECT submission_id, kind FROM steps WHERE submission_id <> ''")
    assert Counter(row["submission_id"] for row in steps) == good
    told = issued(codec, (record.value for record in live.log(topics.FINDINGS)))
    times = Counter(one.finding_id for one in told)
    assert max(times.values()) == 1, "a finding went out twice"
    refused = {line.submission_id: (line.rule, line.field) for line in lines if line.outcome != "ACCEPTED"}
    found = Counter((one.submission_id, one.rule, one.field) for one in told)
    assert not [submission for submission, named in refused.items() if found[submission, *named] != 1]
    wanted, kinds = ledger.totals(lines), Counter(row["kind"].lower() for row in steps)
    assert {name: kinds[name] for name in ("history", "duplicate", "equivocal")} == {
        name: wanted.get(name, 0) for name in ("history", "duplicate", "equivocal")
    }
