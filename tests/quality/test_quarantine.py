"""Originals in quarantine: readable with the key, by nobody else, and only where they lay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.errors import BadSettings, Undecodable
from databus.quality.quarantine import Original, Place, open_sealed, seal_of, sealed
from quality.inbox import QUARANTINE_KEY, Inbox

PLACE = Place("in.emergency", 1, 7)


@pytest.mark.parametrize("changes", [{"doc_no": None}, {"uscc": None, "envelope.subject.uscc": None}], ids=["rejected", "held"])
def test_rejected_and_held_originals_can_be_opened_by_an_officer(inbox: Inbox, changes: dict[str, None]) -> None:
    seen = inbox.send("ADMIN_PENALTY", changes, key=b"its key")
    value = inbox.encoded("ADMIN_PENALTY", changes)
    assert open_sealed(seen.sealed[0], key=QUARANTINE_KEY) == Original("in.emergency/1/7", b"its key", value)
    assert value not in seen.bytes and b"its key" not in seen.sealed[0]
    headers = dict(seen.outcome.outputs[-1].headers)
    assert headers["databus-rule"].decode().split(",") == sorted(seen.rules)


@given(key=st.binary(max_size=50), value=st.binary(max_size=200), offset=st.integers(0, 2**40))
def test_what_is_sealed_comes_back_and_is_sealed_alike_again(key: bytes, value: bytes, offset: int) -> None:
    place = Place("in.tax", 0, offset)
    once = sealed(seal_of(QUARANTINE_KEY), place, key=key, value=value)
    assert open_sealed(once, key=QUARANTINE_KEY) == Original(str(place), key, value)
    assert sealed(seal_of(QUARANTINE_KEY), place, key=key, value=value) == once


def test_no_two_contents_share_a_nonce() -> None:
    seal = seal_of(QUARANTINE_KEY)
    places = [PLACE, PLACE, Place("in.emergency", 1, 8)]
    nonces = {sealed(seal, place, key=None, value=value)[12:24] for place, value in zip(places, (b"a", b"b", b"a"), strict=True)}
    assert len(nonces) == 3


@given(at=st.integers(0), flip=st.integers(1, 255))
def test_a_changed_original_does_not_open(at: int, flip: int) -> None:
    whole = bytearray(sealed(seal_of(QUARANTINE_KEY), PLACE, key=b"k", value=b"value"))
    whole[at % len(whole)] ^= flip
    with pytest.raises(Undecodable):
        open_sealed(bytes(whole), key=QUARANTINE_KEY)


def test_another_key_opens_nothing_and_is_named_by_its_id() -> None:
    original = sealed(seal_of(QUARANTINE_KEY), PLACE, key=None, value=b"value")
    with pytest.raises(Undecodable, match="another key") as refusal:
        open_sealed(original, key=b"r" * 32)
    assert refusal.value.facts["key_id"] == seal_of(QUARANTINE_KEY).key_id.hex()
    with pytest.raises(Undecodable):
        open_sealed(b"short", key=QUARANTINE_KEY)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(BadSettings, match="32"):
        seal_of(b"q" * 31)
