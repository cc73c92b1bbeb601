"""Keys that anyone can compute, keys that only the platform can, and keys made of parts."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.model import keys
from databus.model.keys import derived_id, organisation_key, pack, person_key, prefix, unpack, uuid8

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
PARTS = st.lists(TEXTS, max_size=5)


@pytest.mark.parametrize(
    ("code", "scheme", "key"),
    [
        ("91220000YYYY00012A", "CN-USCI", "6110536f-8564-52be-81eb-82a241949698"),
        ("91220102YYYY000207", "CN-USCI", "a4ca5ba8-7fab-5ca4-af48-a7d6efc5c6cc"),
    ],
)
def test_the_key_of_an_organisation_never_changes(code: str, scheme: str, key: str) -> None:
    assert organisation_key(code, scheme=scheme) == key


def test_anyone_can_compute_it_with_a_standard_library() -> None:
    space = uuid.uuid5(uuid.NAMESPACE_URL, "urn:databus:subject")
    assert organisation_key("220000000000017", scheme="CN-REG") == str(uuid.uuid5(space, "CN-REG|220000000000017"))


def test_the_same_digits_under_another_scheme_are_another_subject() -> None:
    assert organisation_key("220000000000017", scheme="CN-REG") != organisation_key("220000000000017", scheme="CN-TAX")


def test_a_person_is_known_to_the_holder_of_the_key_alone() -> None:
    number = "22010219900101001X"
    known = person_key("RIC", number, secret=b"k" * 32)
    assert known == person_key("RIC", number, secret=b"k" * 32)
    assert known not in (person_key("RIC", number, secret=b"l" * 32), person_key("PASSPORT", number, secret=b"k" * 32))
    assert number not in known and uuid.UUID(known).version == 8


@given(st.binary(min_size=16, max_size=40))
def test_a_uuid_of_our_own_says_so(digest: bytes) -> None:
    made = uuid.UUID(uuid8(digest))
    assert (made.version, made.variant) == (8, uuid.RFC_4122)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 127))
def test_every_other_bit_of_the_digest_counts(digest: bytes, bit: int) -> None:
    turned = (int.from_bytes(digest, "big") ^ 1 << bit).to_bytes(16, "big")
    fixed = bit in (*range(62, 64), *range(76, 80))
    assert (uuid8(turned) == uuid8(digest)) == fixed


def test_a_derived_id_never_changes() -> None:
    assert derived_id("event", "in.ecology", 2, 0) == derived_id("event", "in.ecology", "2", "0") == "870309ff-5371-83b5-a3b7-919691d1f49b"


@given(st.lists(TEXTS, min_size=3, max_size=3), st.lists(TEXTS, min_size=3, max_size=3))
def test_other_parts_are_another_id(one: list[str], other: list[str]) -> None:
    one, other = ([part.replace("\x1f", "") for part in parts] for parts in (one, other))
    assert (derived_id(*one) == derived_id(*other)) == (one == other)


@given(PARTS)
def test_what_is_packed_is_unpacked(parts: list[str]) -> None:
    assert unpack(pack(*parts)) == tuple(parts)


@given(PARTS, PARTS)
def test_no_part_imitates_another(one: list[str], other: list[str]) -> None:
    assert (pack(*one) == pack(*other)) == (one == other)


@given(st.text(max_size=3), st.text(max_size=3))
def test_the_last_part_of_a_key_leads_back_to_it(group: str, name: str) -> None:
    key = pack("s", group, name)
    assert keys.last(key, pack("s", group)) == name.encode()
    assert keys.under(pack("s", group), name.encode()) == key


@given(PARTS, st.integers(0, 5))
def test_a_prefix_is_the_first_parts(parts: list[str], count: int) -> None:
    assert prefix(pack(*parts), min(count, len(parts))) == pack(*parts[:count])


@given(PARTS.filter(bool))
def test_half_a_key_is_none(parts: list[str]) -> None:
    with pytest.raises(ValueError, match="part"):
        unpack(pack(*parts, "end")[:-1])


def test_a_part_too_long_for_its_length_is_refused() -> None:
    assert unpack(pack("x" * 65_535)) == ("x" * 65_535,)
    with pytest.raises(OverflowError):
        pack("x" * 65_536)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="decode"):
        keys.unpack(b"\x00\x02\xff\xff")


def test_the_id_of_an_event_is_made_of_the_place_it_lay_in() -> None:
    assert keys.event_id("in.transport", 1, 7) == keys.event_id("in.transport", 1, 7)
    assert len({keys.event_id(*place) for place in (("in.transport", 1, 7), ("in.ecology", 1, 7), ("in.transport", 17, 7))}) == 3
