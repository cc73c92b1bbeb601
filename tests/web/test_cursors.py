"""A cursor opens with its key and scope, to the last bit, and with nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.errors import Malformed
from databus.web.cursors import scope, seal, unseal

KEY, HERE = bytes(range(32)), scope("feed", "changes")
contents = st.dictionaries(st.text(max_size=5), st.integers(-(2**53), 2**53) | st.text(max_size=9), max_size=5)


@given(contents, st.booleans())
def test_round_trip(content: dict[str, object], fresh: bool) -> None:
    assert unseal(seal(content, key=KEY, scope=HERE, fresh=fresh), key=KEY, scope=HERE) == content


@given(contents, st.integers(min_value=0), st.integers(0, 7), st.booleans())
def test_any_bit_flipped_is_refused(content: dict[str, object], at: int, bit: int, fresh: bool) -> None:
    sealed = seal(content, key=KEY, scope=HERE, fresh=fresh).encode()
    at %= len(sealed)
    forged = sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :]
    with pytest.raises(Malformed):
        unseal(forged.decode("latin-1"), key=KEY, scope=HERE)


@given(st.text(max_size=300))
def test_no_text_is_a_cursor(text: str) -> None:
    with pytest.raises(Malformed):
        unseal(text, key=KEY, scope=HERE)


def test_another_key_or_scope_does_not_open_it() -> None:
    sealed = seal({"a": 1}, key=KEY, scope=HERE)
    for key, place in ((b"x" * 32, HERE), (KEY, scope("feed", "others"))):
        with pytest.raises(Malformed):
            unseal(sealed, key=key, scope=place)
    for longer in (sealed + "A", sealed + "=", " " + sealed, sealed + "\n"):
        with pytest.raises(Malformed):
            unseal(longer, key=KEY, scope=HERE)


def test_a_cursor_tells_nothing_of_its_content() -> None:
    assert seal({"a": 1}, key=KEY, scope=HERE) == seal({"a": 1}, key=KEY, scope=HERE)
    assert seal({"a": 1}, key=KEY, scope=HERE, fresh=True) != seal({"a": 1}, key=KEY, scope=HERE, fresh=True)
    assert len(seal({"a": 1}, key=KEY, scope=HERE)) == len(seal({"a": 2}, key=KEY, scope=HERE))


def test_parts_of_a_scope_do_not_run_together() -> None:
    assert scope("ab", "c") != scope("a", "bc") != scope("abc")
    assert scope({"a": "1", "b": "2"}) == scope({"b": "2", "a": "1"})
