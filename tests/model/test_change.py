"""Which steps move a profile, and which facet an operation writes."""

from __future__ import annotations

import pytest

from databus.model.change import Kind
from databus.model.event import Op, facet


def test_four_kinds_leave_the_profile_as_it_is_and_two_its_records() -> None:
    assert [kind for kind in Kind if not kind.changing] == [Kind.HISTORY, Kind.DUPLICATE, Kind.EQUIVOCAL, Kind.FORWARDED]
    assert [kind for kind in Kind if kind.changing and not kind.of_record] == [Kind.ATTRIBUTED, Kind.LINKED]


@pytest.mark.parametrize(
    ("op", "written"),
    [
        (Op.UPSERT, "content"),
        (Op.CORRECT, "content"),
        (Op.REVOKE, "revoke"),
        (Op.REPAIR, "repair"),
        (Op.DELETE, "delete"),
        (Op.LINK, "link"),
        (Op.ANNOTATE, "note:7"),
    ],
)
def test_an_operation_writes_one_facet(op: Op, written: str) -> None:
    assert facet(op, "7") == written


def test_no_operation_is_left_out() -> None:
    assert len({facet(op) for op in Op}) == len(Op) - 1, "a correction writes content as well"
