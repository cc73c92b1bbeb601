"""What `databus sample` says where the line does not keep up."""

from __future__ import annotations

from databus.cli.sample import waiting
from databus.cli.status import Sum
from databus.store.reconciliation import Count

NONE = Count(refused=0, rejected=0, held=0, changing=0, history=0, duplicate=0, equivocal=0, other=0)


def test_the_workers_that_are_behind_are_named_with_what_they_have_to_take() -> None:
    told = waiting({"checker": 0, "profiler": 1_200, "projector": 6}, Sum(10, 6, 4, 0, 0, NONE))
    assert told == "the profiler has 1,200 records still to take, the projector has 6 records still to take"


def test_what_nobody_has_still_to_take_is_unaccounted_for() -> None:
    told = waiting({"checker": 0, "profiler": 0, "projector": 0}, Sum(10, 0, 4, 0, 6, NONE))
    assert told == "every worker has taken all there is, and 6 places of inboxes are unaccounted for"


def test_what_lies_behind_an_open_transaction_is_told_by_its_topic() -> None:
    told = waiting({"checker": 0, "profiler": 0, "projector": 0}, Sum(10, 0, 4, 0, 0, NONE, {"in.tax": 6}))
    assert told == "in.tax has 6 offsets behind an open transaction"


def test_without_bus_or_store_it_says_so() -> None:
    assert waiting({}, None) == "the bus or the store does not answer"
