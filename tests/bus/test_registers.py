"""The state of a partition."""

from hypothesis import given
from hypothesis import strategies as st

from databus.bus.registers import FEW, Registers
from databus.contract.wire import NEVER, wake_of
from databus.model import keys

KEYS = st.builds(lambda s, r, f: keys.pack(s, r, "d/s", f), st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("fg"))


@given(st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=2))))
def test_the_last_write_wins_and_groups_agree_with_single_reads(writes: list[tuple[bytes, bytes | None]]) -> None:
    state, expected = Registers(), dict[bytes, bytes]()
    for key, value in writes:
        state.put(key, value)
        expected.pop(key, None)
        if value is not None:
            expected[key] = value
    assert len(state) == len(expected)
    assert {key: state.get(key) for key in expected} == expected
    for key in dict(writes):
        prefix = keys.prefix(key, 2)
        assert dict(state.group(prefix)) == {name: value for name, value in expected.items() if name.startswith(prefix)}


def test_the_head_of_a_subject_is_a_group_of_its_own() -> None:
    state = Registers()
    state.put(keys.pack("a", "head"), b"1")
    state.put(keys.pack("a", "r", "d/s", "content"), b"2")
    assert dict(state.group(keys.pack("a", "head"))) == {keys.pack("a", "head"): b"1"}
    assert state.get(keys.pack("a", "tail")) is None


def led(wake: int) -> bytes:
    """A value led by a wake day, as Avro writes one behind the schema id."""
    number, text = wake << 1, b""
    while number > 0x7F:
        text, number = text + bytes([number & 0x7F | 0x80]), number >> 7
    return b"\x00" + bytes(4) + text + bytes([number]) + b"rest"


WAKES = st.sampled_from([0, 63, 64, 20_000, NEVER])


@given(st.lists(st.tuples(KEYS, st.none() | st.builds(led, WAKES))), st.integers(0, 10))
def test_the_index_by_wake_day_follows_every_write(writes: list[tuple[bytes, bytes | None]], first_asked: int) -> None:
    state = Registers()
    for number, (key, value) in enumerate(writes):
        if number == first_asked:
            list(state.waking())
        state.put(key, value)
    left = {key: value for key, value in dict(writes).items() if value is not None}
    expected = [(wake_of(value), keys.prefix(key, 2)) for key, value in sorted(left.items()) if wake_of(value) != NEVER]
    assert list(state.waking()) == sorted(expected, key=lambda entry: entry[0])


@given(st.lists(KEYS), st.sampled_from("abc"))
def test_the_groups_behind_a_place_come_in_order(written: list[bytes], subject: str) -> None:
    state, place = Registers(), keys.pack(subject, "x")
    for key in written:
        state.put(key, b"v")
    assert list(state.behind(place)) == sorted({prefix for key in written if (prefix := keys.prefix(key, 2)) > place})


def test_a_walk_that_begins_anew_sees_new_groups() -> None:
    state = Registers()
    state.put(keys.pack("a", "x", "d/s", "f"), b"v")
    assert len(list(state.behind(b""))) == 1
    state.put(keys.pack("b", "x", "d/s", "f"), b"v")
    state.put(keys.pack("a", "x", "d/s", "f"), None)
    assert list(state.behind(b"")) == [keys.pack("b", "x")]


@given(st.binary(max_size=12))
def test_no_bytes_are_too_strange_to_lead(value: bytes) -> None:
    assert -(2**34) < wake_of(value) <= max(NEVER, 2**34)


@given(
    st.lists(st.tuples(st.text("ab", min_size=1, max_size=2), st.sampled_from([b"1", None]))), st.integers(0, 10), st.sampled_from([0, FEW])
)
def test_the_members_of_a_group_come_in_order_whenever_they_are_asked_for_first(
    writes: list[tuple[str, bytes | None]], first_asked: int, others: int
) -> None:
    state, prefix = Registers(), keys.pack("s", "~g")
    writes = [*((f"aa{number}", b"1") for number in range(others)), *writes]
    for number, (name, value) in enumerate(writes, start=-others):
        if number == first_asked:
            list(state.members(prefix))
        state.put(keys.pack("s", "~g", name), value)
    left = [name for name, value in dict(writes).items() if value is not None]
    # As text, not as keys, which begin with a length.
    assert list(state.members(prefix)) == [name.encode() for name in sorted(left)]
    assert list(state.members(prefix, b"ab")) == [name.encode() for name in sorted(left) if name > "ab"]
