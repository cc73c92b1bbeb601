"""What `databus status` says of the sum, and of what it cannot tell."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from databus.cli.status import Sum, show
from databus.local.stack import ProcessStatus
from databus.store.reconciliation import Count

NONE = Count(refused=0, rejected=0, held=0, changing=0, history=0, duplicate=0, equivocal=0, other=0)


@pytest.mark.parametrize("untold", [0, 3])
def test_what_nobody_counted_before_it_was_deleted_is_told_and_nothing_else(untold: int) -> None:
    out = io.StringIO()
    totals = Sum(taken=20, on_the_way=0, judged=12, markers=7, unaccounted=1, count=NONE, untold=untold)
    show(Console(file=out, width=200), [ProcessStatus("checker", "ready", "", 1, 0, 0)], {}, totals, told_time=False)
    assert "judged 12 + on the way 0 + markers 7 + unaccounted 1" in out.getvalue()
    assert ("Of the markers 3 may be lost submissions" in out.getvalue()) is bool(untold)


@pytest.mark.parametrize(("judged", "told"), [(7, False), (8, True)])
def test_what_came_twice_explains_why_inboxes_took_more_than_there_are_submissions(judged: int, told: bool) -> None:
    out = io.StringIO()
    totals = Sum(taken=judged, on_the_way=0, judged=judged, markers=0, unaccounted=0, count=replace(NONE, changing=7))
    show(Console(file=out, width=200), [ProcessStatus("checker", "ready", "", 1, 0, 0)], {}, totals, told_time=False)
    assert ("Of the judged 1 were a submission that had come before" in out.getvalue()) is told
