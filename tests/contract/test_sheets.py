"""Sheets written by hand are what Avro would have written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.contract.catalogue import load
from databus.contract.sheets import decode_sheet, encode_sheet
from databus.contract.wire import NEVER, Head, encode_head, wake_of
from databus.errors import Undecodable

CODEC = load(Path(__file__).parents[2] / "schemas").codec()


@given(st.binary(max_size=300) | st.integers(0, 20_000).map(bytes))
def test_a_sheet_is_what_avro_writes_and_reads(told: bytes) -> None:
    data = encode_sheet(CODEC, told)
    assert data == CODEC.encode("databus.Sheet", {"wake": NEVER, "told": told})
    assert (decode_sheet(CODEC, data), wake_of(data)) == (told, NEVER)


def test_another_register_is_no_sheet() -> None:
    with pytest.raises(Undecodable):
        decode_sheet(CODEC, encode_head(CODEC, Head(NEVER, 1)))
