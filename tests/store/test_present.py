"""Records as they stand now, by their keys, on real PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from databus.model.change import Kind
from databus.model.labels import Standing
from databus.store.present import present
from store.line import SUBJECT, Line

pytestmark = pytest.mark.live


async def test_the_open_version_tells_whose_it_is_and_up_to_which_sequence(line: Line) -> None:
    await line.happen(
        line.change("p1", record_key="p-1", seq=3, payload={"fine_yuan": Decimal(100), "e_source_seq": 3}),
        line.change("p2", record_key="p-1", seq=7, payload={"fine_yuan": Decimal(200), "e_source_seq": 7}),
        line.change("note", record_key="p-1", seq=9, kind=Kind.NOTED, payload={"fine_yuan": Decimal(200), "e_source_seq": 7}),
    )
    known = ("ADMIN_PENALTY", SUBJECT, "p-1")
    found = await present(
        line.pool, [known, ("ADMIN_PENALTY", SUBJECT, "p-2"), ("ADMIN_PENALTY", "nobody", "p\x00"), ("NO_TYPE", SUBJECT, "p-1")]
    )
    assert set(found) == {known[1:]}
    one = found[known[1:]]
    assert (one.department, one.system, one.seq, one.standing) == ("emergency", "case", 7, Standing.SHOWN)
    assert one.payload is not None and one.payload["fine_yuan"] == "200.00"
    assert await present(line.pool, []) == {}
